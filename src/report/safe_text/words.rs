//! Words sentences that all formats share: counts, sizes, reasons and the summary of a run.

use crate::blob::{Origin, Skip, SkipReason};
use crate::finding::{
    Allowed, AllowedBy, Finding, List, Outcome, PolicyChange, Status, Totals, Unused,
};
use crate::rule::{Confidence, NOT_ENCRYPTED};

/// The first thing to do about any finding, in two lines.
pub(in crate::report) const ROTATE: [&str; 2] = [
    "Anyone who has seen a key can use it. If it was ever pushed or shared, revoke it at its",
    "provider first: removing it from git is not enough.",
];

/// What a failure to read means.
pub(in crate::report) const UNREAD: &str = "could not be read and may hold secrets";

/// What a change of the policy means to a reviewer.
pub(in crate::report) const POLICY: &str = "this change alters what keysieve ignores";

/// How good or bad a part of the summary is.
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
#[must_use]
pub fn size(bytes: u64) -> String {
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
pub(in crate::report) fn confidence_reason(finding: &Finding) -> &'static str {
    match finding.confidence {
        _ if finding.partner.is_some() => "both halves of the pair were found",
        _ if *finding.rule.id == *NOT_ENCRYPTED => {
            "an [[encrypted]] entry is for this file, and no known tool encrypted it"
        }
        Confidence::Certain => "confirmed by its checksum or its decoded content",
        Confidence::High => "the format matches, in a context that names a secret",
        Confidence::Medium => "few strings other than secrets have this format",
        Confidence::Low => "only the format matches",
    }
}

/// What allows a finding, and why, as written by its author.
pub(in crate::report) fn allowed_by(allowed: &Allowed) -> String {
    let mut text = match &allowed.by {
        AllowedBy::Entry {
            file,
            number,
            reason,
        } => format!(
            "[[allow]] entry {number}{}: {reason}",
            of_file(file.as_deref())
        ),
        AllowedBy::Marker { word, reason } => with_reason(word.clone(), reason.as_deref()),
        AllowedBy::Baseline { reason, owner } => {
            let owner = owner.as_ref().map(|owner| format!(" (owner: {owner})"));
            let text = format!("the baseline{}", owner.unwrap_or_default());
            with_reason(text, reason.as_deref())
        }
    };
    if let Some(container) = marker_container(allowed) {
        text.push_str(" (the marker is part of this ");
        text.push_str(container);
        text.push(')');
    }
    text
}

fn with_reason(text: String, reason: Option<&str>) -> String {
    match reason {
        Some(reason) => format!("{text}: {reason}"),
        None => text,
    }
}

/// The kind of object that holds the marker, if that object is itself what is judged: the author
/// of a secret can add the marker along with it.
pub(in crate::report) fn marker_container(allowed: &Allowed) -> Option<&'static str> {
    match (&allowed.by, &allowed.finding.origin) {
        (AllowedBy::Entry { .. } | AllowedBy::Baseline { .. }, _) => None,
        (AllowedBy::Marker { .. }, Origin::TagText { .. }) => Some("tag"),
        (AllowedBy::Marker { .. }, origin) => origin.commit().map(|_| "commit"),
    }
}

/// How a policy file changes, and what that means.
pub(in crate::report) fn policy_change(change: &PolicyChange) -> String {
    format!("{}; {POLICY}", change.what.word())
}

/// One line about an unused allow entry or baseline entry.
pub(in crate::report) fn unused(entry: &Unused) -> String {
    let what = match entry.expired {
        None => "allows nothing".to_owned(),
        Some(day) => format!("expired on {day}"),
    };
    let list = match entry.list {
        List::Config => "[[allow]] entry",
        List::Baseline => "baseline line",
    };
    let file = of_file(entry.file.as_deref());
    format!("{list} {}{file} {what}: {}", entry.number, entry.reason)
}

fn of_file(file: Option<&str>) -> String {
    file.map(|file| format!(" of {file}")).unwrap_or_default()
}

/// The unused entries to list: all if `show_all`; otherwise the expired ones, if something was
/// found that they may have allowed before.
pub(in crate::report) fn unused_to_list(
    outcome: &Outcome,
    show_all: bool,
) -> impl Iterator<Item = &Unused> {
    let shows_expired = !outcome.findings.is_empty();
    outcome
        .unused
        .iter()
        .filter(move |entry| show_all || shows_expired && entry.expired.is_some())
}

/// The run in one sentence; `paint` formats its parts.
pub(in crate::report) fn summary(
    outcome: &Outcome,
    paint: impl Fn(Tone, String) -> String,
) -> String {
    let mut parts = Vec::new();
    match outcome.status() {
        Status::Incomplete => parts.push(paint(Tone::Bad, "INCOMPLETE".to_owned())),
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
    parts.push(scanned(outcome.totals));
    match outcome.totals.left_out {
        0 => {}
        1 => parts.push("1 entry left out by git's ignore rules (--no-ignore scans it)".to_owned()),
        many => parts.push(format!(
            "{many} entries left out by git's ignore rules (--no-ignore scans them)"
        )),
    }
    parts.join("; ")
}

/// How much was scanned. An audit counts objects, and files outside the object store.
fn scanned(totals: Totals) -> String {
    let what = match totals.objects {
        0 => count(totals.blobs, "blob", "blobs"),
        objects => format!(
            "{} and {}",
            count(objects, "object", "objects"),
            count(totals.blobs, "other file", "other files")
        ),
    };
    let whole = format!("{what} ({}) scanned", size(totals.bytes));
    match totals.repositories {
        0 => whole,
        many => format!("{}, {whole}", count(many, "repository", "repositories")),
    }
}

fn findings(outcome: &Outcome, paint: &impl Fn(Tone, String) -> String) -> String {
    let mut grades = Vec::new();
    for confidence in Confidence::ALL.into_iter().rev() {
        let found = outcome
            .findings
            .iter()
            .filter(|found| found.confidence == confidence)
            .count();
        if found > 0 {
            grades.push(format!("{found} {confidence}"));
        }
    }
    let (tone, block) = match blocking(outcome) {
        0 => (Tone::Warn, "none blocks".to_owned()),
        1 => (Tone::Bad, "1 blocks".to_owned()),
        many => (Tone::Bad, format!("{many} block")),
    };
    let number = count(outcome.findings.len() as u64, "finding", "findings");
    format!("{} ({}), {block}", paint(tone, number), grades.join(", "))
}

/// How many findings fail the run.
pub(in crate::report) fn blocking(outcome: &Outcome) -> usize {
    outcome
        .findings
        .iter()
        .filter(|found| found.blocking)
        .count()
}

/// The skips, those that make the scan incomplete apart from the others.
pub(in crate::report) fn failed_and_other_skips(outcome: &Outcome) -> (Vec<&Skip>, Vec<&Skip>) {
    outcome
        .skipped
        .iter()
        .partition(|skip| skip.reason.is_failure())
}

/// What is the matter with `skips`, as a title says it.
pub(in crate::report) fn skips_word<'s>(skips: impl IntoIterator<Item = &'s Skip>) -> &'static str {
    let is_unscanned = |skip: &Skip| !matches!(skip.reason, SkipReason::NotListed { .. });
    let mut words = skips.into_iter().map(is_unscanned);
    let Some(first) = words.next() else {
        return "not scanned";
    };
    match (first, words.all(|other| other == first)) {
        (true, true) => "not scanned",
        (false, true) => "not listed",
        (_, false) => "not scanned or not listed",
    }
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
