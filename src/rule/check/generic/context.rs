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
    } else if is_type_name(candidate.text, name) {
        Some("the name of a type")
    } else if is_in_template(candidate, name) {
        Some("a filter of a template")
    } else if is_field_of_row(candidate, name) {
        Some("a row of fields")
    } else if is_id_of_openpgp(candidate) {
        Some("the id of an OpenPGP key")
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

/// Whether the name is a string with the name of a type: `"AWS::KMS::ReplicaKey": "903f…"`.
fn is_type_name(text: &[u8], name: Span) -> bool {
    let before = &text[name.start.saturating_sub(100)..name.start];
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b':';
    let len = before.iter().rev().take_while(is_part).count();
    let quote = before[..before.len() - len].last();
    before.ends_with(b"::") && matches!(quote, Some(b'"' | b'\'')) && text.get(name.end) == quote
}

/// Whether the value is what a template does to its name: `{{ .Values.password | b64enc }}`.
fn is_in_template(candidate: &Candidate<'_>, name: Span) -> bool {
    let before = &candidate.text[name.start.saturating_sub(40)..name.start];
    let opening = memchr::memmem::rfind(before, b"{{");
    candidate.text[name.end..candidate.span.start].trim_ascii() == b"|"
        && opening.is_some_and(|at| memchr::memmem::find(&before[at..], b"}}").is_none())
}

/// Whether the name and the value are fields of a row, as in `/etc/passwd`: `name:passwd:uid:gid`.
fn is_field_of_row(candidate: &Candidate<'_>, name: Span) -> bool {
    let before = name.start.checked_sub(1).map(|at| candidate.text[at]);
    matches!(before, Some(b':' | b'/'))
        && &candidate.text[name.end..candidate.span.start] == b":"
        && candidate.secret().contains(&b':')
}

/// Whether the value is a fingerprint or its end, and a command of GnuPG is before it on the line.
fn is_id_of_openpgp(candidate: &Candidate<'_>) -> bool {
    let before = candidate.before(100);
    let line = before.rsplit(|&byte| byte == b'\n').next();
    let names_pgp = |line: &[u8]| {
        ["gpg", "pgp"]
            .iter()
            .any(|word| memchr::memmem::find(line, word.as_bytes()).is_some())
    };
    is_hex(candidate.secret())
        && matches!(candidate.secret().len(), 8 | 16 | 40)
        && line.is_some_and(|line| names_pgp(&line.to_ascii_lowercase()))
}

/// Whether the value is the salt of a record, such as a keystore, the hash of a password or the
/// configuration of this program, which have it next to what it salts. A statement of a function or
/// a class assigns a constant, which is secret.
fn is_salt_of_record(candidate: &Candidate<'_>, name: Span) -> bool {
    let before = candidate.text[..name.start].last();
    let is_indented = before.is_some_and(|&byte| byte != b'\n');
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

/// Whether the name is in the query of the URL of a badge: `…/graph/badge.svg?token=q7ZxK2vb`,
/// `https://img.shields.io/codecov/c/gh/acme?token=q7ZxK2vb`.
fn is_of_badge(text: &[u8], name: usize) -> bool {
    let before = &text[name.saturating_sub(100)..name];
    let url = before.rsplit(u8::is_ascii_whitespace).next();
    let is_badge = |url: &[u8]| {
        ["badge", "shields.io/"]
            .iter()
            .any(|part| memchr::memmem::find(url, part.as_bytes()).is_some())
    };
    url.is_some_and(|url| is_badge(url) && url.contains(&b'?'))
}

/// Whether the value is an identifier without quotes that ends a statement, has parameters, is
/// called or points to something: `password: Text256;`, `key: Vec8<u8>`, `key = mix_2_words (x)`,
/// `key = dev2->key`.
fn is_expression(candidate: &Candidate<'_>) -> bool {
    let value = candidate.secret();
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.".contains(byte);
    let after = candidate.after(16);
    let is_end = matches!(after, [b';'] | [b';', b'\n' | b'\r', ..] | [b'<', ..]);
    let is_called = value.iter().filter(|&&byte| byte == b'_').count() > 1
        && after.trim_ascii_start().starts_with(b"(");
    let value = value.strip_suffix(b"-").unwrap_or(value);
    let is_pointer = value.len() < candidate.secret().len() && after.starts_with(b">");
    candidate.before(1) == b" "
        && value
            .first()
            .is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_')
        && value.iter().all(is_part)
        && (is_end || is_called || is_pointer)
}

/// The length up to which a line of a report is read, in bytes.
const LINE: usize = 160;

/// Whether the name begins a string or a line of a report in which a text follows:
/// `"PASS: all tests"`, `PASS: ld-elf/seg` between lines like it.
pub(super) fn is_in_message(candidate: &Candidate<'_>) -> bool {
    let Some(name) = candidate.name else {
        return false;
    };
    let text = candidate.text;
    let before = &text[name.start.saturating_sub(LINE)..name.start];
    let after = &text[name.end..text.len().min(name.end + LINE)];
    let is_result = |line: &[u8]| {
        let starts = ["PASS: ", "FAIL: ", "Running "].map(str::as_bytes);
        starts.iter().any(|start| line.starts_with(start))
    };
    let is_of_report = || {
        let mut lines = before.rsplit(|&byte| byte == b'\n');
        name.of(text) == b"PASS"
            && lines.next().is_some_and(<[u8]>::is_empty)
            && (lines.next().is_some_and(is_result)
                || after
                    .split(|&byte| byte == b'\n')
                    .nth(1)
                    .is_some_and(is_result))
    };
    let is_string = matches!(before.last(), Some(b'"' | b'\'' | b'`'));
    after.starts_with(b": ") && (is_string || is_of_report())
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
            ("img.shields.io/c?token=q7ZxK2vb9R", "token", "q7ZxK2vb9R"),
            ("{\"AWS::KMS::Key\": \"5f0c93e1b7a2\"}", "Key", hash),
            ("{{ .password | b64enc2x }}", ".password", "b64enc2x"),
            ("name:passwd:uid7:gid7", "passwd", "uid7:gid7"),
            ("gpg --recv-key 5F0C93E1", "key", "5F0C93E1"),
            ("key = _mm_xor_si512   (a, b)", "key", "_mm_xor_si512"),
            ("key = rt2x00dev->key", "key", "rt2x00dev-"),
        ] {
            let candidate = candidate(text, name, value);
            assert!(wrong_syntax(&candidate).is_some(), "{text}");
        }
        for (text, name, value) in [
            ("pwd=TextMaxLen256;uid=sa", "pwd", "TextMaxLen256"),
            ("f() {\n  salt = '5f0c93e1b7a2'", "salt", hash),
            ("const SALT = \"5f0c93e1b7a2\";", "SALT", hash),
            ("badges https://x/?token=q7ZxK2vb9R", "token", "q7ZxK2vb9R"),
            ("App::Key = \"5f0c93e1b7a2\"", "Key", hash),
            ("{{ password: \"b64enc2x\" }}", "password", "b64enc2x"),
            ("{{ x }} | password | b64enc2x", "password", "b64enc2x"),
            ("acme:passwd: uid:gid", "passwd", "uid:gid"),
            ("gpg keys\ntoken = 5f0c93e1", "token", "5f0c93e1"),
            ("key = q7zx_K2vb (old)", "key", "q7zx_K2vb"),
        ] {
            let candidate = candidate(text, name, value);
            assert_eq!(wrong_syntax(&candidate), None, "{text}");
        }
    }
    #[test]
    fn lines_of_reports_of_tests_are_no_passwords() {
        let value = "ld-elf/seg2";
        for (text, is_report) in [
            ("PASS: @\nFAIL: x\n", true),
            ("PASS: x\nPASS: @", true),
            ("USER: x\nPASS: @\n", false),
        ] {
            let text = text.replace('@', value);
            let mut candidate = candidate(&text, value, value);
            let end = candidate.span.start - 2;
            candidate.name = Some(Span::new(end - 4, end));
            assert_eq!(is_in_message(&candidate), is_report, "{text}");
        }
    }
}
