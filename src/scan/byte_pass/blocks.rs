//! Finds the shapes of a text block by block, given the classes of the bytes in each block.

use super::{MIN_LIST, Shape, begins_joint, may_be_joint, may_be_second};
use crate::rule::charset::{MIN_RUN, is_run_byte};
use crate::scan::decode::numbers::{MAX_GAP, MAX_NUMBER, is_list_byte, may_encode_text};
use crate::scan::vector::BLOCK;

// Between two bytes of half a block that end a run there is no room for a run.
const _: () = assert!(MIN_RUN >= BLOCK / 2 - 1);

/// A quarter of a block, in bytes.
const QUARTER: usize = BLOCK / 4;

// Every list has two quarters in a row to itself, and at least a part of a number in each of them
// and of two numbers in both.
const _: () = assert!(MIN_LIST >= 3 * QUARTER - 1 && MAX_GAP < QUARTER);
const _: () = assert!(2 * MAX_GAP + MAX_NUMBER < 2 * QUARTER);

/// The first half of a block.
const HALF: u64 = u32::MAX as u64;

/// The quarters of a block.
const QUARTERS: [u64; 4] = [0xffff, 0xffff << 16, 0xffff << 32, 0xffff << 48];

/// What follows the end of a text in its last block: a byte that is in no class.
const FILLER: u8 = b'~';
const _: () = assert!(!is_run_byte(FILLER) && !is_list_byte(FILLER));
const _: () = assert!(!begins_joint(FILLER) && !may_be_second(FILLER));

/// Which bytes of a block are in a class: one bit for each byte.
#[derive(Clone, Copy, Default)]
pub(super) struct Classes {
    /// Bytes that end a run.
    pub(super) outside: u64,
    /// Bytes that end a list.
    pub(super) unlisted: u64,
    /// Bytes with which a joint may begin.
    pub(super) joints: u64,
    /// Bytes that are not the second one of any joint.
    pub(super) no_second: u64,
}

/// How many blocks are classified before their shapes are found, so that one loop is left with the
/// registers for its vectors, and the other one calls what it needs.
const BATCH: usize = 16;

/// Calls `found` with every shape in `text`, and returns whether it has a zero byte. `classify`
/// sets the classes of the blocks that it is given, and returns whether they have a zero byte.
#[target_feature(enable = "avx2,bmi1,lzcnt,popcnt")]
pub(super) fn search(
    text: &[u8],
    classify: impl Fn(&[[u8; BLOCK]], &mut [Classes]) -> bool,
    found: &mut dyn FnMut(Shape),
) -> bool {
    let (blocks, rest) = text.as_chunks();
    let mut last = [FILLER; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    let (mut carry, mut shapes) = (Carry::START, Shapes::new(text, found));
    let mut classes = [Classes::default(); BATCH];
    let (mut at, mut has_nul) = (0, false);
    for blocks in blocks.chunks(BATCH).chain([&[last][..]]) {
        let classes = &mut classes[..blocks.len()];
        has_nul |= classify(blocks, classes);
        for classes in classes {
            carry.block(at, *classes, &mut shapes);
            at += BLOCK;
        }
    }
    has_nul
}

/// What the next block needs to know of the blocks before. It is not a part of [`Shapes`], so that
/// it stays in registers.
struct Carry {
    /// The start of the run that the next block continues.
    run_start: usize,
    /// 1 if the last byte is in a run.
    after_run: u64,
    /// The bytes of the last block that are in no list.
    unlisted: u64,
}

impl Carry {
    /// Before the first block.
    const START: Self = Self {
        run_start: 0,
        after_run: 0,
        unlisted: u64::MAX,
    };

    /// Finds the shapes that end in the block at `at`.
    #[target_feature(enable = "avx2,bmi1,lzcnt,popcnt")]
    #[inline]
    fn block(&mut self, at: usize, classes: Classes, shapes: &mut Shapes<'_>) {
        let Classes {
            outside, unlisted, ..
        } = classes;
        self.half(at, outside & HALF, shapes);
        self.half(at, outside & !HALF, shapes);
        // Of two quarters in a row, one is the first or the third one of a block.
        if unlisted & QUARTERS[0] == 0 || unlisted & QUARTERS[2] == 0 {
            shapes.lists(at, self.unlisted, unlisted);
        }
        self.unlisted = unlisted;
        // What follows the last byte is in the next block.
        let is_second = !(classes.no_second >> 1);
        let joints = classes.joints & (!outside << 1 | self.after_run) & is_second;
        self.after_run = !outside >> (BLOCK - 1);
        if joints != 0 {
            shapes.joints(at, joints);
        }
    }

    /// Finds the run that ends with the first of the bytes `outside`.
    #[target_feature(enable = "avx2,bmi1,lzcnt,popcnt")]
    #[inline]
    fn half(&mut self, at: usize, outside: u64, shapes: &mut Shapes<'_>) {
        if outside != 0 {
            let end = at + outside.trailing_zeros() as usize;
            if end - self.run_start >= MIN_RUN {
                shapes.run(self.run_start, end);
            }
            self.run_start = at + BLOCK - outside.leading_zeros() as usize;
        }
    }
}

/// Reports the shapes. Few blocks have one, so its functions are not a part of the loop over the
/// blocks.
struct Shapes<'a> {
    text: &'a [u8],
    found: &'a mut dyn FnMut(Shape),
    /// The end of the last list.
    list_end: usize,
}

impl<'a> Shapes<'a> {
    fn new(text: &'a [u8], found: &'a mut dyn FnMut(Shape)) -> Self {
        Self {
            text,
            found,
            list_end: 0,
        }
    }

    #[inline(never)]
    fn run(&mut self, start: usize, end: usize) {
        (self.found)(Shape::Run(start, end));
    }

    /// Finds the joints of the block at `at` that begin with a byte of `joints`.
    #[inline(never)]
    fn joints(&mut self, at: usize, mut joints: u64) {
        while joints != 0 {
            let place = at + joints.trailing_zeros() as usize;
            if may_be_joint(self.text, place) {
                (self.found)(Shape::Joint(place));
            }
            joints &= joints - 1;
        }
    }

    /// Finds lists around each two quarters in a row that have bytes of lists only. The second
    /// quarter is in the block at `at`. `before` and `unlisted` are the bytes in no list of the
    /// block before and of this one.
    #[target_feature(enable = "avx2,bmi1,lzcnt,popcnt")]
    #[inline(never)]
    fn lists(&mut self, at: usize, before: u64, unlisted: u64) {
        let mut is_listed = before & QUARTERS[3] == 0;
        for (index, quarter) in QUARTERS.iter().enumerate() {
            let was_listed = std::mem::replace(&mut is_listed, unlisted & quarter == 0);
            if was_listed && is_listed {
                self.list_around(at + index * QUARTER - QUARTER);
            }
        }
    }

    /// Finds the list around two quarters of blocks, which begin at `start` and have bytes of lists
    /// only, if they may encode text: all of a list that does may.
    #[target_feature(enable = "avx2,bmi1,lzcnt,popcnt")]
    fn list_around(&mut self, start: usize) {
        let quarters = &self.text[start..][..2 * QUARTER];
        if start < self.list_end || !may_have_numbers(quarters) || !may_encode_text(quarters) {
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
}

/// Whether two quarters of lists have more than one number, and none that is longer than any of a
/// list.
#[target_feature(enable = "avx2,bmi1,lzcnt,popcnt")]
fn may_have_numbers(quarters: &[u8]) -> bool {
    // Most have blanks only. Every separator but the colon comes before the digits.
    let mut each = quarters.chunks_exact(QUARTER);
    if each.any(|quarter| quarter.iter().copied().fold(0, u8::max) < b'0') {
        return false;
    }
    let in_number = quarters
        .iter()
        .map(|byte| u32::from(byte.is_ascii_alphanumeric()));
    let numbers = (0..)
        .zip(in_number)
        .fold(0, |all, (at, bit)| all | bit << at);
    let starts = numbers & !(numbers << 1);
    let is_long = (1..=MAX_NUMBER).fold(numbers, |long, by| long & (numbers >> by)) != 0;
    starts.count_ones() > 1 && !is_long
}
