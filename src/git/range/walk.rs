//! Lists the commits of a range, parents before children, with all that is needed to see what each
//! of them changes.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet};

use super::{RangeError, Selection};
use crate::git::commit::{CommitLinks, read_links, tag_target};
use crate::git::{LocalRepository, ObjectId, ObjectKind, kind_of, read_kind};

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
    /// Parents before children, else by time and id.
    pub commits: Vec<Commit>,
    /// The annotated tags that lead to them.
    pub tags: Vec<ObjectId>,
    /// The tips, without the tags around them.
    pub tips: Vec<ObjectId>,
}

impl History {
    /// The commit that the first tip's own line of history left off from: the first one that is not
    /// judged. `None` where the line goes back to the very first commit.
    #[must_use]
    pub fn fork_point(&self) -> Option<ObjectId> {
        let first: HashMap<_, _> = self
            .commits
            .iter()
            .map(|commit| (commit.id, commit.parents.first()))
            .collect();
        let mut at = *self.tips.first()?;
        while let Some(parent) = first.get(&at) {
            at = parent.as_ref()?.0;
        }
        Some(at)
    }
}

/// Lists the commits of `selection`.
///
/// # Errors
/// Where a part of the history is missing that may matter.
pub fn list(repo: &LocalRepository, selection: &Selection) -> Result<History, RangeError> {
    let shallow = repo
        .0
        .shallow_commits()
        .map_err(|error| RangeError::Refs(error.to_string()))?;
    let shallow = shallow
        .iter()
        .flat_map(|list| list.iter().copied())
        .collect();
    let walk = Walk {
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
            walk.history(&tips.iter().copied().collect(), tips, tags)
        }
    }
}

/// What the walk knows of a commit.
struct Node {
    time: i64,
    tree: ObjectId,
    parents: Vec<ObjectId>,
    hidden: bool,
    /// Whether it was taken from the queue, so that its parents are known to the walk.
    done: bool,
}

struct Walk<'r> {
    repo: &'r LocalRepository,
    shallow: HashSet<ObjectId>,
    nodes: HashMap<ObjectId, Node>,
    queue: BinaryHeap<(i64, ObjectId)>,
    /// How many in the queue are not hidden.
    open: usize,
}

/// How many hidden commits are looked at once all others seem to be known. Where clocks were wrong,
/// one of these may still lead to a commit of the range; not to find that out only makes the range
/// wider.
const SLOP: usize = 64;

/// How far hidden commits are followed because the range holds a commit that claims to be very old.
const MAX_BACK: usize = 50_000;

impl Walk<'_> {
    fn between(mut self, tips: &[ObjectId], hidden: &[ObjectId]) -> Result<History, RangeError> {
        let (old, old_tags) = peel_all(self.repo, hidden)?;
        let (new, mut tags) = peel_all(self.repo, tips)?;
        tags.retain(|tag| !old_tags.contains(tag));
        for (ids, hidden) in [(&old, true), (&new, false)] {
            for id in ids {
                self.meet(*id, hidden)?;
            }
        }
        let mut listed = HashSet::new();
        let (mut oldest, mut slop, mut back) = (i64::MAX, SLOP, MAX_BACK);
        while let Some((time, id)) = self.queue.pop() {
            let (hidden, parents) = self.take(id)?;
            if !hidden {
                listed.insert(id);
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
            if *left == 0 || listed.is_empty() {
                break;
            }
        }
        listed.retain(|id| !self.nodes[id].hidden);
        self.history(&listed, new, tags)
    }

    /// Marks `id` as taken from the queue; whether it is hidden, and the parents to go on with. A
    /// hidden commit at which a shallow clone ends has none.
    fn take(&mut self, id: ObjectId) -> Result<(bool, Vec<ObjectId>), RangeError> {
        let Some(node) = self.nodes.get_mut(&id) else {
            return Ok((true, Vec::new()));
        };
        node.done = true;
        let (hidden, parents) = (node.hidden, node.parents.clone());
        self.open -= usize::from(!hidden);
        let held = !self.shallow.contains(&id)
            || parents.iter().all(|parent| self.repo.has_object(parent));
        match (held, hidden) {
            (true, _) => Ok((hidden, parents)),
            (false, true) => Ok((true, Vec::new())),
            (false, false) => Err(RangeError::Shallow {
                commit: id.to_string(),
            }),
        }
    }

    /// Puts `id` into the queue, or, where it is known already, hides it and what can be reached
    /// from it.
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

    /// Brings the `listed` commits into order.
    fn history(
        mut self,
        listed: &HashSet<ObjectId>,
        tips: Vec<ObjectId>,
        tags: Vec<ObjectId>,
    ) -> Result<History, RangeError> {
        let mut commits = HashMap::new();
        // How many parents of a commit are still to come, and whose parent a commit is.
        let (mut waiting, mut children) = (HashMap::new(), HashMap::<_, Vec<_>>::new());
        for id in listed {
            self.ensure(*id)?;
            let node = &self.nodes[id];
            let (time, tree, parents) = (node.time, node.tree, node.parents.clone());
            for parent in &parents {
                if self.shallow.contains(id) && !self.repo.has_object(parent) {
                    return Err(RangeError::Shallow {
                        commit: id.to_string(),
                    });
                }
                self.ensure(*parent)?;
                if listed.contains(parent) {
                    *waiting.entry(*id).or_insert(0_usize) += 1;
                    children.entry(*parent).or_default().push(*id);
                }
            }
            let parents = parents
                .into_iter()
                .map(|parent| (parent, self.nodes[&parent].tree))
                .collect();
            commits.insert(
                *id,
                (
                    time,
                    Commit {
                        id: *id,
                        tree,
                        parents,
                    },
                ),
            );
        }
        let mut ready: BTreeSet<(i64, ObjectId)> = BTreeSet::new();
        ready.extend(
            commits
                .iter()
                .filter(|(id, _)| !waiting.contains_key(*id))
                .map(|(id, (time, _))| (*time, *id)),
        );
        let mut ordered = Vec::with_capacity(commits.len());
        while let Some((_, id)) = ready.pop_first() {
            for child in children.remove(&id).unwrap_or_default() {
                let left = waiting.entry(child).or_insert(1);
                *left -= 1;
                if *left == 0 {
                    ready.insert((commits[&child].0, child));
                }
            }
            ordered.extend(commits.remove(&id).map(|(_, commit)| commit));
        }
        Ok(History {
            commits: ordered,
            tags,
            tips,
        })
    }

    fn ensure(&mut self, id: ObjectId) -> Result<(), RangeError> {
        if !self.nodes.contains_key(&id) {
            let node = self.read(id, true)?;
            self.nodes.insert(id, node);
        }
        Ok(())
    }
}

/// The commits that `ids` lead to, and the tags on the way, each once, in their order.
fn peel_all(
    repo: &LocalRepository,
    ids: &[ObjectId],
) -> Result<(Vec<ObjectId>, Vec<ObjectId>), RangeError> {
    let (mut commits, mut tags) = (BTreeMap::new(), Vec::new());
    for (index, id) in ids.iter().enumerate() {
        let mut at = *id;
        loop {
            match kind_of(repo, at)? {
                ObjectKind::Commit => break,
                ObjectKind::Tag => {
                    if !tags.contains(&at) {
                        tags.push(at);
                    }
                    at = tag_target(at, &read_kind(repo, at, ObjectKind::Tag, None)?)?;
                }
                kind => {
                    let problem = format!("it is a {kind}, and only commits can be judged");
                    return Err(RangeError::Rev {
                        rev: id.to_string(),
                        problem,
                    });
                }
            }
        }
        commits.entry(at).or_insert(index);
    }
    let mut commits: Vec<_> = commits.into_iter().collect();
    commits.sort_by_key(|(_, index)| *index);
    Ok((commits.into_iter().map(|(id, _)| id).collect(), tags))
}
