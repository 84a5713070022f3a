//! What the next commit would add: the index against the commit it will follow, both read as
//! objects.
//!
//! The working files and the text of `git diff` play no part, so neither can attributes, filters or
//! settings.

use std::collections::HashMap;
use std::fs;

use bstr::BString;
use gix::{ObjectId, Repository, ThreadSafeRepository};

use crate::blob::Skip;
use crate::git;

use super::changes::{At, ChangeSet, Step};
use super::moved::Parent;
use super::{Source, SourceError, WORTH_THREADS, Workers, each_in_pool};
use crate::git::ReadError;
use crate::git::diff::index::{self, Changes};
use crate::git::diff::{Candidate, RemovedFile};

/// The blobs that the next commit would add or change.
pub struct Staged {
    /// The repository.
    pub repo: ThreadSafeRepository,
    /// The commits that are being merged, where `MERGE_HEAD` does not say so: git writes that after
    /// its hooks have run.
    pub merging: Vec<ObjectId>,
    /// Blobs larger than this, in bytes, are skipped.
    pub max_size: Option<u64>,
    /// How many threads scan.
    pub jobs: usize,
}

impl Source for Staged {
    fn feed<'w>(&self, workers: Workers<'w, '_>) -> Result<(), SourceError> {
        let repo = self.repo.to_thread_local();
        if repo.workdir().is_none() && !repo.index_path().exists() {
            return Err(git::RepoError::Bare {
                path: repo.git_dir().to_path_buf(),
            }
            .into());
        }
        git::check_refs(&repo)?;
        let mut skips = Vec::new();
        let set = change_set(&repo, &self.merging, &mut skips)?;
        let mut worker = workers();
        skips.into_iter().for_each(|skip| worker.skip(skip));
        if self.jobs < 2 || set.candidates.len() < WORTH_THREADS {
            set.candidates
                .iter()
                .for_each(|candidate| self.step(&repo).feed(&set, candidate, worker.as_mut()));
            return Ok(());
        }
        drop(worker);
        let state = || (self.repo.to_thread_local(), workers());
        each_in_pool(
            self.jobs,
            &set.candidates,
            state,
            |(repo, worker), candidate| {
                self.step(repo).feed(&set, candidate, worker.as_mut());
            },
        );
        Ok(())
    }
}

impl Staged {
    fn step<'r>(&self, repo: &'r Repository) -> Step<'r> {
        Step {
            repo,
            max_size: self.max_size,
            earlier: &|_| Vec::new(),
        }
    }
}

/// What is new against every parent, and what each parent has that is lost.
fn change_set(
    repo: &Repository,
    merging: &[ObjectId],
    skips: &mut Vec<Skip>,
) -> Result<ChangeSet<'static>, SourceError> {
    let index = repo.index_or_empty().map_err(|error| ReadError::Index {
        path: repo.index_path(),
        problem: error.to_string(),
    })?;
    let mut sets = Vec::new();
    for tree in parent_trees(repo, merging)? {
        sets.push(Changes::between(repo, tree, &index)?);
    }
    // Parents agree on what the index has, so the first one's skips are all there are.
    skips.append(&mut sets[0].skips);
    let mut others: Vec<HashMap<(BString, ObjectId), Option<ObjectId>>> = Vec::new();
    for set in &sets[1..] {
        others.push(
            set.changed
                .iter()
                .map(|change| ((change.path.clone(), change.id), change.before))
                .collect(),
        );
    }
    let mut candidates = Vec::new();
    for change in &sets[0].changed {
        let key = (change.path.clone(), change.id);
        let before: Option<Vec<_>> = others
            .iter()
            .map(|other| other.get(&key).copied())
            .collect();
        // A blob that a parent has at this path comes from there, and is not new.
        if let Some(mut before) = before {
            before.insert(0, change.before);
            candidates.push(Candidate {
                path: key.0,
                id: key.1,
                mode: change.mode,
                before,
            });
        }
    }
    Ok(ChangeSet {
        at: At::Index,
        candidates,
        parents: sets.into_iter().map(parent).collect(),
    })
}

fn parent(
    Changes {
        changed, removed, ..
    }: Changes,
) -> Parent<'static> {
    let replaced = changed.into_iter().filter_map(|change| {
        Some(RemovedFile {
            path: change.path,
            id: change.before?,
            now: Some(change.id),
        })
    });
    let replaced: Vec<_> = replaced.collect();
    Parent::new(move |repo| index::lost(repo, &removed, &replaced))
}

/// The trees of the commits that the next one will follow: HEAD's, and those of a merge in
/// progress. `None` stands for the empty tree before the first commit.
fn parent_trees(
    repo: &Repository,
    merging: &[ObjectId],
) -> Result<Vec<Option<ObjectId>>, SourceError> {
    let object = |id: &str, error: &dyn std::fmt::Display| ReadError::Object {
        id: id.to_owned(),
        problem: error.to_string(),
    };
    let head = repo.head().map_err(|error| object("HEAD", &error))?;
    let mut trees = vec![None];
    if !head.is_unborn() {
        trees[0] = Some(
            repo.head_tree_id()
                .map_err(|error| object("HEAD", &error))?
                .detach(),
        );
    }
    let mut others = Vec::new();
    let merge_head = fs::read_to_string(repo.git_dir().join("MERGE_HEAD")).unwrap_or_default();
    for line in merge_head.lines().filter(|line| !line.is_empty()) {
        others.push(
            ObjectId::from_hex(line.as_bytes()).map_err(|error| object("MERGE_HEAD", &error))?,
        );
    }
    if others.is_empty() {
        others.extend_from_slice(merging);
    }
    for id in others {
        let failed = |error: &dyn std::fmt::Display| object(&id.to_string(), error);
        let commit = repo.find_commit(id).map_err(|error| failed(&error))?;
        trees.push(Some(
            commit.tree_id().map_err(|error| failed(&error))?.detach(),
        ));
    }
    Ok(trees)
}
