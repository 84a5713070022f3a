//! Holds what all threads of an audit share.

use std::collections::HashSet;

use bstr::BString;

use super::container::{Container, ContainerKey};
use super::scope::Scope;
use crate::engine::{OccurrenceBuilder, Progress};
use crate::git::store::ObjectStore;
use crate::git::{HashKind, ObjectId, Roots};
use crate::policy::Policy;

/// Larger objects are not read a second time, in bytes.
pub(super) const MAX_RESCAN: u64 = 32 << 20;

/// What all threads share.
pub(super) struct Context<'a> {
    pub(super) store: &'a ObjectStore,
    pub(super) roots: &'a Roots,
    pub(super) scope: &'a Scope,
    /// If this is the repository of a submodule: where the audited one has it. Its paths are judged
    /// below each of these.
    pub(super) submodule: Option<&'a [BString]>,
    pub(super) hash: HashKind,
    /// Commits whose parents were left out on purpose.
    pub(super) shallow: HashSet<ObjectId>,
    pub(super) builder: &'a OccurrenceBuilder<'a>,
    pub(super) policy: &'a Policy,
    pub(super) progress: &'a Progress,
}

impl Context<'_> {
    /// What reports call a container that has no path.
    pub(super) fn label_of(&self, container: ContainerKey) -> BString {
        match container.container() {
            Container::Object(object) => format!("object {}", self.store.id_of(object)).into(),
            Container::Name(_) => "name".into(),
        }
    }
}
