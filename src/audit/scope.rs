//! Decides which secrets an audit reports. It reads all objects in any case.

use bstr::BString;

use super::reach::commits::Commits;
use super::reach::starting_points::StartingPoint;
use super::reach::trace::Reachability;
use crate::finding::history::Exposure;
use crate::git::store::ObjectStore;
use crate::git::{ObjectId, Roots};

/// Which secrets are reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only what refs lead to: no stashes, no reflogs, no unreachable objects.
    pub reachable: bool,
    /// Only what these refs lead to; empty for all.
    pub refs: Vec<BString>,
    /// Only what newer commits added.
    pub since: Option<Since>,
}

/// From when on a commit is newer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// Committed at this time or later, in seconds since 1970.
    Time(i64),
    /// Not reachable from this commit.
    Commit(ObjectId),
}

impl Scope {
    /// The first ref of the scope that does not exist.
    pub(super) fn unknown_ref(&self, roots: &Roots) -> Option<&BString> {
        let exists = |name: &BString| {
            let mut roots = roots.roots.iter();
            roots.any(|root| root.name == *name || root.display_name() == *name)
        };
        self.refs.iter().find(|name| !exists(name))
    }

    /// Whether a secret is in scope.
    pub(super) fn includes(&self, reach: &Reachability, points: &[StartingPoint]) -> bool {
        let mut from = reach.starts.iter().map(|&at| &points[at as usize]);
        (!self.reachable || from.clone().any(|point| point.hold == Exposure::Local))
            && (self.refs.is_empty() || from.any(|point| self.names(point)))
            && (self.since.is_none() || reach.is_newer)
    }

    fn names(&self, point: &StartingPoint) -> bool {
        self.refs
            .iter()
            .any(|name| *name == point.full_name || *name == point.root.name)
    }

    /// Which commits are newer than the scope says; `None` if it includes all.
    pub(super) fn newer(&self, store: &ObjectStore, commits: &Commits) -> Option<Vec<bool>> {
        match self.since? {
            Since::Time(time) => Some(committed_since(commits, time)),
            Since::Commit(id) => Some(not_reachable_from(store, commits, id)),
        }
    }
}

/// Which commits are of this time or later, or follow one that is: the author of a commit chooses
/// the time that it claims.
fn committed_since(commits: &Commits, time: i64) -> Vec<bool> {
    let mut newer = Vec::with_capacity(commits.list.len());
    for (place, commit) in commits.list.iter().enumerate() {
        let mut parents = commits.parents_of(place).iter();
        let claims = commit.time.is_none_or(|at| at >= time);
        newer.push(claims || parents.any(|&parent| newer[parent as usize]));
    }
    newer
}

fn not_reachable_from(store: &ObjectStore, commits: &Commits, id: ObjectId) -> Vec<bool> {
    let mut newer = vec![true; commits.list.len()];
    let number = store.number_of(&id);
    if let Some(place) = number.and_then(|number| commits.place_of(number)) {
        newer[place as usize] = false;
    }
    for place in (0..newer.len()).rev() {
        if !newer[place] {
            for &parent in commits.parents_of(place) {
                newer[parent as usize] = false;
            }
        }
    }
    newer
}
