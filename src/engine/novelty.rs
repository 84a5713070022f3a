//! What is news in a blob against its older versions: secrets by their values, not by the lines
//! they stand on.

use std::collections::HashMap;

use crate::blob::{Before, Elsewhere};
use crate::rule::Confidence;
use crate::scan::{Match, Scanner};
use crate::secret::Fingerprint;
use crate::source;
use crate::text::Span;

use super::locate::LocatedMatch;

/// A secret in the older versions: how sure it was, and how often it stood there.
#[derive(Clone, Copy)]
struct Old {
    confidence: Confidence,
    count: usize,
}

type Known = HashMap<Fingerprint, Old>;

/// For each sighting, whether it is news.
///
/// A secret that no older version holds, or not as sure as now, is news wherever its bytes come
/// from: a change around bytes that stay the same can make a secret of them. One that was there
/// already is news if it stands there more often now; then where the text is fresh, or anywhere if
/// nobody can tell. What the same change takes away elsewhere has moved, and is no news.
pub(super) fn news(
    scanner: &Scanner,
    before: Option<Before<'_>>,
    located: &[LocatedMatch],
) -> Vec<bool> {
    let Some(before) = before else {
        return vec![true; located.len()];
    };
    let names: Vec<Fingerprint> = located
        .iter()
        .map(|seen| name(scanner, &seen.found))
        .collect();
    let fresh: Vec<bool> = located
        .iter()
        .map(|seen| any_overlaps(&before.fresh, seen.found.span))
        .collect();
    // How often each stands there now, and how often where the text is fresh.
    let mut now: HashMap<Fingerprint, (usize, usize)> = HashMap::new();
    for (name, fresh) in names.iter().zip(&fresh) {
        let counts = now.entry(*name).or_default();
        counts.0 += 1;
        counts.1 += usize::from(*fresh);
    }
    let against = |old: &Known| -> Vec<bool> {
        let is_news = |index: usize| match old.get(&names[index]) {
            Some(old) if old.confidence >= located[index].found.confidence => {
                let (count, anywhere_fresh) = now[&names[index]];
                count > old.count && (fresh[index] || anywhere_fresh == 0)
            }
            _ => true,
        };
        (0..located.len()).map(is_news).collect()
    };
    let mut old = known(scanner, &before.versions);
    let news = against(&old);
    match before.elsewhere {
        Some(ask) if news.contains(&true) => {
            let Elsewhere { versions, replaced } = ask();
            keep_most(&mut old, known(scanner, &versions));
            add_moved(scanner, &mut old, &replaced);
            against(&old)
        }
        _ => news,
    }
}

/// What stands in older versions; in several, what the one says that has most of it.
fn known(scanner: &Scanner, versions: &[Vec<u8>]) -> Known {
    let mut known = Known::new();
    versions
        .iter()
        .for_each(|version| keep_most(&mut known, held_by(scanner, version)));
    known
}

fn keep_most(known: &mut Known, others: Known) {
    for (name, other) in others {
        let old = known.entry(name).or_insert(other);
        old.confidence = old.confidence.max(other.confidence);
        old.count = old.count.max(other.count);
    }
}

/// Adds to `known` what left other blobs.
fn add_moved(scanner: &Scanner, known: &mut Known, replaced: &[(Vec<u8>, Vec<u8>)]) {
    for (old, new) in replaced {
        let left = held_by(scanner, old);
        let stayed = if left.is_empty() {
            Known::new()
        } else {
            held_by(scanner, new)
        };
        for (name, mut moved) in left {
            moved.count = moved
                .count
                .saturating_sub(stayed.get(&name).map_or(0, |old| old.count));
            if moved.count > 0 {
                let old = known.entry(name).or_insert(Old { count: 0, ..moved });
                old.confidence = old.confidence.max(moved.confidence);
                old.count += moved.count;
            }
        }
    }
}

fn held_by(scanner: &Scanner, version: &[u8]) -> Known {
    let mut here = Known::new();
    for (bytes, part) in source::parts(version) {
        let own = scanner
            .scan(bytes)
            .into_iter()
            .filter(|found| part.own.contains(&found.span.start));
        for found in own {
            let old = here.entry(name(scanner, &found)).or_insert(Old {
                confidence: found.confidence,
                count: 0,
            });
            old.confidence = old.confidence.max(found.confidence);
            old.count += 1;
        }
    }
    here
}

fn name(scanner: &Scanner, found: &Match) -> Fingerprint {
    Fingerprint::new(&scanner.rules().rules[found.rule].id, found.value.reveal())
}

/// Whether one of `spans`, which are in order and apart, overlaps `span`.
fn any_overlaps(spans: &[Span], span: Span) -> bool {
    let first = spans.partition_point(|new| new.end <= span.start);
    spans.get(first).is_some_and(|new| new.overlaps(span))
}
