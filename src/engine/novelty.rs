//! Decides which secrets of a blob are new against what it replaces: by their values, not by their
//! lines.

use std::collections::HashMap;

use crate::blob::{MovedFrom, PreviousContent};
use crate::rule::Confidence;
use crate::scan::{Match, Scanner};
use crate::secret::Fingerprint;
use crate::source;
use crate::text::Span;

use super::locate::LocatedMatch;

/// A secret of the older versions: how sure it was, and how often it occurred.
#[derive(Clone, Copy)]
struct OldSecret {
    confidence: Confidence,
    count: usize,
}

type OldSecrets = HashMap<Fingerprint, OldSecret>;

/// A match of the new version.
struct Occurrence {
    secret: Fingerprint,
    confidence: Confidence,
    /// Whether it is in a new span.
    is_fresh: bool,
}

/// How often a secret occurs in the new version, and how often there in new spans.
#[derive(Default)]
struct Counts {
    all: usize,
    fresh: usize,
}

/// For each match, whether it is new.
///
/// A secret that no older version has, or not as sure as now, is new wherever its bytes come from:
/// a change around bytes that stay the same can make a secret of them. One that an older version
/// has is new if it occurs more often now; then in the new spans, or everywhere if it is in none of
/// them. What the same change removes elsewhere has moved, and is not new.
pub(super) fn novelty(
    scanner: &Scanner,
    previous: Option<&dyn PreviousContent>,
    located: &[LocatedMatch],
) -> Vec<bool> {
    let all_new = vec![true; located.len()];
    let Some(previous) = previous else {
        return all_new;
    };
    let Some(versions) = previous.versions() else {
        return all_new;
    };
    let spans = previous.spans(&versions);
    let mut counts: HashMap<Fingerprint, Counts> = HashMap::new();
    let mut occurrences = Vec::with_capacity(located.len());
    for LocatedMatch { found, .. } in located {
        let occurrence = Occurrence {
            secret: fingerprint(scanner, found),
            confidence: found.confidence,
            is_fresh: any_overlaps(&spans, found.span),
        };
        let counts = counts.entry(occurrence.secret).or_default();
        counts.all += 1;
        counts.fresh += usize::from(occurrence.is_fresh);
        occurrences.push(occurrence);
    }
    let mut old = OldSecrets::new();
    add_versions(scanner, &mut old, &versions);
    let new = compare(&occurrences, &counts, &old);
    if !new.contains(&true) {
        return new;
    }
    let MovedFrom { versions, replaced } = previous.elsewhere();
    add_versions(scanner, &mut old, &versions);
    add_moved(scanner, &mut old, &replaced);
    compare(&occurrences, &counts, &old)
}

/// For each occurrence, whether it is new against the `old` secrets.
fn compare(
    occurrences: &[Occurrence],
    counts: &HashMap<Fingerprint, Counts>,
    old: &OldSecrets,
) -> Vec<bool> {
    let is_new = |occurrence: &Occurrence| match old.get(&occurrence.secret) {
        Some(old) if old.confidence >= occurrence.confidence => {
            let counts = &counts[&occurrence.secret];
            counts.all > old.count && (occurrence.is_fresh || counts.fresh == 0)
        }
        _ => true,
    };
    occurrences.iter().map(is_new).collect()
}

/// Adds the secrets of older versions; of a secret in several, the version counts that has most of
/// it.
fn add_versions(scanner: &Scanner, old: &mut OldSecrets, versions: &[Vec<u8>]) {
    for version in versions {
        for (secret, other) in secrets_in(scanner, version) {
            let old = old.entry(secret).or_insert(other);
            old.confidence = old.confidence.max(other.confidence);
            old.count = old.count.max(other.count);
        }
    }
}

/// Adds the secrets that other blobs no longer have.
fn add_moved(scanner: &Scanner, old: &mut OldSecrets, replaced: &[(Vec<u8>, Vec<u8>)]) {
    for (before, after) in replaced {
        let removed = secrets_in(scanner, before);
        if removed.is_empty() {
            continue;
        }
        let remaining = secrets_in(scanner, after);
        for (secret, mut moved) in removed {
            let remaining = remaining
                .get(&secret)
                .map_or(0, |remaining| remaining.count);
            moved.count = moved.count.saturating_sub(remaining);
            if moved.count > 0 {
                let old = old.entry(secret).or_insert(OldSecret { count: 0, ..moved });
                old.confidence = old.confidence.max(moved.confidence);
                old.count += moved.count;
            }
        }
    }
}

fn secrets_in(scanner: &Scanner, version: &[u8]) -> OldSecrets {
    let mut secrets = OldSecrets::new();
    for (bytes, part) in source::parts(version) {
        let matches = scanner.scan(bytes).into_iter();
        for found in matches.filter(|found| part.own.contains(&found.span.start)) {
            let old = secrets
                .entry(fingerprint(scanner, &found))
                .or_insert(OldSecret {
                    confidence: found.confidence,
                    count: 0,
                });
            old.confidence = old.confidence.max(found.confidence);
            old.count += 1;
        }
    }
    secrets
}

fn fingerprint(scanner: &Scanner, found: &Match) -> Fingerprint {
    Fingerprint::new(&scanner.rules().rules[found.rule].id, found.value.reveal())
}

/// Whether one of `spans`, which are in order and apart, overlaps `span`.
fn any_overlaps(spans: &[Span], span: Span) -> bool {
    let first = spans.partition_point(|new| new.end <= span.start);
    spans.get(first).is_some_and(|new| new.overlaps(span))
}
