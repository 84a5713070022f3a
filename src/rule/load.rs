//! From pattern files to a [`RuleSet`]: reading, checking and naming what is wrong.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};

use super::syntax::{FileSyntax, LengthSyntax, PairSyntax, Pieces, RuleSyntax};
use crate::text::line_at;

use super::{Check, MAX_REACH, MIN_KEYWORD, PairRule, Pattern, Rule, RuleSource, Trigger, check};

/// The pattern files of this build: (name, content).
const PATTERNS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/patterns.rs"));

/// The same without samples, as JSON.
const RULES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// The shortest run that the run finder reports, in bytes.
pub(crate) const MIN_RUN: usize = 40;

/// Rules that are scanned for together.
#[derive(Debug, Default)]
pub struct RuleSet {
    /// The rules, in the order of their files.
    pub rules: Vec<Rule>,
    /// Which of them belong together.
    pub pairs: Vec<PairRule>,
    /// The texts they were read from.
    texts: Vec<Cow<'static, str>>,
}

/// What is wrong with a pattern file.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// The file is not the TOML of a pattern file.
    #[error("{file}:{line}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What the parser says. Never the text of the line.
        message: String,
    },
    /// One rule says something that cannot be.
    #[error("{file}: rule '{rule}': {problem}")]
    Rule {
        /// The file.
        file: String,
        /// Id of the rule.
        rule: String,
        /// What is wrong.
        problem: String,
    },
}

impl RuleSet {
    /// The rules that are built in, without their samples.
    ///
    /// # Errors
    /// None in a build whose tests passed; the tests load and compile every rule.
    pub fn builtin() -> Result<Self, RuleError> {
        let mut set = Self::default();
        for ((file, json), (_, text)) in RULES.iter().zip(PATTERNS) {
            let syntax = serde_json::from_str(json).map_err(|error| RuleError::Syntax {
                file: (*file).to_owned(),
                line: error.line(),
                message: error.to_string(),
            })?;
            set.take(file, syntax, Samples::LeftOut)?;
            set.texts.push(Cow::Borrowed(text));
        }
        Ok(set)
    }

    /// The rules that are built in, with their samples.
    ///
    /// # Errors
    /// As [`RuleSet::builtin`].
    pub fn builtin_with_samples() -> Result<Self, RuleError> {
        let (mut set, mut written) = (Self::builtin()?, Self::default());
        for (file, text) in PATTERNS {
            written.add(file, text)?;
        }
        let sources = written.rules.into_iter().map(|rule| rule.source);
        set.rules
            .iter_mut()
            .zip(sources)
            .for_each(|(rule, source)| rule.source = source);
        let sources = written.pairs.into_iter().map(|pair| pair.source);
        set.pairs
            .iter_mut()
            .zip(sources)
            .for_each(|(pair, source)| pair.source = source);
        Ok(set)
    }

    /// Adds the rules of a pattern file that a user wrote, and compiles their patterns, so that a
    /// broken one is an error before anything is scanned.
    ///
    /// # Errors
    /// Names the file, and the line or the rule, that is wrong.
    pub fn extend(&mut self, file: &str, text: &str) -> Result<(), RuleError> {
        self.add(file, text)?;
        self.compile()
    }

    /// Adds the rules of a pattern file without compiling their patterns.
    fn add(&mut self, file: &str, text: &str) -> Result<(), RuleError> {
        // The parser's own words would quote the line, and what is read here may be any file that
        // somebody named.
        let syntax = toml::from_str(text).map_err(|error: toml::de::Error| RuleError::Syntax {
            file: file.to_owned(),
            line: line_at(text, error.span().map_or(0, |span| span.start)),
            message: error.message().trim_end().to_owned(),
        })?;
        self.take(file, syntax, Samples::Needed)?;
        self.texts.push(Cow::Owned(text.to_owned()));
        Ok(())
    }

    fn take(&mut self, file: &str, syntax: FileSyntax, samples: Samples) -> Result<(), RuleError> {
        for rule in syntax.rules {
            let id = rule.id.clone();
            let rule = self
                .rule(file, rule, samples)
                .map_err(|problem| fault(file, &id, problem))?;
            self.rules.push(rule);
        }
        for pair in syntax.pairs {
            let id = pair.id.clone();
            let pair = self
                .pair(file, pair, samples)
                .map_err(|problem| fault(file, &id, problem))?;
            self.pairs.push(pair);
        }
        Ok(())
    }

    /// Compiles every pattern that is not compiled yet; names the rule whose pattern does not
    /// compile or lacks the named group `secret`.
    fn compile(&self) -> Result<(), RuleError> {
        for rule in &self.rules {
            let Trigger::Keywords(pattern) = &rule.trigger else {
                continue;
            };
            let problem = match pattern.regex() {
                Err(error) => {
                    let reason = error.to_string();
                    format!(
                        "the pattern does not compile: {}",
                        reason.lines().last().unwrap_or_default()
                    )
                }
                Ok(regex) if regex.capture_names().flatten().any(|name| name == "secret") => {
                    continue;
                }
                Ok(_) => "the pattern has no group (?P<secret>…)".to_owned(),
            };
            return Err(fault(&rule.source.file, &rule.id, problem));
        }
        Ok(())
    }

    /// Names this set of rules in reports and caches: the first 12 hex digits of SHA-256 over the
    /// pattern files.
    #[must_use]
    pub fn version(&self) -> String {
        let mut digest = Sha256::new();
        self.texts
            .iter()
            .for_each(|text| digest.update(text.as_bytes()));
        let digest = digest.finalize();
        faster_hex::hex_string(&digest[..6])
    }

    /// Whether a rule or a pair has this id.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.rules.iter().any(|rule| &*rule.id == id)
            || self.pairs.iter().any(|pair| &*pair.id == id)
    }

    fn rule(&self, file: &str, syntax: RuleSyntax, samples: Samples) -> Result<Rule, String> {
        self.free_id(&syntax.id)?;
        let checks = syntax
            .checks
            .iter()
            .map(|name| find_check(name))
            .collect::<Result<_, _>>()?;
        let source = samples.take(file, syntax.examples, syntax.counter_examples)?;
        let trigger = match (syntax.pattern, syntax.run.is_empty()) {
            (Some(_), true) if syntax.before.max(syntax.after) > MAX_REACH => {
                return Err(format!(
                    "'before' and 'after' are at most {MAX_REACH} bytes"
                ));
            }
            (Some(pattern), true) => {
                samples.check_keywords(&syntax.keywords, &source.examples)?;
                Trigger::Keywords(Pattern {
                    keywords: syntax.keywords,
                    in_run: syntax.in_run && samples == Samples::LeftOut,
                    before: syntax.before,
                    after: syntax.after,
                    source: pattern,
                    regex: OnceLock::new(),
                })
            }
            (None, false) => Trigger::Run(
                syntax
                    .run
                    .iter()
                    .map(run_length)
                    .collect::<Result<_, _>>()?,
            ),
            _ => return Err("needs either 'keywords' and 'pattern', or 'run'".to_owned()),
        };
        Ok(Rule {
            id: Arc::from(syntax.id),
            description: syntax.description,
            trigger,
            entropy: syntax.entropy,
            checks,
            confidence: syntax.confidence,
            help: syntax.help,
            source,
        })
    }

    fn pair(&self, file: &str, syntax: PairSyntax, samples: Samples) -> Result<PairRule, String> {
        self.free_id(&syntax.id)?;
        if syntax.first == syntax.second {
            return Err("'first' and 'second' are the same rule".to_owned());
        }
        Ok(PairRule {
            first: self.index_of(&syntax.first)?,
            second: self.index_of(&syntax.second)?,
            id: Arc::from(syntax.id),
            description: syntax.description,
            confidence: syntax.confidence,
            help: syntax.help,
            source: samples.take(file, syntax.examples, syntax.counter_examples)?,
        })
    }

    fn free_id(&self, id: &str) -> Result<(), String> {
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if id.is_empty() || !id.chars().all(kebab) {
            return Err(
                "an id is written in kebab-case: lower-case letters, digits and '-'".to_owned(),
            );
        }
        if self.has(id) {
            return Err("another rule has this id already".to_owned());
        }
        Ok(())
    }

    fn index_of(&self, id: &str) -> Result<usize, String> {
        let position = self.rules.iter().position(|rule| &*rule.id == id);
        position.ok_or_else(|| format!("there is no rule '{id}' before it"))
    }
}

fn fault(file: &str, rule: &str, problem: String) -> RuleError {
    RuleError::Rule {
        file: file.to_owned(),
        rule: rule.to_owned(),
        problem,
    }
}

fn find_check(name: &str) -> Result<&'static Check, String> {
    check::CHECKS
        .iter()
        .find(|check| check.name == name)
        .ok_or_else(|| {
            let known: Vec<_> = check::CHECKS.iter().map(|check| check.name).collect();
            format!(
                "there is no check '{name}'; there are: {}",
                known.join(", ")
            )
        })
}

/// Whether a pattern file comes with its samples.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Samples {
    /// As a person wrote it.
    Needed,
    /// As the build script embedded it; the samples were checked when the program was tested.
    LeftOut,
}

impl Samples {
    fn take(
        self,
        file: &str,
        examples: Vec<Pieces>,
        counter: Vec<Pieces>,
    ) -> Result<RuleSource, String> {
        if self == Self::Needed && examples.is_empty() {
            return Err("needs at least one example".to_owned());
        }
        Ok(RuleSource {
            file: file.to_owned(),
            examples: examples.into_iter().map(Pieces::join).collect(),
            counter_examples: counter.into_iter().map(Pieces::join).collect(),
        })
    }

    /// A keyword that no example holds is one that nobody tried; an example without a keyword is
    /// never looked at.
    fn check_keywords(self, keywords: &[String], examples: &[String]) -> Result<(), String> {
        if keywords.is_empty() {
            return Err("'pattern' needs 'keywords'".to_owned());
        }
        if let Some(short) = keywords.iter().find(|keyword| keyword.len() < MIN_KEYWORD) {
            return Err(format!(
                "the keyword '{short}' is shorter than {MIN_KEYWORD} bytes"
            ));
        }
        if self == Self::LeftOut {
            return Ok(());
        }
        let tried = |keyword: &&String| {
            examples
                .iter()
                .any(|example| example.contains(keyword.as_str()))
        };
        if let Some(untried) = keywords.iter().find(|keyword| !tried(keyword)) {
            return Err(format!("no example holds the keyword '{untried}'"));
        }
        let lacks = |example: &String| {
            !keywords
                .iter()
                .any(|keyword| example.contains(keyword.as_str()))
        };
        match examples.iter().position(lacks) {
            Some(index) => Err(format!("example {} holds none of the keywords", index + 1)),
            None => Ok(()),
        }
    }
}

fn run_length(length: &LengthSyntax) -> Result<RangeInclusive<usize>, String> {
    let range = match *length {
        LengthSyntax::Exact(exact) => exact..=exact,
        LengthSyntax::Range([low, high]) => low..=high,
    };
    if *range.start() < MIN_RUN || range.is_empty() {
        return Err(format!(
            "a run is at least {MIN_RUN} bytes long, and its range not empty"
        ));
    }
    Ok(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[[rule]]\nid='a'\ndescription='d'\nkeywords=['abcd']\npattern='(?P<secret>abcd)'\n\
                        confidence='low'\nexamples=[['ab','cd']]\n";

    fn problem(text: &str) -> String {
        let mut set = RuleSet::default();
        set.extend("x.toml", text)
            .expect_err("a broken rule")
            .to_string()
    }

    #[test]
    fn builtin_rules_load_and_compile() {
        let set = RuleSet::builtin().expect("built-in rules load");
        set.compile().expect("built-in rules compile");
        let whole = RuleSet::builtin_with_samples().expect("built-in rules load with samples");
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
    fn what_is_wrong_is_named() {
        for (from, to, expected) in [
            ("id='a'", "id='a'\nidd='b'", "unknown field `idd`"),
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
                "no example holds the keyword 'efgh'",
            ),
            ("[['ab','cd']]", "['abcd','none']", "example 2 holds none"),
            ("[['ab','cd']]", "[]", "at least one example"),
            ("confidence='low'", "confidence='sure'", "unknown variant"),
            (
                "confidence='low'",
                "confidence='low'\nchecks=['no']",
                "no check 'no'",
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
        assert!(problem(&GOOD.repeat(2)).contains("has this id already"));
    }
}
