//! Decodes UTF-16 and UTF-32 in either byte order, a whole file or strings in a binary: ASCII
//! characters with zero bytes after or before each.

use super::{Decoded, Map};
use crate::text::Span;

/// The shortest string that is decoded, in characters.
const MIN: usize = 16;

/// How many characters beyond ASCII in a row a string may contain.
const MAX_GAP: usize = 8;

/// How many ASCII characters in a row a string has: no secret is shorter with its name. Tables of
/// small numbers have fewer.
const MIN_STRETCH: usize = 8;

/// How many bytes are tested at once, in bytes. A shortest stretch covers a whole word.
const WORD: usize = MIN_STRETCH;

/// How a character is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unit {
    len: usize,
    is_big_endian: bool,
}

impl Unit {
    /// Whether the byte at `at` is an ASCII character in this encoding.
    fn is_ascii(self, text: &[u8], at: usize) -> bool {
        let zeros = self.len - 1;
        let high = if self.is_big_endian {
            at.checked_sub(zeros).map(|start| &text[start..at])
        } else {
            text.get(at + 1..at + 1 + zeros)
        };
        // The end of the text may cut the last character.
        let high = high.unwrap_or_default();
        is_text(text[at]) && high.iter().all(|&byte| byte == 0)
    }

    /// The places of the characters after `at`, in a text of `len` bytes.
    fn after(self, at: usize, len: usize) -> impl Iterator<Item = usize> {
        (at..len).step_by(self.len).skip(1)
    }

    /// The places of the characters before `at`, down to `low`.
    fn before(self, at: usize, low: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(at), move |at| at.checked_sub(self.len))
            .skip(1)
            .take_while(move |&at| at >= low)
    }
}

/// Calls `visit` with every wide string of `text`.
pub(super) fn decode(text: &[u8], mut visit: impl FnMut(&Decoded)) {
    let (words, _) = text.as_chunks::<WORD>();
    let mut done = 0;
    for (at, word) in (0..).step_by(WORD).zip(words) {
        if at < done || !may_be_wide(*word) {
            continue;
        }
        let Some(first) = word.iter().position(|&byte| is_text(byte)) else {
            continue;
        };
        let low = done;
        for len in [4, 2] {
            for is_big_endian in [false, true] {
                let unit = Unit { len, is_big_endian };
                if let Some(string) = string_around(text, at + first, low, unit) {
                    done = done.max(string.end);
                    visit(&decoded(text, string, unit));
                }
            }
            if done > at {
                break;
            }
        }
    }
}

/// Whether every other byte is zero: so it is somewhere in each stretch of [`MIN_STRETCH`]
/// characters.
const fn may_be_wide(word: [u8; WORD]) -> bool {
    const ODD: u64 = 0xff00_ff00_ff00_ff00;
    let word = u64::from_le_bytes(word);
    word != 0 && (word & ODD == 0 || word & !ODD == 0)
}

/// The string with the character at `at`, not before `low`, if it is long enough and that character
/// is in a stretch that is.
fn string_around(text: &[u8], at: usize, low: usize, unit: Unit) -> Option<Span> {
    let is_ascii = |&at: &usize| unit.is_ascii(text, at);
    if !is_ascii(&at) {
        // What begins a word may be the end of something else.
        return None;
    }
    let before = unit.before(at, low).take(MIN_STRETCH).take_while(is_ascii);
    let after = unit.after(at, text.len()).take(MIN_STRETCH);
    if before.count() + 1 + after.take_while(is_ascii).count() < MIN_STRETCH {
        return None;
    }
    let start = last_ascii(text, unit.before(at, low), unit).unwrap_or(at);
    let last = last_ascii(text, unit.after(at, text.len()), unit).unwrap_or(at);
    let string = Span::new(start, last + unit.len);
    (string.len() >= MIN * unit.len).then_some(string)
}

/// The last of `places` with an ASCII character, before more than [`MAX_GAP`] without one.
fn last_ascii(text: &[u8], places: impl Iterator<Item = usize>, unit: Unit) -> Option<usize> {
    let (mut last, mut gap) = (None, 0);
    for at in places {
        if unit.is_ascii(text, at) {
            (last, gap) = (Some(at), 0);
        } else {
            gap += 1;
            if gap > MAX_GAP {
                break;
            }
        }
    }
    last
}

/// Decodes `string`, with `?` for characters beyond ASCII.
fn decoded(text: &[u8], string: Span, unit: Unit) -> Decoded {
    let places = (string.start..string.end).step_by(unit.len);
    let character = |at| {
        if unit.is_ascii(text, at) {
            text[at]
        } else {
            b'?'
        }
    };
    Decoded {
        text: places.map(character).collect(),
        encoding: if unit.len == 4 { "utf-32" } else { "utf-16" },
        map: Map::Groups {
            start: string.start,
            decoded: 1,
            encoded: unit.len,
        },
    }
}

/// Whether `byte` is a printable ASCII character or ends a line or a field.
pub(super) fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(text: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        decode(text, |decoded| {
            found.push(String::from_utf8(decoded.text.clone()).unwrap());
        });
        found
    }

    #[test]
    fn both_byte_orders_are_decoded_and_characters_beyond_ascii_replaced() {
        let message = "key = 0123456789 \u{201d}after\u{201c} all";
        let plain = message.replace(['\u{201d}', '\u{201c}'], "?");
        for encode in [u16::to_le_bytes, u16::to_be_bytes] {
            let mut text = encode(0xfeff).to_vec();
            text.extend(message.encode_utf16().flat_map(encode));
            assert!(strings(&text).contains(&plain));
        }
        for encode in [u32::to_le_bytes, u32::to_be_bytes] {
            let text = message.chars().flat_map(|c| encode(c.into()));
            assert!(strings(&text.collect::<Vec<u8>>()).contains(&plain));
        }
    }

    #[test]
    fn an_accent_before_a_string_and_a_quote_in_it_are_no_obstacle() {
        for message in [
            "\u{e9} id \u{201c}0123456789abcdef\u{201d}",
            "\0the id is \u{2013}0123456789abcdef\u{2013}",
        ] {
            for encode in [u16::to_le_bytes, u16::to_be_bytes] {
                let text: Vec<u8> = message.encode_utf16().flat_map(encode).collect();
                assert!(
                    strings(&text)
                        .iter()
                        .any(|found| found.contains("?0123456789abcdef")),
                    "{message:?}"
                );
            }
        }
    }

    #[test]
    fn strings_in_binaries_are_found_and_mapped_to_their_source() {
        let mut text = vec![0xff, 0, 0, 1, 2, 0, 0];
        let start = text.len();
        text.extend(
            "a wide string of text"
                .encode_utf16()
                .flat_map(u16::to_le_bytes),
        );
        text.extend([0, 0, 0, 9]);
        decode(&text, |decoded| {
            if decoded.text == b"a wide string of text" {
                assert_eq!(
                    decoded.source_span(Span::new(2, 6)),
                    Span::new(start + 4, start + 12)
                );
            }
        });
        assert!(strings(&text).contains(&"a wide string of text".to_owned()));
    }

    #[test]
    fn tables_of_numbers_around_a_string_do_not_hide_it() {
        let message = "key = 0123456789abcdef";
        let table: Vec<u8> = (b' '..=b'~')
            .flat_map(|low| [low, 0, 0, low, 1, 0])
            .collect();
        let utf_16 = [u16::to_le_bytes, u16::to_be_bytes].map(|encode| {
            let units = message.encode_utf16();
            units.flat_map(encode).collect::<Vec<u8>>()
        });
        let utf_32 = [u32::to_le_bytes, u32::to_be_bytes].map(|encode| {
            let units = message.chars().map(u32::from);
            units.flat_map(encode).collect::<Vec<u8>>()
        });
        for encoded in [utf_16, utf_32].as_flattened() {
            for from in 0..table.len() / 2 {
                let text = [&table[from..], encoded, &table[..from]].concat();
                let found = strings(&text);
                assert!(found.iter().any(|found| found.contains(message)), "{from}");
                assert!(found.len() <= 2, "{found:?}");
            }
        }
    }
}
