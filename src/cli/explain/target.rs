//! Parses what `explain` is asked about.

use std::path::{Path, PathBuf};

use bstr::{ByteSlice as _, ByteVec as _};
use keysieve::secret::{Fingerprint, SaltedFingerprint};

use crate::cli::error::CliError;

/// What is to be explained.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    File(PathBuf),
    Line(PathBuf, usize),
    /// A fingerprint, as a report or as a baseline shows it.
    Finding(Fingerprint, SaltedFingerprint),
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
        if let Some(line) = Self::parse_line(argument) {
            return Ok(line);
        }
        let text = argument.to_str().unwrap_or_default().trim();
        match (Fingerprint::parse(text), SaltedFingerprint::parse(text)) {
            (Some(fingerprint), Some(salted)) => Ok(Self::Finding(fingerprint, salted)),
            _ => Err(CliError::new("the argument is neither a file nor a fingerprint").help(
                "give FILE, FILE:LINE, or the 32 hex digits that the report shows for a finding",
            )),
        }
    }

    /// Parses `FILE:LINE`, or `FILE:LINE:COLUMN` as reports show it.
    fn parse_line(argument: &Path) -> Option<Self> {
        let bytes = Vec::from_path_lossy(argument);
        let mut rest: &[u8] = &bytes;
        for _ in 0..2 {
            let colon = rest.rfind_byte(b':')?;
            let (file, number) = (&rest[..colon], &rest[colon + 1..]);
            let number: usize = number.to_str().ok()?.parse().ok()?;
            if number == 0 {
                return None;
            }
            if let Ok(file) = file.to_path()
                && file.is_file()
            {
                return Some(Self::Line(file.to_owned(), number));
            }
            rest = file;
        }
        None
    }
}
