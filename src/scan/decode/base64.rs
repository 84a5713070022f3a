//! Base64 (RFC 4648) and hex, where they hold text.

use super::super::charset_runs::is_base64;
use super::{Layer, Map};
use crate::rule::check::decode_base64 as decode;
use crate::text::Span;

/// How far around a keyword a run is decoded, in bytes. A multiple of 4.
const REACH: usize = 4096;

/// Whether the first twelve bytes that `run` stands for are text, in ASCII, UTF-8 or UTF-16. Random
/// bytes seldom are.
pub(super) fn begins_like_text(run: &[u8]) -> bool {
    let Some(head) = run.get(..16) else {
        return false;
    };
    let head = decode(head);
    let plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n');
    let printable = head.iter().filter(|byte| plain(byte)).count();
    let wide = printable >= 5
        && head
            .iter()
            .all(|byte| plain(byte) || matches!(byte, 0 | 0xfe | 0xff));
    printable == head.len() || wide || (printable >= 4 && is_utf8_so_far(&head))
}

/// Whether `head` is UTF-8 without control characters, but for a character that its end cuts.
fn is_utf8_so_far(head: &[u8]) -> bool {
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    valid
        .chars()
        .all(|c| !c.is_control() || matches!(c, '\t' | '\r' | '\n'))
}

/// The text of `run` and of the lines that go on from it in the same form, as `base64` and MIME
/// wrap them; and the end of the last line taken.
pub(super) fn decode_lines(text: &[u8], run: Span) -> (Option<Layer>, usize) {
    let (mut encoded, mut offsets) = (Vec::new(), Vec::new());
    let mut line = run;
    loop {
        encoded.extend_from_slice(line.of(text));
        offsets.extend(line.start..line.end);
        match next_line(text, line) {
            // Only a full line goes on.
            Some(next) if line.len() == run.len() && next.len() <= run.len() => {
                line = next;
            }
            _ => break,
        }
    }
    let decoded = decode(&encoded);
    if decoded.is_empty() {
        return (None, line.end);
    }
    offsets.push(line.end);
    let context = context(text, run.start);
    let origins = (0..=decoded.len())
        .map(|index| offsets[(index / 3 * 4 + index % 3).min(offsets.len() - 1)]);
    let map = Map::Table((context.start..context.end).chain(origins).collect());
    (
        Some(Layer {
            text: [context.of(text), &decoded].concat(),
            encoding: "base64",
            map,
        }),
        line.end,
    )
}

/// What stands before `start` on its line, or, where it begins its line, on the line before: the
/// name of the value that is decoded. Of a long line, only what is near, from the end of a word on,
/// so that no half of one is taken for a whole.
fn context(text: &[u8], start: usize) -> Span {
    let low = start.saturating_sub(super::CONTEXT);
    let near = &text[low..start];
    let blank = near
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_whitespace())
        .count();
    let skipped = match near[..near.len() - blank]
        .iter()
        .rposition(|&byte| byte == b'\n')
    {
        Some(feed) => feed + 1,
        None if low == 0 => 0,
        None => near
            .iter()
            .position(|&byte| !is_base64(byte))
            .unwrap_or(near.len()),
    };
    Span::new(low + skipped, start)
}

/// The run that makes up the line after `line`, where `line` ends its own line.
fn next_line(text: &[u8], line: Span) -> Option<Span> {
    let rest = &text[line.end..];
    let gap = if rest.starts_with(b"\r\n") {
        2
    } else {
        usize::from(rest.starts_with(b"\n"))
    };
    let indent = rest[gap..]
        .iter()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count();
    let start = line.end + gap + indent;
    let len = text[start..].iter().take_while(|&&b| is_base64(b)).count();
    (gap > 0 && len > 0).then(|| Span::new(start, start + len))
}

/// The base64 around a keyword whose group of four begins `ahead` characters before it, whatever it
/// holds.
pub(super) fn decode_around(text: &[u8], at: usize, ahead: usize) -> (Option<Layer>, usize) {
    let Some(group) = at.checked_sub(ahead) else {
        return (None, at);
    };
    if !text[group..at].iter().all(|&b| is_base64(b)) {
        return (None, at + 1);
    }
    let low = group.saturating_sub(REACH);
    let back = text[low..group]
        .iter()
        .rev()
        .take_while(|&&b| is_base64(b))
        .count();
    let start = group - back / 4 * 4;
    let len = text[at..]
        .iter()
        .take(REACH)
        .take_while(|&&b| is_base64(b))
        .count();
    let decoded = decode(&text[start..at + len]);
    let layer = Layer {
        text: decoded,
        encoding: "base64",
        map: Map::Groups {
            start,
            decoded: 3,
            encoded: 4,
        },
    };
    (Some(layer), at + len)
}

/// The hex digits around a keyword.
pub(super) fn decode_hex_around(text: &[u8], at: usize) -> (Option<Layer>, usize) {
    let low = at.saturating_sub(REACH);
    let back = text[low..at]
        .iter()
        .rev()
        .take_while(|b| b.is_ascii_hexdigit())
        .count();
    let start = at - back / 2 * 2;
    let len = text[at..]
        .iter()
        .take(REACH)
        .take_while(|b| b.is_ascii_hexdigit())
        .count();
    let pairs = (at + len - start) / 2;
    let mut decoded = vec![0; pairs];
    // All of them are hex digits, so this cannot fail.
    let _ = faster_hex::hex_decode(&text[start..start + 2 * pairs], &mut decoded);
    let layer = Layer {
        text: decoded,
        encoding: "hex",
        map: Map::Groups {
            start,
            decoded: 1,
            encoded: 2,
        },
    };
    (Some(layer), at + len)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn tells_text_from_bytes() {
        assert!(begins_like_text(b"YXdzX3NlY3JldF9hY2Nlc3Nfa2V5"));
        assert!(!begins_like_text(b"iVBORw0KGgoAAAANSUhEUgAA"));
        for text in [
            "# cl\u{e9} du compte",
            "\u{feff}[default]\nkey=",
            "\u{1f511} the key is here",
        ] {
            assert!(
                begins_like_text(STANDARD.encode(text).as_bytes()),
                "{text:?}"
            );
        }
    }

    #[test]
    fn joins_wrapped_lines_and_leads_back() {
        let plain = "first line of some text, and the key at its end: 0123456789";
        let encoded = STANDARD.encode(plain);
        let wrapped = format!("{}\n{}\n", &encoded[..40], &encoded[40..]);
        let (layer, end) = decode_lines(wrapped.as_bytes(), Span::new(0, 40));
        let layer = layer.expect("text");
        assert_eq!(String::from_utf8_lossy(&layer.text), plain);
        assert_eq!(end, wrapped.trim_end().trim_end_matches('=').len());
        let at = plain.find("0123").expect("there");
        assert!(layer.origin(Span::new(at, plain.len())).start > 41);
    }

    #[test]
    fn keywords_are_what_base64_makes_of_a_prefix() {
        for (prefix, forms) in [
            ("AKIA", ["QUtJQ", "FLSU", "BS0lB"]),
            ("ASIA", ["QVNJQ", "FTSU", "BU0lB"]),
        ] {
            for (lead, form) in forms.iter().enumerate() {
                let encoded = STANDARD.encode(format!("{}{prefix}Q7", &"xy"[..lead]));
                let at = encoded
                    .find(form)
                    .expect("the form stands in the encoded text");
                let ahead = [0, 2, 3][lead];
                let (layer, _) = decode_around(encoded.as_bytes(), at, ahead);
                assert!(
                    layer
                        .expect("decodes")
                        .text
                        .starts_with(format!("{}{prefix}", &"xy"[..lead]).as_bytes())
                );
            }
        }
    }
}
