//! What a scan says: findings, what was allowed, what was not scanned, and the exit status that
//! follows.

pub mod frame;
pub mod history;

use std::sync::Arc;

use bstr::BString;
use serde::{Deserialize, Serialize};

use crate::blob::{Origin, Skip};
use crate::rule::{Confidence, Detail};
use crate::secret::{Fingerprint, Secret};
use crate::text::Location;
use frame::Frame;
use history::History;

/// A secret at a place.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which rule found it, and what that rule says.
    pub rule: RuleInfo,
    /// How sure it is.
    pub confidence: Confidence,
    /// Where its blob came from.
    pub origin: Origin,
    /// Where in the blob it stands.
    pub place: Place,
    /// Its value.
    pub secret: Secret,
    /// Its name.
    pub fingerprint: Fingerprint,
    /// What the checks learned.
    pub details: Vec<Detail>,
    /// The other half, where it was found together with one: the access key id beside a secret
    /// access key.
    pub partner: Option<Partner>,
    /// Whether it fails the run; set by the policy.
    pub blocking: bool,
    /// Where in history it stands, where all of that was looked at.
    pub history: Option<Box<History>>,
}

/// A finding's rule, as reports need it.
#[derive(Clone, Debug)]
pub struct RuleInfo {
    /// The id.
    pub id: Arc<str>,
    /// What the rule finds.
    pub description: Arc<str>,
    /// What to do, where the rule has something of its own to say.
    pub help: Option<Arc<str>>,
}

/// Where something stands: first and last character, and the lines around, masked.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its first character.
    pub start: Location,
    /// Just past its last character.
    pub end: Location,
    /// The lines it stands on, safe to show.
    pub frame: Frame,
    /// How it was written, where it was not in clear: `base64`, `utf-16`, `escaped`.
    pub encoding: Option<&'static str>,
}

/// The other half of a pair.
#[derive(Clone, Debug)]
pub struct Partner {
    /// Its rule.
    pub rule: RuleInfo,
    /// Where it stands.
    pub place: Place,
    /// Its value.
    pub secret: Secret,
}

/// A finding that an exception lets pass.
#[derive(Clone, Debug)]
pub struct Allowed {
    /// The finding.
    pub finding: Finding,
    /// The exception.
    pub by: AllowedBy,
}

/// What lets a finding pass. Each has said why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AllowedBy {
    /// An `[[allow]]` entry of a configuration file.
    Entry {
        /// Its number in the file, from 1.
        number: usize,
        /// Its reason.
        reason: String,
    },
    /// A marker in the text, on the line or the line before.
    Marker {
        /// The marker's word, such as `keysieve:allow`.
        word: String,
        /// Its reason, where one follows the marker.
        reason: Option<String>,
    },
    /// An entry of the baseline: it was known before.
    Baseline {
        /// Why it may pass, where somebody has said so.
        reason: Option<String>,
        /// Who answers for it, where somebody has said so.
        owner: Option<String>,
    },
}

/// An exception that let nothing pass: it can go, or it has expired.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unused {
    /// Where exceptions of its kind are written down.
    pub list: List,
    /// Its number in the configuration file, or its line in the baseline; from 1.
    pub number: usize,
    /// Its reason.
    pub reason: String,
    /// The last day on which it held, where that day has passed.
    pub expired: Option<jiff::civil::Date>,
}

/// A file of policy that the commits which are judged change themselves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyChange {
    /// Its path in the repository.
    pub path: BString,
    /// What becomes of it.
    pub what: Change,
}

/// What becomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It was not there.
    Added,
    /// It says something else.
    Changed,
    /// It is gone.
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

/// A list of exceptions.
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
    /// Blobs; in an audit, files beside the objects.
    pub blobs: u64,
    /// Objects of a repository's store; one that lies there twice counts twice. Only in an audit.
    pub objects: u64,
    /// Bytes in all of them.
    pub bytes: u64,
    /// Entries of the work tree that git's ignore rules left out; a folder counts as one.
    pub left_out: u64,
}

/// Everything that a scan has to say. Sorted: the same input gives the same outcome, whatever the
/// number of threads.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What was found and is reported.
    pub findings: Vec<Finding>,
    /// What was found and is allowed.
    pub allowed: Vec<Allowed>,
    /// Exceptions that let nothing pass: `[[allow]]` entries, and expired entries of the baseline
    /// that would have.
    pub unused: Vec<Unused>,
    /// What was not scanned.
    pub skipped: Vec<Skip>,
    /// How much was scanned.
    pub totals: Totals,
    /// What the commits that are judged change of the policy themselves, where that is not the one
    /// they are judged by.
    pub policy_changes: Vec<PolicyChange>,
}

/// How a run ended. The numbers are the exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Everything in scope was read, and nothing that blocks was found.
    Clean = 0,
    /// Something that blocks was found.
    Findings = 1,
    /// The run was not completed, so nothing can be said about what was not read.
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

    /// Brings everything into the order of reports, and drops what was found twice since its file
    /// was named twice.
    pub fn sort(&mut self) {
        let by_place = |a: &Finding, b: &Finding| {
            let key = |f: &Finding| (f.place.start, f.place.end, f.rule.id.clone(), f.fingerprint);
            a.origin.order(&b.origin).then_with(|| key(a).cmp(&key(b)))
        };
        self.findings.sort_by(by_place);
        self.findings.dedup_by(|a, b| by_place(a, b).is_eq());
        self.allowed
            .sort_by(|a, b| by_place(&a.finding, &b.finding));
        self.allowed
            .dedup_by(|a, b| by_place(&a.finding, &b.finding).is_eq());
        self.skipped.sort();
        self.skipped.dedup();
        self.unused.sort();
    }
}
