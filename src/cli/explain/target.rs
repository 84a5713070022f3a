//! Parses what `explain` is asked about.

use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice as _, ByteVec as _};
use keysieve::secret::WrittenFingerprint;

use crate::cli::error::CliError;

/// What is to be explained.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A file, or an entry of one that is an archive.
    File(FilePath),
    Line(FilePath, usize),
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
            return Ok(Self::File(FilePath::of_file(argument)));
        }
        if let Some(FileLine { path, line, .. }) = FileLine::parse(argument) {
            return Ok(Self::Line(path, line));
        }
        if let Some(path) = FilePath::parse_entry(&Vec::from_path_lossy(argument)) {
            return Ok(Self::File(path));
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

/// A file or, with the path `inside` it, an entry of one that is an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct FilePath {
    pub(in crate::cli) file: PathBuf,
    pub(in crate::cli) inside: Option<BString>,
}

impl FilePath {
    fn of_file(file: &Path) -> Self {
        Self {
            file: file.to_owned(),
            inside: None,
        }
    }

    /// Parses `FILE`; `None` if there is no such file.
    fn parse_file(path: &[u8]) -> Option<Self> {
        let path = path.to_path().ok()?;
        path.is_file().then(|| Self::of_file(path))
    }

    /// Parses `FILE!ENTRY` as reports show it; `None` if there is no such file.
    fn parse_entry(path: &[u8]) -> Option<Self> {
        path.find_iter("!").find_map(|at| {
            let inside = Some(path[at + 1..].into());
            Self::parse_file(&path[..at]).map(|path| Self { inside, ..path })
        })
    }
}

/// A line of a file, and the column if one is given.
pub(in crate::cli) struct FileLine {
    pub(in crate::cli) path: FilePath,
    pub(in crate::cli) line: usize,
    pub(in crate::cli) column: Option<usize>,
}

impl FileLine {
    /// Parses `FILE:LINE`, or `FILE:LINE:COLUMN` as reports show it, also with `FILE!ENTRY`; `None`
    /// if there is no such file.
    pub(in crate::cli) fn parse(argument: &Path) -> Option<Self> {
        let bytes = Vec::from_path_lossy(argument);
        let (rest, last) = number_at_end(&bytes)?;
        let short = (rest, last, None);
        let long = number_at_end(rest).map(|(rest, line)| (rest, line, Some(last)));
        type Parse = fn(&[u8]) -> Option<FilePath>;
        let parse = |(path, line, column): (&[u8], _, _), parse: Parse| {
            parse(path).map(|path| Self { path, line, column })
        };
        // Any file exists or does not, but the name of an entry could end in a number.
        parse(short, FilePath::parse_file)
            .or_else(|| parse(long?, FilePath::parse_file))
            .or_else(|| parse(long?, FilePath::parse_entry))
            .or_else(|| parse(short, FilePath::parse_entry))
    }
}

/// Splits `REST:NUMBER`; the number is at least 1.
fn number_at_end(text: &[u8]) -> Option<(&[u8], usize)> {
    let colon = text.rfind_byte(b':')?;
    let number: usize = text[colon + 1..].to_str().ok()?.parse().ok()?;
    (number > 0).then_some((&text[..colon], number))
}
