//! What is news in a blob against its older versions: secrets by their values, not by the lines they stand on.

use std::collections::HashMap;

use crate::blob::Before;
use crate::rule::Confidence;
use crate::scan::{Match, Scanner};
use crate::secret::Fingerprint;
use crate::source;
use crate::text::Span;

use super::sighting::Sighting;

/// A secret in the older versions: how sure it was, and how often it stood there.
#[derive(Clone, Copy)]
struct Old {
    confidence: Confidence,
    count: usize,
}

/// For each sighting, whether it is news.
///
/// A secret that no older version holds, or not as sure as now, is news wherever its bytes come from: a change around
/// bytes that stay the same can make a secret of them. One that was there already is news if it stands there more often
/// now; then where the text is fresh, or anywhere if nobody can tell.
pub(super) fn news(scanner: &Scanner, before: Option<&Before>, sightings: &[Sighting]) -> Vec<bool> {
    let Some(before) = before else {
        return vec![true; sightings.len()];
    };
    let old = known(scanner, &before.versions);
    let names: Vec<Fingerprint> = sightings.iter().map(|seen| name(scanner, &seen.found)).collect();
    let fresh: Vec<bool> = sightings.iter().map(|seen| any_overlaps(&before.fresh, seen.found.span)).collect();
    // How often each stands there now, and how often where the text is fresh.
    let mut now: HashMap<Fingerprint, (usize, usize)> = HashMap::new();
    for (name, fresh) in names.iter().zip(&fresh) {
        let counts = now.entry(*name).or_default();
        counts.0 += 1;
        counts.1 += usize::from(*fresh);
    }
    let is_news = |index: usize| match old.get(&names[index]) {
        Some(old) if old.confidence >= sightings[index].found.confidence => {
            let (count, anywhere_fresh) = now[&names[index]];
            count > old.count && (fresh[index] || anywhere_fresh == 0)
        }
        _ => true,
    };
    (0..sightings.len()).map(is_news).collect()
}

/// What stands in older versions; in several, what the one says that has most of it.
fn known(scanner: &Scanner, versions: &[Vec<u8>]) -> HashMap<Fingerprint, Old> {
    let mut known: HashMap<Fingerprint, Old> = HashMap::new();
    for version in versions {
        let mut here: HashMap<Fingerprint, Old> = HashMap::new();
        for (bytes, part) in source::parts(version) {
            let own = scanner.scan(bytes).into_iter().filter(|found| part.own.contains(&found.span.start));
            for found in own {
                let old = here.entry(name(scanner, &found)).or_insert(Old { confidence: found.confidence, count: 0 });
                old.confidence = old.confidence.max(found.confidence);
                old.count += 1;
            }
        }
        for (name, here) in here {
            let old = known.entry(name).or_insert(here);
            old.confidence = old.confidence.max(here.confidence);
            old.count = old.count.max(here.count);
        }
    }
    known
}

fn name(scanner: &Scanner, found: &Match) -> Fingerprint {
    Fingerprint::new(&scanner.rules().rules[found.rule].id, found.value.reveal())
}

/// Whether one of `spans`, which are in order and apart, overlaps `span`.
fn any_overlaps(spans: &[Span], span: Span) -> bool {
    let first = spans.partition_point(|new| new.end <= span.start);
    spans.get(first).is_some_and(|new| new.overlaps(span))
}
