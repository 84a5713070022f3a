//! Orders the commits of a repository, parents before children.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::lists::Lists;
use crate::git::store::{ObjectIndex, ObjectStore};
use crate::git::topological_order;

/// What history needs of a commit.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::audit) struct CommitRecord {
    pub(in crate::audit) number: ObjectIndex,
    /// Its tree, unless that is missing.
    pub(in crate::audit) tree: Option<ObjectIndex>,
    /// Its parents, except missing ones.
    pub(in crate::audit) parents: SmallVec<[ObjectIndex; 2]>,
    /// When it was committed, in seconds since 1970, unless that header is malformed.
    pub(in crate::audit) time: Option<i64>,
}

/// Marks an object that is not a commit.
const NOT_A_COMMIT: u32 = u32::MAX;

/// All commits, each after its parents, and otherwise the oldest first.
pub(in crate::audit) struct Commits {
    pub(in crate::audit) list: Vec<CommitRecord>,
    /// The parents of each, as places in the list.
    parents: Lists<u32>,
    /// For each object, its place in the list.
    places: Vec<u32>,
}

impl Commits {
    /// Orders `records`. Commits of the same time are ordered by their ids, so that the order
    /// depends on nothing else.
    pub(in crate::audit) fn new(mut records: Vec<CommitRecord>, store: &ObjectStore) -> Self {
        let order = by_time_and_id(&records, store);
        let mut records = taken(&mut records, &order);
        records.dedup_by_key(|record| record.number);
        let mut places = vec![NOT_A_COMMIT; store.len()];
        for (place, record) in (0_u32..).zip(&records) {
            places[record.number as usize] = place;
        }
        let links = (0_u32..).zip(&records).flat_map(|(child, record)| {
            let parents = record.parents.iter();
            let parents = parents.filter_map(|&parent| known(&places, parent));
            parents.map(move |parent| (parent, child))
        });
        let links: Vec<(u32, u32)> = links.collect();
        let order = topological_order(records.len(), &links, |place| place);
        // Nodes on a circle, which no valid repository has, are left out.
        let mut new_place = vec![NOT_A_COMMIT; records.len()];
        for (place, &old) in (0_u32..).zip(&order) {
            new_place[old as usize] = place;
        }
        for (record, &place) in records.iter().zip(&new_place) {
            places[record.number as usize] = place;
        }
        let list = taken(&mut records, &order);
        let links = links.iter().filter_map(|&(parent, child)| {
            let [parent, child] = [parent, child].map(|old| known(&new_place, old));
            Some((child? as usize, parent?))
        });
        Self {
            parents: Lists::new(list.len(), links),
            list,
            places,
        }
    }

    /// The place of a commit in the list.
    pub(in crate::audit) fn place_of(&self, number: ObjectIndex) -> Option<u32> {
        known(&self.places, number)
    }

    /// The places of the parents of the commit at `place`.
    pub(in crate::audit) fn parents_of(&self, place: usize) -> &[u32] {
        self.parents.of(place)
    }
}

/// The places of `records` in the order of their times, and of the same time in that of their ids.
fn by_time_and_id(records: &[CommitRecord], store: &ObjectStore) -> Vec<u32> {
    let mut order: Vec<(Option<i64>, u32)> = records
        .iter()
        .zip(0..)
        .map(|(record, place)| (record.time, place))
        .collect();
    order.sort_unstable();
    for same_time in order.chunk_by_mut(|a, b| a.0 == b.0) {
        if same_time.len() > 1 {
            same_time.sort_by_cached_key(|&(_, place)| store.id_of(records[place as usize].number));
        }
    }
    order.into_iter().map(|(_, place)| place).collect()
}

/// Takes the records at `places` out of `records`.
fn taken(records: &mut [CommitRecord], places: &[u32]) -> Vec<CommitRecord> {
    places
        .iter()
        .map(|&place| std::mem::take(&mut records[place as usize]))
        .collect()
}

fn known(places: &[u32], object: ObjectIndex) -> Option<u32> {
    let place = places.get(object as usize).copied();
    place.filter(|&place| place != NOT_A_COMMIT)
}
