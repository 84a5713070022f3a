//! What every commit of a range brings: against all of its parents, so that a merge brings what it
//! holds of its own.
//!
//! A secret that is added and removed again within the range is found, as it stays in the history.
//! One that was brought by a commit of the range and comes back at the same path in a later one, or
//! moves, is reported once, on the first. One that comes back from before the range is news:
//! whoever reads the range's result could not read it before.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bstr::{BStr, ByteSlice};

use crate::blob::{Blob, Origin, Skip};
use crate::git::range::{Commit, History};

use super::changes::{At, ChangeSet, Step};
use super::moved::Parent;
use super::{Source, SourceError, WORTH_THREADS, Worker, Workers, each_in_pool};
use crate::git::commit::{commit_info, tag_name};
use crate::git::diff::trees::not_in;
use crate::git::diff::{Candidate, RemovedFile};
use crate::git::{LocalRepository, ObjectId, ObjectKind, ReadError, Repository, read_kind};

/// The commits of a range, and the tags that lead to them.
pub struct Range {
    /// The repository.
    pub repo: Repository,
    /// The commits.
    pub history: History,
    /// Blobs larger than this, in bytes, are skipped.
    pub max_size: Option<u64>,
    /// How many threads scan.
    pub jobs: usize,
}

/// Memory in which trees are kept from one commit to the next, in bytes.
const OBJECT_CACHE: usize = 16 << 20;

/// How many blobs of one commit are fed in one go.
const CHUNK: usize = 32;

impl Source for Range {
    fn feed<'w>(&self, workers: Workers<'w, '_>) -> Result<(), SourceError> {
        let commits = &self.history.commits;
        let state = || (self.open(), workers());
        let mut first = state();
        self.history
            .tags
            .iter()
            .for_each(|tag| feed_tag(&first.0, *tag, first.1.as_mut()));
        let mut sets = Vec::with_capacity(commits.len());
        if self.jobs < 2 || commits.len() < WORTH_THREADS {
            sets.extend(
                commits
                    .iter()
                    .map(|commit| change_set(&first.0, commit, first.1.as_mut())),
            );
        } else {
            let found = Mutex::new(Vec::with_capacity(commits.len()));
            let numbered: Vec<_> = commits.iter().enumerate().collect();
            each_in_pool(
                self.jobs,
                &numbered,
                state,
                |(repo, worker), (index, commit)| {
                    let set = change_set(repo, commit, worker.as_mut());
                    found
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((*index, set));
                },
            );
            let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
            found.sort_by_key(|(index, _)| *index);
            sets.extend(found.into_iter().map(|(_, set)| set));
        }
        let feed = Feed {
            sets: &sets,
            max_size: self.max_size,
            paths: OnceLock::new(),
        };
        let chunks = feed.chunks();
        if self.jobs < 2
            || sets
                .iter()
                .flatten()
                .map(|set| set.candidates.len())
                .sum::<usize>()
                < WORTH_THREADS
        {
            chunks
                .iter()
                .for_each(|chunk| feed.chunk(&first.0, chunk, first.1.as_mut()));
        } else {
            each_in_pool(self.jobs, &chunks, state, |(repo, worker), chunk| {
                feed.chunk(repo, chunk, worker.as_mut());
            });
        }
        Ok(())
    }
}

impl Range {
    fn open(&self) -> LocalRepository {
        let mut repo = self.repo.local();
        repo.set_cache(OBJECT_CACHE);
        repo
    }
}

/// What `commit` brings; its own text is fed right away. `None`, and a skip that says so, where
/// that cannot be known.
fn change_set<'c>(
    repo: &LocalRepository,
    commit: &'c Commit,
    worker: &mut dyn Worker,
) -> Option<ChangeSet<'c>> {
    let mut fail = |error: ReadError| {
        worker.skip(Skip {
            path: commit.id.to_string().into(),
            reason: error.into(),
        });
        None
    };
    let text = match read_kind(repo, commit.id, ObjectKind::Commit, None) {
        Ok(text) => text,
        Err(error) => return fail(error),
    };
    let info = Arc::new(commit_info(commit.id, &text));
    // The first commit of all has nothing before it, as if its parent were empty.
    let trees: Vec<_> = match commit.parents.as_slice() {
        [] => vec![None],
        parents => parents.iter().map(|(_, tree)| Some(*tree)).collect(),
    };
    let candidates = match not_in(repo, commit.tree, &trees) {
        Ok(candidates) => candidates,
        Err(error) => return fail(error),
    };
    worker.blob(Blob::whole(
        &text,
        Origin::CommitText {
            commit: info.clone(),
        },
    ));
    let parents = trees
        .into_iter()
        .map(|tree| Parent::new(move |repo| lost(repo, tree, commit.tree)));
    Some(ChangeSet {
        at: At::Commit(info),
        candidates,
        parents: parents.collect(),
    })
}

/// What a parent with the tree `old` has that `new` has not.
fn lost(repo: &LocalRepository, old: Option<ObjectId>, new: ObjectId) -> Vec<RemovedFile> {
    let found = old
        .map(|old| not_in(repo, old, &[Some(new)]).unwrap_or_default())
        .unwrap_or_default();
    let lost = |found: Candidate| RemovedFile {
        path: found.path,
        id: found.id,
        now: found.before.into_iter().flatten().next(),
    };
    found.into_iter().map(lost).collect()
}

fn feed_tag(repo: &LocalRepository, id: ObjectId, worker: &mut dyn Worker) {
    match read_kind(repo, id, ObjectKind::Tag, None) {
        Ok(text) => {
            let origin = Origin::TagText {
                name: tag_name(&text),
                id: id.to_string(),
            };
            worker.blob(Blob::whole(&text, origin));
        }
        Err(error) => worker.skip(Skip {
            path: id.to_string().into(),
            reason: error.into(),
        }),
    }
}

/// All that is to be fed.
struct Feed<'s> {
    sets: &'s [Option<ChangeSet<'s>>],
    max_size: Option<u64>,
    /// For each path, which commits bring which blob there: worked out when something was found.
    paths: OnceLock<HashMap<&'s BStr, Vec<(usize, ObjectId)>>>,
}

/// Some blobs of the commit of this number.
type Chunk<'s> = (usize, &'s [Candidate]);

/// How many earlier versions of a blob are looked at for a secret that comes back.
const MAX_EARLIER: usize = 100;

impl<'s> Feed<'s> {
    fn numbered(&self) -> impl Iterator<Item = (usize, &'s ChangeSet<'s>)> {
        self.sets
            .iter()
            .enumerate()
            .filter_map(|(number, set)| Some((number, set.as_ref()?)))
    }

    fn chunks(&self) -> Vec<Chunk<'s>> {
        let of_set = |(number, set): (usize, &'s ChangeSet<'s>)| {
            set.candidates
                .chunks(CHUNK)
                .map(move |candidates| (number, candidates))
        };
        self.numbered().flat_map(of_set).collect()
    }

    fn chunk(
        &self,
        repo: &LocalRepository,
        (number, candidates): &Chunk<'_>,
        worker: &mut dyn Worker,
    ) {
        let Some(set) = &self.sets[*number] else {
            return;
        };
        let step = Step {
            repo,
            max_size: self.max_size,
            earlier: &|candidate| self.earlier(*number, candidate),
        };
        candidates
            .iter()
            .for_each(|candidate| step.feed(set, candidate, worker));
    }

    /// What commits before the one of this number brought to the same path.
    fn earlier(&self, number: usize, candidate: &Candidate) -> Vec<ObjectId> {
        let paths = self.paths.get_or_init(|| {
            let mut paths: HashMap<&BStr, Vec<_>> = HashMap::new();
            for (number, set) in self.numbered() {
                for candidate in &set.candidates {
                    paths
                        .entry(candidate.path.as_bstr())
                        .or_default()
                        .push((number, candidate.id));
                }
            }
            paths
        });
        let versions = paths.get(candidate.path.as_bstr()).into_iter().flatten();
        versions
            .take_while(|(at, _)| *at < number)
            .map(|(_, id)| *id)
            .take(MAX_EARLIER)
            .collect()
    }
}
