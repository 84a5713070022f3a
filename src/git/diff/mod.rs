//! Compares trees with trees, trees with the index, and texts with texts.

pub(crate) mod index;
pub(crate) mod lines;
pub(crate) mod trees;

use bstr::BString;

use super::ObjectId;
use super::tree::EntryKind;

/// A blob, link or submodule at a path where no parent has it.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) path: BString,
    pub(crate) id: ObjectId,
    pub(crate) kind: EntryKind,
    /// For each parent, what it has at the path instead.
    pub(crate) before: Vec<Option<ObjectId>>,
}

/// A file that a parent has and a change has not, or not with this content.
#[derive(Clone, Debug)]
pub(crate) struct RemovedFile {
    pub(crate) path: BString,
    pub(crate) id: ObjectId,
    /// What the change has at the path instead; `None` where the file is gone.
    pub(crate) now: Option<ObjectId>,
}
