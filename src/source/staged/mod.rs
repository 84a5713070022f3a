//! What the next commit would add: the index against the commit it will follow, both read as objects.
//!
//! The working files and the text of `git diff` play no part, so neither can attributes, filters or settings.

mod changes;
mod fresh;

use std::collections::HashMap;
use std::fs;
use std::sync::OnceLock;

use bstr::BString;
use gix::index::entry::Mode;
use gix::{ObjectId, Repository, ThreadSafeRepository};
use rayon::prelude::*;

use crate::blob::{Before, Blob, Fresh, Origin, Skip, SkipReason};
use crate::repo;
use crate::text::Span;

use super::{Source, SourceError, WORTH_THREADS, Worker, Workers, in_pool, parts};
use changes::{Change, Changes, Removed};

/// The blobs that the next commit would add or change.
pub struct Staged {
    /// The repository.
    pub repo: ThreadSafeRepository,
    /// Blobs larger than this, in bytes, are skipped.
    pub max_size: Option<u64>,
    /// How many threads scan.
    pub jobs: usize,
}

/// A blob of the next commit, with what each parent has in its place.
struct Candidate {
    change: Change,
    /// For each parent, the blob at the same path.
    before: Vec<Option<ObjectId>>,
}

impl Source for Staged {
    fn feed<'w>(&self, workers: Workers<'w, '_>) -> Result<(), SourceError> {
        let repo = self.repo.to_thread_local();
        if repo.workdir().is_none() && !repo.index_path().exists() {
            return Err(repo::RepoError::Bare { path: repo.git_dir().to_path_buf() }.into());
        }
        if repo.common_dir().join("reftable").is_dir() {
            return Err(repo::RepoError::Reftable { path: repo.common_dir().to_path_buf() }.into());
        }
        let mut skips = Vec::new();
        let (candidates, removed) = candidates(&repo, &mut skips)?;
        let removed = removed.into_iter().map(|entries| (entries, OnceLock::new())).collect();
        let step = Step { removed, max_size: self.max_size };
        let mut worker = workers();
        skips.into_iter().for_each(|skip| worker.skip(skip));
        if self.jobs < 2 || candidates.len() < WORTH_THREADS {
            candidates.iter().for_each(|candidate| step.feed(&repo, candidate, worker.as_mut()));
            return Ok(());
        }
        drop(worker);
        step.feed_in_parallel(&self.repo, &candidates, self.jobs, workers);
        Ok(())
    }
}

/// What is new against every parent, and, for each parent, what is gone.
fn candidates(repo: &Repository, skips: &mut Vec<Skip>) -> Result<(Vec<Candidate>, Vec<Vec<Removed>>), SourceError> {
    let index = repo
        .index_or_empty()
        .map_err(|error| SourceError::Index { path: repo.index_path(), problem: error.to_string() })?;
    let mut sets = Vec::new();
    for tree in parent_trees(repo)? {
        sets.push(Changes::between(repo, tree, &index)?);
    }
    // Parents agree on what the index has, so the first one's skips are all there are.
    skips.append(&mut sets[0].skips);
    let mut others: Vec<HashMap<(BString, ObjectId), Option<ObjectId>>> = Vec::new();
    for set in &mut sets[1..] {
        let changed = set.changed.drain(..);
        others.push(changed.map(|change| ((change.path, change.id), change.before)).collect());
    }
    let mut candidates = Vec::new();
    for change in std::mem::take(&mut sets[0].changed) {
        let key = (change.path.clone(), change.id);
        let before: Option<Vec<_>> = others.iter().map(|other| other.get(&key).copied()).collect();
        // A blob that a parent has at this path comes from there, and is not new.
        if let Some(mut before) = before {
            before.insert(0, change.before);
            candidates.push(Candidate { change, before });
        }
    }
    Ok((candidates, sets.into_iter().map(|set| set.removed).collect()))
}

/// The trees of the commits that the next one will follow: HEAD's, and those of a merge in progress. `None` stands for
/// the empty tree before the first commit.
fn parent_trees(repo: &Repository) -> Result<Vec<Option<ObjectId>>, SourceError> {
    let object =
        |id: &str, error: &dyn std::fmt::Display| SourceError::Object { id: id.to_owned(), problem: error.to_string() };
    let head = repo.head().map_err(|error| object("HEAD", &error))?;
    let mut trees = vec![None];
    if !head.is_unborn() {
        trees[0] = Some(repo.head_tree_id().map_err(|error| object("HEAD", &error))?.detach());
    }
    let merging = fs::read_to_string(repo.git_dir().join("MERGE_HEAD")).unwrap_or_default();
    for line in merging.lines().filter(|line| !line.is_empty()) {
        let id = ObjectId::from_hex(line.as_bytes()).map_err(|error| object("MERGE_HEAD", &error))?;
        let commit = repo.find_commit(id).map_err(|error| object(line, &error))?;
        trees.push(Some(commit.tree_id().map_err(|error| object(line, &error))?.detach()));
    }
    Ok(trees)
}

type PathsAndIds = Vec<(BString, ObjectId)>;

/// What every candidate is fed with.
struct Step {
    /// For each parent, what is gone; and the files in it, listed when the first rename is looked for.
    removed: Vec<(Vec<Removed>, OnceLock<PathsAndIds>)>,
    max_size: Option<u64>,
}

impl Step {
    fn feed_in_parallel(
        &self,
        shared: &ThreadSafeRepository,
        candidates: &[Candidate],
        jobs: usize,
        workers: Workers<'_, '_>,
    ) {
        let state = || (shared.to_thread_local(), workers());
        in_pool(jobs, || {
            candidates.par_iter().for_each_init(state, |(repo, worker), candidate| {
                self.feed(repo, candidate, worker.as_mut());
            });
        });
    }

    fn feed(&self, repo: &Repository, candidate: &Candidate, worker: &mut dyn Worker) {
        let Change { path, id, mode, .. } = &candidate.change;
        if candidate.before.iter().all(Option::is_none) {
            worker.blob(Blob::whole(path, Origin::Name { path: path.clone(), commit: None }));
        }
        if *mode == Mode::COMMIT {
            return worker.skip(Skip { path: path.clone(), reason: SkipReason::Submodule });
        }
        if let Some(limit) = self.max_size
            && repo.find_header(*id).is_ok_and(|header| header.size() > limit)
        {
            return worker.skip(Skip { path: path.clone(), reason: SkipReason::TooLarge { limit } });
        }
        match repo.find_object(*id) {
            Ok(object) => {
                let origin = Origin::Staged { path: path.clone(), id: id.to_string() };
                let fresh = || Fresh::Lazy(Box::new(|| self.before(repo, candidate, &object.data)));
                for (bytes, part) in parts(&object.data) {
                    worker.blob(Blob { bytes, origin: origin.clone(), fresh: fresh(), part });
                }
            }
            Err(error) => {
                let problem = format!("object {id}: {error}; 'git fsck' tells more");
                worker.skip(Skip { path: path.clone(), reason: SkipReason::Unreadable(problem) });
            }
        }
    }

    /// What the parents have in place of `bytes`, and what of it none of them has.
    fn before(&self, repo: &Repository, candidate: &Candidate, bytes: &[u8]) -> Option<Before> {
        let mut fresh: Option<Vec<Span>> = None;
        let mut versions = Vec::new();
        for (before, (removed, files)) in candidate.before.iter().zip(&self.removed) {
            let old = match before {
                Some(id) => Some(repo.find_object(*id).ok()?.detach().data),
                None => {
                    let files = files.get_or_init(|| changes::removed_files(repo, removed));
                    changes::renamed_from(repo, files, &candidate.change, bytes)
                }
            };
            let spans = match &old {
                Some(old) => fresh::spans(old, bytes),
                None => vec![Span::new(0, bytes.len())],
            };
            versions.extend(old);
            fresh = Some(match fresh {
                Some(others) => fresh::common(&others, &spans),
                None => spans,
            });
        }
        Some(Before { fresh: fresh.unwrap_or_default(), versions })
    }
}
