//! What a commit, or the next one, brings that none of its parents has, and how it is fed.

use std::sync::Arc;

use bstr::ByteSlice;

use crate::blob::{Before, Blob, CommitInfo, Elsewhere, Fresh, Origin, Skip, SkipReason};
use crate::text::Span;

use super::moved::{Parent, content};
use super::{Worker, parts};
use crate::git::diff::{Candidate, lines};
use crate::git::tree::EntryKind;
use crate::git::{LocalRepository, ObjectId, ObjectKind, read_kind};

/// Where a change stands.
pub(crate) enum At {
    /// In the index.
    Index,
    /// In history.
    Commit(Arc<CommitInfo>),
}

/// All that a commit, or the next one, brings.
pub(crate) struct ChangeSet<'a> {
    pub(crate) at: At,
    pub(crate) candidates: Vec<Candidate>,
    /// Its parents; the first commit has one without files.
    pub(crate) parents: Vec<Parent<'a>>,
}

impl At {
    fn blob(&self, candidate: &Candidate) -> Origin {
        let (path, id) = (candidate.path.clone(), candidate.id.to_string());
        match self {
            Self::Index => Origin::Staged { path, id },
            Self::Commit(commit) => Origin::Commit {
                commit: commit.clone(),
                path,
                id,
            },
        }
    }

    fn name(&self, candidate: &Candidate) -> Origin {
        let commit = match self {
            Self::Index => None,
            Self::Commit(commit) => Some(commit.clone()),
        };
        Origin::Name {
            path: candidate.path.clone(),
            commit,
        }
    }
}

/// What every candidate is fed with.
pub(crate) struct Step<'a> {
    pub(crate) repo: &'a LocalRepository,
    pub(crate) max_size: Option<u64>,
    /// Versions of the same path that were reported on their own.
    pub(crate) earlier: &'a dyn Fn(&Candidate) -> Vec<ObjectId>,
}

impl Step<'_> {
    /// Feeds a candidate of `set`, and its name where it is new.
    pub(crate) fn feed(&self, set: &ChangeSet<'_>, candidate: &Candidate, worker: &mut dyn Worker) {
        let Candidate {
            path,
            id,
            kind,
            before,
        } = candidate;
        if before.iter().all(Option::is_none) {
            worker.blob(Blob {
                fresh: self.fresh_name(candidate),
                ..Blob::whole(path, set.at.name(candidate))
            });
        }
        if *kind == EntryKind::Submodule {
            return worker.skip(Skip {
                path: path.clone(),
                reason: SkipReason::Submodule,
            });
        }
        match read_kind(self.repo, *id, ObjectKind::Blob, self.max_size) {
            Ok(content) => {
                let origin = set.at.blob(candidate);
                let fresh = || Fresh::Lazy(Box::new(|| self.before(set, candidate, &content)));
                for (bytes, part) in parts(&content) {
                    worker.blob(Blob {
                        bytes,
                        origin: origin.clone(),
                        fresh: fresh(),
                        part,
                    });
                }
            }
            Err(error) => worker.skip(Skip {
                path: path.clone(),
                reason: error.into(),
            }),
        }
    }

    /// A name is news once, however often the file comes back.
    fn fresh_name<'s>(&'s self, candidate: &'s Candidate) -> Fresh<'s> {
        Fresh::Lazy(Box::new(|| {
            let known = !(self.earlier)(candidate).is_empty();
            let versions = known.then(|| candidate.path.to_vec()).into_iter().collect();
            Some(Before {
                fresh: vec![Span::new(0, candidate.path.len())],
                versions,
                elsewhere: None,
            })
        }))
    }

    /// What the parents have in place of `bytes`, and what of it none of them has.
    fn before<'s>(
        &'s self,
        set: &'s ChangeSet<'_>,
        candidate: &'s Candidate,
        bytes: &[u8],
    ) -> Option<Before<'s>> {
        let mut fresh: Option<Vec<Span>> = None;
        let mut versions = Vec::new();
        for (before, parent) in candidate.before.iter().zip(&set.parents) {
            let old = match before {
                Some(id) => Some(content(self.repo, *id)?),
                None => parent.renamed_from(self.repo, candidate, bytes),
            };
            let spans = match &old {
                Some(old) => lines::spans(old, bytes),
                None => vec![Span::new(0, bytes.len())],
            };
            versions.extend(old);
            fresh = Some(match fresh {
                Some(others) => lines::common(&others, &spans),
                None => spans,
            });
        }
        let elsewhere = Some(
            Box::new(|| self.elsewhere(set, candidate)) as Box<dyn FnOnce() -> Elsewhere + 's>
        );
        Some(Before {
            fresh: fresh.unwrap_or_default(),
            versions,
            elsewhere,
        })
    }

    fn elsewhere(&self, set: &ChangeSet<'_>, candidate: &Candidate) -> Elsewhere {
        let replaced = set
            .parents
            .iter()
            .flat_map(|parent| parent.replaced(self.repo, candidate.path.as_bstr()));
        let replaced = replaced.collect();
        let versions = (self.earlier)(candidate)
            .into_iter()
            .filter_map(|id| content(self.repo, id));
        Elsewhere {
            versions: versions.collect(),
            replaced,
        }
    }
}
