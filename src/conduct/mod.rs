//! The conductor: has a source feed its blobs, scans them, judges what is found and gathers it in order.

mod news;
mod sighting;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::blob::{Blob, Fresh, Origin, Skip};
use crate::finding::{Allowed, Exception, Finding, Outcome, Partner, RuleInfo};
use crate::policy::{Judgement, Nearby, Policy};
use crate::rule::{PairRule, Rule};
use crate::scan::{Scanner, pair_up};
use crate::secret::Fingerprint;
use crate::source::{Source, SourceError, Worker};

use sighting::Sighting;

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
    let shared = Shared::new(scanner, policy, progress, &gathered);
    source.feed(&|| Box::new(ScanWorker::new(&shared)))?;
    let mut outcome = gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcome.unused = policy.unused(&outcome);
    outcome.sort();
    Ok(outcome)
}

/// What all workers share.
struct Shared<'a> {
    scanner: &'a Scanner,
    policy: &'a Policy,
    progress: &'a Progress,
    gathered: &'a Mutex<Outcome>,
    /// For reports, by index of the rule and of the pair.
    rules: Vec<RuleInfo>,
    pairs: Vec<RuleInfo>,
}

impl<'a> Shared<'a> {
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

    fn finding(&self, origin: &Origin, seen: &Sighting) -> Finding {
        let rule = self.rules[seen.found.rule].clone();
        Finding {
            fingerprint: Fingerprint::new(&rule.id, seen.found.value.reveal()),
            rule,
            confidence: seen.found.confidence,
            origin: origin.clone(),
            place: seen.place.clone(),
            secret: seen.found.value.clone(),
            details: seen.found.details.clone(),
            partner: None,
            blocking: false,
        }
    }

    fn pair_finding(&self, origin: &Origin, pair: usize, first: &Sighting, second: &Sighting) -> Finding {
        let rule = self.pairs[pair].clone();
        let value = [first.found.value.reveal(), b"\n", second.found.value.reveal()].concat();
        Finding {
            fingerprint: Fingerprint::new(&rule.id, &value),
            rule,
            confidence: self.scanner.rules().pairs[pair].confidence,
            details: [&first.found.details[..], &second.found.details].concat(),
            partner: Some(Partner {
                rule: self.rules[first.found.rule].clone(),
                place: first.place.clone(),
                secret: first.found.value.clone(),
            }),
            ..self.finding(origin, second)
        }
    }
}

/// One thread's worker.
struct ScanWorker<'a> {
    shared: &'a Shared<'a>,
    outcome: Outcome,
    /// What was seen in the parts so far of the blob that is being fed, and where that comes from.
    open: Option<(Origin, Vec<Sighting>)>,
}

impl<'a> ScanWorker<'a> {
    fn new(shared: &'a Shared<'a>) -> Self {
        Self { shared, outcome: Outcome::default(), open: None }
    }
}

impl Worker for ScanWorker<'_> {
    fn blob(&mut self, blob: Blob<'_>) {
        let matches = self.shared.scanner.scan(blob.bytes);
        if !matches.is_empty() {
            let sightings = sighting::take(blob.bytes, &blob.part, matches);
            self.open.get_or_insert_with(|| (blob.origin.clone(), Vec::new())).1.extend(sightings);
        }
        if !matches!(blob.origin, Origin::Name { .. }) {
            self.count(&blob);
        }
        if blob.part.last {
            self.conclude(blob.fresh);
        }
    }

    fn skip(&mut self, skip: Skip) {
        // What was read before reading failed was read.
        self.conclude(Fresh::All);
        self.outcome.skipped.push(skip);
    }

    fn left_out(&mut self, entries: u64) {
        self.outcome.totals.left_out += entries;
    }
}

impl ScanWorker<'_> {
    fn count(&mut self, blob: &Blob<'_>) {
        let bytes = blob.part.own.len().min(blob.bytes.len()) as u64;
        self.outcome.totals.bytes += bytes;
        self.shared.progress.bytes.fetch_add(bytes, Ordering::Relaxed);
        if blob.part.last {
            self.outcome.totals.blobs += 1;
            self.shared.progress.blobs.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Judges what was seen in the blob that ends here.
    fn conclude(&mut self, fresh: Fresh<'_>) {
        let Some((origin, sightings)) = self.open.take() else {
            return;
        };
        let shared = self.shared;
        let before = match fresh {
            Fresh::All => None,
            Fresh::Lazy(ask) => ask(),
        };
        let news = news::news(shared.scanner, before.as_ref(), &sightings);
        let pairings = pair_up(shared.scanner.rules(), sightings.iter().map(|seen| &seen.found));
        let mut paired = vec![false; sightings.len()];
        for pairing in pairings {
            (paired[pairing.first], paired[pairing.second]) = (true, true);
            if !news[pairing.first] && !news[pairing.second] {
                continue;
            }
            let (first, second) = (&sightings[pairing.first], &sightings[pairing.second]);
            let finding = shared.pair_finding(&origin, pairing.rule, first, second);
            let marked = judge(&mut self.outcome, shared.policy, finding, second.nearby());
            // A marker means its own line: the half on another line still has to answer for itself.
            if marked && news[pairing.first] && first.place.start.line != second.place.start.line {
                judge(&mut self.outcome, shared.policy, shared.finding(&origin, first), first.nearby());
            }
        }
        for (index, seen) in sightings.iter().enumerate() {
            if news[index] && !paired[index] {
                judge(&mut self.outcome, shared.policy, shared.finding(&origin, seen), seen.nearby());
            }
        }
    }
}

/// Takes a finding into `outcome` as the policy says; whether a marker lets it pass.
fn judge(outcome: &mut Outcome, policy: &Policy, mut finding: Finding, nearby: Nearby<'_>) -> bool {
    let judgement = policy.judge(&finding, nearby);
    let marked = matches!(judgement, Judgement::Allow(Exception::Marker { .. }));
    match judgement {
        Judgement::Ignore => {}
        Judgement::Report { blocks } => {
            finding.blocking = blocks;
            outcome.findings.push(finding);
        }
        Judgement::Allow(by) => outcome.allowed.push(Allowed { finding, by }),
    }
    marked
}

/// A thread's share joins the rest when the thread is done.
impl Drop for ScanWorker<'_> {
    fn drop(&mut self) {
        let mut all = self.shared.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        all.findings.append(&mut self.outcome.findings);
        all.allowed.append(&mut self.outcome.allowed);
        all.skipped.append(&mut self.outcome.skipped);
        let (sum, share) = (&mut all.totals, self.outcome.totals);
        sum.blobs += share.blobs;
        sum.bytes += share.bytes;
        sum.left_out += share.left_out;
    }
}
