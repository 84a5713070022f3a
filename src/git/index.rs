//! Knows which files git tracks in a work tree: those are scanned even if an ignore rule matches
//! them.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use bstr::ByteSlice;
use gix::config::Source;
use gix::config::tree::gitoxide::Core;
use gix::index::{File, State, decode};

use super::repository::MAX_OBJECT;
use super::tree::EntryKind;
use super::{LocalRepository, ReadError, RepoError, discover_work_tree};

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

/// The index of `repo`; an empty one if there is none.
///
/// gix's own `index_or_empty` cannot serve: see [`index_path`]. It also takes an index whose
/// metadata cannot be read for one that does not exist.
pub(super) fn open_index(repo: &LocalRepository) -> Result<File, ReadError> {
    let path = index_path(repo);
    let hash = repo.0.object_hash();
    if fs::metadata(&path).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Ok(File::from_state(State::new(hash), path));
    }
    let options = decode::Options {
        alloc_limit_bytes: Some(MAX_OBJECT as usize),
        ..decode::Options::default()
    };
    let config = repo.0.config_snapshot();
    let skip_hash = config.boolean("index.skipHash").unwrap_or_default();
    File::at(&path, hash, skip_hash, options).map_err(|error| ReadError::Index {
        path,
        problem: error.to_string(),
    })
}

/// The file that is the index, as git finds it. A relative path in `GIT_INDEX_FILE` begins at the
/// top of the work tree, to which git changes before it reads the index; for gix it begins at the
/// current folder. gix also believes a key of the repository's configuration that git does not
/// know.
pub(super) fn index_path(repo: &LocalRepository) -> PathBuf {
    let config = repo.0.config_snapshot();
    let from_environment = config
        .plumbing()
        .raw_value_with_section_filter(Core::INDEX_FILE, |section| {
            section.source == Source::EnvOverride
        });
    match (from_environment, repo.0.workdir()) {
        (Err(_), _) => repo.git_dir().join("index"),
        (Ok((path, _)), Some(top)) => top.join(path.to_path_lossy()),
        (Ok(_), None) => repo.0.index_path(),
    }
}

/// The tracked files and submodules of a work tree, each with a mark for having been visited.
#[derive(Debug)]
pub(crate) struct Tracked {
    /// The work tree's root, without links in it.
    root: PathBuf,
    /// The git directory that its work trees share, without links in it.
    store: PathBuf,
    files: HashMap<PathBuf, AtomicBool>,
}

impl Tracked {
    /// The tracked files of the work tree that `dir` is in; `None` outside of any.
    pub(crate) fn around(dir: &Path) -> Result<Option<Self>, IndexError> {
        let Some(repo) = discover_work_tree(dir)? else {
            return Ok(None);
        };
        let index = open_index(&repo.local())?;
        let mut files = HashMap::new();
        for entry in index.entries() {
            if EntryKind::of_mode(entry.mode.bits()) != EntryKind::Tree {
                let path = entry.path(&index).to_path_lossy().into_owned();
                files.insert(path, AtomicBool::new(false));
            }
        }
        let root = repo.work_dir().unwrap_or(dir);
        let root = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
        let store = repo.common_dir();
        let store = store.canonicalize().unwrap_or_else(|_| store.to_path_buf());
        Ok(Some(Self { root, store, files }))
    }

    /// The git directory that the work trees of the repository share.
    pub(crate) fn store(&self) -> &Path {
        &self.store
    }

    /// The path of `dir` in the work tree, if it is in it.
    pub(crate) fn path_of(&self, dir: &Path) -> Option<PathBuf> {
        let dir = dir.canonicalize().ok()?;
        dir.strip_prefix(&self.root).ok().map(Path::to_path_buf)
    }

    /// Marks the file at `path` in the work tree as visited; whether it is tracked.
    pub(crate) fn visit(&self, path: &Path) -> bool {
        let mark = self.files.get(path);
        mark.inspect(|mark| mark.store(true, Ordering::Relaxed))
            .is_some()
    }

    /// Whether the file at `path` in the work tree is tracked.
    pub(crate) fn holds(&self, path: &Path) -> bool {
        self.files.contains_key(path)
    }

    /// The tracked files and submodules below `place` that were not visited, sorted.
    pub(crate) fn not_visited(&self, place: &Path) -> Vec<PathBuf> {
        let missing = self
            .files
            .iter()
            .filter(|(path, visited)| !visited.load(Ordering::Relaxed) && path.starts_with(place));
        let mut paths: Vec<_> = missing.map(|(path, _)| path.clone()).collect();
        paths.sort();
        paths
    }
}
