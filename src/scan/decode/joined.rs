//! Joins text that is in pieces: tokens with joints in them, lists of literals, and
//! quoted-printable with its soft line breaks.

use super::joint::{ADJACENT, Between, is_name, joint_at};
use super::{Decoded, Map};
use crate::text::Span;

/// How far around a joint the pieces of a token reach, in bytes.
const REACH: usize = 256;

/// How far apart the joints of a stretch are that is decoded at once, in bytes.
const MAX_WINDOW: usize = 64 << 10;

/// How far around the place at which it is joined a list reaches.
const LIST_REACH: usize = 4 * REACH;

/// How far a key of many lines reaches.
const LONG_REACH: usize = 16 << 10;

/// Calls `visit` with the text around each of `joints`, which are in order, without any joint.
pub(super) fn decode_all(text: &[u8], joints: &[usize], mut visit: impl FnMut(&Decoded)) {
    for_windows(text, joints.iter().copied(), REACH, |window, first| {
        visit(&without_joints(text, window, first, Between::Operators));
    });
}

/// Calls `visit` with the text around each escape of quoted-printable from `at` on, without any.
/// Source code that mentions the encoding has few.
pub(super) fn decode_quoted(text: &[u8], at: usize, mut visit: impl FnMut(&Decoded)) {
    let signs = memchr::memchr_iter(b'=', &text[at..]).map(|sign| at + sign);
    let escapes = signs.filter(|&sign| quoted(text, sign).is_some());
    for_windows(text, escapes, REACH, |window, _| {
        let decoded = replace_all(text, window, "quoted-printable", |at| quoted(text, at));
        visit(&decoded);
    });
}

/// Calls `decode` with a window of `text` around each of `places`, which are in order, and the
/// first place in it. A window has `reach` bytes on each side; places near each other share one.
fn for_windows(
    text: &[u8],
    places: impl Iterator<Item = usize>,
    reach: usize,
    mut decode: impl FnMut(Span, usize),
) {
    let mut places = places.peekable();
    let mut done = 0;
    while let Some(first) = places.next() {
        let mut last = first;
        let is_near = |&next: &usize, last| next <= last + reach && next <= first + MAX_WINDOW;
        while let Some(next) = places.next_if(|next| is_near(next, last)) {
            last = next;
        }
        let start = first.saturating_sub(reach).max(done);
        let mut window = Span::new(start, text.len().min(last + reach));
        done = last;
        if begin_in(text, window).is_some() {
            window.end = text.len().min(last + LONG_REACH);
            // What is in it needs no other window, unless a key begins near its end.
            let half = Span::new(window.start + window.len() / 2, window.end);
            let begin = begin_in(text, half).map(|begin| begin.saturating_sub(reach));
            done = begin.unwrap_or(window.end - reach.min(half.len()));
            while places.next_if(|next| *next < done).is_some() {}
        }
        decode(window, first);
    }
}

/// Where a key of many lines begins.
fn begin_in(text: &[u8], window: Span) -> Option<usize> {
    memchr::memmem::find(window.of(text), b"BEGIN").map(|at| window.start + at)
}

/// Calls `visit` with the text around lists, each joined at one of `places`, which are in order,
/// without the commas between their elements.
pub(super) fn decode_lists(text: &[u8], places: &[usize], mut visit: impl FnMut(&Decoded)) {
    for_windows(text, places.iter().copied(), LIST_REACH, |window, first| {
        visit(&without_joints(text, window, first, Between::Commas));
    });
}

/// The text of `window` without joints; the one at `at` gives the result its name.
fn without_joints(text: &[u8], window: Span, at: usize, between: Between) -> Decoded {
    let name = joint_at(text, at, between).map(|joint| joint.name);
    replace_all(text, window, name.unwrap_or("joined literals"), |at| {
        let joint = joint_at(text, at, between)?;
        let is_entry = joint.name == ADJACENT && is_name(text, at + joint.len);
        (!is_entry).then_some((joint.len, None))
    })
}

/// The length of the escape of quoted-printable (RFC 2045, section 6.7) at `at`, and the byte that
/// it encodes; none if it is a soft line break.
fn quoted(text: &[u8], at: usize) -> Option<(usize, Option<u8>)> {
    match text[at..] {
        [b'=', b'\n', ..] => Some((2, None)),
        [b'=', b'\r', b'\n', ..] => Some((3, None)),
        [b'=', high, low, ..] => {
            let value = char::from(high).to_digit(16)? * 16 + char::from(low).to_digit(16)?;
            Some((3, u8::try_from(value).ok()))
        }
        _ => None,
    }
}

/// Copies `window` and replaces what `rule` recognizes at an offset: it returns the length and the
/// replacement.
fn replace_all(
    text: &[u8],
    window: Span,
    encoding: &'static str,
    rule: impl Fn(usize) -> Option<(usize, Option<u8>)>,
) -> Decoded {
    let mut decoded = Vec::with_capacity(window.len());
    let mut offsets = Vec::with_capacity(window.len() + 1);
    let mut at = window.start;
    while at < window.end {
        let (len, byte) = rule(at).unwrap_or((1, Some(text[at])));
        if let Some(byte) = byte {
            decoded.push(byte);
            offsets.push(at);
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
        let mut seen = 0;
        decode_all(text, &[7, 14], |decoded| {
            assert_eq!(decoded.text, br#"x = "abcdef";"#);
            assert_eq!(
                decoded.source_span(Span::new(5, 11)).of(text),
                br#"ab" + "cd" + "ef"#
            );
            seen += 1;
        });
        assert_eq!(seen, 1);
    }

    #[test]
    fn an_entry_does_not_go_on_with_the_name_of_the_next_one() {
        let text = b"\"key\": \"a1\"\n\"key\": \"b2\" \"c3\"";
        decode_all(text, &[10, 24], |decoded| {
            assert_eq!(decoded.text, b"\"key\": \"a1\"\n\"key\": \"b2c3\"");
        });
    }

    #[test]
    fn lists_are_joined() {
        let text = br#"x = ["ab", "cd"].join("")"#;
        let mut seen = Vec::new();
        decode_lists(text, &[16], |decoded| seen.push(decoded.text.clone()));
        assert_eq!(seen, [br#"x = ["abcd"].join("")"#]);
    }

    #[test]
    fn quoted_printable_is_decoded_from_its_name_on() {
        let mut seen = Vec::new();
        let text = format!(
            "a=3Dq{}key=3Dab=\r\ncd=\nef{}=x",
            " ".repeat(600),
            " ".repeat(600)
        );
        decode_quoted(text.as_bytes(), 5, |decoded| {
            seen.push(String::from_utf8_lossy(decoded.text.trim_ascii()).into_owned());
        });
        assert_eq!(seen, ["key=abcdef"]);
    }
}
