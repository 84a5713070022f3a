//! Reads the value after a name, for the prefilter and for names that contain a keyword.

use crate::text::Span;

use super::forms::{MAX_GAP, MAX_NAME, is_name, is_quote, separator_after};

/// The longest value, in bytes.
const MAX_VALUE: usize = 512;

/// What is before a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// A quote, or a tag of XML: the value is a literal.
    Literal,
    /// An operator: the value may be code.
    Operator,
    /// A comma or a parenthesis: only a quote opens a value.
    Call,
    /// A blank: the value may be the next word of prose. What is before the name decides.
    Blank,
}

/// Where the value begins that is assigned to a name which ends at `end`, and what is before it.
/// Reads no further than `limit`, which is returned if it is not clear by then.
pub(super) fn opens_value(text: &[u8], end: usize, limit: usize) -> Option<(usize, Opening)> {
    let (mut next, mut opening) = match separator_after(&text[end.min(limit)..limit]) {
        Some((len, true)) => (end + len, Opening::Literal),
        Some((len, false)) => (end + len, Opening::Operator),
        None => after_operator(text, end, limit)?,
    };
    let at = |index: usize| (index < limit).then(|| text[index]);
    while matches!(at(next), Some(b' ' | b'\t')) {
        next += 1;
    }
    if skip_opening(text, &mut next, limit) {
        opening = Opening::Literal;
    }
    let Some(byte) = at(next) else {
        return Some((limit, opening));
    };
    let is_value = match opening {
        Opening::Literal => true,
        Opening::Operator => !matches!(byte, b'(' | b'{' | b'[' | b'<' | b',' | b';' | b')'),
        Opening::Call => false,
        Opening::Blank => byte.is_ascii_alphanumeric(),
    };
    (is_value && byte.is_ascii_graphic() && !is_quote(byte)).then_some((next, opening))
}

/// Where the operator ends that follows a name which ends at `end`, and what it is.
fn after_operator(text: &[u8], end: usize, limit: usize) -> Option<(usize, Opening)> {
    let at = |index: usize| (index < limit).then(|| text[index]);
    let mut next = end;
    let was_quoted = skip_closing(text, &mut next, limit);
    skip_link(text, &mut next, limit);
    let Some(operator) = at(next) else {
        return Some((limit, Opening::Operator));
    };
    let is_adjacent = next == end || was_quoted;
    let is_after_blank = matches!(text[end], b' ' | b'\t');
    next += 1;
    let is_twice = |second: u8| usize::from(at(next) == Some(second));
    match operator {
        b'=' if at(next) == Some(b'=') => None,
        b'=' => Some((next + is_twice(b'>'), Opening::Operator)),
        b':' if at(next) == Some(b':') => None,
        b':' => Some((next + is_twice(b'='), Opening::Operator)),
        b'>' if is_adjacent && text[end.saturating_sub(1)] != b'-' => {
            Some((next, Opening::Literal))
        }
        b',' if was_quoted => Some((next, Opening::Call)),
        // A row of comma-separated values.
        b',' if is_adjacent && at(next).is_some_and(|byte| byte.is_ascii_alphanumeric()) => {
            Some((next, Opening::Operator))
        }
        b'(' if is_adjacent => Some((next, Opening::Call)),
        b'|' => Some((next + is_twice(b'|'), Opening::Operator)),
        // `#define NAME "…"` and `password "…"`: the quote opens the value.
        _ if was_quoted && is_after_blank => Some((next - 1, Opening::Literal)),
        // `--password …` and `setenv PASSWORD …`.
        _ if is_after_blank => Some((next - 1, Opening::Blank)),
        _ => None,
    }
}

/// Skips a word between a name and the operator: `<add key="…" value="…"/>`, `- name: …` with
/// `value: …` on the next line, `{"name": "…", "value": "…"}`, `variable "…" { default = "…" }`,
/// `"…": {"value": "…"}`.
fn skip_link(text: &[u8], next: &mut usize, limit: usize) {
    let rest = &text[(*next).min(limit)..limit];
    let is_gap = |byte: &&u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b'{' | b'"');
    let colon = usize::from(rest.starts_with(b":"));
    let gap = colon + rest[colon..].iter().take_while(is_gap).count();
    // Without a bracket, the word is what is assigned.
    if colon > 0 && !rest[..gap].contains(&b'{') {
        return;
    }
    for word in [&b"value"[..], b"Value", b"default", b"ParameterValue"] {
        if let Some(after) = rest[gap..].strip_prefix(word) {
            let quote = after.iter().take_while(|&&byte| is_quote(byte)).count();
            *next += gap + word.len() + quote;
            skip_closing(text, next, limit);
            return;
        }
    }
}

/// Skips what may be between a name and the operator: a quote, brackets, blanks. Returns whether
/// there was a quote.
fn skip_closing(text: &[u8], next: &mut usize, limit: usize) -> bool {
    let mut was_quoted = false;
    while *next < limit {
        match text[*next] {
            byte if is_quote(byte) => was_quoted = true,
            b' ' | b'\t' | b']' | b'\\' => {}
            _ => break,
        }
        *next += 1;
    }
    was_quoted
}

/// Skips the quote that opens a literal, with its prefix. Returns whether there is one.
fn skip_opening(text: &[u8], next: &mut usize, limit: usize) -> bool {
    let rest = &text[*next..limit.max(*next)];
    let prefix = rest
        .iter()
        .take(2)
        .take_while(|&&byte| matches!(byte, b'b' | b'r' | b'u' | b'f' | b'L' | b'N' | b'@' | b'\\'))
        .count();
    let is_opened = rest.get(prefix).is_some_and(|&byte| is_quote(byte));
    if is_opened {
        *next += prefix + 1;
    }
    is_opened
}

/// The value that is assigned to the name which `at` is part of.
pub(super) fn value_after(text: &[u8], at: usize) -> Option<Span> {
    let name = text[at..].iter().take(MAX_NAME);
    let end = at + name.take_while(|&&byte| is_name(byte)).count();
    let limit = text.len().min(end + MAX_GAP);
    let (mut start, _) = opens_value(text, end, limit)?;
    // `password: str = "…"`: what follows the colon is a type.
    if let Some(assigned) = after_type(text, start, limit) {
        start = assigned;
    }
    Some(Span::new(start, start + value_len(text, start)?))
}

/// The token without a `-` that belongs to the separator before it: `${PASSWORD:-…}`.
pub(super) fn without_separator(text: &[u8], token: Span) -> Span {
    let is_separator = text[..token.start].ends_with(b":") && token.of(text).starts_with(b"-");
    Span::new(token.start + usize::from(is_separator), token.end)
}

/// Where the literal begins that follows a type and `=`.
pub(super) fn after_type(text: &[u8], start: usize, limit: usize) -> Option<usize> {
    let is_type = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'&' | b'\'' | b' ' | b'<' | b'>')
    };
    let rest = &text[start..limit.max(start)];
    let len = rest.iter().take_while(|byte| is_type(byte)).count();
    if len == 0 || rest.get(len) != Some(&b'=') {
        return None;
    }
    let mut next = start + len + 1;
    while text.get(next) == Some(&b' ') {
        next += 1;
    }
    skip_opening(text, &mut next, limit).then_some(next)
}

/// The length of the value that begins at `start`: up to the quote that closes it or, if none opens
/// it, up to where a word ends.
pub(super) fn value_len(text: &[u8], start: usize) -> Option<usize> {
    let rest = &text[start..text.len().min(start + MAX_VALUE)];
    let before = start.checked_sub(1).map(|at| text[at]);
    let len = match before {
        Some(quote) if is_quote(quote) => {
            let is_escaped = start >= 2 && text[start - 2] == b'\\';
            let close = rest
                .iter()
                .enumerate()
                .find(|&(at, &byte)| {
                    byte == b'\n'
                        || byte == quote && (is_escaped || at == 0 || rest[at - 1] != b'\\')
                })
                .map(|(at, _)| at)?;
            if rest[close] == b'\n' {
                return None;
            }
            close - usize::from(is_escaped && close > 0 && rest[close - 1] == b'\\')
        }
        _ => {
            let ends = |byte: &u8| {
                byte.is_ascii_whitespace()
                    || byte.is_ascii_control()
                    || matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>' | b',' | b';' | b'&')
            };
            // A line may end within a string of JSON.
            let is_escape = |pair: &[u8]| matches!(pair, [b'\\', b'n' | b'r']);
            let escape = rest.windows(2).position(is_escape);
            let rest = &rest[..escape.unwrap_or(rest.len())];
            let len = rest.iter().position(ends).unwrap_or(rest.len());
            let tail = rest[..len].iter().rev();
            len - tail
                .take_while(|byte| matches!(byte, b')' | b'}' | b']' | b'\\'))
                .count()
        }
    };
    (len > 0).then_some(len)
}
