//! Lists the files of a git directory for its source, with the names that reports show for them.

use std::collections::BTreeSet;
use std::fs::{self, DirEntry};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use bstr::{BStr, BString, ByteSlice, ByteVec};

use crate::blob::{Skip, SkipReason};
use crate::git::store::{is_folder_name, is_temporary};
use crate::git::{RefDir, display_name, is_repository};

/// A file, link or directory of a git directory.
pub(super) struct GitDirFile {
    pub(super) path: PathBuf,
    /// The name that reports show for it.
    pub(super) place: BString,
    pub(super) treatment: Treatment,
}

/// What is fed of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    /// Its name, if it is long, and its content.
    NameAndContent,
    /// Only its content: its name is a hash, or is fed as the name of a ref.
    Content,
    /// The content of an object of Git LFS, whose name is its id.
    LfsObject,
    /// Its content unless that is just an id.
    Ref,
    /// `packed-refs`: the names in it, and lines that are not refs.
    PackedRefs,
    /// The name of a directory.
    Directory,
    /// The name and the target of a link.
    Link,
}

/// The files of a git directory.
#[derive(Default)]
pub(super) struct Listing {
    /// What is fed.
    pub(super) files: Vec<GitDirFile>,
    /// What is not fed.
    pub(super) skips: Vec<Skip>,
    /// Names of refs, and names that only a reflog or an empty directory still has, each with the
    /// place that reports show.
    pub(super) ref_names: BTreeSet<(BString, BString)>,
    /// The name of the git directory in reports.
    name: BString,
    /// The path of the git directory without links in it.
    root: PathBuf,
}

impl Listing {
    /// Lists the git directory `dir`, which reports call `name`, and the files with what its
    /// reftables hold, each directory with its path below `dir`.
    pub(super) fn of(dir: &Path, name: BString, tables: &[(RefDir, BString)]) -> Self {
        let mut listing = Self {
            name,
            root: dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf()),
            ..Self::default()
        };
        let mut open = vec![(dir.to_path_buf(), BString::default())];
        let tables = tables.iter();
        open.extend(tables.map(|(refs, below)| (refs.path().to_path_buf(), below.clone())));
        while let Some((dir, below)) = open.pop() {
            if let Err(error) = listing.add_directory(&dir, below.as_bstr(), &mut open)
                && error.kind() != ErrorKind::NotFound
            {
                listing.skip(below.as_bstr(), SkipReason::Unreadable(error.to_string()));
            }
        }
        listing.files.sort_by(|a, b| a.path.cmp(&b.path));
        listing
    }

    /// Adds the entries of a directory, whose path below the git directory is `below`.
    fn add_directory(
        &mut self,
        dir: &Path,
        below: &BStr,
        open: &mut Vec<(PathBuf, BString)>,
    ) -> io::Result<()> {
        let mut is_empty = true;
        for entry in fs::read_dir(dir)? {
            is_empty = false;
            self.add_entry(&entry?, below, open)?;
        }
        // Git may leave the directory of a deleted branch.
        if is_empty {
            self.ref_names.extend(ref_name(below));
        }
        Ok(())
    }

    fn add_entry(
        &mut self,
        entry: &DirEntry,
        parent: &BStr,
        open: &mut Vec<(PathBuf, BString)>,
    ) -> io::Result<()> {
        let part = Vec::from_os_str_lossy(&entry.file_name()).into_owned();
        let separator: &[u8] = if parent.is_empty() { b"" } else { b"/" };
        let below = join(&[parent, separator, &part]);
        let path = entry.path();
        let kind = entry.file_type()?;
        if is_left_out(below.as_bstr(), kind.is_dir(), &path) {
            return Ok(());
        }
        if kind.is_dir() {
            self.add_directory_name(&path, below.as_bstr());
            open.push((path, below));
        } else if kind.is_symlink() {
            self.add_link(&path, below.as_bstr());
        } else if kind.is_file() {
            self.add_file(&path, below.as_bstr());
        } else if part != b"fsmonitor--daemon.ipc" {
            self.skip(below.as_bstr(), SkipReason::NotRegular);
        }
        Ok(())
    }

    fn add_directory_name(&mut self, path: &Path, below: &BStr) {
        let (_, rest) = split_worktree(below);
        if ref_name(below).is_none() && !has_hash_name(rest) {
            self.add(path, below, Treatment::Directory);
        }
    }

    fn add_file(&mut self, path: &Path, below: &BStr) {
        let (_, rest) = split_worktree(below);
        let ref_name = ref_name(below);
        let treatment = if rest.starts_with(b"refs/") {
            Treatment::Ref
        } else if lfs_object(rest).is_some_and(is_lfs_id) {
            Treatment::LfsObject
        } else if ref_name.is_some() || has_hash_name(rest) {
            Treatment::Content
        } else if rest == "packed-refs" {
            Treatment::PackedRefs
        } else {
            Treatment::NameAndContent
        };
        self.ref_names.extend(ref_name);
        self.add(path, below, treatment);
    }

    /// Adds a link. A target inside the git directory is fed under its own path.
    fn add_link(&mut self, path: &Path, below: &BStr) {
        self.ref_names.extend(ref_name(below));
        self.add(path, below, Treatment::Link);
        // The audit reads the objects wherever they are.
        if below != "objects"
            && path
                .canonicalize()
                .is_ok_and(|target| !target.starts_with(&self.root))
        {
            self.skip(below, SkipReason::Outside);
        }
    }

    fn add(&mut self, path: &Path, below: &BStr, treatment: Treatment) {
        self.files.push(GitDirFile {
            path: path.to_path_buf(),
            place: self.place(below),
            treatment,
        });
    }

    fn skip(&mut self, below: &BStr, reason: SkipReason) {
        self.skips.push(Skip {
            path: self.place(below),
            reason,
        });
    }

    /// The name that reports show for the file at `below` in the git directory.
    fn place(&self, below: &BStr) -> BString {
        let (worktree, rest) = split_worktree(below);
        if let Some(log) = rest.strip_prefix(b"logs/") {
            let full = match worktree {
                Some(name) => join(&[b"worktrees/", name, b"/", log]),
                None => log.into(),
            };
            return join(&[b"reflog of ", &display_name(full.as_bstr())]);
        }
        if let Some((_, place)) = ref_name(below) {
            return place;
        }
        if let Some(id) = lfs_object(rest) {
            return join(&[b"LFS object ", id]);
        }
        if let Some(part) = below.strip_prefix(b"objects/") {
            return join(&[part, b" of the object store"]);
        }
        let separator: &[u8] = if below.is_empty() { b"" } else { b"/" };
        join(&[&self.name, separator, below])
    }
}

/// Whether the file at `below` is an object, an index, or the repository of a submodule: the audit
/// reads these by itself, and lists what it cannot read. All else in the object store is fed: any
/// file may have any text in it.
fn is_left_out(below: &BStr, is_dir: bool, path: &Path) -> bool {
    if let Some(store) = below.strip_prefix(b"objects/") {
        let (folder, name) = store.rsplit_once_str("/").unwrap_or((b"", store));
        let is_temporary = name.to_os_str().is_ok_and(is_temporary);
        return match folder {
            b"" => is_temporary || is_folder_name(name),
            b"pack" => {
                is_temporary || !is_dir && (name.ends_with(b".pack") || name.ends_with(b".idx"))
            }
            _ => false,
        };
    }
    let (_, rest) = split_worktree(below);
    rest == "index"
        || rest.starts_with(b"sharedindex.")
        || is_dir && rest.starts_with(b"modules/") && is_repository(path)
}

/// Splits a path below the git directory into the linked work tree that it belongs to and the rest.
fn split_worktree(below: &BStr) -> (Option<&[u8]>, &BStr) {
    match below
        .strip_prefix(b"worktrees/")
        .and_then(|rest| rest.split_once_str("/"))
    {
        Some((name, rest)) => (Some(name), rest.as_bstr()),
        None => (None, below),
    }
}

/// The name of the ref that a file or a reflog belongs to, and the place that reports show.
fn ref_name(below: &BStr) -> Option<(BString, BString)> {
    let (worktree, rest) = split_worktree(below);
    let name = rest.strip_prefix(b"logs/").unwrap_or(rest);
    if !name.starts_with(b"refs/") {
        return None;
    }
    let place = match worktree {
        Some(worktree) => join(&[name, b" of worktree ", worktree]),
        None => name.into(),
    };
    Some((name.into(), place))
}

/// Whether the last name of a path is a hash, so that it cannot hold a secret.
fn has_hash_name(path: &[u8]) -> bool {
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
    matches!(name.len(), 40 | 64) && name.iter().all(u8::is_ascii_hexdigit)
}

/// The id of an object in the LFS store.
fn lfs_object(rest: &BStr) -> Option<&[u8]> {
    let path = rest.strip_prefix(b"lfs/objects/")?;
    path.splitn(3, |&byte| byte == b'/')
        .nth(2)
        .filter(|id| !id.contains(&b'/'))
}

fn is_lfs_id(name: &[u8]) -> bool {
    name.len() == 64 && name.iter().all(u8::is_ascii_hexdigit)
}

pub(super) fn join(parts: &[&[u8]]) -> BString {
    parts.concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_the_names_that_reports_show() {
        let listing = Listing {
            name: ".git".into(),
            ..Listing::default()
        };
        let oid = "0123456789abcdef".repeat(4);
        for (below, expected) in [
            ("config", ".git/config"),
            (
                "worktrees/topic/config.worktree",
                ".git/worktrees/topic/config.worktree",
            ),
            ("logs/HEAD", "reflog of HEAD"),
            ("logs/refs/heads/a/b", "reflog of a/b"),
            (
                "worktrees/topic/logs/HEAD",
                "reflog of HEAD of worktree topic",
            ),
            ("refs/heads/a", "refs/heads/a"),
            (
                "worktrees/topic/refs/bisect/bad",
                "refs/bisect/bad of worktree topic",
            ),
            (
                "objects/info/alternates",
                "info/alternates of the object store",
            ),
            (
                &format!("lfs/objects/01/23/{oid}"),
                &format!("LFS object {oid}"),
            ),
            ("lfs/tmp/x", ".git/lfs/tmp/x"),
        ] {
            assert_eq!(listing.place(below.into()), expected);
        }
    }

    #[test]
    fn only_objects_and_indexes_are_left_out() {
        let is_left_out = |below: &str| is_left_out(below.into(), false, Path::new("missing"));
        for below in [
            "index",
            "sharedindex.ab",
            "worktrees/topic/index",
            "objects/ab",
            "objects/pack/pack-1.idx",
            "objects/pack/tmp_pack_1",
            "objects/tmp_objdir-incoming-1",
        ] {
            assert!(is_left_out(below), "{below}");
        }
        for below in [
            "index.lock",
            "objects",
            "objects/pack",
            "objects/pack/pack-1.keep",
            "objects/pack/pack-1.rev",
            "objects/pack/x/y.pack",
            "objects/info/packs",
            "objects/info/commit-graph",
            "objects/abc",
            "x/index",
        ] {
            assert!(!is_left_out(below), "{below}");
        }
    }
}
