//! Reads every byte of a text once for what needs no keyword: charset runs, lists of numbers, and
//! places where a joint may be.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod blocks;

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
fn may_be_joint(text: &[u8], at: usize) -> bool {
    let Some(&next) = text.get(at + 1) else {
        return false;
    };
    match text[at] {
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

#[cfg(test)]
mod tests {
    use bstr::ByteSlice as _;

    use super::*;
    use crate::rule::charset::MIN_BASE64_RUN;
    use crate::scan::decode::joint::is_ignorable;
    use crate::text::Span;

    /// The shapes of `text`, found by reading every byte.
    fn plain(text: &[u8]) -> Vec<Shape> {
        let mut shapes = Vec::new();
        let (mut run, mut list) = (0, 0);
        for at in 0..=text.len() {
            let byte = text.get(at).copied();
            if byte.is_none_or(|byte| !is_run_byte(byte)) {
                if at - run >= MIN_RUN {
                    shapes.push(Shape::Run(run, at));
                }
                run = at + 1;
            }
            if byte.is_none_or(|byte| !numbers::is_list_byte(byte)) {
                if at - list >= MIN_LIST {
                    shapes.push(Shape::List(list, at));
                }
                list = at + 1;
            }
            if byte.is_some_and(|byte| matches!(byte, b'"' | b'\'' | b'`' | b'\\' | 0x1b | 0x80..))
                && at > 0
                && is_run_byte(text[at - 1])
                && may_be_joint(text, at)
            {
                shapes.push(Shape::Joint(at));
            }
        }
        that_matter(text, shapes)
    }

    /// The shapes in order, without lists in which no text begins.
    fn that_matter(text: &[u8], mut shapes: Vec<Shape>) -> Vec<Shape> {
        shapes.retain(|shape| {
            let mut is_text = !matches!(shape, Shape::List(..));
            if let &Shape::List(start, end) = shape {
                numbers::begins_in(text, Span::new(start, end), |_| is_text = true);
            }
            is_text
        });
        shapes.sort_unstable();
        shapes
    }

    /// The shapes of `text`, found by each search with vectors that the processor has.
    fn fast(text: &[u8]) -> Vec<Shape> {
        let shapes = by(text, |found| Some(search(text, found))).expect("a search");
        #[cfg(target_arch = "x86_64")]
        for other in [
            by(text, |found| avx512::search(text, found)),
            by(text, |found| avx2::search(text, found)),
        ] {
            assert!(other.is_none_or(|other| other == shapes));
        }
        shapes
    }

    fn by(
        text: &[u8],
        search: impl FnOnce(&mut dyn FnMut(Shape)) -> Option<bool>,
    ) -> Option<Vec<Shape>> {
        let mut shapes = Vec::new();
        let has_nul = search(&mut |shape| shapes.push(shape))?;
        assert_eq!(has_nul, text.contains(&0));
        Some(that_matter(text, shapes))
    }

    fn slow(text: &[u8]) -> Vec<Shape> {
        by(text, |found| Some(portable(text, found))).expect("a search")
    }

    /// The build script, the rules and both searches use one definition: these are its promises.
    #[test]
    fn a_run_of_a_rule_is_a_charset_run() {
        const { assert!(MIN_BASE64_RUN >= MIN_RUN) };
        for byte in 0..=u8::MAX {
            let base64 = byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
            let in_run = base64 || b"_-.=\\%&#;".contains(&byte);
            assert_eq!(is_run_byte(byte), in_run, "{byte:#x}");
        }
    }

    #[test]
    fn both_searches_agree_with_reading_every_byte() {
        let mut state = 1_u32;
        let mut count = 0;
        for round in 0..600 {
            let mut text = Vec::new();
            while text.len() < 600 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let stops = [b" ", b"\"", b"\n", b"\0", b"\x1b", b"\\", b"\xe2", b"\xff"];
                let pieces: [&[u8]; 8] = if round % 3 == 0 {
                    [
                        b"65, ",
                        b"0x4b,",
                        b"122,\n    ",
                        b"7a ",
                        b"0x5A, ",
                        b"99,",
                        b"0x61, ",
                        b"104, ",
                    ]
                } else {
                    [b"a", b"Z", b"9", b"+", b"/", b"\\", b"%", b"_"]
                };
                let is_stop = state >> 24 < 3 + round % 20;
                let stop = &stops[(state >> 20) as usize % 8][..];
                // Lists have one form most of the time.
                let piece = if round % 3 == 0 && state >> 28 != 0 {
                    pieces[(round / 3 % 8) as usize]
                } else {
                    pieces[(state >> 16) as usize % 8]
                };
                text.extend_from_slice(if is_stop { stop } else { piece });
            }
            text.truncate(600 - (round % 64) as usize);
            assert_eq!(fast(&text), plain(&text));
            assert_eq!(slow(&text), plain(&text));
            count += plain(&text).len();
        }
        assert!(count > 1000, "only {count} shapes: the test proves little");
    }

    #[test]
    fn every_byte_value_is_classified_alike_at_every_offset() {
        for byte in 0..=u8::MAX {
            for at in 0..70 {
                for (fill, len) in [("k", MIN_RUN), ("65, ", MIN_LIST)] {
                    let mut text = vec![b'~'; at];
                    text.extend(fill.bytes().cycle().take(len - 1));
                    text.push(byte);
                    text.extend(b"[ ");
                    assert_eq!(fast(&text), plain(&text), "{byte:#x} at {at}");
                }
            }
        }
    }

    #[test]
    fn every_character_that_is_not_shown_may_be_a_joint() {
        let mut count = 0;
        for c in ('\0'..=char::MAX).filter(|&c| is_ignorable(c)) {
            assert!(may_be_joint(format!("a{c}").as_bytes(), 1), "{c:?}");
            count += 1;
        }
        assert!(count > 500);
    }

    #[test]
    fn joints_are_found_whatever_their_first_bytes_are() {
        let mut count = 0;
        for &first in b"\"'`\\\x1b\xc2\xe2\xf3a" {
            for second in 0..=u8::MAX {
                for rest in [&b"\""[..], b".", b"$", b"\x8b"] {
                    for before in [29, 30, 31] {
                        let start = [&vec![b'~'; before][..], &[b'a', first, second]].concat();
                        let text = [&start, rest, &[b'~'; 64][..]].concat();
                        assert_eq!(fast(&text), plain(&text), "{:?}", text.as_bstr());
                        count += plain(&text).len();
                    }
                }
            }
        }
        assert!(count > 200, "only {count} joints: the test proves little");
    }

    #[test]
    fn bytes_are_counted_alike() {
        let all: Vec<u8> = (0..=u8::MAX).collect();
        for len in 0..all.len() {
            for text in [&all[..len], &all[len..]] {
                assert_eq!(count(text), count_bytes(text), "{len}");
                #[cfg(target_arch = "x86_64")]
                {
                    let mut counts = Counts::default();
                    let is_able = avx2::count(text, &mut counts);
                    assert!(!is_able || counts == count_bytes(text), "{len}");
                }
            }
        }
    }

    #[test]
    fn runs_at_the_edges_and_of_the_shortest_length_are_found() {
        for (before, len, after) in [
            ("", 40, ""),
            (" ", 40, ""),
            ("", 40, " "),
            ("x y ", 41, "("),
        ] {
            let text = format!("{before}{}{after}", "k".repeat(len));
            let run = Shape::Run(before.len(), before.len() + len);
            assert_eq!(fast(text.as_bytes()), [run]);
        }
        assert_eq!(fast(&[b'k'; MIN_RUN - 1]), []);
        assert_eq!(fast(b""), []);
    }
}
