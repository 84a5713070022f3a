//! Traces what leads to a secret: the commits whose trees hold it, in the order of history, and the
//! starting points from which those commits are reached. It traces sixty-four secrets at a time,
//! one bit for each.

use std::collections::HashMap;

use rayon::prelude::*;

use super::super::container::{Container, ContainerKey};
use super::commits::Commits;
use super::reverse_index::{Containment, ReverseTreeIndex};
use super::starting_points::StartingPoint;
use crate::finding::history::Exposure;
use crate::git::store::ObjectIndex;

/// How many secrets are traced at a time.
const ROUND: usize = 64;

/// A commit that holds a secret, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::audit) struct CommitOccurrence {
    /// Place of the commit in history.
    pub(in crate::audit) commit: u32,
    /// What holds the secret; the commit itself if its own text does.
    pub(in crate::audit) container: ContainerKey,
    /// The numbers of the names that lead to it from the commit's tree.
    pub(in crate::audit) path: Vec<u32>,
}

/// What leads to a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::audit) struct Reachability {
    /// The first commit that holds it, of the commits with the worst exposure.
    pub(in crate::audit) first: Option<CommitOccurrence>,
    /// The last commit that holds it, of the same.
    pub(in crate::audit) last: Option<CommitOccurrence>,
    /// Whether the commit at HEAD holds it.
    pub(in crate::audit) in_head: bool,
    /// The starting points that lead to it, by their indices.
    pub(in crate::audit) starts: Vec<u32>,
    /// Whether one of the newer commits added it.
    pub(in crate::audit) is_newer: bool,
}

/// History, prepared for tracing.
pub(in crate::audit) struct Trace<'a> {
    pub(in crate::audit) commits: &'a Commits,
    pub(in crate::audit) index: &'a ReverseTreeIndex,
    /// Each annotated tag and what it points at, sorted.
    tags: &'a [(ObjectIndex, ObjectIndex)],
    pub(in crate::audit) starts: &'a [StartingPoint],
    /// The place of the commit at HEAD in history.
    head: Option<u32>,
    /// Which commits are newer; `None` if all are.
    pub(in crate::audit) newer: Option<Vec<bool>>,
    /// For each commit, the worst hold of the starting points that lead to it.
    holds: Vec<Exposure>,
}

/// The bits of one round.
struct Round {
    /// For each container, the secrets that it holds.
    seeds: HashMap<ContainerKey, u64>,
    /// For each node, the secrets that it leads to.
    nodes: Vec<u64>,
    /// For each commit, the secrets in its tree and its text.
    held: Vec<u64>,
    /// For each commit, the same and those of the commits before it.
    reached: Vec<u64>,
}

/// The first and the last commit that hold a secret, of those with the worst exposure so far.
#[derive(Clone, Copy)]
struct Best {
    hold: Exposure,
    first: u32,
    last: u32,
}

impl<'a> Trace<'a> {
    pub(in crate::audit) fn new(
        commits: &'a Commits,
        index: &'a ReverseTreeIndex,
        tags: &'a [(ObjectIndex, ObjectIndex)],
        starts: &'a [StartingPoint],
        head: Option<ObjectIndex>,
    ) -> Self {
        let mut trace = Self {
            commits,
            index,
            tags,
            starts,
            head: head.and_then(|head| commits.place_of(head)),
            newer: None,
            holds: Vec::new(),
        };
        trace.holds = trace.holds_of_commits();
        trace
    }

    fn holds_of_commits(&self) -> Vec<Exposure> {
        let mut holds = vec![Exposure::Unreachable; self.commits.list.len()];
        for start in self.starts {
            for &target in &start.targets {
                if let Some(place) = self.commits.place_of(self.peel(target)) {
                    let hold = &mut holds[place as usize];
                    *hold = start.hold.min(*hold);
                }
            }
        }
        for place in (0..holds.len()).rev() {
            for &parent in self.commits.parents_of(place) {
                holds[parent as usize] = holds[parent as usize].min(holds[place]);
            }
        }
        holds
    }

    /// Traces each of `secrets`, given as the containers that hold it.
    pub(in crate::audit) fn trace(&self, secrets: &[Vec<ContainerKey>]) -> Vec<Reachability> {
        secrets
            .par_chunks(ROUND)
            .flat_map_iter(|secrets| self.trace_round(secrets))
            .collect()
    }

    /// What a tag leads to in the end; anything else leads to itself.
    fn peel(&self, mut number: ObjectIndex) -> ObjectIndex {
        // A chain of tags cannot be longer than there are tags.
        for _ in 0..=self.tags.len() {
            match self.tag_target(number) {
                Some(target) => number = target,
                None => break,
            }
        }
        number
    }

    fn tag_target(&self, number: ObjectIndex) -> Option<ObjectIndex> {
        let at = self
            .tags
            .binary_search_by_key(&number, |&(tag, _)| tag)
            .ok()?;
        Some(self.tags[at].1)
    }

    fn trace_round(&self, secrets: &[Vec<ContainerKey>]) -> Vec<Reachability> {
        let round = self.propagate(secrets);
        let best = self.best_commits(&round, secrets.len());
        let mut traced: Vec<Reachability> = (0..)
            .zip(best)
            .map(|(bit, best)| Reachability {
                first: best.map(|best| self.occurrence_in(&round, best.first, bit)),
                last: best.map(|best| self.occurrence_in(&round, best.last, bit)),
                in_head: self
                    .head
                    .is_some_and(|head| round.held[head as usize] & (1 << bit) != 0),
                ..Reachability::default()
            })
            .collect();
        for bit in bits(self.held_by_newer(&round)) {
            traced[bit].is_newer = true;
        }
        for (at, start) in (0..).zip(self.starts) {
            let reached = start.targets.iter().fold(0, |reached, &target| {
                reached | self.reached_from(&round, target)
            });
            for bit in bits(reached) {
                traced[bit].starts.push(at);
            }
        }
        traced
    }

    /// Spreads the bits of `secrets` from their containers to trees, from trees to commits, and on
    /// to later commits.
    fn propagate(&self, secrets: &[Vec<ContainerKey>]) -> Round {
        let mut nodes = vec![0_u64; self.index.nodes.len()];
        let mut held = vec![0_u64; self.commits.list.len()];
        let mut seeds: HashMap<ContainerKey, u64> = HashMap::new();
        for (bit, containers) in secrets.iter().enumerate() {
            for &container in containers {
                *seeds.entry(container).or_default() |= 1 << bit;
                if let Some(place) = self.index.place_of(container) {
                    nodes[place as usize] |= 1 << bit;
                }
                if let Container::Object(object) = container.container()
                    && let Some(place) = self.commits.place_of(object)
                {
                    held[place as usize] |= 1 << bit;
                }
            }
        }
        while self.spread(&mut nodes) && self.index.has_circle {}
        let mut reached = vec![0_u64; held.len()];
        for (place, commit) in self.commits.list.iter().enumerate() {
            let tree = commit
                .tree
                .and_then(|tree| self.index.place_of_object(tree));
            held[place] |= tree.map_or(0, |tree| nodes[tree as usize]);
            reached[place] = held[place] | self.union_of_parents(place, &reached);
        }
        Round {
            seeds,
            nodes,
            held,
            reached,
        }
    }

    /// Spreads the bits of nodes to their parents, once along each edge. Returns whether there were
    /// new ones. Edges are in the order of their parents, which come after their children: without
    /// circles, a second time would bring none.
    fn spread(&self, nodes: &mut [u64]) -> bool {
        let mut is_changed = false;
        for edge in &self.index.edges {
            let parent = nodes[edge.parent as usize];
            let both = parent | nodes[edge.child as usize];
            is_changed |= both != parent;
            nodes[edge.parent as usize] = both;
        }
        is_changed
    }

    fn union_of_parents(&self, place: usize, bits: &[u64]) -> u64 {
        let parents = self.commits.parents_of(place).iter();
        parents.fold(0, |union, &parent| union | bits[parent as usize])
    }

    fn best_commits(&self, round: &Round, secrets: usize) -> Vec<Option<Best>> {
        let mut best: Vec<Option<Best>> = vec![None; secrets];
        for (place, &held) in (0_u32..).zip(&round.held) {
            let hold = self.holds[place as usize];
            for bit in bits(held) {
                match &mut best[bit] {
                    Some(best) if best.hold < hold => {}
                    Some(best) if best.hold == hold => best.last = place,
                    other => {
                        *other = Some(Best {
                            hold,
                            first: place,
                            last: place,
                        });
                    }
                }
            }
        }
        best
    }

    /// The secrets that one of the newer commits holds and none of its parents does.
    fn held_by_newer(&self, round: &Round) -> u64 {
        let is_newer = |place: &usize| self.newer.as_ref().is_none_or(|newer| newer[*place]);
        (0..round.held.len())
            .filter(is_newer)
            .map(|place| round.held[place] & !self.union_of_parents(place, &round.held))
            .fold(0, |union, added| union | added)
    }

    /// The secrets that a commit, a tag, a tree or a blob leads to.
    fn reached_from(&self, round: &Round, target: ObjectIndex) -> u64 {
        let mut reached = 0;
        let mut number = target;
        for _ in 0..=self.tags.len() {
            let seed = round.seeds.get(&ContainerKey::object(number));
            reached |= seed.copied().unwrap_or(0);
            match self.tag_target(number) {
                Some(target) => number = target,
                None => break,
            }
        }
        let commit = self.commits.place_of(number);
        let node = self.index.place_of_object(number);
        reached
            | commit.map_or(0, |place| round.reached[place as usize])
            | node.map_or(0, |place| round.nodes[place as usize])
    }

    /// Where the commit at `place` holds the secret `bit`.
    fn occurrence_in(&self, round: &Round, place: u32, bit: usize) -> CommitOccurrence {
        let holds_it = |bits: u64| bits & (1 << bit) != 0;
        let commit = &self.commits.list[place as usize];
        let mut path = Vec::new();
        let mut node = commit
            .tree
            .and_then(|tree| self.index.place_of_object(tree));
        while let Some(at) = node.filter(|&at| holds_it(round.nodes[at as usize])) {
            let container = self.index.nodes[at as usize];
            if round
                .seeds
                .get(&container)
                .is_some_and(|&bits| holds_it(bits))
            {
                return CommitOccurrence {
                    commit: place,
                    container,
                    path,
                };
            }
            let next = self
                .children_of(at)
                .find(|edge| holds_it(round.nodes[edge.child as usize]));
            path.extend(next.map(|edge| edge.name));
            node = next.map(|edge| edge.child);
        }
        CommitOccurrence {
            commit: place,
            container: ContainerKey::object(commit.number),
            path: Vec::new(),
        }
    }

    /// The edges to the children of a node, except those of a circle.
    fn children_of(&self, parent: u32) -> impl Iterator<Item = &Containment> {
        let edges = &self.index.edges;
        let first = edges.partition_point(|edge| edge.parent < parent);
        edges[first..]
            .iter()
            .take_while(move |edge| edge.parent == parent)
            .filter(move |edge| edge.child < parent)
    }
}

/// The numbers of the bits that are set.
fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (mask != 0).then_some(mask.trailing_zeros() as usize);
        mask &= mask.wrapping_sub(1);
        bit
    })
}
