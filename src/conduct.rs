//! The conductor: has a source feed its blobs, scans them, judges what is found and gathers it in order.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::blob::{Blob, Fresh, Origin, Skip};
use crate::finding::frame::Frame;
use crate::finding::{Allowed, Exception, Finding, Outcome, Partner, Place, RuleInfo};
use crate::policy::{Judgement, Nearby, Policy};
use crate::rule::{PairRule, Rule};
use crate::scan::{Match, Pairing, Scanner, pair_up};
use crate::secret::Fingerprint;
use crate::source::{Source, SourceError, Worker};
use crate::text::{LineIndex, Location, Span};

/// How far a run has come; may be read while it goes on.
#[derive(Debug, Default)]
pub struct Progress {
    /// Blobs scanned.
    pub blobs: AtomicU64,
    /// Bytes in them.
    pub bytes: AtomicU64,
}

/// Scans all that `source` feeds.
///
/// # Errors
/// Where the source cannot feed anything. What concerns single blobs is among the outcome's skips.
pub fn run(
    source: &dyn Source,
    scanner: &Scanner,
    policy: &Policy,
    progress: &Progress,
) -> Result<Outcome, SourceError> {
    let gathered = Mutex::new(Outcome::default());
    let cast = Cast::new(scanner, policy, progress, &gathered);
    source.feed(&|| Box::new(Hand { cast: &cast, outcome: Outcome::default(), pending: Vec::new() }))?;
    let mut outcome = gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcome.unused = policy.unused(&outcome.allowed);
    outcome.sort();
    Ok(outcome)
}

/// How many findings of one blob get a code frame. A file with more is a dump of keys, and nobody reads them one by one.
const MAX_FRAMES: usize = 200;

/// What all hands share.
struct Cast<'a> {
    scanner: &'a Scanner,
    policy: &'a Policy,
    progress: &'a Progress,
    gathered: &'a Mutex<Outcome>,
    /// For reports, by index of the rule and of the pair.
    rules: Vec<RuleInfo>,
    pairs: Vec<RuleInfo>,
}

impl<'a> Cast<'a> {
    fn new(scanner: &'a Scanner, policy: &'a Policy, progress: &'a Progress, gathered: &'a Mutex<Outcome>) -> Self {
        let info = |id: &Arc<str>, description: &str, help: &Option<String>| RuleInfo {
            id: id.clone(),
            description: Arc::from(description),
            help: help.as_deref().map(Arc::from),
        };
        let of_rule = |rule: &Rule| info(&rule.id, &rule.description, &rule.help);
        let of_pair = |pair: &PairRule| info(&pair.id, &pair.description, &pair.help);
        let set = scanner.rules();
        let rules = set.rules.iter().map(of_rule).collect();
        let pairs = set.pairs.iter().map(of_pair).collect();
        Self { scanner, policy, progress, gathered, rules, pairs }
    }
}

/// One thread's worker.
struct Hand<'a> {
    cast: &'a Cast<'a>,
    outcome: Outcome,
    /// Matches of the parts of the blob that is being fed.
    pending: Vec<Sighting>,
}

/// A match with its surroundings, taken while its bytes are at hand.
struct Sighting {
    found: Match,
    place: Place,
    line: Vec<u8>,
    before: Vec<u8>,
}

impl Worker for Hand<'_> {
    fn blob(&mut self, blob: Blob<'_>) {
        let matches = self.cast.scanner.scan(blob.bytes);
        if !matches.is_empty() {
            self.sight(&blob, matches);
        }
        if !matches!(blob.origin, Origin::Name { .. }) {
            self.count(&blob);
        }
        if blob.part.last && !self.pending.is_empty() {
            let sightings = std::mem::take(&mut self.pending);
            self.conclude(&blob.origin, sightings, blob.fresh);
        }
    }

    fn skip(&mut self, skip: Skip) {
        self.pending.clear();
        self.outcome.skipped.push(skip);
    }

    fn left_out(&mut self, entries: u64) {
        self.outcome.totals.left_out += entries;
    }
}

impl Hand<'_> {
    fn count(&mut self, blob: &Blob<'_>) {
        let bytes = blob.part.own.len().min(blob.bytes.len()) as u64;
        self.outcome.totals.bytes += bytes;
        self.cast.progress.bytes.fetch_add(bytes, Ordering::Relaxed);
        if blob.part.last {
            self.outcome.totals.blobs += 1;
            self.cast.progress.blobs.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn sight(&mut self, blob: &Blob<'_>, matches: Vec<Match>) {
        let text = blob.bytes;
        let index = LineIndex::new(text);
        let secrets: Vec<Span> = matches.iter().map(|found| found.span).collect();
        for mut found in matches {
            if !blob.part.own.contains(&found.span.start) {
                continue;
            }
            let locate = |offset: usize| {
                let local = index.locate(offset);
                Location { line: local.line + blob.part.lines, column: local.column }
            };
            let mut frame = match self.pending.len() < MAX_FRAMES {
                true => Frame::new(text, &index, found.span, &secrets),
                false => Frame::default(),
            };
            frame.lines.iter_mut().for_each(|line| line.number += blob.part.lines);
            let line = index.line_of(found.span.start);
            let text_of = |line: usize| -> Vec<u8> {
                // A marker in UTF-16 is a marker.
                index.span(line).of(text).iter().copied().filter(|byte| *byte != 0).collect()
            };
            let place =
                Place { start: locate(found.span.start), end: locate(found.span.end), frame, encoding: found.encoding };
            let before = line.checked_sub(1).map(text_of).unwrap_or_default();
            found.span = found.span.shift(blob.part.offset);
            self.pending.push(Sighting { line: text_of(line), before, found, place });
        }
    }

    fn conclude(&mut self, origin: &Origin, sightings: Vec<Sighting>, fresh: Fresh<'_>) {
        let fresh = match fresh {
            Fresh::All => None,
            Fresh::Lazy(ask) => ask(),
        };
        let is_fresh = |span: Span| fresh.as_ref().is_none_or(|spans| any_overlaps(spans, span));
        let (sightings, matches): (Vec<_>, Vec<_>) =
            sightings.into_iter().map(|Sighting { found, place, line, before }| ((place, line, before), found)).unzip();
        let pairings = pair_up(self.cast.scanner.rules(), &matches);
        let mut paired = vec![false; matches.len()];
        for pairing in &pairings {
            (paired[pairing.first], paired[pairing.second]) = (true, true);
            let (first, second) = (&matches[pairing.first], &matches[pairing.second]);
            if is_fresh(first.span) || is_fresh(second.span) {
                let places = (&sightings[pairing.first].0, &sightings[pairing.second].0);
                let finding = self.pair_finding(origin, *pairing, (first, second), places);
                let (_, line, before) = &sightings[pairing.second];
                let marked = self.judge(finding, Nearby { line, before });
                // A marker means its own line: the half on another line still has to answer for itself.
                let (place, line, before) = &sightings[pairing.first];
                if marked && is_fresh(first.span) && place.start.line != places.1.start.line {
                    let half = self.finding(origin, first.clone(), place.clone());
                    self.judge(half, Nearby { line, before });
                }
            }
        }
        for (index, (found, (place, line, before))) in matches.into_iter().zip(sightings).enumerate() {
            if !paired[index] && is_fresh(found.span) {
                let finding = self.finding(origin, found, place);
                self.judge(finding, Nearby { line: &line, before: &before });
            }
        }
    }

    fn finding(&self, origin: &Origin, found: Match, place: Place) -> Finding {
        let rule = self.cast.rules[found.rule].clone();
        Finding {
            fingerprint: Fingerprint::new(&rule.id, found.value.reveal()),
            rule,
            confidence: found.confidence,
            origin: origin.clone(),
            place,
            secret: found.value,
            details: found.details,
            partner: None,
            blocking: false,
        }
    }

    fn pair_finding(
        &self,
        origin: &Origin,
        pairing: Pairing,
        (first, second): (&Match, &Match),
        (first_place, second_place): (&Place, &Place),
    ) -> Finding {
        let rule = self.cast.pairs[pairing.rule].clone();
        let value = [first.value.reveal(), b"\n", second.value.reveal()].concat();
        let mut details = first.details.clone();
        details.extend(second.details.iter().cloned());
        Finding {
            fingerprint: Fingerprint::new(&rule.id, &value),
            rule,
            confidence: self.cast.scanner.rules().pairs[pairing.rule].confidence,
            origin: origin.clone(),
            place: second_place.clone(),
            secret: second.value.clone(),
            details,
            partner: Some(Partner {
                rule: self.cast.rules[first.rule].clone(),
                place: first_place.clone(),
                secret: first.value.clone(),
            }),
            blocking: false,
        }
    }

    /// Takes a finding in as the policy says; whether a marker lets it pass.
    fn judge(&mut self, mut finding: Finding, nearby: Nearby<'_>) -> bool {
        let judgement = self.cast.policy.judge(&finding, nearby);
        let marked = matches!(judgement, Judgement::Allow(Exception::Marker { .. }));
        match judgement {
            Judgement::Ignore => {}
            Judgement::Report { blocks } => {
                finding.blocking = blocks;
                self.outcome.findings.push(finding);
            }
            Judgement::Allow(by) => self.outcome.allowed.push(Allowed { finding, by }),
        }
        marked
    }
}

/// Whether one of `spans`, which are in order and apart, overlaps `span`.
fn any_overlaps(spans: &[Span], span: Span) -> bool {
    let first = spans.partition_point(|new| new.end <= span.start);
    spans.get(first).is_some_and(|new| new.overlaps(span))
}

/// A thread's share joins the rest when the thread is done.
impl Drop for Hand<'_> {
    fn drop(&mut self) {
        let mut all = self.cast.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        all.findings.append(&mut self.outcome.findings);
        all.allowed.append(&mut self.outcome.allowed);
        all.skipped.append(&mut self.outcome.skipped);
        let (sum, share) = (&mut all.totals, self.outcome.totals);
        sum.blobs += share.blobs;
        sum.bytes += share.bytes;
        sum.left_out += share.left_out;
    }
}
