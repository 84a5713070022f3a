//! Reads refs that are stored as reftables: writes them to a temporary directory as the files that
//! they would be otherwise, which the rest of the program and gix can read.

mod table;

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice};
use gix::hash::Kind;
use gix::{RefStore, ThreadSafeRepository};
use tempfile::TempDir;

use super::refs::RefTarget;
use crate::fs::read_regular;
use table::Stack;

/// How often the list of tables is read again because git has replaced one of them.
const ATTEMPTS: usize = 10;

/// Where a repository is, which gix takes from where its refs are.
#[derive(Debug)]
pub(super) struct Directories {
    pub(super) git_dir: PathBuf,
    /// Where its refs are: those that all work trees share, then those of a linked one.
    pub(super) refs: Result<Vec<RefDir>, String>,
}

impl Directories {
    /// The directories of `repo`, which from now on finds its refs there.
    pub(super) fn of(repo: &mut ThreadSafeRepository) -> Self {
        let local = repo.to_thread_local();
        let (git_dir, common_dir) = (local.git_dir().to_path_buf(), local.common_dir());
        let mut dirs = vec![common_dir, &git_dir];
        dirs.dedup();
        let refs: Result<Vec<_>, _> = dirs.iter().map(|dir| RefDir::of(&local, dir)).collect();
        if let Ok([shared, rest @ ..]) = refs.as_deref()
            && !shared.is_own()
        {
            let hash = local.object_hash();
            let shared = shared.path.clone();
            repo.refs = match rest {
                [] => RefStore::at(shared, hash),
                [own, ..] => RefStore::for_linked_worktree(own.path.clone(), shared, hash),
            };
            repo.common_dir = Some(common_dir.to_path_buf());
        }
        Self { git_dir, refs }
    }
}

/// A directory with the refs and reflogs of a git directory: that itself, or a temporary one.
#[derive(Debug)]
pub(crate) struct RefDir {
    path: PathBuf,
    temporary: Option<TempDir>,
}

impl RefDir {
    /// Where the refs of `dir` are, a git directory of `repo`.
    pub(super) fn of(repo: &gix::Repository, dir: &Path) -> Result<Self, String> {
        let tables = dir.join("reftable");
        let format = repo.config_snapshot().string("extensions.refStorage");
        let format = format
            .as_ref()
            .map_or(&b"files"[..], |format| format.as_bytes());
        match (format, tables.is_dir()) {
            (b"files", false) => Ok(Self::files(dir)),
            (b"reftable", true) => {
                let stack = read(&tables, repo.object_hash())?;
                let broken = |error| format!("reftable: {error}");
                let temporary = tempfile::tempdir().map_err(broken)?;
                write(&stack, temporary.path()).map_err(broken)?;
                Ok(Self {
                    path: temporary.path().to_path_buf(),
                    temporary: Some(temporary),
                })
            }
            (b"files" | b"reftable", _) => {
                let problem = "the directory 'reftable' and extensions.refStorage do not agree";
                Err(format!("{problem}; run 'git refs verify'"))
            }
            _ => Err("the value of extensions.refStorage is unknown".to_owned()),
        }
    }

    /// The git directory `dir`, whose refs are files.
    pub(super) fn files(dir: &Path) -> Self {
        Self {
            path: dir.to_path_buf(),
            temporary: None,
        }
    }

    /// Where the files are.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the refs are stored as files in the git directory itself.
    pub(crate) const fn is_own(&self) -> bool {
        self.temporary.is_none()
    }
}

/// Reads all tables in the directory `dir`.
fn read(dir: &Path, hash: Kind) -> Result<Stack, String> {
    for _ in 0..ATTEMPTS {
        match read_once(dir, hash) {
            Err((_, error)) if error.kind() == ErrorKind::NotFound => {}
            Err((name, error)) => return Err(format!("reftable/{name}: {error}")),
            Ok(stack) => return Ok(stack),
        }
    }
    Err("reftable: a table is missing; run 'git refs verify'".to_owned())
}

fn read_once(dir: &Path, hash: Kind) -> Result<Stack, (&'static str, io::Error)> {
    let mut stack = Stack::default();
    let list = read_regular(&dir.join("tables.list")).map_err(|error| ("tables.list", error))?;
    for name in list.lines() {
        let broken = |problem: &str| ("tables.list", io::Error::other(problem));
        let name = name.to_path().map_err(|_| broken("not a file name"))?;
        if name.file_name() != Some(name.as_os_str()) {
            return Err(broken("not a file name"));
        }
        let table = read_regular(&dir.join(name)).map_err(|error| ("a table", error))?;
        stack.add(&table, hash).ok_or_else(|| {
            (
                "a table",
                io::Error::other("malformed; run 'git refs verify'"),
            )
        })?;
    }
    Ok(stack)
}

/// Writes refs and reflogs as files below `dir`.
fn write(stack: &Stack, dir: &Path) -> io::Result<()> {
    let mut packed = BString::from("# pack-refs with: sorted \n");
    fs::create_dir(dir.join("refs"))?;
    for (name, target) in &stack.refs {
        match target {
            Some(RefTarget::Object(id)) if name.starts_with(b"refs/") => {
                check(name)?;
                packed.extend_from_slice(format!("{id} ").as_bytes());
                packed.extend_from_slice(name);
                packed.push(b'\n');
            }
            Some(RefTarget::Object(id)) => append(dir, name, id.to_string().as_bytes())?,
            Some(RefTarget::Symbolic(target)) => {
                append(dir, name, &[b"ref: ", &target[..]].concat())?;
            }
            None => {}
        }
    }
    fs::write(dir.join("packed-refs"), packed)?;
    for ((name, _), line) in &stack.logs {
        if let Some(line) = line {
            append(&dir.join("logs"), name, line)?;
        }
    }
    Ok(())
}

/// Appends a line to the file of the ref `name` below `dir`.
fn append(dir: &Path, name: &BString, line: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    check(name)?;
    let path = dir.join(name.to_path().map_err(io::Error::other)?);
    fs::create_dir_all(path.parent().unwrap_or(dir))?;
    let mut file = fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)?;
    file.write_all(&[line, b"\n"].concat())
}

/// Refuses a name that cannot be the name of a file or a part of a line.
fn check(name: &BString) -> io::Result<()> {
    match gix::validate::reference::name(name.as_bstr()) {
        Ok(_) => Ok(()),
        Err(_) => Err(io::Error::other("the name of a ref is malformed")),
    }
}
