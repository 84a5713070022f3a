//! Runs a scan: takes blobs from a source, scans them, applies the policy and collects sorted
//! results.
//!
//! `audit` reads objects in its own way and uses the same steps: [`OccurrenceBuilder`] from matches
//! to occurrences, and [`finish`] for the outcome.

mod build;
mod documentation;
mod keep;
mod locate;
mod novelty;
pub(crate) mod place;
mod progress;
mod publish;
mod version_cache;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Mutex, OnceLock, PoisonError};

use bstr::{BStr, BString, ByteSlice as _};

use crate::blob::{Blob, Origin, PreviousContent, Skip, SkipReason};
use crate::finding::{Allowed, AllowedBy, Finding, Occurrence, Outcome};
use crate::policy::{Judgement, Nearby, Policy};
use crate::rule::Confidence;
use crate::scan::Scanner;
use crate::secret::Fingerprint;
use crate::source::{Source, SourceError, Worker};

pub use build::{OccurrenceBuilder, OccurrenceInText};
use keep::Gathered;
pub use keep::Keep;
pub(crate) use keep::KeptCounts;
pub use locate::{Frames, LocatedMatch};
pub use progress::Progress;
use version_cache::{VersionCache, VersionKey};

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

/// What all workers share.
struct Shared<'a> {
    builder: OccurrenceBuilder<'a>,
    policy: &'a Policy,
    progress: &'a Progress,
    keep: Keep,
    versions: VersionCache,
    gathered: &'a Mutex<Gathered>,
    /// What the changes of a range have, for when their result is fed.
    found: OnceLock<FoundInChanges>,
}

/// The secrets that changes have: each with its confidence, whether it is allowed, and the kind and
/// the path of its origin.
type FoundInChanges = HashSet<(Fingerprint, Confidence, bool, &'static str, BString)>;

impl Shared<'_> {
    /// Whether the changes that were judged before have the occurrence from `origin`.
    fn has_found(&self, occurrence: &Occurrence, origin: &Origin, is_allowed: bool) -> bool {
        let key = |fingerprint, confidence, is_allowed, origin: &Origin| {
            let path = origin.path().to_owned();
            (fingerprint, confidence, is_allowed, origin.kind(), path)
        };
        let found = self.found.get_or_init(|| {
            let gathered = self.gathered.lock();
            let gathered = gathered.unwrap_or_else(PoisonError::into_inner);
            let Outcome {
                findings, allowed, ..
            } = &gathered.outcome;
            let findings = findings.iter().map(|finding| (finding, false));
            let allowed = allowed.iter().map(|allowed| (&allowed.finding, true));
            let all = findings.chain(allowed);
            all.map(|(found, is_allowed)| {
                key(
                    found.fingerprint,
                    found.confidence,
                    is_allowed,
                    &found.origin,
                )
            })
            .collect()
        });
        found.contains(&key(
            occurrence.fingerprint,
            occurrence.confidence,
            is_allowed,
            origin,
        ))
    }
}

/// One thread's worker.
struct ScanWorker<'a> {
    shared: &'a Shared<'a>,
    gathered: Gathered,
    /// How many findings of the blob that is being judged, and of its copies, were kept, and how
    /// many were not.
    counts: KeptCounts,
    /// The blob that is being fed, if it has a match so far.
    open: Option<OpenBlob>,
    /// Whether the blob that is being judged is in the result of changes that were judged before.
    is_result: bool,
    /// The bytes of the last blob.
    bytes: u64,
    /// The last blob, if it has a match.
    last: Option<LastBlob>,
}

/// A blob that was fed, and that may be fed again from other places.
struct LastBlob {
    /// Its first path.
    path: BString,
    located: Vec<LocatedMatch>,
    /// How many matches were judged in its copies.
    judged: usize,
}

/// How many matches are judged in the copies of a blob.
const MAX_JUDGED: usize = 4 << 20;

/// A blob that is being fed.
struct OpenBlob {
    origin: Origin,
    /// The matches in its parts so far.
    located: Vec<LocatedMatch>,
    /// Identifies it if it is in one piece and replaces something.
    key: Option<VersionKey>,
}

impl OpenBlob {
    fn new(blob: &Blob<'_>) -> Self {
        let is_whole = blob.part.offset == 0 && blob.part.last;
        let replaces = is_whole && blob.previous.is_some();
        Self {
            origin: blob.origin.clone(),
            located: Vec::new(),
            key: replaces.then(|| VersionKey::new(blob.origin.path(), blob.bytes)),
        }
    }
}

impl<'a> ScanWorker<'a> {
    fn new(shared: &'a Shared<'a>) -> Self {
        Self {
            shared,
            gathered: Gathered::default(),
            counts: KeptCounts::new(shared.keep),
            open: None,
            is_result: false,
            bytes: 0,
            last: None,
        }
    }
}

impl Worker for ScanWorker<'_> {
    fn blob(&mut self, blob: Blob<'_>) {
        if blob.is_copy {
            return self.copy(&blob);
        }
        if blob.part.offset == 0 {
            self.end_copies();
        }
        let Shared {
            builder, progress, ..
        } = self.shared;
        let matches = builder.scanner.scan(blob.bytes);
        if !matches.is_empty() {
            progress.add_found(matches.len());
            let located = builder.locate(blob.bytes, &blob.part, matches, Frames::Build);
            let open = self.open.get_or_insert_with(|| OpenBlob::new(&blob));
            open.located.extend(located);
        }
        if !matches!(blob.origin, Origin::Name { .. }) {
            self.count(&blob);
        }
        if blob.part.last {
            self.finish_blob(blob.previous);
        }
    }

    fn skip(&mut self, skip: Skip) {
        // The parts that were read before reading failed count.
        self.finish_blob(None);
        self.gathered.outcome.skipped.push(skip);
    }

    fn left_out(&mut self, entries: u64) {
        self.gathered.outcome.totals.left_out += entries;
    }
}

impl ScanWorker<'_> {
    fn count(&mut self, blob: &Blob<'_>) {
        let mut bytes = blob.part.own.len().min(blob.bytes.len()) as u64;
        if blob.is_copy {
            bytes = self.bytes;
        } else {
            self.bytes += bytes;
        }
        self.gathered.outcome.totals.bytes += bytes;
        self.shared.progress.add_bytes(bytes);
        if blob.part.last {
            self.gathered.outcome.totals.blobs += 1;
            self.shared.progress.add_blob();
        }
    }

    /// Judges the matches of the last blob in a copy of it.
    fn copy(&mut self, blob: &Blob<'_>) {
        self.count(blob);
        let Some(mut last) = self.last.take() else {
            return;
        };
        last.judged += last.located.len();
        if last.judged <= MAX_JUDGED {
            // Whether more of what is only counted is new would cost more than finding it.
            let previous = blob.previous.filter(|_| !self.counts.is_full());
            self.judge_all(&blob.origin, &last.located, None, previous);
        } else if last.judged - last.located.len() <= MAX_JUDGED {
            self.gathered.outcome.skipped.push(Skip {
                path: blob.origin.path().to_owned(),
                reason: SkipReason::TooManyPaths,
            });
        }
        self.last = Some(last);
    }

    /// Ends the copies of the last blob: says what was not kept of it.
    fn end_copies(&mut self) {
        self.bytes = 0;
        if let Some(last) = self.last.take() {
            let skips = self.counts.finish(last.path.as_bstr());
            self.gathered.outcome.skipped.extend(skips);
        }
    }

    /// Judges the matches in the blob that ends here.
    fn finish_blob(&mut self, previous: Option<&dyn PreviousContent>) {
        let Some(open) = self.open.take() else {
            return;
        };
        let OpenBlob {
            origin,
            located,
            key,
        } = open;
        self.judge_all(&origin, &located, key, previous);
        self.last = Some(LastBlob {
            path: origin.path().to_owned(),
            located,
            judged: 0,
        });
    }

    /// Judges the matches in a blob from `origin`.
    fn judge_all(
        &mut self,
        origin: &Origin,
        located: &[LocatedMatch],
        key: Option<VersionKey>,
        previous: Option<&dyn PreviousContent>,
    ) {
        let Shared {
            builder,
            policy,
            versions,
            ..
        } = self.shared;
        let path = policy.path_of(origin);
        // Each path of a blob grades its matches anew.
        let located = match origin {
            Origin::Repository { .. } | Origin::CommitText { .. } | Origin::TagText { .. } => {
                Cow::Borrowed(located)
            }
            _ => place::graded(located, &path, |rule| builder.rule_id(rule)),
        };
        let located = &*located;
        let judge = novelty::Judge {
            builder,
            policy,
            versions,
        };
        let new = novelty::NewVersion {
            path: &path,
            key,
            located,
        };
        let is_new = judge.novelty(previous, &new);
        self.is_result = previous.is_some_and(PreviousContent::is_result);
        for found in builder.occurrences_if(located, |index| is_new[index]) {
            let by_marker = self.judge(found.occurrence, origin, &path, &found.nearby);
            if by_marker && let Some(half) = found.first_half {
                self.judge(half.occurrence, origin, &path, &half.nearby);
            }
        }
        self.gathered.bound(self.shared.keep);
    }

    /// Records an occurrence as the policy judges it. Returns whether a marker allows it.
    fn judge(
        &mut self,
        occurrence: Occurrence,
        origin: &Origin,
        path: &BStr,
        nearby: &Nearby,
    ) -> bool {
        // Git removes comment lines from a message that is edited, and a marker with them.
        let nearby = match origin {
            Origin::CommitMessage { .. } => &nearby.own_line(),
            _ => nearby,
        };
        let judgement = self.shared.policy.judge(&occurrence, path, nearby);
        let by_marker = matches!(judgement, Judgement::Allow(AllowedBy::Marker { .. }));
        let allowed = match &judgement {
            Judgement::Ignore => return false,
            Judgement::Report { .. } => None,
            Judgement::Allow(by) => Some(by),
        };
        if self.is_result
            && self
                .shared
                .has_found(&occurrence, origin, allowed.is_some())
        {
            return by_marker;
        }
        if !self.counts.take(&occurrence, allowed) {
            return by_marker;
        }
        let mut finding = Finding::new(occurrence, origin.clone());
        match judgement {
            Judgement::Ignore => {}
            Judgement::Report { blocks } => {
                finding.blocking = blocks;
                self.gathered.outcome.findings.push(finding);
            }
            Judgement::Allow(by) => {
                let allowed = Allowed { finding, by };
                self.gathered.outcome.allowed.push(allowed);
            }
        }
        by_marker
    }
}

/// A worker has no other end than its drop: the source decides when its threads are done.
impl Drop for ScanWorker<'_> {
    fn drop(&mut self) {
        self.end_copies();
        let mut all = self
            .shared
            .gathered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.merge(std::mem::take(&mut self.gathered), self.shared.keep);
    }
}
