//! Indexes which trees contain what holds a secret, from there upwards to the trees of commits.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::super::container::{ContainerKey, KeyCounts};
use super::super::tree_diffs::{NamedChild, TreeDiffs};
use super::lists::{Lists, NO_PLACE, place_at};
use crate::git::store::ObjectIndex;
use crate::git::topological_order;

/// `parent` contains `child` under `name`; the first two are places in [`ReverseTreeIndex::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::audit) struct Containment {
    pub(in crate::audit) child: u32,
    pub(in crate::audit) parent: u32,
    pub(in crate::audit) name: u32,
}

/// What holds secrets, and every tree that leads to it.
pub(in crate::audit) struct ReverseTreeIndex {
    /// The containers of secrets and the trees, children before parents.
    pub(in crate::audit) nodes: Vec<ContainerKey>,
    /// Which node contains which, ordered by parent, name and child.
    pub(in crate::audit) edges: Vec<Containment>,
    /// Whether trees contain each other, which no valid repository has: then not all children come
    /// before their parents.
    pub(in crate::audit) has_circle: bool,
    /// For each key, its place among the nodes.
    places: Vec<u32>,
    counts: KeyCounts,
}

impl ReverseTreeIndex {
    /// The index upwards from `seeds`.
    pub(in crate::audit) fn new(
        seeds: impl IntoIterator<Item = ContainerKey>,
        tree_diffs: &TreeDiffs,
        counts: KeyCounts,
    ) -> Self {
        let contained = containing_trees(seeds, tree_diffs, counts);
        let mut places = vec![NO_PLACE; counts.all()];
        for &(tree, named) in &contained {
            places[counts.number(ContainerKey::object(tree))] = 0;
            places[counts.number(named.child)] = 0;
        }
        let mut nodes = Vec::new();
        for (number, place) in places.iter_mut().enumerate() {
            if *place != NO_PLACE {
                *place = u32::try_from(nodes.len()).unwrap_or(NO_PLACE);
                nodes.push(counts.key(number));
            }
        }
        let mut edges: Vec<Containment> = contained
            .par_iter()
            .map(|&(tree, named)| Containment {
                child: places[counts.number(named.child)],
                parent: places[counts.number(ContainerKey::object(tree))],
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
        edges.par_sort_unstable_by_key(|edge| (edge.parent, edge.name, edge.child));
        for (&node, &place) in nodes.iter().zip(&new_place) {
            places[counts.number(node)] = place;
        }
        Self {
            nodes: order.iter().map(|&old| nodes[old as usize]).collect(),
            has_circle: edges.iter().any(|edge| edge.child >= edge.parent),
            edges,
            places,
            counts,
        }
    }

    /// The place of a container or tree among the nodes, if a tree contains it or it contains one.
    pub(in crate::audit) fn place_of(&self, node: ContainerKey) -> Option<u32> {
        place_at(&self.places, self.counts.number(node))
    }

    /// The place of an object among the nodes.
    pub(in crate::audit) fn place_of_object(&self, object: ObjectIndex) -> Option<u32> {
        self.place_of(ContainerKey::object(object))
    }
}

/// Every tree that leads to one of `seeds`, with each of the children through which it does.
fn containing_trees(
    seeds: impl IntoIterator<Item = ContainerKey>,
    tree_diffs: &TreeDiffs,
    counts: KeyCounts,
) -> Vec<(ObjectIndex, NamedChild)> {
    let lists = DiffLists::new(tree_diffs, counts);
    let mut known = vec![false; counts.all()];
    let mut children: Vec<ContainerKey> = seeds.into_iter().collect();
    for &seed in &children {
        known[counts.number(seed)] = true;
    }
    let mut contained = Vec::new();
    while !children.is_empty() {
        let children_now = std::mem::take(&mut children).into_par_iter();
        let found: Vec<(ObjectIndex, NamedChild)> = children_now
            .map_init(FxHashSet::default, |seen, child| {
                lists.trees_with(child, seen)
            })
            .flatten_iter()
            .collect();
        let trees = found.iter().map(|&(tree, _)| tree);
        let new = trees.filter(|&tree| !std::mem::replace(&mut known[tree as usize], true));
        children.extend(new.map(ContainerKey::object));
        contained.extend(found);
    }
    contained
}

/// The length of a table from which on it is not cleared but dropped.
const SMALL: usize = 1000;

/// Tree diffs, to be looked up.
struct DiffLists {
    counts: KeyCounts,
    /// For each child, the trees that add it, and under which names.
    added: Lists<(ObjectIndex, u32)>,
    /// For each tree, the children that its delta base has and it has not.
    removed: Lists<NamedChild>,
    /// For each tree, the trees that are deltas of it.
    derived: Lists<ObjectIndex>,
}

impl DiffLists {
    fn new(tree_diffs: &TreeDiffs, counts: KeyCounts) -> Self {
        let added = tree_diffs.added.iter();
        let added = added.map(|(tree, named)| (counts.number(named.child), (*tree, named.name)));
        let removed = tree_diffs.removed.iter();
        let removed = removed.map(|&(tree, named)| (tree as usize, named));
        let derived = tree_diffs.derived.iter();
        let derived = derived.map(|&(base, tree)| (base as usize, tree));
        let (added, (removed, derived)) = rayon::join(
            || Lists::new(counts.all(), added),
            || {
                let removed = Lists::new(counts.objects, removed);
                (removed, Lists::new(counts.objects, derived))
            },
        );
        Self {
            counts,
            added,
            removed,
            derived,
        }
    }

    /// The trees that contain `child`, with each of its names: those that add it, and the deltas of
    /// these that keep it. `seen` saves the allocation of a table for each child.
    fn trees_with(
        &self,
        child: ContainerKey,
        seen: &mut FxHashSet<(ObjectIndex, u32)>,
    ) -> Vec<(ObjectIndex, NamedChild)> {
        // To clear a table takes as long as it once was large, for each of the children.
        if seen.len() > SMALL {
            *seen = FxHashSet::default();
        }
        seen.clear();
        let mut found = Vec::new();
        let mut open = self.added.of(self.counts.number(child)).to_vec();
        while let Some((tree, name)) = open.pop() {
            if !seen.insert((tree, name)) {
                continue;
            }
            let named = NamedChild { child, name };
            found.push((tree, named));
            let deltas = self.derived.of(tree as usize).iter();
            let keeping = deltas.filter(|&&tree| !self.removed.of(tree as usize).contains(&named));
            open.extend(keeping.map(|&tree| (tree, name)));
        }
        found
    }
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

    const COUNTS: KeyCounts = KeyCounts {
        objects: 40,
        names: 0,
    };

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
        let index = ReverseTreeIndex::new([object(1)], &tree_diffs, COUNTS);
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
        assert!(!index.has_circle);
    }

    #[test]
    fn a_name_can_be_a_seed() {
        let counts = KeyCounts {
            objects: 3,
            names: 2,
        };
        let seed = ContainerKey::name(1);
        let named = |child, name| NamedChild { child, name };
        let tree_diffs = TreeDiffs {
            added: vec![(2, named(seed, 1)), (0, named(object(2), 0))],
            ..TreeDiffs::default()
        };
        let index = ReverseTreeIndex::new([seed], &tree_diffs, counts);
        assert_eq!(index.nodes, [seed, object(2), object(0)]);
        assert_eq!(index.place_of(seed), Some(0));
        assert_eq!(index.place_of(ContainerKey::name(0)), None);
        assert_eq!(index.place_of_object(1), None);
    }

    #[test]
    fn trees_on_a_circle_do_not_loop() {
        let tree_diffs = TreeDiffs {
            added: vec![(10, named(1, 0)), (10, named(11, 0)), (11, named(10, 0))],
            removed: Vec::new(),
            derived: vec![(10, 11), (11, 10)],
        };
        let index = ReverseTreeIndex::new([object(1)], &tree_diffs, COUNTS);
        assert_eq!(index.nodes, [1, 10, 11].map(object));
        assert!(index.has_circle);
    }
}
