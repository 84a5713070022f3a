//! Single blobs: standard input, and a commit message that is being written.

use std::io::Read;
use std::path::PathBuf;
use std::sync::Mutex;

use bstr::{BString, ByteSlice, ByteVec};

use crate::blob::{Blob, Origin, Skip, SkipReason};

use super::read::Buffer;
use super::{Source, SourceError, Workers};

/// Bytes that can be read once.
pub struct Stream<R> {
    reader: Mutex<R>,
}

impl<R: Read + Send> Stream<R> {
    /// A source of all that `reader` gives, as standard input.
    pub fn new(reader: R) -> Self {
        Self {
            reader: Mutex::new(reader),
        }
    }
}

impl<R: Read + Send> Source for Stream<R> {
    fn feed<'w>(&self, workers: Workers<'w, '_>) -> Result<(), SourceError> {
        let mut worker = workers();
        let mut reader = self
            .reader
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Err(error) = Buffer::default().feed(&mut *reader, &Origin::Stdin, worker.as_mut()) {
            let reason = SkipReason::Unreadable(error.to_string());
            worker.skip(Skip {
                path: BString::from(Origin::Stdin.path()),
                reason,
            });
        }
        Ok(())
    }
}

/// A commit message, in the file that git hands to its `commit-msg` hook.
#[derive(Debug)]
pub struct Message {
    /// The file.
    pub file: PathBuf,
    /// Whether a person edited the message, so that git cuts off what stands below the scissors
    /// line. Without an editor git keeps everything.
    pub edited: bool,
}

/// What git writes above the diff that `git commit --verbose` shows; see git-commit(1),
/// `--cleanup=scissors`.
const SCISSORS: &[u8] = b" ------------------------ >8 ------------------------";

/// The longest sign of a comment that is taken for one, in bytes: `core.commentString` may be any
/// text.
const MAX_SIGN: usize = 16;

impl Source for Message {
    fn feed<'w>(&self, workers: Workers<'w, '_>) -> Result<(), SourceError> {
        let text = std::fs::read(&self.file).map_err(|error| SourceError::File {
            path: self.file.clone(),
            problem: error.to_string(),
        })?;
        let kept = if self.edited {
            above_scissors(&text)
        } else {
            &text
        };
        let path = BString::from(Vec::from_path_lossy(&self.file).into_owned());
        workers().blob(Blob::whole(kept, Origin::CommitMessage { path }));
        Ok(())
    }
}

/// The text above the scissors: a line of them after a comment's sign, then more comments, then a
/// diff. Without that diff the line may be somebody's own words, which git keeps.
fn above_scissors(text: &[u8]) -> &[u8] {
    let mut start = 0;
    for line in text.lines_with_terminator() {
        let sign = line
            .trim_end()
            .strip_suffix(SCISSORS)
            .filter(|sign| (1..=MAX_SIGN).contains(&sign.len()));
        let below = &text[start + line.len()..];
        if sign.is_some_and(|sign| is_git_diff(below, sign)) {
            return &text[..start];
        }
        start += line.len();
    }
    text
}

/// Whether `text` is what git writes below the scissors: comments, then a diff and nothing else.
fn is_git_diff(text: &[u8], sign: &[u8]) -> bool {
    const HEADS: [&[u8]; 3] = [b"diff --git ", b"diff --cc ", b"diff --combined "];
    const LINES: [&[u8]; 17] = [
        b"+",
        b"-",
        b" ",
        b"@@",
        b"\\ ",
        b"index ",
        b"mode ",
        b"new file",
        b"deleted file",
        b"old mode",
        b"new mode",
        b"similarity ",
        b"dissimilarity ",
        b"rename ",
        b"copy ",
        b"Binary ",
        b"Submodule ",
    ];
    let starts =
        |line: &[u8], prefixes: &[&[u8]]| prefixes.iter().any(|head| line.starts_with(head));
    let mut lines = text
        .lines()
        .skip_while(|line| line.starts_with(sign))
        .peekable();
    let commented = text.starts_with(sign) && !sign[0].is_ascii_whitespace();
    let diff = lines.peek().is_some_and(|line| starts(line, &HEADS));
    commented
        && diff
        && lines.all(|line| line.is_empty() || starts(line, &LINES) || starts(line, &HEADS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scissors_cut_only_as_git_writes_them() {
        let cut = |text: &str| above_scissors(text.as_bytes()).len();
        let line = "# ------------------------ >8 ------------------------\n";
        let below = "# Do not modify or remove the line above.\ndiff --git a/a b/a\n";
        assert_eq!(cut(&format!("subject\n{line}{below}")), 8);
        assert_eq!(cut(&format!("subject\n{line}{below}").replace('#', ";")), 8);
        let words = format!("subject\n{line}my own words\n");
        assert_eq!(cut(&words), words.len());
        let whole = format!("subject\nx{line}diff\n{}", line.replace("# ", ""));
        assert_eq!(
            cut(&whole.replace("x#", "words before #")),
            whole.len() + 12
        );
    }
}
