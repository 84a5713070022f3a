//! Feeds what a push brings: the commits that its refs lead to and that are not known yet, the tags
//! on the way, trees and blobs that refs lead to directly, and the names of the refs.

use std::collections::HashSet;

use bstr::{BStr, BString, ByteSlice};

use super::changes::submodule;
use super::lfs::feed_target;
use super::names::path_names;
use super::{Range, Source, SourceError, Worker, Workers, parts};
use crate::blob::{Blob, Origin, Skip, SkipReason};
use crate::git::commit::{read_links, tag_name, tag_target};
use crate::git::diff::budget::Budget;
use crate::git::range::{self, RangeError, Selection};
use crate::git::tree::{EntryKind, Tree};
use crate::git::{
    LocalRepository, ObjectId, ObjectKind, ReadError, Repository, kind_of, read_kind, unreached,
};

/// What a push brings.
pub struct Push {
    /// Trees and blobs that refs lead to, each with the name of the ref.
    loose: Vec<(BString, ObjectId)>,
    /// Objects that came with the push, and that no ref leads to.
    unreached: Vec<ObjectId>,
    /// The commits, and the names of its refs in the repository that it goes to.
    range: Range,
}

impl Push {
    /// Lists what `refs` bring that `known` objects do not lead to. Known objects that the
    /// repository does not have, or that are corrupt, are ignored, so that more is scanned.
    ///
    /// # Errors
    /// If a part of the history is missing.
    pub fn new(
        shared: Repository,
        refs: Vec<(BString, ObjectId)>,
        known: &[ObjectId],
    ) -> Result<Self, RangeError> {
        let repo = shared.local();
        let mut hidden: Vec<_> = known
            .iter()
            .copied()
            .filter(|&id| matches!(leads_to_commit(&repo, id), Ok(true)))
            .collect();
        hidden.sort_unstable();
        hidden.dedup();
        let known: HashSet<_> = known.iter().copied().collect();
        let (mut tips, mut loose, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for (name, id) in refs {
            match leads_to_commit(&repo, id) {
                _ if known.contains(&id) => {}
                Ok(true) => tips.push(id),
                Ok(false) => loose.push((name.clone(), id)),
                Err(error) => return Err(error.into()),
            }
            names.push(name);
        }
        let history = range::list(&repo, &Selection::Between { tips, hidden })?;
        Ok(Self {
            loose,
            unreached: Vec::new(),
            range: Range {
                repo: shared,
                names,
                history,
                max_size: None,
                jobs: 1,
            },
        })
    }

    /// Feeds also those of the `received` objects that the `refs` do not lead to: a client can send
    /// any object, and who knows its id can fetch it.
    #[must_use]
    pub fn with_received(mut self, received: &[ObjectId], refs: &[(BString, ObjectId)]) -> Self {
        let tips = refs.iter().map(|(_, id)| *id).collect();
        self.unreached = unreached(&self.range.repo.local(), received, tips);
        self
    }

    /// Sets the number of threads, and the size in bytes above which blobs are skipped.
    #[must_use]
    pub fn within(mut self, max_size: Option<u64>, jobs: usize) -> Self {
        (self.range.max_size, self.range.jobs) = (max_size, jobs);
        self
    }
}

impl Source for Push {
    fn feed<'w>(&self, workers: Workers<'w, '_>) -> Result<(), SourceError> {
        let repo = self.range.repo.local();
        let mut worker = workers();
        let mut loose = Loose {
            repo: &repo,
            max_size: self.range.max_size,
            worker: worker.as_mut(),
        };
        for (name, id) in &self.loose {
            loose.follow(name.as_bstr(), *id)?;
        }
        for &id in &self.unreached {
            let place = BString::from(format!("object {id}"));
            loose.object(place.as_bstr(), id, kind_of(&repo, id)?);
        }
        drop(worker);
        self.range.feed(workers)
    }
}

/// Whether `id` is a commit, or a tag that leads to one.
fn leads_to_commit(repo: &LocalRepository, mut id: ObjectId) -> Result<bool, ReadError> {
    loop {
        match kind_of(repo, id)? {
            ObjectKind::Tag => id = tag_target(id, &read_kind(repo, id, ObjectKind::Tag, None)?)?,
            ObjectKind::Commit => return read_links(repo, id).map(|_| true),
            ObjectKind::Tree | ObjectKind::Blob => return Ok(false),
        }
    }
}

/// What a file of a tree costs at least, in bytes: to read one takes longer than to list its path.
const FILE_COST: usize = 1 << 10;

/// Feeds what refs lead to instead of a commit.
struct Loose<'a> {
    repo: &'a LocalRepository,
    max_size: Option<u64>,
    worker: &'a mut dyn Worker,
}

impl Loose<'_> {
    /// Feeds what a ref leads to: any tags, and then a tree or a blob.
    fn follow(&mut self, name: &BStr, mut id: ObjectId) -> Result<(), SourceError> {
        loop {
            match kind_of(self.repo, id)? {
                ObjectKind::Tag => {
                    let text = read_kind(self.repo, id, ObjectKind::Tag, None)?;
                    let origin = Origin::TagText {
                        name: tag_name(&text),
                        id: id.to_string(),
                    };
                    self.worker.blob(Blob::whole(&text, origin));
                    id = tag_target(id, &text)?;
                }
                ObjectKind::Tree => {
                    let result = self.tree(name, id);
                    if matches!(result, Err(ReadError::TooManyPaths)) {
                        let reason = SkipReason::TooManyPaths;
                        let path = name.to_owned();
                        self.worker.skip(Skip { path, reason });
                        return Ok(());
                    }
                    return Ok(result?);
                }
                ObjectKind::Blob => {
                    self.object(name, id, ObjectKind::Blob);
                    return Ok(());
                }
                ObjectKind::Commit => return Ok(()),
            }
        }
    }

    fn tree(&mut self, place: &BStr, id: ObjectId) -> Result<(), ReadError> {
        let mut open = vec![(BString::default(), id)];
        let mut budget = Budget::default();
        while let Some((folder, id)) = open.pop() {
            for entry in Tree::read_within(self.repo, id, &mut budget)?.entries() {
                let entry = entry?;
                budget.pay_path(folder.len() + entry.name.len());
                budget.check()?;
                let path: BString = [folder.as_bytes(), entry.name].concat().into();
                // The names of the folders were fed when these were opened.
                for name in path_names(path.as_bstr(), Some(folder.as_bstr())) {
                    self.worker.blob(Blob {
                        previous: Some(&name),
                        ..name.blob(None)
                    });
                }
                match entry.kind {
                    EntryKind::Tree => {
                        let folder = [path.as_bytes(), b"/"].concat().into();
                        open.push((folder, entry.id.to_owned()));
                    }
                    EntryKind::Submodule => self.worker.skip(Skip {
                        path,
                        reason: submodule(self.repo, entry.id.to_owned()),
                    }),
                    EntryKind::File | EntryKind::Link => {
                        let place = [place.as_bytes(), b":", path.as_bytes()].concat();
                        let id = entry.id.to_owned();
                        let len = self.object(place.as_bstr(), id, ObjectKind::Blob);
                        budget.pay_object(id, FILE_COST + len);
                        budget.check()?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Feeds the bytes of an object, and returns how many it has.
    fn object(&mut self, place: &BStr, id: ObjectId, kind: ObjectKind) -> usize {
        let limit = self.max_size.filter(|_| kind == ObjectKind::Blob);
        match read_kind(self.repo, id, kind, limit) {
            Ok(content) => {
                let origin = Origin::Repository {
                    place: place.to_owned(),
                };
                for (bytes, part) in parts(&content) {
                    self.worker.blob(Blob {
                        bytes,
                        origin: origin.clone(),
                        previous: None,
                        part,
                        is_copy: false,
                    });
                }
                let target = feed_target(self.repo, &content, &origin, self.max_size, self.worker);
                if let Some(Err(reason)) = target {
                    let path = place.to_owned();
                    self.worker.skip(Skip { path, reason });
                }
                content.len()
            }
            Err(error) => {
                self.worker.skip(Skip {
                    path: place.to_owned(),
                    reason: error.into(),
                });
                0
            }
        }
    }
}
