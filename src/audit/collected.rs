//! Collects what both passes learn.

use bstr::{BStr, BString, ByteSlice};

use super::container::{Container, ContainerKey, KeyCounts};
use super::found::FoundSecrets;
use super::missing::MissingReference;
use super::reach::commits::CommitRecord;
use super::tree_diffs::TreeDiffs;
use crate::engine::Unsearched;
use crate::git::store::{ObjectIndex, ObjectStore, Problem};

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
    /// What is in an object and was not searched.
    pub(super) unsearched: Vec<(ObjectIndex, Unsearched)>,
}

impl Collected {
    /// How many keys there are of objects in `store` and of names.
    pub(super) fn key_counts(&self, store: &ObjectStore) -> KeyCounts {
        KeyCounts {
            objects: store.len(),
            names: self.names.len(),
        }
    }

    /// The name that `key` is the key of, if it is one of a name.
    pub(super) fn name_of(&self, key: ContainerKey) -> Option<&BStr> {
        match key.container() {
            Container::Object(_) => None,
            Container::Name(name) => self.names.get(name as usize).map(|name| name.as_bstr()),
        }
    }

    /// Whether an object is an annotated tag.
    pub(super) fn is_tag(&self, object: ObjectIndex) -> bool {
        self.tags
            .binary_search_by_key(&object, |&(tag, _)| tag)
            .is_ok()
    }
}
