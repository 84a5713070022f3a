//! Describes a secret in a text: what the engine builds from a match, what the policy judges, and
//! what becomes a finding when its origin is known.

use std::borrow::Cow;
use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice as _};

use super::frame::Frame;
use crate::rule::{Confidence, Detail, Rule, Text};
use crate::secret::{Fingerprint, Secret};
use crate::text::Location;

/// A secret in a text. It has no origin: an audit finds the same text at many places.
#[derive(Clone, Debug)]
pub struct Occurrence {
    /// The rule that found it.
    pub rule: RuleInfo,
    /// How sure the rule is.
    pub confidence: Confidence,
    /// Where in the text it is.
    pub place: Place,
    /// Its value.
    pub secret: Secret,
    /// Identifies the value under this rule.
    pub fingerprint: Fingerprint,
    /// What the rule's checks learned from the value.
    pub details: Vec<Detail>,
    /// The first half of a pair, such as the access key id of a secret access key.
    pub partner: Option<Partner>,
}

/// A rule, as reports need it.
#[derive(Clone, Debug)]
pub struct RuleInfo {
    /// The id.
    pub id: Arc<str>,
    /// What the rule finds.
    pub description: Text,
    /// The rule's own advice, if it has any.
    pub help: Option<Text>,
    /// Whether people choose its secrets, or they are short, so that they could be guessed from
    /// what a report says about them.
    pub guessable: bool,
}

impl From<&Rule> for RuleInfo {
    fn from(rule: &Rule) -> Self {
        Self {
            id: rule.id.clone(),
            description: rule.description.clone(),
            help: rule.help.clone(),
            guessable: rule.guessable,
        }
    }
}

impl RuleInfo {
    /// The column past the secret at `place`; `None` if it would give away the length of a secret
    /// that could be guessed.
    #[must_use]
    pub fn end_column(&self, place: &Place) -> Option<usize> {
        (!self.guessable).then_some(place.end.column)
    }
}

/// The position of a secret in its text, and the masked lines around it.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its first character.
    pub start: Location,
    /// Just past its last character.
    pub end: Location,
    /// The lines around it, safe to show; empty if no frame was asked for.
    pub frame: Frame,
    /// How the value is encoded, if it is not plain text: `base64`, `utf-16`, `escaped`.
    pub encoding: Option<Text>,
    /// If the blob is a container, such as an archive, and the secret is in an entry: the path of
    /// the entry, from the outermost container inwards: `lib/b.jar!config.properties`. Secrets in
    /// it are masked. The position is that in the entry.
    pub inside: Option<Arc<BString>>,
}

impl Place {
    /// The path of the entry that it is in, if it is in one.
    #[must_use]
    pub fn inside(&self) -> Option<&BStr> {
        self.inside.as_ref().map(|inside| inside.as_bstr())
    }

    /// What reports call the text that it is in, if the blob is at `path`: that path, or for an
    /// entry of a container `a.zip!lib/b.jar!config.properties`.
    #[must_use]
    pub fn path_in<'p>(&self, path: &'p BStr) -> Cow<'p, BStr> {
        match &self.inside {
            None => Cow::Borrowed(path),
            Some(inside) => Cow::Owned(path_inside(path, inside.as_bstr())),
        }
    }
}

/// The path of what is `inside` the container at `path`; that of the container if `inside` is
/// empty.
#[must_use]
pub fn path_inside(path: &BStr, inside: &BStr) -> BString {
    let separator = if inside.is_empty() { "" } else { "!" };
    bstr::concat([path.as_bytes(), separator.as_bytes(), inside.as_bytes()]).into()
}

/// The first half of a pair.
#[derive(Clone, Debug)]
pub struct Partner {
    /// Its rule.
    pub rule: RuleInfo,
    /// Where in the text it is.
    pub place: Place,
    /// Its value.
    pub secret: Secret,
}

impl Occurrence {
    /// Whether the secret, or the other half of a pair, is not plain text.
    #[must_use]
    pub fn is_encoded(&self) -> bool {
        let partner = self.partner.as_ref();
        self.place.encoding.is_some()
            || partner.is_some_and(|partner| partner.place.encoding.is_some())
    }
}
