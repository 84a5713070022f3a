//! Trees: what is in one.

use bstr::{BStr, BString, ByteSlice};
use gix::index::entry::Mode;
use gix::objs::TreeRefIter;
use gix::objs::tree::EntryRef;
use gix::{ObjectId, Repository};

use super::unreadable;
use crate::git::ReadError;

/// An entry of a tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TreeEntry {
    pub(crate) id: ObjectId,
    pub(crate) mode: Mode,
    pub(crate) is_tree: bool,
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
pub(crate) type Names = Vec<(BString, TreeEntry)>;

/// Reads a tree.
pub(crate) fn read_tree(repo: &Repository, id: ObjectId) -> Result<Names, ReadError> {
    let data = tree_data(repo, id)?;
    Entries::new(id, &data)
        .map(|entry| entry.map(|entry| (entry.filename.to_owned(), entry.into())))
        .collect()
}

pub(crate) fn tree_data(repo: &Repository, id: ObjectId) -> Result<Vec<u8>, ReadError> {
    let tree = repo
        .find_object(id)
        .map_err(|error| ReadError::NotHere(unreadable(repo, id, &error)))?;
    let wrong = |problem: String| ReadError::Object {
        id: id.to_string(),
        problem,
    };
    let tree = tree
        .try_into_tree()
        .map_err(|error| wrong(error.to_string()))?;
    Ok(tree.detach().data)
}

/// The entries of a tree's data, which name the tree where they cannot be read.
pub(crate) struct Entries<'t> {
    id: ObjectId,
    entries: TreeRefIter<'t>,
}

impl<'t> Entries<'t> {
    pub(crate) fn new(id: ObjectId, data: &'t [u8]) -> Self {
        Self {
            id,
            entries: TreeRefIter::from_bytes(data, id.kind()),
        }
    }
}

impl<'t> Iterator for Entries<'t> {
    type Item = Result<EntryRef<'t>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let wrong = |problem: String| ReadError::Object {
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
pub(crate) fn name_of(path: &BStr) -> &BStr {
    path.rsplit_once_str("/")
        .map_or(path, |(_, name)| name.as_bstr())
}
