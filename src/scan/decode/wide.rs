//! Decodes UTF-16 and UTF-32 in either byte order, a whole file or strings in a binary: ASCII
//! characters with zero bytes after or before each.

use super::{Decoded, Map};

/// The shortest string that is decoded, in characters.
const MIN: usize = 16;

/// How many characters beyond ASCII in a row a string may contain.
const MAX_GAP: usize = 8;

/// How a character is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unit {
    len: usize,
    is_big_endian: bool,
}

impl Unit {
    const fn new(len: usize, is_big_endian: bool) -> Self {
        Self { len, is_big_endian }
    }

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
}

/// Calls `visit` with every wide string of `text`.
pub(super) fn decode(text: &[u8], mut visit: impl FnMut(&Decoded)) {
    let (mut done, mut next) = (0, 0);
    while let Some(nul) = memchr::memchr(0, &text[next..]).map(|at| next + at) {
        next = nul + zeros(&text[nul..]);
        let Some(start) = nul
            .checked_sub(1)
            .filter(|&start| start >= done && is_text(text[start]))
        else {
            continue;
        };
        for len in [4, 2] {
            for unit in units_at(text, start, len).into_iter().flatten() {
                let count = count(text, start, unit);
                if count >= MIN {
                    done = done.max(start + unit.len * count);
                    visit(&Decoded {
                        text: string_at(text, start, unit, count),
                        encoding: if len == 4 { "utf-32" } else { "utf-16" },
                        map: Map::Groups {
                            start,
                            decoded: 1,
                            encoded: len,
                        },
                    });
                }
            }
            if done > start {
                break;
            }
        }
    }
}

/// How many zero bytes `text` begins with. Much of a binary file is zero bytes, and most of the
/// others are single ones.
fn zeros(text: &[u8]) -> usize {
    if text.get(1).is_some_and(|&next| next != 0) {
        return 1;
    }
    let (blocks, _) = text.as_chunks::<32>();
    let whole = 32 * blocks.iter().take_while(|&&block| block == [0; 32]).count();
    let rest = text[whole..].iter().take_while(|&&byte| byte == 0);
    whole + rest.count()
}

/// How the character at `start` may be encoded in `len` bytes. With zero bytes on both sides either
/// byte order is possible.
fn units_at(text: &[u8], start: usize, len: usize) -> [Option<Unit>; 2] {
    let zeros = &[0; 3][..len - 1];
    [
        text[start + 1..]
            .starts_with(zeros)
            .then_some(Unit::new(len, false)),
        text[..start]
            .ends_with(zeros)
            .then_some(Unit::new(len, true)),
    ]
}

/// How many characters the string has that begins at `start`. Most strings in a binary end at once.
fn count(text: &[u8], start: usize, unit: Unit) -> usize {
    let (mut count, mut gap) = (0, 0);
    for at in (start..text.len()).step_by(unit.len) {
        gap += 1;
        if unit.is_ascii(text, at) {
            count += gap;
            gap = 0;
        } else if gap > MAX_GAP {
            break;
        }
    }
    count
}

/// The string of `count` characters that begins at `start`, with `?` for those beyond ASCII.
fn string_at(text: &[u8], start: usize, unit: Unit, count: usize) -> Vec<u8> {
    let places = (start..text.len()).step_by(unit.len).take(count);
    let character = |at| {
        if unit.is_ascii(text, at) {
            text[at]
        } else {
            b'?'
        }
    };
    places.map(character).collect()
}

/// Whether `byte` is a printable ASCII character or ends a line or a field.
pub(super) fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

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
}
