//! Feeds what every commit of a range brings: against all of its parents, so that a merge brings
//! only what it changes itself.
//!
//! A secret that is added and removed again within the range is found, because it stays in the
//! history. One that a commit of the range brings, and that comes back at the same path in a later
//! one, or moves, is reported once, on the first. One that comes back from before the range is new:
//! readers of the range's result could not read it before. A merge with an old commit of the base
//! can bring it back as well, so what such a range results in is fed at last, against its merge
//! bases alone.

use std::iter;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bstr::BString;

use super::changes::{ChangeFeeder, ChangeSet, RangeChanges};
use super::names::is_searched_name;
use super::removed::{Parent, ParentDiff};
use super::{Source, SourceError, WORTH_THREADS, Worker, Workers, each_in_pool};
use crate::blob::{Blob, CommitInfo, Origin, Skip};
use crate::git::commit::{commit_info, tag_name};
use crate::git::diff::Candidate;
use crate::git::diff::trees::{Difference, not_in};
use crate::git::range::{Commit, History};
use crate::git::{LocalRepository, ObjectId, ObjectKind, ReadError, Repository, read_kind};

/// The commits of a range, and the tags and refs that lead to them.
pub struct Range {
    /// The repository.
    pub repo: Repository,
    /// The full names of the refs that bring them.
    pub names: Vec<BString>,
    /// The commits.
    pub history: History,
    /// Blobs larger than this, in bytes, are skipped.
    pub max_size: Option<u64>,
    /// How many threads scan.
    pub jobs: usize,
}

/// Memory of each thread for the trees, and again for the delta bases, that one commit shares with
/// the next, in bytes.
const OBJECT_CACHE: usize = 8 << 20;

/// From how many parents a file can have moved: each needs a list of what it had.
const MAX_PARENTS: usize = 16;

/// How many blobs of one commit are fed in one go.
const CHUNK: usize = 32;

impl Source for Range {
    fn feed<'w>(&self, workers: Workers<'w, '_>) -> Result<(), SourceError> {
        let mut reader = self.reader(workers);
        for name in self.names.iter().filter(|name| is_searched_name(name)) {
            let origin = Origin::Name {
                path: name.clone(),
                commit: None,
            };
            reader.worker.blob(Blob::whole(name, origin));
        }
        for &tag in &self.history.tags {
            reader.tag(tag);
        }
        let sets = self.change_sets(&mut reader, workers);
        self.feed_sets(&sets, false, reader, workers);
        let budget = RangeBudget::new(self.history.results.len());
        for result in &self.history.results {
            // Made after the others were dropped.
            let mut reader = self.reader(workers);
            let set = reader.result(result, &budget);
            self.feed_sets(&[set], true, reader, workers);
        }
        Ok(())
    }
}

/// Some blobs of the commit of this number.
struct Chunk<'s> {
    number: usize,
    set: &'s ChangeSet,
    /// Whether it is the first of its commit, with which the names are fed.
    has_names: bool,
    /// Those with the same content are next to each other, and all in one chunk.
    candidates: Vec<&'s Candidate>,
}

impl Chunk<'_> {
    fn feed(&self, feeder: &ChangeFeeder<'_, '_>, worker: &mut dyn Worker) {
        if self.has_names {
            feeder.names(worker);
        }
        for copies in self.candidates.chunk_by(|a, b| a.entry == b.entry) {
            feeder.content(copies, worker);
        }
    }
}

fn chunks((number, set): (usize, &ChangeSet)) -> Vec<Chunk<'_>> {
    let mut chunks: Vec<Chunk<'_>> = Vec::new();
    let mut room = 0;
    for copies in set.by_content().chunk_by(|a, b| a.entry == b.entry) {
        if room == 0 {
            room = CHUNK;
            chunks.push(Chunk {
                number,
                set,
                has_names: chunks.is_empty(),
                candidates: Vec::new(),
            });
        }
        room -= 1;
        if let Some(chunk) = chunks.last_mut() {
            chunk.candidates.extend(copies);
        }
    }
    chunks
}

impl Range {
    fn reader<'w>(&self, workers: Workers<'w, '_>) -> Reader<'w> {
        let mut repo = self.repo.local();
        repo.set_cache(OBJECT_CACHE);
        Reader {
            repo,
            worker: workers(),
        }
    }

    /// Feeds what the commits of a range bring, or what it results in.
    fn feed_sets<'w>(
        &self,
        sets: &[Option<ChangeSet>],
        is_result: bool,
        mut reader: Reader<'w>,
        workers: Workers<'w, '_>,
    ) {
        let changes = RangeChanges::new(sets);
        let chunks: Vec<_> = changes.numbered().flat_map(chunks).collect();
        let feed = |reader: &mut Reader<'w>, chunk: &Chunk<'_>| {
            let feeder = ChangeFeeder {
                repo: &reader.repo,
                max_size: self.max_size,
                set: chunk.set,
                range: (!is_result).then_some((&changes, chunk.number)),
                is_result,
            };
            chunk.feed(&feeder, reader.worker.as_mut());
        };
        let candidates: usize = chunks.iter().map(|chunk| chunk.candidates.len()).sum();
        if self.jobs < 2 || candidates < WORTH_THREADS {
            chunks.iter().for_each(|chunk| feed(&mut reader, chunk));
        } else {
            each_in_pool(self.jobs, &chunks, || self.reader(workers), feed);
        }
    }

    /// What each commit brings, in their order.
    fn change_sets<'w>(
        &self,
        reader: &mut Reader<'w>,
        workers: Workers<'w, '_>,
    ) -> Vec<Option<ChangeSet>> {
        let commits = &self.history.commits;
        let budget = RangeBudget::new(commits.len());
        if self.jobs < 2 || commits.len() < WORTH_THREADS {
            let sets = commits.iter();
            let sets = sets.map(|commit| reader.commit(commit, &budget)).collect();
            return budget.within(sets, commits, reader);
        }
        let sets: Mutex<Vec<_>> =
            Mutex::new(iter::repeat_with(|| None).take(commits.len()).collect());
        let numbered: Vec<_> = commits.iter().enumerate().collect();
        each_in_pool(
            self.jobs,
            &numbered,
            || self.reader(workers),
            |reader, (number, commit)| {
                let set = reader.commit(commit, &budget);
                sets.lock().unwrap_or_else(PoisonError::into_inner)[*number] = set;
            },
        );
        let sets = sets.into_inner().unwrap_or_else(PoisonError::into_inner);
        budget.within(sets, commits, reader)
    }
}

/// Bounds the memory of the changed paths of all commits, which are listed before any is scanned: a
/// commit of a few bytes can bring back a large tree that an earlier one removed.
struct RangeBudget {
    limit: usize,
    used: AtomicUsize,
}

/// How much the changed paths of a range may take, in bytes, and how much more for each commit.
const MAX_PATHS: usize = 1 << 30;
const MORE_PATHS: usize = 16 << 10;

impl RangeBudget {
    const fn new(commits: usize) -> Self {
        Self {
            limit: MAX_PATHS.saturating_add(commits.saturating_mul(MORE_PATHS)),
            used: AtomicUsize::new(0),
        }
    }

    fn add(&self, set: &ChangeSet) {
        self.used.fetch_add(set.cost, Ordering::Relaxed);
    }

    fn is_full(&self) -> bool {
        self.used.load(Ordering::Relaxed) > self.limit
    }

    /// Leaves out the sets after the limit. Threads take the commits in order, so one that saw the
    /// limit passed is after it here as well: the result is the same with any number of threads.
    fn within(
        &self,
        mut sets: Vec<Option<ChangeSet>>,
        commits: &[Commit],
        reader: &mut Reader<'_>,
    ) -> Vec<Option<ChangeSet>> {
        let mut used = 0_usize;
        for (set, commit) in sets.iter_mut().zip(commits) {
            if used > self.limit && set.take().is_some() {
                reader.skip(commit.id, ReadError::TooManyPaths);
            }
            used += set.as_ref().map_or(0, |set| set.cost);
        }
        sets
    }
}

/// What a thread reads with, and feeds to.
struct Reader<'w> {
    repo: LocalRepository,
    worker: Box<dyn Worker + 'w>,
}

impl Reader<'_> {
    /// What `commit` brings; its own text is fed right away. What cannot be read of it is skipped,
    /// and that says why; `None` if it is the commit itself.
    fn commit(&mut self, commit: &Commit, budget: &RangeBudget) -> Option<ChangeSet> {
        match self.change_set(commit, budget) {
            Ok(set) => {
                budget.add(&set);
                Some(set)
            }
            Err(error) => {
                self.skip(commit.id, error);
                None
            }
        }
    }

    fn change_set(
        &mut self,
        commit: &Commit,
        budget: &RangeBudget,
    ) -> Result<ChangeSet, ReadError> {
        let text = read_kind(&self.repo, commit.id, ObjectKind::Commit, None)?;
        let info = Arc::new(commit_info(commit.id, &text));
        let origin = Origin::CommitText {
            commit: info.clone(),
        };
        self.worker.blob(Blob::whole(&text, origin));
        if budget.is_full() {
            return Err(ReadError::TooManyPaths);
        }
        Ok(self.compare(commit, info))
    }

    /// What a tip brings to its merge bases.
    fn result(&mut self, result: &Commit, budget: &RangeBudget) -> Option<ChangeSet> {
        let text = read_kind(&self.repo, result.id, ObjectKind::Commit, None);
        match text {
            Ok(_) if budget.is_full() => self.skip(result.id, ReadError::TooManyPaths),
            Ok(text) => {
                let set = self.compare(result, Arc::new(commit_info(result.id, &text)));
                budget.add(&set);
                return Some(set);
            }
            Err(error) => self.skip(result.id, error),
        }
        None
    }

    /// Compares a commit with its parents.
    fn compare(&mut self, commit: &Commit, info: Arc<CommitInfo>) -> ChangeSet {
        // The first commit has nothing before it, as if its parent were empty.
        let trees: Vec<_> = match commit.parents.as_slice() {
            [] => vec![None],
            parents => parents.iter().map(|(_, tree)| Some(*tree)).collect(),
        };
        let Difference {
            found,
            unread,
            cost,
        } = not_in(&self.repo, commit.tree, &trees);
        for (directory, error) in unread {
            let separator: &[u8] = if directory.is_empty() { b"" } else { b":" };
            let commit = commit.id.to_string();
            self.worker.skip(Skip {
                path: [commit.as_bytes(), separator, &directory].concat().into(),
                reason: error.into(),
            });
        }
        let new = commit.tree;
        // What more parents had is not searched for what moved, so more is reported, not less.
        let parents = trees.into_iter().enumerate().map(|(number, old)| {
            let old = old.filter(|_| number < MAX_PARENTS);
            Parent::new(ParentDiff::Trees { old, new })
        });
        ChangeSet {
            commit: Some(info),
            candidates: found,
            parents: parents.collect(),
            cost,
        }
    }

    fn tag(&mut self, id: ObjectId) {
        match read_kind(&self.repo, id, ObjectKind::Tag, None) {
            Ok(text) => {
                let origin = Origin::TagText {
                    name: tag_name(&text),
                    id: id.to_string(),
                };
                self.worker.blob(Blob::whole(&text, origin));
            }
            Err(error) => self.skip(id, error),
        }
    }

    fn skip(&mut self, id: ObjectId, error: ReadError) {
        self.worker.skip(Skip {
            path: id.to_string().into(),
            reason: error.into(),
        });
    }
}
