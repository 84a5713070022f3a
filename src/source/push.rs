//! What a push brings: the commits that its refs lead to and that are not known yet, with the tags
//! on the way, what a ref leads to in place of a commit, and the names of the refs.

use std::collections::HashSet;

use bstr::{BStr, BString, ByteSlice};
use gix::objs::{Kind, TreeRefIter};
use gix::{ObjectId, Repository, ThreadSafeRepository};

use super::{Range, Source, SourceError, Worker, Workers, parts};
use crate::blob::{Blob, Fresh, Origin, Skip, SkipReason};
use crate::git::ReadError;
use crate::git::commit::tag_text;
use crate::git::range::{self, RangeError, Selection};

/// What a push brings.
pub struct Push {
    /// The names of its refs, where they go.
    names: Vec<BString>,
    /// What refs lead to that is no commit, each with the name of the ref.
    loose: Vec<(BString, ObjectId)>,
    range: Range,
}

impl Push {
    /// Finds out what `refs` bring that `known` objects do not lead to. Known objects that are not
    /// here are passed over.
    ///
    /// # Errors
    /// Where a part of the history is missing.
    pub fn new(
        shared: ThreadSafeRepository,
        refs: Vec<(BString, ObjectId)>,
        known: &[ObjectId],
    ) -> Result<Self, RangeError> {
        let repo = shared.to_thread_local();
        let mut hidden: Vec<_> = known
            .iter()
            .copied()
            .filter(|&id| leads_to_commit(&repo, id) == Ok(true))
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
                Err(problem) => {
                    return Err(RangeError::Object {
                        id: id.to_string(),
                        problem,
                    });
                }
            }
            names.push(name);
        }
        let history = range::list(&repo, &Selection::Between { tips, hidden })?;
        Ok(Self {
            names,
            loose,
            range: Range {
                repo: shared,
                history,
                max_size: None,
                jobs: 1,
            },
        })
    }

    /// The same, scanned by this many threads, but for blobs that are larger, in bytes.
    #[must_use]
    pub fn within(mut self, max_size: Option<u64>, jobs: usize) -> Self {
        (self.range.max_size, self.range.jobs) = (max_size, jobs);
        self
    }
}

impl Source for Push {
    fn feed<'w>(&self, workers: Workers<'w, '_>) -> Result<(), SourceError> {
        let repo = self.range.repo.to_thread_local();
        let mut worker = workers();
        for name in &self.names {
            worker.blob(Blob::whole(
                name,
                Origin::Name {
                    path: name.clone(),
                    commit: None,
                },
            ));
        }
        let mut loose = Loose {
            repo: &repo,
            max_size: self.range.max_size,
            worker: worker.as_mut(),
        };
        for (name, id) in &self.loose {
            loose.follow(name.as_bstr(), *id)?;
        }
        drop(worker);
        self.range.feed(workers)
    }
}

/// Whether `id` is a commit or a tag of one.
fn leads_to_commit(repo: &Repository, id: ObjectId) -> Result<bool, String> {
    let object = repo.find_object(id).map_err(|error| error.to_string())?;
    let object = object
        .peel_tags_to_end()
        .map_err(|error| error.to_string())?;
    Ok(object.kind == Kind::Commit)
}

/// Feeds what no commit has.
struct Loose<'a> {
    repo: &'a Repository,
    max_size: Option<u64>,
    worker: &'a mut dyn Worker,
}

impl Loose<'_> {
    /// Feeds what a ref leads to: any tags, and then a tree or a blob.
    fn follow(&mut self, name: &BStr, mut id: ObjectId) -> Result<(), SourceError> {
        loop {
            let object = self
                .repo
                .find_object(id)
                .map_err(|error| damaged(id, &error))?
                .detach();
            match object.kind {
                Kind::Tag => {
                    let tag = self
                        .repo
                        .find_tag(id)
                        .map_err(|error| damaged(id, &error))?;
                    let tag = tag.decode().map_err(|error| damaged(id, &error))?;
                    let origin = Origin::TagText {
                        name: tag.name.into(),
                        id: id.to_string(),
                    };
                    self.worker.blob(Blob::whole(&tag_text(&tag), origin));
                    id = tag.target();
                }
                Kind::Tree => return self.tree(name, id),
                Kind::Blob => {
                    self.blob(name, id);
                    return Ok(());
                }
                Kind::Commit => return Ok(()),
            }
        }
    }

    fn tree(&mut self, place: &BStr, id: ObjectId) -> Result<(), SourceError> {
        let mut open = vec![(BString::default(), id)];
        while let Some((folder, id)) = open.pop() {
            let tree = self
                .repo
                .find_object(id)
                .map_err(|error| damaged(id, &error))?
                .detach();
            for entry in TreeRefIter::from_bytes(&tree.data, id.kind()) {
                let entry = entry.map_err(|error| damaged(id, &error))?;
                let path: BString = [folder.as_bytes(), entry.filename].concat().into();
                self.worker.blob(Blob::whole(
                    &path,
                    Origin::Name {
                        path: path.clone(),
                        commit: None,
                    },
                ));
                if entry.mode.is_tree() {
                    open.push((
                        [path.as_bytes(), b"/"].concat().into(),
                        entry.oid.to_owned(),
                    ));
                } else if entry.mode.is_commit() {
                    self.worker.skip(Skip {
                        path,
                        reason: SkipReason::Submodule,
                    });
                } else {
                    let place = [place.as_bytes(), b":", path.as_bytes()].concat();
                    self.blob(place.as_bstr(), entry.oid.to_owned());
                }
            }
        }
        Ok(())
    }

    fn blob(&mut self, place: &BStr, id: ObjectId) {
        if let Some(limit) = self.max_size
            && self
                .repo
                .find_header(id)
                .is_ok_and(|header| header.size() > limit)
        {
            return self.worker.skip(Skip {
                path: place.to_owned(),
                reason: SkipReason::TooLarge { limit },
            });
        }
        match self.repo.find_object(id) {
            Ok(object) => {
                for (bytes, part) in parts(&object.data) {
                    let origin = Origin::Repository {
                        place: place.to_owned(),
                    };
                    self.worker.blob(Blob {
                        bytes,
                        origin,
                        fresh: Fresh::All,
                        part,
                    });
                }
            }
            Err(error) => {
                let reason = SkipReason::Unreadable(damaged(id, &error).to_string());
                self.worker.skip(Skip {
                    path: place.to_owned(),
                    reason,
                });
            }
        }
    }
}

fn damaged(id: ObjectId, error: &dyn std::fmt::Display) -> SourceError {
    SourceError::Read(ReadError::Object {
        id: id.to_string(),
        problem: error.to_string(),
    })
}
