//! Walks one directory tree for the source of files: feeds each entry, counts what the ignore rules
//! leave out, and lists the repositories inside.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::{DirEntry, WalkBuilder, WalkState};

use crate::blob::SkipReason;
use crate::fs::NOT_REGULAR;
use crate::git::index::Tracked;
use crate::git::{is_store, store_of};

use super::super::feeder::Feeder;
use super::feeder::{display_path, feed_entry, feed_file, feed_missed, skip_walk_error};

/// The state that all threads of a walk share.
pub(super) struct DirectoryWalk<'a> {
    root: &'a Path,
    /// The tracked files of the work tree, and the position of the root in it; `None` outside of
    /// any work tree.
    tracked: Option<(&'a Tracked, PathBuf)>,
    /// The git directory of the repository that is scanned.
    store: Option<&'a Path>,
    /// The files that reports of this run replace.
    reports: &'a [PathBuf],
    /// Whether the ignore rules of the work tree apply.
    pub(super) uses_ignore_rules: bool,
    /// Number of entries in the directories that were walked, without tracked ones.
    counted: AtomicU64,
    /// Number of those that the walk visited.
    visited: AtomicU64,
    /// Repositories inside the tree.
    nested: Mutex<Vec<PathBuf>>,
}

impl<'a> DirectoryWalk<'a> {
    pub(super) fn new(
        root: &'a Path,
        tracked: Option<&'a Tracked>,
        store: Option<&'a Path>,
        reports: &'a [PathBuf],
    ) -> Self {
        let tracked = tracked.and_then(|tracked| Some((tracked, tracked.path_of(root)?)));
        let uses_ignore_rules = tracked
            .as_ref()
            .is_some_and(|(_, place)| !is_ignored(root, place));
        Self {
            root,
            tracked,
            store,
            reports,
            uses_ignore_rules,
            counted: AtomicU64::new(0),
            visited: AtomicU64::new(0),
            nested: Mutex::default(),
        }
    }

    /// Feeds an entry. Returns whether to walk the directory that it is.
    pub(super) fn visit(
        &self,
        entry: Result<DirEntry, ignore::Error>,
        feeder: &mut Feeder<'_>,
    ) -> WalkState {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                skip_walk_error(feeder, self.root, &error);
                return WalkState::Continue;
            }
        };
        let path = entry.path();
        let is_root = entry.depth() == 0;
        if !is_root && is_store(path) {
            if !self.is_audited(path) {
                // The file that points to a git directory may hold more than that.
                if path.is_file() {
                    feed_file(feeder, path);
                }
                feeder.skip(display_path(path), SkipReason::Store);
            }
            return WalkState::Skip;
        }
        let is_tracked = self
            .position(path)
            .is_some_and(|(tracked, place)| tracked.visit(&place));
        if !is_root && !is_tracked {
            self.visited.fetch_add(1, Ordering::Relaxed);
        }
        if !is_tracked && self.is_report(path) {
            feeder.skip(display_path(path), SkipReason::OwnReport);
            return WalkState::Continue;
        }
        feed_entry(feeder, &entry);
        if !entry.file_type().is_some_and(|kind| kind.is_dir()) {
            return WalkState::Continue;
        }
        if self.tracked.is_some() && !is_root && is_store(&path.join(".git")) {
            self.nested
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(entry.into_path());
            return WalkState::Skip;
        }
        if self.uses_ignore_rules {
            self.counted
                .fetch_add(self.count_children(path), Ordering::Relaxed);
        }
        WalkState::Continue
    }

    /// Whether a report of this run replaces `path`.
    fn is_report(&self, path: &Path) -> bool {
        let reports = self.reports.iter();
        let mut named = reports.filter(|report| report.file_name() == path.file_name());
        named.any(|report| path.canonicalize().is_ok_and(|path| path == *report))
    }

    /// Whether an audit of the repository that is scanned reads the git directory that `path` is or
    /// points to: its own, or that of a submodule or a linked work tree inside it.
    fn is_audited(&self, path: &Path) -> bool {
        self.store.zip(store_of(path)).is_some_and(|(own, store)| {
            store == own
                || ["modules", "worktrees"]
                    .iter()
                    .any(|part| store.starts_with(own.join(part)))
        })
    }

    /// Feeds tracked files that the walk did not visit, and reports how many entries the ignore
    /// rules left out. Returns the repositories inside, sorted.
    pub(super) fn finish(self, feeder: &mut Feeder<'_>) -> Vec<PathBuf> {
        if self.uses_ignore_rules {
            let (counted, visited) = (self.counted.into_inner(), self.visited.into_inner());
            feeder.worker.left_out(counted.saturating_sub(visited));
        }
        let mut nested = self
            .nested
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((tracked, place)) = self.tracked {
            nested.extend(feed_missed(feeder, self.root, &place, tracked));
        }
        nested.sort();
        nested
    }

    /// The position of `path` in the work tree.
    fn position(&self, path: &Path) -> Option<(&Tracked, PathBuf)> {
        let (tracked, place) = self.tracked.as_ref()?;
        Some((tracked, place.join(path.strip_prefix(self.root).ok()?)))
    }

    /// How many entries of `dir` the ignore rules may leave out: all except tracked files and the
    /// store. Zero for a directory that cannot be read, since the walk itself reports it.
    fn count_children(&self, dir: &Path) -> u64 {
        let mut count = 0;
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_tracked = self
                .position(&path)
                .is_some_and(|(tracked, place)| tracked.holds(&place));
            if !is_tracked && (entry.file_name() != ".git" || !is_store(&path)) {
                count += 1;
            }
        }
        count
    }
}

/// Whether the ignore rules match `root`, or a directory above it in the work tree. A user who
/// names such a directory wants its content to be scanned, so the rules do not apply then.
fn is_ignored(root: &Path, place: &Path) -> bool {
    let Ok(root) = root.canonicalize() else {
        return false;
    };
    root.ancestors()
        .take(place.components().count())
        .any(|dir| {
            dir.parent().is_some_and(|parent| {
                let mut siblings = walker(parent, true, &LeftOut::default());
                siblings.max_depth(Some(1));
                !siblings.build().flatten().any(|entry| entry.path() == dir)
            })
        })
}

/// Directories that a walk left out because of [`has_special_rules`].
pub(super) type LeftOut = Arc<Mutex<Vec<PathBuf>>>;

/// Whether the ignore rules of a directory are in a named pipe or a device, for which the walk
/// would wait forever.
pub(super) fn has_special_rules(dir: &Path) -> bool {
    fs::metadata(dir.join(".gitignore")).is_ok_and(|data| !data.is_file() && !data.is_dir())
}

/// Says that `dir` is not scanned, because [`has_special_rules`].
pub(super) fn skip_special_rules(feeder: &mut Feeder<'_>, dir: &Path) {
    let problem = format!("{NOT_REGULAR}; its folder is not scanned");
    let path = display_path(&dir.join(".gitignore"));
    feeder.skip(path, SkipReason::Unreadable(problem));
}

/// A walk through `root`, with git's ignore rules or without any filter.
pub(super) fn walker(root: &Path, uses_ignore_rules: bool, left_out: &LeftOut) -> WalkBuilder {
    let mut walker = WalkBuilder::new(root);
    if uses_ignore_rules {
        let left_out = left_out.clone();
        walker.filter_entry(move |entry| {
            let is_special = has_special_rules(entry.path());
            if is_special {
                let mut left_out = left_out.lock().unwrap_or_else(PoisonError::into_inner);
                left_out.push(entry.path().to_path_buf());
            }
            !is_special
        });
    }
    walker
        .standard_filters(false)
        .parents(uses_ignore_rules)
        .git_ignore(uses_ignore_rules)
        .git_exclude(uses_ignore_rules)
        .git_global(uses_ignore_rules);
    walker
}
