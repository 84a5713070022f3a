//! Feeds what the next commit would add: the index against the commit that it will follow, both
//! read as objects.
//!
//! Working files and the text of `git diff` are not read, so attributes, filters and settings have
//! no effect.

use std::collections::HashMap;
use std::fmt::Display;
use std::io::ErrorKind;
use std::iter;

use bstr::ByteSlice as _;

use super::changes::{ChangeFeeder, ChangeSet};
use super::removed::{Parent, ParentDiff};
use super::{Source, SourceError, WORTH_THREADS, Workers, each_in_pool};
use crate::fs::read_regular;
use crate::git::commit::{head_tree, read_links};
use crate::git::diff::index::{self, Changes};
use crate::git::diff::{Candidate, RemovedFile};
use crate::git::{self, LocalRepository, ObjectId, ReadError, RepoError, Repository};

/// The blobs that the next commit would add or change.
pub struct Staged {
    /// The repository.
    pub repo: Repository,
    /// The commits that are being merged, for when `MERGE_HEAD` does not exist: git writes that
    /// after its hooks have run.
    pub merging: Vec<ObjectId>,
    /// Blobs larger than this, in bytes, are skipped.
    pub max_size: Option<u64>,
    /// How many threads scan.
    pub jobs: usize,
}

impl Source for Staged {
    fn feed<'w>(&self, workers: Workers<'w, '_>) -> Result<(), SourceError> {
        let repo = self.repo.local();
        if !index::has_index(&repo) {
            let path = self.repo.git_dir().to_path_buf();
            return Err(RepoError::Bare { path }.into());
        }
        git::check_refs(&self.repo)?;
        let mut diffs = index::changes(&repo, &self.parent_trees(&repo)?)?;
        let mut worker = workers();
        // The skips are about the index, so they are the same for every parent.
        diffs[0].skips.drain(..).for_each(|skip| worker.skip(skip));
        let set = change_set(diffs);
        let feeder = self.feeder(&repo, &set);
        feeder.names(worker.as_mut());
        let candidates = set.by_content();
        let copies: Vec<_> = candidates.chunk_by(|a, b| a.entry == b.entry).collect();
        if self.jobs < 2 || copies.len() < WORTH_THREADS {
            for copies in copies {
                feeder.content(copies, worker.as_mut());
            }
            return Ok(());
        }
        drop(worker);
        let state = || (self.repo.local(), workers());
        each_in_pool(self.jobs, &copies, state, |(repo, worker), copies| {
            self.feeder(repo, &set).content(copies, worker.as_mut());
        });
        Ok(())
    }
}

impl Staged {
    const fn feeder<'a>(
        &self,
        repo: &'a LocalRepository,
        set: &'a ChangeSet,
    ) -> ChangeFeeder<'a, 'a> {
        ChangeFeeder {
            repo,
            max_size: self.max_size,
            set,
            range: None,
            is_result: false,
        }
    }

    /// The trees of the parents of the next commit: that of `HEAD`, and those of a merge in
    /// progress. `None` is the empty tree before the first commit.
    fn parent_trees(&self, repo: &LocalRepository) -> Result<Vec<Option<ObjectId>>, ReadError> {
        let mut trees = vec![head_tree(repo)?];
        let mut merging = Vec::new();
        let file = self.repo.git_dir().join("MERGE_HEAD");
        let text = match read_regular(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            text => text.map_err(|error| merge_head(&error))?,
        };
        for line in text.lines().filter(|line| !line.is_empty()) {
            merging.push(ObjectId::from_hex(line).map_err(|error| merge_head(&error))?);
        }
        if merging.is_empty() {
            merging.extend_from_slice(&self.merging);
        }
        for id in merging {
            trees.push(Some(read_links(repo, id)?.tree));
        }
        Ok(trees)
    }
}

fn merge_head(problem: &dyn Display) -> ReadError {
    ReadError::Ref {
        name: "MERGE_HEAD",
        problem: problem.to_string(),
    }
}

/// What is new against every parent, given how each differs from the index.
fn change_set(diffs: Vec<Changes>) -> ChangeSet {
    let mut others = Vec::new();
    for diff in &diffs[1..] {
        let changes = diff.changed.iter();
        let before: HashMap<_, _> = changes
            .map(|change| ((&change.path, change.entry), change.before))
            .collect();
        others.push(before);
    }
    let mut candidates = Vec::new();
    for change in &diffs[0].changed {
        let key = (&change.path, change.entry);
        // What one of the parents has at this path comes from there, and is not new.
        let before: Option<Vec<_>> = iter::once(Some(change.before))
            .chain(others.iter().map(|other| other.get(&key).copied()))
            .collect();
        candidates.extend(before.map(|before| Candidate {
            path: change.path.clone(),
            entry: change.entry,
            before,
        }));
    }
    ChangeSet {
        commit: None,
        candidates,
        parents: diffs.into_iter().map(parent).collect(),
        cost: 0,
    }
}

fn parent(diff: Changes) -> Parent {
    let replaced = diff.changed.into_iter().filter_map(|change| {
        Some(RemovedFile {
            path: change.path,
            entry: change.before?,
            now: Some(change.entry),
        })
    });
    Parent::new(ParentDiff::Index {
        removed: diff.removed,
        replaced: replaced.collect(),
    })
}
