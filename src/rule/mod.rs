//! Defines what a secret looks like: rules as the scanner uses them, made from the TOML of
//! `patterns/`.

pub(crate) mod charset;
pub mod check;
mod convert;
mod keywords;
mod load;
mod named;
mod not_encrypted;
pub mod posix;
mod run_prefix;
mod syntax;
pub(crate) mod words;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use regex::bytes::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

pub use check::{Candidate, Check, Detail, Verdict};
pub use load::RuleError;
pub use named::NamedValue;
pub use not_encrypted::{NOT_ENCRYPTED, not_encrypted};
pub use run_prefix::KeywordPlace;

/// A text of a rule: a part of the program, or of a user's file.
pub type Text = Cow<'static, str>;

/// Several texts of a rule.
pub type Texts = Cow<'static, [Text]>;

/// How sure a finding is: `Low < Medium < High < Certain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Nothing but its shape suggests a secret.
    Low,
    /// Hardly anything but a secret has its shape.
    Medium,
    /// It has the shape, and the name before it says what it is.
    High,
    /// Its checksum, its payload or its other half proves it, without a request to the provider.
    Certain,
}

impl Confidence {
    /// All of them, lowest first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Certain];

    /// Its name in rules, options and reports.
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

/// Rules that are searched for together.
#[derive(Debug, Default)]
pub struct RuleSet {
    /// The rules, in the order of their files.
    pub rules: Vec<Rule>,
    /// Which of them belong together.
    pub pairs: Vec<PairRule>,
    /// What identifies their files.
    digest: Sha256,
}

impl RuleSet {
    /// Whether a rule or a pair has this id.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.rules.iter().any(|rule| &*rule.id == id)
            || self.pairs.iter().any(|pair| &*pair.id == id)
    }
}

/// One kind of secret.
#[derive(Debug)]
pub struct Rule {
    /// Its id, in kebab-case; gitleaks' id where gitleaks has the same rule.
    pub id: Arc<str>,
    /// What it finds, in a few words.
    pub description: Text,
    /// What the prefilter looks for.
    pub trigger: Trigger,
    /// Shannon entropy, in bits per byte, that a secret must reach.
    pub entropy: Option<f64>,
    /// Whether people choose the secret, or it is short: it could be guessed from a fingerprint
    /// under a public key, so none is shown.
    pub guessable: bool,
    /// Checks that a candidate must pass, in this order.
    pub checks: Vec<&'static Check>,
    /// How sure a finding is if no check grades it.
    pub confidence: Confidence,
    /// What to do about a finding, besides what applies to every secret.
    pub help: Option<Text>,
    /// The provider's page about the secret: its format, or how to revoke it.
    pub link: Option<Text>,
    /// Its file and its samples.
    pub source: RuleSource,
}

/// The file of a rule, and its samples.
#[derive(Debug, Default)]
pub struct RuleSource {
    /// The file: `aws.toml` if it is built in, or else the path as given.
    pub file: Text,
    /// Texts in which the rule must find something.
    pub examples: Vec<String>,
    /// Texts in which it must not find anything.
    pub counter_examples: Vec<String>,
}

impl Rule {
    /// Whether it is for values of any provider: a rule that says more is preferred.
    #[must_use]
    pub fn is_general(&self) -> bool {
        matches!(&self.trigger, Trigger::Named(named) if named.is_general)
    }
}

/// What triggers a rule.
#[derive(Debug)]
pub enum Trigger {
    /// One of several literals, around which a pattern must match.
    Keywords(Pattern),
    /// A maximal run of `[A-Za-z0-9+/]` of one of these lengths, in bytes. The run is the
    /// candidate.
    Run(Vec<std::ops::RangeInclusive<usize>>),
    /// A value that the name it is assigned to gives away.
    Named(NamedValue),
    /// Nothing in a text: the policy says which files must be encrypted.
    Policy,
}

impl Rule {
    /// Whether it is about binary files that begin with certain bytes. Its samples are in hex.
    #[must_use]
    pub fn is_of_binary_files(&self) -> bool {
        matches!(&self.trigger, Trigger::Keywords(pattern)
            if pattern.keyword_place == KeywordPlace::FileStart)
    }
}

/// A regular expression, the literals without which it cannot match, and how far it looks.
#[derive(Debug)]
pub struct Pattern {
    /// Literals of at least [`MIN_KEYWORD`] bytes. Every match contains one.
    pub keywords: Texts,
    /// Where the keywords are searched for.
    pub keyword_place: KeywordPlace,
    /// How many bytes before a keyword a match may begin.
    pub before: usize,
    /// How many bytes after the start of a keyword a match may end.
    pub after: usize,
    /// The expression, with the named group `secret`.
    pub regex: LazyRegex,
}

/// The bytes that `text` has in hex: what files of a rule begin with, and its samples.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let mut bytes = vec![0; text.len() / 2];
    faster_hex::hex_decode(text.as_bytes(), &mut bytes).ok()?;
    Some(bytes)
}

/// A regular expression over bytes. It is compiled on first use: a hook that finds no keyword
/// compiles nothing.
#[derive(Debug)]
pub struct LazyRegex {
    source: Text,
    is_whole: bool,
    regex: OnceLock<Result<Regex, regex::Error>>,
}

/// The furthest that a match may reach from a keyword, in bytes. Sources that cut large blobs into
/// parts make them overlap by more than twice this.
pub const MAX_REACH: usize = 32 << 10;

/// The shortest keyword, in bytes. With shorter ones the vector search is several times slower.
pub const MIN_KEYWORD: usize = 4;

/// The shortest keyword of a token in a charset run: it is looked up there, and not searched for.
const MIN_PREFIX: usize = 3;

impl LazyRegex {
    /// An expression that matches anywhere.
    fn anywhere(source: Text) -> Self {
        Self {
            source,
            is_whole: false,
            regex: OnceLock::new(),
        }
    }

    /// An expression that all of a text must match.
    fn whole(source: Text) -> Self {
        Self {
            is_whole: true,
            ..Self::anywhere(source)
        }
    }

    /// The expression as written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The compiled expression.
    ///
    /// # Errors
    /// If it does not compile.
    pub fn get(&self) -> Result<&Regex, &regex::Error> {
        let compile = || {
            let source = if self.is_whole {
                format!(r"\A(?:{})\z", self.source)
            } else {
                self.source.to_string()
            };
            RegexBuilder::new(&source).unicode(false).build()
        };
        self.regex.get_or_init(compile).as_ref()
    }
}

/// Two rules whose matches in one blob belong together, such as an access key id and its secret.
#[derive(Debug)]
pub struct PairRule {
    /// Rule id of the joint finding.
    pub id: Arc<str>,
    /// What it finds.
    pub description: Text,
    /// Index in [`RuleSet::rules`] of the half that is no secret by itself.
    pub first: usize,
    /// Index in [`RuleSet::rules`] of the secret half.
    pub second: usize,
    /// How sure a pair is.
    pub confidence: Confidence,
    /// What to do about a finding.
    pub help: Option<Text>,
    /// Its file and its samples.
    pub source: RuleSource,
}
