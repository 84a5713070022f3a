//! The delta trees of a pack: which entries are made from which, as three arrays of four bytes an
//! entry.

use super::Kind;

/// What a pack says of one of its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryBase {
    /// It stands for itself.
    Base(Kind),
    /// It is made from the entry at this position.
    Delta(u32),
    /// Nothing that makes sense.
    Broken,
}

/// Entries by what they are made from.
#[derive(Debug, Default)]
pub(super) struct Forest {
    /// For each entry its kind; `None` where no base leads to one, since the chain is broken or
    /// goes round.
    kinds: Vec<Option<Kind>>,
    /// Where in `children` those of an entry begin; one more than there are entries.
    starts: Vec<u32>,
    /// The entries that are made from another: for each the lightest first.
    children: Vec<u32>,
    /// Entries that stand for themselves, the heaviest trees first.
    roots: Vec<u32>,
}

impl Forest {
    /// The forest of entries of which this is said; `weight` tells how much work an entry is by
    /// itself.
    pub(super) fn new(said: &[EntryBase], weight: impl Fn(usize) -> u64) -> Self {
        let (starts, mut children) = children_of(said);
        let range = |entry: usize| starts[entry] as usize..starts[entry + 1] as usize;
        let mut kinds = vec![None; said.len()];
        let mut order: Vec<u32> = Vec::with_capacity(said.len());
        for (entry, said) in (0..).zip(said) {
            if let EntryBase::Base(kind) = said {
                kinds[entry as usize] = Some(*kind);
                order.push(entry);
            }
        }
        let roots_len = order.len();
        let mut next = 0;
        while let Some(&entry) = order.get(next) {
            for &child in &children[range(entry as usize)] {
                kinds[child as usize] = kinds[entry as usize];
                order.push(child);
            }
            next += 1;
        }
        // Children come after what they are made from, so from the end each tree's weight is known
        // before it is added.
        let mut weights: Vec<u64> = (0..said.len()).map(weight).collect();
        for &entry in order.iter().rev() {
            if let EntryBase::Delta(base) = said[entry as usize] {
                weights[base as usize] += weights[entry as usize];
            }
        }
        for entry in 0..said.len() {
            children[range(entry)].sort_unstable_by_key(|&child| (weights[child as usize], child));
        }
        order.truncate(roots_len);
        order.sort_unstable_by_key(|&root| (std::cmp::Reverse(weights[root as usize]), root));
        Self {
            kinds,
            starts,
            children,
            roots: order,
        }
    }

    /// The entries that stand for themselves, the heaviest trees first.
    pub(super) fn roots(&self) -> &[u32] {
        &self.roots
    }

    /// The kind of an entry, where its chain of bases leads to one.
    pub(super) fn kind(&self, entry: u32) -> Option<Kind> {
        self.kinds[entry as usize]
    }

    /// The entries that are made from `entry`, the lightest tree first.
    pub(super) fn children(&self, entry: u32) -> &[u32] {
        let entry = entry as usize;
        &self.children[self.starts[entry] as usize..self.starts[entry + 1] as usize]
    }

    /// The entries that nothing leads to.
    pub(super) fn lost(&self) -> impl Iterator<Item = u32> + '_ {
        (0..)
            .zip(&self.kinds)
            .filter(|(_, kind)| kind.is_none())
            .map(|(entry, _)| entry)
    }
}

/// For each entry where its children begin, and the children.
fn children_of(said: &[EntryBase]) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0_u32; said.len() + 1];
    let bases = || {
        said.iter()
            .enumerate()
            .filter_map(|(entry, said)| match said {
                EntryBase::Delta(base) => Some((entry, *base as usize)),
                _ => None,
            })
    };
    for (_, base) in bases() {
        starts[base + 1] += 1;
    }
    for entry in 0..said.len() {
        starts[entry + 1] += starts[entry];
    }
    let mut free = starts.clone();
    let mut children = vec![0_u32; starts[said.len()] as usize];
    for (entry, base) in bases() {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a pack numbers its entries with 32 bits"
        )]
        let child = entry as u32;
        children[free[base] as usize] = child;
        free[base] += 1;
    }
    (starts, children)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_are_found_and_what_goes_round_is_lost() {
        use EntryBase::{Base, Broken, Delta};
        let said = [
            Base(Kind::Blob),
            Delta(0),
            Delta(1),
            Delta(0),
            Base(Kind::Tree),
            Delta(6),
            Delta(5),
            Broken,
            Delta(7),
        ];
        let forest = Forest::new(&said, |_| 1);
        assert_eq!(forest.roots(), [0, 4], "the larger tree first");
        assert_eq!(forest.children(0), [3, 1], "the lighter child first");
        assert_eq!(forest.children(1), [2]);
        assert_eq!(forest.kind(2), Some(Kind::Blob));
        assert_eq!(forest.lost().collect::<Vec<_>>(), [5, 6, 7, 8]);
    }
}
