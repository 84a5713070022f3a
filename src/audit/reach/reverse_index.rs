//! Indexes which trees contain what holds a secret, from there upwards to the trees of commits.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::super::container::{Container, ContainerKey};
use super::super::tree_diffs::{NamedChild, TreeDiffs};
use crate::git::store::ObjectIndex;
use crate::git::topological_order;

/// `parent` contains `child` under `name`; the first two are places in [`ReverseTreeIndex::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::audit) struct Containment {
    pub(in crate::audit) child: u32,
    pub(in crate::audit) parent: u32,
    pub(in crate::audit) name: u32,
}

/// What holds secrets, and every tree that leads to it.
#[derive(Default)]
pub(in crate::audit) struct ReverseTreeIndex {
    /// The containers of secrets and the trees, children before parents.
    pub(in crate::audit) nodes: Vec<ContainerKey>,
    /// Which node contains which, ordered by child.
    pub(in crate::audit) edges: Vec<Containment>,
    places: Places,
}

impl ReverseTreeIndex {
    /// The index upwards from `seeds`.
    pub(in crate::audit) fn new(
        seeds: impl IntoIterator<Item = ContainerKey>,
        tree_diffs: TreeDiffs,
    ) -> Self {
        let contained = containing_trees(seeds, tree_diffs);
        let children = contained.iter().map(|(_, named)| named.child);
        let trees = contained.iter().map(|(tree, _)| *tree);
        let mut nodes: Vec<ContainerKey> = children.chain(trees).collect();
        nodes.par_sort_unstable();
        nodes.dedup();
        let mut places = Places::new(&nodes);
        let mut edges: Vec<Containment> = contained
            .par_iter()
            .map(|(tree, named)| Containment {
                child: places.at(named.child),
                parent: places.at(*tree),
                name: named.name,
            })
            .collect();
        let order = children_first(nodes.len(), &edges);
        let mut new_place = vec![0; nodes.len()];
        for (place, &old) in (0_u32..).zip(&order) {
            new_place[old as usize] = place;
        }
        edges.par_iter_mut().for_each(|edge| {
            edge.child = new_place[edge.child as usize];
            edge.parent = new_place[edge.parent as usize];
        });
        edges.par_sort_unstable();
        places.change(&new_place);
        Self {
            nodes: order.iter().map(|&old| nodes[old as usize]).collect(),
            edges,
            places,
        }
    }

    /// The place of a container or tree among the nodes, if a tree contains it or it contains one.
    pub(in crate::audit) fn place_of(&self, node: ContainerKey) -> Option<u32> {
        self.places.of(node)
    }

    /// The place of an object among the nodes.
    pub(in crate::audit) fn place_of_object(&self, object: ObjectIndex) -> Option<u32> {
        self.place_of(ContainerKey::object(object))
    }
}

/// Where each node is in a list. Most nodes are objects: a table over those, with four bytes for
/// each object of the repository, answers faster than hashing.
#[derive(Default)]
struct Places {
    objects: Vec<u32>,
    names: FxHashMap<ContainerKey, u32>,
}

/// Marks an object that is not in the list.
const NO_PLACE: u32 = u32::MAX;

impl Places {
    fn new(nodes: &[ContainerKey]) -> Self {
        let objects = nodes.iter().filter_map(|node| match node.container() {
            Container::Object(object) => Some(object as usize + 1),
            Container::Name(_) => None,
        });
        let mut places = Self {
            objects: vec![NO_PLACE; objects.max().unwrap_or(0)],
            names: FxHashMap::default(),
        };
        for (place, &node) in (0..).zip(nodes) {
            match node.container() {
                Container::Object(object) => places.objects[object as usize] = place,
                Container::Name(_) => {
                    places.names.insert(node, place);
                }
            }
        }
        places
    }

    fn of(&self, node: ContainerKey) -> Option<u32> {
        match node.container() {
            Container::Object(object) => {
                let place = self.objects.get(object as usize).copied();
                place.filter(|&place| place != NO_PLACE)
            }
            Container::Name(_) => self.names.get(&node).copied(),
        }
    }

    /// Moves each node to `new[old]` from its old place.
    fn change(&mut self, new: &[u32]) {
        let objects = self.objects.par_iter_mut().filter(|at| **at != NO_PLACE);
        objects.for_each(|at| *at = new[*at as usize]);
        self.names
            .values_mut()
            .for_each(|at| *at = new[*at as usize]);
    }

    /// The place of a node that is in the list.
    fn at(&self, node: ContainerKey) -> u32 {
        self.of(node).unwrap_or(NO_PLACE)
    }
}

/// Every tree that leads to one of `seeds`, with each of the children through which it does.
fn containing_trees(
    seeds: impl IntoIterator<Item = ContainerKey>,
    tree_diffs: TreeDiffs,
) -> Vec<(ContainerKey, NamedChild)> {
    let added = tree_diffs.added.into_iter();
    let added = Multimap::new(added.map(|(tree, named)| (named.child, (tree, named.name))));
    let removed = tree_diffs.removed.into_iter();
    let removed = Multimap::new(removed.map(|(tree, named)| (ContainerKey::object(tree), named)));
    let derived = tree_diffs.derived.into_iter();
    let derived = Multimap::new(derived.map(|(base, tree)| (ContainerKey::object(base), tree)));
    let mut contained = Vec::new();
    let mut open: Vec<ContainerKey> = seeds.into_iter().collect();
    let mut known: FxHashSet<ContainerKey> = open.iter().copied().collect();
    let mut seen: FxHashSet<(ObjectIndex, u32)> = FxHashSet::default();
    while let Some(child) = open.pop() {
        // To clear a table takes as long as it once was large, for each of the children.
        if seen.len() > SMALL {
            seen = FxHashSet::default();
        }
        seen.clear();
        // The trees that add it, and the deltas of those that keep it.
        let mut trees: Vec<(ObjectIndex, u32)> = added.of(child).collect();
        while let Some((tree, name)) = trees.pop() {
            if !seen.insert((tree, name)) {
                continue;
            }
            let (tree, named) = (ContainerKey::object(tree), NamedChild { child, name });
            contained.push((tree, named));
            if known.insert(tree) {
                open.push(tree);
            }
            for delta in derived.of(tree) {
                let mut removed = removed.of(ContainerKey::object(delta));
                if !removed.any(|removed| removed == named) {
                    trees.push((delta, name));
                }
            }
        }
    }
    contained
}

/// The length of a table from which on it is not cleared but dropped.
const SMALL: usize = 1000;

/// A hash table with many values for a key, in two allocations.
struct Multimap<T> {
    /// Where in `items` each bucket begins; one more than there are buckets.
    starts: Vec<u32>,
    items: Vec<(ContainerKey, T)>,
}

impl<T: Copy + Default> Multimap<T> {
    fn new(items: impl IntoIterator<Item = (ContainerKey, T)>) -> Self {
        let items: Vec<(ContainerKey, T)> = items.into_iter().collect();
        let buckets = items.len().next_power_of_two();
        let mut starts = vec![0_u32; buckets + 1];
        for (key, _) in &items {
            starts[bucket(*key, buckets) + 1] += 1;
        }
        for at in 0..buckets {
            starts[at + 1] += starts[at];
        }
        let mut free = starts.clone();
        let mut sorted = vec![Default::default(); items.len()];
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

    /// The values of `key`.
    fn of(&self, key: ContainerKey) -> impl Iterator<Item = T> + '_ {
        let bucket = bucket(key, self.starts.len() - 1);
        let items = &self.items[self.starts[bucket] as usize..self.starts[bucket + 1] as usize];
        items
            .iter()
            .filter(move |(other, _)| *other == key)
            .map(|(_, item)| *item)
    }
}

/// The bucket of `key` among so many, a power of two; Fibonacci hashing.
fn bucket(key: ContainerKey, buckets: usize) -> usize {
    (u64::from(key.bits()).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize & (buckets - 1)
}

/// The nodes `0..count`, children before parents. Nodes on a circle, which no valid repository has,
/// come last.
fn children_first(count: usize, edges: &[Containment]) -> Vec<u32> {
    let edges: Vec<(u32, u32)> = edges.iter().map(|edge| (edge.child, edge.parent)).collect();
    let mut order = topological_order(count, &edges, |node| node);
    let mut on_circle = vec![true; count];
    for &node in &order {
        on_circle[node as usize] = false;
    }
    let circle = (0..).zip(on_circle).filter(|(_, on_circle)| *on_circle);
    order.extend(circle.map(|(node, _)| node));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn object(number: ObjectIndex) -> ContainerKey {
        ContainerKey::object(number)
    }

    const fn named(child: ObjectIndex, name: u32) -> NamedChild {
        let child = object(child);
        NamedChild { child, name }
    }

    #[test]
    fn containing_trees_are_found_through_deltas() {
        // Tree 10 has object 1 as `a`. Tree 11 is a delta of it and keeps it, 12 is a delta of that
        // and removes it, and 13 of that and adds it under another name. Tree 20 contains 11, and
        // 21 is a delta of 20.
        let tree_diffs = TreeDiffs {
            added: vec![
                (10, named(1, 0)),
                (13, named(1, 5)),
                (20, named(11, 7)),
                (30, named(2, 0)),
            ],
            removed: vec![(12, named(1, 0))],
            derived: vec![(10, 11), (11, 12), (12, 13), (20, 21)],
        };
        let index = ReverseTreeIndex::new([object(1)], tree_diffs);
        let node = |place: u32| index.nodes[place as usize];
        let edges = index.edges.iter();
        let mut found: Vec<_> = edges
            .map(|edge| (node(edge.child), node(edge.parent), edge.name))
            .collect();
        found.sort_unstable();
        let expected = [(1, 10, 0), (1, 11, 0), (1, 13, 5), (11, 20, 7), (11, 21, 7)];
        assert_eq!(
            found,
            expected.map(|(child, parent, name)| (object(child), object(parent), name))
        );
        assert!(index.edges.iter().all(|edge| edge.child < edge.parent));
    }

    #[test]
    fn trees_on_a_circle_do_not_loop() {
        let tree_diffs = TreeDiffs {
            added: vec![(10, named(1, 0)), (10, named(11, 0)), (11, named(10, 0))],
            removed: Vec::new(),
            derived: vec![(10, 11), (11, 10)],
        };
        let index = ReverseTreeIndex::new([object(1)], tree_diffs);
        assert_eq!(index.nodes.len(), 3);
    }
}
