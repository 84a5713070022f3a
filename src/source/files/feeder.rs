//! Feeds what a walk finds on disk: the entries of directories, and tracked files that the walk
//! does not visit.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use bstr::BString;
use ignore::DirEntry;

use crate::blob::{Origin, SkipReason};
use crate::git::index::Tracked;
use crate::git::is_store;
use crate::text::slashed;

use super::super::feeder::Feeder;

/// Feeds an entry of a directory, and its name unless it is the root of the walk.
pub(super) fn feed_entry(feeder: &mut Feeder<'_>, entry: &DirEntry) {
    let path = entry.path();
    if entry.depth() > 0 {
        feeder.name(path, display_path(path));
    }
    match entry.file_type() {
        Some(kind) if kind.is_file() => feed_file(feeder, path),
        Some(kind) if kind.is_symlink() => feed_link(feeder, path),
        Some(kind) if kind.is_dir() => {}
        _ => feeder.skip(display_path(path), SkipReason::NotRegular),
    }
}

/// Feeds a file, or skips it if it cannot be read.
pub(super) fn feed_file(feeder: &mut Feeder<'_>, path: &Path) {
    if let Err(error) = feeder.file(path, &origin(path)) {
        skip_unreadable(feeder, path, &error);
    }
}

/// Feeds a link, or skips it if it cannot be read.
pub(super) fn feed_link(feeder: &mut Feeder<'_>, path: &Path) {
    if let Err(error) = feeder.link(path, origin(path)) {
        skip_unreadable(feeder, path, &error);
    }
}

/// Feeds tracked files below `root`, which is at `place` in its work tree, that the walk did not
/// visit because an ignore rule matches them. Returns the submodules among them.
pub(super) fn feed_missed(
    feeder: &mut Feeder<'_>,
    root: &Path,
    place: &Path,
    tracked: &Tracked,
) -> Vec<PathBuf> {
    let mut submodules = Vec::new();
    for file in tracked.not_visited(place) {
        let path = root.join(file.strip_prefix(place).unwrap_or(&file));
        feeder.name(&path, display_path(&path));
        match path.symlink_metadata() {
            Ok(data) if data.is_symlink() => feed_link(feeder, &path),
            Ok(data) if data.is_file() => feed_file(feeder, &path),
            Ok(data) if data.is_dir() => {
                // Any other directory has replaced the tracked file, which is gone.
                if is_store(&path.join(".git")) {
                    submodules.push(path);
                }
            }
            Ok(_) => feeder.skip(display_path(&path), SkipReason::NotRegular),
            // Deleted from the work tree.
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => skip_unreadable(feeder, &path, &error),
        }
    }
    submodules
}

/// The path for reports: without a leading `./`.
pub(super) fn display_path(path: &Path) -> BString {
    let path = path.strip_prefix(".").unwrap_or(path);
    slashed(path)
}

fn origin(path: &Path) -> Origin {
    Origin::File {
        path: display_path(path),
    }
}

/// Reports a path that cannot be read, so that the scan is incomplete.
pub(super) fn skip_unreadable(feeder: &mut Feeder<'_>, path: &Path, error: &io::Error) {
    let reason = SkipReason::Unreadable(error.to_string());
    feeder.skip(display_path(path), reason);
}

/// Reports an error of the walk through `root`.
pub(super) fn skip_walk_error(feeder: &mut Feeder<'_>, root: &Path, error: &ignore::Error) {
    let mut path = root;
    let mut cause = error;
    loop {
        cause = match cause {
            ignore::Error::WithPath { path: at, err } => {
                path = at;
                err
            }
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => err,
            _ => break,
        };
    }
    let reason = SkipReason::Unreadable(cause.to_string());
    feeder.skip(display_path(path), reason);
}
