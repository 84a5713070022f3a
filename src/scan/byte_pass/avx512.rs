//! Finds shapes with AVX-512: one table look-up tells the classes of 64 bytes at once.

#![expect(unsafe_code, reason = "calling what needs a feature of the processor")]

use std::arch::x86_64::{
    __m512i, _mm512_min_epu8, _mm512_movepi8_mask, _mm512_set1_epi8, _mm512_test_epi8_mask,
    _mm512_testn_epi8_mask,
};

use super::blocks::{self, Classes};
use super::{Counts, Shape, begins_joint, joins_token, may_be_second};
use crate::rule::charset::is_run_byte;
use crate::scan::decode::numbers::is_list_byte;
use crate::scan::vector::BLOCK;
use crate::scan::vector::avx512::{Table, is_supported, load};

const RUN: u8 = 1;
const LIST: u8 = 1 << 1;
const JOINT: u8 = 1 << 2;
const SECOND: u8 = 1 << 3;
const DIGIT: u8 = 1 << 4;
const SMALL: u8 = 1 << 5;
const CAPITAL: u8 = 1 << 6;
const TOKEN_JOINT: u8 = 1 << 7;

/// The classes of each ASCII character.
static CLASSES: Table = {
    let mut table = [0; 128];
    let mut byte = 0_u8;
    while byte < 128 {
        let classes = [
            (is_run_byte(byte), RUN),
            (is_list_byte(byte), LIST),
            (begins_joint(byte), JOINT),
            (may_be_second(byte), SECOND),
            (byte.is_ascii_digit(), DIGIT),
            (byte.is_ascii_lowercase(), SMALL),
            (byte.is_ascii_uppercase(), CAPITAL),
            (joins_token(byte), TOKEN_JOINT),
        ];
        let mut index = 0;
        while index < classes.len() {
            let (is_in, class) = classes[index];
            if is_in {
                table[byte as usize] |= class;
            }
            index += 1;
        }
        byte += 1;
    }
    Table(table)
};

/// Calls `found` with every shape, and returns whether `text` has a zero byte; `None`, without any
/// call, if the processor lacks the instructions.
pub(super) fn search(text: &[u8], found: &mut dyn FnMut(Shape)) -> Option<bool> {
    // SAFETY: `is_supported` checks every feature that the function enables.
    is_supported().then(|| unsafe { search_blocks(text, found) })
}

/// Adds the bytes of `text` to `counts`, and returns whether it could: it cannot if the processor
/// lacks the instructions.
pub(super) fn count(text: &[u8], counts: &mut Counts) -> bool {
    let is_able = is_supported();
    if is_able {
        // SAFETY: `is_supported` checks every feature that the function enables.
        unsafe { count_blocks(text, counts) }
    }
    is_able
}

#[target_feature(enable = "avx512bw,avx512vbmi,avx2,bmi1,lzcnt,popcnt")]
fn search_blocks(text: &[u8], found: &mut dyn FnMut(Shape)) -> bool {
    blocks::search(text, |blocks, classes| classify(blocks, classes), found)
}

/// Sets the classes of `blocks`, and returns whether they have a zero byte.
#[target_feature(enable = "avx512bw,avx512vbmi")]
fn classify(blocks: &[[u8; BLOCK]], classes: &mut [Classes]) -> bool {
    let table = CLASSES.load();
    // The least byte of each place in a block.
    let mut least = _mm512_set1_epi8(-1);
    for (block, classes) in blocks.iter().zip(classes) {
        let bytes = load(block);
        least = _mm512_min_epu8(least, bytes);
        let (found, others) = (table.look_up(bytes), _mm512_movepi8_mask(bytes));
        *classes = Classes {
            outside: lack(found, RUN) | others,
            unlisted: lack(found, LIST) | others,
            joints: have(found, JOINT) | others,
            no_second: lack(found, SECOND) & !others,
        };
    }
    _mm512_testn_epi8_mask(least, least) != 0
}

#[target_feature(enable = "avx512bw,avx512vbmi,avx2,bmi1,lzcnt,popcnt")]
fn count_blocks(text: &[u8], counts: &mut Counts) {
    let table = CLASSES.load();
    for block in text.chunks(BLOCK) {
        // What is behind the end is zero, which is counted nowhere.
        let bytes = load(block);
        let (found, others) = (table.look_up(bytes), _mm512_movepi8_mask(bytes));
        let count = |class| (have(found, class) & !others).count_ones() as usize;
        counts.digits += count(DIGIT);
        counts.small += count(SMALL);
        counts.capital += count(CAPITAL);
        counts.joints += count(TOKEN_JOINT);
    }
}

/// The bytes that are in a class.
#[target_feature(enable = "avx512bw,avx512vbmi")]
#[inline]
fn have(classes: __m512i, class: u8) -> u64 {
    _mm512_test_epi8_mask(classes, _mm512_set1_epi8(class.cast_signed()))
}

/// The bytes that are not in a class.
#[target_feature(enable = "avx512bw,avx512vbmi")]
#[inline]
fn lack(classes: __m512i, class: u8) -> u64 {
    _mm512_testn_epi8_mask(classes, _mm512_set1_epi8(class.cast_signed()))
}
