//! Describes where a secret is: its origin, and its history for reports.

use std::sync::Arc;

use bstr::{BString, ByteSlice as _};

use super::container::Container as Holder;
use super::findings::FindingsBuilder;
use super::found::StoredOccurrence;
use super::reach::paths::join_names;
use super::reach::starting_points::StartingPoint;
use super::reach::trace::{CommitOccurrence, Reachability};
use crate::blob::{CommitInfo, Origin};
use crate::finding::history::{CommitPlace, Container, Exposure, History, ObjectPlace, RootRef};
use crate::finding::path_inside;
use crate::git::commit::commit_info;
use crate::git::store::ObjectIndex;
use crate::git::{LocalRepository, ObjectId, ObjectKind, read_kind};

impl FindingsBuilder<'_> {
    /// Where a secret was added, or, if no commit holds it, where it is.
    pub(super) fn origin(
        &self,
        repo: &LocalRepository,
        stored: &[StoredOccurrence],
        reach: &Reachability,
    ) -> Origin {
        if let Some(first) = &reach.first {
            return self.origin_in_commit(repo, first);
        }
        match stored[0].container.container() {
            Holder::Name(_) => Origin::Name {
                path: self
                    .paths_of(stored[0].container)
                    .0
                    .pop()
                    .unwrap_or_default(),
                commit: None,
            },
            Holder::Object(object) => self.origin_of_object(object, reach),
        }
    }

    fn origin_in_commit(&self, repo: &LocalRepository, first: &CommitOccurrence) -> Origin {
        let commit = self.commit_info(repo, first);
        let path = join_names(&first.path, &self.collected.names);
        match first.container.container() {
            Holder::Name(_) => Origin::Name {
                path,
                commit: Some(commit),
            },
            Holder::Object(_) if first.path.is_empty() => Origin::CommitText { commit },
            Holder::Object(object) => Origin::Commit {
                commit,
                path,
                id: self.id_of(object).to_string(),
            },
        }
    }

    /// The origin of an object that no commit leads to.
    fn origin_of_object(&self, object: ObjectIndex, reach: &Reachability) -> Origin {
        let id = self.id_of(object);
        let starts = &self.trace.starts;
        let start = reach.starts.first().map(|&at| &starts[at as usize].root);
        if self.collected.is_tag(object) {
            let name = start.map(|start| start.name.clone());
            return Origin::TagText {
                name: name.unwrap_or_else(|| id.to_string().into()),
                id: id.to_string(),
            };
        }
        let indexes = self.context.roots.indexes.iter();
        let mut entries = indexes.flat_map(|index| &index.entries);
        if let Some((path, _)) = entries.find(|(_, entry)| *entry == id) {
            return Origin::Staged {
                path: path.clone(),
                id: id.to_string(),
            };
        }
        let dangling = || BString::from(format!("dangling blob {id}"));
        Origin::Repository {
            place: start.map_or_else(dangling, |start| start.name.clone()),
        }
    }

    fn id_of(&self, object: ObjectIndex) -> ObjectId {
        self.context.store.id_of(object)
    }

    fn commit_info(&self, repo: &LocalRepository, at: &CommitOccurrence) -> Arc<CommitInfo> {
        let record = &self.trace.commits.list[at.commit as usize];
        let id = self.id_of(record.number);
        let bytes = read_kind(repo, id, ObjectKind::Commit, None).unwrap_or_default();
        Arc::new(commit_info(id, &bytes))
    }

    /// What reports say of a secret in history.
    pub(super) fn history(
        &self,
        repo: &LocalRepository,
        stored: &[StoredOccurrence],
        reach: &Reachability,
    ) -> History {
        // Reports name the last commit only if the secret was removed since.
        let last = if reach.in_head {
            None
        } else {
            reach.last.as_ref()
        };
        let starts = reach.starts.iter();
        let mut reached_from: Vec<RootRef> = starts
            .map(|&at| self.trace.starts[at as usize].root.clone())
            .collect();
        reached_from.sort();
        reached_from.dedup();
        History {
            exposure: self.exposure(reach),
            in_head: reach.in_head,
            last: last.map(|last| self.commit_place(repo, stored, last)),
            reached_from,
            places: stored.iter().map(|stored| self.place(stored)).collect(),
            elsewhere: Vec::new(),
            repositories: Vec::new(),
        }
    }

    fn commit_place(
        &self,
        repo: &LocalRepository,
        stored: &[StoredOccurrence],
        at: &CommitOccurrence,
    ) -> CommitPlace {
        let mut stored = stored.iter();
        let stored = stored.find(|stored| stored.container == at.container);
        let path = join_names(&at.path, &self.collected.names);
        let inside = stored.and_then(|stored| stored.inside.as_ref());
        CommitPlace {
            commit: self.commit_info(repo, at),
            path: path_inside(
                path.as_bstr(),
                inside.map_or(b"".into(), |inside| inside.as_bstr()),
            ),
            line: stored.map_or(1, |stored| stored.line as usize),
        }
    }

    fn place(&self, stored: &StoredOccurrence) -> ObjectPlace {
        let (kind, object) = match stored.container.container() {
            Holder::Name(_) => (Container::Name, None),
            Holder::Object(object) => (self.kind_of(object), Some(self.id_of(object))),
        };
        ObjectPlace {
            kind,
            object: object.map(|id| id.to_string()),
            paths: self.paths_of(stored.container).0,
            inside: stored.inside.as_deref().cloned(),
            line: stored.line as usize,
            column: stored.column as usize,
            encoded: stored.encoded,
            binary: stored.binary,
        }
    }

    fn kind_of(&self, object: ObjectIndex) -> Container {
        if self.trace.commits.place_of(object).is_some() {
            Container::Commit
        } else if self.collected.is_tag(object) {
            Container::Tag
        } else {
            Container::Blob
        }
    }

    fn exposure(&self, reach: &Reachability) -> Exposure {
        let starts = reach.starts.iter();
        let mut starts = starts.map(|&at| &self.trace.starts[at as usize]);
        let worst = starts.clone().map(|start| start.hold).min();
        let worst = worst.unwrap_or(Exposure::Unreachable);
        let is_fetched_from = self.is_bare && worst == Exposure::Local;
        if is_fetched_from || starts.any(StartingPoint::is_remote) {
            Exposure::Published
        } else {
            worst
        }
    }
}
