//! Reads the name before a value, for the look-up of the rules that it belongs to.

use bstr::ByteSlice as _;

use crate::text::Span;

use super::forms::{MAX_GAP, MAX_NAME, ends_with_setter, is_name, is_quote, separator_before};

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

impl Name {
    fn at(text: &[u8], low: usize, span: Span) -> Self {
        let label = Span::new(label_start(text, low, span.start), span.end);
        Self { span, label }
    }
}

/// The name that `value` is assigned to.
pub(super) fn name_before(text: &[u8], value: Span) -> Option<Name> {
    let low = value.start.saturating_sub(MAX_GAP + MAX_NAME);
    if let Some(word) = word_before_separator(text, low, value.start) {
        return Some(Name::at(text, low, word));
    }
    let mut end = value.start;
    let mut has_operator = false;
    for step in 0..3 {
        let gap = end;
        end = before_gap(text, low, end, &mut has_operator)?;
        let between = &text[end..gap];
        let is_argument = step == 0 && between.contains(&b',') && !between.contains(&b'=');
        let word = word_before(text, low, end);
        match word.of(text) {
            // Between the name and the value: `key="…" value="…"`, `name: … value: …`, a type.
            b"value" | b"Value" | b"VALUE" | b"ParameterValue" | b"default" | b"string"
            | b"String" | b"str" | b"text" | b"char" | b"new" => end = word.start,
            b"" => return None,
            _ if !has_operator && !is_followed_by_value(text, word, gap) => return None,
            // The first argument of a call may name the second. In a list, nothing is assigned.
            _ if is_argument
                && !follows_parenthesis(text, word.start)
                && !is_row(text, word, value) =>
            {
                return None;
            }
            _ => return Some(Name::at(text, low, word)),
        }
    }
    None
}

/// The name before a separator of [`super::forms`] that ends at `end`.
fn word_before_separator(text: &[u8], low: usize, end: usize) -> Option<Span> {
    let gap = &text[end.saturating_sub(MAX_GAP)..end];
    let len = gap.len() - separator_before(gap)?;
    let word = word_before(text, low, end - len);
    (!word.of(text).is_empty()).then_some(word)
}

/// The identifier that ends at `end`, which may be empty.
fn word_before(text: &[u8], low: usize, end: usize) -> Span {
    let len = text[low.min(end)..end]
        .iter()
        .rev()
        .take_while(|&&byte| is_name(byte))
        .count();
    Span::new(end - len, end)
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
    before_quote(&text[..begin])
        .trim_ascii_end()
        .ends_with(b"(")
}

/// `text` without the quote that it may end with.
fn before_quote(text: &[u8]) -> &[u8] {
    match text.split_last() {
        Some((&byte, rest)) if is_quote(byte) => rest,
        _ => text,
    }
}

/// Whether a line has only the name and the value, with a comma between them and nothing else: a
/// row of comma-separated values. Otherwise it may be any list.
fn is_row(text: &[u8], name: Span, value: Span) -> bool {
    let gap = text[name.end..value.start].iter();
    let before = before_quote(&text[..name.start]);
    let after = &text[value.end..];
    let after = match after.split_first() {
        Some((&byte, rest)) if is_quote(byte) => rest,
        _ => after,
    };
    gap.clone().all(|&byte| byte == b',' || is_quote(byte))
        && before.last().is_none_or(|&byte| byte == b'\n')
        && after
            .first()
            .is_none_or(|byte| matches!(byte, b'\r' | b'\n'))
}

/// Whether a value that begins at `value` follows `word` without an operator: `--password …`,
/// `setenv PASSWORD …`, `#define PASSWORD "…"`, `password "…"`, `:password "…"`.
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
    let is_keyword = before.strip_suffix(b":").is_some_and(|before| {
        let last = before.last();
        last.is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b'{' | b'(' | b'['))
    });
    text[word.start..].starts_with(b"--")
        || ends_with_setter(before)
        || is_quoted && (begins_line || is_keyword || before.ends_with(b"#define "))
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
    use super::super::value::{value_after, value_len};
    use super::*;

    const VALUE: &str = "hX7nQ2mLp9";

    /// Text with `@` for the value, and its name.
    const FORMS: [(&str, &str); 51] = [
        ("#define API_KEY \"@\"", "API_KEY"),
        ("api_key \"@\"", "api_key"),
        ("variable \"api_key\" {\n  default = \"@\"\n}", "api_key"),
        ("{\"name\": \"API_KEY\", \"value\": \"@\"}", "API_KEY"),
        ("\"api_key\": {\n  \"value\": \"@\"\n}", "api_key"),
        ("{\"api_key\":{\"value\":\"@\"}}", "api_key"),
        (
            "{\"ParameterKey\": \"ApiKey\", \"ParameterValue\": \"@\"}",
            "ApiKey",
        ),
        (
            "<setting name=\"apiKey\" serializeAs=\"String\">\n  <value>@</value>",
            "apiKey",
        ),
        ("API_KEY=@", "API_KEY"),
        ("{\"text\": \"API_KEY=@\\r\\n\"}", "API_KEY"),
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
        ("api_key: |\n  @\n", "api_key"),
        ("api_key: >-\n  @\n", "api_key"),
        ("<key>apiKey</key>\n\t<string>@</string>", "apiKey"),
        ("<name>api.key</name>\n<value>@</value>", "api.key"),
        ("x,y\napi_key,@\n", "api_key"),
        ("\"api_key\",\"@\"\n", "api_key"),
        ("Set `API_KEY` to `@`.", "API_KEY"),
        ("setx API_KEY @\r\n", "API_KEY"),
        ("set -gx API_KEY @", "API_KEY"),
        ("${API_KEY:-@}", "API_KEY"),
        ("${API_KEY:-\"@\"}", "API_KEY"),
        ("proxy_set_header X-Api-Key \"@\";", "X-Api-Key"),
        ("char api_key[] = \"@\";", "api_key"),
        ("char api_key[33] = \"@\";", "api_key"),
        ("std::string api_key{\"@\"};", "api_key"),
        ("{:api-key \"@\"}", "api-key"),
    ];

    #[test]
    fn names_and_values_of_every_form_are_read() {
        for (form, name) in FORMS {
            let text = form.replace('@', VALUE);
            let text = text.as_bytes();
            let at = form.find('@').expect("a value");
            let span = Span::new(at, at + VALUE.len());
            let found = name_before(text, span).expect(form);
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
        let name = name_before(text, Span::new(15, 25)).expect("an option");
        assert_eq!(name.span.of(text), b"--api-key");
        assert_eq!(name_before(b"the key hX7nQ2mLp9", Span::new(8, 18)), None);
    }

    #[test]
    fn the_label_is_up_to_three_words_longer() {
        let text = b"the new Stripe secret key: hX7nQ2mLp9";
        let name = name_before(text, Span::new(27, 37)).expect("a name");
        assert_eq!(name.label.of(text), b"new Stripe secret key");
    }

    #[test]
    fn texts_of_every_length_are_read_to_their_end() {
        let text = "a[\"key\"]:\\\"=>(' to `:- |\n k[3]{\"</key> <string>value = new String(\"x"
            .as_bytes();
        for start in 0..=text.len() {
            for end in start..=text.len() {
                let part = &text[start..end];
                for at in 0..part.len() {
                    let value = Span::new(at, part.len());
                    let _ = (value_after(part, at), name_before(part, value));
                }
                let _ = name_before(part, Span::new(part.len(), part.len()));
            }
        }
    }
}
