//! The paths that objects have had, from the trees of commits downwards.

use std::collections::{HashMap, HashSet};

use bstr::BString;

use super::reverse_index::ReverseTreeIndex;
use crate::git::store::ObjectIndex;

/// How many paths of one object are told apart. Trees can be nested so that a few of them make more
/// paths than there is room for; what has more is taken to stand anywhere.
const MAX_PATHS: usize = 100;

/// The paths of everything that is held.
pub(in crate::audit) struct Paths {
    /// For each node of the holders its paths, by number, and whether there are more.
    of: Vec<(Vec<u32>, bool)>,
    /// Each path as the path before it and the number of a name. The first is the empty one.
    parts: Vec<(u32, u32)>,
}

impl Paths {
    /// The paths of `holders`, counted from the trees in `tops` and from those that nothing holds.
    pub(in crate::audit) fn new(
        reverse_index: &ReverseTreeIndex,
        tops: &HashSet<ObjectIndex>,
    ) -> Self {
        let mut parts = vec![(0, 0)];
        let mut numbers: HashMap<(u32, u32), u32> = HashMap::new();
        let mut of: Vec<(Vec<u32>, bool)> = vec![Default::default(); reverse_index.nodes.len()];
        let mut is_held = vec![false; reverse_index.nodes.len()];
        reverse_index
            .edges
            .iter()
            .for_each(|edge| is_held[edge.child as usize] = true);
        for (place, node) in reverse_index.nodes.iter().enumerate() {
            if tops.contains(node) || !is_held[place] {
                of[place].0.push(0);
            }
        }
        let mut downwards = reverse_index.edges.clone();
        downwards
            .sort_unstable_by_key(|edge| (std::cmp::Reverse(edge.parent), edge.name, edge.child));
        for edge in downwards.iter().filter(|edge| edge.child < edge.parent) {
            let (above, more) = of[edge.parent as usize].clone();
            let (below, has_more) = &mut of[edge.child as usize];
            *has_more |= more;
            for path in above {
                let number = *numbers.entry((path, edge.name)).or_insert_with(|| {
                    parts.push((path, edge.name));
                    u32::try_from(parts.len() - 1).unwrap_or(0)
                });
                if !below.contains(&number) {
                    if below.len() < MAX_PATHS {
                        below.push(number);
                    } else {
                        *has_more = true;
                    }
                }
            }
        }
        Self { of, parts }
    }

    /// The paths of the node at `place`, sorted, and whether there are more.
    pub(in crate::audit) fn of(&self, place: u32, names: &[BString]) -> (Vec<BString>, bool) {
        let (numbers, more) = &self.of[place as usize];
        let mut paths: Vec<BString> = numbers
            .iter()
            .filter(|&&number| number > 0)
            .map(|&n| self.path(n, names))
            .collect();
        paths.sort();
        (paths, *more)
    }

    fn path(&self, mut number: u32, names: &[BString]) -> BString {
        let mut parts = Vec::new();
        while number > 0 {
            let (above, name) = self.parts[number as usize];
            parts.push(name);
            number = above;
        }
        parts.reverse();
        joined(&parts, names)
    }
}

/// The path that these names make.
pub(in crate::audit) fn joined(path: &[u32], names: &[BString]) -> BString {
    bstr::join(
        "/",
        path.iter().map(|&name| names[name as usize].as_slice()),
    )
    .into()
}
