//! Feeds what every commit of a range brings: against all of its parents, so that a merge brings
//! only what it changes itself.
//!
//! A secret that is added and removed again within the range is found, because it stays in the
//! history. One that a commit of the range brings, and that comes back at the same path in a later
//! one, or moves, is reported once, on the first. One that comes back from before the range is new:
//! readers of the range's result could not read it before.

use std::iter;
use std::ops::Range as Span;
use std::sync::{Arc, Mutex, PoisonError};

use bstr::BString;

use super::changes::{ChangeFeeder, ChangeSet, RangeChanges};
use super::names::is_searched_name;
use super::removed::{Parent, ParentDiff};
use super::{Source, SourceError, WORTH_THREADS, Worker, Workers, each_in_pool};
use crate::blob::{Blob, Origin, Skip};
use crate::git::commit::{commit_info, tag_name};
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
        let changes = RangeChanges::new(&sets);
        let chunks: Vec<_> = changes.numbered().flat_map(chunks).collect();
        let candidates: usize = sets.iter().flatten().map(|set| set.candidates.len()).sum();
        if self.jobs < 2 || candidates < WORTH_THREADS {
            chunks
                .iter()
                .for_each(|chunk| self.chunk(&mut reader, &changes, chunk));
        } else {
            each_in_pool(
                self.jobs,
                &chunks,
                || self.reader(workers),
                |reader, chunk| {
                    self.chunk(reader, &changes, chunk);
                },
            );
        }
        Ok(())
    }
}

/// Some blobs of the commit of this number.
struct Chunk<'s> {
    number: usize,
    set: &'s ChangeSet,
    candidates: Span<usize>,
}

fn chunks((number, set): (usize, &ChangeSet)) -> impl Iterator<Item = Chunk<'_>> {
    let len = set.candidates.len();
    (0..len).step_by(CHUNK).map(move |start| Chunk {
        number,
        set,
        candidates: start..len.min(start + CHUNK),
    })
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

    /// What each commit brings, in their order.
    fn change_sets<'w>(
        &self,
        reader: &mut Reader<'w>,
        workers: Workers<'w, '_>,
    ) -> Vec<Option<ChangeSet>> {
        let commits = &self.history.commits;
        if self.jobs < 2 || commits.len() < WORTH_THREADS {
            return commits.iter().map(|commit| reader.commit(commit)).collect();
        }
        let sets: Mutex<Vec<_>> =
            Mutex::new(iter::repeat_with(|| None).take(commits.len()).collect());
        let numbered: Vec<_> = commits.iter().enumerate().collect();
        each_in_pool(
            self.jobs,
            &numbered,
            || self.reader(workers),
            |reader, (number, commit)| {
                let set = reader.commit(commit);
                sets.lock().unwrap_or_else(PoisonError::into_inner)[*number] = set;
            },
        );
        sets.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn chunk(&self, reader: &mut Reader<'_>, changes: &RangeChanges<'_>, chunk: &Chunk<'_>) {
        let feeder = ChangeFeeder {
            repo: &reader.repo,
            max_size: self.max_size,
            set: chunk.set,
            range: Some((changes, chunk.number)),
        };
        if chunk.candidates.start == 0 {
            feeder.names(reader.worker.as_mut());
        }
        for candidate in &chunk.set.candidates[chunk.candidates.clone()] {
            feeder.content(candidate, reader.worker.as_mut());
        }
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
    fn commit(&mut self, commit: &Commit) -> Option<ChangeSet> {
        match self.change_set(commit) {
            Ok(set) => Some(set),
            Err(error) => {
                self.skip(commit.id, error);
                None
            }
        }
    }

    fn change_set(&mut self, commit: &Commit) -> Result<ChangeSet, ReadError> {
        let text = read_kind(&self.repo, commit.id, ObjectKind::Commit, None)?;
        let info = Arc::new(commit_info(commit.id, &text));
        // The first commit has nothing before it, as if its parent were empty.
        let trees: Vec<_> = match commit.parents.as_slice() {
            [] => vec![None],
            parents => parents.iter().map(|(_, tree)| Some(*tree)).collect(),
        };
        let origin = Origin::CommitText {
            commit: info.clone(),
        };
        self.worker.blob(Blob::whole(&text, origin));
        let Difference { found, unread } = not_in(&self.repo, commit.tree, &trees);
        for (directory, error) in unread {
            let separator: &[u8] = if directory.is_empty() { b"" } else { b":" };
            let commit = commit.id.to_string();
            self.worker.skip(Skip {
                path: [commit.as_bytes(), separator, &directory].concat().into(),
                reason: error.into(),
            });
        }
        let new = commit.tree;
        let parents = trees
            .into_iter()
            .map(|old| Parent::new(ParentDiff::Trees { old, new }));
        Ok(ChangeSet {
            commit: Some(info),
            candidates: found,
            parents: parents.collect(),
        })
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
