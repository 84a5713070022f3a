//! Orders the commits of a repository, parents before children.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::git::store::{ObjectIndex, ObjectStore};
use crate::git::topological_order;

/// What history needs of a commit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::audit) struct CommitRecord {
    pub(in crate::audit) number: ObjectIndex,
    /// Its tree, unless that is missing.
    pub(in crate::audit) tree: Option<ObjectIndex>,
    /// Its parents, except missing ones.
    pub(in crate::audit) parents: Vec<ObjectIndex>,
    /// When it was committed, in seconds since 1970, unless that header is malformed.
    pub(in crate::audit) time: Option<i64>,
}

/// Marks a number that is not one of a commit.
const NOT_A_COMMIT: u32 = u32::MAX;

/// All commits, each after its parents, and otherwise the oldest first.
pub(in crate::audit) struct Commits {
    pub(in crate::audit) list: Vec<CommitRecord>,
    /// The parents of each, as places in the list.
    pub(in crate::audit) parents: Vec<Vec<u32>>,
    places: FxHashMap<ObjectIndex, u32>,
}

impl Commits {
    /// Orders `records`. Commits of the same time are ordered by their ids, so that the order
    /// depends on nothing else.
    pub(in crate::audit) fn new(mut records: Vec<CommitRecord>, store: &ObjectStore) -> Self {
        records.sort_by_key(|record| record.number);
        records.dedup_by_key(|record| record.number);
        records.sort_by_cached_key(|record| store.id_of(record.number));
        let parents = parents_of(&records, store.len());
        let edges: Vec<(u32, u32)> = (0_u32..)
            .zip(&parents)
            .flat_map(|(child, parents)| parents.iter().map(move |&parent| (parent, child)))
            .collect();
        let order = topological_order(records.len(), &edges, |at| records[at as usize].time);
        let mut new_place = vec![0; records.len()];
        for (place, &old) in (0_u32..).zip(&order) {
            new_place[old as usize] = place;
        }
        let list: Vec<CommitRecord> = order
            .iter()
            .map(|&old| records[old as usize].clone())
            .collect();
        let parents = order
            .iter()
            .map(|&old| &parents[old as usize])
            .map(|parents| parents.iter().map(|&old| new_place[old as usize]).collect())
            .collect();
        let places = (0..)
            .zip(&list)
            .map(|(place, record)| (record.number, place))
            .collect();
        Self {
            list,
            parents,
            places,
        }
    }

    /// The place of a commit in the list.
    pub(in crate::audit) fn place_of(&self, number: ObjectIndex) -> Option<u32> {
        self.places.get(&number).copied()
    }
}

/// The parents of each record, as places in `records`.
fn parents_of(records: &[CommitRecord], objects: usize) -> Vec<Vec<u32>> {
    // A table over all objects, because parents are looked up in no order.
    let mut places = vec![NOT_A_COMMIT; objects];
    for (place, record) in (0_u32..).zip(records) {
        places[record.number as usize] = place;
    }
    records
        .iter()
        .map(|record| {
            let parents = record.parents.iter();
            parents
                .filter_map(|&parent| places.get(parent as usize).copied())
                .filter(|&place| place != NOT_A_COMMIT)
                .collect()
        })
        .collect()
}
