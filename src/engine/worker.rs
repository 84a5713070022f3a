//! Takes the blobs that a source feeds to one thread, and judges what is found in them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Mutex, OnceLock, PoisonError};

use bstr::{BStr, BString, ByteSlice as _};

use super::build::OccurrenceBuilder;
use super::entries::{BlobScanner, ScannedBlob};
use super::keep::{Gathered, Keep, KeptCounts};
use super::locate::Frames;
use super::progress::Progress;
use super::version_cache::{VersionCache, VersionKey};
use super::{encrypted, novelty, place};
use crate::blob::{Blob, Origin, PreviousContent, Skip, SkipReason};
use crate::finding::{Allowed, AllowedBy, Finding, Occurrence, Outcome};
use crate::policy::{Judgement, Nearby, Policy};
use crate::rule::Confidence;
use crate::secret::Fingerprint;
use crate::source::Worker;

/// What all workers share.
pub(super) struct Shared<'a> {
    pub(super) builder: OccurrenceBuilder<'a>,
    pub(super) policy: &'a Policy,
    pub(super) progress: &'a Progress,
    pub(super) keep: Keep,
    pub(super) versions: VersionCache,
    pub(super) gathered: &'a Mutex<Gathered>,
    /// What the changes of a range have, for when their result is fed.
    pub(super) found: OnceLock<FoundInChanges>,
}

/// The secrets that changes have: each with its confidence, whether it is allowed, and the kind and
/// the path of its origin.
pub(super) type FoundInChanges = HashSet<(Fingerprint, Confidence, bool, &'static str, BString)>;

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
pub(super) struct ScanWorker<'a> {
    shared: &'a Shared<'a>,
    scanner: BlobScanner<'a>,
    gathered: Gathered,
    /// How many findings of the blob that is being judged, and of its copies, were kept, and how
    /// many were not.
    counts: KeptCounts,
    /// The blob that is being fed, if something was found in it so far.
    open: Option<OpenBlob>,
    /// What was found in it so far.
    scanned: ScannedBlob,
    /// Whether the last blob is plain text, and may have to be encrypted.
    is_plain_text: bool,
    /// Whether the blob that is being judged is in the result of changes that were judged before.
    is_result: bool,
    /// The bytes of the last blob.
    bytes: u64,
    /// The last blob, if something was found in it.
    last: Option<LastBlob>,
}

/// A blob that was fed, and that may be fed again from other places.
struct LastBlob {
    /// Its first path.
    path: BString,
    scanned: ScannedBlob,
    /// How many matches were judged in its copies.
    judged: usize,
}

/// How many matches are judged in the copies of a blob.
const MAX_JUDGED: usize = 4 << 20;

/// A blob that is being fed.
struct OpenBlob {
    origin: Origin,
    /// Identifies it if it is in one piece and replaces something.
    key: Option<VersionKey>,
}

impl OpenBlob {
    fn new(blob: &Blob<'_>) -> Self {
        let is_whole = blob.part.offset == 0 && blob.part.last;
        let replaces = is_whole && blob.previous.is_some();
        Self {
            origin: blob.origin.clone(),
            key: replaces.then(|| VersionKey::new(blob.origin.path(), blob.bytes)),
        }
    }
}

impl<'a> ScanWorker<'a> {
    pub(super) fn new(shared: &'a Shared<'a>) -> Self {
        Self {
            shared,
            scanner: BlobScanner::new(&shared.builder, Frames::Build),
            gathered: Gathered::default(),
            counts: KeptCounts::new(shared.keep),
            open: None,
            scanned: ScannedBlob::default(),
            is_plain_text: false,
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
            self.is_plain_text = false;
        }
        let before = self.scanned.located.len();
        let is_name = matches!(blob.origin, Origin::Name { .. });
        if is_name {
            let builder = &self.shared.builder;
            let located = builder.scan_part(blob.bytes, &blob.part, Frames::Build);
            self.scanned.located.extend(located);
        } else {
            self.scanner.scan(blob.bytes, &blob.part, &mut self.scanned);
        }
        if !self.scanned.is_empty() {
            let new = self.scanned.located.len().saturating_sub(before);
            self.shared.progress.add_found(new);
            self.open.get_or_insert_with(|| OpenBlob::new(&blob));
        }
        if !is_name {
            self.count(&blob);
        }
        if blob.part.last {
            self.is_plain_text = encrypted::is_plain_text(&blob, self.shared.policy);
            if self.is_plain_text {
                let (origin, key) = (blob.origin.clone(), None);
                self.open.get_or_insert(OpenBlob { origin, key });
            }
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
        let more = last.scanned.located.len() + last.scanned.unsearched.len();
        last.judged += more;
        if last.judged <= MAX_JUDGED {
            // Whether more of what is only counted is new would cost more than finding it.
            let previous = blob.previous.filter(|_| !self.counts.is_full());
            self.judge_all(&blob.origin, &last.scanned, None, previous);
        } else if last.judged - more <= MAX_JUDGED {
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
        let mut scanned = std::mem::take(&mut self.scanned);
        let OpenBlob { origin, key } = open;
        self.judge_all(&origin, &scanned, key, previous);
        // One reason is enough for each of thousands of copies.
        scanned.unsearched.truncate(1);
        self.last = Some(LastBlob {
            path: origin.path().to_owned(),
            scanned,
            judged: 0,
        });
    }

    /// Judges what was found in a blob from `origin`.
    fn judge_all(
        &mut self,
        origin: &Origin,
        scanned: &ScannedBlob,
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
        let unsearched = scanned.unsearched.iter();
        let skips = unsearched.map(|found| found.skip(policy, origin.path(), [&*path]));
        self.gathered.outcome.skipped.extend(skips);
        let located = &*scanned.located;
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
        if self.is_plain_text
            && policy.must_be_encrypted(&path)
            && !encrypted::was_plain_text(previous, origin.path())
        {
            // All of the file is meant, so no line with a marker can be about it.
            let found = encrypted::occurrence(&path);
            self.judge(found, origin, &path, &Nearby::default());
        }
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
