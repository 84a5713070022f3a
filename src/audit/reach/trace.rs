//! Where secrets can be reached from: the commits whose trees hold them, in the order of history,
//! and the refs and other starting points from which those commits are reached. Sixty-four secrets
//! at a time, a bit each.

use std::collections::HashMap;

use super::commits::Commits;
use super::reverse_index::{Edge, ReverseTreeIndex};
use crate::git::store::ObjectIndex;

/// How many subjects one round follows.
pub(in crate::audit) const ROUND: usize = 64;

/// A starting point, as far as the trace needs it.
pub(in crate::audit) struct Start {
    /// What it leads to.
    pub(in crate::audit) targets: Vec<ObjectIndex>,
    /// How firmly it holds what it leads to; the lowest holds most.
    pub(in crate::audit) class: u8,
}

/// The class of what no starting point leads to.
pub(in crate::audit) const UNREACHED: u8 = 4;

/// What is followed: objects that one secret stands in.
pub(in crate::audit) type Subject = Vec<ObjectIndex>;

/// A commit that holds a subject, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::audit) struct Sight {
    /// Place of the commit in history.
    pub(in crate::audit) commit: u32,
    /// The object; the commit itself for what its own text holds.
    pub(in crate::audit) object: ObjectIndex,
    /// The numbers of the names that lead to it from the commit's tree.
    pub(in crate::audit) path: Vec<u32>,
}

/// What is known of a subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::audit) struct Traced {
    /// The commit that first brought it in, of those that are reached most firmly.
    pub(in crate::audit) first: Option<Sight>,
    /// The last commit that holds it, of the same.
    pub(in crate::audit) last: Option<Sight>,
    /// Whether the commit at HEAD holds it.
    pub(in crate::audit) in_head: bool,
    /// The starting points from which it is reached, by their places.
    pub(in crate::audit) starts: Vec<u32>,
    /// Whether one of the newer commits brought it in.
    pub(in crate::audit) is_newer: bool,
}

/// History, made ready for tracing.
pub(in crate::audit) struct Trace<'a> {
    pub(in crate::audit) commits: &'a Commits,
    pub(in crate::audit) reverse_index: &'a ReverseTreeIndex,
    /// What each annotated tag points at.
    pub(in crate::audit) tags: &'a [(ObjectIndex, ObjectIndex)],
    pub(in crate::audit) starts: &'a [Start],
    /// The commit at HEAD, as a place in history.
    pub(in crate::audit) head: Option<u32>,
    /// Which commits count as newer; none where all do.
    pub(in crate::audit) newer: Option<Vec<bool>>,
    /// For each commit the class of the firmest starting point that reaches it.
    classes: Vec<u8>,
    /// Edges in the order of their holders.
    downwards: Vec<Edge>,
}

/// Bits of one round.
struct Round {
    /// For each object of a subject what it is of.
    seeds: HashMap<ObjectIndex, u64>,
    /// For each node what it holds.
    nodes: Vec<u64>,
    /// For each commit what its tree and its text hold.
    holds: Vec<u64>,
    /// The same, and what the commits before it hold.
    reaches: Vec<u64>,
}

impl<'a> Trace<'a> {
    pub(in crate::audit) fn new(
        commits: &'a Commits,
        reverse_index: &'a ReverseTreeIndex,
        tags: &'a [(ObjectIndex, ObjectIndex)],
        starts: &'a [Start],
        head: Option<ObjectIndex>,
    ) -> Self {
        let mut trace = Self {
            commits,
            reverse_index,
            tags,
            starts,
            head: head.and_then(|head| commits.place_of(head)),
            newer: None,
            classes: vec![UNREACHED; commits.list.len()],
            downwards: reverse_index.edges.clone(),
        };
        trace
            .downwards
            .sort_unstable_by_key(|edge| (edge.parent, edge.name, edge.child));
        for start in starts {
            for &target in &start.targets {
                if let Some(place) = commits.place_of(trace.peeled(target)) {
                    let class = &mut trace.classes[place as usize];
                    *class = start.class.min(*class);
                }
            }
        }
        for place in (0..commits.list.len()).rev() {
            for &parent in &commits.parents[place] {
                trace.classes[parent as usize] =
                    trace.classes[parent as usize].min(trace.classes[place]);
            }
        }
        trace
    }

    /// Follows each of `subjects`.
    pub(in crate::audit) fn follow(&self, subjects: &[Subject]) -> Vec<Traced> {
        subjects
            .chunks(ROUND)
            .flat_map(|subjects| self.round(subjects))
            .collect()
    }

    /// What a tag leads to in the end; anything else leads to itself.
    fn peeled(&self, mut number: ObjectIndex) -> ObjectIndex {
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

    fn round(&self, subjects: &[Subject]) -> Vec<Traced> {
        let round = self.spread(subjects);
        let mut traced = vec![Traced::default(); subjects.len()];
        let mut best = vec![(UNREACHED + 1, None, None); subjects.len()];
        for (place, &holds) in (0_u32..).zip(&round.holds) {
            let class = self.classes[place as usize];
            for bit in bits(holds) {
                let (of, first, last) = &mut best[bit];
                if class < *of {
                    (*of, *first) = (class, Some(place));
                }
                if class == *of {
                    *last = Some(place);
                }
            }
            let before = self.commits.parents[place as usize]
                .iter()
                .fold(0, |bits, &up| bits | round.holds[up as usize]);
            if self
                .newer
                .as_ref()
                .is_none_or(|newer| newer[place as usize])
            {
                bits(holds & !before).for_each(|bit| traced[bit].is_newer = true);
            }
        }
        for (bit, (_, first, last)) in best.into_iter().enumerate() {
            traced[bit].first = first.map(|place| self.sight(&round, place, bit));
            traced[bit].last = last.map(|place| self.sight(&round, place, bit));
            traced[bit].in_head = self
                .head
                .is_some_and(|head| round.holds[head as usize] & (1 << bit) != 0);
        }
        for (at, start) in (0..).zip(self.starts) {
            let reached = start
                .targets
                .iter()
                .fold(0, |bits, &target| bits | self.reached(&round, target));
            bits(reached).for_each(|bit| traced[bit].starts.push(at));
        }
        traced
    }

    /// Spreads the bits of `subjects` from their objects to trees, from trees to commits, and on to
    /// later commits.
    fn spread(&self, subjects: &[Subject]) -> Round {
        let mut nodes = vec![0_u64; self.reverse_index.nodes.len()];
        let mut holds = vec![0_u64; self.commits.list.len()];
        let mut seeds: HashMap<ObjectIndex, u64> = HashMap::new();
        for (bit, subject) in subjects.iter().enumerate() {
            for &object in subject {
                *seeds.entry(object).or_default() |= 1 << bit;
                if let Some(place) = self.reverse_index.place_of(object) {
                    nodes[place as usize] |= 1 << bit;
                }
                if let Some(place) = self.commits.place_of(object) {
                    holds[place as usize] |= 1 << bit;
                }
            }
        }
        for edge in &self.reverse_index.edges {
            nodes[edge.parent as usize] |= nodes[edge.child as usize];
        }
        let mut reaches = holds.clone();
        for (place, commit) in self.commits.list.iter().enumerate() {
            let tree = commit
                .tree
                .and_then(|tree| self.reverse_index.place_of(tree));
            holds[place] |= tree.map_or(0, |tree| nodes[tree as usize]);
            let before = self.commits.parents[place]
                .iter()
                .fold(0, |bits, &parent| bits | reaches[parent as usize]);
            reaches[place] = holds[place] | before;
        }
        Round {
            seeds,
            nodes,
            holds,
            reaches,
        }
    }

    /// What is reached from `target`, be it a commit, a tag, a tree or a blob.
    fn reached(&self, round: &Round, target: ObjectIndex) -> u64 {
        let mut reached = 0;
        let mut number = target;
        for _ in 0..=self.tags.len() {
            reached |= round.seeds.get(&number).copied().unwrap_or(0);
            match self.tag_target(number) {
                Some(target) => number = target,
                None => break,
            }
        }
        let commit = self
            .commits
            .place_of(number)
            .map_or(0, |place| round.reaches[place as usize]);
        let node = self
            .reverse_index
            .place_of(number)
            .map_or(0, |place| round.nodes[place as usize]);
        reached | commit | node
    }

    /// Where the commit at `place` holds subject `bit`.
    fn sight(&self, round: &Round, place: u32, bit: usize) -> Sight {
        let commit = &self.commits.list[place as usize];
        let mut path = Vec::new();
        let mut node = commit
            .tree
            .and_then(|tree| self.reverse_index.place_of(tree));
        while let Some(at) = node.filter(|&at| round.nodes[at as usize] & (1 << bit) != 0) {
            let object = self.reverse_index.nodes[at as usize];
            if round
                .seeds
                .get(&object)
                .is_some_and(|bits| bits & (1 << bit) != 0)
            {
                return Sight {
                    commit: place,
                    object,
                    path,
                };
            }
            let first = self.downwards.partition_point(|edge| edge.parent < at);
            let below = self.downwards[first..]
                .iter()
                .take_while(|edge| edge.parent == at);
            let next = below
                .filter(|edge| edge.child < at)
                .find(|edge| round.nodes[edge.child as usize] & (1 << bit) != 0);
            path.extend(next.map(|edge| edge.name));
            node = next.map(|edge| edge.child);
        }
        Sight {
            commit: place,
            object: commit.number,
            path: Vec::new(),
        }
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
