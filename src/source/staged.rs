//! What the next commit would add: the index against the commit it will follow, both read as
//! objects.
//!
//! The working files and the text of `git diff` play no part, so neither can attributes, filters or
//! settings.

use std::collections::HashMap;
use std::fs;

use bstr::BString;

use crate::blob::Skip;
use crate::git;

use super::changes::{At, ChangeSet, Step};
use super::moved::Parent;
use super::{Source, SourceError, WORTH_THREADS, Workers, each_in_pool};
use crate::git::commit::{head_tree, read_links};
use crate::git::diff::index::{self, Changes};
use crate::git::diff::{Candidate, RemovedFile};
use crate::git::{LocalRepository, ObjectId, ReadError, Repository};

/// The blobs that the next commit would add or change.
pub struct Staged {
    /// The repository.
    pub repo: Repository,
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
        let repo = self.repo.local();
        if !index::has_index(&repo) {
            return Err(git::RepoError::Bare {
                path: self.repo.git_dir().to_path_buf(),
            }
            .into());
        }
        git::check_refs(&self.repo)?;
        let mut skips = Vec::new();
        let set = change_set(&repo, self.parent_trees(&repo)?.as_slice(), &mut skips)?;
        let mut worker = workers();
        skips.into_iter().for_each(|skip| worker.skip(skip));
        if self.jobs < 2 || set.candidates.len() < WORTH_THREADS {
            set.candidates
                .iter()
                .for_each(|candidate| self.step(&repo).feed(&set, candidate, worker.as_mut()));
            return Ok(());
        }
        drop(worker);
        let state = || (self.repo.local(), workers());
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
    /// The trees of the parents of the next commit: that of `HEAD`, and those of a merge in
    /// progress. `None` is the empty tree before the first commit.
    fn parent_trees(&self, repo: &LocalRepository) -> Result<Vec<Option<ObjectId>>, ReadError> {
        let mut trees = vec![head_tree(repo)?];
        let mut merging = Vec::new();
        let file = self.repo.git_dir().join("MERGE_HEAD");
        let text = fs::read_to_string(file).unwrap_or_default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let id = ObjectId::from_hex(line.as_bytes()).map_err(|error| ReadError::Ref {
                name: "MERGE_HEAD",
                problem: error.to_string(),
            });
            merging.push(id?);
        }
        if merging.is_empty() {
            merging.extend_from_slice(&self.merging);
        }
        for id in merging {
            trees.push(Some(read_links(repo, id)?.tree));
        }
        Ok(trees)
    }

    fn step<'r>(&self, repo: &'r LocalRepository) -> Step<'r> {
        Step {
            repo,
            max_size: self.max_size,
            earlier: &|_| Vec::new(),
        }
    }
}

/// What is new against every parent, and what each parent has that is lost.
fn change_set(
    repo: &LocalRepository,
    trees: &[Option<ObjectId>],
    skips: &mut Vec<Skip>,
) -> Result<ChangeSet<'static>, SourceError> {
    let mut sets = index::changes(repo, trees)?;
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
                kind: change.kind,
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
