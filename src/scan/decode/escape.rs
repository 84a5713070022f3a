//! Decodes the escapes of strings, URLs and markup: `\n`, `\/`, `\u002F`, `\x2F`, `%2F`, `&#x2F;`,
//! `&amp;`.

use super::{Decoded, Map};
use crate::text::Span;

/// Whether `run` contains anything that [`decode`] would change.
pub(super) fn is_in(run: &[u8]) -> bool {
    memchr::memchr3_iter(b'\\', b'%', b'&', run).any(|at| escape_at_start(&run[at..]).is_some())
}

/// Decodes the escapes in `window`.
pub(super) fn decode(text: &[u8], window: Span) -> Decoded {
    let source = window.of(text);
    let mut decoded = Vec::with_capacity(source.len());
    let mut offsets = Vec::with_capacity(source.len() + 1);
    let mut at = 0;
    while at < source.len() {
        let (byte, len) = match source[at] {
            b'\\' | b'%' | b'&' => escape_at_start(&source[at..]).unwrap_or((source[at], 1)),
            plain => (plain, 1),
        };
        decoded.push(byte);
        offsets.push(window.start + at);
        at += len;
    }
    offsets.push(window.end);
    Decoded {
        text: decoded,
        encoding: "escaped",
        map: Map::Table(offsets),
    }
}

/// The escape at the start of `text`: its value (`?` beyond ASCII) and its length.
fn escape_at_start(text: &[u8]) -> Option<(u8, usize)> {
    match text {
        [b'\\', b'x', high, low, ..] => Some((hex(&[*high, *low])?, 4)),
        [b'\\', b'u', b'{', rest @ ..] => {
            let len = rest.iter().take(7).position(|&b| b == b'}')?;
            Some((hex(&rest[..len])?, len + 4))
        }
        [b'\\', b'u', a, b, c, d, ..] => Some((hex(&[*a, *b, *c, *d])?, 6)),
        [b'\\', letter, ..] => {
            let byte = match letter {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'/' | b'"' | b'\'' | b'\\' | b'=' | b':' | b'+' | b'&' => *letter,
                _ => return None,
            };
            Some((byte, 2))
        }
        [b'%', high, low, ..] => Some((hex(&[*high, *low])?, 3)),
        [b'&', b'#', rest @ ..] => numeric_entity(rest).map(|(byte, len)| (byte, len + 2)),
        [b'&', rest @ ..] => {
            const NAMED: [(&[u8], u8); 8] = [
                (b"amp;", b'&'),
                (b"quot;", b'"'),
                (b"apos;", b'\''),
                (b"lt;", b'<'),
                (b"gt;", b'>'),
                (b"sol;", b'/'),
                (b"plus;", b'+'),
                (b"equals;", b'='),
            ];
            let (name, byte) = NAMED.iter().find(|(name, _)| rest.starts_with(name))?;
            Some((*byte, name.len() + 1))
        }
        _ => None,
    }
}

/// Decodes `47;` or `x2F;`.
fn numeric_entity(rest: &[u8]) -> Option<(u8, usize)> {
    let len = rest.iter().take(8).position(|&b| b == b';')?;
    let value = match &rest[..len] {
        [b'x' | b'X', digits @ ..] => hex(digits)?,
        digits => {
            let text = std::str::from_utf8(digits).ok()?;
            text.parse::<u32>()
                .map_or(None, |value| Some(u8::try_from(value).unwrap_or(b'?')))?
        }
    };
    Some((value, len + 1))
}

/// The value of hex digits, or `?` if it does not fit in a byte.
fn hex(digits: &[u8]) -> Option<u8> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let value = digits.iter().fold(0_u32, |value, &digit| {
        value
            .saturating_mul(16)
            .saturating_add(char::from(digit).to_digit(16).unwrap_or(0))
    });
    Some(u8::try_from(value).unwrap_or(b'?'))
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
            decoded(r#"k\":\"v\n\q%zz&unknown;"#),
            "k\":\"v\n\\q%zz&unknown;"
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
