//! Finds what is no file where git has files, before gix opens a repository: gix would wait forever
//! for the other end of a named pipe, and takes some directories for missing files.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use bstr::ByteSlice;

use super::layout::{is_repository, worktrees};
use super::refs::RefFiles;
use crate::fs::{NOT_REGULAR, read_regular};

/// The files of a git directory that gix or we read.
const FILES: [&str; 15] = [
    "HEAD",
    "MERGE_HEAD",
    "FETCH_HEAD",
    "ORIG_HEAD",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "commondir",
    "config",
    "config.worktree",
    "gitdir",
    "index",
    "info/attributes",
    "info/exclude",
    "packed-refs",
    "shallow",
];

/// The first of the files that are read to open the repository which `dir` is in, or which it is,
/// that is no regular file.
pub(super) fn find_around(dir: &Path) -> Option<PathBuf> {
    let dir = dir.canonicalize().ok()?;
    let store = dir.ancestors().find_map(|above| {
        let inner = above.join(".git");
        if let Ok(data) = fs::metadata(&inner)
            && !data.is_dir()
        {
            // A file that names the git directory of a linked work tree or a submodule.
            return Some(linked(&inner, "gitdir: ").unwrap_or(inner));
        }
        let is_store = |dir: &Path| is_repository(dir) || dir.join("commondir").exists();
        [inner, above.to_path_buf()]
            .into_iter()
            .find(|dir| is_store(dir))
    })?;
    find_in(&store)
}

/// The same for a git directory.
pub(super) fn find_in(store: &Path) -> Option<PathBuf> {
    if is_special(store) {
        return Some(store.to_path_buf());
    }
    let own = special_file(store);
    let shared = linked(&store.join("commondir"), "");
    let common = || special_file(shared.as_ref()?);
    let head = || special_head(store, shared.as_deref().unwrap_or(store));
    let of_worktree = || {
        let all = worktrees(store).unwrap_or_default();
        all.iter().find_map(|(_, dir)| special_file(dir))
    };
    own.or_else(common).or_else(head).or_else(of_worktree)
}

/// The path that the file `path` has after `prefix`.
fn linked(path: &Path, prefix: &str) -> Option<PathBuf> {
    let text = read_regular(path).ok()?;
    let target = text
        .strip_prefix(prefix.as_bytes())?
        .trim_end()
        .to_path()
        .ok()?;
    Some(path.parent()?.join(target))
}

fn special_file(store: &Path) -> Option<PathBuf> {
    let named = FILES.iter().map(|name| store.join(name));
    if let Some(found) = named.into_iter().find(|path| is_no_file(path)) {
        return Some(found);
    }
    // A split index has most of its entries in another file.
    let shared_index = special_among(store, |name| name.starts_with("sharedindex."));
    shared_index.or_else(|| in_objects(&store.join("objects")))
}

/// The file of the branch that the `HEAD` of `store` names, if it is special. Refs are in `common`.
fn special_head(store: &Path, common: &Path) -> Option<PathBuf> {
    let text = read_regular(&store.join("HEAD")).ok()?;
    let name = text.strip_prefix(b"ref: ")?.trim_end().to_path().ok()?;
    Some(common.join(name)).filter(|path| is_special(path))
}

/// The first ref that is no regular file among those of a git directory. Asked before all refs are
/// read, and not whenever a repository is opened: it may have very many.
pub(super) fn find_in_refs(store: &Path) -> Option<PathBuf> {
    let refs = RefFiles::below(&store.join("refs"), "refs").unread;
    let special = refs
        .into_iter()
        .find(|unread| unread.problem == NOT_REGULAR)?;
    Some(store.join(special.name.to_path_lossy()))
}

/// The same for a directory of objects and its alternates. They are followed here, as gix follows
/// them, since gix reads each list of alternates without checking what it is.
fn in_objects(objects: &Path) -> Option<PathBuf> {
    let mut seen = HashSet::new();
    let mut open = vec![objects.to_path_buf()];
    while let Some(dir) = open.pop() {
        // A directory that does not exist has no files, and gix reports a cycle.
        if !dir.canonicalize().is_ok_and(|dir| seen.insert(dir)) {
            continue;
        }
        let list = dir.join("info/alternates");
        if is_no_file(&list) {
            return Some(list);
        }
        let special = special_among(&dir.join("pack"), |name| {
            let ends = [".idx", ".pack"];
            name == "multi-pack-index" || ends.iter().any(|end| name.ends_with(end))
        });
        if special.is_some() {
            return special;
        }
        let alternates = gix::odb::alternate::parse(&read_regular(&list).unwrap_or_default());
        let alternates = alternates.unwrap_or_default().into_iter();
        open.extend(alternates.map(|path| objects.join(path)));
    }
    None
}

/// The first entry of `dir` with such a name that is no regular file.
fn special_among(dir: &Path, is_wanted: impl Fn(&str) -> bool) -> Option<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut wanted = entries.filter(|entry| is_wanted(&entry.file_name().to_string_lossy()));
    wanted
        .find(|entry| is_no_file(&entry.path()))
        .map(|entry| entry.path())
}

/// Whether something else than a file is where a file should be.
fn is_no_file(path: &Path) -> bool {
    match fs::metadata(path) {
        Ok(data) => !data.is_file(),
        Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    }
}

/// Whether `path` is neither a file nor a directory.
pub(super) fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|data| !data.is_file() && !data.is_dir())
}
