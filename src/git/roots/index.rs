//! Lists the blobs in the index of a work tree: they may not be in any commit.

use std::path::Path;

use bstr::BString;
use gix::ObjectId;
use gix::hash::Kind;
use gix::index::decode::Options;
use gix::index::entry::{Flags, Mode};

/// The index of a work tree, as a root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexRoot {
    /// The name for reports: `index`, `index of worktree topic`.
    pub name: BString,
    /// Paths and their blobs. A path in conflict has one entry for each side. A path that ends in
    /// `/` is a directory outside of a sparse checkout, with its tree. Entries that are only
    /// intended to be added, and commits of submodules, are left out.
    pub entries: Vec<(BString, ObjectId)>,
}

/// Reads the blobs that the index at `path` lists.
pub(super) fn read(path: &Path, hash: Kind) -> Result<Vec<(BString, ObjectId)>, String> {
    let index = gix::index::File::at(path, hash, false, Options::default())
        .map_err(|error| error.to_string())?;
    Ok(index
        .entries()
        .iter()
        .filter(|entry| entry.mode != Mode::COMMIT && !entry.flags.contains(Flags::INTENT_TO_ADD))
        .map(|entry| (entry.path(&index).to_owned(), entry.id))
        .collect())
}
