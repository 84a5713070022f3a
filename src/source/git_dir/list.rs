//! What there is in a git directory, and what a person would call it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use bstr::{BStr, BString, ByteSlice, ByteVec};

use crate::blob::{Skip, SkipReason};
use crate::git::{display_name, is_repository};

/// A file or a link.
pub(super) struct Item {
    pub(super) path: PathBuf,
    /// What a person would call it.
    pub(super) place: BString,
    pub(super) kind: Kind,
}

/// How an item is fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Its name where that is long, and its content.
    File,
    /// Its content: what it is called is no name that anybody chose, or it is fed as the name of a
    /// ref.
    Content,
    /// Its content where that is not just an id.
    Ref,
    /// `packed-refs`: names, and what is neither a name nor an id.
    Packed,
    /// The name of a directory.
    Directory,
    /// Where it leads.
    Link,
}

/// The content of a git directory.
pub(super) struct List {
    /// Everything that is fed.
    pub(super) items: Vec<Item>,
    /// What is not.
    pub(super) skips: Vec<Skip>,
    /// Names of refs, and of those that only a log or an empty directory still tells of; with the
    /// places to show for them.
    pub(super) names: BTreeSet<(BString, BString)>,
    /// What the directory is called.
    name: BString,
    /// Where it really is.
    root: PathBuf,
}

impl List {
    /// Lists the git directory `dir`, which is called `name`.
    pub(super) fn of(dir: &Path, name: BString) -> Self {
        let root = dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf());
        let (items, skips, names) = Default::default();
        let mut list = Self {
            items,
            skips,
            names,
            name,
            root,
        };
        let mut open = vec![(dir.to_path_buf(), BString::default())];
        while let Some((dir, below)) = open.pop() {
            if let Err(error) = list.directory(&dir, below.as_bstr(), &mut open)
                && error.kind() != ErrorKind::NotFound
            {
                let reason = SkipReason::Unreadable(error.to_string());
                list.skips.push(Skip {
                    path: list.place(below.as_bstr()),
                    reason,
                });
            }
        }
        list.items.sort_by(|a, b| a.path.cmp(&b.path));
        list
    }

    fn directory(
        &mut self,
        dir: &Path,
        below: &BStr,
        open: &mut Vec<(PathBuf, BString)>,
    ) -> io::Result<()> {
        let mut is_empty = true;
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            is_empty = false;
            let part = Vec::from_os_str_lossy(&entry.file_name()).into_owned();
            let parts: &[&[u8]] = if below.is_empty() {
                &[&part]
            } else {
                &[below, &part]
            };
            let (path, below) = (entry.path(), BString::from(parts.join(&b'/')));
            let kind = entry.file_type()?;
            if is_left_to_others(below.as_bstr(), kind.is_dir(), &path) {
                continue;
            }
            if kind.is_dir() {
                self.add(&path, below.as_bstr(), Kind::Directory);
                open.push((path, below));
            } else if kind.is_symlink() {
                self.link(&path, below.as_bstr());
            } else if kind.is_file() {
                self.add(&path, below.as_bstr(), Kind::File);
            } else if part != b"fsmonitor--daemon.ipc" {
                self.skips.push(Skip {
                    path: self.place(below.as_bstr()),
                    reason: SkipReason::NotRegular,
                });
            }
        }
        // A branch that was deleted may leave its directory behind.
        if is_empty && let Some((name, place)) = ref_name(below) {
            self.names.insert((name, place));
        }
        Ok(())
    }

    fn add(&mut self, path: &Path, below: &BStr, kind: Kind) {
        let (_, rest) = split_worktree(below);
        let is_ref = ref_name(below);
        let kind = match (kind, rest.as_bytes()) {
            (Kind::Directory, rest) if is_ref.is_some() || !has_chosen_name(rest) => return,
            (Kind::File, rest) if rest.starts_with(b"refs/") => Kind::Ref,
            (Kind::File, rest) if is_ref.is_some() || !has_chosen_name(rest) => Kind::Content,
            (Kind::File, b"packed-refs") => Kind::Packed,
            (kind, _) => kind,
        };
        if kind != Kind::Directory {
            self.names.extend(is_ref);
        }
        self.items.push(Item {
            path: path.to_path_buf(),
            place: self.place(below),
            kind,
        });
    }

    /// A link is fed as what it says. What it leads to is fed where that is, if that is in here.
    fn link(&mut self, path: &Path, below: &BStr) {
        self.names.extend(ref_name(below));
        self.items.push(Item {
            path: path.to_path_buf(),
            place: self.place(below),
            kind: Kind::Link,
        });
        // The objects are read wherever they are.
        if below != "objects"
            && path
                .canonicalize()
                .is_ok_and(|target| !target.starts_with(&self.root))
        {
            self.skips.push(Skip {
                path: self.place(below),
                reason: SkipReason::Outside,
            });
        }
    }

    /// What a person calls the file that is `below` the git directory.
    fn place(&self, below: &BStr) -> BString {
        let (worktree, rest) = split_worktree(below);
        if let Some(log) = rest.strip_prefix(b"logs/") {
            let full = worktree.map_or_else(
                || log.to_vec(),
                |name| join(&[b"worktrees/", name, b"/", log]),
            );
            return join(&[b"reflog of ", &display_name(full.as_bstr())]).into();
        }
        if let Some((_, place)) = ref_name(below) {
            return place;
        }
        if let Some(id) = lfs_object(rest) {
            return join(&[b"LFS object ", id]).into();
        }
        if let Some(part) = below.strip_prefix(b"objects/") {
            return join(&[part, b" of the object store"]).into();
        }
        let separator: &[u8] = if below.is_empty() { b"" } else { b"/" };
        join(&[&self.name, separator, below]).into()
    }
}

/// Objects, indexes, and the repositories of submodules are no business of ours.
fn is_left_to_others(below: &BStr, is_dir: bool, path: &Path) -> bool {
    if let Some(store) = below.strip_prefix(b"objects/") {
        // What git or a person wrote about packs; graphs of commits hold nothing but ids.
        let noted = store.ends_with(b".keep") || store.ends_with(b".promisor");
        return !(matches!(store, b"info" | b"pack")
            || store.starts_with(b"pack/") && noted
            || store.starts_with(b"info/") && !store.starts_with(b"info/commit-graph"));
    }
    let (_, rest) = split_worktree(below);
    rest == "index"
        || rest.starts_with(b"sharedindex.")
        || is_dir && rest.starts_with(b"modules/") && is_repository(path)
}

/// The linked work tree that a path below the git directory belongs to, and the rest of the path.
fn split_worktree(below: &BStr) -> (Option<&[u8]>, &BStr) {
    match below
        .strip_prefix(b"worktrees/")
        .and_then(|rest| rest.split_once_str("/"))
    {
        Some((name, rest)) => (Some(name), rest.as_bstr()),
        None => (None, below),
    }
}

/// The name of the ref that a file or a log belongs to, and the place to show for it.
fn ref_name(below: &BStr) -> Option<(BString, BString)> {
    let (worktree, rest) = split_worktree(below);
    let name = rest.strip_prefix(b"logs/").unwrap_or(rest);
    if !name.starts_with(b"refs/") {
        return None;
    }
    let of = worktree
        .map(|worktree| join(&[b" of worktree ", worktree]))
        .unwrap_or_default();
    Some((name.into(), join(&[name, &of]).into()))
}

/// Whether the last part of a path was chosen by somebody, and not made of a hash.
fn has_chosen_name(rest: &[u8]) -> bool {
    let part = rest.rsplit(|&byte| byte == b'/').next().unwrap_or(rest);
    !(matches!(part.len(), 40 | 64) && part.iter().all(u8::is_ascii_hexdigit))
}

/// The id of an object in the LFS store.
fn lfs_object(rest: &BStr) -> Option<&[u8]> {
    let path = rest.strip_prefix(b"lfs/objects/")?;
    path.splitn(3, |&byte| byte == b'/')
        .nth(2)
        .filter(|id| !id.contains(&b'/'))
}

fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_called_what_a_person_calls_them() {
        let (items, skips, names) = Default::default();
        let list = List {
            items,
            skips,
            names,
            name: ".git".into(),
            root: PathBuf::new(),
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
            assert_eq!(list.place(below.into()), expected);
        }
    }

    #[test]
    fn only_objects_and_indexes_are_left_to_others() {
        let left = |below: &str| is_left_to_others(below.into(), false, Path::new("nowhere"));
        for below in [
            "index",
            "sharedindex.ab",
            "worktrees/topic/index",
            "objects/ab",
            "objects/pack/pack-1.idx",
        ] {
            assert!(left(below), "{below}");
        }
        for below in [
            "index.lock",
            "objects",
            "objects/pack",
            "objects/pack/pack-1.keep",
            "objects/info/packs",
            "x/index",
        ] {
            assert!(!left(below), "{below}");
        }
    }
}
