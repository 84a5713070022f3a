//! Files of a hooks folder: written whole or not at all, and asked whether git would run them.

use std::fs::{self, Metadata};
use std::path::Path;

use super::error::{HookError, io};
use crate::fs::{Access, PendingFile};

/// Whether git would run a file. Where there are no such bits, git looks at the content only.
#[cfg(unix)]
pub(super) fn executable(meta: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    meta.permissions().mode() & 0o111 != 0
}

/// Whether git would run a file. Where there are no such bits, git looks at the content only.
#[cfg(not(unix))]
pub(super) fn executable(_: &Metadata) -> bool {
    true
}

/// A file next to `path`, complete and executable, ready to take its name.
pub(super) struct Ready(PendingFile);

impl Ready {
    /// Writes `text` to a temporary file in the folder of `path`.
    pub(super) fn new(path: &Path, text: &[u8]) -> Result<Self, HookError> {
        PendingFile::write(path, Access::Executable, |out| out.write_all(text))
            .map(Self)
            .map_err(io("write", path))
    }

    /// Gives it the name, and replaces a file that has it.
    pub(super) fn put(self, path: &Path) -> Result<(), HookError> {
        self.0.publish().map_err(io("write", path))
    }
}

/// Gives the file `from` the second name `to`, which must be free, so that there is no moment
/// without it; where the file system has no second names, or `from` is a link, it is moved.
pub(super) fn keep_as(from: &Path, to: &Path) -> Result<(), HookError> {
    let linked = fs::symlink_metadata(from).is_ok_and(|meta| meta.is_file())
        && fs::hard_link(from, to).is_ok();
    if linked {
        return Ok(());
    }
    fs::rename(from, to).map_err(io("move aside", from))
}
