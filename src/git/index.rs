//! What git tracks in a work tree: those files are scanned even where an ignore rule matches them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use bstr::ByteSlice;
use gix::index::entry::Mode;

use crate::git::{self, ReadError, RepoError};

/// Why the tracked files of a work tree are not known.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The repository cannot be used.
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// Its index cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The tracked files and submodules of a work tree, each with a mark for having been met.
#[derive(Debug)]
pub(crate) struct Tracked {
    /// The work tree's root, without links in it.
    root: PathBuf,
    files: HashMap<PathBuf, AtomicBool>,
}

impl Tracked {
    /// The tracked files of the work tree that `dir` lies in; `None` outside of any.
    pub(crate) fn around(dir: &Path) -> Result<Option<Self>, IndexError> {
        let Some(repo) = git::discover_work_tree(dir)? else {
            return Ok(None);
        };
        let index = repo
            .local()
            .0
            .index_or_empty()
            .map_err(|error| ReadError::Index {
                path: repo.local().0.index_path(),
                problem: error.to_string(),
            })?;
        let files = index
            .entries()
            .iter()
            .filter(|entry| entry.mode != Mode::DIR);
        let files = files.map(|entry| {
            let path = entry.path(&index).to_path_lossy().into_owned();
            (path, AtomicBool::new(false))
        });
        let root = repo.work_dir().unwrap_or(dir);
        Ok(Some(Self {
            root: root.canonicalize().unwrap_or_else(|_| root.to_path_buf()),
            files: files.collect(),
        }))
    }

    /// The place of `dir` in the work tree, if it lies in it.
    pub(crate) fn place_of(&self, dir: &Path) -> Option<PathBuf> {
        dir.canonicalize()
            .ok()?
            .strip_prefix(&self.root)
            .ok()
            .map(Path::to_path_buf)
    }

    /// Marks the file at `path` in the work tree as met; whether it is tracked.
    pub(crate) fn met(&self, path: &Path) -> bool {
        let mark = self.files.get(path);
        mark.inspect(|mark| mark.store(true, Ordering::Relaxed))
            .is_some()
    }

    /// Whether what is at `path` in the work tree is tracked.
    pub(crate) fn holds(&self, path: &Path) -> bool {
        self.files.contains_key(path)
    }

    /// Tracked files and submodules below `place` that were not met, sorted.
    pub(crate) fn missed(&self, place: &Path) -> Vec<PathBuf> {
        let missed = self
            .files
            .iter()
            .filter(|(path, met)| !met.load(Ordering::Relaxed) && path.starts_with(place));
        let mut missed: Vec<_> = missed.map(|(path, _)| path.clone()).collect();
        missed.sort();
        missed
    }
}
