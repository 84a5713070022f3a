//! `replacements.txt`: what to put in the place of each value, as `git filter-repo --replace-text`
//! reads it.
//!
//! A line is `literal:VALUE==>TEXT` or `regex:PATTERN==>TEXT`; the last `==>` counts, and there are
//! no comments. So the warning at the top is a line that replaces a text, which stands nowhere, by
//! itself.

use std::collections::{BTreeMap, HashMap};

use super::Item;
use crate::secret::Fingerprint;

/// What the file says of itself.
const WARNING: &str = "THIS FILE HOLDS SECRETS IN CLEAR: show it to nobody, commit it nowhere, delete it when all is done";

/// The lines of the file, by value.
pub(super) struct Replacements<'o> {
    lines: Vec<Line<'o>>,
    /// The number of each value's line, from 1.
    numbers: HashMap<&'o [u8], usize>,
}

struct Line<'o> {
    value: &'o [u8],
    name: Fingerprint,
    /// Literals cannot hold a line feed. They are replaced before all expressions, so what is a
    /// part of an expression's value has to be one too.
    is_regex: bool,
}

impl<'o> Replacements<'o> {
    /// One line for each value of `items`. What may hold another value comes before it.
    pub(super) fn new(items: &[Item<'o>]) -> Self {
        let mut values: BTreeMap<&[u8], Fingerprint> = BTreeMap::new();
        for (_, secret, name) in items
            .iter()
            .flat_map(Item::values)
            .filter(|(_, secret, _)| !secret.is_empty())
        {
            values
                .entry(secret.reveal())
                .and_modify(|first| *first = name.min(*first))
                .or_insert(name);
        }
        let of_many_lines: Vec<&[u8]> = values
            .keys()
            .copied()
            .filter(|value| value.contains(&b'\n'))
            .collect();
        let is_regex = |value: &[u8]| {
            of_many_lines
                .iter()
                .any(|long| memchr::memmem::find(long, value).is_some())
        };
        let mut lines: Vec<Line<'_>> = values
            .into_iter()
            .map(|(value, name)| Line {
                value,
                name,
                is_regex: is_regex(value),
            })
            .collect();
        lines.sort_by_key(|line| (std::cmp::Reverse(line.value.len()), line.name));
        let numbers = (2..)
            .zip(&lines)
            .map(|(number, line)| (line.value, number))
            .collect();
        Self { lines, numbers }
    }

    /// The line that `value` stands on, from 1.
    pub(super) fn line_of(&self, value: &[u8]) -> Option<usize> {
        self.numbers.get(value).copied()
    }

    /// The file.
    pub(super) fn content(&self) -> Vec<u8> {
        let mut content = format!("literal:{WARNING}==>{WARNING}\n").into_bytes();
        for Line {
            value,
            name,
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
            content.extend_from_slice(
                format!("==>***REMOVED-{:.8}***\n", name.to_string()).as_bytes(),
            );
        }
        content
    }
}

/// A byte as an expression of Python for it alone.
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
    use crate::secret::Secret;

    fn outcome(values: &[&[u8]]) -> Outcome {
        let finding = |value: &&[u8]| Finding {
            secret: Secret::new(*value),
            fingerprint: Fingerprint::new("rule", value),
            partner: None,
            ..pair()
        };
        Outcome {
            findings: values.iter().map(finding).collect(),
            ..Outcome::default()
        }
    }

    /// The value of a line, read as git-filter-repo does it, and what it is replaced by.
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
    fn every_value_is_read_back_as_it_is() {
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
        for value in values {
            let number = all.line_of(value).unwrap();
            let (read, text) = read(lines[number - 1]);
            assert_eq!(read, value);
            let name = Fingerprint::new("rule", value).to_string();
            assert_eq!(text, format!("***REMOVED-{}***", &name[..8]).into_bytes());
        }
    }

    #[test]
    fn what_holds_another_value_comes_first() {
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
