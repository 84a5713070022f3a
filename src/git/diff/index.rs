//! Compares a tree with the index, as git does: directory by directory, without those whose tree
//! the index already knows to be the same.

use std::collections::HashMap;

use bstr::{BString, ByteSlice};
use gix::index::entry::Flags;
use gix::index::extension::Tree as CacheTree;
use gix::index::{Entry, State};

use crate::blob::{Skip, SkipReason};

use super::RemovedFile;
use super::budget::Budget;
use crate::git::index::{index_path, open_index};
use crate::git::tree::{EntryKind, Tree, TypedId};
use crate::git::{LocalRepository, ObjectId, ReadError};

/// A file, link or submodule of the index that the tree does not have at that path.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) path: BString,
    pub(crate) entry: TypedId,
    /// What the tree has at the path instead.
    pub(crate) before: Option<TypedId>,
}

/// A file or a directory of the tree that the index does not have.
#[derive(Clone, Debug)]
pub(crate) struct Removed {
    path: BString,
    entry: TypedId,
}

/// The difference between a tree and the index.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) changed: Vec<Change>,
    pub(crate) removed: Vec<Removed>,
    pub(crate) skips: Vec<Skip>,
}

/// Whether the repository has an index, or may get one.
pub(crate) fn has_index(repo: &LocalRepository) -> bool {
    repo.0.workdir().is_some() || index_path(repo).exists()
}

/// The difference between each of `trees` and the index. `None` is a tree without entries.
pub(crate) fn changes(
    repo: &LocalRepository,
    trees: &[Option<ObjectId>],
) -> Result<Vec<Changes>, ReadError> {
    let index = open_index(repo)?;
    let between = |tree: &Option<ObjectId>| {
        let mut walk = Walk {
            repo,
            index: &index,
            found: Changes::default(),
            budget: Budget::default(),
        };
        walk.directory(*tree, index.tree(), index.entries(), 0)?;
        Ok(walk.found)
    };
    trees.iter().map(between).collect()
}

struct Walk<'a> {
    repo: &'a LocalRepository,
    index: &'a State,
    found: Changes,
    budget: Budget,
}

/// An entry of a tree, and whether the index has a directory, or no directory, of this name too.
struct Old {
    entry: TypedId,
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
        // The tree that git itself would write for this directory without reading its entries.
        let known = cached.filter(|cached| {
            cached
                .num_entries
                .is_some_and(|n| n as usize == entries.len())
        });
        if tree.is_some() && known.map(|cached| cached.id) == tree {
            return Ok(());
        }
        let mut old = old_entries(self.repo, tree, &mut self.budget)?;
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
            let below = old.get_mut(name).and_then(|old| {
                let tree = old.entry.tree();
                old.met |= tree.is_some();
                tree
            });
            if kind_of(first) == EntryKind::Tree {
                // A sparse index has one entry for the whole directory, with the id of its tree.
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
        self.add_removed(old, &above)
    }

    fn file(&mut self, entry: &Entry, old: Option<&mut Old>) {
        let path = entry.path(self.index).to_owned();
        let before = old.and_then(|old| {
            let is_file = old.entry.tree().is_none();
            old.met |= is_file;
            is_file.then_some(old.entry)
        });
        let now = TypedId {
            kind: kind_of(entry),
            id: entry.id,
        };
        if entry.stage_raw() != 0 {
            // A conflict has an entry for each side, and is reported once.
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
        } else if before != Some(now) {
            self.found.changed.push(Change {
                path,
                entry: now,
                before,
            });
        }
    }

    /// Compares two trees below `path`, which ends in a slash. Trees can nest deeper than calls
    /// can, so those that are still to be compared are in a list.
    fn trees(
        &mut self,
        old: Option<ObjectId>,
        new: ObjectId,
        path: &[u8],
    ) -> Result<(), ReadError> {
        let mut open = vec![(old, new, path.to_vec())];
        while let Some((old, new, path)) = open.pop() {
            if old == Some(new) {
                continue;
            }
            let mut old = old_entries(self.repo, old, &mut self.budget)?;
            let new = Tree::read_within(self.repo, new, &mut self.budget)?;
            for entry in new.entries() {
                let entry = entry?;
                let full = [&path, entry.name.as_bytes()].concat();
                self.budget.pay_path(full.len());
                self.budget.check()?;
                let now = entry.typed_id();
                let mut before = None;
                if let Some(old) = old.get_mut(entry.name)
                    && old.entry.tree().is_some() == now.tree().is_some()
                {
                    old.met = true;
                    before = Some(old.entry);
                }
                if let Some(tree) = now.tree() {
                    let below = before.map(|old| old.id);
                    open.push((below, tree, [&full[..], b"/"].concat()));
                } else if before != Some(now) {
                    self.found.changed.push(Change {
                        path: full.into(),
                        entry: now,
                        before,
                    });
                }
            }
            self.add_removed(old, &path)?;
        }
        Ok(())
    }

    /// Lists what was not met as removed.
    fn add_removed(&mut self, old: HashMap<BString, Old>, above: &[u8]) -> Result<(), ReadError> {
        for (name, old) in old.into_iter().filter(|(_, old)| !old.met) {
            let path = BString::from([above, &name[..]].concat());
            self.budget.pay_path(path.len());
            self.budget.check()?;
            self.found.removed.push(Removed {
                path,
                entry: old.entry,
            });
        }
        Ok(())
    }
}

fn kind_of(entry: &Entry) -> EntryKind {
    EntryKind::of_mode(entry.mode.bits())
}

fn old_entries(
    repo: &LocalRepository,
    tree: Option<ObjectId>,
    budget: &mut Budget,
) -> Result<HashMap<BString, Old>, ReadError> {
    let mut found = HashMap::new();
    let Some(id) = tree else { return Ok(found) };
    for entry in Tree::read_within(repo, id, budget)?.entries() {
        let entry = entry?;
        let old = Old {
            entry: entry.typed_id(),
            met: false,
        };
        found.insert(entry.name.to_owned(), old);
    }
    Ok(found)
}

/// Every file that is removed, those in removed directories included, and those that changed. None
/// if they are too many for the size of their trees: a rename is then not seen, so more is
/// reported.
pub(crate) fn removed_files(
    repo: &LocalRepository,
    removed: &[Removed],
    changed: &[RemovedFile],
) -> Vec<RemovedFile> {
    let mut files = changed.to_vec();
    let mut open = removed.to_vec();
    let mut budget = Budget::default();
    while let Some(Removed { path, entry }) = open.pop() {
        let Some(id) = entry.tree() else {
            let now = None;
            files.push(RemovedFile { path, entry, now });
            continue;
        };
        // If a tree cannot be read here, a rename is not seen, so more is reported, not less.
        let tree = match Tree::read_within(repo, id, &mut budget) {
            Err(ReadError::TooManyPaths) => return Vec::new(),
            Err(_) => continue,
            Ok(tree) => tree,
        };
        for entry in tree.entries().map_while(Result::ok) {
            budget.pay_path(path.len() + entry.name.len());
            if budget.is_exceeded() {
                return Vec::new();
            }
            open.push(Removed {
                path: BString::from([&path[..], b"/", entry.name].concat()),
                entry: entry.typed_id(),
            });
        }
    }
    files
}
