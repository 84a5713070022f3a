//! Collects what `explain` shows: the traces of the rules, the findings and the decisions.

use std::fs;
use std::io;
use std::sync::Arc;

use bstr::{BString, ByteSlice as _, ByteVec as _};
use keysieve::blob::{Origin, Skip, SkipReason};
use keysieve::engine::OccurrenceBuilder;
use keysieve::finding::{AllowedBy, Finding, Outcome, path_inside};
use keysieve::report;
use keysieve::scan::{RuleTrace, Scanner};
use keysieve::secret::{Fingerprint, WrittenFingerprint};
use keysieve::text::{LineIndex, Span, printable};

use super::target::FilePath;
use crate::cli::error::CliError;
use crate::cli::redact;
use crate::cli::settings::Settings;

/// The answer to one call of `explain`.
pub(super) struct Answer<'s> {
    pub(super) settings: &'s Settings,
    pub(super) places: Vec<Place>,
}

/// A place that is explained.
pub(super) struct Place {
    /// The file, safe to show.
    pub(super) path: String,
    /// The line, if the place is one.
    pub(super) line: Option<usize>,
    /// The file's content.
    pub(super) text: Vec<u8>,
    /// The rules that looked at it.
    pub(super) traces: Vec<RuleTrace>,
    /// The findings in it, and what the policy decides.
    pub(super) findings: Vec<(Finding, Decision)>,
    /// Why a scan skips it, if it does.
    pub(super) skipped: Option<String>,
}

/// What the policy decides about a finding.
pub(super) enum Decision {
    /// Below the confidence that is reported.
    Ignored,
    Reported {
        blocks: bool,
        /// The line in the baseline of an entry that has expired.
        expired: Option<usize>,
    },
    Allowed {
        by: AllowedBy,
        /// The line in the configuration file or in the baseline, if that allows it.
        line: Option<usize>,
    },
}

impl<'s> Answer<'s> {
    /// Explains a file, or a line of it.
    pub(super) fn for_file(
        settings: &'s Settings,
        at: &FilePath,
        line: Option<usize>,
        outcome: Outcome,
    ) -> Result<Self, CliError> {
        let path = masked_path(&settings.scanner, at);
        // What was not searched of an archive does not keep the rest from being explained.
        let is_unread = |skip: &&Skip| {
            use SkipReason::{Packed, PackedAndAllowed};
            !matches!(skip.reason, Packed(_) | PackedAndAllowed { .. })
        };
        if let Some(skip) = outcome.skipped.iter().find(is_unread) {
            if skip.reason.is_failure() {
                return Err(CliError::new(format!("{path}: {}", skip.reason)));
            }
            let place = Place {
                path,
                line,
                text: Vec::new(),
                traces: Vec::new(),
                findings: Vec::new(),
                skipped: Some(skip.reason.to_string()),
            };
            return Ok(Self {
                settings,
                places: vec![place],
            });
        }
        let text = read(settings, at, &path)?;
        let index = LineIndex::new(&text);
        if let Some(line) = line.filter(|&line| line > index.count()) {
            return Err(CliError::new(format!(
                "{path}: line {line} does not exist, the file has {}",
                index.count()
            )));
        }
        let span = line.map_or(Span::new(0, text.len()), |line| index.span(line - 1));
        let mut findings = decide(settings, outcome);
        findings.retain(|(finding, _)| {
            let inside = at.inside.as_ref().map(|inside| inside.as_bstr());
            let is_in_text = finding.place.inside() == inside;
            line.map_or(is_in_text || inside.is_none(), |line| {
                is_in_text && is_on_line(finding, line)
            })
        });
        let place = Place {
            path,
            line,
            traces: settings.scanner.trace(&text, span),
            findings,
            text,
            skipped: None,
        };
        Ok(Self {
            settings,
            places: vec![place],
        })
    }

    /// A name as it is shown.
    pub(super) fn name(&self, text: &str) -> String {
        redact::name(&self.settings.scanner, text)
    }

    /// A reason or an owner as it is shown.
    pub(super) fn prose(&self, text: &str) -> String {
        redact::prose(&self.settings.scanner, text)
    }

    /// Explains every place of a finding, given by its fingerprint as a report or as the baseline
    /// shows it.
    pub(super) fn for_finding(
        settings: &'s Settings,
        written: WrittenFingerprint,
        outcome: Outcome,
    ) -> Result<Self, CliError> {
        let matches = find(settings, written, &outcome);
        let skipped = outcome.skipped.iter();
        let failed = skipped.filter(|skip| skip.reason.is_failure()).count();
        if matches.is_empty() && failed > 0 {
            let message =
                format!("no finding has this fingerprint, but {failed} could not be read");
            return Err(CliError::new(message).help("'keysieve scan' shows what and why"));
        }
        let mut places = Vec::new();
        for (finding, decision) in decide(settings, outcome) {
            if let Some(found) = matches.iter().find(|found| {
                found.fingerprint == finding.fingerprint
                    && found.origin == finding.origin
                    && found.inside == finding.place.inside
            }) {
                places.push(Place::of_finding(settings, finding, decision, &found.path)?);
            }
        }
        Ok(Self { settings, places })
    }
}

impl Place {
    fn of_finding(
        settings: &Settings,
        finding: Finding,
        decision: Decision,
        path: &str,
    ) -> Result<Self, CliError> {
        let mut text =
            content(&finding.origin).map_err(|error| CliError::new(format!("{path}: {error}")))?;
        if let Some(inside) = finding.place.inside() {
            let builder = OccurrenceBuilder::new(&settings.scanner);
            text = builder.entry(&text, inside).unwrap_or_default();
        }
        let is_name = matches!(finding.origin, Origin::Name { .. });
        Ok(Self {
            path: path.to_owned(),
            line: (!is_name).then_some(finding.place.start.line),
            traces: traces_of(&settings.scanner, &finding, &text),
            text,
            findings: vec![(finding, decision)],
            skipped: None,
        })
    }
}

/// A finding that has the fingerprint.
struct Matching {
    fingerprint: Fingerprint,
    origin: Origin,
    inside: Option<Arc<BString>>,
    /// Its path, safe to show.
    path: String,
}

fn find(settings: &Settings, written: WrittenFingerprint, outcome: &Outcome) -> Vec<Matching> {
    let mask = report::masker(outcome);
    let allowed = outcome.allowed.iter().map(|allowed| &allowed.finding);
    let mut matching = Vec::new();
    for finding in outcome.findings.iter().chain(allowed) {
        let entry = settings.policy.baseline_entry(finding.fingerprint);
        let known = entry.map(|(entry, _)| entry.fingerprint.into());
        let public = finding.public_fingerprint.digits;
        if [public, finding.fingerprint.into()].contains(&written) || known == Some(written) {
            matching.push(Matching {
                fingerprint: finding.fingerprint,
                origin: finding.origin.clone(),
                inside: finding.place.inside.clone(),
                path: mask(&finding.path()),
            });
        }
    }
    matching
}

/// The rules that looked at the lines of `finding` and of its partner.
fn traces_of(scanner: &Scanner, finding: &Finding, text: &[u8]) -> Vec<RuleTrace> {
    let index = LineIndex::new(text);
    let mut lines: Vec<_> = lines_of(finding).collect();
    lines.sort_unstable();
    lines.dedup();
    lines
        .into_iter()
        .flat_map(|(first, last)| {
            scanner.trace(text, index.span(first - 1).join(index.span(last - 1)))
        })
        .collect()
}

/// The findings of an outcome with what the policy decides about each, in the order of the files.
fn decide(settings: &Settings, outcome: Outcome) -> Vec<(Finding, Decision)> {
    let policy = &settings.policy;
    let reported = outcome.findings.into_iter().map(|finding| {
        let expired = match policy.baseline_entry(finding.fingerprint) {
            Some((entry, true)) => Some(entry.line),
            _ => None,
        };
        let blocks = finding.blocking;
        (finding, Decision::Reported { blocks, expired })
    });
    let allowed = outcome.allowed.into_iter().map(|allowed| {
        let line = match &allowed.by {
            AllowedBy::Entry { file, number, .. } => policy.line_of_entry(file.as_deref(), *number),
            AllowedBy::Baseline { .. } => policy
                .baseline_entry(allowed.finding.fingerprint)
                .map(|(entry, _)| entry.line),
            AllowedBy::Marker { .. } => None,
        };
        let by = allowed.by;
        let decision = Decision::Allowed { by, line };
        (allowed.finding, decision)
    });
    let mut all: Vec<_> = reported.chain(allowed).collect();
    for (finding, decision) in &mut all {
        if finding.confidence < settings.report {
            *decision = Decision::Ignored;
        }
    }
    all.sort_by(|(a, _), (b, _)| {
        a.origin
            .order(&b.origin)
            .then(a.place.inside.cmp(&b.place.inside))
            .then(a.place.start.cmp(&b.place.start))
    });
    all
}

/// The first and last line of `finding`, and those of its partner.
fn lines_of(finding: &Finding) -> impl Iterator<Item = (usize, usize)> {
    let partner = finding.partner.as_ref().map(|partner| &partner.place);
    [partner, Some(&finding.place)]
        .into_iter()
        .flatten()
        .map(|place| (place.start.line, place.end.line))
}

fn is_on_line(finding: &Finding, line: usize) -> bool {
    lines_of(finding).any(|(first, last)| (first..=last).contains(&line))
}

/// What was scanned at `origin`.
fn content(origin: &Origin) -> io::Result<Vec<u8>> {
    let path = origin.path().to_path_lossy();
    match origin {
        Origin::Name { .. } => Ok(path
            .file_name()
            .map(|name| Vec::from_os_str_lossy(name).into_owned())
            .unwrap_or_default()),
        // The content of a symbolic link is its target.
        _ if path.is_symlink() => {
            fs::read_link(&path).map(|target| Vec::from_path_lossy(&target).into_owned())
        }
        _ => fs::read(&path),
    }
}

/// The text of a file, or of an entry of one. Errors name it as `path`.
fn read(settings: &Settings, at: &FilePath, path: &str) -> Result<Vec<u8>, CliError> {
    let bytes = fs::read(&at.file)
        .map_err(|error| CliError::new(format!("{path}: cannot be read: {error}")))?;
    let Some(inside) = &at.inside else {
        return Ok(bytes);
    };
    let builder = OccurrenceBuilder::new(&settings.scanner);
    let entry = builder.entry(&bytes, inside.as_bstr());
    entry.ok_or_else(|| {
        CliError::new(format!(
            "{path}: the file has no such entry that can be read"
        ))
    })
}

/// A path that the user gave, without the secrets in it.
pub(in crate::cli) fn masked_path(scanner: &Scanner, at: &FilePath) -> String {
    let file = BString::from(Vec::from_path_lossy(&at.file).into_owned());
    let original = match &at.inside {
        None => file,
        Some(inside) => path_inside(file.as_bstr(), inside.as_bstr()),
    };
    let mut masked = original.clone();
    for found in scanner.scan(&original) {
        masked = BString::from(masked.replace(found.span.of(&original), found.value.masked()));
    }
    printable(&masked)
}
