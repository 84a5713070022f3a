//! Orders the commits of a repository, parents before children.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::lists::{Lists, NO_PLACE, place_at};
use crate::git::store::ObjectIndex;
use crate::git::{ObjectId, topological_order};

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

/// All commits, each after its parents, and otherwise the oldest first.
pub(in crate::audit) struct Commits {
    pub(in crate::audit) list: Vec<CommitRecord>,
    /// The parents of each, as places in the list.
    parents: Lists<u32>,
    /// For each object, its place in the list.
    places: Vec<u32>,
}

impl Commits {
    /// Orders `records`, commits among so many objects with these ids. Commits of the same time are
    /// ordered by their ids, so that the order depends on nothing else.
    pub(in crate::audit) fn new(
        mut records: Vec<CommitRecord>,
        objects: usize,
        id_of: impl Fn(ObjectIndex) -> ObjectId,
    ) -> Self {
        let mut places = vec![NO_PLACE; objects];
        // Further copies of a commit have its number.
        records
            .retain(|record| std::mem::replace(&mut places[record.number as usize], 0) == NO_PLACE);
        let order = by_time_and_id(&records, id_of);
        let mut records = taken(&mut records, &order);
        for (place, record) in (0_u32..).zip(&records) {
            places[record.number as usize] = place;
        }
        let links = (0_u32..).zip(&records).flat_map(|(child, record)| {
            let parents = record.parents.iter();
            let parents = parents.filter_map(|&parent| place_at(&places, parent as usize));
            parents.map(move |parent| (parent, child))
        });
        let links: Vec<(u32, u32)> = links.collect();
        let order = topological_order(records.len(), &links, |place| place);
        // Nodes on a circle, which no valid repository has, are left out.
        let mut new_place = vec![NO_PLACE; records.len()];
        for (place, &old) in (0_u32..).zip(&order) {
            new_place[old as usize] = place;
        }
        for (record, &place) in records.iter().zip(&new_place) {
            places[record.number as usize] = place;
        }
        let list = taken(&mut records, &order);
        let links = links.iter().filter_map(|&(parent, child)| {
            let [parent, child] = [parent, child].map(|old| place_at(&new_place, old as usize));
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
        place_at(&self.places, number as usize)
    }

    /// The places of the parents of the commit at `place`.
    pub(in crate::audit) fn parents_of(&self, place: usize) -> &[u32] {
        self.parents.of(place)
    }
}

/// The places of `records` in the order of their times, and of the same time in that of their ids.
fn by_time_and_id(records: &[CommitRecord], id_of: impl Fn(ObjectIndex) -> ObjectId) -> Vec<u32> {
    let mut order: Vec<(Option<i64>, u32)> = records
        .iter()
        .zip(0..)
        .map(|(record, place)| (record.time, place))
        .collect();
    order.sort_unstable();
    for same_time in order.chunk_by_mut(|a, b| a.0 == b.0) {
        if same_time.len() > 1 {
            same_time.sort_by_cached_key(|&(_, place)| id_of(records[place as usize].number));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: ObjectIndex, time: i64, parents: &[ObjectIndex]) -> CommitRecord {
        CommitRecord {
            number,
            tree: None,
            parents: parents.into(),
            time: Some(time),
        }
    }

    /// The numbers of the commits in order, each with those of its parents.
    fn ordered(records: Vec<CommitRecord>) -> Vec<(ObjectIndex, Vec<ObjectIndex>)> {
        // The ids are in the opposite order of the numbers.
        let id_of = |number: ObjectIndex| ObjectId::from([!u8::try_from(number).unwrap(); 20]);
        let commits = Commits::new(records, 10, id_of);
        let number = |place: usize| commits.list[place].number;
        (0..commits.list.len())
            .map(|place| {
                assert_eq!(commits.place_of(number(place)), u32::try_from(place).ok());
                let parents = commits.parents_of(place).iter();
                (
                    number(place),
                    parents.map(|&at| number(at as usize)).collect(),
                )
            })
            .collect()
    }

    #[test]
    fn parents_come_first_then_the_oldest_then_the_smallest_id() {
        let records = vec![
            record(1, 5, &[3, 2]),
            record(2, 9, &[]),
            record(3, 7, &[2, 8]),
            record(4, 7, &[2]),
            record(5, 7, &[]),
        ];
        let expected = [
            (5, vec![]),
            (2, vec![]),
            (4, vec![2]),
            (3, vec![2]),
            (1, vec![3, 2]),
        ];
        assert_eq!(ordered(records), expected);
    }

    #[test]
    fn a_further_copy_with_another_time_and_commits_on_a_circle_are_left_out() {
        let records = vec![
            record(1, 5, &[]),
            record(1, 8, &[2]),
            record(2, 6, &[1, 4]),
            record(3, 7, &[1]),
            record(4, 1, &[2]),
        ];
        assert_eq!(ordered(records), [(1, vec![]), (3, vec![1])]);
    }
}
