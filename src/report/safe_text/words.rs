//! Words that several formats share: counts, sizes, reasons, and the sentence that sums a run up.

use crate::blob::Origin;
use crate::finding::{Allowed, AllowedBy, List, Outcome, PolicyChange, Status, Unused};
use crate::rule::Confidence;

/// What to do first, whatever was found.
pub(in crate::report) const ROTATE: [&str; 2] = [
    "Whoever has seen a key can use it. If it was ever pushed or shared, revoke it at its provider first:",
    "taking it out of git is not enough.",
];

/// What failures mean.
pub(in crate::report) const UNREAD: &str =
    "could not be read, so nothing is known about what is there";

/// What it means that the commits which are judged change the policy: who reviews them has to look
/// at that.
pub(in crate::report) const POLICY: &str = "this change alters what keysieve ignores";

/// How good or bad a part of a sentence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Tone {
    Bad,
    Warn,
    Good,
}

/// `1 blob`, `2 blobs`.
pub(in crate::report) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A size with a unit that keeps it short.
pub(in crate::report) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// Why a finding has its confidence.
pub(in crate::report) const fn because(confidence: Confidence, is_pair: bool) -> &'static str {
    match (confidence, is_pair) {
        (_, true) => "both halves of it were found",
        (Confidence::Certain, false) => "proven by its checksum or by what it decodes to",
        (Confidence::High, false) => "it has the shape, and stands where a secret stands",
        (Confidence::Medium, false) => "hardly anything but a secret has this shape",
        (Confidence::Low, false) => "it has the shape of a secret; nothing else speaks for it",
    }
}

/// What lets a finding pass, and why, as it was written.
pub(in crate::report) fn exception(allowed: &Allowed) -> String {
    let mut text = match &allowed.by {
        AllowedBy::Entry { number, reason } => format!("[[allow]] entry {number}: {reason}"),
        AllowedBy::Marker {
            word,
            reason: Some(reason),
        } => format!("{word}: {reason}"),
        AllowedBy::Marker { word, reason: None } => word.clone(),
        AllowedBy::Baseline { reason, owner } => {
            let owner = owner
                .as_ref()
                .map(|owner| format!(" (owner: {owner})"))
                .unwrap_or_default();
            let reason = reason
                .as_ref()
                .map(|reason| format!(": {reason}"))
                .unwrap_or_default();
            format!("the baseline{owner}{reason}")
        }
    };
    if let Some(place) = own_marker(allowed) {
        text.push_str(" (a marker that stands in the ");
        text.push_str(place);
        text.push_str(" itself)");
    }
    text
}

/// What a marker stands in, where that is itself what is judged: who brings a secret can bring the
/// marker with it.
pub(in crate::report) fn own_marker(allowed: &Allowed) -> Option<&'static str> {
    match (&allowed.by, &allowed.finding.origin) {
        (AllowedBy::Entry { .. } | AllowedBy::Baseline { .. }, _) => None,
        (AllowedBy::Marker { .. }, Origin::TagText { .. }) => Some("tag"),
        (AllowedBy::Marker { .. }, origin) => origin.commit().map(|_| "commit"),
    }
}

/// What becomes of a file of policy, and what that means.
pub(in crate::report) fn policy_change(change: &PolicyChange) -> String {
    format!("{}; {POLICY}", change.what.word())
}

/// An exception that let nothing pass, and why it was written.
pub(in crate::report) fn unused(entry: &Unused) -> String {
    let what = entry.expired.map_or_else(
        || "let nothing pass".to_owned(),
        |day| format!("expired on {day}"),
    );
    let list = match entry.list {
        List::Config => "[[allow]] entry",
        List::Baseline => "baseline line",
    };
    format!("{list} {} {what}: {}", entry.number, entry.reason)
}

/// Whether an unused exception is listed: if that was asked for, and where it is expired and
/// something was found, as it may have let that pass before.
pub(in crate::report) fn lists_unused(entry: &Unused, asked: bool, found: bool) -> bool {
    asked || (found && entry.expired.is_some())
}

/// The run in one sentence; `paint` may colour its parts.
pub(in crate::report) fn summary(
    outcome: &Outcome,
    paint: impl Fn(Tone, String) -> String,
) -> String {
    let mut parts = Vec::new();
    match outcome.status() {
        Status::Incomplete => parts.push(paint(Tone::Bad, "NOT COMPLETED".to_owned())),
        Status::Clean if outcome.findings.is_empty() => {
            parts.push(paint(Tone::Good, "clean".to_owned()));
        }
        Status::Clean | Status::Findings => {}
    }
    if !outcome.findings.is_empty() {
        parts.push(findings(outcome, &paint));
    }
    if !outcome.allowed.is_empty() {
        parts.push(format!("{} allowed", outcome.allowed.len()));
    }
    let totals = outcome.totals;
    let what = match totals.objects {
        0 => count(totals.blobs, "blob", "blobs"),
        objects => {
            let (objects, files) = (
                count(objects, "object", "objects"),
                count(totals.blobs, "file", "files"),
            );
            format!("{objects} and {files} beside them")
        }
    };
    parts.push(format!("{what} ({}) scanned", size(totals.bytes)));
    if totals.left_out > 0 {
        let (entries, them) = (
            count(totals.left_out, "entry", "entries"),
            if totals.left_out == 1 { "it" } else { "them" },
        );
        parts.push(format!(
            "{entries} left out by git's ignore rules (--no-ignore scans {them})"
        ));
    }
    parts.join("; ")
}

fn findings(outcome: &Outcome, paint: &impl Fn(Tone, String) -> String) -> String {
    let of = |confidence| {
        outcome
            .findings
            .iter()
            .filter(move |found| found.confidence == confidence)
            .count()
    };
    let grades = Confidence::ALL
        .into_iter()
        .rev()
        .filter(|&confidence| of(confidence) > 0);
    let grades: Vec<_> = grades
        .map(|confidence| format!("{} {confidence}", of(confidence)))
        .collect();
    let blocking = outcome
        .findings
        .iter()
        .filter(|found| found.blocking)
        .count();
    let block = match blocking {
        0 => "none blocks".to_owned(),
        1 => "1 blocks".to_owned(),
        many => format!("{many} block"),
    };
    let tone = if blocking > 0 { Tone::Bad } else { Tone::Warn };
    let number = count(outcome.findings.len() as u64, "finding", "findings");
    format!("{} ({}), {block}", paint(tone, number), grades.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let sizes = [0, 1023, 1024, 1_258_291, 1_395_864_371, 1 << 50].map(size);
        assert_eq!(
            sizes,
            [
                "0 B",
                "1023 B",
                "1.0 KiB",
                "1.2 MiB",
                "1.3 GiB",
                "1024.0 TiB"
            ]
        );
    }
}
