//! Writes `replacements.txt`: what replaces each value, for `git filter-repo --replace-text`.
//!
//! A line is `literal:VALUE==>TEXT` or `regex:PATTERN==>TEXT`, split at the last `==>`. The format
//! has no comments, so the warning at the top is a line that replaces a text by itself.
//!
//! TEXT becomes public with the cleaned history, so nothing in it depends on the value: it has the
//! number of the value in the order of the plan.

use std::collections::HashMap;

use super::PlanItem;

/// The first line of the file.
const WARNING: &str = "THIS FILE CONTAINS UNMASKED SECRETS: \
                       do not share or commit it, and delete it after the clean-up";

/// The lines of the file, by value.
pub(super) struct Replacements<'o> {
    lines: Vec<Line<'o>>,
    /// The line number of each value, from 1.
    numbers: HashMap<&'o [u8], usize>,
}

struct Line<'o> {
    value: &'o [u8],
    /// The number of the value, from 1, in the text that replaces it.
    number: usize,
    /// A literal cannot contain a line feed. Literals are replaced before all patterns, so a part
    /// of a value with a pattern needs a pattern too.
    is_regex: bool,
}

impl<'o> Replacements<'o> {
    /// One line for each value of `items`; a longer value comes first, as it may contain others.
    pub(super) fn new(items: &[PlanItem<'o>]) -> Self {
        let mut values: HashMap<&[u8], usize> = HashMap::new();
        for (_, secret) in items.iter().flat_map(PlanItem::values) {
            if !secret.is_empty() {
                let next = values.len() + 1;
                values.entry(secret.reveal()).or_insert(next);
            }
        }
        let mut multi_line: Vec<&[u8]> = values.keys().copied().collect();
        multi_line.retain(|value| value.contains(&b'\n'));
        let lines = values.into_iter().map(|(value, number)| Line {
            value,
            number,
            is_regex: multi_line
                .iter()
                .any(|long| memchr::memmem::find(long, value).is_some()),
        });
        let mut lines: Vec<Line<'_>> = lines.collect();
        lines.sort_by_key(|line| (std::cmp::Reverse(line.value.len()), line.number));
        let numbers = (2..)
            .zip(&lines)
            .map(|(number, line)| (line.value, number))
            .collect();
        Self { lines, numbers }
    }

    /// The line number of `value`, from 1.
    pub(super) fn line_of(&self, value: &[u8]) -> Option<usize> {
        self.numbers.get(value).copied()
    }

    /// The content of the file.
    pub(super) fn content(&self) -> Vec<u8> {
        let mut content = format!("literal:{WARNING}==>{WARNING}\n").into_bytes();
        for Line {
            value,
            number,
            is_regex,
        } in &self.lines
        {
            if *is_regex {
                content.extend_from_slice(b"regex:");
                content.extend(value.iter().flat_map(|&byte| escaped(byte)));
            } else {
                content.extend_from_slice(b"literal:");
                content.extend_from_slice(value);
            }
            content.extend_from_slice(format!("==>***REMOVED-{number}***\n").as_bytes());
        }
        content
    }
}

/// A Python pattern that matches only this byte.
fn escaped(byte: u8) -> Vec<u8> {
    if byte.is_ascii_alphanumeric() {
        vec![byte]
    } else {
        format!("\\x{byte:02x}").into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::super::items;
    use super::*;
    use crate::finding::{Finding, Outcome};
    use crate::report::samples::pair;
    use crate::secret::{Fingerprint, PublicFingerprint, Secret};

    fn outcome(values: &[&[u8]]) -> Outcome {
        let finding = |value: &&[u8]| {
            let fingerprint = Fingerprint::new("rule", value);
            Finding {
                secret: Secret::new(*value),
                fingerprint,
                public_fingerprint: PublicFingerprint::of_value(fingerprint),
                partner: None,
                ..pair()
            }
        };
        Outcome {
            findings: values.iter().map(finding).collect(),
            ..Outcome::default()
        }
    }

    /// The value of a line and its replacement, parsed as git-filter-repo does it.
    fn read(line: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let at = memchr::memmem::rfind(line, b"==>").unwrap();
        let (value, text) = (&line[..at], line[at + 3..].to_vec());
        if let Some(literal) = value.strip_prefix(b"literal:") {
            return (literal.to_vec(), text);
        }
        let mut rest = value.strip_prefix(b"regex:").unwrap();
        let mut decoded = Vec::new();
        while let Some((&byte, after)) = rest.split_first() {
            let escape = after
                .strip_prefix(b"x")
                .filter(|_| byte == b'\\')
                .and_then(|hex| hex.split_at_checked(2));
            let (value, after) = match escape {
                Some((hex, after)) => (
                    u8::from_str_radix(std::str::from_utf8(hex).unwrap(), 16).unwrap(),
                    after,
                ),
                None => (byte, after),
            };
            assert!(
                escape.is_some() || byte.is_ascii_alphanumeric(),
                "{byte} means something in an expression"
            );
            decoded.push(value);
            rest = after;
        }
        (decoded, text)
    }

    #[test]
    fn git_filter_repo_reads_every_value_back() {
        let values: [&[u8]; 9] = [
            b"plain",
            b"a==>b",
            b"ends=",
            b"#hash",
            b"regex:a.*",
            b"literal:x",
            b"glob:*",
            b"\xff\xfe\r",
            b"-- a\n(b)*\r\n",
        ];
        let outcome = outcome(&values);
        let items = items(&outcome);
        let all = Replacements::new(&items);
        let content = all.content();
        let lines: Vec<&[u8]> = content
            .strip_suffix(b"\n")
            .unwrap()
            .split(|&byte| byte == b'\n')
            .collect();
        assert_eq!(lines.len(), values.len() + 1);
        let (warning, same) = read(lines[0]);
        assert_eq!(warning, same, "the warning replaces itself by itself");
        for (number, value) in (1..).zip(values) {
            let line = all.line_of(value).unwrap();
            let (read, text) = read(lines[line - 1]);
            assert_eq!(read, value);
            assert_eq!(text, format!("***REMOVED-{number}***").into_bytes());
        }
    }

    #[test]
    fn a_value_that_contains_another_comes_first() {
        let values: [&[u8]; 4] = [b"inner", b"an inner part", b"one\ninner line\n", b"another"];
        let outcome = outcome(&values);
        let items = items(&outcome);
        let content = String::from_utf8(Replacements::new(&items).content()).unwrap();
        let lines: Vec<_> = content
            .lines()
            .skip(1)
            .map(|line| line.split("==>").next().unwrap())
            .collect();
        assert_eq!(lines[0], "regex:one\\x0ainner\\x20line\\x0a");
        assert_eq!(
            lines[1..],
            ["literal:an inner part", "literal:another", "regex:inner"]
        );
    }

    #[test]
    fn a_value_has_one_line() {
        let outcome = Outcome {
            findings: vec![pair(), pair()],
            ..outcome(&[])
        };
        let items = items(&outcome);
        let content = Replacements::new(&items).content();
        assert_eq!(
            (
                items.len(),
                content.iter().filter(|&&byte| byte == b'\n').count()
            ),
            (1, 3),
            "two halves, a warning"
        );
    }
}
