//! The conductor: has a source feed its blobs, scans them, judges what is found and gathers it in
//! order.

mod build;
mod locate;
mod novelty;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::blob::{Blob, Origin, PreviousContent, Skip};
use crate::finding::{Allowed, AllowedBy, Finding, Outcome};
use crate::policy::{Judgement, Nearby, Policy};
use crate::scan::Scanner;
use crate::source::{Source, SourceError, Worker};

pub use build::FindingBuilder;
pub use locate::LocatedMatch;

/// How far a run has come; may be read while it goes on.
#[derive(Debug, Default)]
pub struct Progress {
    /// Blobs scanned.
    pub blobs: AtomicU64,
    /// Bytes in them.
    pub bytes: AtomicU64,
    /// How many blobs there are; 0 where nobody knows.
    pub expected: AtomicU64,
    /// Places where something was found, before anybody judged it.
    pub found: AtomicU64,
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
    let shared = Shared {
        builder: FindingBuilder::new(scanner),
        policy,
        progress,
        gathered: &gathered,
    };
    source.feed(&|| Box::new(ScanWorker::new(&shared)))?;
    let mut outcome = gathered
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    outcome.unused = policy.unused(&outcome);
    outcome.sort();
    Ok(outcome)
}

/// What all workers share.
struct Shared<'a> {
    builder: FindingBuilder<'a>,
    policy: &'a Policy,
    progress: &'a Progress,
    gathered: &'a Mutex<Outcome>,
}

/// One thread's worker.
struct ScanWorker<'a> {
    shared: &'a Shared<'a>,
    outcome: Outcome,
    /// What was seen in the parts so far of the blob that is being fed, and where that comes from.
    open: Option<(Origin, Vec<LocatedMatch>)>,
}

impl<'a> ScanWorker<'a> {
    fn new(shared: &'a Shared<'a>) -> Self {
        Self {
            shared,
            outcome: Outcome::default(),
            open: None,
        }
    }
}

impl Worker for ScanWorker<'_> {
    fn blob(&mut self, blob: Blob<'_>) {
        let matches = self.shared.builder.scanner.scan(blob.bytes);
        if !matches.is_empty() {
            self.shared
                .progress
                .found
                .fetch_add(matches.len() as u64, Ordering::Relaxed);
            let located = self.shared.builder.sight(blob.bytes, &blob.part, matches);
            self.open
                .get_or_insert_with(|| (blob.origin.clone(), Vec::new()))
                .1
                .extend(located);
        }
        if !matches!(blob.origin, Origin::Name { .. }) {
            self.count(&blob);
        }
        if blob.part.last {
            self.conclude(blob.previous);
        }
    }

    fn skip(&mut self, skip: Skip) {
        // What was read before reading failed was read.
        self.conclude(None);
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
        self.shared
            .progress
            .bytes
            .fetch_add(bytes, Ordering::Relaxed);
        if blob.part.last {
            self.outcome.totals.blobs += 1;
            self.shared.progress.blobs.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Judges what was seen in the blob that ends here.
    fn conclude(&mut self, previous: Option<&dyn PreviousContent>) {
        let Some((origin, located)) = self.open.take() else {
            return;
        };
        let Shared {
            builder, policy, ..
        } = self.shared;
        let news = novelty::novelty(builder.scanner, previous, &located);
        builder.conclude(&origin, &located, &news, |finding, nearby| {
            judge(&mut self.outcome, policy, finding, nearby)
        });
    }
}

/// Takes a finding into `outcome` as the policy says; whether a marker lets it pass.
fn judge(outcome: &mut Outcome, policy: &Policy, mut finding: Finding, nearby: Nearby<'_>) -> bool {
    let judgement = policy.judge(&finding, nearby);
    let marked = matches!(judgement, Judgement::Allow(AllowedBy::Marker { .. }));
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
        let mut all = self
            .shared
            .gathered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.findings.append(&mut self.outcome.findings);
        all.allowed.append(&mut self.outcome.allowed);
        all.skipped.append(&mut self.outcome.skipped);
        let (sum, share) = (&mut all.totals, self.outcome.totals);
        sum.blobs += share.blobs;
        sum.bytes += share.bytes;
        sum.left_out += share.left_out;
    }
}
