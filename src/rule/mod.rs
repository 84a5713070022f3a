//! What a secret looks like: rules as the scanner uses them, compiled from the TOML of `patterns/`.

pub(crate) mod charset;
pub mod check;
mod load;
#[cfg(test)]
mod run_prefix;
mod syntax;

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use regex::bytes::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

pub use check::{Candidate, Check, Detail, Verdict};
pub use load::{RuleError, RuleSet};

/// How sure a finding is. The order is that of trust: `Low < Medium < High < Certain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// It has the shape of a secret, and nothing else speaks for it.
    Low,
    /// It has a shape that hardly anything but a secret has.
    Medium,
    /// It has the shape and stands under a name that says what it is.
    High,
    /// Proven without asking anyone: by a checksum, by its payload, or by its other half.
    Certain,
}

impl Confidence {
    /// All of them, lowest first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Certain];

    /// The word used in rules, options and reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Certain => "certain",
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Confidence {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|c| c.word() == word)
            .ok_or_else(|| {
                format!("'{word}' is not a confidence: use low, medium, high or certain")
            })
    }
}

/// One kind of secret.
#[derive(Debug)]
pub struct Rule {
    /// Its id, in kebab-case; gitleaks' id where gitleaks has the same rule.
    pub id: Arc<str>,
    /// What it finds, in a few words.
    pub description: String,
    /// What the prefilter looks for.
    pub trigger: Trigger,
    /// Shannon entropy, in bits per byte, that a secret must reach.
    pub entropy: Option<f64>,
    /// Checks that a candidate must pass, in this order.
    pub checks: Vec<&'static Check>,
    /// How sure a finding is where no check says otherwise.
    pub confidence: Confidence,
    /// What to do when it is found, beyond what holds for every secret.
    pub help: Option<String>,
    /// The file that the rule came from, and what its author says it must and must not find.
    pub source: RuleSource,
}

/// Where a rule came from, and its samples.
#[derive(Debug, Default)]
pub struct RuleSource {
    /// The file: `aws.toml` for a built-in one, the path as given for others.
    pub file: String,
    /// Texts in which the rule must find something.
    pub examples: Vec<String>,
    /// Texts in which it must find nothing.
    pub counter_examples: Vec<String>,
}

/// What makes a rule be tried.
#[derive(Debug)]
pub enum Trigger {
    /// One of some literals stands there, and a pattern matches around it.
    Keywords(Pattern),
    /// A maximal run of `[A-Za-z0-9+/]` has one of these lengths, in bytes: the run is the
    /// candidate.
    Run(Vec<std::ops::RangeInclusive<usize>>),
}

/// A regular expression, the literals without which it cannot match, and how far it looks.
#[derive(Debug)]
pub struct Pattern {
    /// Literals of at least [`MIN_KEYWORD`] bytes; every match holds one.
    pub keywords: Vec<String>,
    /// Whether every match is a run of word characters that the scanner finds anyway, so that the
    /// keywords need to be looked for in such runs only.
    pub in_run: bool,
    /// How many bytes before a keyword a match may begin.
    pub before: usize,
    /// How many bytes after the start of a keyword a match may end.
    pub after: usize,
    source: String,
    regex: OnceLock<Result<Regex, regex::Error>>,
}

/// The furthest that a rule may look from a keyword, in bytes. Sources that cut large blobs into
/// parts let them overlap by more than twice this.
pub const MAX_REACH: usize = 32 << 10;

/// The shortest keyword, in bytes. The vector search for several literals is several times slower
/// with shorter ones.
pub const MIN_KEYWORD: usize = 4;

impl Pattern {
    /// The expression as written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The compiled expression. Compiled when first asked for: a hook that meets no keyword
    /// compiles nothing.
    ///
    /// # Errors
    /// The error of the regex crate, where the pattern does not compile.
    pub fn regex(&self) -> Result<&Regex, &regex::Error> {
        let compile = || RegexBuilder::new(&self.source).unicode(false).build();
        self.regex.get_or_init(compile).as_ref()
    }
}

/// Two rules whose findings in one blob belong together, as an access key id and its secret do.
#[derive(Debug)]
pub struct PairRule {
    /// Id of the joint finding's rule.
    pub id: Arc<str>,
    /// What it finds.
    pub description: String,
    /// Index in [`RuleSet::rules`] of the half that is no secret by itself.
    pub first: usize,
    /// Index in [`RuleSet::rules`] of the secret half.
    pub second: usize,
    /// How sure a pair is.
    pub confidence: Confidence,
    /// What to do when one is found.
    pub help: Option<String>,
    /// Where the rule came from, and its samples.
    pub source: RuleSource,
}
