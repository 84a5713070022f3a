//! Decodes the escapes of strings, URLs and markup: `\n`, `\/`, `\057`, `\u002F`, `\x2F`, `%2F`,
//! `&#x2F;`, `&amp;`.

use super::joint::is_ignorable;
use super::{Decoded, Map};
use crate::text::Span;

/// Whether `run` contains anything that [`decode`] would change.
pub(super) fn is_in(run: &[u8]) -> bool {
    memchr::memchr3_iter(b'\\', b'%', b'&', run).any(|at| escape_at_start(&run[at..]).is_some())
}

/// Decodes the escapes in `window`: characters that are not shown are dropped, and others beyond
/// the first 256 become `?`.
pub(super) fn decode(text: &[u8], window: Span) -> Decoded {
    let source = window.of(text);
    let mut decoded = Vec::with_capacity(source.len());
    let mut offsets = Vec::with_capacity(source.len() + 1);
    let mut at = 0;
    while at < source.len() {
        let escape = match source[at] {
            b'\\' | b'%' | b'&' => escape_at_start(&source[at..]),
            _ => None,
        };
        let (byte, len) = match escape {
            Some((value, len)) if char::from_u32(value).is_some_and(is_ignorable) => (None, len),
            Some((value, len)) => (Some(u8::try_from(value).unwrap_or(b'?')), len),
            None => (Some(source[at]), 1),
        };
        if let Some(byte) = byte {
            decoded.push(byte);
            offsets.push(window.start + at);
        }
        at += len;
    }
    offsets.push(window.end);
    Decoded {
        text: decoded,
        encoding: "escaped",
        map: Map::Table(offsets),
    }
}

/// The character of the escape at the start of `text`, and the length of the escape.
fn escape_at_start(text: &[u8]) -> Option<(u32, usize)> {
    match text {
        [b'\\', b'x', high, low, ..] => Some((hex(&[*high, *low])?, 4)),
        [b'\\', b'u', b'{', rest @ ..] => {
            let len = rest.iter().take(7).position(|&b| b == b'}')?;
            Some((hex(&rest[..len])?, len + 4))
        }
        [b'\\', b'u', a, b, c, d, ..] => Some((hex(&[*a, *b, *c, *d])?, 6)),
        [b'\\', a @ b'0'..=b'1', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] => {
            let digits = [a, b, c].map(|digit| u32::from(digit - b'0'));
            Some((digits[0] << 6 | digits[1] << 3 | digits[2], 4))
        }
        [b'\\', letter, ..] => {
            let byte = match letter {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'e' => 0x1b,
                b'/' | b'"' | b'\'' | b'\\' | b'=' | b':' | b'+' | b'&' => *letter,
                _ => return None,
            };
            Some((byte.into(), 2))
        }
        [b'%', high, low, ..] => Some((hex(&[*high, *low])?, 3)),
        [b'&', b'#', rest @ ..] => numeric_entity(rest).map(|(value, len)| (value, len + 2)),
        [b'&', rest @ ..] => {
            const NAMED: [(&[u8], u32); 9] = [
                (b"amp;", 0x26),
                (b"quot;", 0x22),
                (b"apos;", 0x27),
                (b"lt;", 0x3c),
                (b"gt;", 0x3e),
                (b"sol;", 0x2f),
                (b"plus;", 0x2b),
                (b"equals;", 0x3d),
                (b"shy;", 0xad),
            ];
            let (name, value) = NAMED.iter().find(|(name, _)| rest.starts_with(name))?;
            Some((*value, name.len() + 1))
        }
        _ => None,
    }
}

/// Decodes `47;` or `x2F;`.
fn numeric_entity(rest: &[u8]) -> Option<(u32, usize)> {
    let len = rest.iter().take(8).position(|&b| b == b';')?;
    let value = match &rest[..len] {
        [b'x' | b'X', digits @ ..] => hex(digits)?,
        digits => number(digits, 10)?,
    };
    Some((value, len + 1))
}

/// The value of hex digits.
fn hex(digits: &[u8]) -> Option<u32> {
    number(digits, 16)
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let mut values = digits
        .iter()
        .map(|&digit| char::from(digit).to_digit(radix));
    let first = values.next()??;
    values.try_fold(first, |value, digit| {
        value.checked_mul(radix)?.checked_add(digit?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> String {
        let decoded = decode(text.as_bytes(), Span::new(0, text.len()));
        String::from_utf8(decoded.text).unwrap()
    }

    #[test]
    fn known_escapes_are_decoded_and_others_kept() {
        assert_eq!(
            decoded(r"a\/b\u002Fc\x2fd%2Be&#x2F;f&#43;g&amp;h\u{2B}"),
            "a/b/c/d+e/f+g&h+"
        );
        assert_eq!(
            decoded(r#"k\":\"v\n\q%zz&unknown;%+1\x-1&#+9;"#),
            "k\":\"v\n\\q%zz&unknown;%+1\\x-1&#+9;"
        );
        assert_eq!(
            decoded(r"\101\053\377a\u200bb&#xad;c\u{1f511}"),
            "A+\\377abc?"
        );
        assert_eq!(decoded("%"), "%");
        assert_eq!(decoded("\\"), "\\");
    }

    #[test]
    fn spans_are_mapped_to_their_source() {
        let text = r"..a\/b..";
        let decoded = decode(text.as_bytes(), Span::new(2, 6));
        assert_eq!(decoded.text, b"a/b");
        assert_eq!(
            decoded.source_span(Span::new(1, 2)).of(text.as_bytes()),
            br"\/"
        );
        assert_eq!(
            decoded.source_span(Span::new(0, 3)).of(text.as_bytes()),
            br"a\/b"
        );
    }
}
