//! Recognises documentation within source code: comments that are extracted from it, and strings
//! whose place or name says that they are documentation.

use bstr::ByteSlice as _;

use crate::rule::Confidence;
use crate::rule::words::Words;
use crate::scan::Match;

use super::place;

/// How much text before a match is read. It is within the overlap of the parts of a large blob.
const REACH: usize = 16 << 10;

/// How many matches of a text are looked at. A text with more is a dump of keys, and each would
/// cost [`REACH`] bytes.
const MAX_MATCHES: usize = 200;

/// Grades those `matches` in `text` lower which are in documentation.
pub(super) fn grade<'r>(matches: &mut [Match], text: &[u8], rule_id: impl Fn(usize) -> &'r str) {
    let can_be_lower = |found: &&mut Match| {
        found.confidence == Confidence::Medium
            && place::lowered(rule_id(found.rule), found.confidence) == Confidence::Low
    };
    for found in matches.iter_mut().filter(can_be_lower).take(MAX_MATCHES) {
        if is_documentation(text, found.span.start) {
            found.confidence = Confidence::Low;
            found.details.push(place::because("it is in documentation"));
        }
    }
}

/// Whether `at` is in a documentation comment or a documentation string.
fn is_documentation(text: &[u8], at: usize) -> bool {
    let before = &text[at.saturating_sub(REACH)..at];
    let line = before
        .rsplit(|&byte| byte == b'\n')
        .next()
        .unwrap_or(before)
        .trim_start();
    ["///", "//!", ">>> "]
        .iter()
        .any(|mark| line.starts_with(mark.as_bytes()))
        || is_in_comment(before)
        || is_in_string(before)
}

/// Whether `before` ends in a comment that begins with `/**`, as of Javadoc, JSDoc and PHPDoc.
fn is_in_comment(before: &[u8]) -> bool {
    let Some(start) = before.rfind("/**") else {
        return false;
    };
    let line = before[..start]
        .rsplit(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    let rest = &before[start + 3..];
    line.trim_ascii().is_empty()
        && rest.first().is_some_and(u8::is_ascii_whitespace)
        && !rest.contains_str("*/")
}

/// Whether `before` ends in a string of Python that is documentation: the first statement of a
/// function or file, or one with a name such as `EXAMPLES`.
fn is_in_string(before: &[u8]) -> bool {
    let Some(start) = before.rfind("\"\"\"").max(before.rfind("'''")) else {
        return false;
    };
    let (mut lines, rest) = (
        before[..start].rsplit(|&byte| byte == b'\n'),
        &before[start + 3..],
    );
    let head = lines.next().unwrap_or_default();
    let head = head.trim_end_with(|c| "rRuUbBfF".contains(c)).trim_ascii();
    if !head.is_empty() {
        let name = head.trim_end_with(|c| !c.is_ascii_alphanumeric());
        return head.ends_with(b"=") && Words::new(name).iter().any(place::is_low_word);
    }
    // Without a name, the quotes may as well close a string.
    let opens_text = rest.first().is_some_and(u8::is_ascii_alphanumeric);
    let above = lines.map(<[u8]>::trim_ascii).find(|line| !line.is_empty());
    opens_text || above.is_none_or(|line| line.ends_with(b":") || line.starts_with(b"#"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documentation_of_several_languages_is_recognised() {
        for text in [
            "def f():\n    \"\"\"Logs in.\n\n    @",
            "def f():\n    '''\n    Logs in with @",
            "#!/usr/bin/python\n\"\"\"\nLogs in with @",
            "EXAMPLES = r'''\n- token: @",
            "DOCUMENTATION = \"\"\"\n- token: @",
            "/**\n * Logs in with @",
            "  /** Logs in with @",
            "/// Logs in with @",
            ">>> login('@",
        ] {
            assert!(is_documentation(text.as_bytes(), text.len() - 1), "{text}");
        }
    }

    #[test]
    fn code_and_its_strings_are_no_documentation() {
        for text in [
            "token = '@",
            "def f():\n    \"\"\"Logs in.\"\"\"\n    token = '@",
            "def f():\n    '''\n    Logs in.\n    '''\n    token = '@",
            "CONFIG = '''\ntoken = @",
            "run(\"\"\"\ntoken = @",
            "/** Logs in. */\ntoken = '@",
            "# token = '@",
            "// token = '@",
            "include: src/**\ntoken: @",
            " * token: @",
        ] {
            assert!(!is_documentation(text.as_bytes(), text.len() - 1), "{text}");
        }
    }
}
