//! One walk through a tree: what each entry is, what is fed, and what the ignore rules left out.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use ignore::{DirEntry, WalkBuilder, WalkState};

use crate::blob::{Skip, SkipReason};
use crate::git::is_store;

use super::feeder::{Feeder, shown, walk_error};
use crate::git::index::Tracked;

/// What all threads of a walk share.
pub(super) struct Walk<'a> {
    root: &'a Path,
    /// What the work tree tracks, and where in it the root lies; `None` outside of any.
    tracked: Option<(&'a Tracked, PathBuf)>,
    /// Whether the ignore rules of the work tree count.
    pub(super) rules: bool,
    /// Entries of the directories that were walked, without those that are tracked.
    children: AtomicU64,
    /// Those of them that the walk came by.
    met: AtomicU64,
    /// Repositories within.
    inner: Mutex<Vec<PathBuf>>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(root: &'a Path, tracked: Option<&'a Tracked>) -> Self {
        let tracked = tracked.and_then(|tracked| Some((tracked, tracked.place_of(root)?)));
        let rules = tracked
            .as_ref()
            .is_some_and(|(_, place)| !named_is_ignored(root, place));
        let (children, met, inner) = Default::default();
        Self {
            root,
            tracked,
            rules,
            children,
            met,
            inner,
        }
    }

    /// Feeds an entry, and says whether to go on below it.
    pub(super) fn visit(
        &self,
        entry: Result<DirEntry, ignore::Error>,
        feeder: &mut Feeder<'_>,
    ) -> WalkState {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                feeder.worker.skip(walk_error(self.root, &error));
                return WalkState::Continue;
            }
        };
        let path = entry.path();
        if entry.depth() > 0 && is_store(path) {
            if self.tracked.is_none() {
                feeder.worker.skip(Skip {
                    path: shown(path),
                    reason: SkipReason::Store,
                });
            }
            return WalkState::Skip;
        }
        let known = self
            .in_tree(path)
            .is_some_and(|(tracked, place)| tracked.met(&place));
        if entry.depth() > 0 && !known {
            self.met.fetch_add(1, Ordering::Relaxed);
        }
        feeder.entry(&entry);
        if !entry.file_type().is_some_and(|kind| kind.is_dir()) {
            return WalkState::Continue;
        }
        if self.tracked.is_some() && entry.depth() > 0 && is_store(&path.join(".git")) {
            self.inner
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(entry.into_path());
            return WalkState::Skip;
        }
        if self.rules {
            self.children
                .fetch_add(self.count_children(path), Ordering::Relaxed);
        }
        WalkState::Continue
    }

    /// Feeds what the walk did not come by and git tracks all the same, and says how many entries
    /// the rules left out. Returns the repositories within.
    pub(super) fn finish(self, feeder: &mut Feeder<'_>) -> Vec<PathBuf> {
        if self.rules {
            feeder.worker.left_out(
                self.children
                    .into_inner()
                    .saturating_sub(self.met.into_inner()),
            );
        }
        let mut inner = self
            .inner
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((tracked, place)) = self.tracked {
            inner.extend(feeder.missed(self.root, &place, tracked));
        }
        inner.sort();
        inner
    }

    fn in_tree(&self, path: &Path) -> Option<(&Tracked, PathBuf)> {
        let (tracked, place) = self.tracked.as_ref()?;
        Some((tracked, place.join(path.strip_prefix(self.root).ok()?)))
    }

    /// How many entries `dir` has that rules may leave out: neither what is tracked nor the
    /// repository's store. A directory that cannot be read has none: the walk itself says so.
    fn count_children(&self, dir: &Path) -> u64 {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        let counts = |entry: fs::DirEntry| {
            let path = entry.path();
            let known = self
                .in_tree(&path)
                .is_some_and(|(tracked, place)| tracked.holds(&place));
            u64::from(!known && (entry.file_name() != ".git" || !is_store(&path)))
        };
        entries.map(counts).sum()
    }
}

/// Whether the ignore rules leave out `root` itself, or a directory above it in the work tree: then
/// whoever named it wants to see what is in it.
fn named_is_ignored(root: &Path, place: &Path) -> bool {
    let Ok(root) = root.canonicalize() else {
        return false;
    };
    root.ancestors()
        .take(place.components().count())
        .any(|dir| {
            let Some(parent) = dir.parent() else {
                return false;
            };
            let mut walker = WalkBuilder::new(parent);
            let mut entries = walker
                .standard_filters(false)
                .parents(true)
                .git_ignore(true)
                .git_exclude(true);
            entries = entries.git_global(true).max_depth(Some(1));
            !entries.build().flatten().any(|entry| entry.path() == dir)
        })
}
