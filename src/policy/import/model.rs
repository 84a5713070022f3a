//! Defines what the readers of other tools' files produce: allow entries, rules, known secrets, and
//! what could not be carried over.

use std::io;
use std::path::Path;

use crate::policy::append::quoted;
use crate::policy::config::Config;
use crate::policy::error::ConfigError;
use crate::rule::{RuleError, RuleSet};
use crate::secret::Secret;

/// A file of another tool.
pub struct Foreign<'a> {
    /// Its name, as messages and reasons show it.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
    /// The rules of this program.
    pub rules: &'a RuleSet,
    /// Reads another file that it names, relative to the root.
    pub read: &'a dyn Fn(&str) -> io::Result<String>,
}

/// What a file of another tool becomes.
#[derive(Debug, Default)]
pub struct Import {
    /// Entries of the configuration file.
    pub entries: Vec<Entry>,
    /// Rules: the id, and the text of the rule in a pattern file.
    pub rules: Vec<(String, String)>,
    /// Secrets that the tool knows, for the baseline.
    pub known: Vec<Known>,
    /// What cannot be carried over, and why.
    pub left: Vec<String>,
    /// What changes, but loses nothing.
    pub notes: Vec<String>,
    /// Whether the tool finds nothing with this file, because no rule is active.
    pub finds_nothing: bool,
}

/// An `[[allow]]` entry. All its conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The rule.
    pub rule: Option<String>,
    /// Paths, in the syntax of `.gitignore`.
    pub paths: Vec<String>,
    /// Regular expressions of paths.
    pub path_regexes: Vec<String>,
    /// A regular expression of values.
    pub pattern: Option<String>,
    /// What the file says about it.
    pub description: String,
}

/// A secret that a tool knows.
#[derive(Debug)]
pub struct Known {
    /// How messages name its entry.
    pub label: String,
    /// Its path; any path if there is none.
    pub path: Option<String>,
    /// The commit in which it is at this path; the work tree if there is none.
    pub commit: Option<String>,
    /// Its line, from 1.
    pub line: Option<usize>,
    /// The tool's rule.
    pub rule: Option<String>,
    /// What identifies it.
    pub evidence: Evidence,
}

/// What identifies a known secret.
#[derive(Debug)]
pub enum Evidence {
    /// Its rule and line.
    Line,
    /// Its value.
    Value(Secret),
    /// The SHA-1 digest of its value, in hex, as in detect-secrets.
    Sha1(String),
    /// The hash of its value and of where it is in the file, as in kingfisher.
    Kingfisher(u64),
    /// The SHA-256 digest of its value and type, in hex, as in ggshield.
    Ggshield(String),
    /// The checksum of its file, in hex, as in talisman.
    TalismanFile(String),
}

impl Import {
    /// Records what cannot be carried over.
    pub(super) fn leave(&mut self, what: impl Into<String>) {
        self.left.push(what.into());
    }

    /// Records what changes, once.
    pub(super) fn note(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.notes.contains(&what) {
            self.notes.push(what);
        }
    }

    /// Adds an entry with these paths, without those that are not valid here.
    pub(super) fn allow_paths(&mut self, entry: &Entry, regexes: &[String]) {
        let mut valid = Vec::new();
        for regex in regexes {
            match check(&Entry {
                path_regexes: vec![regex.clone()],
                ..entry.clone()
            }) {
                Ok(()) => valid.push(regex.clone()),
                Err(problem) => self.leave(format!("the path pattern {regex}: {problem}")),
            }
        }
        if !valid.is_empty() {
            self.entries.push(Entry {
                path_regexes: valid,
                ..entry.clone()
            });
        }
    }

    /// Adds an entry, unless it is not valid here.
    pub(super) fn allow(&mut self, what: &str, entry: Entry) {
        match check(&entry) {
            Ok(()) => self.entries.push(entry),
            Err(problem) => self.leave(format!("{what}: {problem}")),
        }
    }
}

impl Known {
    /// A secret that is known by `evidence` alone, wherever it is.
    pub(super) fn new(label: impl Into<String>, evidence: Evidence) -> Self {
        Self {
            label: label.into(),
            path: None,
            commit: None,
            line: None,
            rule: None,
            evidence,
        }
    }

    /// A secret that is known by its value, wherever it is.
    pub(super) fn of_value(label: String, value: &str) -> Self {
        Self::new(label, Evidence::Value(Secret::new(value.as_bytes())))
    }
}

impl Entry {
    /// Its lines in the configuration file.
    #[must_use]
    pub fn lines(&self, file: &str) -> Vec<String> {
        let mut lines = vec!["[[allow]]".to_owned()];
        lines.extend(
            self.rule
                .iter()
                .map(|rule| format!("rule = {}", text(rule))),
        );
        for (key, values) in [("path", &self.paths), ("path-regex", &self.path_regexes)] {
            match &values[..] {
                [] => {}
                [one] => lines.push(format!("{key} = {}", text(one))),
                several => {
                    lines.push(format!("{key} = ["));
                    lines.extend(several.iter().map(|value| format!("  {},", text(value))));
                    lines.push("]".to_owned());
                }
            }
        }
        let pattern = self.pattern.iter();
        lines.extend(pattern.map(|pattern| format!("pattern = {}", text(pattern))));
        lines.push(format!("reason = {}", quoted(&self.reason(file))));
        lines
    }

    fn reason(&self, file: &str) -> String {
        let description = self.description.trim();
        if description.is_empty() {
            format!("imported from {file}")
        } else {
            format!("imported from {file}: {description}")
        }
    }
}

/// Whether the configuration file accepts `entry`; the problem otherwise.
fn check(entry: &Entry) -> Result<(), String> {
    let lines = entry.lines("").join("\n");
    match Config::parse(Path::new(""), &lines) {
        Ok(_) => Ok(()),
        Err(ConfigError::Entry { problem, .. }) => Err(problem.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// A rule of the file `file` as a pattern file has it; the problem if it is not valid there.
pub(super) fn rule_text(
    file: &str,
    id: &str,
    description: &str,
    pattern: &str,
    entropy: f64,
) -> Result<String, String> {
    let mut lines = vec![
        "[[rule]]".to_owned(),
        format!("id = {}", text(id)),
        format!("description = {}", text(description)),
        format!("pattern = {}", text(pattern)),
    ];
    if entropy > 0.0 {
        lines.push(format!("entropy = {entropy:?}"));
    }
    lines.push("guessable = true\nconfidence = 'medium'\n".to_owned());
    let rule = lines.join("\n");
    match RuleSet::default().extend(file, &rule) {
        Ok(()) => Ok(rule),
        Err(RuleError::Rule { problem, .. }) => Err(problem),
        Err(error) => Err(error.to_string()),
    }
}

/// A TOML string: a literal one if possible, because patterns are easier to read in it.
pub(super) fn text(value: &str) -> String {
    if value.contains(|c: char| c == '\'' || c.is_control()) {
        quoted(value)
    } else {
        format!("'{value}'")
    }
}
