//! Finds joints: places where a token goes on after something that is no part of it, such as
//! `" + "` between two literals, a line that is continued, or characters that are not shown.

use bstr::ByteSlice as _;

use crate::rule::charset::{BASE64, CLASS, OTHER};
use crate::text::{Span, is_invisible};

/// How many bytes on each side of a joint decide whether a secret may be there.
pub(in super::super) const SIDE: usize = 12;

/// The longest joint, in bytes.
pub(in super::super) const MAX_LEN: usize = 40;

/// The fewest bytes of a token, of those on both sides of a joint.
const MIN_TOKEN: usize = 13;

/// The same for a joint that has no other use than to colour or to hide.
const MIN_HIDDEN: usize = 8;

/// What is between two pieces of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Joint {
    /// Its length in bytes.
    pub(super) len: usize,
    /// Its name in reports.
    pub(super) name: &'static str,
    /// Whether a text means the same without it, whatever is around it.
    is_hidden: bool,
}

/// The name of a joint that may be no joint: adjacent literals may be two arguments as well.
pub(in super::super) const ADJACENT: &str = "adjacent literals";

/// Which separators join literals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Between {
    /// Operators.
    Operators,
    /// Commas too, as in a list.
    Commas,
}

/// Whether a text means the same without the character.
pub(in super::super) fn is_ignorable(c: char) -> bool {
    is_invisible(c)
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}')
        || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e01ef}')
}

/// The joint at `at`, if a token may be around it.
pub(in super::super) fn in_token(text: &[u8], at: usize) -> Option<Span> {
    let before = piece_before(text, at);
    if before.is_empty() {
        return None;
    }
    let joint = joint_at(text, at, Between::Operators)?;
    let span = Span::new(at, at + joint.len);
    let after = &text[span.end..text.len().min(span.end + SIDE)];
    let len = after.iter().take_while(|&&byte| is_token(byte)).count();
    let after = &after[..len];
    let len = before.len() + after.len();
    let is_token = if joint.is_hidden {
        !after.is_empty() && len >= MIN_HIDDEN
    } else {
        !after.is_empty() && len >= MIN_TOKEN && may_be_random(before, after)
    };
    is_token.then_some(span)
}

/// The piece of a token that ends at `end`.
fn piece_before(text: &[u8], end: usize) -> &[u8] {
    let before = &text[end.saturating_sub(SIDE)..end];
    let other = before.iter().rposition(|&byte| !is_token(byte));
    &before[other.map_or(0, |other| other + 1)..]
}

/// Whether the token that begins with these pieces has a digit, or letters in cases that words do
/// not have.
fn may_be_random(before: &[u8], after: &[u8]) -> bool {
    let bytes = || before.iter().chain(after);
    let rises = bytes().zip(bytes().skip(1));
    let rises = rises.filter(|(a, b)| a.is_ascii_lowercase() && b.is_ascii_uppercase());
    bytes().any(u8::is_ascii_digit) || bytes().all(u8::is_ascii_uppercase) || rises.count() >= 3
}

/// The joint at `at`: between two bytes of tokens, or hidden.
pub(super) fn joint_at(text: &[u8], at: usize, between: Between) -> Option<Joint> {
    // Most bytes begin none.
    if !matches!(text[at], b'"' | b'\'' | b'`' | b'\\' | 0x1b | 0x80..) {
        return None;
    }
    let rest = &text[at..text.len().min(at + MAX_LEN + 1)];
    let (len, name, is_hidden) = match rest[0] {
        b'"' | b'\'' | b'`' => match literals(rest, between)? {
            (len, true) => (len, ADJACENT, false),
            (len, false) => (len, "joined literals", false),
        },
        b'\\' => (continued_line(rest)?, "joined lines", false),
        0x1b => (terminal_codes(rest)?, "text with terminal codes", true),
        0x80.. => (invisible(rest)?, "text with invisible characters", true),
        _ => return None,
    };
    let is_token = |byte: Option<&u8>| byte.is_some_and(|&byte| is_token(byte));
    let is_inside = is_token(text[..at].last()) && is_token(rest.get(len));
    (is_hidden || is_inside).then_some(Joint {
        len,
        name,
        is_hidden,
    })
}

/// Whether a byte may be part of a token, and not of an escape.
fn is_token(byte: u8) -> bool {
    matches!(CLASS[usize::from(byte)], BASE64 | OTHER)
}

/// The length of a quote, what joins the literal to the next one, and the quote that opens that.
/// The second value says whether nothing but blanks joins them.
fn literals(rest: &[u8], between: Between) -> Option<(usize, bool)> {
    const CALLS: [&[u8]; 3] = [b".concat(", b").append(", b"}${"];
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'' | b'`');
    let call = CALLS.iter().find(|call| rest[1..].starts_with(call));
    let start = 1 + call.map_or(0, |call| call.len());
    let gap = rest[start..].iter().take_while(|byte| match byte {
        b'+' | b'.' | b'&' | b'|' | b'<' | b'>' | b'^' | b'\\' | b'_' => true,
        b',' => between == Between::Commas,
        _ => is_quote(byte) || byte.is_ascii_whitespace(),
    });
    let len = start + gap.count();
    let is_operator = |byte: &u8| !is_quote(byte) && !byte.is_ascii_whitespace();
    let operator = || rest[start..len].iter().copied().filter(is_operator);
    let is_blank = operator().next().is_none();
    let is_known = is_blank
        || operator().all(|byte| byte == b',')
        || OPERATORS
            .iter()
            .any(|known| operator().eq(known.iter().copied()));
    let end = match rest.get(len) {
        // The prefix of a literal, as in `b"…"`.
        Some(b'b' | b'f' | b'r' | b'u' | b'L' | b'N' | b'@' | b'$')
            if rest.get(len + 1).is_some_and(is_quote) =>
        {
            len + 2
        }
        _ if len > 1 && rest[..len].last().is_some_and(is_quote) => len,
        _ => return None,
    };
    let is_adjacent = call.is_none() && (is_blank || operator().eq(*b"\\"));
    is_known.then_some((end, is_adjacent))
}

/// What joins literals in one language or another. The last ones continue a line as well.
const OPERATORS: [&[u8]; 11] = [
    b"+", b"++", b".", b"..", b"&", b"||", b"<>", b"^", b"\\", b"&_", b"+\\",
];

/// Whether a literal that begins at `start` is a name: that of an entry after the one before.
pub(super) fn is_name(text: &[u8], start: usize) -> bool {
    let rest = &text[start..text.len().min(start + MAX_NAME)];
    let end = rest
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\'' | b'`'));
    let after = end.map(|end| rest[end + 1..].trim_ascii_start());
    after.is_some_and(|after| matches!(after, [b':' | b'=', ..]))
}

/// The longest name of an entry, in bytes.
const MAX_NAME: usize = 80;

/// The length of a backslash, a line end and the indentation of the next line.
fn continued_line(rest: &[u8]) -> Option<usize> {
    let line = rest[1..]
        .strip_prefix(b"\r")
        .unwrap_or(&rest[1..])
        .strip_prefix(b"\n")?;
    let indent = line
        .iter()
        .take_while(|&&byte| matches!(byte, b' ' | b'\t'))
        .count();
    Some(rest.len() - line.len() + indent)
}

/// The length of control sequences of a terminal (ECMA-48): ESC, `[`, parameters, a letter.
fn terminal_codes(rest: &[u8]) -> Option<usize> {
    let mut len = 0;
    while let Some(body) = rest[len..].strip_prefix(b"\x1b[") {
        let parameters = body
            .iter()
            .take_while(|byte| matches!(byte, b' '..=b'?'))
            .count();
        if !body.get(parameters)?.is_ascii_alphabetic() {
            return None;
        }
        len += 2 + parameters + 1;
    }
    (len > 0).then_some(len)
}

/// The length of characters that are not shown.
fn invisible(rest: &[u8]) -> Option<usize> {
    let chars = rest.char_indices();
    let hidden = chars.take_while(|(.., c)| is_ignorable(*c));
    hidden.last().map(|(_, end, _)| end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(gap: &str, between: Between) -> Option<usize> {
        let text = format!("ab1{gap}2cd");
        joint_at(text.as_bytes(), 3, between).map(|joint| joint.len)
    }

    #[test]
    fn operators_line_ends_and_hidden_characters_are_joints() {
        for gap in [
            "\" + \"",
            "'+'",
            "` + `",
            "\"\"",
            "'\"\"'",
            "\" \"",
            "\"\n        + \"",
            "\" +\r\n\t\"",
            "\" \\\n  \"",
            "\" b\"",
            "\" + \\\n  \"",
            "' . '",
            "\" .. \"",
            "\" & _\r\n  \"",
            "' || '",
            "\" <> \"",
            "\".concat(\"",
            "\").append(\"",
            "'}${'",
            "\\\n",
            "\\\r\n   ",
            "\u{1b}[m",
            "\u{1b}[m\u{1b}[K",
            "\u{1b}[01;31m",
            "\u{200b}",
            "\u{ad}\u{ad}",
            "\u{e0041}",
        ] {
            assert_eq!(between(gap, Between::Operators), Some(gap.len()), "{gap:?}");
        }
        assert_eq!(between("', '", Between::Commas), Some(4));
        for gap in [
            "\", \"",
            "\": \"",
            "\" < \"",
            "\" + . \"",
            "\") + (\"",
            "\"",
            "'s ",
            "\\n",
            "\\ \n",
            "\u{1b}",
            "\u{e9}",
            "\n",
        ] {
            assert_eq!(between(gap, Between::Operators), None, "{gap:?}");
        }
        let long = format!("\"{}\"", " ".repeat(MAX_LEN));
        assert_eq!(between(&long, Between::Operators), None);
    }

    #[test]
    fn only_joints_in_what_may_be_a_token_are_found() {
        let found = |text: &str| {
            let at = text.find('"').expect("a quote");
            in_token(text.as_bytes(), at).map(|span| span.of(text.as_bytes()).to_vec())
        };
        assert_eq!(
            found("x = a1b2\" + \"c3d4e5f6g7h8"),
            Some(b"\" + \"".to_vec())
        );
        assert_eq!(found("x = a1b2\" + \"c3d4e5f6"), None);
        assert_eq!(found("x = word\" + \"otherwordsandmore"), None);
        assert_eq!(found("x = a1b2 \" + \"c3d4e5f6g7h8"), None);
    }
}
