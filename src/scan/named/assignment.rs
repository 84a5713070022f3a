//! Reads assignments: the value after a name, and the name before a value, in source code of most
//! languages, configuration files, shells, XML, HTTP headers and prose.

use bstr::ByteSlice as _;

use crate::text::Span;

/// The longest value, in bytes.
const MAX_VALUE: usize = 512;

/// How far before a value its name may end, in bytes.
const MAX_GAP: usize = 48;

/// The longest name, in bytes.
const MAX_NAME: usize = 80;

/// How many words before a name are its label, such as `Stripe secret key`.
const LABEL_WORDS: usize = 3;

/// A name that a value is assigned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// The identifier.
    pub(super) span: Span,
    /// The identifier with the words before it.
    pub(super) label: Span,
}

/// Whether `byte` is part of an identifier.
pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

const fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// Where the value begins that is assigned to a name which ends at `end`, and whether it is quoted;
/// the second is true as well for an XML element. Reads no further than `limit`, which is returned
/// if it is not clear by then.
pub(super) fn opens_value(text: &[u8], end: usize, limit: usize) -> Option<(usize, bool)> {
    let at = |index: usize| (index < limit).then(|| text[index]);
    let mut next = end;
    let was_quoted = skip_closing(text, &mut next, limit);
    skip_link(text, &mut next, limit);
    let Some(operator) = at(next) else {
        return Some((limit, false));
    };
    let is_adjacent = next == end || was_quoted;
    next += 1;
    let mut needs_quote = false;
    match operator {
        b'=' if at(next) == Some(b'=') => return None,
        b'=' => next += usize::from(at(next) == Some(b'>')),
        b':' if at(next) == Some(b':') => return None,
        b':' => next += usize::from(at(next) == Some(b'=')),
        b'>' if is_adjacent && text[end.saturating_sub(1)] != b'-' => {}
        b',' if was_quoted => needs_quote = true,
        b'(' if is_adjacent => needs_quote = true,
        b'|' => next += usize::from(at(next) == Some(b'|')),
        // `#define NAME "…"` and `password "…"`: the quote opens the value.
        byte if was_quoted && matches!(text[end], b' ' | b'\t') && byte.is_ascii_graphic() => {
            return Some((next - 1, true));
        }
        _ => return None,
    }
    while matches!(at(next), Some(b' ' | b'\t')) {
        next += 1;
    }
    let quote = skip_opening(text, &mut next, limit);
    match at(next) {
        None => Some((limit, false)),
        Some(byte) if byte.is_ascii_graphic() && !is_quote(byte) => {
            let is_literal = quote || operator == b'>';
            let opens_code = matches!(byte, b'(' | b'{' | b'[' | b'<' | b',' | b';' | b')');
            (is_literal || !needs_quote && !opens_code).then_some((next, is_literal))
        }
        Some(_) => None,
    }
}

/// Skips a word between a name and the operator: `<add key="…" value="…"/>`, `- name: …` with
/// `value: …` on the next line, `{"name": "…", "value": "…"}`, `variable "…" { default = "…" }`.
fn skip_link(text: &[u8], next: &mut usize, limit: usize) {
    let rest = &text[(*next).min(limit)..limit];
    let is_gap = |byte: &&u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b'{' | b'"');
    let gap = rest.iter().take_while(is_gap).count();
    for word in [&b"value"[..], b"Value", b"default"] {
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

/// Where the literal begins that follows a type and `=`.
pub(super) fn after_type(text: &[u8], start: usize, limit: usize) -> Option<usize> {
    let is_type = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'&' | b'\'' | b' ' | b'<' | b'>')
    };
    let rest = &text[start..limit.max(start)];
    let len = rest.iter().take_while(|byte| is_type(byte)).count();
    if len == 0 || text[start + len..].first() != Some(&b'=') {
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
fn value_len(text: &[u8], start: usize) -> Option<usize> {
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
            let len = rest.iter().position(ends).unwrap_or(rest.len());
            let tail = rest[..len].iter().rev();
            len - tail
                .take_while(|byte| matches!(byte, b')' | b'}' | b']' | b'\\'))
                .count()
        }
    };
    (len > 0).then_some(len)
}

/// The name that the value which begins at `start` is assigned to.
pub(super) fn name_before(text: &[u8], start: usize) -> Option<Name> {
    let low = start.saturating_sub(MAX_GAP + MAX_NAME);
    let mut end = start;
    let mut has_operator = false;
    for step in 0..3 {
        let gap = end;
        end = before_gap(text, low, end, &mut has_operator)?;
        let between = &text[end..gap];
        let is_argument = step == 0 && between.contains(&b',') && !between.contains(&b'=');
        let begin = low
            + text[low..end]
                .iter()
                .rposition(|&byte| !is_name(byte))
                .map_or(0, |at| at + 1);
        let word = Span::new(begin, end);
        match word.of(text) {
            // Between the name and the value: `key="…" value="…"`, `name: … value: …`, a type.
            b"value" | b"Value" | b"VALUE" | b"default" | b"string" | b"String" | b"str"
            | b"text" | b"char" | b"new" => end = begin,
            b"" => return None,
            _ if !has_operator && !is_followed_by_value(text, word, gap) => return None,
            // The first argument of a call may name the second. In a list, nothing is assigned.
            _ if is_argument && !follows_parenthesis(text, begin) => return None,
            _ => {
                let label = label_start(text, low, begin);
                return Some(Name {
                    span: word,
                    label: Span::new(label, end),
                });
            }
        }
    }
    None
}

/// Whether the value is a function that is called, or what a function gets by its name:
/// `getCredentials("…")`.
pub(super) fn is_call(text: &[u8], name: Span, value: Span) -> bool {
    const GETS: [&[u8]; 8] = [
        b"get", b"fetch", b"find", b"read", b"load", b"lookup", b"require", b"has",
    ];
    let name_of_call = name
        .of(text)
        .rsplit_once_str(b".")
        .map_or(name.of(text), |(_, last)| last);
    text[value.end..].first() == Some(&b'(')
        || text[name.end..].starts_with(b"(")
            && GETS.iter().any(|get| name_of_call.starts_with(get))
}

/// Whether the word at `begin` is the first argument of a call.
fn follows_parenthesis(text: &[u8], begin: usize) -> bool {
    let before = text[..begin].trim_ascii_end();
    let before = before.strip_suffix(b"\"").unwrap_or(before);
    let before = before.strip_suffix(b"'").unwrap_or(before);
    before.ends_with(b"(")
}

/// Whether a value that begins at `value` follows `word` without an operator: `--password …`,
/// `ENV PASSWORD …`, `#define PASSWORD "…"`, `password "…"`.
fn is_followed_by_value(text: &[u8], word: Span, value: usize) -> bool {
    let before = &text[..word.start];
    let gap = &text[word.end..value];
    let is_quoted = matches!(gap, [b' ', .., b'"' | b'\'']);
    let begins_line = before.trim_ascii_end().is_empty() || {
        let blank = before
            .iter()
            .rev()
            .take_while(|byte| matches!(byte, b' ' | b'\t'));
        before[..before.len() - blank.count()].ends_with(b"\n")
    };
    text[word.start..].starts_with(b"--")
        || before.ends_with(b"ENV ")
        || is_quoted && (begins_line || before.ends_with(b"#define "))
}

/// Where the word ends that is before the quotes, blanks and operators before `end`.
fn before_gap(text: &[u8], low: usize, end: usize, has_operator: &mut bool) -> Option<usize> {
    let mut at = end;
    while at > low {
        match text[at - 1] {
            b'=' | b':' | b',' | b'>' | b'(' | b'?' | b'|' => *has_operator = true,
            b'{' if *has_operator => {}
            b' ' | b'\t' | b'"' | b'\'' | b'`' | b'\\' | b'[' | b']' | b'&' | b'*' | b'@' => {}
            b'\n' | b'\r' if *has_operator && at < end => {}
            _ => return (end - at < MAX_GAP).then_some(at),
        }
        at -= 1;
    }
    None
}

/// Where the words begin that are on the same line right before `begin`.
fn label_start(text: &[u8], low: usize, begin: usize) -> usize {
    let mut start = begin;
    for _ in 0..LABEL_WORDS {
        let Some(end) = start
            .checked_sub(1)
            .filter(|&at| at > low && text[at] == b' ')
        else {
            break;
        };
        let word = text[low..end].iter().rev();
        let len = word.take_while(|&&byte| is_name(byte)).count();
        if len == 0 {
            break;
        }
        start = end - len;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "hX7nQ2mLp9";

    /// Text with `@` for the value, and its name.
    const FORMS: [(&str, &str); 30] = [
        ("#define API_KEY \"@\"", "API_KEY"),
        ("api_key \"@\"", "api_key"),
        ("variable \"api_key\" {\n  default = \"@\"\n}", "api_key"),
        ("{\"name\": \"API_KEY\", \"value\": \"@\"}", "API_KEY"),
        ("API_KEY=@", "API_KEY"),
        ("export API_KEY='@'", "API_KEY"),
        ("api_key: @\n", "api_key"),
        ("api_key = \"@\"", "api_key"),
        ("\"api-key\": \"@\"", "api-key"),
        ("{\\\"apiKey\\\":\\\"@\\\"}", "apiKey"),
        ("'api_key' => '@',", "api_key"),
        ("config['api_key'] = '@'", "api_key"),
        ("const apiKey: string = '@';", "apiKey"),
        ("let api_key: &str = \"@\";", "api_key"),
        ("String apiKey = \"@\";", "apiKey"),
        ("apiKey := \"@\"", "apiKey"),
        ("setenv(\"API_KEY\", \"@\", 1)", "API_KEY"),
        ("os.getenv('API_KEY', '@')", "API_KEY"),
        ("client.setApiKey(\"@\")", "client.setApiKey"),
        ("<apiKey>@</apiKey>", "apiKey"),
        ("<add key=\"apiKey\" value=\"@\"/>", "apiKey"),
        ("- name: API_KEY\n  value: @\n", "API_KEY"),
        ("- name: API_KEY\n  value: \"@\"\n", "API_KEY"),
        ("X-Api-Key: @\r\n", "X-Api-Key"),
        ("?api_key=@&x=1", "api_key"),
        ("-Dapi.key=@ ", "-Dapi.key"),
        ("tool --api-key=@ x", "--api-key"),
        ("ENV API_KEY=\"@\"", "API_KEY"),
        ("$env:API_KEY = \"@\"", "API_KEY"),
        ("API Key: @", "Key"),
    ];

    #[test]
    fn names_and_values_of_every_form_are_read() {
        for (form, name) in FORMS {
            let text = form.replace('@', VALUE);
            let text = text.as_bytes();
            let at = form.find('@').expect("a value");
            let span = Span::new(at, at + VALUE.len());
            let found = name_before(text, at).expect(form);
            assert_eq!(found.span.of(text), name.as_bytes(), "{form}");
            assert_eq!(value_len(text, at), Some(VALUE.len()), "{form}");
            let is_direct = ["value", "getenv", "default"]
                .iter()
                .all(|word| !form.contains(word));
            if is_direct {
                assert_eq!(value_after(text, found.span.start), Some(span), "{form}");
            }
        }
    }

    #[test]
    fn an_option_needs_no_operator() {
        let text = b"tool --api-key hX7nQ2mLp9";
        let name = name_before(text, 15).expect("an option");
        assert_eq!(name.span.of(text), b"--api-key");
        assert_eq!(name_before(b"the key hX7nQ2mLp9", 8), None);
    }

    #[test]
    fn the_label_is_up_to_three_words_longer() {
        let text = b"the new Stripe secret key: hX7nQ2mLp9";
        let name = name_before(text, 27).expect("a name");
        assert_eq!(name.label.of(text), b"new Stripe secret key");
    }

    #[test]
    fn texts_of_every_length_are_read_to_their_end() {
        let text = "a[\"key\"]:\\\"=>(' \n value = new String(\"x".as_bytes();
        for start in 0..=text.len() {
            for end in start..=text.len() {
                let part = &text[start..end];
                for at in 0..part.len() {
                    let _ = (value_after(part, at), name_before(part, at));
                }
                let _ = name_before(part, part.len());
            }
        }
    }
}
