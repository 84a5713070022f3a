//! Defines the result of a scan: findings, allowed findings, what was not scanned, and the exit
//! status that follows.

pub mod frame;
pub mod history;
mod occurrence;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::AddAssign;

use bstr::{BStr, BString};
use serde::{Deserialize, Serialize};

use crate::blob::{Origin, Skip};
use crate::rule::{Confidence, Detail};
use crate::secret::{Fingerprint, PublicFingerprint, Secret};
use history::History;

pub use occurrence::{Occurrence, Partner, Place, RuleInfo, path_inside};

/// A secret, and where it was found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule that found it.
    pub rule: RuleInfo,
    /// How sure the rule is.
    pub confidence: Confidence,
    /// Where the blob that holds it came from.
    pub origin: Origin,
    /// Where in the blob it is.
    pub place: Place,
    /// Its value.
    pub secret: Secret,
    /// Identifies the value under this rule. Never shown: see [`Self::public_fingerprint`].
    pub fingerprint: Fingerprint,
    /// The fingerprint that reports show; set by the engine.
    pub public_fingerprint: PublicFingerprint,
    /// What the rule's checks learned from the value.
    pub details: Vec<Detail>,
    /// The first half of a pair, such as the access key id of a secret access key.
    pub partner: Option<Partner>,
    /// Whether it fails the run; set by the policy.
    pub blocking: bool,
    /// Where in history it is, if the whole history was audited.
    pub history: Option<Box<History>>,
}

impl Finding {
    /// The finding that `occurrence` is in a blob from `origin`. It does not block yet.
    #[must_use]
    pub fn new(occurrence: Occurrence, origin: Origin) -> Self {
        let public_fingerprint = if occurrence.rule.guessable {
            PublicFingerprint::of_place(&occurrence.rule.id, b"", 0)
        } else {
            PublicFingerprint::of_value(occurrence.fingerprint)
        };
        Self {
            public_fingerprint,
            rule: occurrence.rule,
            confidence: occurrence.confidence,
            origin,
            place: occurrence.place,
            secret: occurrence.secret,
            fingerprint: occurrence.fingerprint,
            details: occurrence.details,
            partner: occurrence.partner,
            blocking: false,
            history: None,
        }
    }

    /// What reports call the text that it is in: the path of its blob, or of an entry of that.
    #[must_use]
    pub fn path(&self) -> Cow<'_, BStr> {
        self.place.path_in(self.origin.path())
    }

    /// Whether its line is one of the file at the path of its blob: not that of a name, and not
    /// that of an entry in an archive.
    #[must_use]
    pub const fn has_line_in_file(&self) -> bool {
        !matches!(self.origin, Origin::Name { .. }) && self.place.inside.is_none()
    }

    /// Whether a report shows its code frame. The name of a file is shown as the place already.
    #[must_use]
    pub fn has_frame(&self) -> bool {
        !self.place.frame.lines.is_empty() && !matches!(self.origin, Origin::Name { .. })
    }

    /// The order of findings in reports: by where they are.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        let key = |f: &Self| (f.place.start, f.place.end, f.rule.id.clone(), f.fingerprint);
        let by_origin = self.origin.order(&other.origin);
        let by_entry = by_origin.then_with(|| self.place.inside.cmp(&other.place.inside));
        by_entry.then_with(|| key(self).cmp(&key(other)))
    }
}

/// A finding that is allowed.
#[derive(Clone, Debug)]
pub struct Allowed {
    /// The finding.
    pub finding: Finding,
    /// What allows it.
    pub by: AllowedBy,
}

/// What allows a finding: an allow entry, a marker or a baseline entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AllowedBy {
    /// An `[[allow]]` entry of a configuration file.
    Entry {
        /// The file, unless it is the repository's own or the one that was named.
        file: Option<String>,
        /// Its number in the file, from 1.
        number: usize,
        /// Its reason.
        reason: String,
    },
    /// A marker in the text, on the line or the line before.
    Marker {
        /// The marker's word, such as `keysieve:allow`.
        word: String,
        /// Its reason, if one follows the marker.
        reason: Option<String>,
    },
    /// An entry of the baseline: the value was known before.
    Baseline {
        /// Why it is allowed, if the entry gives a reason.
        reason: Option<String>,
        /// Who is responsible for it, if the entry names an owner.
        owner: Option<String>,
    },
}

/// An entry that allowed nothing: it can be removed, or it has expired.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unused {
    /// The list that it is in.
    pub list: List,
    /// The file, if it is not the one of the repository or the one that was named.
    pub file: Option<String>,
    /// Its number in the configuration file, or its line in the baseline; from 1.
    pub number: usize,
    /// Its reason.
    pub reason: String,
    /// The last day on which it was valid, if that day has passed.
    pub expired: Option<jiff::civil::Date>,
}

/// A policy file that the scanned commits change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyChange {
    /// Its path in the repository.
    pub path: BString,
    /// How they change it.
    pub what: Change,
}

/// How a file changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It is new.
    Added,
    /// Its content changes.
    Changed,
    /// It is removed.
    Removed,
}

impl Change {
    /// The word used in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

/// A list of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// The `[[allow]]` entries of the configuration file.
    Config,
    /// The baseline.
    Baseline,
}

/// How much was scanned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Repositories; only if the results of several were joined.
    pub repositories: u64,
    /// Blobs; in an audit, files of the git directory that are not objects.
    pub blobs: u64,
    /// Objects of a repository; one that is stored twice counts twice. Only in an audit.
    pub objects: u64,
    /// Bytes in all of them.
    pub bytes: u64,
    /// Entries of the work tree that git's ignore rules left out; a folder counts as one.
    pub left_out: u64,
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        let Self {
            repositories,
            blobs,
            objects,
            bytes,
            left_out,
        } = other;
        self.repositories += repositories;
        self.blobs += blobs;
        self.objects += objects;
        self.bytes += bytes;
        self.left_out += left_out;
    }
}

/// The result of a scan. Sorted: the same input gives the same outcome with any number of
/// threads.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Findings that are reported.
    pub findings: Vec<Finding>,
    /// Findings that are allowed.
    pub allowed: Vec<Allowed>,
    /// Entries that allowed nothing: `[[allow]]` entries, and expired baseline entries that
    /// match a finding.
    pub unused: Vec<Unused>,
    /// What was not scanned.
    pub skipped: Vec<Skip>,
    /// How much was scanned.
    pub totals: Totals,
    /// Policy files that the scanned commits change, if those commits are judged by another policy.
    pub policy_changes: Vec<PolicyChange>,
}

/// How a run ended. The numbers are the exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Everything in scope was read, and no finding blocks.
    Clean = 0,
    /// At least one finding blocks.
    Findings = 1,
    /// Something in scope was not read, so it may hold secrets that are not reported.
    Incomplete = 2,
}

impl Status {
    /// The word used in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Findings => "findings",
            Self::Incomplete => "incomplete",
        }
    }
}

impl Outcome {
    /// The status: incomplete wins over findings, findings over clean.
    #[must_use]
    pub fn status(&self) -> Status {
        if self.skipped.iter().any(|skip| skip.reason.is_failure()) {
            Status::Incomplete
        } else if self.findings.iter().any(|finding| finding.blocking) {
            Status::Findings
        } else {
            Status::Clean
        }
    }

    /// Adds everything of `other`.
    pub fn merge(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.allowed.extend(other.allowed);
        self.unused.extend(other.unused);
        self.skipped.extend(other.skipped);
        self.totals += other.totals;
        self.policy_changes.extend(other.policy_changes);
    }

    /// Sorts everything for reports, and removes findings that occur twice because their file was
    /// named twice.
    pub fn sort(&mut self) {
        self.findings.sort_by(Finding::order);
        self.findings.dedup_by(|a, b| a.order(b).is_eq());
        self.allowed.sort_by(|a, b| a.finding.order(&b.finding));
        self.allowed
            .dedup_by(|a, b| a.finding.order(&b.finding).is_eq());
        self.skipped.sort();
        self.skipped.dedup();
        self.unused.sort();
    }
}
