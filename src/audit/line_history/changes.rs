//! Decides whether a commit changes a matching line, from the blobs that differ between its tree
//! and those of its parents.

use std::collections::HashSet;

use super::{ComparedCommit, HistoryError, LineHistory};
use crate::git::commit::read_links;
use crate::git::diff::{Candidate, trees};
use crate::git::store::Kind;
use crate::git::tree::TypedId;
use crate::git::{LocalRepository, ObjectId, read_kind};

/// One thread's comparisons.
pub(super) struct Changes<'a> {
    history: &'a LineHistory<'a>,
    repo: LocalRepository,
}

impl<'a> Changes<'a> {
    pub(super) fn new(history: &'a LineHistory<'a>) -> Self {
        Self {
            history,
            repo: history.reader(),
        }
    }

    /// Whether `commit` changes a matching line.
    pub(super) fn has_any(&self, commit: &ComparedCommit) -> Result<bool, HistoryError> {
        let tree = read_links(&self.repo, commit.id)?.tree;
        let parents = commit.parents.iter();
        let parents = parents.map(|&parent| Ok(read_links(&self.repo, parent)?.tree));
        match &*parents.collect::<Result<Vec<_>, HistoryError>>()? {
            [] => self.has_edited(&self.not_in(tree, &[None])?, &[]),
            [parent] => {
                let found = self.not_in(tree, &[Some(*parent)])?;
                let removed = self.not_in(*parent, &[Some(tree)])?;
                self.has_edited(&found, &removed)
            }
            parents => {
                let parents: Vec<_> = parents.iter().copied().map(Some).collect();
                self.has_merged(&self.not_in(tree, &parents)?)
            }
        }
    }

    fn not_in(
        &self,
        tree: ObjectId,
        others: &[Option<ObjectId>],
    ) -> Result<Vec<Candidate>, HistoryError> {
        let difference = trees::not_in(&self.repo, tree, others);
        match difference.unread.into_iter().next() {
            Some((_, error)) => Err(error.into()),
            None => Ok(difference.found),
        }
    }

    /// The hash of the matching lines of an entry; `None` if it has none.
    fn sequence(&self, entry: Option<TypedId>) -> Result<Option<u64>, HistoryError> {
        match entry.and_then(TypedId::blob) {
            Some(id) => Ok(self.history.lines_of(id)?.map(|lines| lines.sequence)),
            None => Ok(None),
        }
    }

    /// Whether a matching line differs between the only parent and the commit; `removed` is what
    /// the parent has and the commit has not.
    fn has_edited(&self, found: &[Candidate], removed: &[Candidate]) -> Result<bool, HistoryError> {
        let mut added = Vec::new();
        for file in found {
            let now = self.sequence(Some(file.entry))?;
            if file.is_new() {
                added.extend(now.is_some().then_some(file.entry.id));
            } else if now != self.sequence(file.before[0])? {
                return Ok(true);
            }
        }
        for file in removed.iter().filter(|file| file.is_new()) {
            if self.sequence(Some(file.entry))?.is_none() {
                continue;
            }
            // A file that only moved is not a change.
            match added.iter().position(|&id| id == file.entry.id) {
                Some(at) => added.swap_remove(at),
                None => return Ok(true),
            };
        }
        Ok(!added.is_empty())
    }

    /// Whether a merge has a matching line that none of its parents has at the same path.
    fn has_merged(&self, found: &[Candidate]) -> Result<bool, HistoryError> {
        for file in found {
            let Some(id) = file.entry.blob() else {
                continue;
            };
            let now = self.sequence(Some(file.entry))?;
            if now.is_none() {
                continue;
            }
            let mut old = HashSet::new();
            let mut is_old = false;
            for &before in &file.before {
                is_old |= self.sequence(before)? == now;
                if let Some(before) = before.and_then(TypedId::blob) {
                    old.extend(self.lines(before)?);
                }
            }
            if !is_old && self.lines(id)?.iter().any(|line| !old.contains(line)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn lines(&self, id: ObjectId) -> Result<Vec<Vec<u8>>, HistoryError> {
        let bytes = read_kind(&self.repo, id, Kind::Blob, None)?;
        let lines = self.history.patterns.changed.lines(&bytes);
        Ok(lines.map(|line| line.text.to_vec()).collect())
    }
}
