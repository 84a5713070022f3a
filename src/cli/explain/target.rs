//! Parses what `explain` is asked about.

use std::path::{Path, PathBuf};

use bstr::{ByteSlice as _, ByteVec as _};
use keysieve::secret::WrittenFingerprint;

use crate::cli::error::CliError;

/// What is to be explained.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    File(PathBuf),
    Line(PathBuf, usize),
    /// A fingerprint, as a report or as a baseline shows it.
    Finding(WrittenFingerprint),
}

impl Target {
    /// Parses the argument. Errors do not repeat it: it may be the secret itself.
    pub(super) fn parse(argument: &Path) -> Result<Self, CliError> {
        if argument.is_dir() {
            return Err(CliError::new("the argument is a directory")
                .help("name a file in it, or FILE:LINE"));
        }
        if argument.exists() {
            return Ok(Self::File(argument.to_owned()));
        }
        if let Some(FileLine { file, line, .. }) = FileLine::parse(argument) {
            return Ok(Self::Line(file, line));
        }
        let text = argument.to_str().unwrap_or_default().trim();
        WrittenFingerprint::parse(text)
            .map(Self::Finding)
            .ok_or_else(|| {
                CliError::new("the argument is neither a file nor a fingerprint").help(
                "give FILE, FILE:LINE, or the 32 hex digits that the report shows for a finding",
            )
            })
    }
}

/// A line of a file, and the column if one is given.
pub(in crate::cli) struct FileLine {
    pub(in crate::cli) file: PathBuf,
    pub(in crate::cli) line: usize,
    pub(in crate::cli) column: Option<usize>,
}

impl FileLine {
    /// Parses `FILE:LINE`, or `FILE:LINE:COLUMN` as reports show it; `None` if there is no such
    /// file.
    pub(in crate::cli) fn parse(argument: &Path) -> Option<Self> {
        let bytes = Vec::from_path_lossy(argument);
        let (mut rest, mut column): (&[u8], _) = (&bytes, None);
        for _ in 0..2 {
            let colon = rest.rfind_byte(b':')?;
            let (file, number) = (&rest[..colon], &rest[colon + 1..]);
            let line: usize = number.to_str().ok()?.parse().ok()?;
            if line == 0 {
                return None;
            }
            if let Ok(file) = file.to_path()
                && file.is_file()
            {
                let file = file.to_owned();
                return Some(Self { file, line, column });
            }
            (rest, column) = (file, Some(line));
        }
        None
    }
}
