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

use super::{Counts, MIN_LIST, Shape, may_be_joint, may_be_second};
use crate::rule::charset::{MIN_RUN, is_run_byte};
use crate::scan::decode::numbers::{MAX_GAP, MAX_NUMBER, is_list_byte, may_encode_text};

// Between two bytes of a block that end a run there is no room for a run.
const _: () = assert!(MIN_RUN >= 31);

// Every list has two halves of blocks in a row to itself, and at least a part of two numbers there.
const _: () = assert!(MIN_LIST >= 3 * HALF - 1 && 2 * MAX_GAP + MAX_NUMBER < 2 * HALF);

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
static NEXT: Table = table!(may_be_second);

/// The bit of each high half: no byte of a class is above 127, so eight are enough.
static HIGH: Table = [1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0];

/// Whether a joint may begin with an ASCII character.
const fn begins_joint(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`' | b'\\' | 0x1b)
}

/// Calls `found` with every shape, and returns whether `text` has a zero byte; `None`, without any
/// call, if the processor has no AVX2.
pub(super) fn search(text: &[u8], found: &mut dyn FnMut(Shape)) -> Option<bool> {
    // SAFETY: the processor has what the function needs.
    has_features().then(|| unsafe { search_blocks(text, found) })
}

/// The [`Counts`] of `text`; `None` if the processor has no AVX2.
pub(super) fn count(text: &[u8]) -> Option<Counts> {
    // SAFETY: the processor has what the function needs.
    has_features().then(|| unsafe { count_blocks(text) })
}

/// Whether the processor has AVX2, and what all that have it have.
fn has_features() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt")
}

#[target_feature(enable = "avx2,bmi1,lzcnt,popcnt")]
fn count_blocks(text: &[u8]) -> Counts {
    let mut counts = Counts::default();
    let (blocks, rest) = text.as_chunks::<32>();
    for block in blocks {
        count_block(&mut counts, block, u32::MAX);
    }
    if let (Some(last), 1..) = (text.last_chunk::<32>(), rest.len()) {
        // Its first bytes are counted already.
        count_block(&mut counts, last, u32::MAX << (32 - rest.len()));
    } else if !rest.is_empty() {
        let mut last = [0; 32];
        last[..rest.len()].copy_from_slice(rest);
        count_block(&mut counts, &last, u32::MAX);
    }
    counts
}

/// Counts those bytes of a block whose bits are in `counted`. A function and not a closure, because
/// `Iterator::for_each` and `array::map`, which would call that, are compiled without AVX2.
#[target_feature(enable = "avx2,bmi1,lzcnt,popcnt")]
#[inline]
fn count_block(counts: &mut Counts, block: &[u8; 32], counted: u32) {
    // SAFETY: a block is 32 bytes long, and the load needs no alignment.
    let bytes = unsafe { _mm256_loadu_si256(block.as_ptr().cast()) };
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
    let tables = [&RUN, &LIST, &JOINT, &NEXT, &HIGH];
    let [run, list, joint, next, high] = tables.map(|table| in_both_halves(table));
    let zero = _mm256_setzero_si256();
    let (blocks, _) = text.as_chunks::<32>();
    let mut rare = Rare {
        text,
        found,
        list_end: 0,
    };
    // The start of the run that the current block continues.
    let mut run_start = 0;
    let mut after_run = 0;
    // The bytes of the block before that are in no list.
    let mut before = u32::MAX;
    // The least byte of each place in a block.
    let mut least = _mm256_set1_epi8(-1);
    let mut at = 0;
    for block in blocks {
        // SAFETY: a block is 32 bytes long, and the load needs no alignment.
        let bytes = unsafe { _mm256_loadu_si256(block.as_ptr().cast()) };
        least = _mm256_min_epu8(least, bytes);
        let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(0x0f));
        let high_bits = _mm256_shuffle_epi8(high, upper);
        // A byte of a class has the bit of its high half in both look-ups. The shuffle selects zero
        // for bytes above 127.
        let run = _mm256_and_si256(_mm256_shuffle_epi8(run, bytes), high_bits);
        let list = _mm256_and_si256(_mm256_shuffle_epi8(list, bytes), high_bits);
        let joint = _mm256_and_si256(_mm256_shuffle_epi8(joint, bytes), high_bits);
        let outside = mask(_mm256_cmpeq_epi8(run, zero));
        let unlisted = mask(_mm256_cmpeq_epi8(list, zero));
        // The highest bit is that of bytes above 127.
        let joints = mask(_mm256_or_si256(_mm256_cmpgt_epi8(joint, zero), bytes));
        if outside != 0 {
            let end = at + outside.trailing_zeros() as usize;
            if end - run_start >= MIN_RUN {
                rare.run(run_start, end);
            }
            run_start = at + 32 - outside.leading_zeros() as usize;
        }
        if unlisted & 0xffff == 0 {
            rare.lists(at, before & 0xffff_0000, unlisted);
        }
        before = unlisted;
        let next = _mm256_and_si256(_mm256_shuffle_epi8(next, bytes), high_bits);
        let is_no_next = mask(_mm256_andnot_si256(bytes, _mm256_cmpeq_epi8(next, zero)));
        // What follows the last byte is in the next block.
        let joints = joints & (!outside << 1 | after_run) & !(is_no_next >> 1);
        after_run = !outside >> 31;
        if joints != 0 {
            rare.joints(at, joints);
        }
        at += 32;
    }
    rare.rest(at, run_start);
    mask(_mm256_cmpeq_epi8(least, zero)) != 0 || memchr::memchr(0, &text[at..]).is_some()
}

/// Half of a block, in bytes.
const HALF: usize = 16;

/// What few blocks have. These functions are not a part of the loop over the blocks, so that its
/// values stay in registers.
struct Rare<'a> {
    text: &'a [u8],
    found: &'a mut dyn FnMut(Shape),
    /// The end of the last list.
    list_end: usize,
}

impl Rare<'_> {
    #[inline(never)]
    fn run(&mut self, start: usize, end: usize) {
        (self.found)(Shape::Run(start, end));
    }

    /// Finds the joints of the block at `at` that begin with a byte of `joints`.
    #[inline(never)]
    fn joints(&mut self, at: usize, mut joints: u32) {
        while joints != 0 {
            let place = at + joints.trailing_zeros() as usize;
            if may_be_joint(self.text, place) {
                (self.found)(Shape::Joint(place));
            }
            joints &= joints - 1;
        }
    }

    /// Finds the lists around the block at `at`, and around its first half and the one before,
    /// given the bytes in the half before and in the block that are in no list.
    #[target_feature(enable = "avx2")]
    #[inline(never)]
    fn lists(&mut self, at: usize, before: u32, unlisted: u32) {
        if before == 0 {
            self.list_around(at - HALF);
        }
        if unlisted == 0 {
            self.list_around(at);
        }
    }

    /// Finds the list around two halves of blocks, which begin at `start` and have bytes of lists
    /// only, if they may encode text: all of a list that does may.
    #[target_feature(enable = "avx2")]
    fn list_around(&mut self, start: usize) {
        let halves = &self.text[start..][..2 * HALF];
        if start < self.list_end || !may_have_numbers(halves) || !may_encode_text(halves) {
            return;
        }
        let before = self.text[..start].iter().rev();
        let first = start - before.take_while(|&&byte| is_list_byte(byte)).count();
        let after = self.text[start..].iter();
        let end = start + after.take_while(|&&byte| is_list_byte(byte)).count();
        if end - first >= MIN_LIST {
            (self.found)(Shape::List(first, end));
        }
        self.list_end = end;
    }

    /// Searches what follows the last block, which ends at `from`, with the start of the run that
    /// it continues.
    #[target_feature(enable = "avx2")]
    fn rest(&mut self, from: usize, mut run_start: usize) {
        let text = self.text;
        for at in from..=text.len() {
            let byte = text.get(at).copied().unwrap_or(0);
            if !is_run_byte(byte) {
                if at.saturating_sub(run_start) >= MIN_RUN {
                    self.run(run_start, at);
                }
                run_start = at + 1;
            }
            let is_joint = (begins_joint(byte) || !byte.is_ascii())
                && at > 0
                && is_run_byte(text[at - 1])
                && may_be_joint(text, at);
            if is_joint {
                (self.found)(Shape::Joint(at));
            }
        }
        let halves = from
            .checked_sub(HALF)
            .and_then(|start| text.get(start..from + HALF));
        if halves.is_some_and(|halves| halves.iter().all(|&byte| is_list_byte(byte))) {
            self.list_around(from - HALF);
        }
    }
}

/// Whether 32 bytes of lists have more than one number, and none that is longer than any of a list.
#[target_feature(enable = "avx2")]
fn may_have_numbers(bytes: &[u8]) -> bool {
    let Some(bytes) = bytes.first_chunk::<32>() else {
        return false;
    };
    // SAFETY: the array is 32 bytes long, and the load needs no alignment.
    let bytes = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
    // Of the separators, only the colon comes after the slash.
    let colons = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b':'.cast_signed()));
    let after_slash = _mm256_cmpgt_epi8(bytes, _mm256_set1_epi8(b'/'.cast_signed()));
    let numbers = mask(_mm256_andnot_si256(colons, after_slash));
    let starts = numbers & !(numbers << 1);
    let is_long = (1..=MAX_NUMBER).fold(numbers, |long, by| long & (numbers >> by)) != 0;
    starts.count_ones() > 1 && !is_long
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
