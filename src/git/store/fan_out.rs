//! Finds an object id among the sorted ids of a pack. The audit looks up every entry of every tree,
//! and ids are spread evenly: so their first bits give the position, and one or two ids are
//! compared instead of twenty.

use std::ops::Range;

use gix::hash::oid;

/// A fan-out table like that of a pack index, with as many rows as the pack has ids.
#[derive(Debug)]
pub(super) struct FanOut {
    /// How many of an id's first 32 bits are left out.
    shift: u32,
    /// For each value of the bits the first id that has it or a higher one; the last element is the
    /// number of ids.
    starts: Vec<u32>,
}

impl FanOut {
    /// Builds the table of `len` sorted ids; `id` returns each of them.
    pub(super) fn new<'i>(len: u32, id: impl Fn(u32) -> &'i oid) -> Self {
        let shift = len.leading_zeros().saturating_sub(1).clamp(4, 24);
        let mut starts = Vec::with_capacity((1 << (32 - shift)) + 1);
        for number in 0..len {
            let value = first_bits(id(number)) >> shift;
            while starts.len() <= value as usize {
                starts.push(number);
            }
        }
        starts.resize((1 << (32 - shift)) + 1, len);
        Self { shift, starts }
    }

    /// The numbers of all ids whose first bits are those of `id`.
    pub(super) fn candidates(&self, id: &oid) -> Range<u32> {
        let value = (first_bits(id) >> self.shift) as usize;
        self.starts[value]..self.starts[value + 1]
    }
}

/// Whether two ids are equal: compares sixteen bytes at a time, without a call to `memcmp`.
pub(super) fn same_id(a: &oid, b: &oid) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    first_half(a) == first_half(b) && a.get(16..) == b.get(16..)
}

fn first_half(id: &[u8]) -> Option<u128> {
    id.first_chunk().map(|bytes| u128::from_ne_bytes(*bytes))
}

fn first_bits(id: &oid) -> u32 {
    id.as_bytes()
        .first_chunk()
        .map_or(0, |bytes| u32::from_be_bytes(*bytes))
}
