//! Decides which secrets of a blob are new against what it replaces: by their values, not by their
//! lines.

use std::collections::{HashMap, HashSet};

use bstr::{BStr, ByteSlice as _};

use crate::blob::{MovedFrom, OldVersion, PreviousContent};
use crate::finding::AllowedBy;
use crate::policy::{Judgement, Policy};
use crate::rule::Confidence;
use crate::scan::{Match, Scanner};
use crate::secret::Fingerprint;
use crate::source;
use crate::text::Span;

use super::build::{OccurrenceBuilder, OccurrenceInText};
use super::locate::{Frames, LocatedMatch};

/// A secret of the older versions that nothing let pass: how sure it was, and how often it occurs.
#[derive(Clone, Copy)]
struct OldSecret {
    confidence: Confidence,
    count: usize,
}

type OldSecrets = HashMap<Fingerprint, OldSecret>;

/// What is known.
#[derive(Default)]
struct Known {
    secrets: OldSecrets,
    /// The secrets of each old version by itself: both halves of a known pair are in one of them.
    versions: Vec<HashSet<Fingerprint>>,
}

/// A match of the new version.
struct Occurrence {
    secret: Fingerprint,
    confidence: Confidence,
    /// Whether it is in a new span.
    is_fresh: bool,
    /// Whether the policy lets it pass.
    is_exempt: bool,
}

/// How often a secret occurs in the new version where nothing lets it pass, and how often there in
/// new spans.
#[derive(Default)]
struct Counts {
    all: usize,
    fresh: usize,
}

/// Judges what is new, and what the policy let pass before.
pub(super) struct Judge<'a> {
    pub(super) builder: &'a OccurrenceBuilder<'a>,
    pub(super) policy: &'a Policy,
}

impl Judge<'_> {
    /// For each match in the blob at `path`, whether it is new.
    ///
    /// A secret that no older version has, or not as sure as now, is new wherever its bytes come
    /// from: a change around bytes that stay the same can make a secret of them. One that an older
    /// version has is new if it occurs more often now; then in the new spans, or everywhere if it
    /// is in none of them. What the same change removes elsewhere has moved, and is not new. A pair
    /// whose halves were never in one version is new: together they are more than each by itself.
    ///
    /// What a path or a marker allows, then or now, does not count: it is not known elsewhere or
    /// without its marker. Where it still has them it is new, and is allowed again.
    pub(super) fn novelty(
        &self,
        previous: Option<&dyn PreviousContent>,
        located: &[LocatedMatch],
        path: &BStr,
    ) -> Vec<bool> {
        let all_new = vec![true; located.len()];
        let Some(previous) = previous else {
            return all_new;
        };
        let Exempt { exempt, pairs } = self.exempt(located, path);
        if !exempt.contains(&false) {
            return all_new;
        }
        let Some(versions) = previous.versions() else {
            return all_new;
        };
        let spans = previous.spans(&versions);
        let mut counts: HashMap<Fingerprint, Counts> = HashMap::new();
        let mut occurrences = Vec::with_capacity(located.len());
        for (LocatedMatch { found, .. }, is_exempt) in located.iter().zip(exempt) {
            let occurrence = Occurrence {
                secret: fingerprint(self.builder.scanner, found),
                confidence: found.confidence,
                is_fresh: any_overlaps(&spans, found.span),
                is_exempt,
            };
            if !is_exempt {
                let counts = counts.entry(occurrence.secret).or_default();
                counts.all += 1;
                counts.fresh += usize::from(occurrence.is_fresh);
            }
            occurrences.push(occurrence);
        }
        let mut known = Known::default();
        self.add_versions(&mut known, &versions);
        let mut new = compare(&occurrences, &counts, &known.secrets);
        add_new_pairs(&mut new, &pairs, &occurrences, &known);
        if !occurrences
            .iter()
            .zip(&new)
            .any(|(found, new)| *new && !found.is_exempt)
        {
            return new;
        }
        let MovedFrom { versions, replaced } = previous.elsewhere();
        self.add_versions(&mut known, &versions);
        self.add_moved(&mut known, &replaced);
        let mut new = compare(&occurrences, &counts, &known.secrets);
        add_new_pairs(&mut new, &pairs, &occurrences, &known);
        new
    }

    /// For each match in the text at `path`, whether an entry or a marker lets it pass there. The
    /// baseline allows a value wherever it is, so what it allows is known.
    fn exempt(&self, located: &[LocatedMatch], path: &BStr) -> Exempt {
        let mut exempt = vec![false; located.len()];
        let mut pairs = Vec::new();
        for found in self.builder.occurrences(located) {
            let allowed = self.allowed(&found, path);
            exempt[found.matches.1] = allowed.is_some();
            if let Some(first) = found.matches.0 {
                pairs.push((first, found.matches.1));
                // A marker covers one line only.
                exempt[first] = match (allowed, &found.first_half) {
                    (Some(AllowedBy::Marker { .. }), Some(half)) => {
                        self.allowed(half, path).is_some()
                    }
                    (allowed, _) => allowed.is_some(),
                };
            }
        }
        Exempt { exempt, pairs }
    }

    fn allowed(&self, found: &OccurrenceInText, path: &BStr) -> Option<AllowedBy> {
        match self.policy.judge(&found.occurrence, path, &found.nearby) {
            Judgement::Allow(by) if !matches!(by, AllowedBy::Baseline { .. }) => Some(by),
            _ => None,
        }
    }

    /// Adds the secrets of older versions; of a secret in several, the version counts that has most
    /// of it.
    fn add_versions(&self, known: &mut Known, versions: &[OldVersion]) {
        for version in versions {
            let secrets = self.known_in(version);
            known.versions.push(secrets.keys().copied().collect());
            for (secret, other) in secrets {
                let old = known.secrets.entry(secret).or_insert(other);
                old.confidence = old.confidence.max(other.confidence);
                old.count = old.count.max(other.count);
            }
        }
    }

    /// Adds the secrets that other blobs no longer have.
    fn add_moved(&self, known: &mut Known, replaced: &[(OldVersion, Vec<u8>)]) {
        for (before, after) in replaced {
            let removed = self.known_in(before);
            if removed.is_empty() {
                continue;
            }
            known.versions.push(removed.keys().copied().collect());
            let remaining = self.secrets(&self.located_in(after), |_| true);
            for (secret, mut moved) in removed {
                let remaining = remaining
                    .get(&secret)
                    .map_or(0, |remaining| remaining.count);
                moved.count = moved.count.saturating_sub(remaining);
                if moved.count > 0 {
                    let new = OldSecret { count: 0, ..moved };
                    let old = known.secrets.entry(secret).or_insert(new);
                    old.confidence = old.confidence.max(moved.confidence);
                    old.count += moved.count;
                }
            }
        }
    }

    /// The secrets in a version that nothing let pass there.
    fn known_in(&self, version: &OldVersion) -> OldSecrets {
        let located = self.located_in(&version.bytes);
        let path = self.policy.relative_to_root(version.path.as_bstr());
        let Exempt { exempt, .. } = self.exempt(&located, &path);
        self.secrets(&located, |index| !exempt[index])
    }

    fn located_in(&self, text: &[u8]) -> Vec<LocatedMatch> {
        let located = source::parts(text).map(|(bytes, part)| {
            let matches = self.builder.scanner.scan(bytes);
            if matches.is_empty() {
                return Vec::new();
            }
            self.builder.locate(bytes, &part, matches, Frames::Omit)
        });
        located.flatten().collect()
    }

    fn secrets(&self, located: &[LocatedMatch], counts: impl Fn(usize) -> bool) -> OldSecrets {
        let mut secrets = OldSecrets::new();
        for (_, LocatedMatch { found, .. }) in located
            .iter()
            .enumerate()
            .filter(|(index, _)| counts(*index))
        {
            let secret = fingerprint(self.builder.scanner, found);
            let old = secrets.entry(secret).or_insert(OldSecret {
                confidence: found.confidence,
                count: 0,
            });
            old.confidence = old.confidence.max(found.confidence);
            old.count += 1;
        }
        secrets
    }
}

/// For each match of a text, whether the policy lets it pass; and the matches that are pairs.
struct Exempt {
    exempt: Vec<bool>,
    pairs: Vec<(usize, usize)>,
}

/// Makes the secret of each pair new whose halves were never in one version.
fn add_new_pairs(
    new: &mut [bool],
    pairs: &[(usize, usize)],
    occurrences: &[Occurrence],
    known: &Known,
) {
    for &(first, second) in pairs {
        let halves = [&occurrences[first].secret, &occurrences[second].secret];
        let mut versions = known.versions.iter();
        if !versions.any(|version| halves.iter().all(|half| version.contains(half))) {
            new[second] = true;
        }
    }
}

/// For each occurrence, whether it is new against the `old` secrets.
fn compare(
    occurrences: &[Occurrence],
    counts: &HashMap<Fingerprint, Counts>,
    old: &OldSecrets,
) -> Vec<bool> {
    let is_new = |occurrence: &Occurrence| match old.get(&occurrence.secret) {
        Some(old) if !occurrence.is_exempt && old.confidence >= occurrence.confidence => {
            let counts = &counts[&occurrence.secret];
            counts.all > old.count && (occurrence.is_fresh || counts.fresh == 0)
        }
        _ => true,
    };
    occurrences.iter().map(is_new).collect()
}

fn fingerprint(scanner: &Scanner, found: &Match) -> Fingerprint {
    Fingerprint::new(&scanner.rules().rules[found.rule].id, found.value.reveal())
}

/// Whether one of `spans`, which are in order and apart, overlaps `span`.
fn any_overlaps(spans: &[Span], span: Span) -> bool {
    let first = spans.partition_point(|new| new.end <= span.start);
    spans.get(first).is_some_and(|new| new.overlaps(span))
}
