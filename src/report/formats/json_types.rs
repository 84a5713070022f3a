//! Defines the JSON that the formats `json` and `jsonl` and the timeline share.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::blob::{Origin, Skip};
use crate::finding::{
    Allowed, AllowedBy, Finding, List, Outcome, Partner, Place, PolicyChange, RuleInfo, Totals,
    Unused,
};
use crate::report::api::Options;
use crate::report::formats::json_history::{HistoryJson, history_json};
use crate::report::formats::json_path::{PathJson, path};
use crate::report::safe_text::redactor::{Redactor, SafeCommit};
use crate::report::safe_text::words::marker_container;
use crate::secret::{FingerprintOf, Secret};

/// Version of this JSON. It grows when a consumer has to change.
const SCHEMA: u32 = 1;

/// What every document begins with.
#[derive(Serialize)]
pub(in crate::report) struct HeaderJson<'o> {
    schema: u32,
    tool: ToolJson<'o>,
    status: &'static str,
    scanned: ScannedJson,
}

/// The program that wrote the report.
#[derive(Serialize)]
struct ToolJson<'o> {
    name: &'static str,
    version: &'static str,
    rules: &'o str,
    #[serde(skip_serializing_if = "str::is_empty")]
    policy: &'o str,
}

/// How much was scanned.
#[derive(Serialize)]
struct ScannedJson {
    #[serde(skip_serializing_if = "is_zero")]
    repositories: u64,
    blobs: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    objects: Option<u64>,
    bytes: u64,
    left_out: u64,
}

/// Something that was not scanned.
#[derive(Serialize)]
pub(in crate::report) struct SkipJson {
    #[serde(flatten)]
    path: PathJson,
    reason: String,
    /// Whether the scan is incomplete because of it.
    failure: bool,
}

/// A place in a text.
#[derive(Serialize)]
struct PlaceJson<'o> {
    line: usize,
    column: usize,
    end_line: usize,
    /// Left out if it would give away the length of a secret that could be guessed.
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'o str>,
}

/// A secret, masked unless `--reveal` is given. If it is not UTF-8, its bytes follow as base64.
#[derive(Serialize)]
struct SecretJson {
    secret: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_base64: Option<String>,
}

/// Where a blob came from.
#[derive(Serialize)]
struct OriginJson<'o> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'o str>,
    #[serde(flatten)]
    commit: Option<SafeCommit>,
}

/// The other half of a pair.
#[derive(Serialize)]
struct PartnerJson<'o> {
    rule: &'o str,
    #[serde(flatten)]
    place: PlaceJson<'o>,
    #[serde(flatten)]
    secret: SecretJson,
}

/// A finding.
#[derive(Serialize)]
pub(in crate::report) struct FindingJson<'o> {
    #[serde(flatten)]
    rule: RuleJson<'o>,
    #[serde(flatten)]
    path: PathJson,
    /// The part of the path that is in an archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    inside: Option<String>,
    #[serde(flatten)]
    place: PlaceJson<'o>,
    #[serde(flatten)]
    secret: SecretJson,
    fingerprint: String,
    /// What the fingerprint is of, if not of the value alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint_of: Option<&'static str>,
    origin: OriginJson<'o>,
    details: BTreeMap<&'o str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partner: Option<PartnerJson<'o>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<HistoryJson>,
}

/// The rule of a finding, and how seriously it is taken.
#[derive(Serialize)]
struct RuleJson<'o> {
    rule: &'o str,
    description: String,
    confidence: &'static str,
    blocking: bool,
}

/// An allowed finding.
#[derive(Serialize)]
pub(in crate::report) struct AllowedJson<'o> {
    #[serde(flatten)]
    finding: FindingJson<'o>,
    by: AllowedByJson<'o>,
}

/// What allows it.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum AllowedByJson<'o> {
    Entry {
        #[serde(skip_serializing_if = "Option::is_none")]
        file: Option<String>,
        number: usize,
        reason: String,
    },
    Marker {
        word: &'o str,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// `commit` or `tag`, if the marker is part of the commit or tag that is judged.
        #[serde(rename = "stands_in", skip_serializing_if = "Option::is_none")]
        container: Option<&'static str>,
    },
    Baseline {
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
    },
}

/// An unused allow entry or an expired baseline entry.
#[derive(Serialize)]
pub(in crate::report) struct UnusedJson {
    /// As in [`AllowedByJson`].
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    number: usize,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired: Option<String>,
}

/// A policy file that the judged commits change.
#[derive(Serialize)]
pub(in crate::report) struct PolicyChangeJson {
    #[serde(flatten)]
    path: PathJson,
    change: &'static str,
}

impl<'o> HeaderJson<'o> {
    /// The header of a document about `outcome`.
    pub(in crate::report) fn new(outcome: &Outcome, options: &'o Options) -> Self {
        let Totals {
            repositories,
            blobs,
            objects,
            bytes,
            left_out,
        } = outcome.totals;
        Self {
            schema: SCHEMA,
            tool: ToolJson {
                name: "keysieve",
                version: options.version,
                rules: &options.rules_version,
                policy: &options.policy_version,
            },
            status: outcome.status().word(),
            scanned: ScannedJson {
                repositories,
                blobs,
                objects: (objects > 0).then_some(objects),
                bytes,
                left_out,
            },
        }
    }
}

/// Maps the parts of an outcome to their JSON, masked.
pub(in crate::report) struct JsonMapper<'o> {
    redactor: Redactor<'o>,
}

impl<'o> JsonMapper<'o> {
    /// The mapper for `outcome`.
    pub(in crate::report) fn new(outcome: &'o Outcome, options: &Options) -> Self {
        Self {
            redactor: Redactor::new(outcome, options),
        }
    }

    /// A finding.
    pub(in crate::report) fn finding(&self, finding: &'o Finding) -> FindingJson<'o> {
        self.finding_json(finding, self.redactor.reveals())
    }

    /// An allowed finding, masked even with `--reveal`.
    pub(in crate::report) fn allowed(&self, allowed: &'o Allowed) -> AllowedJson<'o> {
        let by = match &allowed.by {
            AllowedBy::Entry {
                file,
                number,
                reason,
            } => AllowedByJson::Entry {
                file: file.as_ref().map(|file| self.redactor.lossy(file.clone())),
                number: *number,
                reason: self.redactor.lossy_prose(reason),
            },
            AllowedBy::Marker { word, reason } => AllowedByJson::Marker {
                word,
                reason: self.prose(reason.as_deref()),
                container: marker_container(allowed),
            },
            AllowedBy::Baseline { reason, owner } => AllowedByJson::Baseline {
                reason: self.prose(reason.as_deref()),
                owner: self.prose(owner.as_deref()),
            },
        };
        AllowedJson {
            finding: self.finding_json(&allowed.finding, false),
            by,
        }
    }

    /// A skip. Its reason is masked too: a message of the system may contain the path.
    pub(in crate::report) fn skip(&self, skip: &Skip) -> SkipJson {
        SkipJson {
            path: path(&self.redactor.bytes(&skip.path)),
            reason: self.redactor.lossy(skip.reason.to_string()),
            failure: skip.reason.is_failure(),
        }
    }

    /// An unused entry.
    pub(in crate::report) fn unused(&self, entry: &Unused) -> UnusedJson {
        let kind = match entry.list {
            List::Config => "entry",
            List::Baseline => "baseline",
        };
        UnusedJson {
            kind,
            file: entry
                .file
                .as_ref()
                .map(|file| self.redactor.lossy(file.clone())),
            number: entry.number,
            reason: self.redactor.lossy_prose(&entry.reason),
            expired: entry.expired.map(|day| day.to_string()),
        }
    }

    /// A policy change.
    pub(in crate::report) fn policy_change(&self, change: &PolicyChange) -> PolicyChangeJson {
        PolicyChangeJson {
            path: path(&self.redactor.bytes(&change.path)),
            change: change.what.word(),
        }
    }

    fn prose(&self, text: Option<&str>) -> Option<String> {
        text.map(|text| self.redactor.lossy_prose(text))
    }

    fn finding_json(&self, finding: &'o Finding, reveal: bool) -> FindingJson<'o> {
        let details = finding.details.iter();
        let history = finding.history.as_ref();
        let inside = finding.place.inside();
        let print = finding.public_fingerprint;
        FindingJson {
            rule: RuleJson {
                rule: &finding.rule.id,
                description: self.redactor.lossy(&*finding.rule.description),
                confidence: finding.confidence.word(),
                blocking: finding.blocking,
            },
            path: path(&self.redactor.path_bytes(finding)),
            inside: inside.map(|inside| self.redactor.lossy(inside)),
            place: place(&finding.rule, &finding.place),
            secret: secret(&finding.secret, reveal),
            fingerprint: print.to_string(),
            fingerprint_of: (print.of != FingerprintOf::Value).then(|| print.of.word()),
            origin: self.origin(&finding.origin),
            details: details
                .map(|detail| (&*detail.key, self.redactor.lossy(&detail.value)))
                .collect(),
            partner: finding
                .partner
                .as_ref()
                .map(|partner| partner_json(partner, reveal)),
            history: history.map(|history| history_json(history, &self.redactor)),
        }
    }

    fn origin(&self, origin: &'o Origin) -> OriginJson<'o> {
        let id = match origin {
            Origin::Staged { id, .. } | Origin::Commit { id, .. } | Origin::TagText { id, .. } => {
                Some(id.as_str())
            }
            _ => None,
        };
        OriginJson {
            kind: origin.kind(),
            id,
            commit: origin.commit().map(|commit| self.redactor.commit(commit)),
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn partner_json(partner: &Partner, reveal: bool) -> PartnerJson<'_> {
    PartnerJson {
        rule: &partner.rule.id,
        place: place(&partner.rule, &partner.place),
        secret: secret(&partner.secret, reveal),
    }
}

fn place<'o>(rule: &RuleInfo, place: &'o Place) -> PlaceJson<'o> {
    PlaceJson {
        line: place.start.line,
        column: place.start.column,
        end_line: place.end.line,
        end_column: rule.end_column(place),
        encoding: place.encoding.as_deref(),
    }
}

fn secret(secret: &Secret, reveal: bool) -> SecretJson {
    if !reveal {
        return SecretJson {
            secret: secret.masked(),
            secret_base64: None,
        };
    }
    let value = secret.reveal();
    let is_text = std::str::from_utf8(value).is_ok();
    SecretJson {
        secret: String::from_utf8_lossy(value).into_owned(),
        secret_base64: (!is_text).then(|| STANDARD.encode(value)),
    }
}
