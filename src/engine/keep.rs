//! Bounds how many findings of a blob are kept, so that a file of a million keys neither fills the
//! memory nor makes an unreadable report.

use std::collections::BTreeMap;
use std::sync::Arc;

use bstr::BStr;

use crate::blob::{Skip, SkipReason};
use crate::finding::{AllowedBy, Occurrence};
use crate::rule::Confidence;

/// How many findings are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All of them.
    All,
    /// Of each rule and confidence, this many in a blob; the rest are counted. What blocks depends
    /// on the confidence, so the exit status is the same as if all were kept.
    PerRule(usize),
}

impl Keep {
    /// The bound for scans whose findings are reported.
    pub const FOR_REPORT: Self = Self::PerRule(1000);
}

/// What findings are counted by: the rule, the confidence, and what allows them, if anything does.
type Kind = (Arc<str>, Confidence, Option<By>);

/// What allows a finding. An entry counts by its number, so that of each entry that is used a
/// finding is kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    Entry(usize),
    Marker,
    Baseline,
}

/// Counts the findings of one blob.
pub(crate) struct KeptCounts {
    keep: Keep,
    counts: BTreeMap<Kind, usize>,
}

impl KeptCounts {
    pub(crate) const fn new(keep: Keep) -> Self {
        Self {
            keep,
            counts: BTreeMap::new(),
        }
    }

    /// Counts an occurrence and what allows it, if anything does. Returns whether it is to be kept.
    pub(crate) fn take(&mut self, occurrence: &Occurrence, allowed: Option<&AllowedBy>) -> bool {
        let Keep::PerRule(most) = self.keep else {
            return true;
        };
        let by = allowed.map(|by| match by {
            AllowedBy::Entry { number, .. } => By::Entry(*number),
            AllowedBy::Marker { .. } => By::Marker,
            AllowedBy::Baseline { .. } => By::Baseline,
        });
        let kind = (occurrence.rule.id.clone(), occurrence.confidence, by);
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        *count <= most
    }

    /// Ends a blob from `path`: says what was not kept of it.
    pub(crate) fn finish(&mut self, path: &BStr) -> Vec<Skip> {
        let Keep::PerRule(most) = self.keep else {
            return Vec::new();
        };
        let counts = std::mem::take(&mut self.counts).into_iter();
        counts
            .filter(|(_, count)| *count > most)
            .map(|((rule, confidence, by), count)| Skip {
                path: path.into(),
                reason: SkipReason::NotListed {
                    rule: rule.to_string(),
                    confidence: confidence.word(),
                    what: by.map_or("findings", |_| "allowed findings"),
                    count: count - most,
                },
            })
            .collect()
    }
}
