//! Decodes UTF-16 in either byte order, a whole file or strings in a binary: ASCII characters with
//! a zero byte after each.

use super::{Decoded, Map};

/// The shortest string that is decoded, in characters.
const MIN: usize = 16;

/// How many characters beyond ASCII in a row a string may contain.
const MAX_GAP: usize = 8;

/// Calls `visit` with every wide string of `text`.
pub(super) fn decode(text: &[u8], mut visit: impl FnMut(&Decoded)) {
    let mut done = 0;
    for nul in memchr::memchr_iter(0, text) {
        let Some(start) = nul
            .checked_sub(1)
            .filter(|&start| start >= done && is_text(text[start]))
        else {
            continue;
        };
        // With a zero byte on both sides, either byte order is possible, so both are decoded.
        let little = text.get(start + 1) == Some(&0);
        let big = start.checked_sub(1).is_some_and(|before| text[before] == 0);
        for order in [little.then_some(1), big.then_some(-1)]
            .into_iter()
            .flatten()
        {
            let (decoded, end) = string_at(text, start, order);
            if decoded.len() >= MIN {
                done = done.max(end);
                visit(&Decoded {
                    text: decoded,
                    encoding: "utf-16",
                    map: Map::Groups {
                        start,
                        decoded: 1,
                        encoded: 2,
                    },
                });
            }
        }
    }
}

/// The string that begins at `start`, with `?` for characters beyond ASCII, and its end. The high
/// byte of a character is `order` bytes from its low one: 1 in little-endian text, -1 in
/// big-endian.
fn string_at(text: &[u8], start: usize, order: isize) -> (Vec<u8>, usize) {
    let high = |at: usize| {
        at.checked_add_signed(order)
            .and_then(|at| text.get(at))
            .copied()
            .unwrap_or(0)
    };
    let mut decoded = Vec::new();
    let mut gap = 0;
    let mut at = start;
    while at < text.len() && gap <= MAX_GAP {
        let plain = is_text(text[at]) && high(at) == 0;
        gap = if plain { 0 } else { gap + 1 };
        decoded.push(if plain { text[at] } else { b'?' });
        at += 2;
    }
    decoded.truncate(decoded.len() - gap);
    let end = start + 2 * decoded.len();
    (decoded, end)
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
