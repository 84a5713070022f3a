//! Decodes base64, base32 and hex that contain text, on one line or on several, and what is
//! compressed in them.

use super::alphabet::{Alphabet, BASE64, HEX, URL_SAFE, of_text};
use super::inflate::inflate;
use super::wide::is_text;
use super::{Decoded, Map};
use crate::text::Span;

/// How far around a keyword a run is decoded, in bytes. A multiple of 4.
const REACH: usize = 4096;

/// The most bytes between two lines that encode one text: a line end, and what indents, quotes or
/// comments out the next line.
const MAX_GAP: usize = 40;

/// The part of `run`, a stretch of digits, that encodes text.
pub(super) fn text_in(text: &[u8], run: Span) -> Option<(&'static Alphabet, Span)> {
    let digits = run.of(text);
    let is_url_safe = memchr::memchr2(b'-', b'_', digits).is_some();
    let base64 = if is_url_safe { &URL_SAFE } else { &BASE64 };
    if let Some(alphabet) = of_text(digits, base64) {
        return Some((alphabet, run));
    }
    // The sign of a line of a diff, the names of a path, or a part of a group may precede it.
    let head = &digits[..digits.len().min(MAX_PATH)];
    let after_slashes = memchr::memchr_iter(b'/', head).map(|slash| slash + 1);
    let mut starts = (1..4).chain(after_slashes.filter(|&start| start >= 4));
    starts.find_map(|start| {
        let digits = digits.get(start..)?;
        let alphabet = of_text(digits, base64)?;
        let is_certain = alphabet.decode(digits).take(MIN_TEXT).all(is_text);
        is_certain.then(|| (alphabet, Span::new(run.start + start, run.end)))
    })
}

/// How far a path before encoded text reaches.
const MAX_PATH: usize = 200;

/// How many bytes of text there are, at least, if other characters precede the digits.
const MIN_TEXT: usize = 24;

/// Decodes `run` and the lines that continue it, as `base64`, MIME and `xxd` wrap them, and returns
/// the end of the last such line. What is compressed in them is not inflated if `text` was
/// compressed.
pub(super) fn decode_lines(
    text: &[u8],
    alphabet: &'static Alphabet,
    run: Span,
    is_inflated: bool,
) -> (Option<Decoded>, usize) {
    let (mut encoded, mut offsets) = (Vec::new(), Vec::new());
    let mut line = run;
    loop {
        encoded.extend_from_slice(line.of(text));
        offsets.extend(line.start..line.end);
        match next_line(text, alphabet, line) {
            // Only a full line is continued.
            Some(next) if line.len() == run.len() && next.len() <= run.len() => {
                line = next;
            }
            _ => break,
        }
    }
    let decoded: Vec<u8> = alphabet.decode(&encoded).collect();
    if decoded.is_empty() {
        return (None, line.end);
    }
    if !is_inflated && let Some(inflated) = inflate(&decoded) {
        let map = Map::Spread {
            over: Span::new(run.start, line.end),
            decoded: inflated.len(),
        };
        let encoding = "compressed base64";
        let decoded = Decoded {
            text: inflated,
            encoding,
            map,
        };
        return (Some(decoded), line.end);
    }
    offsets.push(line.end);
    let context = context(text, alphabet, run.start);
    let last = offsets.len() - 1;
    let origins = (0..=decoded.len()).map(|index| offsets[alphabet.digit_of(index).min(last)]);
    let map = Map::Table((context.start..context.end).chain(origins).collect());
    let decoded = Decoded {
        text: [context.of(text), &decoded].concat(),
        encoding: alphabet.name,
        map,
    };
    (Some(decoded), line.end)
}

/// The text before `start` on its line, or on the line before if `start` begins a line: it names
/// the value that is decoded. Of a long line only the near part, from the end of a word, so that no
/// half of a word looks like a whole one.
fn context(text: &[u8], alphabet: &Alphabet, start: usize) -> Span {
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
            .position(|&byte| !alphabet.has(byte))
            .unwrap_or(near.len()),
    };
    Span::new(low + skipped, start)
}

/// The run that begins the line after `line`, if `line` ends its own line. A line may also end with
/// a blank, as YAML folds it, or with an escape in a string.
fn next_line(text: &[u8], alphabet: &Alphabet, line: Span) -> Option<Span> {
    let rest = &text[line.end..text.len().min(line.end + MAX_GAP)];
    let mut gap = 0;
    while let Some(&byte) = rest.get(gap) {
        gap += match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b'"' | b'\'' | b',' | b'#' | b'*' | b'>' => 1,
            b'\\' if matches!(rest.get(gap + 1), Some(b'n' | b'r')) => 2,
            // Between literals.
            b'+' | b'.' | b'&' if rest[..gap].iter().any(|byte| matches!(byte, b'"' | b'\'')) => 1,
            // The sign of an added line in a diff.
            b'+' if rest[..gap].ends_with(b"\n") && text[..line.start].ends_with(b"\n+") => 1,
            _ => break,
        };
    }
    // Without a line end these may be two values: the first must have whole groups.
    let ends_line = rest[..gap].iter().any(|byte| matches!(byte, b'\n' | b'\\'));
    let has_whole_groups = (line.len() * alphabet.bits).is_multiple_of(8);
    let start = line.end + gap;
    let len = alphabet.count(&text[start..]);
    (gap > 0 && len > 0 && (ends_line || has_whole_groups)).then(|| Span::new(start, start + len))
}

/// Decodes the base64 around a keyword whose group of four begins `ahead` characters before it,
/// whether or not it is text.
pub(super) fn decode_around(text: &[u8], at: usize, ahead: usize) -> (Option<Decoded>, usize) {
    let Some(group) = at.checked_sub(ahead) else {
        return (None, at);
    };
    if !text[group..at].iter().all(|&byte| BASE64.has(byte)) {
        return (None, at + 1);
    }
    decode_groups(text, &BASE64, group, at)
}

/// Decodes the hex digits around a keyword.
pub(super) fn decode_hex_around(text: &[u8], at: usize) -> (Option<Decoded>, usize) {
    decode_groups(text, &HEX, at, at)
}

/// Decodes the digits back from `group` in whole groups, and on from `at`.
fn decode_groups(
    text: &[u8],
    alphabet: &Alphabet,
    group: usize,
    at: usize,
) -> (Option<Decoded>, usize) {
    // The fewest digits that encode whole bytes, and these bytes.
    let (digits, bytes) = if alphabet.bits == 6 { (4, 3) } else { (2, 1) };
    let before = text[group.saturating_sub(REACH)..group].iter().rev();
    let back = before.take_while(|&&byte| alphabet.has(byte)).count();
    let after = &text[at..text.len().min(at + REACH)];
    let source = Span::new(group - back / digits * digits, at + alphabet.count(after));
    let decoded = Decoded {
        text: alphabet.decode(source.of(text)).collect(),
        encoding: alphabet.name,
        map: Map::Groups {
            start: source.start,
            decoded: bytes,
            encoded: digits,
        },
    };
    (Some(decoded), source.end)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn found(text: &str) -> Option<(&'static str, Span)> {
        let found = text_in(text.as_bytes(), Span::new(0, text.len()));
        found.map(|(alphabet, span)| (alphabet.name, span))
    }

    #[test]
    fn text_is_distinguished_from_random_bytes() {
        for text in [
            "aws_secret_access_key and more of it",
            "# cl\u{e9} du compte, and more of it",
            "\u{feff}[default]\nkey= and more of it",
            "\u{1f511} the key is here, and more of it",
        ] {
            let encoded = STANDARD.encode(text);
            let whole = Some(("base64", Span::new(0, encoded.len())));
            assert_eq!(found(&encoded), whole, "{text:?}");
        }
        for digits in [
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "usr/lib/x86_64/AVeryLongNameOfADirectory/andAFile",
        ] {
            assert_eq!(found(digits), None, "{digits}");
        }
        let hex: String = "aws_secret_access_key"
            .bytes()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        assert_eq!(found(&hex), Some(("hex", Span::new(0, hex.len()))));
    }

    #[test]
    fn text_after_a_path_or_a_sign_is_found() {
        let encoded = STANDARD.encode("aws_secret_access_key and more of it");
        for before in ["+", "0x", "blob/", "api/import/"] {
            let text = format!("{before}{encoded}");
            assert_eq!(
                found(&text),
                Some(("base64", Span::new(before.len(), text.len())))
            );
        }
    }

    #[test]
    fn wrapped_lines_are_joined_and_mapped_to_their_source() {
        let plain = "first line of some text, and the key at its end: 0123456789";
        let encoded = STANDARD.encode(plain);
        let (first, second) = encoded.split_at(40);
        for gap in [
            "\n",
            "\r\n",
            "\n    ",
            " ",
            "\\n",
            "\\n\",\n      \"",
            "\n# ",
        ] {
            let wrapped = format!("{first}{gap}{second}\n");
            let (decoded, end) = decode_lines(wrapped.as_bytes(), &BASE64, Span::new(0, 40), false);
            let decoded = decoded.expect("text");
            assert_eq!(String::from_utf8_lossy(&decoded.text), plain);
            assert_eq!(end, wrapped.trim_end().trim_end_matches('=').len());
            let at = plain.find("0123").unwrap();
            assert!(decoded.source_span(Span::new(at, plain.len())).start > 40 + gap.len());
        }
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
