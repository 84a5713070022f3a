//! Parses an `[[allow]]` entry of the configuration file, and decides which findings it allows.

use std::fmt;

use bstr::BStr;
use jiff::civil::Date;
use regex::bytes::{Regex, RegexBuilder};
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, de};
use toml::value::Datetime;

use super::paths::{PathConditions, PathPatterns};
use crate::finding::Occurrence;
use crate::secret::{SaltedFingerprint, WrittenFingerprint};

/// An `[[allow]]` entry as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct AllowSyntax {
    rule: Option<String>,
    path: Option<Strings>,
    path_regex: Option<Strings>,
    value: Option<Strings>,
    pattern: Option<String>,
    reason: Option<String>,
    until: Option<Datetime>,
}

/// A string or a list of strings. This is not an untagged enum, because the errors of serde's
/// untagged enums do not say what was expected.
pub(super) struct Strings(Vec<String>);

impl<'de> Deserialize<'de> for Strings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Strings;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Strings, E> {
                Ok(Strings(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Strings, A::Error> {
                let mut all = Vec::new();
                while let Some(text) = list.next_element()? {
                    all.push(text);
                }
                Ok(Strings(all))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// An `[[allow]]` entry, checked and compiled. It allows a finding if all its conditions hold.
#[derive(Debug)]
pub struct AllowEntry {
    /// The file, unless it is the repository's own configuration or the one that was named.
    pub file: Option<String>,
    /// Its number in the file, from 1.
    pub number: usize,
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Why it allows them.
    pub reason: String,
    /// The last day on which it applies.
    pub until: Option<Date>,
    /// The rule of the finding.
    pub rule: Option<String>,
    /// The possible fingerprints of the finding; empty for any.
    pub values: Vec<WrittenFingerprint>,
    paths: PathConditions,
    pattern: Option<Regex>,
}

/// What is wrong with an entry, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum EntryProblem {
    /// It gives no reason.
    #[error("has no 'reason': say why the finding is allowed")]
    NoReason,
    /// It would allow everything.
    #[error(
        "has no condition: give at least one of 'rule', 'path', 'path-regex', 'value' and 'pattern'"
    )]
    NoCondition,
    /// An empty list: it would allow nothing.
    #[error("'{0}' is an empty list: omit it or add an element")]
    EmptyList(&'static str),
    /// Not a fingerprint. The value is not quoted, because it may be a pasted secret.
    #[error(
        "'value' number {0} is not a fingerprint: copy the 32 hex digits that the report shows"
    )]
    Fingerprint(usize),
    /// Not a pattern in the syntax of `.gitignore`, or an empty one.
    #[error("'path' number {0} is not a pattern in the syntax of .gitignore")]
    Path(usize),
    /// Not a regular expression. The field is 'pattern' or 'path-regex'.
    #[error("'{0}' is not a regular expression: {line}", line = last_line(.1))]
    Pattern(&'static str, regex::Error),
    /// A pattern that matches everywhere. The field is 'pattern' or 'path-regex'.
    #[error("'{0}' matches the empty string, which would allow everything")]
    EmptyPattern(&'static str),
    /// Not a day.
    #[error("'until' must be a day, such as 2027-01-31, without a time")]
    Until,
    /// No such rule.
    #[error("'rule' names no rule: `keysieve rules list` lists all rules")]
    UnknownRule,
}

/// What is wrong with an expression, without the expression.
fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().to_owned()
}

impl AllowEntry {
    /// Checks and compiles an entry as written.
    pub(super) fn new(
        number: usize,
        line: usize,
        syntax: AllowSyntax,
    ) -> Result<Self, EntryProblem> {
        let reason = syntax.reason.unwrap_or_default().trim().to_owned();
        if reason.is_empty() {
            return Err(EntryProblem::NoReason);
        }
        if syntax.rule.is_none()
            && syntax.path.is_none()
            && syntax.path_regex.is_none()
            && syntax.value.is_none()
            && syntax.pattern.is_none()
        {
            return Err(EntryProblem::NoCondition);
        }
        Ok(Self {
            file: None,
            number,
            line,
            reason,
            until: syntax.until.as_ref().map(day).transpose()?,
            rule: syntax.rule,
            values: syntax
                .value
                .map(fingerprints)
                .transpose()?
                .unwrap_or_default(),
            paths: PathConditions {
                patterns: syntax.path.map(path_patterns).transpose()?,
                regexes: syntax
                    .path_regex
                    .map(path_regexes)
                    .transpose()?
                    .unwrap_or_default(),
            },
            pattern: syntax
                .pattern
                .map(|pattern| compile("pattern", &pattern))
                .transpose()?,
        })
    }

    /// Whether its last day is before `today`.
    #[must_use]
    pub fn is_expired(&self, today: Date) -> bool {
        self.until.is_some_and(|until| until < today)
    }

    /// Whether all its conditions hold for `finding` at `path`, relative to the root. Ignores the
    /// date. `salted` are the finding's fingerprints under the salts of the policy.
    #[must_use]
    pub fn matches(&self, finding: &Occurrence, salted: &[SaltedFingerprint], path: &BStr) -> bool {
        let has = |value: WrittenFingerprint| self.values.contains(&value);
        self.rule
            .as_ref()
            .is_none_or(|rule| **rule == *finding.rule.id)
            && (self.values.is_empty()
                || has(finding.fingerprint.into())
                || salted.iter().any(|&salted| has(salted.into())))
            && self.paths.hold(path, finding.place.inside())
            && self
                .pattern
                .as_ref()
                .is_none_or(|pattern| pattern.is_match(finding.secret.reveal()))
    }

    /// Whether a path is its only condition, and holds for the file at `path`.
    pub(super) fn has_only_path(&self, path: &BStr) -> bool {
        let has_others = self.rule.is_some() || !self.values.is_empty() || self.pattern.is_some();
        !has_others && self.paths.are_given() && self.paths.hold(path, None)
    }

    /// Whether it allows `value` wherever an entry with this `rule` and `path` would.
    pub(super) fn covers(
        &self,
        value: WrittenFingerprint,
        rule: Option<&str>,
        path: Option<&str>,
    ) -> bool {
        let patterns = self.paths.patterns.as_ref();
        let path_covered =
            patterns.is_none_or(|paths| path.is_some_and(|path| paths.written == [path]));
        let rule_covered = self.rule.is_none() || self.rule.as_deref() == rule;
        let has_regex = self.pattern.is_some() || !self.paths.regexes.is_empty();
        self.values.contains(&value) && !has_regex && rule_covered && path_covered
    }
}

fn fingerprints(Strings(written): Strings) -> Result<Vec<WrittenFingerprint>, EntryProblem> {
    if written.is_empty() {
        return Err(EntryProblem::EmptyList("value"));
    }
    (1..)
        .zip(&written)
        .map(|(number, text)| {
            WrittenFingerprint::parse(text).ok_or(EntryProblem::Fingerprint(number))
        })
        .collect()
}

pub(super) fn path_patterns(Strings(written): Strings) -> Result<PathPatterns, EntryProblem> {
    if written.is_empty() {
        return Err(EntryProblem::EmptyList("path"));
    }
    PathPatterns::new(written).map_err(EntryProblem::Path)
}

fn path_regexes(Strings(written): Strings) -> Result<Vec<Regex>, EntryProblem> {
    if written.is_empty() {
        return Err(EntryProblem::EmptyList("path-regex"));
    }
    let compiled = written.iter().map(|regex| compile("path-regex", regex));
    compiled.collect()
}

/// Compiles the regular expression of `field`. It matches anywhere in its text.
fn compile(field: &'static str, pattern: &str) -> Result<Regex, EntryProblem> {
    let regex = RegexBuilder::new(pattern)
        .unicode(false)
        .build()
        .map_err(|error| EntryProblem::Pattern(field, error))?;
    if regex.is_match(b"") {
        Err(EntryProblem::EmptyPattern(field))
    } else {
        Ok(regex)
    }
}

fn day(written: &Datetime) -> Result<Date, EntryProblem> {
    match (written.date, written.time, written.offset) {
        (Some(date), None, None) => date.to_string().parse().map_err(|_| EntryProblem::Until),
        _ => Err(EntryProblem::Until),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::policy::Config;
    use crate::policy::tests::occurrence;

    fn matches(entry: &str, path: &[u8]) -> bool {
        let text = format!("[[allow]]\nreason = \"r\"\n{entry}\n");
        let config = Config::parse(Path::new("x"), &text).unwrap();
        config.allow[0].matches(&occurrence(), &[], path.into())
    }

    #[test]
    fn each_condition_must_hold() {
        let found = b"src/a.py";
        let print = occurrence().fingerprint;
        assert!(matches(&format!("value = \"{print}\""), found));
        assert!(matches(
            &format!("value = [\"{}\", \"{print}\"]", "0".repeat(32)),
            found
        ));
        assert!(!matches(&format!("value = \"{}\"", "0".repeat(32)), found));
        assert!(matches("rule = \"aws-access-token\"", found));
        assert!(!matches("rule = \"aws\"", found));
        assert!(matches("pattern = '^AKIA[A-Z2-7]+$'", found));
        assert!(!matches("pattern = '^ASIA'", found));
        assert!(!matches(
            "rule = \"aws-access-token\"\npattern = '^ASIA'",
            found
        ));
    }

    #[test]
    fn paths_have_the_syntax_of_gitignore() {
        assert!(matches("path = \"*.py\"", b"src/a.py"));
        assert!(matches("path = \"src/\"", b"src/deep/a.py"));
        assert!(matches("path = \"/src\"", b"./src/a.py"));
        assert!(!matches("path = \"/a.py\"", b"src/a.py"));
        assert!(!matches("path = [\"*.py\", \"!keep.py\"]", b"src/keep.py"));
        for odd in [&b"/abs/a.py"[..], b"//a.py", b"../up/a.py", b"caf\xe9/a.py"] {
            assert!(matches("path = \"*.py\"", odd), "{odd:?}");
        }
        for odd in [&b""[..], b"src/../a.py", b"src/./a.py", b"src//a.py"] {
            assert!(!matches("path = \"*.py\"", odd), "{odd:?}");
        }
        assert!(!matches("path = \"src/\"", b"src/.GIT/a.py"));
        assert!(matches("path = \".git/\"", b".git/config"));
    }

    #[test]
    fn a_path_regex_matches_anywhere_in_the_path_from_the_root() {
        assert!(matches("path-regex = 'rc/[a-z]'", b"src/a.py"));
        assert!(matches("path-regex = ['^none', '^src/']", b"./src/a.py"));
        assert!(!matches("path-regex = '^a'", b"src/a.py"));
        assert!(!matches("path-regex = '^src/'", b"src/../lib/a.py"));
        assert!(!matches("path-regex = '^src/'\npath = 'lib/'", b"src/a.py"));
        for wrong in ["'.*'", "'('", "[]"] {
            let text = format!("[[allow]]\nreason = 'r'\npath-regex = {wrong}\n");
            let error = Config::parse(Path::new("x"), &text).unwrap_err();
            assert!(error.to_string().contains("'path-regex'"), "{error}");
        }
    }
}
