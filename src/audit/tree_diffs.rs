//! Holds what the trees of a repository contain that can lead to a secret, as differences between
//! each tree and its delta base, for the pass that records them and the index that reads them.

use serde::{Deserialize, Serialize};

use super::container::ContainerKey;
use crate::git::store::ObjectIndex;

/// What a tree contains under a name, if that can lead to a secret.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub(super) struct NamedChild {
    /// The object; for a name that is a secret itself, the key of the name; for a gitlink, that of
    /// its [entry](super::gitlinks::name_of) in the table of names.
    pub(super) child: ContainerKey,
    /// The number of the name.
    pub(super) name: u32,
}

/// The recorded children of all trees, as differences between a tree and its delta base.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct TreeDiffs {
    /// Children that a tree has and its delta base has not.
    pub(super) added: Vec<(ObjectIndex, NamedChild)>,
    /// Children that a tree's delta base has and the tree has not.
    pub(super) removed: Vec<(ObjectIndex, NamedChild)>,
    /// Delta bases, and the trees that are deltas of them.
    pub(super) derived: Vec<(ObjectIndex, ObjectIndex)>,
}

impl TreeDiffs {
    /// Adds the diffs of another thread.
    pub(super) fn merge(&mut self, other: Self) {
        self.added.extend(other.added);
        self.removed.extend(other.removed);
        self.derived.extend(other.derived);
    }
}
