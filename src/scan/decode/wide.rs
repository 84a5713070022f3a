//! Decodes UTF-16 and UTF-32 in either byte order, a whole file or strings in a binary: ASCII
//! characters with zero bytes after or before each.

use super::{Decoded, Map};
use crate::text::Span;

/// The shortest string that is decoded, in characters.
const MIN: usize = 16;

/// How many characters beyond ASCII in a row a string may contain.
const MAX_GAP: usize = 8;

/// How many ASCII characters a string has. Most tables of small numbers in binaries have fewer.
const MIN_ASCII: usize = 8;

/// How many of them are in a row somewhere.
const MIN_STRETCH: usize = 4;

/// How many bytes are tested at once. A shortest stretch covers a whole word.
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
            // The end of the text may cut the last character.
            Some(text.get(at + 1..at + 1 + zeros).unwrap_or_default())
        };
        is_text(text[at]) && high.is_some_and(|high| high.iter().all(|&byte| byte == 0))
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

/// Calls `visit` with every wide string of `text`, as each way to encode it reads it.
pub(super) fn decode(text: &[u8], mut visit: impl FnMut(&Decoded)) {
    let (words, _) = text.as_chunks::<WORD>();
    // How far each unit has read: strings of one may hide the first character of those of another.
    let mut units = [(4, false), (4, true), (2, false), (2, true)]
        .map(|(len, is_big_endian)| (Unit { len, is_big_endian }, 0));
    for (at, word) in (0..).step_by(WORD).zip(words) {
        if !may_be_wide(*word) {
            continue;
        }
        let Some(first) = word.iter().position(|&byte| is_text(byte)) else {
            continue;
        };
        for (unit, done) in units.iter_mut().filter(|(_, done)| at >= *done) {
            if let Some(string) = string_around(text, at + first, *done, *unit) {
                *done = string.end;
                // Each character but the last takes a unit.
                if string.len() > (MIN - 1) * unit.len {
                    let decoded = decoded(text, string, *unit);
                    let ascii = decoded.text.iter().filter(|&&byte| byte != BEYOND);
                    if ascii.count() >= MIN_ASCII {
                        visit(&decoded);
                    }
                }
            }
        }
    }
}

/// Whether every other byte is zero. Each stretch of [`MIN_STRETCH`] characters has such a word.
const fn may_be_wide(word: [u8; WORD]) -> bool {
    const ODD: u32 = 0xff00_ff00;
    let word = u32::from_le_bytes(word);
    word != 0 && (word & ODD == 0 || word & !ODD == 0)
}

/// The string with the character at `at`, from `low` on, if that character is in a stretch that is
/// long enough.
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
    Some(Span::new(start, last + 1))
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

/// What a character beyond ASCII is decoded to.
const BEYOND: u8 = b'?';

/// Decodes `string`, whose first and last character are in ASCII.
fn decoded(text: &[u8], string: Span, unit: Unit) -> Decoded {
    let places = (string.start..string.end).step_by(unit.len);
    let character = |at| {
        if unit.is_ascii(text, at) {
            text[at]
        } else {
            BEYOND
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
        let utf_16 = [u16::to_le_bytes, u16::to_be_bytes].map(|encode| utf_16(message, encode));
        let utf_32 = [u32::to_le_bytes, u32::to_be_bytes].map(|encode| utf_32(message, encode));
        for encoded in [utf_16, utf_32].as_flattened() {
            for from in 0..table.len() / 2 {
                let text = [&table[from..], encoded, &table[..from]].concat();
                let found = strings(&text);
                assert!(found.iter().any(|found| found.contains(message)), "{from}");
                assert!(found.len() <= 2, "{found:?}");
            }
        }
    }

    fn utf_16(text: &str, encode: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(encode).collect()
    }

    fn utf_32(text: &str, encode: fn(u32) -> [u8; 4]) -> Vec<u8> {
        text.chars().map(u32::from).flat_map(encode).collect()
    }

    #[test]
    fn what_precedes_a_string_in_another_encoding_does_not_hide_it() {
        let secret = "key = 0123456789abcdef";
        let decoy = "a decoy of some length";
        let encoded = |text: &str| {
            [
                utf_16(text, u16::to_le_bytes),
                utf_16(text, u16::to_be_bytes),
                utf_32(text, u32::to_le_bytes),
                utf_32(text, u32::to_be_bytes),
            ]
        };
        for before in [
            "\u{e9}2 file \u{142}",
            "\u{e9}configs\u{142}",
            "xa\u{2603}",
            decoy,
        ] {
            for (text, other) in encoded(secret)
                .iter()
                .zip(encoded(&format!("{before}{secret}")))
            {
                for start in encoded(before) {
                    let text = [&start, &text[..]].concat();
                    let found = strings(&text);
                    assert!(
                        found.iter().any(|found| found.contains(secret)),
                        "{found:?}"
                    );
                }
                for start in 0..8 {
                    let text = [&vec![1; start][..], &other, &[1]].concat();
                    let found = strings(&text);
                    assert!(
                        found.iter().any(|found| found.contains(secret)),
                        "{found:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn characters_beyond_ascii_may_be_in_a_short_name_and_its_value() {
        let value = ["K9", "#x2L", "7qQ"];
        let text = format!("\u{fc}_pwd=\"\u{e4}{}\"", value.join("\u{e4}"));
        let found = strings(&utf_16(&text, u16::to_le_bytes));
        let expected = format!("_pwd=\"?{}\"", value.join("?"));
        assert!(found.contains(&expected), "{found:?}");
    }
}
