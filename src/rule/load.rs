//! Loads pattern files, built-in ones and those of users, into a [`RuleSet`].

use sha2::Digest as _;

use super::convert::FileKind;
use super::syntax::{FileSyntax, PairSyntax, RuleSyntax};
use super::{RuleSet, Text, Trigger, not_encrypted};
use crate::text::{line_at, without_value};

/// The pattern files of this build: (name, content).
const PATTERNS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/patterns.rs"));

/// Their rules without samples, and their SHA-256 digest. A hook loads the rules at every commit,
/// so the build script writes them as values, which need no parser.
mod embedded {
    use std::borrow::Cow;

    use crate::rule::syntax::{
        LengthSyntax, PairSyntax, RuleSyntax, default_after, default_before,
    };
    use crate::rule::{Confidence, KeywordPlace};

    include!(concat!(env!("OUT_DIR"), "/rules.rs"));
}

/// Why a pattern file cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// The file is not the TOML of a pattern file.
    #[error("{file}:{line}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The parser's message, which never quotes the line.
        message: String,
    },
    /// A rule is invalid.
    #[error("{file}: rule '{rule}': {problem}")]
    Rule {
        /// The file.
        file: String,
        /// Id of the rule.
        rule: String,
        /// What is invalid.
        problem: String,
    },
}

impl RuleSet {
    /// Loads the built-in rules, without their samples.
    ///
    /// # Errors
    /// None in a build whose tests passed; the tests load and compile every rule.
    pub fn builtin() -> Result<Self, RuleError> {
        let mut set = Self::embedded(|_| true)?;
        set.rules.push(not_encrypted());
        set.digest.update(embedded::DIGEST);
        Ok(set)
    }

    /// Loads the built-in rules for AWS alone: a scan with few rules takes less time.
    ///
    /// # Errors
    /// As [`RuleSet::builtin`].
    pub fn aws() -> Result<Self, RuleError> {
        Self::embedded(|file| file.ends_with("aws.toml"))
    }

    /// The built-in rules of the files that are `wanted`.
    fn embedded(wanted: impl Fn(&str) -> bool) -> Result<Self, RuleError> {
        let mut set = Self::default();
        for (file, rules, pairs) in embedded::FILES.iter().filter(|(file, ..)| wanted(file)) {
            set.add_rules(file, rules.iter().cloned(), FileKind::Embedded)?;
            set.add_pairs(file, pairs.iter().cloned(), FileKind::Embedded)?;
        }
        Ok(set)
    }

    /// Loads the built-in rules with their samples.
    ///
    /// # Errors
    /// As [`RuleSet::builtin`].
    pub fn builtin_with_samples() -> Result<Self, RuleError> {
        let (mut set, mut written) = (Self::builtin()?, Self::default());
        for (file, text) in PATTERNS {
            written.add(&Text::Borrowed(file), text, FileKind::BuiltIn)?;
        }
        for (rule, written) in set.rules.iter_mut().zip(written.rules) {
            rule.source = written.source;
        }
        for (pair, written) in set.pairs.iter_mut().zip(written.pairs) {
            pair.source = written.source;
        }
        Ok(set)
    }

    /// Adds the rules of a user's pattern file and compiles their patterns, so that an invalid one
    /// is an error before anything is scanned.
    ///
    /// # Errors
    /// Names the file, and the line or the rule, that is invalid.
    pub fn extend(&mut self, file: &str, text: &str) -> Result<(), RuleError> {
        self.add(&Text::Owned(file.to_owned()), text, FileKind::User)?;
        self.compile()
    }

    /// Adds the rules of a pattern file without compiling their patterns.
    fn add(&mut self, file: &Text, text: &str, kind: FileKind) -> Result<(), RuleError> {
        // The parser's `Display` would quote the line, and the named file may be any file, even one
        // with secrets.
        let syntax: FileSyntax =
            toml::from_str(text).map_err(|error: toml::de::Error| RuleError::Syntax {
                file: file.to_string(),
                line: line_at(text, error.span().map_or(0, |span| span.start)),
                message: without_value(error.message()),
            })?;
        let FileSyntax { rules, pairs } = syntax;
        self.add_rules(file, rules, kind)?;
        self.add_pairs(file, pairs, kind)?;
        self.digest.update(text);
        Ok(())
    }

    fn add_rules(
        &mut self,
        file: &Text,
        rules: impl IntoIterator<Item = RuleSyntax>,
        kind: FileKind,
    ) -> Result<(), RuleError> {
        for rule in rules {
            let id = rule.id.clone();
            let rule = rule.into_rule(self, file, kind);
            self.rules
                .push(rule.map_err(|problem| RuleError::invalid(file, &id, problem))?);
        }
        Ok(())
    }

    fn add_pairs(
        &mut self,
        file: &Text,
        pairs: impl IntoIterator<Item = PairSyntax>,
        kind: FileKind,
    ) -> Result<(), RuleError> {
        for pair in pairs {
            let id = pair.id.clone();
            let pair = pair.into_pair(self, file, kind);
            self.pairs
                .push(pair.map_err(|problem| RuleError::invalid(file, &id, problem))?);
        }
        Ok(())
    }

    /// Compiles every pattern that is not compiled yet. Names the rule whose pattern does not
    /// compile or lacks the named group `secret`.
    fn compile(&self) -> Result<(), RuleError> {
        for rule in &self.rules {
            let (regex, needs_group) = match &rule.trigger {
                Trigger::Keywords(pattern) => (&pattern.regex, true),
                Trigger::Named(named) => (&named.value, false),
                Trigger::Run(_) | Trigger::Policy => continue,
            };
            let problem = match regex.get() {
                Err(error) => {
                    let reason = error.to_string();
                    let reason = reason.lines().last().unwrap_or_default();
                    format!("the pattern does not compile: {reason}")
                }
                Ok(regex)
                    if !needs_group || regex.capture_names().any(|name| name == Some("secret")) =>
                {
                    continue;
                }
                Ok(_) => "the pattern has no group (?P<secret>…)".to_owned(),
            };
            return Err(RuleError::invalid(&rule.source.file, &rule.id, problem));
        }
        Ok(())
    }

    /// Identifies this set of rules in reports and caches: the first 12 hex digits of SHA-256 over
    /// the digest of the built-in pattern files and the text of the others.
    #[must_use]
    pub fn version(&self) -> String {
        let bytes = &self.digest.clone().finalize()[..6];
        faster_hex::hex_string(bytes)
    }
}

impl RuleError {
    fn invalid(file: &str, rule: &str, problem: String) -> Self {
        Self::Rule {
            file: file.to_owned(),
            rule: rule.to_owned(),
            problem,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[[rule]]\nid='a'\ndescription='d'\nkeywords=['abcd']\n\
        pattern='(?P<secret>abcd)'\nconfidence='low'\nexamples=[['ab','cd']]\n";

    fn problem(text: &str) -> String {
        let mut set = RuleSet::default();
        set.extend("x.toml", text)
            .expect_err("an invalid rule")
            .to_string()
    }

    #[test]
    fn builtin_rules_load_and_compile() {
        let set = RuleSet::builtin().expect("built-in rules load");
        set.compile().expect("built-in rules compile");
        let whole = RuleSet::builtin_with_samples().expect("built-in rules load with kind");
        let ids = |set: &RuleSet| {
            set.rules
                .iter()
                .map(|rule| rule.id.to_string())
                .collect::<Vec<_>>()
        };
        assert!(
            !set.rules.is_empty() && ids(&set) == ids(&whole) && set.version() == whole.version()
        );
    }

    #[test]
    fn a_good_rule_loads() {
        let mut set = RuleSet::default();
        set.extend("x.toml", GOOD).expect("loads");
        assert_eq!(set.rules[0].source.examples, ["abcd"]);
        assert_eq!(set.version().len(), 12);
    }

    #[test]
    fn a_rule_of_a_user_needs_neither_keywords_nor_examples() {
        let text = GOOD.replace("keywords=['abcd']\n", "");
        let text = text.replace("examples=[['ab','cd']]\n", "");
        let mut set = RuleSet::default();
        set.extend("x.toml", &text).expect("loads");
        let Trigger::Keywords(pattern) = &set.rules[0].trigger else {
            panic!("no keywords");
        };
        assert_eq!(pattern.keywords[..], ["abcd"]);
    }

    #[test]
    fn an_invalid_rule_is_an_error_that_names_the_problem() {
        for (from, to, expected) in [
            (
                "id='a'",
                "id='a'\nidd='b'",
                "unknown field, expected one of",
            ),
            ("id='a'", "id='A_b'", "kebab-case"),
            (
                "'(?P<secret>abcd)'",
                "'(?P<secret>abcd'",
                "does not compile",
            ),
            ("'(?P<secret>abcd)'", "'abcd'", "no group (?P<secret>"),
            ("['abcd']", "['abc']", "shorter than 4 bytes"),
            (
                "['abcd']",
                "['abcd','efgh']",
                "no example contains the keyword 'efgh'",
            ),
            (
                "[['ab','cd']]",
                "['abcd','none']",
                "example 2 contains none",
            ),
            (
                "keywords=['abcd']\npattern='(?P<secret>abcd)'",
                "pattern='(?P<secret>[a-d]{4})'",
                "give 'keywords'",
            ),
            ("confidence='low'", "confidence='sure'", "unknown variant"),
            (
                "confidence='low'",
                "confidence='low'\nchecks=['no']",
                "unknown check 'no'",
            ),
            (
                "confidence='low'",
                "confidence='low'\nrun=[40]",
                "needs either",
            ),
            (
                "confidence='low'",
                "confidence='low'\nafter=99999",
                "at most 32768 bytes",
            ),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let message = problem(&GOOD.replace(from, to));
            assert!(
                message.contains(expected) && message.contains("x.toml"),
                "{message}"
            );
        }
        assert!(problem(&GOOD.repeat(2)).contains("another rule has this id"));
    }
}
