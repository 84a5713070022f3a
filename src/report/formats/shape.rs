//! The JSON of reports as written: what the formats `json` and `jsonl` share.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::blob::{Origin, Skip};
use crate::finding::{
    Allowed, AllowedBy, Finding, List, Outcome, Partner, Place, PolicyChange, Totals, Unused,
};
use crate::report::Options;
use crate::report::history::{self, HistoryShape};
use crate::report::safe_text::facts::{CommitFacts, Facts};
use crate::report::safe_text::words::own_marker;
use crate::secret::Secret;
use crate::text::printable;

/// Version of the shapes below. Grows when a consumer would have to change.
pub(in crate::report) const SCHEMA: u32 = 1;

/// The program that wrote the report.
#[derive(Serialize)]
pub(in crate::report) struct ToolShape<'o> {
    name: &'static str,
    version: &'static str,
    rules: &'o str,
}

/// How much was scanned.
#[derive(Serialize)]
pub(in crate::report) struct ScannedShape {
    blobs: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    objects: Option<u64>,
    bytes: u64,
    left_out: u64,
}

/// A path. Bytes that are not UTF-8 are escaped, and then the bytes themselves follow.
#[derive(Serialize)]
pub(in crate::report) struct PathShape {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_base64: Option<String>,
}

/// Something that was not scanned.
#[derive(Serialize)]
pub(in crate::report) struct SkipShape {
    #[serde(flatten)]
    path: PathShape,
    reason: String,
    /// Whether it leaves the scan incomplete.
    failure: bool,
}

/// Where something stands.
#[derive(Serialize)]
struct PlaceShape {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
}

/// A secret, masked unless it was asked for in clear.
#[derive(Serialize)]
struct SecretShape {
    secret: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_base64: Option<String>,
}

/// Where a blob came from.
#[derive(Serialize)]
struct OriginShape<'o> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'o str>,
    #[serde(flatten)]
    commit: Option<CommitShape>,
}

/// The commit that brought something in.
#[derive(Serialize)]
struct CommitShape {
    commit: String,
    author: String,
    date: String,
    subject: String,
}

/// The other half of a pair.
#[derive(Serialize)]
struct PartnerShape<'o> {
    rule: &'o str,
    #[serde(flatten)]
    place: PlaceShape,
    #[serde(flatten)]
    secret: SecretShape,
}

/// A finding.
#[derive(Serialize)]
pub(in crate::report) struct FindingShape<'o> {
    #[serde(flatten)]
    rule: RuleShape<'o>,
    #[serde(flatten)]
    path: PathShape,
    #[serde(flatten)]
    place: PlaceShape,
    #[serde(flatten)]
    secret: SecretShape,
    fingerprint: String,
    origin: OriginShape<'o>,
    details: BTreeMap<&'o str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partner: Option<PartnerShape<'o>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<HistoryShape>,
}

/// What a finding's rule says.
#[derive(Serialize)]
struct RuleShape<'o> {
    rule: &'o str,
    description: String,
    confidence: &'static str,
    blocking: bool,
}

/// A finding that may pass.
#[derive(Serialize)]
pub(in crate::report) struct AllowedShape<'o> {
    #[serde(flatten)]
    finding: FindingShape<'o>,
    by: ByShape<'o>,
}

/// What lets it pass.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum ByShape<'o> {
    Entry {
        number: usize,
        reason: String,
    },
    Marker {
        word: &'o str,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// `commit` or `tag`, where that is what is judged and the marker came with it.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[serde(rename = "stands_in")]
        container: Option<&'static str>,
    },
    Baseline {
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
    },
}

/// An exception that let nothing pass.
#[derive(Serialize)]
pub(in crate::report) struct UnusedShape {
    /// As in [`ByShape`].
    kind: &'static str,
    number: usize,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired: Option<String>,
}

/// A file of policy that the commits which are judged change.
#[derive(Serialize)]
pub(in crate::report) struct PolicyChangeShape {
    #[serde(flatten)]
    path: PathShape,
    change: &'static str,
}

/// Turns an outcome's parts into their shapes.
pub(in crate::report) struct Shaper<'o> {
    facts: Facts<'o>,
}

impl<'o> Shaper<'o> {
    /// A shaper for the parts of `outcome`.
    pub(in crate::report) fn new(outcome: &'o Outcome, options: &Options) -> Self {
        Self {
            facts: Facts::new(outcome, options),
        }
    }

    /// A finding.
    pub(in crate::report) fn finding(&self, finding: &'o Finding) -> FindingShape<'o> {
        self.shape(finding, self.facts.reveals())
    }

    /// An allowed finding. Always masked: an exception is no reason to look at it.
    pub(in crate::report) fn allowed(&self, allowed: &'o Allowed) -> AllowedShape<'o> {
        let said = |text: &Option<String>| text.as_deref().map(|text| self.prose(text));
        let by = match &allowed.by {
            AllowedBy::Entry { number, reason } => ByShape::Entry {
                number: *number,
                reason: self.prose(reason),
            },
            AllowedBy::Marker { word, reason } => ByShape::Marker {
                word,
                reason: said(reason),
                container: own_marker(allowed),
            },
            AllowedBy::Baseline { reason, owner } => ByShape::Baseline {
                reason: said(reason),
                owner: said(owner),
            },
        };
        AllowedShape {
            finding: self.shape(&allowed.finding, false),
            by,
        }
    }

    /// What was not scanned; a reason that names a file is masked like its path.
    pub(in crate::report) fn skip(&self, skip: &Skip) -> SkipShape {
        let path = path(&self.facts.bytes(&skip.path));
        // What the system says about a file may name it.
        let reason = self.text(&skip.reason.to_string());
        SkipShape {
            path,
            reason,
            failure: skip.reason.is_failure(),
        }
    }

    /// An unused exception.
    pub(in crate::report) fn unused(&self, entry: &Unused) -> UnusedShape {
        let expired = entry.expired.map(|day| day.to_string());
        let kind = match entry.list {
            List::Config => "entry",
            List::Baseline => "baseline",
        };
        UnusedShape {
            kind,
            number: entry.number,
            reason: self.prose(&entry.reason),
            expired,
        }
    }

    /// A change of the policy.
    pub(in crate::report) fn policy_change(&self, change: &PolicyChange) -> PolicyChangeShape {
        PolicyChangeShape {
            path: path(&self.facts.bytes(&change.path)),
            change: change.what.word(),
        }
    }

    /// Escapes are left to JSON here and below: what it cannot show comes out as it was.
    fn text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.facts.bytes(text.as_bytes())).into_owned()
    }

    fn prose(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.facts.prose_bytes(text.as_bytes())).into_owned()
    }

    fn origin(&self, origin: &'o Origin) -> OriginShape<'o> {
        let id = match origin {
            Origin::Staged { id, .. } | Origin::Commit { id, .. } | Origin::TagText { id, .. } => {
                Some(id.as_str())
            }
            _ => None,
        };
        OriginShape {
            kind: origin.kind(),
            id,
            commit: origin
                .commit()
                .map(|commit| self.facts.commit(commit).into()),
        }
    }

    fn shape(&self, finding: &'o Finding, reveal: bool) -> FindingShape<'o> {
        let half = |partner: &'o Partner| PartnerShape {
            rule: &partner.rule.id,
            place: place(&partner.place),
            secret: secret(&partner.secret, reveal),
        };
        FindingShape {
            rule: RuleShape {
                rule: &finding.rule.id,
                description: self.text(&finding.rule.description),
                confidence: finding.confidence.word(),
                blocking: finding.blocking,
            },
            path: path(&self.facts.path_bytes(finding)),
            place: place(&finding.place),
            secret: secret(&finding.secret, reveal),
            fingerprint: finding.fingerprint.to_string(),
            origin: self.origin(&finding.origin),
            details: finding
                .details
                .iter()
                .map(|detail| (detail.key, self.text(&detail.value)))
                .collect(),
            partner: finding.partner.as_ref().map(half),
            history: finding
                .history
                .as_ref()
                .map(|history| history::shape(history, &self.facts)),
        }
    }
}

/// What wrote the report, and with which rules.
pub(in crate::report) fn tool(options: &Options) -> ToolShape<'_> {
    ToolShape {
        name: "keysieve",
        version: options.version,
        rules: &options.rules_version,
    }
}

impl From<CommitFacts> for CommitShape {
    fn from(
        CommitFacts {
            id,
            author,
            date,
            subject,
        }: CommitFacts,
    ) -> Self {
        Self {
            commit: id,
            author,
            date,
            subject,
        }
    }
}

/// The totals.
pub(in crate::report) fn scanned(totals: Totals) -> ScannedShape {
    let objects = Some(totals.objects).filter(|&objects| objects > 0);
    ScannedShape {
        blobs: totals.blobs,
        objects,
        bytes: totals.bytes,
        left_out: totals.left_out,
    }
}

fn path(bytes: &[u8]) -> PathShape {
    match std::str::from_utf8(bytes) {
        Ok(path) => PathShape {
            path: path.to_owned(),
            path_base64: None,
        },
        Err(_) => PathShape {
            path: printable(bytes),
            path_base64: Some(STANDARD.encode(bytes)),
        },
    }
}

const fn place(place: &Place) -> PlaceShape {
    PlaceShape {
        line: place.start.line,
        column: place.start.column,
        end_line: place.end.line,
        end_column: place.end.column,
        encoding: place.encoding,
    }
}

fn secret(secret: &Secret, reveal: bool) -> SecretShape {
    if !reveal {
        return SecretShape {
            secret: secret.masked(),
            secret_base64: None,
        };
    }
    let value = secret.reveal();
    let secret_base64 = std::str::from_utf8(value)
        .is_err()
        .then(|| STANDARD.encode(value));
    SecretShape {
        secret: String::from_utf8_lossy(value).into_owned(),
        secret_base64,
    }
}
