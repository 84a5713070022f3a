//! Which trees hold what matters, upwards from the objects with secrets in them to the trees of
//! commits.

use std::collections::{HashMap, HashSet};

use super::super::scan_trees::{Mark, TreeDiffs};
use crate::git::store::ObjectIndex;

/// That `parent` has `child` under `name`; the first two by their places in [`ReverseTreeIndex::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::audit) struct Edge {
    pub(in crate::audit) child: u32,
    pub(in crate::audit) parent: u32,
    pub(in crate::audit) name: u32,
}

/// The objects with secrets in them, and every tree from which one can be reached.
#[derive(Default)]
pub(in crate::audit) struct ReverseTreeIndex {
    /// The objects and trees, what is held before what holds it.
    pub(in crate::audit) nodes: Vec<ObjectIndex>,
    /// Who holds what, in the order of what is held.
    pub(in crate::audit) edges: Vec<Edge>,
    places: HashMap<ObjectIndex, u32>,
}

impl ReverseTreeIndex {
    /// The holders of `seeds`.
    pub(in crate::audit) fn new(
        seeds: impl IntoIterator<Item = ObjectIndex>,
        tree_diffs: TreeDiffs,
    ) -> Self {
        let held = held(seeds, tree_diffs);
        let mut nodes: Vec<ObjectIndex> = held
            .iter()
            .flat_map(|&(child, parent, _)| [child, parent])
            .collect();
        nodes.sort_unstable();
        nodes.dedup();
        let nodes = in_order(&nodes, &held);
        let places: HashMap<ObjectIndex, u32> = (0..)
            .zip(&nodes)
            .map(|(place, &node)| (node, place))
            .collect();
        let edge = |&(child, parent, name): &(ObjectIndex, ObjectIndex, u32)| {
            Some(Edge {
                child: *places.get(&child)?,
                parent: *places.get(&parent)?,
                name,
            })
        };
        let mut edges: Vec<Edge> = held.iter().filter_map(edge).collect();
        edges.sort_unstable();
        Self {
            nodes,
            edges,
            places,
        }
    }

    /// The place of an object among the nodes, if anything is held there.
    pub(in crate::audit) fn place_of(&self, number: ObjectIndex) -> Option<u32> {
        self.places.get(&number).copied()
    }
}

/// Every (held, holder, name) upwards from `seeds`.
fn held(
    seeds: impl IntoIterator<Item = ObjectIndex>,
    tree_diffs: TreeDiffs,
) -> Vec<(ObjectIndex, ObjectIndex, u32)> {
    let TreeDiffs {
        added,
        removed,
        derived,
    } = tree_diffs;
    let added = Lists::new(
        added
            .into_iter()
            .map(|(tree, mark)| (mark.child, (tree, mark.name))),
    );
    let removed = Lists::new(removed);
    let derived = Lists::new(derived);
    let mut found = Vec::new();
    let mut open: Vec<ObjectIndex> = seeds.into_iter().collect();
    let mut known: HashSet<ObjectIndex> = open.iter().copied().collect();
    let mut seen: HashSet<(ObjectIndex, u32)> = HashSet::new();
    while let Some(child) = open.pop() {
        seen.clear();
        // Trees that have it, and those made from them that have it still.
        let mut reverse_index: Vec<(ObjectIndex, u32)> = added.of(child).collect();
        while let Some((tree, name)) = reverse_index.pop() {
            if !seen.insert((tree, name)) {
                continue;
            }
            found.push((child, tree, name));
            if known.insert(tree) {
                open.push(tree);
            }
            let has_still =
                |made: &ObjectIndex| !removed.of(*made).any(|mark| mark == Mark { child, name });
            reverse_index.extend(derived.of(tree).filter(has_still).map(|made| (made, name)));
        }
    }
    found
}

/// Lists, each under a number.
struct Lists<T> {
    /// The buckets of a hash table: where in `items` each begins; one more than there are.
    starts: Vec<u32>,
    items: Vec<(ObjectIndex, T)>,
}

impl<T: Copy + Default> Lists<T> {
    fn new(items: impl IntoIterator<Item = (ObjectIndex, T)>) -> Self {
        let items: Vec<(ObjectIndex, T)> = items.into_iter().collect();
        let buckets = items.len().next_power_of_two();
        let mut starts = vec![0_u32; buckets + 1];
        items
            .iter()
            .for_each(|(number, _)| starts[bucket(*number, buckets) + 1] += 1);
        for at in 0..buckets {
            starts[at + 1] += starts[at];
        }
        let mut free = starts.clone();
        let mut sorted = vec![(0, T::default()); items.len()];
        for item in items {
            let place = &mut free[bucket(item.0, buckets)];
            sorted[*place as usize] = item;
            *place += 1;
        }
        Self {
            starts,
            items: sorted,
        }
    }

    /// The list of `number`.
    fn of(&self, number: ObjectIndex) -> impl Iterator<Item = T> + '_ {
        let bucket = bucket(number, self.starts.len() - 1);
        let items = &self.items[self.starts[bucket] as usize..self.starts[bucket + 1] as usize];
        items
            .iter()
            .filter(move |(other, _)| *other == number)
            .map(|(_, item)| *item)
    }
}

/// The bucket of `number` among so many, a power of two; Fibonacci hashing.
fn bucket(number: ObjectIndex, buckets: usize) -> usize {
    (u64::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize & (buckets - 1)
}

/// `nodes` so that what is held comes before what holds it. What goes round, which no true
/// repository has, comes last.
fn in_order(nodes: &[ObjectIndex], held: &[(ObjectIndex, ObjectIndex, u32)]) -> Vec<ObjectIndex> {
    let place = |node: ObjectIndex| nodes.partition_point(|&other| other < node);
    let mut waiting = vec![0_u32; nodes.len()];
    let mut reverse_index: Vec<(usize, usize)> = held
        .iter()
        .map(|&(child, parent, _)| (place(child), place(parent)))
        .collect();
    reverse_index.sort_unstable();
    reverse_index
        .iter()
        .for_each(|&(_, parent)| waiting[parent] += 1);
    let mut order: Vec<usize> = (0..nodes.len())
        .filter(|&node| waiting[node] == 0)
        .collect();
    let mut next = 0;
    while let Some(&child) = order.get(next) {
        let first = reverse_index.partition_point(|&(other, _)| other < child);
        for &(_, parent) in reverse_index[first..]
            .iter()
            .take_while(|&&(other, _)| other == child)
        {
            waiting[parent] -= 1;
            if waiting[parent] == 0 {
                order.push(parent);
            }
        }
        next += 1;
    }
    order.extend((0..nodes.len()).filter(|&node| waiting[node] > 0));
    order.into_iter().map(|at| nodes[at]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_are_found_through_deltas() {
        let mark = |child, name| Mark { child, name };
        // Tree 10 has object 1 as `a`. Tree 11 is made from it and has it still, 12 from that and
        // has it no more, and 13 from that and has it again, under another name. Tree 20 holds 11,
        // and 21 is made from 20.
        let tree_diffs = TreeDiffs {
            added: vec![
                (10, mark(1, 0)),
                (13, mark(1, 5)),
                (20, mark(11, 7)),
                (30, mark(2, 0)),
            ],
            removed: vec![(12, mark(1, 0))],
            derived: vec![(10, 11), (11, 12), (12, 13), (20, 21)],
        };
        let reverse_index = ReverseTreeIndex::new([1], tree_diffs);
        let mut edges: Vec<_> = reverse_index
            .edges
            .iter()
            .map(|edge| {
                (
                    reverse_index.nodes[edge.child as usize],
                    reverse_index.nodes[edge.parent as usize],
                    edge.name,
                )
            })
            .collect();
        edges.sort_unstable();
        assert_eq!(
            edges,
            [(1, 10, 0), (1, 11, 0), (1, 13, 5), (11, 20, 7), (11, 21, 7)]
        );
        assert!(
            reverse_index
                .edges
                .iter()
                .all(|edge| edge.child < edge.parent),
            "what is held comes first"
        );
    }

    #[test]
    fn what_goes_round_ends() {
        let mark = |child, name| Mark { child, name };
        let tree_diffs = TreeDiffs {
            added: vec![(10, mark(1, 0)), (10, mark(11, 0)), (11, mark(10, 0))],
            removed: Vec::new(),
            derived: vec![(10, 11), (11, 10)],
        };
        assert_eq!(ReverseTreeIndex::new([1], tree_diffs).nodes.len(), 3);
    }
}
