//! Finds the places of a text where one of many literals may begin, 64 places at once: the
//! algorithm Teddy of Hyperscan, with the instruction of AVX-512 that looks up a byte among 128.
//!
//! The Teddy of the `aho-corasick` crate, for AVX2, looks up 16 places at once, and each half of a
//! byte separately, so that more places pass.

#![expect(unsafe_code, reason = "calling what needs a feature of the processor")]

use std::arch::x86_64::{
    __m512i, _mm512_and_si512, _mm512_or_si512, _mm512_setzero_si512, _mm512_test_epi8_mask,
};
use std::ops::Range;

use super::avx512::{Loaded, Table, first, is_supported, load};
use super::{BLOCK, BUCKETS, LOOKED_UP};

/// For each byte of a literal, in which of eight buckets it is.
type Tables = [Table; LOOKED_UP];

/// Sets of literals.
#[derive(Debug)]
pub(in crate::scan) struct Teddy {
    halves: Box<[Tables; BUCKETS / 8]>,
}

impl Teddy {
    /// A search for literals, each with its bucket. Any byte may follow a literal with fewer than
    /// [`LOOKED_UP`]. `None` if the processor lacks the instruction.
    pub(in crate::scan) fn new<'a>(
        literals: impl IntoIterator<Item = (usize, &'a [u8])>,
    ) -> Option<Self> {
        if !is_supported() {
            return None;
        }
        let mut halves = Box::new([[Table([0; 128]); LOOKED_UP]; BUCKETS / 8]);
        for (bucket, literal) in literals {
            let bit = 1 << (bucket % 8);
            for (index, Table(entries)) in halves[bucket / 8].iter_mut().enumerate() {
                match literal.get(index) {
                    // The look-up disregards the highest bit.
                    Some(byte) => entries[usize::from(byte & 127)] |= bit,
                    None => entries.iter_mut().for_each(|entry| *entry |= bit),
                }
            }
        }
        Some(Self { halves })
    }

    /// Calls `found` with each of `places` in `text` where a literal may begin, in order. The
    /// [`LOOKED_UP`] bytes from there are in `text`.
    #[inline]
    pub(in crate::scan) fn search(
        &self,
        text: &[u8],
        places: Range<usize>,
        mut found: impl FnMut(usize),
    ) {
        let mut at = places.start;
        let end = places.end.min((text.len() + 1).saturating_sub(LOOKED_UP));
        while at < end {
            let mut starts = [0; BATCH];
            let count = (end - at).div_ceil(BLOCK).min(BATCH);
            // SAFETY: there is a search only if `is_supported`, which checks what the function
            // enables.
            unsafe { search_blocks(&self.halves, text, at..end, &mut starts[..count]) }
            for starts in &mut starts[..count] {
                while *starts != 0 {
                    found(at + starts.trailing_zeros() as usize);
                    *starts &= *starts - 1;
                }
                at += BLOCK;
            }
        }
    }
}

/// How many blocks are read before `found` is called, which needs the registers of the tables.
const BATCH: usize = 16;

/// Sets the bits of those of `places` that pass, for as many blocks as `starts` has room.
#[target_feature(enable = "avx512bw,avx512vbmi,bmi2")]
#[inline(never)]
fn search_blocks(
    [low, high]: &[Tables; BUCKETS / 8],
    text: &[u8],
    places: Range<usize>,
    starts: &mut [u64],
) {
    let (low, high) = (load_tables(low), load_tables(high));
    for (at, starts) in places.clone().step_by(BLOCK).zip(starts) {
        let bytes = load_bytes(&text[at..]);
        let passing = _mm512_or_si512(look_up(&low, &bytes), look_up(&high, &bytes));
        *starts = _mm512_test_epi8_mask(passing, passing) & first(places.end - at);
    }
}

/// For each place, the buckets that have its bytes.
#[target_feature(enable = "avx512bw,avx512vbmi")]
#[inline]
fn look_up(tables: &[Loaded; LOOKED_UP], bytes: &[__m512i; LOOKED_UP]) -> __m512i {
    let [first, second, third, fourth] = tables;
    _mm512_and_si512(
        _mm512_and_si512(first.look_up(bytes[0]), second.look_up(bytes[1])),
        _mm512_and_si512(third.look_up(bytes[2]), fourth.look_up(bytes[3])),
    )
}

/// The bytes of `text`, which has [`LOOKED_UP`] or more, from each of its first places on.
#[target_feature(enable = "avx512bw,avx512vbmi")]
#[inline]
fn load_bytes(text: &[u8]) -> [__m512i; LOOKED_UP] {
    let mut bytes = [_mm512_setzero_si512(); LOOKED_UP];
    if text.len() >= BLOCK + LOOKED_UP - 1 {
        // Whole vectors only, without a look at the length of each.
        for (by, bytes) in bytes.iter_mut().enumerate() {
            *bytes = load(&text[by..by + BLOCK]);
        }
    } else {
        for (by, bytes) in bytes.iter_mut().enumerate() {
            *bytes = load(&text[by..]);
        }
    }
    bytes
}

#[target_feature(enable = "avx512bw,avx512vbmi")]
#[inline]
fn load_tables(tables: &Tables) -> [Loaded; LOOKED_UP] {
    let [first, second, third, fourth] = tables;
    [first.load(), second.load(), third.load(), fourth.load()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The places that pass, found by reading every byte.
    fn plain(literals: &[(usize, &[u8])], text: &[u8], places: Range<usize>) -> Vec<usize> {
        let passes = |bucket: usize, bytes: &[u8]| {
            bytes.iter().enumerate().all(|(index, byte)| {
                let mut held = literals.iter().filter(|(other, _)| *other == bucket);
                held.any(|(_, word)| word.get(index).is_none_or(|own| (own ^ byte) & 127 == 0))
            })
        };
        let starts = text.windows(LOOKED_UP).enumerate().take(places.end);
        let starts = starts.skip(places.start);
        starts
            .filter(|(_, bytes)| (0..BUCKETS).any(|bucket| passes(bucket, bytes)))
            .map(|(at, _)| at)
            .collect()
    }

    #[test]
    fn what_passes_is_what_a_bucket_has_at_any_place_and_up_to_the_end() {
        let literals: [(usize, &[u8]); 6] = [
            (0, b"abab"),
            (0, b"cccc"),
            (3, b"bca"),
            (8, b"aabb"),
            (15, "cä".as_bytes()),
            (15, b"\0bcb"),
        ];
        let Some(teddy) = Teddy::new(literals) else {
            return;
        };
        let mut state = 1_u32;
        let mut count = 0;
        for len in 0..=3 * BLOCK {
            let text: Vec<u8> = (0..len)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    b"aaabbbccc\0\xc3\xa4\xe1"[(state >> 16) as usize % 13]
                })
                .collect();
            for places in [0..len, 0..len / 2, len / 3..len, len..len] {
                let mut found = Vec::new();
                teddy.search(&text, places.clone(), |at| found.push(at));
                assert_eq!(found, plain(&literals, &text, places), "{text:?}");
                count += found.len();
            }
        }
        assert!(count > 1000, "only {count} places: the test proves little");
        let long = [&b"~".repeat(2 * BATCH * BLOCK)[..], b"aabb"].concat();
        let mut found = Vec::new();
        teddy.search(&long, 0..long.len(), |at| found.push(at));
        assert_eq!(found, [2 * BATCH * BLOCK]);
    }
}
