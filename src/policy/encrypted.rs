//! Parses the `[[encrypted]]` entries of the configuration file, and decides which files must be
//! encrypted.

use bstr::BStr;
use serde::Deserialize;

use super::allow::{EntryProblem, Strings, path_patterns};
use super::paths::PathPatterns;

/// An `[[encrypted]]` entry as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EncryptedSyntax {
    path: Strings,
}

impl EncryptedSyntax {
    /// Checks and compiles the paths.
    pub(super) fn paths(self) -> Result<PathPatterns, EntryProblem> {
        path_patterns(self.path)
    }
}

/// The files that must be encrypted.
#[derive(Debug, Default)]
pub(super) struct EncryptedPaths {
    /// The paths of each entry. What an entry excludes, another can include.
    pub(super) entries: Vec<PathPatterns>,
    /// Whether the files of a work tree are judged too.
    pub(super) in_work_tree: bool,
}

impl EncryptedPaths {
    /// Whether an entry is for the file at `path`.
    pub(super) fn has(&self, path: &BStr) -> bool {
        self.entries.iter().any(|paths| paths.matches(path, None))
    }
}
