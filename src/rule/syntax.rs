//! Defines the TOML of pattern files: rules as written, before anything is checked.

use serde::Deserialize;

use super::{Confidence, KeywordPlace};

/// A pattern file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileSyntax {
    #[serde(default, rename = "rule")]
    pub(super) rules: Vec<RuleSyntax>,
    #[serde(default, rename = "pair")]
    pub(super) pairs: Vec<PairSyntax>,
}

/// A `[[rule]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RuleSyntax {
    pub(super) id: String,
    pub(super) description: String,
    #[serde(default)]
    pub(super) keywords: Vec<String>,
    pub(super) pattern: Option<String>,
    /// How many bytes before a keyword a match may begin.
    #[serde(default = "default_before")]
    pub(super) before: usize,
    /// How many bytes after the start of a keyword a match may end.
    #[serde(default = "default_after")]
    pub(super) after: usize,
    /// Only the build script sets it.
    #[serde(default)]
    pub(super) keyword_place: KeywordPlace,
    /// Phrases of lower-case words. The name of the value contains one of them.
    #[serde(default)]
    pub(super) names: Vec<String>,
    /// A regular expression that all of a named value matches.
    pub(super) value: Option<String>,
    /// Lengths of base64 runs: `[40]`, or `[[100, 4096]]` for a range.
    #[serde(default)]
    pub(super) run: Vec<LengthSyntax>,
    pub(super) entropy: Option<f64>,
    /// Whether people choose the secret, or it has less than about 64 bits.
    #[serde(default)]
    pub(super) guessable: bool,
    #[serde(default)]
    pub(super) checks: Vec<String>,
    pub(super) confidence: Confidence,
    pub(super) help: Option<String>,
    /// The provider's page about the secret.
    pub(super) link: Option<String>,
    #[serde(default)]
    pub(super) examples: Vec<Pieces>,
    #[serde(default)]
    pub(super) counter_examples: Vec<Pieces>,
}

/// A `[[pair]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PairSyntax {
    pub(super) id: String,
    pub(super) description: String,
    pub(super) first: String,
    pub(super) second: String,
    pub(super) confidence: Confidence,
    pub(super) help: Option<String>,
    #[serde(default)]
    pub(super) examples: Vec<Pieces>,
    #[serde(default)]
    pub(super) counter_examples: Vec<Pieces>,
}

/// A length, or a range of lengths with both ends in it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum LengthSyntax {
    Exact(usize),
    Range([usize; 2]),
}

/// A sample in one piece or in several that are joined, so that no scanner reports the file that
/// contains them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Pieces {
    One(String),
    Several(Vec<String>),
}

impl Pieces {
    pub(super) fn join(self) -> String {
        match self {
            Self::One(text) => text,
            Self::Several(pieces) => pieces.concat(),
        }
    }
}

const fn default_before() -> usize {
    32
}

const fn default_after() -> usize {
    256
}
