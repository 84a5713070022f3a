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
    __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8,
    _mm256_cmpgt_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
    _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_slli_epi16, _mm256_srli_epi16,
};

use super::{MIN_LIST, Shape, may_be_joint};
use crate::rule::charset::{MIN_RUN, is_run_byte};
use crate::scan::decode::numbers::{MAX_GAP, is_list_byte, may_encode_text};

// Between two bytes of a block that end a run there is no room for a run.
const _: () = assert!(MIN_RUN >= 31);

const _: () = assert!(MIN_LIST >= 2 * HALF - 1 && MAX_GAP + 1 < HALF);

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

/// The bit of each high half: no byte of a class is above 127, so eight are enough.
static HIGH: Table = [1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0];

/// Whether a joint may begin with an ASCII character.
const fn begins_joint(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`' | b'\\' | 0x1b)
}

/// Calls `found` with every shape. Returns `false`, without any call, if the processor has no AVX2.
pub(super) fn search(text: &[u8], found: &mut dyn FnMut(Shape)) -> bool {
    if !is_x86_feature_detected!("avx2") {
        return false;
    }
    // SAFETY: the processor has AVX2.
    unsafe { search_blocks(text, found) };
    true
}

#[target_feature(enable = "avx2")]
fn search_blocks(text: &[u8], found: &mut dyn FnMut(Shape)) {
    let [run, list, joint, high] = [&RUN, &LIST, &JOINT, &HIGH].map(|table| in_both_halves(table));
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
    let mut at = 0;
    for block in blocks {
        // SAFETY: a block is 32 bytes long, and the load needs no alignment.
        let bytes = unsafe { _mm256_loadu_si256(block.as_ptr().cast()) };
        let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(0x0f));
        let high = _mm256_shuffle_epi8(high, upper);
        // A byte of a class has the bit of its high half in both look-ups. The shuffle selects zero
        // for bytes above 127.
        let run = _mm256_and_si256(_mm256_shuffle_epi8(run, bytes), high);
        let list = _mm256_and_si256(_mm256_shuffle_epi8(list, bytes), high);
        let joint = _mm256_and_si256(_mm256_shuffle_epi8(joint, bytes), high);
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
        if unlisted & 0xffff == 0 || unlisted >> HALF == 0 {
            // The bit of the bytes with the high half 3, which digits and `:` have.
            let digits = mask(_mm256_slli_epi16::<4>(list));
            rare.lists(at, unlisted, digits);
        }
        let joints = joints & (!outside << 1 | after_run);
        after_run = !outside >> 31;
        if joints != 0 {
            rare.joints(at, joints);
        }
        at += 32;
    }
    rare.rest(at, run_start);
}

/// Half of a block, in bytes. Every list has one to itself, which has a digit: all numbers that
/// encode text begin with one, and the blanks and the letter between two are fewer.
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

    /// Finds the lists around the halves of the block at `at` that have bytes of lists only, and
    /// digits.
    #[inline(never)]
    fn lists(&mut self, at: usize, unlisted: u32, digits: u32) {
        for half in [0, HALF] {
            if unlisted >> half & 0xffff == 0 && digits >> half & 0xffff != 0 {
                self.list_around(at + half);
            }
        }
    }

    /// Finds the list around half of a block that begins at `half`, if that may encode text: all
    /// of a list that does may.
    fn list_around(&mut self, half: usize) {
        if half < self.list_end || !may_encode_text(&self.text[half..half + HALF]) {
            return;
        }
        let before = self.text[..half].iter().rev();
        let start = half - before.take_while(|&&byte| is_list_byte(byte)).count();
        let after = self.text[half..].iter();
        let end = half + after.take_while(|&&byte| is_list_byte(byte)).count();
        if end - start >= MIN_LIST {
            (self.found)(Shape::List(start, end));
        }
        self.list_end = end;
    }

    /// Searches what follows the last block, which ends at `from`, with the start of the run that
    /// it continues.
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
        let half = text[from..].get(..HALF);
        if half.is_some_and(|half| half.iter().all(|&byte| is_list_byte(byte))) {
            self.list_around(from);
        }
    }
}

/// The highest bit of each byte.
#[target_feature(enable = "avx2")]
fn mask(bytes: __m256i) -> u32 {
    _mm256_movemask_epi8(bytes).cast_unsigned()
}

/// Copies a table of sixteen bytes to both halves of a vector, as the shuffle needs it.
#[target_feature(enable = "avx2")]
fn in_both_halves(table: &Table) -> __m256i {
    // SAFETY: the table is 16 bytes long, and the load needs no alignment.
    _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(table.as_ptr().cast()) })
}
