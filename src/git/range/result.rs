//! Finds the tips of a range that lead to older commits of the base than their merge bases are: a
//! merge with an old commit can bring back what the base has removed, and no commit of the range
//! changes it then.

use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet};

use super::RangeError;
use super::walk::{Commit, MAX_BACK, Walk};
use crate::git::ObjectId;

impl Walk<'_> {
    /// Those of `tips` that lead to an older commit than their merge bases, each as if it were one
    /// commit on top of these. The merge bases are those parents of the range's commits that are
    /// outside of it and that no other one of them leads to.
    pub(super) fn results(
        &mut self,
        commits: &[Commit],
        tips: &[ObjectId],
    ) -> Result<Vec<Commit>, RangeError> {
        let commits: HashMap<_, _> = commits.iter().map(|commit| (commit.id, commit)).collect();
        let mut results: Vec<Commit> = Vec::new();
        for tip in tips.iter().filter_map(|tip| commits.get(tip)) {
            let outside = outside(&commits, tip);
            if outside.len() < 2 {
                continue;
            }
            let bases = self.independent(&outside)?;
            if bases.len() < outside.len() {
                let (id, tree) = (tip.id, tip.tree);
                let mut parents = Vec::with_capacity(bases.len());
                for base in bases {
                    parents.push((base, self.node(base)?.tree));
                }
                results.push(Commit { id, tree, parents });
            }
        }
        Ok(results)
    }

    /// Those of `ids` that no other one leads to.
    fn independent(&mut self, ids: &BTreeSet<ObjectId>) -> Result<BTreeSet<ObjectId>, RangeError> {
        let mut bases = BTreeSet::new();
        for &id in ids {
            bases.insert((self.node(id)?.time, id));
        }
        let mut queue: BinaryHeap<_> = bases.iter().copied().collect();
        let (mut seen, mut back) = (ids.clone(), MAX_BACK);
        while let Some((time, id)) = queue.pop() {
            back -= usize::from(bases.first().is_some_and(|oldest| time < oldest.0));
            if bases.len() < 2 || back == 0 {
                break;
            }
            for parent in self.parents_of(id)? {
                let next = (self.node(parent)?.time, parent);
                bases.remove(&next);
                if seen.insert(parent) {
                    queue.push(next);
                }
            }
        }
        Ok(bases.into_iter().map(|(_, id)| id).collect())
    }
}

/// The parents outside of the range that `tip` leads to.
fn outside(commits: &HashMap<ObjectId, &Commit>, tip: &Commit) -> BTreeSet<ObjectId> {
    let (mut outside, mut seen, mut open) = (BTreeSet::new(), HashSet::new(), vec![tip]);
    while let Some(commit) = open.pop() {
        for (parent, _) in &commit.parents {
            match commits.get(parent) {
                Some(commit) if seen.insert(*parent) => open.push(commit),
                Some(_) => {}
                None => {
                    outside.insert(*parent);
                }
            }
        }
    }
    outside
}
