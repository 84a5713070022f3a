//! Lists the submodules whose repositories are not in the git directory, so that an audit of the
//! repository around them does not read them.

use std::collections::{BTreeSet, HashSet};
use std::slice;

use bstr::{BString, ByteSlice};

use super::gitlinks::Superproject;
use super::submodule::paths_below;
use crate::blob::{Skip, SkipReason};
use crate::git::ObjectId;
use crate::git::store::ObjectStore;

/// The submodules that were audited.
#[derive(Default)]
pub(super) struct AuditedSubmodules {
    /// Their commits that gitlinks name.
    commits: HashSet<ObjectId>,
    /// Their paths in the audited repository.
    paths: HashSet<BString>,
}

impl AuditedSubmodules {
    /// The commits in `store` that gitlinks of `outer` name.
    pub(super) fn commits_of(outer: &Superproject, store: &ObjectStore) -> Vec<ObjectId> {
        let ids = outer.named.ids();
        ids.filter(|id| store.number_of(id).is_some()).collect()
    }

    /// Adds a submodule at `paths` of the audited repository with these commits.
    pub(super) fn add(&mut self, paths: &[BString], commits: Vec<ObjectId>) {
        self.paths.extend(paths.iter().cloned());
        self.commits.extend(commits);
    }

    /// A skip for each submodule of `outer` that was not audited: by its path if an index has it,
    /// and else by its name. A commit that is gone from an audited submodule is none.
    pub(super) fn absent(&self, outer: &Superproject) -> Vec<Skip> {
        let mut absent = BTreeSet::new();
        let mut staged_names = HashSet::new();
        let links = &outer.named;
        for (path, _) in self.unknown(&links.staged) {
            let paths = match outer.paths.is_empty() {
                true => vec![path.clone()],
                false => paths_below(&outer.paths, slice::from_ref(path)),
            };
            if !paths.iter().any(|path| self.paths.contains(path)) {
                staged_names.insert(last_name(path));
                absent.extend(paths.into_iter().next());
            }
        }
        let audited: HashSet<_> = self.paths.iter().map(last_name).collect();
        for (name, _) in self.unknown(&links.in_trees) {
            if !audited.contains(name.as_slice()) && !staged_names.contains(name.as_slice()) {
                absent.insert(name.clone());
            }
        }
        let skip = |path| Skip {
            path,
            reason: SkipReason::AbsentSubmodule,
        };
        absent.into_iter().map(skip).collect()
    }

    /// The gitlinks whose path or name has no commit that was audited.
    fn unknown<'l>(
        &self,
        links: &'l BTreeSet<(BString, ObjectId)>,
    ) -> impl Iterator<Item = &'l (BString, ObjectId)> {
        let is_known = |(_, id): &&(BString, ObjectId)| self.commits.contains(id);
        let known: HashSet<_> = links
            .iter()
            .filter(is_known)
            .map(|(name, _)| name)
            .collect();
        links.iter().filter(move |(name, _)| !known.contains(name))
    }
}

fn last_name(path: &BString) -> &[u8] {
    path.rsplit_once_str("/").map_or(path, |(_, name)| name)
}
