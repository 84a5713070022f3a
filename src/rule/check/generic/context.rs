//! Judges the text around a general value: whether it says that the value is not assigned to the
//! name before it.

use super::super::Candidate;
use super::value::is_hex;
use crate::text::Span;

/// Why the text around a value says that nothing is assigned to its name.
pub(super) fn wrong_syntax(candidate: &Candidate<'_>) -> Option<&'static str> {
    let name = candidate.name?;
    let after_name = &candidate.text[name.end..];
    let word = name
        .of(candidate.text)
        .rsplit(|byte| b"._:".contains(byte))
        .next();
    if word == Some(b"pass") && after_name.starts_with(b"(") {
        Some("a function that lets something pass")
    } else if is_in_arn(candidate.text, name.start) {
        Some("part of an ARN")
    } else if is_hash_of_file(candidate, name) {
        Some("the hash of a file")
    } else if is_salt_of_record(candidate, name) {
        Some("a salt, which is stored with what it salts")
    } else if is_of_badge(candidate.text, name.start) {
        Some("the token of a badge, which is public")
    } else {
        is_expression(candidate).then_some("a type or a variable")
    }
}

/// Whether the name is a part of an ARN: `arn:aws:secretsmanager:eu-west-1:1:secret:app-aB3xYz`.
fn is_in_arn(text: &[u8], name: usize) -> bool {
    let before = &text[name.saturating_sub(100)..name];
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b":-_/*".contains(byte);
    let len = before.iter().rev().take_while(is_part).count();
    before[before.len() - len..].starts_with(b"arn:")
}

/// Whether the value is the salt of a record, such as a keystore, the hash of a password or the
/// configuration of this program, which have it next to what it salts. A statement of a function or
/// a class assigns a constant, which is secret.
fn is_salt_of_record(candidate: &Candidate<'_>, name: Span) -> bool {
    let line = candidate.text[..name.start].rsplit(|&byte| byte == b'\n');
    let is_indented = line.into_iter().next().is_some_and(|line| !line.is_empty());
    let is_statement = candidate.text[name.end..]
        .trim_ascii_start()
        .starts_with(b"=");
    name.of(candidate.text).eq_ignore_ascii_case(b"salt")
        && is_hex(candidate.secret())
        && !(is_indented && is_statement)
}

/// Whether the name is the end of the path of a file, and the value a hash, as in lists of
/// checksums: `"certs/ca.key": "5f0c…"`.
fn is_hash_of_file(candidate: &Candidate<'_>, name: Span) -> bool {
    let before = name.start.checked_sub(1).map(|at| candidate.text[at]);
    before == Some(b'/') && name.of(candidate.text).contains(&b'.') && is_hex(candidate.secret())
}

/// Whether the name is in the query of the URL of a badge: `…/graph/badge.svg?token=q7ZxK2vb`.
fn is_of_badge(text: &[u8], name: usize) -> bool {
    let before = &text[name.saturating_sub(100)..name];
    let url = before.rsplit(u8::is_ascii_whitespace).next();
    url.is_some_and(|url| memchr::memmem::find(url, b"badge").is_some() && url.contains(&b'?'))
}

/// Whether the value is an identifier without quotes that ends a statement or has parameters:
/// `password: Text256;`, `key: Vec8<u8>`.
fn is_expression(candidate: &Candidate<'_>) -> bool {
    let value = candidate.secret();
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.".contains(byte);
    candidate.before(1) == b" "
        && value[0].is_ascii_alphabetic()
        && value.iter().all(is_part)
        && matches!(
            candidate.after(2),
            [b';'] | [b';', b'\n' | b'\r'] | [b'<', ..]
        )
}

/// Whether the name begins a string in which a text follows: `"PASS: all tests"`.
pub(super) fn is_in_message(candidate: &Candidate<'_>) -> bool {
    let Some(name) = candidate.name else {
        return false;
    };
    let before = name.start.checked_sub(1).map(|at| candidate.text[at]);
    matches!(before, Some(b'"' | b'\'' | b'`')) && candidate.text[name.end..].starts_with(b": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first `value` in `text`, assigned to the first `name`.
    fn candidate<'t>(text: &'t str, name: &str, value: &str) -> Candidate<'t> {
        let find = |part: &str| {
            let start = text.find(part).unwrap();
            Span::new(start, start + part.len())
        };
        Candidate {
            name: Some(find(name)),
            ..Candidate::new(text.as_bytes(), find(value))
        }
    }

    #[test]
    fn the_text_around_a_value_says_that_it_is_not_assigned() {
        let hash = "5f0c93e1b7a2";
        for (text, name, value) in [
            ("password: TextMaxLen256;\n", "password", "TextMaxLen256"),
            ("pub key: TlsVec16<u8>,", "key", "TlsVec16"),
            ("x.pass(\"g;x=1/y\")", "x.pass", "g;x=1/y"),
            ("arn:aws:s:eu:1:secret:app-aB3xYz", "secret", "app-aB3xYz"),
            ("{\"certs/ca.key\":\"5f0c93e1b7a2\"}", "ca.key", hash),
            ("{\"salt\": \"5f0c93e1b7a2\"}", "salt", hash),
            ("user:\n  salt: 5f0c93e1b7a2\n", "salt", hash),
            ("x\nsalt = \"5f0c93e1b7a2\"\n", "salt", hash),
            ("x/badge.svg?token=q7ZxK2vb9R", "token", "q7ZxK2vb9R"),
        ] {
            let candidate = candidate(text, name, value);
            assert!(wrong_syntax(&candidate).is_some(), "{text}");
        }
        for (text, name, value) in [
            ("pwd=TextMaxLen256;uid=sa", "pwd", "TextMaxLen256"),
            ("f() {\n  salt = '5f0c93e1b7a2'", "salt", hash),
            ("const SALT = \"5f0c93e1b7a2\";", "SALT", hash),
            ("badges https://x/?token=q7ZxK2vb9R", "token", "q7ZxK2vb9R"),
        ] {
            let candidate = candidate(text, name, value);
            assert_eq!(wrong_syntax(&candidate), None, "{text}");
        }
    }
}
