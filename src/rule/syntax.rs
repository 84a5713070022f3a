//! Defines the TOML of pattern files: rules as written, before anything is checked. The build
//! script writes the built-in rules as values of these types.

use std::borrow::Cow;

use serde::Deserialize;

use super::{Confidence, KeywordPlace, Text, Texts};

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
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RuleSyntax {
    pub(super) id: Text,
    pub(super) description: Text,
    #[serde(default)]
    pub(super) keywords: Texts,
    /// What binary files begin with, each in hex: instead of keywords. The samples are in hex too.
    #[serde(default)]
    pub(super) start: Texts,
    pub(super) pattern: Option<Text>,
    /// How many bytes before a keyword a match may begin.
    #[serde(default = "default_before")]
    pub(super) before: usize,
    /// How many bytes after the start of a keyword a match may end.
    #[serde(default = "default_after")]
    pub(super) after: usize,
    /// Only the build script sets it.
    #[serde(skip)]
    pub(super) keyword_place: KeywordPlace,
    /// Phrases of lower-case words. The name of the value contains one of them.
    #[serde(default)]
    pub(super) names: Texts,
    /// A regular expression that all of a named value matches.
    pub(super) value: Option<Text>,
    /// Lengths of base64 runs: `[40]`, or `[[100, 4096]]` for a range.
    #[serde(default)]
    pub(super) run: Cow<'static, [LengthSyntax]>,
    pub(super) entropy: Option<f64>,
    /// Whether people choose the secret, or it has less than about 64 bits.
    #[serde(default)]
    pub(super) guessable: bool,
    #[serde(default)]
    pub(super) checks: Texts,
    pub(super) confidence: Confidence,
    pub(super) help: Option<Text>,
    /// The provider's page about the secret.
    pub(super) link: Option<Text>,
    #[serde(default)]
    pub(super) examples: Vec<Pieces>,
    #[serde(default)]
    pub(super) counter_examples: Vec<Pieces>,
}

/// A `[[pair]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PairSyntax {
    pub(super) id: Text,
    pub(super) description: Text,
    pub(super) first: Text,
    pub(super) second: Text,
    pub(super) confidence: Confidence,
    pub(super) help: Option<Text>,
    #[serde(default)]
    pub(super) examples: Vec<Pieces>,
    #[serde(default)]
    pub(super) counter_examples: Vec<Pieces>,
}

/// A length, or a range of lengths with both ends in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum LengthSyntax {
    Exact(usize),
    Range([usize; 2]),
}

/// A sample in one piece or in several that are joined, so that no scanner reports the file that
/// contains them.
#[derive(Clone, Debug, Deserialize)]
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

pub(super) const fn default_before() -> usize {
    32
}

pub(super) const fn default_after() -> usize {
    256
}
