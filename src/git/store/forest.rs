//! Holds the delta trees of a pack, which the walk follows: three arrays with four bytes for each
//! entry.

use std::cmp::Reverse;
use std::ops::Range;

use super::Kind;

/// What the header of a pack entry says about its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryBase {
    /// The entry is a whole object.
    Whole(Kind),
    /// It is a delta, and its base is the entry at this position.
    Delta(u32),
    /// The header is broken, or names a base that the pack does not have.
    Broken,
}

/// The delta trees of a pack.
#[derive(Debug)]
pub(super) struct Forest {
    /// The kind of each entry; `None` if it is unresolved: its chain of bases is broken or a cycle.
    kinds: Vec<Option<Kind>>,
    children: Children,
    /// Whole objects, the heaviest trees first.
    roots: Vec<u32>,
}

/// The deltas that are based on each entry.
#[derive(Debug)]
struct Children {
    /// The position in `entries` of an entry's first child; one more than there are entries.
    starts: Vec<u32>,
    entries: Vec<u32>,
}

impl Forest {
    /// Builds the forest of all entries; `weight` is how much work an entry is without its
    /// children.
    pub(super) fn new(bases: &[EntryBase], weight: impl Fn(usize) -> u64) -> Self {
        let mut children = Children::new(bases);
        let mut kinds = vec![None; bases.len()];
        let mut order: Vec<u32> = Vec::with_capacity(bases.len());
        for (entry, base) in (0..).zip(bases) {
            if let EntryBase::Whole(kind) = base {
                kinds[entry as usize] = Some(*kind);
                order.push(entry);
            }
        }
        let roots_len = order.len();
        let mut next = 0;
        while let Some(&entry) = order.get(next) {
            for &child in children.of(entry) {
                kinds[child as usize] = kinds[entry as usize];
                order.push(child);
            }
            next += 1;
        }
        // Children follow their base in `order`, so backwards each tree's weight is complete before
        // it is added to that of its base.
        let mut weights: Vec<u64> = (0..bases.len()).map(weight).collect();
        for &entry in order.iter().rev() {
            if let EntryBase::Delta(base) = bases[entry as usize] {
                weights[base as usize] += weights[entry as usize];
            }
        }
        children.sort_by_weight(&weights);
        let mut roots = order;
        roots.truncate(roots_len);
        roots.sort_unstable_by_key(|&root| (Reverse(weights[root as usize]), root));
        Self {
            kinds,
            children,
            roots,
        }
    }

    /// The whole objects, the heaviest trees first.
    pub(super) fn roots(&self) -> &[u32] {
        &self.roots
    }

    /// The kind of an entry; `None` if it is unresolved.
    pub(super) fn kind(&self, entry: u32) -> Option<Kind> {
        self.kinds[entry as usize]
    }

    /// The deltas based on `entry`, the lightest tree first.
    pub(super) fn children(&self, entry: u32) -> &[u32] {
        self.children.of(entry)
    }

    /// The entries whose delta base cannot be resolved.
    pub(super) fn unresolved(&self) -> impl Iterator<Item = u32> + '_ {
        (0..)
            .zip(&self.kinds)
            .filter(|(_, kind)| kind.is_none())
            .map(|(entry, _)| entry)
    }
}

impl Children {
    fn new(bases: &[EntryBase]) -> Self {
        let mut starts = vec![0_u32; bases.len() + 1];
        for (_, base) in deltas(bases) {
            starts[base + 1] += 1;
        }
        for entry in 0..bases.len() {
            starts[entry + 1] += starts[entry];
        }
        let mut free = starts.clone();
        let mut entries = vec![0_u32; starts[bases.len()] as usize];
        for (entry, base) in deltas(bases) {
            entries[free[base] as usize] = entry;
            free[base] += 1;
        }
        Self { starts, entries }
    }

    fn range(&self, entry: usize) -> Range<usize> {
        self.starts[entry] as usize..self.starts[entry + 1] as usize
    }

    fn of(&self, entry: u32) -> &[u32] {
        &self.entries[self.range(entry as usize)]
    }

    fn sort_by_weight(&mut self, weights: &[u64]) {
        for entry in 0..weights.len() {
            let range = self.range(entry);
            self.entries[range].sort_unstable_by_key(|&child| (weights[child as usize], child));
        }
    }
}

/// Every delta with the position of its base.
fn deltas(bases: &[EntryBase]) -> impl Iterator<Item = (u32, usize)> + '_ {
    (0..).zip(bases).filter_map(|(entry, base)| match base {
        EntryBase::Delta(base) => Some((entry, *base as usize)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_trees_and_leaves_cycles_and_broken_chains_unresolved() {
        use EntryBase::{Broken, Delta, Whole};
        let bases = [
            Whole(Kind::Blob),
            Delta(0),
            Delta(1),
            Delta(0),
            Whole(Kind::Tree),
            Delta(6),
            Delta(5),
            Broken,
            Delta(7),
        ];
        let forest = Forest::new(&bases, |_| 1);
        assert_eq!(forest.roots(), [0, 4], "the larger tree first");
        assert_eq!(forest.children(0), [3, 1], "the lighter child first");
        assert_eq!(forest.children(1), [2]);
        assert_eq!(forest.kind(2), Some(Kind::Blob));
        assert_eq!(forest.unresolved().collect::<Vec<_>>(), [5, 6, 7, 8]);
    }
}
