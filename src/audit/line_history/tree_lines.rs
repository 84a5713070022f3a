//! Reads every commit and every tree once, and finds the commits whose matching lines cannot differ
//! from those of a parent, so that their trees need not be compared.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read};
use std::sync::atomic::AtomicBool;

use super::ComparedCommit;
use super::blobs::BlobLines;
use crate::git::commit::commit_links;
use crate::git::store::{DeltaBase, Kind, Object, ObjectIndex, ObjectStore, Problem, Visit};
use crate::git::tree::{EntryKind, TreeEntries};
use crate::git::{HashKind, ObjectId};

/// What of a tree counts.
#[derive(Default)]
struct TreeRecord {
    /// A hash of the files that have matching lines, by name, and of what is missing.
    files: u64,
    /// The directories, each with a hash of its name.
    directories: Vec<(u64, ObjectIndex)>,
}

/// One thread's records.
struct TreeReader<'a> {
    store: &'a ObjectStore,
    blobs: &'a HashMap<ObjectIndex, BlobLines>,
    hash: &'a RandomState,
    kind: HashKind,
    trees: HashMap<ObjectIndex, TreeRecord>,
    commits: HashMap<ObjectIndex, ObjectIndex>,
}

impl TreeReader<'_> {
    fn tree(&self, bytes: &[u8]) -> TreeRecord {
        let mut record = TreeRecord::default();
        for entry in TreeEntries::new(bytes, self.kind) {
            // What is not known differs from everything, so that it is compared.
            let Ok(entry) = entry else {
                record.files = record.files.wrapping_add(self.hash.hash_one(bytes));
                break;
            };
            let number = self.store.number_of(entry.id);
            let file = match (entry.kind, number) {
                (EntryKind::Submodule, _) => continue,
                (EntryKind::Tree, Some(number)) => {
                    let name = self.hash.hash_one(entry.name);
                    record.directories.push((name, number));
                    continue;
                }
                (_, None) => self.hash.hash_one((entry.name, entry.id)),
                (_, Some(number)) => match self.blobs.get(&number) {
                    Some(lines) => self.hash.hash_one((entry.name, lines.sequence)),
                    None => continue,
                },
            };
            record.files = record.files.wrapping_add(file);
        }
        record
    }
}

impl Visit for TreeReader<'_> {
    type State = ();

    fn object(&mut self, object: Object<'_>, _: Option<DeltaBase<'_, ()>>) {
        let number = self.store.canonical(object.number);
        if object.kind == Kind::Tree {
            let record = self.tree(object.bytes);
            self.trees.insert(number, record);
        } else if let Some(links) = commit_links(object.bytes, self.kind)
            && let Some(tree) = self.store.number_of(&links.tree)
        {
            self.commits.insert(number, tree);
        }
    }

    fn stream(&mut self, _: ObjectIndex, _: &mut dyn Read) -> io::Result<()> {
        Ok(())
    }

    /// What cannot be read is in no record, so that it is compared.
    fn broken(&mut self, _: ObjectIndex, _: Problem) {}
}

/// The matching lines of all trees, as hashes.
pub(super) struct TreeLines<'a> {
    store: &'a ObjectStore,
    commits: HashMap<ObjectIndex, ObjectIndex>,
    hashes: HashMap<ObjectIndex, u64>,
}

impl<'a> TreeLines<'a> {
    /// Reads all trees and commits, on all threads of the current pool.
    pub(super) fn read(
        store: &'a ObjectStore,
        blobs: &HashMap<ObjectIndex, BlobLines>,
        kind: HashKind,
    ) -> Self {
        let hash = RandomState::new();
        let new = || TreeReader {
            store,
            blobs,
            hash: &hash,
            kind,
            trees: HashMap::new(),
            commits: HashMap::new(),
        };
        let jobs = rayon::current_num_threads();
        let mut readers: Vec<_> = std::iter::repeat_with(new).take(jobs).collect();
        let kinds = [Kind::Tree, Kind::Commit];
        store.visit(&kinds, &mut readers, &AtomicBool::new(false));
        let (mut trees, mut commits) = (HashMap::new(), HashMap::new());
        for reader in readers {
            trees.extend(reader.trees);
            commits.extend(reader.commits);
        }
        Self {
            store,
            commits,
            hashes: hash_trees(&trees, &hash),
        }
    }

    /// Whether the matching lines of `commit` may differ from those of all of its parents.
    pub(super) fn may_differ(&self, commit: &ComparedCommit) -> bool {
        let Some(own) = self.hash_of(commit.id) else {
            return true;
        };
        if commit.parents.is_empty() {
            return own != 0;
        }
        let mut parents = commit.parents.iter();
        !parents.any(|&parent| self.hash_of(parent) == Some(own))
    }

    fn hash_of(&self, commit: ObjectId) -> Option<u64> {
        let tree = self.commits.get(&self.store.number_of(&commit)?)?;
        self.hashes.get(tree).copied()
    }
}

/// A hash of the matching lines below each tree, 0 if there are none; no hash where a tree is not
/// known. Trees can nest deeper than calls can.
fn hash_trees(
    trees: &HashMap<ObjectIndex, TreeRecord>,
    hash: &RandomState,
) -> HashMap<ObjectIndex, u64> {
    let mut hashes: HashMap<ObjectIndex, u64> = HashMap::new();
    for &root in trees.keys() {
        let mut open = vec![(root, false)];
        while let Some((tree, is_ready)) = open.pop() {
            let Some(record) = trees.get(&tree).filter(|_| !hashes.contains_key(&tree)) else {
                continue;
            };
            if !is_ready && !record.directories.is_empty() {
                open.push((tree, true));
                let inner = record.directories.iter();
                let inner = inner.filter(|(_, inner)| !hashes.contains_key(inner));
                open.extend(inner.map(|&(_, inner)| (inner, false)));
                continue;
            }
            let mut own = Some(record.files);
            for (name, inner) in &record.directories {
                let inner = match hashes.get(inner) {
                    Some(0) => Some(0),
                    Some(inner) => Some(hash.hash_one((name, inner))),
                    None => None,
                };
                own = own.zip(inner).map(|(own, inner)| own.wrapping_add(inner));
            }
            if let Some(own) = own {
                hashes.insert(tree, own);
            }
        }
    }
    hashes
}
