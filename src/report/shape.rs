//! The JSON of reports as written: what the formats `json` and `jsonl` share.

use std::collections::BTreeMap;
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, PrettyFormatter};

use super::Options;
use super::history::{self, HistoryShape, Says};
use super::mask::Mask;
use crate::blob::{Origin, Skip};
use crate::finding::{Allowed, Exception, Finding, Outcome, Partner, Place, Totals, Unused};
use crate::secret::Secret;
use crate::text::printable;

/// Version of the shapes below. Grows when a consumer would have to change.
pub(super) const SCHEMA: u32 = 1;

/// The program that wrote the report.
#[derive(Serialize)]
pub(super) struct ToolShape<'o> {
    name: &'static str,
    version: &'static str,
    rules: &'o str,
}

/// How much was scanned.
#[derive(Serialize)]
pub(super) struct ScannedShape {
    blobs: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    objects: Option<u64>,
    bytes: u64,
    left_out: u64,
}

/// A path. Bytes that are not UTF-8 are escaped, and then the bytes themselves follow.
#[derive(Serialize)]
pub(super) struct PathShape {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_base64: Option<String>,
}

/// Something that was not scanned.
#[derive(Serialize)]
pub(super) struct SkipShape {
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
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'o str>,
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
pub(super) struct FindingShape<'o> {
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
    details: BTreeMap<&'o str, &'o str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partner: Option<PartnerShape<'o>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<HistoryShape>,
}

/// What a finding's rule says.
#[derive(Serialize)]
struct RuleShape<'o> {
    rule: &'o str,
    description: &'o str,
    confidence: &'static str,
    blocking: bool,
}

/// A finding that may pass.
#[derive(Serialize)]
pub(super) struct AllowedShape<'o> {
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
        reason: &'o str,
    },
    Marker {
        word: &'o str,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'o str>,
    },
}

/// An exception that let nothing pass.
#[derive(Serialize)]
pub(super) struct UnusedShape<'o> {
    number: usize,
    reason: &'o str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired: Option<String>,
}

/// Turns an outcome's parts into their shapes.
pub(super) struct Shaper<'o> {
    reveal: bool,
    mask: Mask<'o>,
}

impl<'o> Shaper<'o> {
    /// A shaper for the parts of `outcome`, whose secrets no path may show.
    pub(super) fn new(outcome: &'o Outcome, options: &Options) -> Self {
        let mask = if options.reveal { Mask::none() } else { Mask::new(outcome) };
        Self { reveal: options.reveal, mask }
    }

    /// A finding.
    pub(super) fn finding(&self, finding: &'o Finding) -> FindingShape<'o> {
        self.shape(finding, self.reveal)
    }

    /// An allowed finding. Always masked: an exception is no reason to look at it.
    pub(super) fn allowed(&self, allowed: &'o Allowed) -> AllowedShape<'o> {
        let by = match &allowed.by {
            Exception::Entry { number, reason } => ByShape::Entry { number: *number, reason },
            Exception::Marker { word, reason } => ByShape::Marker { word, reason: reason.as_deref() },
        };
        AllowedShape { finding: self.shape(&allowed.finding, false), by }
    }

    /// What was not scanned; a reason that names a file is masked like its path.
    pub(super) fn skip(&self, skip: &Skip) -> SkipShape {
        let path = path(&self.mask.text(&skip.path));
        // What the system says about a file may name it.
        let reason = skip.reason.to_string();
        let reason = String::from_utf8_lossy(&self.mask.text(reason.as_bytes())).into_owned();
        SkipShape { path, reason, failure: skip.reason.is_failure() }
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
                description: &finding.rule.description,
                confidence: finding.confidence.word(),
                blocking: finding.blocking,
            },
            path: path(&self.mask.path_of(finding)),
            place: place(&finding.place),
            secret: secret(&finding.secret, reveal),
            fingerprint: finding.fingerprint.to_string(),
            origin: origin(&finding.origin),
            details: finding.details.iter().map(|detail| (detail.key, detail.value.as_str())).collect(),
            partner: finding.partner.as_ref().map(half),
            history: finding.history.as_ref().map(|history| {
                let name = |text: &[u8]| String::from_utf8_lossy(&self.mask.text(text)).into_owned();
                let prose = |text: &[u8]| String::from_utf8_lossy(&self.mask.prose(text)).into_owned();
                history::shape(history, &Says { name: &name, prose: &prose })
            }),
        }
    }
}

/// What wrote the report, and with which rules.
pub(super) fn tool(options: &Options) -> ToolShape<'_> {
    ToolShape { name: "keysieve", version: options.version, rules: &options.rules_version }
}

/// The totals.
pub(super) fn scanned(totals: Totals) -> ScannedShape {
    let objects = Some(totals.objects).filter(|&objects| objects > 0);
    ScannedShape { blobs: totals.blobs, objects, bytes: totals.bytes, left_out: totals.left_out }
}

/// An unused exception.
pub(super) fn unused(entry: &Unused) -> UnusedShape<'_> {
    let expired = entry.expired.map(|day| day.to_string());
    UnusedShape { number: entry.number, reason: &entry.reason, expired }
}

fn origin(origin: &Origin) -> OriginShape<'_> {
    let id = match origin {
        Origin::Staged { id, .. } | Origin::Commit { id, .. } | Origin::TagText { id, .. } => Some(id.as_str()),
        _ => None,
    };
    OriginShape { kind: origin.kind(), id, commit: origin.commit().map(|commit| commit.id.as_str()) }
}

fn path(bytes: &[u8]) -> PathShape {
    match std::str::from_utf8(bytes) {
        Ok(path) => PathShape { path: path.to_owned(), path_base64: None },
        Err(_) => PathShape { path: printable(bytes), path_base64: Some(STANDARD.encode(bytes)) },
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
        return SecretShape { secret: secret.masked(), secret_base64: None };
    }
    let value = secret.reveal();
    let secret_base64 = std::str::from_utf8(value).is_err().then(|| STANDARD.encode(value));
    SecretShape { secret: String::from_utf8_lossy(value).into_owned(), secret_base64 }
}

/// Writes `value` as JSON in which every character that could fool a terminal is escaped: `\u202e` means the same to a
/// parser, and nothing to an eye.
pub(super) fn write<T: Serialize>(value: &T, pretty: bool, mut out: &mut dyn io::Write) -> io::Result<()> {
    let done = if pretty {
        let formatter = Escaping(PrettyFormatter::new());
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, formatter))
    } else {
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Escaping(CompactFormatter)))
    };
    done.map_err(io::Error::from)?;
    out.write_all(b"\n")
}

/// A formatter that escapes what is not printable, and leaves the rest to another.
struct Escaping<F>(F);

impl<F: Formatter> Formatter for Escaping<F> {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut from = 0;
        for (at, c) in fragment.char_indices() {
            let mut buffer = [0; 4];
            let bytes = c.encode_utf8(&mut buffer).as_bytes();
            if !c.is_ascii_graphic() && c != ' ' && printable(bytes).as_bytes() != bytes {
                out.write_all(&fragment.as_bytes()[from..at])?;
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
                from = at + bytes.len();
            }
        }
        out.write_all(&fragment.as_bytes()[from..])
    }

    fn write_char_escape<W: ?Sized + io::Write>(&mut self, out: &mut W, escape: CharEscape) -> io::Result<()> {
        self.0.write_char_escape(out, escape)
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}
