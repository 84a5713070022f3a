//! Reads the files of policy from disk. A repository may put anything at their paths, so only
//! regular files of a bounded size are read.

use std::io::{self, Read as _};
use std::path::Path;

use crate::fs::open_regular;

/// The largest configuration file or pattern file that is read, in bytes.
pub(super) const MAX_CONFIG_SIZE: u64 = 4 << 20;

/// The largest baseline that is read, in bytes.
pub(super) const MAX_BASELINE_SIZE: u64 = 256 << 20;

/// Reads a configuration file or a pattern file.
///
/// # Errors
/// If it cannot be read, is not UTF-8, is not a regular file, or is too large.
pub fn read_text(path: &Path) -> io::Result<String> {
    read_bounded(path, MAX_CONFIG_SIZE)
}

/// The same for a file that need not exist: the text is empty then.
///
/// # Errors
/// As [`read_text`].
pub fn read_or_empty(path: &Path) -> io::Result<String> {
    Ok(if_exists(read_text(path))?.unwrap_or_default())
}

/// Reads a file of another tool, which may be a long baseline.
///
/// # Errors
/// As [`read_text`].
pub fn read_foreign(path: &Path) -> io::Result<String> {
    read_bounded(path, MAX_BASELINE_SIZE)
}

/// Reads a file of at most `limit` bytes.
pub(super) fn read_bounded(path: &Path, limit: u64) -> io::Result<String> {
    let too_large = || io::Error::other(format!("not a regular file of at most {limit} bytes"));
    let file = match open_regular(path) {
        Err(error) if error.kind() == io::ErrorKind::Other => return Err(too_large()),
        file => file?,
    };
    let mut text = String::new();
    if file.take(limit + 1).read_to_string(&mut text)? as u64 > limit {
        return Err(too_large());
    }
    Ok(text)
}

/// Turns the error for a missing file into `None`.
pub(super) fn if_exists(text: io::Result<String>) -> io::Result<Option<String>> {
    match text {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        text => text.map(Some),
    }
}
