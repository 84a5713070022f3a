//! Finds the paths at which a repository has had the commits of submodules. Policy judges by these
//! paths and not by the names of submodules, because a change can choose any name in `.gitmodules`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use bstr::BString;

use super::collected::Collected;
use super::container::ContainerKey;
use super::reach::paths::Paths;
use super::reach::reverse_index::ReverseTreeIndex;
use super::submodule::paths_below;
use crate::git::store::ObjectStore;
use crate::git::{ObjectId, Oid, Repository, Roots, submodule_repositories};

/// How the entry of a gitlink in the table of names begins. No name in a tree has a slash.
const PREFIX: &[u8] = b"gitlink/";

/// The entry in the table of names for the gitlinks to the commit `id`.
pub(super) fn name_of(id: &Oid) -> BString {
    [PREFIX, id.to_string().as_bytes()].concat().into()
}

/// The gitlinks of a repository, each with its commit.
pub(super) struct NamedGitlinks {
    /// Those in indexes, by path.
    pub(super) staged: BTreeSet<(BString, ObjectId)>,
    /// Those in trees, by name. To know their paths would take as long as to trace a secret.
    pub(super) in_trees: BTreeSet<(BString, ObjectId)>,
}

impl NamedGitlinks {
    /// The gitlinks in what an audit `collected`, and in the indexes among `roots`.
    fn new(collected: &Collected, roots: &Roots) -> Self {
        let indexes = roots.indexes.iter();
        let staged = indexes.flat_map(|index| index.submodules.iter().cloned());
        let ids: HashMap<_, _> = gitlinks_in(&collected.names).collect();
        let mut in_trees = BTreeSet::new();
        if !ids.is_empty() {
            let added = collected.tree_diffs.added.iter();
            let links = added.filter_map(|(_, named)| Some((named.name, *ids.get(&named.child)?)));
            // Numbers first, since there are as many entries as trees that were changed.
            let links: HashSet<_> = links.collect();
            let named = |(name, id)| Some((collected.names.get(name as usize)?.clone(), id));
            in_trees.extend(links.into_iter().filter_map(named));
        }
        Self {
            staged: staged.collect(),
            in_trees,
        }
    }

    /// Their commits.
    pub(super) fn ids(&self) -> impl Iterator<Item = ObjectId> {
        self.staged.iter().chain(&self.in_trees).map(|(_, id)| *id)
    }
}

/// A repository that may have submodules.
pub(super) struct Superproject {
    /// Its own paths in the audited repository; none if they are not known.
    pub(super) paths: Vec<BString>,
    /// The commits that its gitlinks name, each with their paths; none if these are not known.
    gitlinks: BTreeMap<ObjectId, Vec<BString>>,
    /// Its gitlinks, for what is said about the submodules that are not audited.
    pub(super) named: NamedGitlinks,
}

impl Superproject {
    /// Describes `repo`, which is at `paths`, by what the audit `collected` in its `store`.
    pub(super) fn new(
        paths: Vec<BString>,
        repo: &Repository,
        store: &ObjectStore,
        collected: &Collected,
        roots: &Roots,
    ) -> Self {
        let mut gitlinks = BTreeMap::new();
        let named = NamedGitlinks::new(collected, roots);
        // Without the repositories of submodules, their paths in history do not matter.
        if submodule_repositories(repo.common_dir()).is_ok_and(|found| found.is_empty()) {
            return Self {
                paths,
                gitlinks,
                named,
            };
        }
        let (numbers, ids): (Vec<_>, Vec<_>) = gitlinks_in(&collected.names).unzip();
        let counts = collected.key_counts(store);
        let index = ReverseTreeIndex::new(numbers.iter().copied(), &collected.tree_diffs, counts);
        let trees = collected.commits.iter().filter_map(|commit| commit.tree);
        let all = Paths::new(&index, &trees.map(ContainerKey::object).collect());
        for (key, id) in numbers.into_iter().zip(ids) {
            let found = index
                .place_of(key)
                .map(|place| all.of(place, &collected.names));
            let known = found.filter(|(_, has_more)| !has_more);
            gitlinks.insert(id, known.map(|(paths, _)| paths).unwrap_or_default());
        }
        for (path, id) in roots.indexes.iter().flat_map(|index| &index.submodules) {
            gitlinks.entry(*id).or_default().push(path.clone());
        }
        Self {
            paths,
            gitlinks,
            named,
        }
    }

    /// The paths in the audited repository of the submodule whose objects are in `store`: those of
    /// all gitlinks to one of its commits, sorted. None if they are not known.
    pub(super) fn paths_of(&self, store: &ObjectStore) -> Vec<BString> {
        let mut found = Vec::new();
        for (id, paths) in &self.gitlinks {
            if store.number_of(id).is_none() {
                continue;
            }
            if paths.is_empty() || self.paths.is_empty() {
                return Vec::new();
            }
            found.extend(paths_below(&self.paths, paths));
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The gitlinks in a table of names: their keys, and the commits that they name.
fn gitlinks_in(names: &[BString]) -> impl Iterator<Item = (ContainerKey, ObjectId)> {
    (0..).zip(names).filter_map(|(number, name)| {
        let id = ObjectId::from_hex(name.strip_prefix(PREFIX)?).ok()?;
        Some((ContainerKey::name(number), id))
    })
}
