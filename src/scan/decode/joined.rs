//! Joins text that is in pieces: string literals with an operator between, and quoted-printable
//! with its soft line breaks.

use super::{Decoded, Map};
use crate::text::Span;

/// How far around an operator literals are joined, in bytes.
const REACH: usize = 256;

/// The text around `at` without `" + "` and the like, and an offset before which keywords are
/// included.
pub(super) fn decode_around(text: &[u8], at: usize) -> (Option<Decoded>, usize) {
    let window = Span::new(at.saturating_sub(REACH), text.len().min(at + REACH));
    let decoded = replace_all(text, window, "joined literals", |rest| {
        let operator = [&b"\" + \""[..], b"' + '", b"\" . \"", b"' . '"];
        operator
            .iter()
            .find(|op| rest.starts_with(op))
            .map(|op| (op.len(), None))
    });
    (Some(decoded), at + REACH / 2)
}

/// Decodes the text from `at` on as quoted-printable.
pub(super) fn quoted_printable(text: &[u8], at: usize) -> Decoded {
    replace_all(
        text,
        Span::new(at, text.len()),
        "quoted-printable",
        |rest| match rest {
            [b'=', b'\n', ..] => Some((2, None)),
            [b'=', b'\r', b'\n', ..] => Some((3, None)),
            [b'=', high, low, ..] => {
                let value = char::from(*high).to_digit(16)? * 16 + char::from(*low).to_digit(16)?;
                Some((3, u8::try_from(value).ok()))
            }
            _ => None,
        },
    )
}

/// Copies `window` and replaces what `rule` recognizes: it returns the length and the replacement.
fn replace_all(
    text: &[u8],
    window: Span,
    encoding: &'static str,
    rule: impl Fn(&[u8]) -> Option<(usize, Option<u8>)>,
) -> Decoded {
    let source = window.of(text);
    let (mut decoded, mut offsets) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < source.len() {
        let (len, byte) = rule(&source[at..]).unwrap_or((1, Some(source[at])));
        if let Some(byte) = byte {
            decoded.push(byte);
            offsets.push(window.start + at);
        }
        at += len;
    }
    offsets.push(window.end);
    Decoded {
        text: decoded,
        encoding,
        map: Map::Table(offsets),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_joined() {
        let text = br#"x = "ab" + "cd" + "ef";"#;
        let decoded = decode_around(text, 7).0.unwrap();
        assert_eq!(decoded.text, br#"x = "abcdef";"#);
        assert_eq!(
            decoded.source_span(Span::new(5, 11)).of(text),
            br#"ab" + "cd" + "ef"#
        );
    }

    #[test]
    fn quoted_printable_is_decoded() {
        let decoded = quoted_printable(b"key=3Dab=\r\ncd=\nef", 0);
        assert_eq!(decoded.text, b"key=abcdef");
    }
}
