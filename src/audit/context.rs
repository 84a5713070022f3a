//! Holds what the passes of an audit share, and what they collect.

use std::collections::HashSet;

use bstr::{BStr, BString, ByteSlice};
use serde::{Deserialize, Serialize};

use super::found::FoundSecrets;
use super::missing::MissingReference;
use super::reach::commits::CommitRecord;
use super::scan_trees::TreeDiffs;
use super::scope::Scope;
use crate::engine::{OccurrenceBuilder, Progress};
use crate::git::store::{ObjectIndex, Problem, Store};
use crate::git::{HashKind, ObjectId, Roots};
use crate::policy::Policy;

/// Larger objects are not read a second time, in bytes.
pub(super) const MAX_RESCAN: u64 = 32 << 20;

/// What all threads share.
pub(super) struct Context<'a> {
    pub(super) store: &'a Store,
    pub(super) roots: &'a Roots,
    pub(super) scope: &'a Scope,
    /// The name of the submodule whose repository this is: its paths are judged and shown below it.
    pub(super) submodule: Option<&'a BString>,
    pub(super) hash: HashKind,
    /// Commits whose parents were left out on purpose.
    pub(super) shallow: HashSet<ObjectId>,
    pub(super) builder: &'a OccurrenceBuilder<'a>,
    pub(super) policy: &'a Policy,
    pub(super) progress: &'a Progress,
}

/// What both passes collect.
#[derive(Default)]
pub(super) struct Collected {
    pub(super) found: FoundSecrets,
    pub(super) commits: Vec<CommitRecord>,
    /// Each annotated tag and what it points at, sorted.
    pub(super) tags: Vec<(ObjectIndex, ObjectIndex)>,
    pub(super) tree_diffs: TreeDiffs,
    /// Names of files and directories that lead to a secret or hold one, sorted.
    pub(super) names: Vec<BString>,
    pub(super) broken: Vec<(ObjectIndex, Problem)>,
    pub(super) missing: Vec<MissingReference>,
}

impl Collected {
    /// The name that `key` is the key of, if it is one of a name.
    pub(super) fn name_of(&self, key: ContainerKey) -> Option<&BStr> {
        match key.container() {
            Container::Object(_) => None,
            Container::Name(name) => self.names.get(name as usize).map(|name| name.as_bstr()),
        }
    }

    /// What an annotated tag points at.
    pub(super) fn is_tag(&self, object: ObjectIndex) -> bool {
        self.tags
            .binary_search_by_key(&object, |&(tag, _)| tag)
            .is_ok()
    }
}

/// What can hold a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    /// An object.
    Object(ObjectIndex),
    /// The name of a file or a directory, by its index in [`Collected::names`].
    Name(u32),
}

/// A [`Container`] in four bytes: an audit holds millions of them. Objects come first in its order.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub(super) struct ContainerKey(u32);

impl ContainerKey {
    /// How many objects can have keys. An audit of more is refused.
    pub(super) const MAX_OBJECTS: usize = 1 << 31;

    /// The key of an object.
    pub(super) const fn object(object: ObjectIndex) -> Self {
        Self(object)
    }

    /// The key of a name. All bits are inverted, so that the highest one is set.
    pub(super) const fn name(name: u32) -> Self {
        Self(!name)
    }

    /// What it is the key of.
    pub(super) const fn container(self) -> Container {
        if (self.0 as usize) < Self::MAX_OBJECTS {
            Container::Object(self.0)
        } else {
            Container::Name(!self.0)
        }
    }

    /// Whether it is the key of an object with a lower index than `end`.
    pub(super) fn is_object_below(self, end: ObjectIndex) -> bool {
        matches!(self.container(), Container::Object(object) if object < end)
    }

    /// A number for hash tables.
    pub(super) const fn bits(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_objects_and_names_differ() {
        for number in [0, 1, (1 << 31) - 1] {
            let (object, name) = (ContainerKey::object(number), ContainerKey::name(number));
            assert_eq!(object.container(), Container::Object(number));
            assert_eq!(name.container(), Container::Name(number));
            assert!(object < name);
        }
        assert!(ContainerKey::object(4).is_object_below(5));
        assert!(!ContainerKey::object(5).is_object_below(5));
        assert!(!ContainerKey::name(0).is_object_below(u32::MAX));
    }
}
