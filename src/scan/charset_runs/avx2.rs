//! Finds charset runs with AVX2: two table look-ups classify 32 bytes at once.
//!
//! On source code this is several times as fast as [`super::skip_along`], which would take as much
//! of a scan as the search for keywords. That is why this file contains `unsafe`.
//! The tests of `super` compare it with the portable search.

#![expect(
    unsafe_code,
    reason = "a vector load, and calling what needs a feature of the processor"
)]

use std::arch::x86_64::{
    __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8,
    _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_srli_epi16,
};

use crate::rule::charset::{MIN_RUN, is_run_byte};

// Between two bytes of a block that end a run there is no room for a run.
const _: () = assert!(MIN_RUN >= 31);

/// For each low half of a byte, one bit for each high half with which it is a run byte.
static LOW: [u8; 16] = {
    let mut table = [0; 16];
    let mut byte = 0_u8;
    while byte < 128 {
        if is_run_byte(byte) {
            table[(byte & 15) as usize] |= 1 << (byte >> 4);
        }
        byte += 1;
    }
    table
};

/// The bit of each high half: no run byte is above 127, so eight are enough.
static HIGH: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0];

/// Calls `found` with the start and end of every maximal charset run of at least [`MIN_RUN`] bytes.
/// Returns `false`, without any call, if the processor has no AVX2.
pub(super) fn long_runs(text: &[u8], found: &mut dyn FnMut(usize, usize)) -> bool {
    if !is_x86_feature_detected!("avx2") {
        return false;
    }
    // SAFETY: the processor has AVX2.
    unsafe { search(text, found) };
    true
}

#[target_feature(enable = "avx2")]
fn search(text: &[u8], found: &mut dyn FnMut(usize, usize)) {
    let (low, high) = (in_both_halves(&LOW), in_both_halves(&HIGH));
    let (blocks, rest) = text.as_chunks::<32>();
    // `open` is the start of the run that the current block continues.
    let (mut open, mut at) = (0, 0);
    for block in blocks {
        // SAFETY: a block is 32 bytes long, and the load needs no alignment.
        let bytes = unsafe { _mm256_loadu_si256(block.as_ptr().cast()) };
        let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(0x0f));
        // A run byte has the bit of its high half in both look-ups. The shuffle selects zero for
        // bytes above 127.
        let shared = _mm256_and_si256(
            _mm256_shuffle_epi8(low, bytes),
            _mm256_shuffle_epi8(high, upper),
        );
        let outside =
            _mm256_movemask_epi8(_mm256_cmpeq_epi8(shared, _mm256_setzero_si256())).cast_unsigned();
        if outside != 0 {
            let end = at + outside.trailing_zeros() as usize;
            if end - open >= MIN_RUN {
                found(open, end);
            }
            open = at + 32 - outside.leading_zeros() as usize;
        }
        at += 32;
    }
    for &byte in rest {
        if !is_run_byte(byte) {
            if at - open >= MIN_RUN {
                found(open, at);
            }
            open = at + 1;
        }
        at += 1;
    }
    if at.saturating_sub(open) >= MIN_RUN {
        found(open, at);
    }
}

/// Copies a table of sixteen bytes to both halves of a vector, as the shuffle needs it.
#[target_feature(enable = "avx2")]
fn in_both_halves(table: &[u8; 16]) -> __m256i {
    // SAFETY: the table is 16 bytes long, and the load needs no alignment.
    _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(table.as_ptr().cast()) })
}
