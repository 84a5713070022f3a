//! Parses a result line: what one audit of a fleet reported, as `docs/schemas/result.schema.json`
//! describes it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bstr::BString;
use serde::Deserialize;

use crate::finding::Status;
use crate::finding::history::Exposure;
use crate::rule::Confidence;
use crate::secret::WrittenFingerprint;

/// The version of result lines and of the reports in them.
const SCHEMA: u32 = 1;

/// A line of a manifest, as far as a join needs it.
#[derive(Deserialize)]
pub(super) struct ManifestLine {
    pub(super) repo: String,
}

/// The result of one repository.
#[derive(Deserialize)]
pub(super) struct ResultLine {
    schema: u32,
    pub(super) repo: String,
    pub(super) status: Status,
    /// Why there is no report.
    pub(super) error: Option<String>,
    /// What `keysieve audit --format json` wrote.
    pub(super) report: Option<ReportJson>,
}

#[derive(Deserialize)]
pub(super) struct ReportJson {
    schema: u32,
    pub(super) tool: ToolJson,
    status: Status,
    pub(super) scanned: ScannedJson,
    pub(super) findings: Vec<FindingJson>,
    pub(super) allowed: Vec<FindingJson>,
    pub(super) skipped: Vec<SkipJson>,
}

#[derive(Deserialize)]
pub(super) struct ToolJson {
    pub(super) rules: String,
    #[serde(default)]
    pub(super) policy: String,
}

#[derive(Deserialize)]
pub(super) struct ScannedJson {
    pub(super) blobs: u64,
    #[serde(default)]
    pub(super) objects: u64,
    pub(super) bytes: u64,
}

#[derive(Deserialize)]
pub(super) struct SkipJson {
    #[serde(flatten)]
    pub(super) path: PathJson,
    pub(super) reason: String,
    pub(super) failure: bool,
}

/// A path: as text and, if it is not UTF-8, as base64.
#[derive(Deserialize)]
pub(super) struct PathJson {
    path: String,
    path_base64: Option<String>,
}

/// A finding, reported or allowed.
#[derive(Deserialize)]
pub(super) struct FindingJson {
    pub(super) rule: String,
    pub(super) description: String,
    pub(super) confidence: Confidence,
    pub(super) blocking: bool,
    #[serde(flatten)]
    pub(super) path: PathJson,
    pub(super) inside: Option<String>,
    #[serde(flatten)]
    pub(super) half: HalfJson,
    pub(super) fingerprint: String,
    pub(super) fingerprint_of: Option<String>,
    pub(super) origin: OriginJson,
    pub(super) details: BTreeMap<String, String>,
    pub(super) partner: Option<PartnerJson>,
    pub(super) history: Option<HistoryJson>,
    /// What allows it.
    pub(super) by: Option<AllowedByJson>,
}

/// Where a value is, and its mask.
#[derive(Deserialize)]
pub(super) struct HalfJson {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) end_line: usize,
    pub(super) end_column: Option<usize>,
    pub(super) encoding: Option<String>,
    pub(super) secret: String,
}

#[derive(Deserialize)]
pub(super) struct PartnerJson {
    pub(super) rule: String,
    #[serde(flatten)]
    pub(super) half: HalfJson,
}

#[derive(Deserialize)]
pub(super) struct OriginJson {
    pub(super) kind: String,
    pub(super) id: Option<String>,
    pub(super) commit: Option<String>,
    #[serde(default)]
    pub(super) author: String,
    #[serde(default)]
    pub(super) date: String,
    #[serde(default)]
    pub(super) subject: String,
}

#[derive(Deserialize)]
pub(super) struct HistoryJson {
    pub(super) exposure: Exposure,
    pub(super) in_head: bool,
    pub(super) places: Vec<PathsJson>,
}

#[derive(Deserialize)]
pub(super) struct PathsJson {
    pub(super) paths: Vec<String>,
    pub(super) inside: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(super) enum AllowedByJson {
    Entry {
        file: Option<String>,
        number: usize,
        reason: String,
    },
    Marker {
        word: String,
        reason: Option<String>,
    },
    Baseline {
        reason: Option<String>,
        owner: Option<String>,
    },
}

impl ResultLine {
    /// Parses a line.
    ///
    /// # Errors
    /// Says what is wrong, and quotes nothing of the line.
    pub(super) fn parse(line: &[u8]) -> Result<Self, String> {
        let parsed: Self = from_json(line)?;
        let report = parsed.report.as_ref();
        if parsed.schema != SCHEMA || report.is_some_and(|report| report.schema != SCHEMA) {
            return Err(format!("not of version {SCHEMA}"));
        }
        if parsed
            .repo
            .split('/')
            .any(|part| matches!(part, "" | "." | ".."))
        {
            return Err("a part of 'repo' is empty, '.' or '..'".to_owned());
        }
        match (report, parsed.status) {
            (Some(report), status) if report.status != status => {
                Err("its status is not that of its report".to_owned())
            }
            (None, Status::Clean | Status::Findings) => Err("it has no report".to_owned()),
            _ if report.is_some_and(|report| !report.has_fingerprints()) => {
                Err("a fingerprint is not 32 hex digits".to_owned())
            }
            _ => Ok(parsed),
        }
    }
}

impl PathJson {
    /// The bytes of the path.
    pub(super) fn bytes(&self) -> BString {
        let base64 = self.path_base64.as_deref();
        let bytes = base64.and_then(|base64| STANDARD.decode(base64).ok());
        bytes.map_or_else(|| self.path.as_str().into(), Into::into)
    }
}

impl ReportJson {
    fn has_fingerprints(&self) -> bool {
        let mut all = self.findings.iter().chain(&self.allowed);
        all.all(|found| WrittenFingerprint::parse(&found.fingerprint).is_some())
    }
}

/// Parses JSON; an error quotes nothing of it.
pub(super) fn from_json<'l, T: Deserialize<'l>>(line: &'l [u8]) -> Result<T, String> {
    serde_json::from_slice(line).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Eof => "it is cut off",
            serde_json::error::Category::Data => "a field is missing or has a wrong type",
            _ => "not JSON",
        };
        format!("{what}, at column {}", error.column())
    })
}
