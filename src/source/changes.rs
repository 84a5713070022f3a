//! Feeds what a commit, or the next one, brings: content and names that none of its parents has.

use std::cell::Cell;
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
use crate::git::{LocalRepository, ObjectId, ObjectKind, check_gitlink, read_kind};
use crate::text::Span;

/// All that a commit, or the next one, brings.
pub(super) struct ChangeSet {
    /// The commit; `None` for the next one, which is in the index.
    pub(super) commit: Option<Arc<CommitInfo>>,
    pub(super) candidates: Vec<Candidate>,
    /// Its parents; the first commit has one without files.
    pub(super) parents: Vec<Parent>,
    /// What it cost to list the candidates, in bytes.
    pub(super) cost: usize,
}

impl ChangeSet {
    /// The candidates, those with the same content next to each other.
    pub(super) fn by_content(&self) -> Vec<&Candidate> {
        let mut first = HashMap::with_capacity(self.candidates.len());
        for (number, candidate) in self.candidates.iter().enumerate() {
            first.entry(candidate.entry).or_insert(number);
        }
        let mut candidates: Vec<_> = self.candidates.iter().collect();
        candidates.sort_by_key(|candidate| first[&candidate.entry]);
        candidates
    }
}

/// Feeds one change.
pub(super) struct ChangeFeeder<'a, 's> {
    pub(super) repo: &'a LocalRepository,
    pub(super) max_size: Option<u64>,
    pub(super) set: &'a ChangeSet,
    /// The changes of the same range, and the number of this one.
    pub(super) range: Option<(&'a RangeChanges<'s>, usize)>,
    /// Whether it is what the changes of a range result in.
    pub(super) is_result: bool,
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

    /// Feeds the content of the `copies`, which all have the same. It is read and searched once.
    pub(super) fn content(&self, copies: &[&Candidate], worker: &mut dyn Worker) {
        let Some((first, others)) = copies.split_first() else {
            return;
        };
        match first.entry.kind {
            EntryKind::Submodule => {
                let reason = submodule(self.repo, first.entry.id);
                return skip_all(copies, &reason, worker);
            }
            // An empty directory has a name only.
            EntryKind::Tree => return,
            EntryKind::File | EntryKind::Link => {}
        }
        let content = read_kind(self.repo, first.entry.id, ObjectKind::Blob, self.max_size);
        let content = match content {
            Ok(content) => content,
            Err(error) => return skip_all(copies, &error.into(), worker),
        };
        let work = Cell::new(0);
        let previous = |candidate| PreviousVersions {
            feeder: self,
            candidate,
            content: &content,
            work: &work,
        };
        for (bytes, part) in parts(&content) {
            worker.blob(Blob {
                bytes,
                origin: self.origin(first),
                previous: Some(&previous(first)),
                part,
                is_copy: false,
            });
        }
        for candidate in others {
            let previous = previous(candidate);
            worker.blob(Blob::copy(self.origin(candidate), Some(&previous)));
        }
        let origin = self.origin(first);
        match feed_target(self.repo, &content, &origin, self.max_size, worker) {
            None => {}
            Some(Ok(())) => {
                for candidate in others {
                    worker.blob(Blob::copy(self.origin(candidate), None));
                }
            }
            Some(Err(reason)) => skip_all(copies, &reason, worker),
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

/// Why a submodule entry is not scanned.
pub(super) fn submodule(repo: &LocalRepository, id: ObjectId) -> SkipReason {
    let checked = check_gitlink(repo, id);
    checked.map_or_else(SkipReason::from, |()| SkipReason::Submodule)
}

fn skip_all(copies: &[&Candidate], reason: &SkipReason, worker: &mut dyn Worker) {
    for candidate in copies {
        worker.skip(Skip {
            path: candidate.path.clone(),
            reason: reason.clone(),
        });
    }
}

/// What the content of a candidate replaces.
struct PreviousVersions<'a, 's> {
    feeder: &'a ChangeFeeder<'a, 's>,
    candidate: &'a Candidate,
    content: &'a [u8],
    /// How many bytes were compared so far for all copies of the content.
    work: &'a Cell<usize>,
}

/// How many bytes are compared to find the older versions of copies of the same content. The copies
/// after that count as new, so more is reported, not less.
const MAX_WORK: usize = 256 << 20;

impl PreviousContent for PreviousVersions<'_, '_> {
    fn versions(&self) -> Option<Vec<OldVersion>> {
        if self.work.get() > MAX_WORK {
            return None;
        }
        let (reader, candidate) = (self.feeder.reader(), self.candidate);
        let mut versions: Vec<OldVersion> = Vec::new();
        for (before, parent) in candidate.before.iter().zip(&self.feeder.set.parents) {
            match before {
                Some(old) => versions.extend(reader.version(candidate.path.as_bstr(), *old).ok()?),
                None => versions.extend(parent.renamed_from(reader, candidate, self.content)),
            }
            // A commit with many parents: their versions are not held in memory all at once.
            if versions.len() > 2
                && versions.iter().map(|old| old.bytes.len()).sum::<usize>() > MAX_WORK
            {
                return None;
            }
        }
        let compared = versions
            .iter()
            .map(|old| old.bytes.len() + self.content.len());
        let removed = self.feeder.set.parents.iter().map(Parent::work);
        let work = compared.chain(removed).sum::<usize>() + candidate.path.len();
        self.work.set(self.work.get().saturating_add(work));
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

    fn content(&self) -> Option<&[u8]> {
        Some(self.content)
    }

    fn is_result(&self) -> bool {
        self.feeder.is_result
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

    fn is_result(&self) -> bool {
        self.feeder.is_result
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
    /// What the commits bring, in the order of the paths, and then of the commits.
    versions: Vec<(usize, &'s Candidate)>,
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
        let versions = &self.paths().versions;
        let key = |(at, candidate): &(usize, &'s Candidate)| (candidate.path.as_bstr(), *at);
        let first = versions.partition_point(|version| key(version) < (path, 0));
        let last = versions.partition_point(|version| key(version) < (path, number));
        let earlier = versions[first..last].iter();
        earlier.map(|(_, candidate)| candidate.entry)
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
                    paths.versions.push((number, candidate));
                    for name in path_names(path, None).filter(|_| candidate.is_new()) {
                        paths.names.entry(name.path).or_insert(number);
                    }
                }
            }
            let versions = &mut paths.versions;
            versions.sort_unstable_by_key(|(number, candidate)| (&candidate.path, *number));
            paths
        })
    }
}
