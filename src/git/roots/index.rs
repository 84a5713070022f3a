//! What the index of a work tree lists: files that may be in no commit.

use std::path::Path;

use bstr::BString;
use gix::ObjectId;
use gix::hash::Kind;
use gix::index::entry::{Flags, Mode};

use super::{Roots, Unread};

/// The index of a work tree, as a place that objects are reached from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexRoot {
    /// As a person would name it: `index`, `index of worktree topic`.
    pub name: BString,
    /// Paths and the blobs there, every side of a conflict among them; a path may come more than
    /// once. A path that ends in `/` stands for the tree of a folder outside of a sparse check-out.
    /// What is only intended to be added, and commits of submodules, are left out.
    pub entries: Vec<(BString, ObjectId)>,
}

/// Adds the index at `path` to `found`, if there is one.
pub(super) fn read(path: &Path, worktree: Option<&BString>, hash: Kind, found: &mut Roots) {
    let of = worktree.map(|name| format!(" of worktree {name}"));
    let name = BString::from(format!("index{}", of.unwrap_or_default()));
    if !path.exists() {
        return;
    }
    match gix::index::File::at(path, hash, false, gix::index::decode::Options::default()) {
        Ok(index) => found.indexes.push(IndexRoot {
            name,
            entries: entries(&index),
        }),
        Err(error) => found.unread.push(Unread::new(name, error)),
    }
}

fn entries(index: &gix::index::State) -> Vec<(BString, ObjectId)> {
    let counts = |entry: &&gix::index::Entry| {
        entry.mode != Mode::COMMIT && !entry.flags.contains(Flags::INTENT_TO_ADD)
    };
    let entries = index.entries().iter().filter(counts);
    entries
        .map(|entry| (entry.path(index).to_owned(), entry.id))
        .collect()
}
