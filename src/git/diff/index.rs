//! Which blobs of the index a tree does not have, found as git finds them: directory by directory,
//! leaving out those whose tree the index already knows to be the same.

use std::collections::HashMap;

use bstr::{BString, ByteSlice};
use gix::index::entry::{Flags, Mode};
use gix::index::extension::Tree as CacheTree;
use gix::index::{Entry, State};
use gix::{ObjectId, Repository};

use crate::blob::{Skip, SkipReason};

use super::RemovedFile;
use crate::git::ReadError;
use crate::git::tree::{TreeEntry, read_tree};

/// A blob, link or commit of the index that the tree does not have at that path.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) path: BString,
    pub(crate) id: ObjectId,
    pub(crate) mode: Mode,
    /// What the tree has at the path instead.
    pub(crate) before: Option<ObjectId>,
}

/// A file or a directory of the tree that the index does not have.
#[derive(Debug)]
pub(crate) struct Removed {
    path: BString,
    id: ObjectId,
    is_tree: bool,
}

/// The difference between a tree and the index.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) changed: Vec<Change>,
    pub(crate) removed: Vec<Removed>,
    pub(crate) skips: Vec<Skip>,
}

impl Changes {
    /// What `index` has and `tree` has not, and the other way round.
    pub(crate) fn between(
        repo: &Repository,
        tree: Option<ObjectId>,
        index: &State,
    ) -> Result<Self, ReadError> {
        let mut walk = Walk {
            repo,
            index,
            found: Self::default(),
        };
        walk.directory(tree, index.tree(), index.entries(), 0)?;
        Ok(walk.found)
    }
}

struct Walk<'a> {
    repo: &'a Repository,
    index: &'a State,
    found: Changes,
}

/// An entry of a tree, and whether the index has something of that name.
struct Old {
    id: ObjectId,
    is_tree: bool,
    met: bool,
}

impl Walk<'_> {
    /// Compares a directory: its `tree`, what the index caches about it, and its `entries`, whose
    /// paths all share the directory's path, which is `prefix` bytes long.
    fn directory(
        &mut self,
        tree: Option<ObjectId>,
        cached: Option<&CacheTree>,
        entries: &[Entry],
        prefix: usize,
    ) -> Result<(), ReadError> {
        // The tree that git itself would write for this directory, without looking any further.
        let known = cached.filter(|cached| {
            cached
                .num_entries
                .is_some_and(|n| n as usize == entries.len())
        });
        if tree.is_some() && known.map(|cached| cached.id) == tree {
            return Ok(());
        }
        let mut old = old_entries(self.repo, tree)?;
        let above: BString = entries
            .first()
            .map(|first| first.path(self.index)[..prefix].into())
            .unwrap_or_default();
        let mut rest = entries;
        while let Some(first) = rest.first() {
            let path = first.path(self.index);
            let name = &path[prefix..];
            let Some(slash) = name.find_byte(b'/') else {
                self.file(first, old.get_mut(name.as_bstr()));
                rest = &rest[1..];
                continue;
            };
            let directory = &path[..=prefix + slash];
            let len = rest.partition_point(|entry| entry.path(self.index).starts_with(directory));
            let (group, after) = rest.split_at(len);
            let name = name[..slash].as_bstr();
            let below = old.get_mut(name).filter(|old| old.is_tree).map(|old| {
                old.met = true;
                old.id
            });
            if first.mode == Mode::DIR {
                // A sparse index stands for the whole directory with one entry, which names its
                // tree.
                self.trees(below, first.id, directory)?;
            } else {
                let cached = cached.and_then(|tree| {
                    tree.children
                        .iter()
                        .find(|child| child.name[..] == name[..])
                });
                self.directory(below, cached, group, prefix + slash + 1)?;
            }
            rest = after;
        }
        self.leave(old, &above);
        Ok(())
    }

    fn file(&mut self, entry: &Entry, old: Option<&mut Old>) {
        let path = entry.path(self.index).to_owned();
        let before = old.and_then(|old| {
            let file = !old.is_tree;
            old.met |= file;
            file.then_some(old.id)
        });
        if entry.stage_raw() != 0 {
            // A conflict has an entry for each side; one word for all of them.
            let skip = Skip {
                path,
                reason: SkipReason::Unmerged,
            };
            if self.found.skips.last() != Some(&skip) {
                self.found.skips.push(skip);
            }
        } else if entry.flags.contains(Flags::INTENT_TO_ADD) {
            self.found.skips.push(Skip {
                path,
                reason: SkipReason::IntentToAdd,
            });
        } else if before != Some(entry.id) {
            self.found.changed.push(Change {
                path,
                id: entry.id,
                mode: entry.mode,
                before,
            });
        }
    }

    /// Compares two trees below `path`, which ends in a slash.
    fn trees(
        &mut self,
        old: Option<ObjectId>,
        new: ObjectId,
        path: &[u8],
    ) -> Result<(), ReadError> {
        if old == Some(new) {
            return Ok(());
        }
        let mut old = old_entries(self.repo, old)?;
        for (name, entry) in read_tree(self.repo, new)? {
            let full = BString::from([path, &name[..]].concat());
            let before = old
                .get_mut(name.as_bstr())
                .filter(|old| old.is_tree == entry.is_tree)
                .map(|old| {
                    old.met = true;
                    old.id
                });
            if entry.is_tree {
                self.trees(before, entry.id, &[&full[..], b"/"].concat())?;
            } else if before != Some(entry.id) {
                let mode = entry.mode;
                self.found.changed.push(Change {
                    path: full,
                    id: entry.id,
                    mode,
                    before,
                });
            }
        }
        self.leave(old, path);
        Ok(())
    }

    /// What was not met is gone.
    fn leave(&mut self, old: HashMap<BString, Old>, above: &[u8]) {
        for (name, old) in old.into_iter().filter(|(_, old)| !old.met) {
            let path = BString::from([above, &name[..]].concat());
            self.found.removed.push(Removed {
                path,
                id: old.id,
                is_tree: old.is_tree,
            });
        }
    }
}

fn old_entries(
    repo: &Repository,
    tree: Option<ObjectId>,
) -> Result<HashMap<BString, Old>, ReadError> {
    let entries = tree
        .map(|id| read_tree(repo, id))
        .transpose()?
        .unwrap_or_default();
    let old = |entry: TreeEntry| Old {
        id: entry.id,
        is_tree: entry.is_tree,
        met: false,
    };
    Ok(entries
        .into_iter()
        .map(|(name, entry)| (name, old(entry)))
        .collect())
}

/// Every file that is lost: those that are gone, among them those of removed directories, and those
/// that changed.
pub(crate) fn lost(
    repo: &Repository,
    removed: &[Removed],
    changed: &[RemovedFile],
) -> Vec<RemovedFile> {
    let mut files = changed.to_vec();
    removed
        .iter()
        .for_each(|removed| list_files(repo, removed, &mut files));
    files
}

fn list_files(repo: &Repository, removed: &Removed, files: &mut Vec<RemovedFile>) {
    if !removed.is_tree {
        files.push(RemovedFile {
            path: removed.path.clone(),
            id: removed.id,
            now: None,
        });
        return;
    }
    // A tree that cannot be read here costs a rename, so more is reported, not less.
    for (name, entry) in read_tree(repo, removed.id).unwrap_or_default() {
        let path = BString::from([&removed.path[..], b"/", &name[..]].concat());
        list_files(
            repo,
            &Removed {
                path,
                id: entry.id,
                is_tree: entry.is_tree,
            },
            files,
        );
    }
}
