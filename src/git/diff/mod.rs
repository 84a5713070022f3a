//! Compares trees with trees, trees with the index, and texts with texts.

pub(crate) mod budget;
pub(crate) mod index;
pub(crate) mod lines;
pub(crate) mod trees;

use bstr::BString;

use super::tree::TypedId;

/// A file, link, submodule or empty directory at a path where no parent has the same.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) path: BString,
    pub(crate) entry: TypedId,
    /// For each parent, what it has at the path instead.
    pub(crate) before: Vec<Option<TypedId>>,
}

impl Candidate {
    /// Whether no parent has anything at the path.
    pub(crate) fn is_new(&self) -> bool {
        self.before.iter().all(Option::is_none)
    }
}

/// A file that a parent has and a change has not, or not with this content.
#[derive(Clone, Debug)]
pub(crate) struct RemovedFile {
    pub(crate) path: BString,
    pub(crate) entry: TypedId,
    /// What the change has at the path instead; `None` if it has nothing there.
    pub(crate) now: Option<TypedId>,
}

/// What a parent has that the change has not, the other way round.
impl From<Candidate> for RemovedFile {
    fn from(found: Candidate) -> Self {
        Self {
            path: found.path,
            entry: found.entry,
            now: found.before.into_iter().flatten().next(),
        }
    }
}
