//! Finds an object id among the sorted ids of a pack. The audit looks up every entry of every tree,
//! and ids are spread evenly: so a table of their first bits leaves few to compare.

use std::cmp::Ordering;

use gix::hash::oid;

/// A fan-out table like that of a pack index, with a row for four to eight ids, but at most 65,536
/// rows, so that it stays in the cache of a processor core.
#[derive(Debug)]
pub(super) struct FanOut {
    /// How many of an id's first 32 bits are left out.
    shift: u32,
    /// For each value of the bits the first id that has it or a higher one; the last element is the
    /// number of ids.
    starts: Vec<u32>,
}

impl FanOut {
    /// Builds the table of `len` ids; `None` if they are not sorted. `id` returns the id with a
    /// number.
    pub(super) fn new<'i>(len: u32, id: impl Fn(u32) -> &'i oid) -> Option<Self> {
        let mut last = None;
        let shift = (len.leading_zeros() + 3).clamp(16, 28);
        let mut starts = Vec::with_capacity((1 << (32 - shift)) + 1);
        for number in 0..len {
            let next = id(number);
            if last.is_some_and(|last| compare(last, next) == Ordering::Greater) {
                return None;
            }
            last = Some(next);
            let value = first_bits(next) >> shift;
            while starts.len() <= value as usize {
                starts.push(number);
            }
        }
        starts.resize((1 << (32 - shift)) + 1, len);
        Some(Self { shift, starts })
    }

    /// The number of `id`, if it is among the ids. `at` returns the id with a number.
    pub(super) fn find<'i>(&self, id: &oid, at: impl Fn(u32) -> &'i oid) -> Option<u32> {
        let row = (first_bits(id) >> self.shift) as usize;
        let (mut low, mut high) = (self.starts[row], self.starts[row + 1]);
        let row_end = high;
        let is_before = |number| compare(at(number), id) == Ordering::Less;
        while low < high {
            let middle = low.midpoint(high);
            if is_before(middle) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (low < row_end && compare(at(low), id) == Ordering::Equal).then_some(low)
    }
}

/// Compares sixteen bytes at once, without a call to `memcmp`.
fn compare(a: &oid, b: &oid) -> Ordering {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let first_half = |id: &[u8]| id.first_chunk().map(|half| u128::from_be_bytes(*half));
    first_half(a)
        .cmp(&first_half(b))
        .then_with(|| a.get(16..).cmp(&b.get(16..)))
}

fn first_bits(id: &oid) -> u32 {
    id.as_bytes()
        .first_chunk()
        .map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use gix::ObjectId;

    use super::*;

    #[test]
    fn ids_are_found_however_they_are_spread() {
        let mut state = 1_u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        for len in [0, 1, 2, 3, 50, 3000] {
            // How many bytes the ids have in common, which evenly spread ones have not.
            for common in [0, 1, 2, 3, 16, 18] {
                let mut ids: Vec<_> = (0..2 * len)
                    .map(|_| {
                        let bytes =
                            std::array::from_fn(|at| if at < common { 7 } else { random() });
                        ObjectId::Sha1(bytes)
                    })
                    .collect();
                ids.sort();
                ids.dedup();
                let held: Vec<_> = ids.iter().copied().step_by(2).collect();
                let at = |number: u32| held[number as usize].as_ref();
                let fan_out = FanOut::new(u32::try_from(held.len()).unwrap(), at).unwrap();
                for id in &ids {
                    let expected = held.binary_search(id).ok();
                    let found = fan_out.find(id, at).map(|number| number as usize);
                    assert_eq!(
                        found, expected,
                        "{id} of {len} with {common} bytes in common"
                    );
                }
            }
        }
    }
}
