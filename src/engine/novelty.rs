//! Decides which secrets of a blob are new against what it replaces: by their values, not by their
//! lines.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bstr::{BStr, ByteSlice as _};

use crate::blob::{MovedFrom, OldVersion, PreviousContent};
use crate::finding::AllowedBy;
use crate::policy::{Judgement, Policy};
use crate::rule::Confidence;
use crate::scan::{Match, Scanner};
use crate::secret::Fingerprint;
use crate::text::Span;

use super::build::{OccurrenceBuilder, OccurrenceInText};
use super::locate::{Frames, LocatedMatch};
use super::place;
use super::version_cache::{OldSecret, OldSecrets, VersionCache, VersionKey};

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
    /// Whether a marker covers it that the policy ignores.
    is_marked: bool,
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
    pub(super) versions: &'a VersionCache,
}

/// A blob whose matches are judged.
pub(super) struct NewVersion<'a> {
    /// Its path, relative to the root.
    pub(super) path: &'a BStr,
    /// Identifies it if it is in one piece: a later change may replace it.
    pub(super) key: Option<VersionKey>,
    pub(super) located: &'a [LocatedMatch],
}

impl Judge<'_> {
    /// For each match in the blob `new`, whether it is new.
    ///
    /// A secret that no older version has, or not as sure as now, is new wherever its bytes come
    /// from: a change around bytes that stay the same can make a secret of them. One that an older
    /// version has is new if it occurs more often now; then in the new spans, or everywhere if it
    /// is in none of them. What the same change removes elsewhere has moved, and is not new. A pair
    /// whose halves were never in one version is new: together they are more than each by itself.
    ///
    /// What a path or a marker allows, then or now, does not count: it is not known elsewhere or
    /// without its marker. Where it still has them it is new, and is allowed again. The same holds
    /// for markers that the policy ignores: what had one is known only at its path, with a marker.
    pub(super) fn novelty(
        &self,
        previous: Option<&dyn PreviousContent>,
        new: &NewVersion<'_>,
    ) -> Vec<bool> {
        let NewVersion { path, key, located } = *new;
        let all_new = vec![true; located.len()];
        let Some(previous) = previous else {
            return all_new;
        };
        let passes = self.passes(located, path);
        if !passes.exempt.contains(&false) {
            return all_new;
        }
        let Some(versions) = previous.versions() else {
            return all_new;
        };
        let spans = previous.spans(&versions);
        let mut counts: HashMap<(Fingerprint, bool), Counts> = HashMap::new();
        let mut occurrences = Vec::with_capacity(located.len());
        let pairs = passes.pairs;
        let passes = passes.exempt.into_iter().zip(passes.marked);
        for (found_at, (is_exempt, is_marked)) in located.iter().zip(passes) {
            let found = &found_at.found;
            let occurrence = Occurrence {
                secret: fingerprint(self.builder.scanner, found),
                confidence: found.confidence,
                is_fresh: is_fresh(&spans, found_at),
                is_exempt,
                is_marked,
            };
            if !is_exempt {
                let counts = counts.entry((occurrence.secret, is_marked)).or_default();
                counts.all += 1;
                counts.fresh += usize::from(occurrence.is_fresh);
            }
            occurrences.push(occurrence);
        }
        self.remember(key, &occurrences);
        let mut known = Known::default();
        self.add_versions(&mut known, &versions, |_| true);
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
        self.add_versions(&mut known, &versions, |is_marked| !is_marked);
        self.add_moved(&mut known, &replaced);
        let mut new = compare(&occurrences, &counts, &known.secrets);
        add_new_pairs(&mut new, &pairs, &occurrences, &known);
        new
    }

    /// Remembers the secrets of a new version for a change that replaces it.
    fn remember(&self, key: Option<VersionKey>, occurrences: &[Occurrence]) {
        if let Some(key) = key {
            self.versions.insert(key, Arc::new(secrets_of(occurrences)));
        }
    }

    /// For each match in the text at `path`, whether an entry or a marker lets it pass there. The
    /// baseline allows a value wherever it is, so what it allows is known.
    fn passes(&self, located: &[LocatedMatch], path: &BStr) -> Passes {
        let mut passes = Passes {
            exempt: vec![false; located.len()],
            marked: vec![false; located.len()],
            pairs: Vec::new(),
        };
        for found in self.builder.occurrences(located) {
            let (first, second) = found.matches;
            let allowed = self.allowed(&found, path);
            let is_marked = self.has_ignored_marker(&found);
            passes.exempt[second] = allowed.is_some();
            passes.marked[second] = is_marked;
            let Some(first) = first else {
                continue;
            };
            passes.pairs.push((first, second));
            // A marker covers one line only.
            let half = found.first_half.as_deref();
            passes.exempt[first] = match (allowed, half) {
                (Some(AllowedBy::Marker { .. }), Some(half)) => self.allowed(half, path).is_some(),
                (allowed, _) => allowed.is_some(),
            };
            passes.marked[first] = half.map_or(is_marked, |half| self.has_ignored_marker(half));
        }
        passes
    }

    fn has_ignored_marker(&self, found: &OccurrenceInText) -> bool {
        self.policy
            .has_ignored_marker(&found.occurrence, &found.nearby)
    }

    fn allowed(&self, found: &OccurrenceInText, path: &BStr) -> Option<AllowedBy> {
        match self.policy.judge(&found.occurrence, path, &found.nearby) {
            Judgement::Allow(by) if !matches!(by, AllowedBy::Baseline { .. }) => Some(by),
            _ => None,
        }
    }

    /// Adds the secrets of older versions; of a secret in several, the version counts that has most
    /// of it. `is_wanted` is asked whether those with, or without, an ignored marker count.
    fn add_versions(
        &self,
        known: &mut Known,
        versions: &[OldVersion],
        is_wanted: impl Fn(bool) -> bool,
    ) {
        for version in versions {
            let secrets = self.known_in(version);
            let wanted = || secrets.iter().filter(|(secret, _)| is_wanted(secret.1));
            let fingerprints = wanted().map(|(secret, _)| secret.0);
            known.versions.push(fingerprints.collect());
            for (&secret, &other) in wanted() {
                let old = known.secrets.entry(secret).or_insert(other);
                old.confidence = old.confidence.max(other.confidence);
                old.count = old.count.max(other.count);
            }
        }
    }

    /// Adds the secrets that other blobs no longer have.
    fn add_moved(&self, known: &mut Known, replaced: &[(OldVersion, Vec<u8>)]) {
        for (before, after) in replaced {
            let before = self.known_in(before);
            let removed = before.iter().filter(|((_, is_marked), _)| !is_marked);
            let removed: OldSecrets = removed.map(|(&secret, &old)| (secret, old)).collect();
            if removed.is_empty() {
                continue;
            }
            let fingerprints = removed.keys().map(|(secret, _)| *secret);
            known.versions.push(fingerprints.collect());
            let remaining = self.builder.scan_blob(after, Frames::Omit).located;
            let remaining = self.secrets(&remaining, |_| Some(false));
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
    fn known_in(&self, version: &OldVersion) -> Arc<OldSecrets> {
        let key = VersionKey::new(version.path.as_bstr(), &version.bytes);
        if let Some(secrets) = self.versions.get(key) {
            return secrets;
        }
        // What could not be searched in an old version is not known.
        let located = self.builder.scan_blob(&version.bytes, Frames::Omit).located;
        let path = self.policy.relative_to_root(version.path.as_bstr());
        let located = place::graded(&located, &path, |rule| self.builder.rule_id(rule));
        let Passes { exempt, marked, .. } = self.passes(&located, &path);
        let secrets = self.secrets(&located, |index| (!exempt[index]).then_some(marked[index]));
        let secrets = Arc::new(secrets);
        self.versions.insert(key, secrets.clone());
        secrets
    }

    /// The secrets among matches; `marked` says whether one has an ignored marker, or is left out.
    fn secrets(
        &self,
        located: &[LocatedMatch],
        marked: impl Fn(usize) -> Option<bool>,
    ) -> OldSecrets {
        let seen = located.iter().enumerate();
        let seen = seen.filter_map(|(index, LocatedMatch { found, .. })| {
            let secret = fingerprint(self.builder.scanner, found);
            Some(((secret, marked(index)?), found.confidence))
        });
        count(seen)
    }
}

/// The secrets of a new version, as a later change that replaces it will know them.
fn secrets_of(occurrences: &[Occurrence]) -> OldSecrets {
    let known = occurrences.iter().filter(|found| !found.is_exempt);
    count(known.map(|found| ((found.secret, found.is_marked), found.confidence)))
}

fn count(seen: impl Iterator<Item = ((Fingerprint, bool), Confidence)>) -> OldSecrets {
    let mut secrets = OldSecrets::new();
    for (secret, confidence) in seen {
        let new = OldSecret {
            confidence,
            count: 0,
        };
        let old = secrets.entry(secret).or_insert(new);
        old.confidence = old.confidence.max(confidence);
        old.count += 1;
    }
    secrets
}

/// For each match of a text, whether the policy lets it pass, and whether a marker covers it that
/// the policy ignores; and the matches that are pairs.
struct Passes {
    exempt: Vec<bool>,
    marked: Vec<bool>,
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

/// For each occurrence, whether it is new against the `old` secrets. Those without a marker are
/// compared with what had none, and those with one with all.
fn compare(
    occurrences: &[Occurrence],
    counts: &HashMap<(Fingerprint, bool), Counts>,
    old: &OldSecrets,
) -> Vec<bool> {
    let is_new = |occurrence: &Occurrence| {
        let kinds = [false, true]
            .into_iter()
            .take(1 + usize::from(occurrence.is_marked));
        let (mut before, mut all, mut fresh) = (None, 0, 0);
        for kind in kinds.map(|is_marked| (occurrence.secret, is_marked)) {
            if let Some(counts) = counts.get(&kind) {
                all += counts.all;
                fresh += counts.fresh;
            }
            if let Some(old) = old.get(&kind) {
                let (confidence, count) = before.unwrap_or((old.confidence, 0));
                before = Some((old.confidence.max(confidence), count + old.count));
            }
        }
        match before {
            Some((confidence, count))
                if !occurrence.is_exempt && confidence >= occurrence.confidence =>
            {
                all > count && (occurrence.is_fresh || fresh == 0)
            }
            _ => true,
        }
    };
    occurrences.iter().map(is_new).collect()
}

fn fingerprint(scanner: &Scanner, found: &Match) -> Fingerprint {
    Fingerprint::new(&scanner.rules().rules[found.rule].id, found.value.reveal())
}

/// Whether a match is in one of the new `spans` of its blob. Any change of a container is one
/// around all that is in it.
fn is_fresh(spans: &[Span], LocatedMatch { found, place, .. }: &LocatedMatch) -> bool {
    match place.inside {
        None => any_overlaps(spans, found.span),
        Some(_) => !spans.is_empty(),
    }
}

/// Whether one of `spans`, which are in order and apart, overlaps `span`.
fn any_overlaps(spans: &[Span], span: Span) -> bool {
    let first = spans.partition_point(|new| new.end <= span.start);
    spans.get(first).is_some_and(|new| new.overlaps(span))
}
