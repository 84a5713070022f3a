//! Exceptions of the configuration file: one `[[allow]]` entry, and which findings it lets pass.

use std::path::Path;

use bstr::{BStr, ByteSlice};
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use jiff::civil::Date;
use regex::bytes::{Regex, RegexBuilder};
use toml::value::Datetime;

use super::config::{AllowSyntax, Strings};
use crate::finding::Occurrence;
use crate::secret::Fingerprint;

/// One `[[allow]]` entry. All the conditions that it gives must hold.
#[derive(Debug)]
pub struct Allow {
    /// Its number in the file, from 1.
    pub number: usize,
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Why it is there.
    pub reason: String,
    /// The last day on which it holds.
    pub until: Option<Date>,
    /// The rule that must have found it.
    pub rule: Option<String>,
    /// Fingerprints, one of which it must have; empty for any.
    pub values: Vec<Fingerprint>,
    paths: Option<Paths>,
    pattern: Option<Regex>,
}

/// What is wrong with an entry, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum EntryProblem {
    /// Nobody said why.
    #[error("has no 'reason': say why it may pass, for whoever reads this next year")]
    NoReason,
    /// It would let everything pass.
    #[error("names nothing: give at least one of 'rule', 'path', 'value' and 'pattern'")]
    NoCondition,
    /// A list without elements: it would let nothing pass.
    #[error("'{0}' is an empty list: leave it out or fill it")]
    EmptyList(&'static str),
    /// Not a fingerprint. The value is not repeated: somebody may have pasted the secret itself.
    #[error(
        "'value' number {0} is not a fingerprint: copy the 32 hex digits that the report shows"
    )]
    Fingerprint(usize),
    /// Not a pattern in the syntax of `.gitignore`, or an empty one.
    #[error("'path' number {0} is not a pattern in the syntax of .gitignore")]
    Path(usize),
    /// Not a regular expression.
    #[error("'pattern' is not a regular expression: {0}")]
    Pattern(regex::Error),
    /// A pattern that matches everywhere.
    #[error("'pattern' matches the empty text, so it would let everything pass")]
    EmptyPattern,
    /// Not a day.
    #[error("'until' is a day, such as 2027-01-31, without a time")]
    Until,
    /// No such rule.
    #[error("there is no rule '{0}': `keysieve rules list` shows them all")]
    UnknownRule(String),
}

/// Path patterns: as written, to compare entries, and compiled.
#[derive(Debug)]
struct Paths {
    written: Vec<String>,
    globs: Gitignore,
}

impl Allow {
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
            && syntax.value.is_none()
            && syntax.pattern.is_none()
        {
            return Err(EntryProblem::NoCondition);
        }
        Ok(Self {
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
            paths: syntax.path.map(Paths::new).transpose()?,
            pattern: syntax.pattern.as_deref().map(compile).transpose()?,
        })
    }

    /// Whether the last day on which it holds lies before `today`.
    #[must_use]
    pub fn is_expired(&self, today: Date) -> bool {
        self.until.is_some_and(|until| until < today)
    }

    /// Whether all its conditions hold for `finding` at `path`, seen from the root; whatever the
    /// date.
    #[must_use]
    pub fn matches(&self, finding: &Occurrence, path: &BStr) -> bool {
        self.rule
            .as_ref()
            .is_none_or(|rule| **rule == *finding.rule.id)
            && (self.values.is_empty() || self.values.contains(&finding.fingerprint))
            && self.paths.as_ref().is_none_or(|paths| paths.hold(path))
            && self
                .pattern
                .as_ref()
                .is_none_or(|pattern| pattern.is_match(finding.secret.reveal()))
    }

    /// Whether it lets `value` pass wherever an entry with this `rule` and `path` would.
    pub(super) fn covers(
        &self,
        value: Fingerprint,
        rule: Option<&str>,
        path: Option<&str>,
    ) -> bool {
        let path_covered = self
            .paths
            .as_ref()
            .is_none_or(|paths| path.is_some_and(|path| paths.written == [path]));
        let rule_covered = self.rule.is_none() || self.rule.as_deref() == rule;
        self.values.contains(&value) && self.pattern.is_none() && rule_covered && path_covered
    }
}

impl Paths {
    fn new(Strings(written): Strings) -> Result<Self, EntryProblem> {
        if written.is_empty() {
            return Err(EntryProblem::EmptyList("path"));
        }
        let mut builder = GitignoreBuilder::new("");
        for (index, line) in written.iter().enumerate() {
            let problem = || EntryProblem::Path(index + 1);
            builder.add_line(None, line).map_err(|_| problem())?;
            // An empty line and a comment are no error to the builder: they add nothing.
            let globs = builder.build().map_err(|_| problem())?;
            if globs.len() != index + 1 {
                return Err(problem());
            }
        }
        let globs = builder
            .build()
            .map_err(|_| EntryProblem::Path(written.len()))?;
        Ok(Self { written, globs })
    }

    fn hold(&self, path: &BStr) -> bool {
        // Patterns are relative to the root; the matcher panics on an absolute path.
        let mut relative = path.as_bytes();
        while let Some(rest) = relative
            .strip_prefix(b"./")
            .or_else(|| relative.strip_prefix(b"/"))
        {
            relative = rest;
        }
        let lossy;
        let relative = match relative.to_path() {
            Ok(path) => path,
            Err(_) => {
                lossy = relative.to_str_lossy();
                Path::new(lossy.as_ref())
            }
        };
        !relative.has_root()
            && self
                .globs
                .matched_path_or_any_parents(relative, false)
                .is_ignore()
    }
}

fn fingerprints(Strings(written): Strings) -> Result<Vec<Fingerprint>, EntryProblem> {
    if written.is_empty() {
        return Err(EntryProblem::EmptyList("value"));
    }
    let parse = |(index, text): (usize, &String)| {
        Fingerprint::parse(text).ok_or(EntryProblem::Fingerprint(index + 1))
    };
    written.iter().enumerate().map(parse).collect()
}

fn compile(pattern: &str) -> Result<Regex, EntryProblem> {
    let regex = RegexBuilder::new(pattern)
        .unicode(false)
        .build()
        .map_err(EntryProblem::Pattern)?;
    if regex.is_match(b"") {
        Err(EntryProblem::EmptyPattern)
    } else {
        Ok(regex)
    }
}

fn day(written: &Datetime) -> Result<Date, EntryProblem> {
    let (Some(date), None, None) = (written.date, written.time, written.offset) else {
        return Err(EntryProblem::Until);
    };
    let part = |n: u8| i8::try_from(n).map_err(|_| EntryProblem::Until);
    let year = i16::try_from(date.year).map_err(|_| EntryProblem::Until)?;
    Date::new(year, part(date.month)?, part(date.day)?).map_err(|_| EntryProblem::Until)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::policy::Config;
    use crate::policy::tests::occurrence;

    fn matches(entry: &str, path: &[u8]) -> bool {
        let text = format!("[[allow]]\nreason = \"r\"\n{entry}\n");
        Config::parse(Path::new("x"), &text).unwrap().allow[0].matches(&occurrence(), path.into())
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
        assert!(!matches("path = \"*.py\"", b""));
    }
}
