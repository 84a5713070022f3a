//! Finds the lines that patterns match in the whole history of a repository, as `git log -G` and
//! `git grep` do together, for commands that work as tools built on these two.
//!
//! All blobs are searched first, each once, along the delta trees of their packs. Only if some have
//! a matching line are the trees of the commits compared.

mod blobs;
mod changes;
mod tree_lines;

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;

use bstr::{BStr, BString};
use rayon::prelude::*;

use super::open_all;
use crate::git::diff::trees;
use crate::git::store::{Kind, ObjectIndex, ObjectStore, Problem, StoreError};
use crate::git::tree::EntryKind;
use crate::git::{self, LocalRepository, ObjectId, ReadError, Repository};
use crate::scan::lines::{LinePatterns, MatchedLine};

use blobs::{BlobLines, BlobSearcher};
use changes::Changes;
use tree_lines::TreeLines;

pub use blobs::is_binary;

/// How many bytes of objects each thread keeps: the trees of one commit are those of the next.
const CACHE: usize = 16 << 20;

/// The patterns that are searched for.
#[derive(Clone, Copy, Debug)]
pub struct HistoryPatterns<'a> {
    /// Those that make a commit one that changes matching lines.
    pub changed: &'a LinePatterns,
    /// Those whose lines are reported, from the whole tree of each such commit.
    pub reported: &'a LinePatterns,
}

/// A commit, and the parents that it is compared with.
#[derive(Clone, Debug)]
pub struct ComparedCommit {
    /// Its id.
    pub id: ObjectId,
    /// The ids of its parents.
    pub parents: Vec<ObjectId>,
}

/// Why a history cannot be searched to its end.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// An object cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A pack or a directory of objects cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An object is damaged.
    #[error("object {0}: {1}; run 'git fsck'")]
    Broken(ObjectId, Problem),
}

/// The blobs of a repository that have a matching line.
pub struct LineHistory<'a> {
    repo: &'a Repository,
    patterns: HistoryPatterns<'a>,
    store: ObjectStore,
    blobs: HashMap<ObjectIndex, BlobLines>,
}

impl<'a> LineHistory<'a> {
    /// Searches all blobs of `repo`, on all threads of the current pool.
    ///
    /// # Errors
    /// If one of them cannot be read.
    pub fn search(
        repo: &'a Repository,
        patterns: HistoryPatterns<'a>,
    ) -> Result<Self, HistoryError> {
        let store = open_all(repo);
        if let Some(error) = store.unread.first() {
            return Err(error.clone().into());
        }
        let hash = std::hash::RandomState::new();
        let new = || BlobSearcher::new(patterns, &store, &hash);
        let jobs = rayon::current_num_threads();
        let mut searchers: Vec<_> = std::iter::repeat_with(new).take(jobs).collect();
        store.visit(&[Kind::Blob], &mut searchers, &AtomicBool::new(false));
        store.visit_unresolved(&mut searchers[0]);
        let mut blobs = HashMap::new();
        for searcher in searchers {
            if let Some((number, problem)) = searcher.broken {
                return Err(HistoryError::Broken(store.id_of(number), problem));
            }
            blobs.extend(searcher.found);
        }
        Ok(Self {
            repo,
            patterns,
            store,
            blobs,
        })
    }

    /// Those of the `commits` that change a matching line, in the same order.
    ///
    /// A file that only moves changes none. A merge changes those lines that it has and none of its
    /// parents has at the same path.
    ///
    /// # Errors
    /// If a commit, a tree or a blob cannot be read.
    pub fn changing(&self, commits: &[ComparedCommit]) -> Result<Vec<ObjectId>, HistoryError> {
        if self.blobs.is_empty() && !self.repo.is_partial() {
            return Ok(Vec::new());
        }
        let trees = TreeLines::read(&self.store, &self.blobs, self.repo.hash_kind());
        let selected: Result<Vec<_>, HistoryError> = commits
            .par_iter()
            .map_init(
                || Changes::new(self),
                |changes, commit| {
                    let is_changing = trees.may_differ(commit) && changes.has_any(commit)?;
                    Ok(is_changing.then_some(commit.id))
                },
            )
            .collect();
        Ok(selected?.into_iter().flatten().collect())
    }

    /// The repository for a thread that calls [`LineHistory::report`] for some commits.
    #[must_use]
    pub fn reader(&self) -> LocalRepository {
        let mut repo = self.repo.local();
        repo.set_cache(CACHE);
        repo
    }

    /// Hands the reported lines in the tree of `commit` to `report`, with the paths of their files,
    /// in the order of paths; only those below `prefix`.
    ///
    /// # Errors
    /// If the tree or one of the files cannot be read.
    pub fn report(
        &self,
        repo: &LocalRepository,
        commit: ObjectId,
        prefix: &BStr,
        mut report: impl FnMut(&BStr, MatchedLine<'_>),
    ) -> Result<(), HistoryError> {
        let tree = git::commit::read_links(repo, commit)?.tree;
        let listing = trees::not_in(repo, tree, &[]);
        if let Some((_, error)) = listing.unread.into_iter().next() {
            return Err(error.into());
        }
        let mut files: Vec<(BString, ObjectId)> = Vec::new();
        for file in listing.found {
            let is_reported = file.entry.kind == EntryKind::File
                && file.path.starts_with(prefix)
                && self
                    .lines_of(file.entry.id)?
                    .is_some_and(|lines| lines.is_reported);
            if is_reported {
                files.push((file.path, file.entry.id));
            }
        }
        files.sort();
        for (path, id) in files {
            let bytes = git::read_kind(repo, id, Kind::Blob, None)?;
            for line in self.patterns.reported.lines(&bytes) {
                report(BStr::new(&path), line);
            }
        }
        Ok(())
    }

    /// What the blob `id` has; `None` if it has no matching line.
    fn lines_of(&self, id: ObjectId) -> Result<Option<&BlobLines>, ReadError> {
        match self.store.number_of(&id) {
            Some(number) => Ok(self.blobs.get(&number)),
            None if self.repo.is_partial() => Err(ReadError::NotFetched(id)),
            None => Err(ReadError::Missing(id)),
        }
    }
}
