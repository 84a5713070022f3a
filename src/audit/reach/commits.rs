//! The commits of a repository in the order of history, parents first.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use serde::{Deserialize, Serialize};

use crate::git::store::{ObjectIndex, ObjectStore};

/// A commit as far as history needs it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::audit) struct Record {
    pub(in crate::audit) number: ObjectIndex,
    /// Its tree, where that is there.
    pub(in crate::audit) tree: Option<ObjectIndex>,
    /// Its parents, as far as they are there.
    pub(in crate::audit) parents: Vec<ObjectIndex>,
    /// When it was committed, in seconds since 1970; none where it does not say so.
    pub(in crate::audit) time: Option<i64>,
}

/// Stands for no commit.
const NOWHERE: u32 = u32::MAX;

/// All commits, each after its parents, and among those that could come next the oldest first.
pub(in crate::audit) struct Commits {
    pub(in crate::audit) list: Vec<Record>,
    /// The parents of each, as places in the list.
    pub(in crate::audit) parents: Vec<Vec<u32>>,
    places: HashMap<ObjectIndex, u32>,
}

impl Commits {
    /// Brings `records` into order. Two of one time are told apart by their ids, so the order
    /// depends on nothing else.
    pub(in crate::audit) fn new(mut records: Vec<Record>, store: &ObjectStore) -> Self {
        records.sort_by_key(|record| record.number);
        records.dedup_by_key(|record| record.number);
        records.sort_by_cached_key(|record| store.id_of(record.number));
        // A table of all numbers: parents are looked up all over the place.
        let mut place = vec![NOWHERE; store.len()];
        (0_u32..)
            .zip(&records)
            .for_each(|(at, record)| place[record.number as usize] = at);
        let place_of = |number: &ObjectIndex| {
            place
                .get(*number as usize)
                .copied()
                .filter(|&at| at != NOWHERE)
        };
        let parents_of =
            |record: &Record| -> Vec<u32> { record.parents.iter().filter_map(place_of).collect() };
        let parents: Vec<Vec<u32>> = records.iter().map(parents_of).collect();
        let mut waiting: Vec<u32> = vec![0; records.len()];
        let mut children: Vec<Vec<u32>> = vec![Vec::new(); records.len()];
        for (child, parents) in (0_u32..).zip(&parents) {
            for &parent in parents {
                waiting[child as usize] += 1;
                children[parent as usize].push(child);
            }
        }
        let key = |place: u32| Reverse((records[place as usize].time, place));
        let mut ready: BinaryHeap<_> = (0_u32..)
            .zip(&waiting)
            .filter(|(_, n)| **n == 0)
            .map(|(at, _)| key(at))
            .collect();
        let mut order = Vec::with_capacity(records.len());
        while let Some(Reverse((_, next))) = ready.pop() {
            order.push(next);
            for &child in &children[next as usize] {
                waiting[child as usize] -= 1;
                if waiting[child as usize] == 0 {
                    ready.push(key(child));
                }
            }
        }
        let mut new_place = vec![0; records.len()];
        (0_u32..)
            .zip(&order)
            .for_each(|(place, &old)| new_place[old as usize] = place);
        let list: Vec<Record> = order
            .iter()
            .map(|&old| records[old as usize].clone())
            .collect();
        let moved = |old: &u32| {
            parents[*old as usize]
                .iter()
                .map(|&parent| new_place[parent as usize])
                .collect()
        };
        let parents = order.iter().map(moved).collect();
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
