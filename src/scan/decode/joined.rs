//! Text that is cut into pieces: string literals joined by an operator, and the soft line breaks of
//! quoted-printable.

use super::{Layer, Map};
use crate::text::Span;

/// How far around an operator literals are joined, in bytes.
const REACH: usize = 256;

/// The text around `at`, with every `" + "` and the like taken out; and where that text ends.
pub(super) fn decode_around(text: &[u8], at: usize) -> (Option<Layer>, usize) {
    let window = Span::new(at.saturating_sub(REACH), text.len().min(at + REACH));
    let layer = drop_all(text, window, "joined literals", |rest| {
        let operator = [&b"\" + \""[..], b"' + '", b"\" . \"", b"' . '"];
        operator
            .iter()
            .find(|op| rest.starts_with(op))
            .map(|op| (op.len(), None))
    });
    (Some(layer), at + REACH / 2)
}

/// The text from `at` on, quoted-printable undone.
pub(super) fn quoted_printable(text: &[u8], at: usize) -> Layer {
    drop_all(
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

/// Copies `window`, replacing whatever `rule` knows the length of.
fn drop_all(
    text: &[u8],
    window: Span,
    encoding: &'static str,
    rule: impl Fn(&[u8]) -> Option<(usize, Option<u8>)>,
) -> Layer {
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
    Layer {
        text: decoded,
        encoding,
        map: Map::Table(offsets),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_literals() {
        let text = br#"x = "ab" + "cd" + "ef";"#;
        let (layer, _) = decode_around(text, 7);
        let layer = layer.expect("a layer");
        assert_eq!(layer.text, br#"x = "abcdef";"#);
        assert_eq!(
            layer.origin(Span::new(5, 11)).of(text),
            br#"ab" + "cd" + "ef"#
        );
    }

    #[test]
    fn undoes_quoted_printable() {
        let layer = quoted_printable(b"key=3Dab=\r\ncd=\nef", 0);
        assert_eq!(layer.text, b"key=abcdef");
    }
}
