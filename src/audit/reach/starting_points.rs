//! Lists what keeps objects: refs, reflogs, operations under way, and indexes.

use bstr::BString;

use crate::finding::history::{Exposure, RootRef};
use crate::git::store::{ObjectIndex, ObjectStore};
use crate::git::{Root, RootKind, Roots};

/// Refs of other repositories: what they have now or had once is published.
const REMOTE: [&str; 6] = [
    "refs/remotes/",
    "before refs/remotes/",
    "refs/prefetch/",
    "refs/pull/",
    "refs/merge-requests/",
    "FETCH_HEAD",
];

/// Something that leads to objects.
pub(in crate::audit) struct StartingPoint {
    /// The objects that it names.
    pub(in crate::audit) targets: Vec<ObjectIndex>,
    /// The exposure of what only this leads to, as far as its kind decides that: never
    /// [`Exposure::Published`].
    pub(in crate::audit) hold: Exposure,
    /// Its kind and name, for reports.
    pub(in crate::audit) root: RootRef,
    /// Its full name.
    pub(in crate::audit) full_name: BString,
}

impl StartingPoint {
    fn new(kind: RootKind, targets: Vec<ObjectIndex>, name: BString, full_name: BString) -> Self {
        Self {
            targets,
            hold: hold_of(kind),
            root: RootRef { kind, name },
            full_name,
        }
    }

    /// Whether another repository has, or had, what this leads to.
    pub(in crate::audit) fn is_remote(&self) -> bool {
        let mut prefixes = REMOTE.iter().map(|prefix| prefix.as_bytes());
        self.root.kind == RootKind::Remote
            || prefixes.any(|prefix| self.full_name.starts_with(prefix))
    }
}

/// All starting points of a repository whose objects are present.
pub(in crate::audit) fn starting_points(store: &ObjectStore, roots: &Roots) -> Vec<StartingPoint> {
    let of_root = |root: &Root| {
        let target = store.number_of(&root.target)?;
        let (name, full_name) = (root.display_name(), root.name.clone());
        Some(StartingPoint::new(root.kind, vec![target], name, full_name))
    };
    let mut points: Vec<StartingPoint> = roots.roots.iter().filter_map(of_root).collect();
    for index in &roots.indexes {
        let ids = index.entries.iter().map(|(_, id)| id);
        points.push(StartingPoint::new(
            RootKind::Index,
            ids.filter_map(|id| store.number_of(id)).collect(),
            index.name.clone(),
            index.name.clone(),
        ));
    }
    points
}

const fn hold_of(kind: RootKind) -> Exposure {
    match kind {
        RootKind::Stash => Exposure::Stash,
        RootKind::Index => Exposure::Index,
        RootKind::Operation | RootKind::Reflog => Exposure::Reflog,
        RootKind::Head
        | RootKind::Branch
        | RootKind::Tag
        | RootKind::Remote
        | RootKind::Note
        | RootKind::Other
        | RootKind::WorktreeHead => Exposure::Local,
    }
}
