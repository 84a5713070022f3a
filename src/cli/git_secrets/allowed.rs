//! Reads which lines of output are allowed: patterns of git's configuration and of `.gitallowed` at
//! the root of the repository, tried on `path:line:text`.

use std::io::ErrorKind;

use bstr::{BString, ByteSlice as _};
use keysieve::fs::read_regular;
use keysieve::rule::posix::Translated;
use keysieve::scan::lines::{Extent, LinePatterns};
use keysieve::text::printable_path;

use super::failure::Failure;
use super::git::git;
use super::patterns::{Configuration, compile};

/// Patterns that allow a line of output.
pub(super) struct Allowed(Option<LinePatterns>);

impl Allowed {
    /// Reads them.
    pub(super) fn read(configuration: &Configuration) -> Result<Self, Failure> {
        let mut patterns = configuration.allowed.clone();
        patterns.extend(committed()?);
        if patterns.iter().all(|pattern| pattern.is_empty()) && patterns.len() < 2 {
            return Ok(Self(None));
        }
        let mut translated = Vec::new();
        for pattern in &patterns {
            let problem =
                |error| Failure::incomplete(format!("the allowed pattern '{pattern}': {error}"));
            translated.push(Translated::new(pattern).map_err(problem)?);
        }
        Ok(Self(Some(compile(&translated, Extent::Anywhere)?)))
    }

    /// Whether a pattern matches a line of output.
    pub(super) fn has(&self, line: &[u8]) -> bool {
        let lines = |patterns: &LinePatterns| patterns.lines(line).next().is_some();
        self.0.as_ref().is_some_and(lines)
    }
}

/// The lines of `.gitallowed` that are not blank and no comments.
fn committed() -> Result<Vec<BString>, Failure> {
    let Ok(root) = git(["rev-parse", "--show-toplevel"]).quiet().text() else {
        return Ok(Vec::new());
    };
    let file = root.to_path_lossy().join(".gitallowed");
    let text = match read_regular(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            let problem = format!("{}: {error}", printable_path(&file));
            return Err(Failure::incomplete(problem));
        }
    };
    let lines = text.split_str("\n").filter(|line| {
        let first = line.fields().next();
        first.is_some_and(|word| !word.starts_with(b"#"))
    });
    Ok(lines.map(BString::from).collect())
}
