//! Decodes base64 (RFC 4648) and hex that contain text.

use super::super::charset_runs::is_base64;
use super::wide::is_text as is_printable;
use super::{Decoded, Map};
use crate::rule::check::decode_base64 as decode;
use crate::text::Span;

/// How far around a keyword a run is decoded, in bytes. A multiple of 4.
const REACH: usize = 4096;

/// Whether the first twelve bytes that `run` encodes are text, in ASCII, UTF-8 or UTF-16. Random
/// bytes seldom are.
pub(super) fn begins_like_text(run: &[u8]) -> bool {
    let Some(head) = run.get(..16).map(decode) else {
        return false;
    };
    let printable = head.iter().filter(|&&byte| is_printable(byte)).count();
    let wide = printable >= 5
        && head
            .iter()
            .all(|&byte| is_printable(byte) || matches!(byte, 0 | 0xfe | 0xff));
    printable == head.len() || wide || (printable >= 4 && is_utf8_so_far(&head))
}

/// Whether `head` is UTF-8 without control characters. Its end may cut a character.
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

/// Decodes `run` and the lines that continue it, as `base64` and MIME wrap them, and returns the
/// end of the last such line.
pub(super) fn decode_lines(text: &[u8], run: Span) -> (Option<Decoded>, usize) {
    let (mut encoded, mut offsets) = (Vec::new(), Vec::new());
    let mut line = run;
    loop {
        encoded.extend_from_slice(line.of(text));
        offsets.extend(line.start..line.end);
        match next_line(text, line) {
            // Only a full line is continued.
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
        Some(Decoded {
            text: [context.of(text), &decoded].concat(),
            encoding: "base64",
            map,
        }),
        line.end,
    )
}

/// The text before `start` on its line, or on the line before if `start` begins a line: it names
/// the value that is decoded. Of a long line only the near part, from the end of a word, so that no
/// half of a word looks like a whole one.
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

/// The run that begins the line after `line`, if `line` ends its own line.
fn next_line(text: &[u8], line: Span) -> Option<Span> {
    let rest = &text[line.end..];
    let next = rest
        .strip_prefix(b"\r")
        .unwrap_or(rest)
        .strip_prefix(b"\n")?;
    let indent = next.iter().take_while(|b| matches!(b, b' ' | b'\t'));
    let start = text.len() - next.len() + indent.count();
    let len = count_while(&text[start..], is_base64);
    (len > 0).then(|| Span::new(start, start + len))
}

/// Decodes the base64 around a keyword whose group of four begins `ahead` characters before it,
/// whether or not it is text.
pub(super) fn decode_around(text: &[u8], at: usize, ahead: usize) -> (Option<Decoded>, usize) {
    let Some(group) = at.checked_sub(ahead) else {
        return (None, at);
    };
    if !text[group..at].iter().all(|&b| is_base64(b)) {
        return (None, at + 1);
    }
    let source = digits_around(text, group, at, 4, is_base64);
    let decoded = Decoded {
        text: decode(source.of(text)),
        encoding: "base64",
        map: Map::Groups {
            start: source.start,
            decoded: 3,
            encoded: 4,
        },
    };
    (Some(decoded), source.end)
}

/// Decodes the hex digits around a keyword.
pub(super) fn decode_hex_around(text: &[u8], at: usize) -> (Option<Decoded>, usize) {
    let source = digits_around(text, at, at, 2, |byte| byte.is_ascii_hexdigit());
    let pairs = source.of(text).chunks_exact(2);
    let decoded = Decoded {
        text: pairs
            .map(|pair| digit(pair[0]) * 16 + digit(pair[1]))
            .collect(),
        encoding: "hex",
        map: Map::Groups {
            start: source.start,
            decoded: 1,
            encoded: 2,
        },
    };
    (Some(decoded), source.end)
}

/// The bytes that `is_digit` accepts, back from `group` in whole groups of `size`, and on from
/// `at`.
fn digits_around(
    text: &[u8],
    group: usize,
    at: usize,
    size: usize,
    is_digit: fn(u8) -> bool,
) -> Span {
    let before = text[group.saturating_sub(REACH)..group].iter().rev();
    let back = before.take_while(|&&byte| is_digit(byte)).count();
    let after = &text[at..text.len().min(at + REACH)];
    Span::new(
        group - back / size * size,
        at + count_while(after, is_digit),
    )
}

fn count_while(bytes: &[u8], holds: fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|&&byte| holds(byte)).count()
}

/// The value of a hex digit.
fn digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        _ => (byte | 0x20).wrapping_sub(b'a').wrapping_add(10),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn text_is_distinguished_from_random_bytes() {
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
    fn wrapped_lines_are_joined_and_mapped_to_their_source() {
        let plain = "first line of some text, and the key at its end: 0123456789";
        let encoded = STANDARD.encode(plain);
        let wrapped = format!("{}\n{}\n", &encoded[..40], &encoded[40..]);
        let (decoded, end) = decode_lines(wrapped.as_bytes(), Span::new(0, 40));
        let decoded = decoded.expect("text");
        assert_eq!(String::from_utf8_lossy(&decoded.text), plain);
        assert_eq!(end, wrapped.trim_end().trim_end_matches('=').len());
        let at = plain.find("0123").unwrap();
        assert!(decoded.source_span(Span::new(at, plain.len())).start > 41);
    }

    #[test]
    fn keywords_are_the_base64_of_a_prefix() {
        for (prefix, forms) in [
            ("AKIA", ["QUtJQ", "FLSU", "BS0lB"]),
            ("ASIA", ["QVNJQ", "FTSU", "BU0lB"]),
        ] {
            for (lead, form) in forms.iter().enumerate() {
                let encoded = STANDARD.encode(format!("{}{prefix}Q7", &"xy"[..lead]));
                let at = encoded.find(form).expect("the keyword is in it");
                let (decoded, _) = decode_around(encoded.as_bytes(), at, [0, 2, 3][lead]);
                let plain = format!("{}{prefix}", &"xy"[..lead]);
                assert!(decoded.unwrap().text.starts_with(plain.as_bytes()));
            }
        }
    }
}
