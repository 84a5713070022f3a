//! Which blobs of the index a tree does not have, found as git finds them: directory by directory, leaving out those
//! whose tree the index already knows to be the same.

use std::collections::HashMap;

use bstr::{BStr, BString, ByteSlice};
use gix::index::entry::{Flags, Mode};
use gix::index::extension::Tree as CacheTree;
use gix::index::{Entry, State};
use gix::{ObjectId, Repository};

use crate::blob::{Skip, SkipReason};

use super::super::SourceError;

/// A blob, link or commit of the index that the tree does not have at that path.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) path: BString,
    pub(super) id: ObjectId,
    pub(super) mode: Mode,
    /// What the tree has at the path instead.
    pub(super) before: Option<ObjectId>,
}

/// A file or a directory of the tree that the index does not have.
#[derive(Debug)]
pub(super) struct Removed {
    path: BString,
    id: ObjectId,
    is_tree: bool,
}

/// The difference between a tree and the index.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) changed: Vec<Change>,
    pub(super) removed: Vec<Removed>,
    pub(super) skips: Vec<Skip>,
}

impl Changes {
    /// What `index` has and `tree` has not, and the other way round.
    pub(super) fn between(repo: &Repository, tree: Option<ObjectId>, index: &State) -> Result<Self, SourceError> {
        let mut walk = Walk { repo, index, found: Self::default() };
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
    /// Compares a directory: its `tree`, what the index caches about it, and its `entries`, whose paths all share the
    /// directory's path, which is `prefix` bytes long.
    fn directory(
        &mut self,
        tree: Option<ObjectId>,
        cached: Option<&CacheTree>,
        entries: &[Entry],
        prefix: usize,
    ) -> Result<(), SourceError> {
        // The tree that git itself would write for this directory, without looking any further.
        let known = cached.filter(|cached| cached.num_entries.is_some_and(|n| n as usize == entries.len()));
        if tree.is_some() && known.map(|cached| cached.id) == tree {
            return Ok(());
        }
        let mut old = read_tree(self.repo, tree)?;
        let above: BString = entries.first().map(|first| first.path(self.index)[..prefix].into()).unwrap_or_default();
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
                // A sparse index stands for the whole directory with one entry, which names its tree.
                self.trees(below, first.id, directory)?;
            } else {
                let cached = cached.and_then(|tree| tree.children.iter().find(|child| child.name[..] == name[..]));
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
            let skip = Skip { path, reason: SkipReason::Unmerged };
            if self.found.skips.last() != Some(&skip) {
                self.found.skips.push(skip);
            }
        } else if entry.flags.contains(Flags::INTENT_TO_ADD) {
            self.found.skips.push(Skip { path, reason: SkipReason::IntentToAdd });
        } else if before != Some(entry.id) {
            self.found.changed.push(Change { path, id: entry.id, mode: entry.mode, before });
        }
    }

    /// Compares two trees below `path`, which ends in a slash.
    fn trees(&mut self, old: Option<ObjectId>, new: ObjectId, path: &[u8]) -> Result<(), SourceError> {
        if old == Some(new) {
            return Ok(());
        }
        let mut old = read_tree(self.repo, old)?;
        for (name, entry) in read_entries(self.repo, new)? {
            let full = BString::from([path, &name[..]].concat());
            let before = old.get_mut(name.as_bstr()).filter(|old| old.is_tree == entry.is_tree).map(|old| {
                old.met = true;
                old.id
            });
            if entry.is_tree {
                self.trees(before, entry.id, &[&full[..], b"/"].concat())?;
            } else if before != Some(entry.id) {
                let mode = entry.mode;
                self.found.changed.push(Change { path: full, id: entry.id, mode, before });
            }
        }
        self.leave(old, path);
        Ok(())
    }

    /// What was not met is gone.
    fn leave(&mut self, old: HashMap<BString, Old>, above: &[u8]) {
        for (name, old) in old.into_iter().filter(|(_, old)| !old.met) {
            let path = BString::from([above, &name[..]].concat());
            self.found.removed.push(Removed { path, id: old.id, is_tree: old.is_tree });
        }
    }
}

struct TreeEntry {
    id: ObjectId,
    mode: Mode,
    is_tree: bool,
}

fn read_tree(repo: &Repository, tree: Option<ObjectId>) -> Result<HashMap<BString, Old>, SourceError> {
    let entries = tree.map(|id| read_entries(repo, id)).transpose()?.unwrap_or_default();
    let old = |entry: TreeEntry| Old { id: entry.id, is_tree: entry.is_tree, met: false };
    Ok(entries.into_iter().map(|(name, entry)| (name, old(entry))).collect())
}

fn read_entries(repo: &Repository, id: ObjectId) -> Result<Vec<(BString, TreeEntry)>, SourceError> {
    let wrong = |error: &dyn std::fmt::Display| SourceError::Object { id: id.to_string(), problem: error.to_string() };
    let tree = repo.find_tree(id).map_err(|error| wrong(&error))?;
    let mut entries = Vec::new();
    for entry in tree.iter() {
        let entry = entry.map_err(|error| wrong(&error))?;
        let mode = Mode::from_bits_truncate(u32::from(entry.mode().value()));
        let found = TreeEntry { id: entry.object_id(), mode, is_tree: entry.mode().is_tree() };
        entries.push((entry.filename().to_owned(), found));
    }
    Ok(entries)
}

/// How many removed files are compared with an added one to find where it came from.
const MAX_COMPARED: usize = 100;

/// Every file that is gone, those of removed directories among them.
pub(super) fn removed_files(repo: &Repository, removed: &[Removed]) -> Vec<(BString, ObjectId)> {
    let mut files = Vec::new();
    for removed in removed {
        list_files(repo, removed, &mut files);
    }
    files
}

/// The content of the removed file that `change` most likely is under a new name: the same blob, or the one with which
/// it shares most, at least half of the longer one, as git has it.
pub(super) fn renamed_from(
    repo: &Repository,
    files: &[(BString, ObjectId)],
    change: &Change,
    bytes: &[u8],
) -> Option<Vec<u8>> {
    if files.iter().any(|(_, id)| *id == change.id) {
        return Some(bytes.to_vec());
    }
    // Most files keep their name or at least their ending when they move.
    let likely = |path: &BStr| {
        let name = |path: &BStr| path.rsplit_once_str("/").map_or(path.to_vec(), |(_, name)| name.to_vec());
        let ending = |path: &BStr| path.rsplit_once_str(".").map(|(_, ending)| ending.to_vec());
        let new = change.path.as_bstr();
        (name(path) != name(new), ending(path) != ending(new))
    };
    let mut likeliest: Vec<_> = files.iter().collect();
    likeliest.sort_by_cached_key(|(path, _)| (likely(path.as_bstr()), path));
    let contents =
        likeliest.into_iter().take(MAX_COMPARED).filter_map(|(_, id)| Some(repo.find_object(*id).ok()?.detach().data));
    let scored = contents.map(|old| (shared_bytes(&old, bytes), old));
    let (shared, old) = scored.max_by_key(|(shared, _)| *shared)?;
    (shared * 2 >= old.len().max(bytes.len())).then_some(old)
}

fn list_files(repo: &Repository, removed: &Removed, files: &mut Vec<(BString, ObjectId)>) {
    if !removed.is_tree {
        files.push((removed.path.clone(), removed.id));
        return;
    }
    // A tree that cannot be read here costs a rename, so more is reported, not less.
    for (name, entry) in read_entries(repo, removed.id).unwrap_or_default() {
        let path = BString::from([&removed.path[..], b"/", &name[..]].concat());
        list_files(repo, &Removed { path, id: entry.id, is_tree: entry.is_tree }, files);
    }
}

/// Bytes in lines that both texts have.
fn shared_bytes(old: &[u8], new: &[u8]) -> usize {
    let mut counts: HashMap<&[u8], usize> = HashMap::new();
    for line in old.lines_with_terminator() {
        *counts.entry(line).or_default() += 1;
    }
    let shared = new
        .lines_with_terminator()
        .filter(|line| counts.get_mut(line).filter(|count| **count > 0).map(|count| *count -= 1).is_some());
    shared.map(<[u8]>::len).sum()
}
