//! Reads every byte of a text once for what needs no keyword: charset runs, lists of numbers, and
//! places where a joint may be.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod blocks;
#[cfg(test)]
mod tests;

use crate::rule::charset::{MIN_RUN, is_run_byte};

use super::charset_runs::skip_along;
use super::decode::{joint, numbers};

/// The shortest stretch of bytes of a list that is found.
pub(super) const MIN_LIST: usize = numbers::LEN;

/// What a pass finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shape {
    /// A maximal charset run of at least [`MIN_RUN`] bytes: its start and end.
    Run(usize, usize),
    /// A maximal stretch of at least [`MIN_LIST`] bytes of lists: its start and end. One that does
    /// not encode text may be left out.
    List(usize, usize),
    /// A byte with which a joint may begin, after a run byte.
    Joint(usize),
}

/// How many bytes of each class a text has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) digits: usize,
    pub(super) small: usize,
    pub(super) capital: usize,
    /// Signs that join the parts of a token, and commas, which are in no run.
    pub(super) joints: usize,
}

impl Counts {
    /// How many of the bytes may be a part of a token.
    pub(super) const fn in_tokens(self) -> usize {
        self.digits + self.small + self.capital + self.joints
    }
}

/// Whether a byte joins the parts of a token, or is a comma.
const fn joins_token(byte: u8) -> bool {
    matches!(byte, b'+'..=b'/' | b'_')
}

/// Counts the bytes of each class in `text`.
pub(super) fn count(text: &[u8]) -> Counts {
    #[cfg(target_arch = "x86_64")]
    {
        // An `Option` of them would be copied in memory, which takes as long as counting.
        let mut counts = Counts::default();
        if avx512::count(text, &mut counts) || avx2::count(text, &mut counts) {
            return counts;
        }
    }
    count_bytes(text)
}

fn count_bytes(text: &[u8]) -> Counts {
    let count = |is_of: fn(&u8) -> bool| text.iter().filter(|byte| is_of(byte)).count();
    Counts {
        digits: count(u8::is_ascii_digit),
        small: count(u8::is_ascii_lowercase),
        capital: count(u8::is_ascii_uppercase),
        joints: count(|&byte| joins_token(byte)),
    }
}

/// Calls `found` with every shape in `text`, in any order. Returns whether `text` has a zero byte.
pub(super) fn search(text: &[u8], mut found: impl FnMut(Shape)) -> bool {
    #[cfg(target_arch = "x86_64")]
    if let Some(has_nul) =
        avx512::search(text, &mut found).or_else(|| avx2::search(text, &mut found))
    {
        return has_nul;
    }
    portable(text, &mut found)
}

fn portable(text: &[u8], found: &mut dyn FnMut(Shape)) -> bool {
    let is_outside = |byte| !is_run_byte(byte);
    skip_along(text, MIN_RUN, is_outside, |start, end| {
        found(Shape::Run(start, end));
    });
    let is_unlisted = |byte| !numbers::is_list_byte(byte);
    skip_along(text, MIN_LIST, is_unlisted, |start, end| {
        found(Shape::List(start, end));
    });
    let mut joint = |at: usize| {
        if at > 0 && is_run_byte(text[at - 1]) && may_be_joint(text, at) {
            found(Shape::Joint(at));
        }
    };
    memchr::memchr3_iter(b'"', b'\'', b'`', text).for_each(&mut joint);
    memchr::memchr2_iter(b'\\', 0x1b, text).for_each(&mut joint);
    if !text.is_ascii() {
        let bytes = text.iter().enumerate();
        bytes
            .filter(|(_, byte)| !byte.is_ascii())
            .for_each(|(at, _)| joint(at));
    }
    memchr::memchr(0, text).is_some()
}

/// Whether a joint may begin with the byte at `at`, by what follows it: most quotes close what ends
/// there.
#[inline]
fn may_be_joint(text: &[u8], at: usize) -> bool {
    let Some(&next) = text.get(at + 1) else {
        return false;
    };
    match text[at] {
        // Many literals are the last argument of a call.
        b'"' | b'\'' | b'`' if next == b')' => text.get(at + 2) == Some(&b'.'),
        b'"' | b'\'' | b'`' => may_join_literals(&text[at + 1..]),
        b'\\' => matches!(next, b'\r' | b'\n'),
        0x1b => next == b'[',
        // The characters that are not shown, by their first bytes in UTF-8.
        0xc2 => next == 0xad,
        0xcd => next == 0x8f,
        0xd8 => next == 0x9c,
        0xe1 => next == 0xa0,
        0xe2 => match text[at + 1..] {
            [0x80, last, ..] => matches!(last, 0x8b..=0x8f | 0xa8..=0xae),
            _ => next == 0x81,
        },
        0xef => matches!(next, 0xb8 | 0xbb),
        0xf3 => next == 0xa0,
        _ => false,
    }
}

/// Whether a joint may begin with an ASCII character.
#[cfg(target_arch = "x86_64")]
const fn begins_joint(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`' | b'\\' | 0x1b)
}

/// Whether an ASCII character may be the second byte of a joint.
#[cfg(target_arch = "x86_64")]
const fn may_be_second(byte: u8) -> bool {
    let is_blank = byte.is_ascii_whitespace();
    let is_prefix = matches!(byte, b'b' | b'f' | b'r' | b'u' | b'L' | b'N' | b'@' | b'$');
    is_blank
        || is_prefix
        || matches!(byte, b'"' | b'\'' | b'`' | b'+' | b'.' | b'&' | b'|')
        || matches!(byte, b'<' | b'^' | b'\\' | b')' | b'}' | b'[')
}

/// Whether what follows the quote at the end of a literal may join it to another one.
#[inline(never)]
fn may_join_literals(rest: &[u8]) -> bool {
    let is_blank = |byte: &&u8| byte.is_ascii_whitespace();
    let blanks = rest
        .iter()
        .take(joint::MAX_LEN)
        .take_while(is_blank)
        .count();
    match rest[blanks..] {
        [b'"' | b'\'' | b'`', ..] => true,
        [b'+' | b'.' | b'&' | b'|' | b'<' | b'^' | b'\\', ..] => true,
        // A call, and the end of a placeholder with the beginning of the next one.
        [b')', b'.', ..] | [b'}', b'$', ..] => blanks == 0,
        // The prefix of a literal.
        [
            b'b' | b'f' | b'r' | b'u' | b'L' | b'N' | b'@' | b'$',
            b'"' | b'\'' | b'`',
            ..,
        ] => true,
        _ => false,
    }
}
