//! Finds shapes with AVX2: two table look-ups for each class of bytes classify 32 bytes at once.
//!
//! On source code this is several times as fast as [`super::portable`], which would take as much of
//! a scan as the search for keywords. That is why this file contains `unsafe`.
//! The tests of `super` compare both.

#![expect(
    unsafe_code,
    reason = "a vector load, and calling what needs a feature of the processor"
)]

use std::arch::x86_64::{
    __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_andnot_si256, _mm256_broadcastsi128_si256,
    _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_loadu_si256, _mm256_min_epu8,
    _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_sub_epi8,
};

use super::blocks::{self, Classes};
use super::{Counts, Shape, begins_joint, may_be_second};
use crate::rule::charset::is_run_byte;
use crate::scan::decode::numbers::is_list_byte;
use crate::scan::vector::BLOCK;

/// For each low half of a byte, one bit for each high half with which it is in a class.
type Table = [u8; 16];

macro_rules! table {
    ($is_in:expr) => {{
        let mut table = [0; 16];
        let mut byte = 0_u8;
        while byte < 128 {
            if $is_in(byte) {
                table[(byte & 15) as usize] |= 1 << (byte >> 4);
            }
            byte += 1;
        }
        table
    }};
}

static RUN: Table = table!(is_run_byte);
static LIST: Table = table!(is_list_byte);
static JOINT: Table = table!(begins_joint);
static SECOND: Table = table!(may_be_second);

/// The bit of each high half: no byte of a class is above 127, so eight are enough.
static HIGH: Table = [1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0];

/// Calls `found` with every shape, and returns whether `text` has a zero byte; `None`, without any
/// call, if the processor has no AVX2.
pub(super) fn search(text: &[u8], found: &mut dyn FnMut(Shape)) -> Option<bool> {
    // SAFETY: `has_features` checks every feature that the function enables.
    has_features().then(|| unsafe { search_blocks(text, found) })
}

/// Adds the bytes of `text` to `counts`, and returns whether it could: it cannot if the processor
/// has no AVX2.
pub(super) fn count(text: &[u8], counts: &mut Counts) -> bool {
    let is_able = has_features();
    if is_able {
        // SAFETY: `has_features` checks every feature that the function enables.
        unsafe { count_blocks(text, counts) }
    }
    is_able
}

/// Whether the processor has AVX2, and what all that have it have.
fn has_features() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt")
}

#[target_feature(enable = "avx2,bmi1,lzcnt,popcnt")]
fn count_blocks(text: &[u8], counts: &mut Counts) {
    let (blocks, rest) = text.as_chunks::<32>();
    for block in blocks {
        count_block(counts, block, u32::MAX);
    }
    if let (Some(last), 1..) = (text.last_chunk::<32>(), rest.len()) {
        // Its first bytes are counted already.
        count_block(counts, last, u32::MAX << (32 - rest.len()));
    } else if !rest.is_empty() {
        let mut last = [0; 32];
        last[..rest.len()].copy_from_slice(rest);
        count_block(counts, &last, u32::MAX);
    }
}

/// Counts those bytes of a block whose bits are in `counted`. A function and not a closure, because
/// `Iterator::for_each` and `array::map`, which would call that, are compiled without AVX2.
#[target_feature(enable = "avx2,bmi1,lzcnt,popcnt")]
#[inline]
fn count_block(counts: &mut Counts, block: &[u8; 32], counted: u32) {
    let bytes = load(block);
    let joints = range(bytes, b'+', b'/') | range(bytes, b'_', b'_');
    counts.digits += (range(bytes, b'0', b'9') & counted).count_ones() as usize;
    counts.small += (range(bytes, b'a', b'z') & counted).count_ones() as usize;
    counts.capital += (range(bytes, b'A', b'Z') & counted).count_ones() as usize;
    counts.joints += (joints & counted).count_ones() as usize;
}

/// Which of `bytes` are from `first` to `last`.
#[target_feature(enable = "avx2,bmi1,lzcnt,popcnt")]
#[inline]
fn range(bytes: __m256i, first: u8, last: u8) -> u32 {
    let bytes = _mm256_sub_epi8(bytes, _mm256_set1_epi8(first.cast_signed()));
    let most = _mm256_set1_epi8((last - first).cast_signed());
    mask(_mm256_cmpeq_epi8(_mm256_min_epu8(bytes, most), bytes))
}

#[target_feature(enable = "avx2,bmi1,lzcnt,popcnt")]
fn search_blocks(text: &[u8], found: &mut dyn FnMut(Shape)) -> bool {
    blocks::search(text, |blocks, classes| classify(blocks, classes), found)
}

/// Sets the classes of `blocks`, and returns whether they have a zero byte.
#[target_feature(enable = "avx2,bmi1,lzcnt,popcnt")]
fn classify(blocks: &[[u8; BLOCK]], classes: &mut [Classes]) -> bool {
    let tables = [
        in_both_halves(&RUN),
        in_both_halves(&LIST),
        in_both_halves(&JOINT),
        in_both_halves(&SECOND),
        in_both_halves(&HIGH),
    ];
    // The least byte of each place in half a block.
    let mut least = _mm256_set1_epi8(-1);
    for (block, classes) in blocks.iter().zip(classes) {
        let (halves, _) = block.as_chunks();
        let (low, high) = (load(&halves[0]), load(&halves[1]));
        least = _mm256_min_epu8(least, _mm256_min_epu8(low, high));
        let (low, high) = (classify_half(&tables, low), classify_half(&tables, high));
        let join = |class: usize| u64::from(low[class]) | u64::from(high[class]) << 32;
        *classes = Classes {
            outside: join(0),
            unlisted: join(1),
            joints: join(2),
            no_second: join(3),
        };
    }
    mask(_mm256_cmpeq_epi8(least, _mm256_setzero_si256())) != 0
}

/// The classes of half a block, in the order of [`Classes`].
#[target_feature(enable = "avx2,bmi1,lzcnt,popcnt")]
#[inline]
fn classify_half([run, list, joint, second, high]: &[__m256i; 5], bytes: __m256i) -> [u32; 4] {
    let zero = _mm256_setzero_si256();
    let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(0x0f));
    let high_bits = _mm256_shuffle_epi8(*high, upper);
    // A byte of a class has the bit of its high half in both look-ups. The shuffle selects zero
    // for bytes above 127.
    let run = _mm256_and_si256(_mm256_shuffle_epi8(*run, bytes), high_bits);
    let list = _mm256_and_si256(_mm256_shuffle_epi8(*list, bytes), high_bits);
    let joint = _mm256_and_si256(_mm256_shuffle_epi8(*joint, bytes), high_bits);
    let second = _mm256_and_si256(_mm256_shuffle_epi8(*second, bytes), high_bits);
    [
        mask(_mm256_cmpeq_epi8(run, zero)),
        mask(_mm256_cmpeq_epi8(list, zero)),
        // The highest bit is that of bytes above 127.
        mask(_mm256_or_si256(_mm256_cmpgt_epi8(joint, zero), bytes)),
        mask(_mm256_andnot_si256(bytes, _mm256_cmpeq_epi8(second, zero))),
    ]
}

#[target_feature(enable = "avx2")]
#[inline]
fn load(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: the array is 32 bytes long, and the load needs no alignment.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

/// The highest bit of each byte.
#[target_feature(enable = "avx2")]
#[inline]
fn mask(bytes: __m256i) -> u32 {
    _mm256_movemask_epi8(bytes).cast_unsigned()
}

/// Copies a table of sixteen bytes to both halves of a vector, as the shuffle needs it.
#[target_feature(enable = "avx2")]
fn in_both_halves(table: &Table) -> __m256i {
    // SAFETY: the table is 16 bytes long, and the load needs no alignment.
    _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(table.as_ptr().cast()) })
}
