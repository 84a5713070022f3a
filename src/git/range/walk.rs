//! Lists the commits of a range, parents before children, with all that is needed to see what each
//! of them changes.
//!
//! gix's `rev_walk` with hidden tips cannot serve: it reads commits without checking their ids, or
//! believes the commit-graph file, and what ends a range must be what its id says. It also goes
//! through all of its queue at every step, follows hidden commits without a bound, and does not
//! know whether a shallow clone ends within the range.

use std::collections::{BinaryHeap, HashMap, HashSet};

use super::{RangeError, Selection};
use crate::git::commit::{CommitLinks, read_links, tag_target};
use crate::git::{LocalRepository, ObjectId, ObjectKind, kind_of, read_kind, topological_order};

/// A commit of a range.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Its id.
    pub id: ObjectId,
    /// Its tree.
    pub tree: ObjectId,
    /// Its parents, each with its tree.
    pub parents: Vec<(ObjectId, ObjectId)>,
}

/// The commits of a range.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Parents before children, otherwise by time and id.
    pub commits: Vec<Commit>,
    /// The annotated tags that lead to them.
    pub tags: Vec<ObjectId>,
    /// The tips, without the tags around them.
    pub tips: Vec<ObjectId>,
    /// Tips that lead to an older commit of the base than their merge bases, each as if it were one
    /// commit on top of these: what that brings back, no commit of the range changes.
    pub results: Vec<Commit>,
}

/// Lists the commits of `selection`.
///
/// # Errors
/// If a part of the history that may matter is missing.
pub fn list(repo: &LocalRepository, selection: &Selection) -> Result<History, RangeError> {
    let shallow = repo
        .0
        .shallow_commits()
        .map_err(|error| RangeError::Refs(error.to_string()))?;
    let shallow = shallow
        .iter()
        .flat_map(|list| list.iter().copied())
        .collect();
    let mut walk = Walk {
        repo,
        shallow,
        nodes: HashMap::new(),
        queue: BinaryHeap::new(),
        open: 0,
    };
    match selection {
        Selection::Between { tips, hidden } => walk.between(tips, hidden),
        Selection::Only(ids) => {
            let (tips, tags) = peel_all(repo, ids)?;
            walk.history(tips.iter().copied().collect(), tips, tags)
        }
    }
}

/// A commit that the walk has read.
pub(super) struct Node {
    pub(super) time: i64,
    pub(super) tree: ObjectId,
    parents: Vec<ObjectId>,
    hidden: bool,
    /// Whether it was taken from the queue, so that its parents were read as well.
    done: bool,
}

pub(super) struct Walk<'r> {
    repo: &'r LocalRepository,
    shallow: HashSet<ObjectId>,
    nodes: HashMap<ObjectId, Node>,
    queue: BinaryHeap<(i64, ObjectId)>,
    /// How many commits in the queue are not hidden.
    open: usize,
}

/// How many hidden commits are read after the queue has no others. If clocks were wrong, one of
/// these may still lead to a commit of the range; to miss that only makes the range wider.
const SLOP: usize = 64;

/// How many hidden commits are read because the range has a commit that claims to be very old.
pub(super) const MAX_BACK: usize = 50_000;

impl Walk<'_> {
    fn between(&mut self, tips: &[ObjectId], hidden: &[ObjectId]) -> Result<History, RangeError> {
        let (old, old_tags) = peel_all(self.repo, hidden)?;
        let (new, mut tags) = peel_all(self.repo, tips)?;
        tags.retain(|tag| !old_tags.contains(tag));
        for (ids, hidden) in [(&old, true), (&new, false)] {
            for id in ids {
                self.meet(*id, hidden)?;
            }
        }
        let mut visible = HashSet::new();
        let (mut oldest, mut slop, mut back) = (i64::MAX, SLOP, MAX_BACK);
        while let Some((time, id)) = self.queue.pop() {
            let (hidden, parents) = self.take(id)?;
            if !hidden {
                visible.insert(id);
                oldest = oldest.min(time);
            }
            for parent in parents {
                self.meet(parent, hidden)?;
            }
            if self.open > 0 {
                continue;
            }
            let left = if time > oldest { &mut back } else { &mut slop };
            *left = left.saturating_sub(1);
            if *left == 0 || visible.is_empty() {
                break;
            }
        }
        visible.retain(|id| !self.nodes[id].hidden);
        let mut history = self.history(visible, new, tags)?;
        history.results = self.results(&history.commits, &history.tips)?;
        Ok(history)
    }

    /// Marks `id` as taken from the queue, and returns whether it is hidden, and its parents; none
    /// if it is hidden and a shallow clone ends at it.
    fn take(&mut self, id: ObjectId) -> Result<(bool, Vec<ObjectId>), RangeError> {
        let Some(node) = self.nodes.get_mut(&id) else {
            return Ok((true, Vec::new()));
        };
        node.done = true;
        let (hidden, parents) = (node.hidden, node.parents.clone());
        self.open -= usize::from(!hidden);
        let is_complete = !self.shallow.contains(&id)
            || parents.iter().all(|parent| self.repo.has_object(parent));
        if is_complete {
            Ok((hidden, parents))
        } else if hidden {
            Ok((true, Vec::new()))
        } else {
            Err(RangeError::Shallow { commit: id })
        }
    }

    /// Puts `id` into the queue. If it was met before, hides it and what can be reached from it, if
    /// it is to be `hidden`.
    fn meet(&mut self, id: ObjectId, hidden: bool) -> Result<(), RangeError> {
        if !self.nodes.contains_key(&id) {
            let node = self.read(id, hidden)?;
            self.queue.push((node.time, id));
            self.open += usize::from(!hidden);
            self.nodes.insert(id, node);
            return Ok(());
        }
        let mut stack = if hidden { vec![id] } else { Vec::new() };
        while let Some(id) = stack.pop() {
            let Some(node) = self.nodes.get_mut(&id).filter(|node| !node.hidden) else {
                continue;
            };
            node.hidden = true;
            if node.done {
                stack.extend(&node.parents);
            } else {
                self.open -= 1;
            }
        }
        Ok(())
    }

    fn read(&self, id: ObjectId, hidden: bool) -> Result<Node, RangeError> {
        let CommitLinks {
            tree,
            parents,
            time,
        } = read_links(self.repo, id)?;
        Ok(Node {
            // A missing time is as good as a wrong one.
            time: time.unwrap_or_default(),
            tree,
            parents,
            hidden,
            done: false,
        })
    }

    /// Brings the `visible` commits into order.
    fn history(
        &mut self,
        visible: HashSet<ObjectId>,
        tips: Vec<ObjectId>,
        tags: Vec<ObjectId>,
    ) -> Result<History, RangeError> {
        let mut ids: Vec<ObjectId> = visible.into_iter().collect();
        ids.sort_unstable();
        let places: HashMap<ObjectId, u32> = ids.iter().copied().zip(0..).collect();
        let (mut commits, mut edges) = (Vec::with_capacity(ids.len()), Vec::new());
        for (&id, place) in ids.iter().zip(0..) {
            let commit = self.commit(id)?;
            let parents = commit
                .parents
                .iter()
                .filter_map(|(parent, _)| places.get(parent));
            edges.extend(parents.map(|parent| (*parent, place)));
            commits.push(Some(commit));
        }
        let order = topological_order(ids.len(), &edges, |place| {
            self.nodes[&ids[place as usize]].time
        });
        let ordered = order
            .into_iter()
            .filter_map(|place| commits[place as usize].take());
        Ok(History {
            commits: ordered.collect(),
            tags,
            tips,
            results: Vec::new(),
        })
    }

    /// The listed commit `id`, with the trees of its parents.
    fn commit(&mut self, id: ObjectId) -> Result<Commit, RangeError> {
        let (tree, ids) = {
            let node = self.node(id)?;
            (node.tree, node.parents.clone())
        };
        let mut parents = Vec::with_capacity(ids.len());
        for parent in ids {
            if self.shallow.contains(&id) && !self.repo.has_object(&parent) {
                return Err(RangeError::Shallow { commit: id });
            }
            parents.push((parent, self.node(parent)?.tree));
        }
        Ok(Commit { id, tree, parents })
    }

    /// The parents of `id`; none if a shallow clone ends at it.
    pub(super) fn parents_of(&mut self, id: ObjectId) -> Result<Vec<ObjectId>, RangeError> {
        let parents = self.node(id)?.parents.clone();
        let ends = self.shallow.contains(&id);
        Ok(
            if ends && !parents.iter().all(|parent| self.repo.has_object(parent)) {
                Vec::new()
            } else {
                parents
            },
        )
    }

    /// The commit `id`, which is read if the walk did not come by it.
    pub(super) fn node(&mut self, id: ObjectId) -> Result<&Node, RangeError> {
        if !self.nodes.contains_key(&id) {
            let node = self.read(id, true)?;
            self.nodes.insert(id, node);
        }
        Ok(&self.nodes[&id])
    }
}

/// The commits that `ids` lead to, and the tags on the way, each once, in their order.
fn peel_all(
    repo: &LocalRepository,
    ids: &[ObjectId],
) -> Result<(Vec<ObjectId>, Vec<ObjectId>), RangeError> {
    let (mut commits, mut tags, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for &id in ids {
        let mut at = id;
        loop {
            match kind_of(repo, at)? {
                ObjectKind::Commit => break,
                ObjectKind::Tag => {
                    if seen.insert(at) {
                        tags.push(at);
                    }
                    at = tag_target(at, &read_kind(repo, at, ObjectKind::Tag, None)?)?;
                }
                kind => {
                    return Err(RangeError::Rev {
                        rev: id.to_string(),
                        problem: format!("it is a {kind}"),
                    });
                }
            }
        }
        if seen.insert(at) {
            commits.push(at);
        }
    }
    Ok((commits, tags))
}
