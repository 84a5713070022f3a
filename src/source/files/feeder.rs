//! Feeding single files, links and names to one worker.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use bstr::{BString, ByteVec};
use ignore::DirEntry;

use crate::blob::{Blob, Origin, Skip, SkipReason};
use crate::git::is_store;

use super::super::read::Buffer;
use super::super::{Worker, is_searched_name};
use crate::git::index::Tracked;

/// Feeds single files to one worker.
pub(super) struct Feeder<'w> {
    buffer: Buffer,
    max_size: Option<u64>,
    pub(super) worker: Box<dyn Worker + 'w>,
}

impl<'w> Feeder<'w> {
    pub(super) fn new(max_size: Option<u64>, worker: Box<dyn Worker + 'w>) -> Self {
        Self {
            buffer: Buffer::default(),
            max_size,
            worker,
        }
    }

    pub(super) fn entry(&mut self, entry: &DirEntry) {
        let path = entry.path();
        if entry.depth() > 0 {
            self.name(path);
        }
        match entry.file_type() {
            Some(kind) if kind.is_file() => self.file(path),
            Some(kind) if kind.is_symlink() => self.link(path),
            Some(kind) if kind.is_dir() => {}
            _ => self.worker.skip(Skip {
                path: shown(path),
                reason: SkipReason::NotRegular,
            }),
        }
    }

    fn name(&mut self, path: &Path) {
        let name = path.file_name().map(Vec::from_os_str_lossy);
        if let Some(name) = name.filter(|name| is_searched_name(name)) {
            self.worker.blob(Blob::whole(
                &name,
                Origin::Name {
                    path: shown(path),
                    commit: None,
                },
            ));
        }
    }

    pub(super) fn file(&mut self, path: &Path) {
        if let Some(limit) = self.max_size
            && fs::metadata(path).is_ok_and(|data| data.len() > limit)
        {
            self.worker.skip(Skip {
                path: shown(path),
                reason: SkipReason::TooLarge { limit },
            });
            return;
        }
        let origin = Origin::File { path: shown(path) };
        let outcome =
            File::open(path).and_then(|file| self.buffer.feed(file, &origin, self.worker.as_mut()));
        if let Err(error) = outcome {
            self.worker.skip(unreadable(path, &error));
        }
    }

    /// A link's content, to git, is the path that it leads to.
    pub(super) fn link(&mut self, path: &Path) {
        match fs::read_link(path) {
            Ok(target) => {
                let target = Vec::from_path_lossy(&target);
                self.worker
                    .blob(Blob::whole(&target, Origin::File { path: shown(path) }));
            }
            Err(error) => self.worker.skip(unreadable(path, &error)),
        }
    }

    /// Tracked files that the walk did not come by, since an ignore rule matches them. Returns the
    /// submodules among them.
    pub(super) fn missed(&mut self, root: &Path, place: &Path, tracked: &Tracked) -> Vec<PathBuf> {
        let mut submodules = Vec::new();
        for file in tracked.missed(place) {
            let below = file.strip_prefix(place).unwrap_or(&file);
            let path = root.join(below);
            self.name(&path);
            match fs::symlink_metadata(&path) {
                Ok(data) if data.is_symlink() => self.link(&path),
                Ok(data) if data.is_file() => self.file(&path),
                Ok(data) if data.is_dir() && is_store(&path.join(".git")) => submodules.push(path),
                // A directory stands in its place: nothing tracked to read here.
                Ok(data) if data.is_dir() => {}
                Ok(_) => self.worker.skip(Skip {
                    path: shown(&path),
                    reason: SkipReason::NotRegular,
                }),
                // Gone from the work tree.
                Err(error)
                    if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
                // Tracked, and nobody can say what it holds.
                Err(error) => self.worker.skip(unreadable(&path, &error)),
            }
        }
        submodules
    }
}

/// A path as reports show it: without a leading `./`.
pub(super) fn shown(path: &Path) -> BString {
    let path = path.strip_prefix(".").unwrap_or(path);
    BString::from(Vec::from_path_lossy(path).into_owned())
}

pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Skip {
    Skip {
        path: shown(path),
        reason: SkipReason::Unreadable(error.to_string()),
    }
}

pub(super) fn walk_error(root: &Path, error: &ignore::Error) -> Skip {
    let mut path = root;
    let mut inner = error;
    loop {
        inner = match inner {
            ignore::Error::WithPath { path: at, err } => {
                path = at;
                err
            }
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => err,
            _ => break,
        };
    }
    Skip {
        path: shown(path),
        reason: SkipReason::Unreadable(inner.to_string()),
    }
}
