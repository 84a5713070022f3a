//! Runs a scan: takes blobs from a source, scans them, applies the policy and collects sorted
//! results.
//!
//! `audit` reads objects in its own way and uses the same steps: [`OccurrenceBuilder`] from matches
//! to occurrences, and [`finish`] for the outcome.

mod build;
mod documentation;
mod encrypted;
mod entries;
mod keep;
mod locate;
mod novelty;
pub(crate) mod place;
mod progress;
mod publish;
mod version_cache;
mod worker;

use std::sync::{Mutex, OnceLock, PoisonError};

use crate::finding::Outcome;
use crate::policy::Policy;
use crate::scan::Scanner;
use crate::source::{Source, SourceError};

pub use build::{OccurrenceBuilder, OccurrenceInText};
pub use entries::{BlobScanner, ScannedBlob, Unsearched};
use keep::Gathered;
pub use keep::Keep;
pub(crate) use keep::KeptCounts;
pub use locate::{Frames, LocatedMatch};
pub use progress::Progress;
use version_cache::VersionCache;
use worker::{ScanWorker, Shared};

/// Scans all that `source` feeds, and keeps as many of the findings as `keep` says.
///
/// # Errors
/// If the source cannot feed anything. What concerns single blobs is among the outcome's skips.
pub fn run(
    source: &dyn Source,
    scanner: &Scanner,
    policy: &Policy,
    progress: &Progress,
    keep: Keep,
) -> Result<Outcome, SourceError> {
    let gathered = Mutex::new(Gathered::default());
    let shared = Shared {
        builder: OccurrenceBuilder::new(scanner),
        policy,
        progress,
        keep,
        versions: VersionCache::default(),
        gathered: &gathered,
        found: OnceLock::new(),
    };
    source.feed(&|| Box::new(ScanWorker::new(&shared)))?;
    let mut outcome = gathered
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .finish(keep);
    finish(&mut outcome, policy, scanner);
    Ok(outcome)
}

/// Completes an outcome to which nothing will be added: lists unused entries, sorts, masks secrets
/// in what is skipped, and chooses the fingerprints that reports show.
pub fn finish(outcome: &mut Outcome, policy: &Policy, scanner: &Scanner) {
    publish::mask_skips(outcome, scanner);
    outcome.unused = policy.unused(outcome);
    outcome.sort();
    publish::set_public_fingerprints(outcome, policy);
}
