//! Lists the blobs in the index of a work tree: they may not be in any commit.

use std::path::Path;

use bstr::BString;
use gix::ObjectId;
use gix::hash::Kind;
use gix::index::Entry;
use gix::index::decode::Options;
use gix::index::entry::{Flags, Mode};

/// The index of a work tree, as a root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexRoot {
    /// The name for reports: `index`, `index of worktree topic`.
    pub name: BString,
    /// Paths and their blobs. A path in conflict has one entry for each side. A path that ends in
    /// `/` is a directory outside of a sparse checkout, with its tree. Entries that are only
    /// intended to be added are left out.
    pub entries: Vec<(BString, ObjectId)>,
    /// The paths of submodules and their commits.
    pub submodules: Vec<(BString, ObjectId)>,
}

/// Reads the index at `path`, which reports call `name`.
pub(super) fn read(path: &Path, hash: Kind, name: BString) -> Result<IndexRoot, String> {
    let index = gix::index::File::at(path, hash, false, Options::default())
        .map_err(|error| error.to_string())?;
    let entries = index.entries().iter();
    let wanted = entries.filter(|entry| !entry.flags.contains(Flags::INTENT_TO_ADD));
    let (submodules, entries): (Vec<_>, _) = wanted.partition(|entry| entry.mode == Mode::COMMIT);
    let paths_and_ids = |entries: Vec<&Entry>| {
        let entries = entries.iter();
        entries
            .map(|entry| (entry.path(&index).to_owned(), entry.id))
            .collect()
    };
    Ok(IndexRoot {
        name,
        entries: paths_and_ids(entries),
        submodules: paths_and_ids(submodules),
    })
}
