//! Trees: what is in one.

use bstr::{BStr, BString, ByteSlice};
use gix::index::entry::Mode;
use gix::objs::TreeRefIter;
use gix::objs::tree::EntryRef;
use gix::{ObjectId, Repository};

use super::super::SourceError;
use super::unreadable;

/// An entry of a tree.
#[derive(Clone, Copy, Debug)]
pub(in crate::source) struct TreeEntry {
    pub(in crate::source) id: ObjectId,
    pub(in crate::source) mode: Mode,
    pub(in crate::source) is_tree: bool,
}

impl From<EntryRef<'_>> for TreeEntry {
    fn from(entry: EntryRef<'_>) -> Self {
        let mode = Mode::from_bits_truncate(u32::from(entry.mode.value()));
        Self {
            id: entry.oid.to_owned(),
            mode,
            is_tree: entry.mode.is_tree(),
        }
    }
}

/// The entries of a tree by their names, in its order.
pub(in crate::source) type Names = Vec<(BString, TreeEntry)>;

/// Reads a tree.
pub(in crate::source) fn read_tree(repo: &Repository, id: ObjectId) -> Result<Names, SourceError> {
    let data = tree_data(repo, id)?;
    Entries::new(id, &data)
        .map(|entry| entry.map(|entry| (entry.filename.to_owned(), entry.into())))
        .collect()
}

pub(super) fn tree_data(repo: &Repository, id: ObjectId) -> Result<Vec<u8>, SourceError> {
    let tree = repo
        .find_object(id)
        .map_err(|error| SourceError::NotHere(unreadable(repo, id, &error)))?;
    let wrong = |problem: String| SourceError::Object {
        id: id.to_string(),
        problem,
    };
    let tree = tree
        .try_into_tree()
        .map_err(|error| wrong(error.to_string()))?;
    Ok(tree.detach().data)
}

/// The entries of a tree's data, which name the tree where they cannot be read.
pub(super) struct Entries<'t> {
    id: ObjectId,
    entries: TreeRefIter<'t>,
}

impl<'t> Entries<'t> {
    pub(super) fn new(id: ObjectId, data: &'t [u8]) -> Self {
        Self {
            id,
            entries: TreeRefIter::from_bytes(data, id.kind()),
        }
    }
}

impl<'t> Iterator for Entries<'t> {
    type Item = Result<EntryRef<'t>, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        let wrong = |problem: String| SourceError::Object {
            id: self.id.to_string(),
            problem,
        };
        Some(
            self.entries
                .next()?
                .map_err(|error| wrong(error.to_string())),
        )
    }
}

/// The last name of a path.
pub(super) fn name_of(path: &BStr) -> &BStr {
    path.rsplit_once_str("/")
        .map_or(path, |(_, name)| name.as_bstr())
}
