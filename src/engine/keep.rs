//! Bounds how many findings of a blob and of a run are kept, so that a file of a million keys, or a
//! million copies of a key, neither fill the memory nor make an unreadable report.

use std::collections::BTreeMap;
use std::sync::Arc;

use bstr::BStr;

use crate::blob::{Skip, SkipReason};
use crate::finding::{AllowedBy, Finding, Occurrence, Outcome, RuleInfo};
use crate::rule::Confidence;

/// How many findings are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All of them.
    All,
    /// Of each rule and confidence, this many in a blob with its copies, and [`IN_RUN`] times as
    /// many in the run; the rest are counted. What blocks depends on the confidence, so the exit
    /// status is the same as if all were kept.
    PerRule(usize),
}

impl Keep {
    /// The bound for scans whose findings are reported.
    pub const FOR_REPORT: Self = Self::PerRule(1000);
}

/// How many times as many findings are kept in a run as in a blob.
const IN_RUN: usize = 10;

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
        let kind = kind(&occurrence.rule, occurrence.confidence, allowed);
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        *count <= most
    }

    /// Whether some were not kept.
    pub(crate) fn is_full(&self) -> bool {
        let Keep::PerRule(most) = self.keep else {
            return false;
        };
        self.counts.values().any(|count| *count > most)
    }

    /// Ends a blob from `path`: says what was not kept of it.
    pub(crate) fn finish(&mut self, path: &BStr) -> Vec<Skip> {
        let Keep::PerRule(most) = self.keep else {
            return Vec::new();
        };
        let counts = std::mem::take(&mut self.counts).into_iter();
        counts
            .filter(|(_, count)| *count > most)
            .map(|(kind, count)| not_listed(path, kind, count - most))
            .collect()
    }
}

fn kind(rule: &RuleInfo, confidence: Confidence, allowed: Option<&AllowedBy>) -> Kind {
    let by = allowed.map(|by| match by {
        AllowedBy::Entry { number, .. } => By::Entry(*number),
        AllowedBy::Marker { .. } => By::Marker,
        AllowedBy::Baseline { .. } => By::Baseline,
    });
    (rule.id.clone(), confidence, by)
}

fn not_listed(path: &BStr, (rule, confidence, by): Kind, count: usize) -> Skip {
    Skip {
        path: path.into(),
        reason: SkipReason::NotListed {
            rule: rule.to_string(),
            confidence: confidence.word(),
            what: by.map_or("findings", |_| "allowed findings"),
            count,
        },
    }
}

/// The outcome of a run so far, with the first of its findings.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) outcome: Outcome,
    /// How many findings of each kind were removed.
    removed: BTreeMap<Kind, usize>,
    /// How many findings remained when some were removed last.
    remained: usize,
}

impl Gathered {
    /// Adds everything of `other`.
    pub(crate) fn merge(&mut self, other: Self, keep: Keep) {
        self.outcome.merge(other.outcome);
        for (kind, count) in other.removed {
            *self.removed.entry(kind).or_default() += count;
        }
        self.remained = self.remained.max(other.remained);
        self.bound(keep);
    }

    /// Removes findings if very many were added. The first remain, in the order of reports, so the
    /// result is the same with any number of threads.
    pub(crate) fn bound(&mut self, keep: Keep) {
        if let Keep::PerRule(most) = keep {
            let all = self.outcome.findings.len() + self.outcome.allowed.len();
            if all > 2 * self.remained.max(most * IN_RUN) {
                self.remove(most * IN_RUN);
            }
        }
    }

    fn remove(&mut self, most: usize) {
        let Self {
            outcome, removed, ..
        } = self;
        outcome.sort();
        let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
        let mut take = |finding: &Finding, by: Option<&AllowedBy>| {
            let kind = kind(&finding.rule, finding.confidence, by);
            let count = counts.entry(kind.clone()).or_default();
            *count += 1;
            let is_kept = *count <= most;
            if !is_kept {
                *removed.entry(kind).or_default() += 1;
            }
            is_kept
        };
        outcome.findings.retain(|finding| take(finding, None));
        let allowed = &mut outcome.allowed;
        allowed.retain(|allowed| take(&allowed.finding, Some(&allowed.by)));
        self.remained = self.outcome.findings.len() + self.outcome.allowed.len();
    }

    /// The outcome, which says what it lacks.
    pub(crate) fn finish(mut self, keep: Keep) -> Outcome {
        if let Keep::PerRule(most) = keep {
            self.remove(most * IN_RUN);
        }
        let removed = self.removed.into_iter();
        let skips = removed.map(|(kind, count)| not_listed(ALL_FILES.into(), kind, count));
        self.outcome.skipped.extend(skips);
        self.outcome
    }
}

/// What a report names as the place of findings that are in many files.
const ALL_FILES: &str = "all files";
