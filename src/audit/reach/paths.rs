//! Lists the paths that objects have had, from the trees of commits downwards.

use bstr::BString;
use rustc_hash::{FxHashMap, FxHashSet};

use super::super::container::ContainerKey;
use super::reverse_index::{Containment, ReverseTreeIndex};

/// How many paths of one object are listed. A few nested trees can make more paths than fit into
/// memory.
const MAX_PATHS: usize = 100;

/// The paths of everything in a reverse index.
pub(in crate::audit) struct Paths {
    /// For each node, the numbers of its paths, and whether there are more.
    of: Vec<(Vec<u32>, bool)>,
    /// Each path as the path before it and the number of a name. The first one is empty.
    parts: Vec<(u32, u32)>,
}

impl Paths {
    /// The paths from the trees in `tops`, and from those that no tree contains.
    pub(in crate::audit) fn new(index: &ReverseTreeIndex, tops: &FxHashSet<ContainerKey>) -> Self {
        let mut is_contained = vec![false; index.nodes.len()];
        for edge in &index.edges {
            is_contained[edge.child as usize] = true;
        }
        let mut of = vec![(Vec::new(), false); index.nodes.len()];
        for (place, node) in index.nodes.iter().enumerate() {
            if tops.contains(node) || !is_contained[place] {
                of[place].0.push(0);
            }
        }
        let mut paths = Self {
            of,
            parts: vec![(0, 0)],
        };
        let mut numbers = FxHashMap::default();
        let by_parent = index.edges.chunk_by(|a, b| a.parent == b.parent);
        for edge in by_parent.rev().flatten() {
            if edge.child < edge.parent {
                paths.extend_to_child(edge, &mut numbers);
            }
        }
        paths
    }

    /// Adds to the paths of a child those of its parent with the name of the child.
    fn extend_to_child(&mut self, edge: &Containment, numbers: &mut FxHashMap<(u32, u32), u32>) {
        // The child is another node: taken out, the paths of the parent need no copy.
        let (parents, has_more) = std::mem::take(&mut self.of[edge.parent as usize]);
        let (paths, child_has_more) = &mut self.of[edge.child as usize];
        *child_has_more |= has_more;
        for &parent in &parents {
            let number = *numbers.entry((parent, edge.name)).or_insert_with(|| {
                self.parts.push((parent, edge.name));
                u32::try_from(self.parts.len() - 1).unwrap_or(0)
            });
            if paths.contains(&number) {
                continue;
            }
            if paths.len() < MAX_PATHS {
                paths.push(number);
            } else {
                *child_has_more = true;
            }
        }
        self.of[edge.parent as usize] = (parents, has_more);
    }

    /// The paths of the node at `place`, sorted, and whether there are more.
    pub(in crate::audit) fn of(&self, place: u32, names: &[BString]) -> (Vec<BString>, bool) {
        let (numbers, has_more) = &self.of[place as usize];
        let mut paths: Vec<BString> = numbers
            .iter()
            .filter(|&&number| number > 0)
            .map(|&number| self.path(number, names))
            .collect();
        paths.sort();
        (paths, *has_more)
    }

    fn path(&self, mut number: u32, names: &[BString]) -> BString {
        let mut parts = Vec::new();
        while number > 0 {
            let (parent, name) = self.parts[number as usize];
            parts.push(name);
            number = parent;
        }
        parts.reverse();
        join_names(&parts, names)
    }
}

/// The path that these names make.
pub(in crate::audit) fn join_names(path: &[u32], names: &[BString]) -> BString {
    let names = path.iter().map(|&name| names[name as usize].as_slice());
    bstr::join("/", names).into()
}
