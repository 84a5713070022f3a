//! Feeds what a commit, or the next one, brings: content and names that none of its parents has.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use bstr::{BStr, ByteSlice};

use super::lfs::feed_target;
use super::names::{PathName, path_names};
use super::removed::{Parent, Reader};
use super::{Worker, parts};
use crate::blob::{
    Blob, CommitInfo, MovedFrom, OldVersion, Origin, PreviousContent, Skip, SkipReason,
};
use crate::git::diff::{Candidate, lines};
use crate::git::tree::{EntryKind, TypedId};
use crate::git::{LocalRepository, ObjectKind, read_kind};
use crate::text::Span;

/// All that a commit, or the next one, brings.
pub(super) struct ChangeSet {
    /// The commit; `None` for the next one, which is in the index.
    pub(super) commit: Option<Arc<CommitInfo>>,
    pub(super) candidates: Vec<Candidate>,
    /// Its parents; the first commit has one without files.
    pub(super) parents: Vec<Parent>,
}

/// Feeds one change.
pub(super) struct ChangeFeeder<'a, 's> {
    pub(super) repo: &'a LocalRepository,
    pub(super) max_size: Option<u64>,
    pub(super) set: &'a ChangeSet,
    /// The changes of the same range, and the number of this one.
    pub(super) range: Option<(&'a RangeChanges<'s>, usize)>,
}

impl ChangeFeeder<'_, '_> {
    /// Feeds the names in the paths that no parent has; a directory once for all its files.
    pub(super) fn names(&self, worker: &mut dyn Worker) {
        let mut last = None;
        for candidate in self
            .set
            .candidates
            .iter()
            .filter(|candidate| candidate.is_new())
        {
            for name in path_names(candidate.path.as_bstr(), last) {
                let previous = PreviousName {
                    feeder: self,
                    name: &name,
                };
                worker.blob(Blob {
                    previous: Some(&previous),
                    ..name.blob(self.set.commit.as_ref())
                });
            }
            last = Some(candidate.path.as_bstr());
        }
    }

    /// Feeds the content of `candidate`.
    pub(super) fn content(&self, candidate: &Candidate, worker: &mut dyn Worker) {
        let path = candidate.path.clone();
        if candidate.entry.kind == EntryKind::Submodule {
            let reason = SkipReason::Submodule;
            return worker.skip(Skip { path, reason });
        }
        match read_kind(
            self.repo,
            candidate.entry.id,
            ObjectKind::Blob,
            self.max_size,
        ) {
            Ok(content) => {
                let origin = self.origin(candidate);
                let previous = PreviousVersions {
                    feeder: self,
                    candidate,
                    content: &content,
                };
                for (bytes, part) in parts(&content) {
                    worker.blob(Blob {
                        bytes,
                        origin: origin.clone(),
                        previous: Some(&previous),
                        part,
                    });
                }
                feed_target(self.repo, &content, &origin, self.max_size, worker);
            }
            Err(error) => worker.skip(Skip {
                path,
                reason: error.into(),
            }),
        }
    }

    const fn reader(&self) -> Reader<'_> {
        Reader {
            repo: self.repo,
            max_size: self.max_size,
        }
    }

    fn origin(&self, candidate: &Candidate) -> Origin {
        let (path, id) = (candidate.path.clone(), candidate.entry.id.to_string());
        match &self.set.commit {
            None => Origin::Staged { path, id },
            Some(commit) => Origin::Commit {
                commit: commit.clone(),
                path,
                id,
            },
        }
    }
}

/// What the content of a candidate replaces.
struct PreviousVersions<'a, 's> {
    feeder: &'a ChangeFeeder<'a, 's>,
    candidate: &'a Candidate,
    content: &'a [u8],
}

impl PreviousContent for PreviousVersions<'_, '_> {
    fn versions(&self) -> Option<Vec<OldVersion>> {
        let (reader, candidate) = (self.feeder.reader(), self.candidate);
        let mut versions = Vec::new();
        for (before, parent) in candidate.before.iter().zip(&self.feeder.set.parents) {
            match before {
                Some(old) => versions.extend(reader.version(candidate.path.as_bstr(), *old).ok()?),
                None => versions.extend(parent.renamed_from(reader, candidate, self.content)),
            }
        }
        Some(versions)
    }

    fn spans(&self, versions: &[OldVersion]) -> Vec<Span> {
        let spans = versions
            .iter()
            .map(|old| lines::spans(&old.bytes, self.content));
        spans
            .reduce(|a, b| lines::common(&a, &b))
            .unwrap_or_else(|| vec![Span::new(0, self.content.len())])
    }

    fn elsewhere(&self) -> MovedFrom {
        let (reader, path) = (self.feeder.reader(), self.candidate.path.as_bstr());
        let parents = self.feeder.set.parents.iter();
        let earlier = self
            .feeder
            .range
            .map(|(range, number)| range.earlier(number, path));
        MovedFrom {
            versions: earlier
                .into_iter()
                .flatten()
                .filter_map(|entry| reader.version(path, entry).ok()?)
                .collect(),
            replaced: parents
                .flat_map(|parent| parent.replaced(reader, path))
                .collect(),
        }
    }
}

/// A name is new once, however often the file comes back within a range.
struct PreviousName<'a, 's> {
    feeder: &'a ChangeFeeder<'a, 's>,
    name: &'a PathName<'a>,
}

impl PreviousContent for PreviousName<'_, '_> {
    fn versions(&self) -> Option<Vec<OldVersion>> {
        let mut versions = self.name.versions()?;
        let range = self.feeder.range;
        let is_known = range.is_some_and(|(range, number)| range.has_name(number, self.name));
        versions.extend(is_known.then(|| self.name.version()));
        Some(versions)
    }

    fn spans(&self, versions: &[OldVersion]) -> Vec<Span> {
        self.name.spans(versions)
    }

    fn elsewhere(&self) -> MovedFrom {
        self.name.elsewhere()
    }
}

/// How many earlier versions of a blob are searched for a secret that comes back.
const MAX_EARLIER: usize = 100;

/// The changes of a range, by the paths that they bring.
pub(super) struct RangeChanges<'s> {
    sets: &'s [Option<ChangeSet>],
    /// Made when something was found.
    paths: OnceLock<Paths<'s>>,
}

#[derive(Default)]
struct Paths<'s> {
    /// For each path, which commits bring what there.
    versions: HashMap<&'s BStr, Vec<(usize, TypedId)>>,
    /// For each new name, the first commit that brings it.
    names: HashMap<&'s BStr, usize>,
}

impl<'s> RangeChanges<'s> {
    pub(super) const fn new(sets: &'s [Option<ChangeSet>]) -> Self {
        Self {
            sets,
            paths: OnceLock::new(),
        }
    }

    /// The changes that are known, with their numbers.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (usize, &'s ChangeSet)> {
        let numbered = self.sets.iter().enumerate();
        numbered.filter_map(|(number, set)| Some((number, set.as_ref()?)))
    }

    /// The blobs that commits before `number` bring to the same path.
    fn earlier(&self, number: usize, path: &BStr) -> impl Iterator<Item = TypedId> {
        self.before(number, path)
            .filter(|entry| entry.blob().is_some())
            .take(MAX_EARLIER)
    }

    /// What commits before `number` bring to the same path, submodules included.
    fn before(&self, number: usize, path: &BStr) -> impl Iterator<Item = TypedId> {
        let versions = self.paths().versions.get(path).into_iter().flatten();
        versions
            .take_while(move |(at, _)| *at < number)
            .map(|(_, entry)| *entry)
    }

    /// Whether a commit before `number` brings the name.
    fn has_name(&self, number: usize, name: &PathName<'_>) -> bool {
        self.before(number, name.path).next().is_some()
            || self
                .paths()
                .names
                .get(name.path)
                .is_some_and(|first| *first < number)
    }

    fn paths(&self) -> &Paths<'s> {
        self.paths.get_or_init(|| {
            let mut paths = Paths::default();
            for (number, set) in self.numbered() {
                for candidate in &set.candidates {
                    let path = candidate.path.as_bstr();
                    paths
                        .versions
                        .entry(path)
                        .or_default()
                        .push((number, candidate.entry));
                    for name in path_names(path, None).filter(|_| candidate.is_new()) {
                        paths.names.entry(name.path).or_insert(number);
                    }
                }
            }
            paths
        })
    }
}
