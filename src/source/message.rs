//! Feeds the text that a commit will have when git runs its `commit-msg` hook: the message, the
//! author and the committer.

use std::path::PathBuf;

use bstr::{BString, ByteSlice};

use crate::blob::{Blob, Origin};
use crate::fs::read_regular;
use crate::text::slashed;

use super::{Source, SourceError, Workers};

/// The text of a commit before it is made.
#[derive(Debug)]
pub struct Message {
    /// The file that has the message.
    pub file: PathBuf,
    /// Whether the message was edited, so that git cuts it off at the scissors line. Without an
    /// editor git keeps the whole text.
    pub edited: bool,
    /// The lines of the commit that name its author and its committer.
    pub people: BString,
}

/// What reports call the author and the committer.
const PEOPLE: &str = "author and committer";

/// The line that git writes above the diff of `git commit --verbose`; see git-commit(1),
/// `--cleanup=scissors`.
const SCISSORS: &[u8] = b" ------------------------ >8 ------------------------";

/// Length of the longest comment prefix that is recognised, in bytes: `core.commentString` may be
/// any text.
const MAX_COMMENT_PREFIX: usize = 16;

/// How the first line of a file's diff begins.
const DIFF_HEADERS: [&[u8]; 3] = [b"diff --git ", b"diff --cc ", b"diff --combined "];

/// How the other lines of a diff begin.
const DIFF_LINES: [&[u8]; 17] = [
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

impl Source for Message {
    fn feed<'w>(&self, workers: Workers<'w, '_>) -> Result<(), SourceError> {
        let text = read_regular(&self.file).map_err(|error| SourceError::File {
            path: self.file.clone(),
            problem: error.to_string(),
        })?;
        let message = if self.edited {
            above_scissors(&text)
        } else {
            &text
        };
        let path = slashed(&self.file);
        let mut worker = workers();
        worker.blob(Blob::whole(message, Origin::CommitMessage { path }));
        let place = PEOPLE.into();
        worker.blob(Blob::whole(&self.people, Origin::Repository { place }));
        Ok(())
    }
}

/// The text above the scissors: the scissors line as a comment, more comments, and a diff. Without
/// that diff the line may be part of the message, which git keeps.
fn above_scissors(text: &[u8]) -> &[u8] {
    let mut start = 0;
    for line in text.lines_with_terminator() {
        let below = &text[start + line.len()..];
        if let Some(prefix) = line.trim_end().strip_suffix(SCISSORS)
            && (1..=MAX_COMMENT_PREFIX).contains(&prefix.len())
            && is_git_diff(below, prefix)
        {
            return &text[..start];
        }
        start += line.len();
    }
    text
}

/// Whether `text` is what git writes below the scissors: comments, then a diff and nothing else.
fn is_git_diff(text: &[u8], comment_prefix: &[u8]) -> bool {
    if !text.starts_with(comment_prefix) || comment_prefix[0].is_ascii_whitespace() {
        return false;
    }
    let mut lines = text
        .lines()
        .skip_while(|line| line.starts_with(comment_prefix));
    lines
        .next()
        .is_some_and(|line| starts_with_any(line, &DIFF_HEADERS))
        && lines.all(|line| {
            line.is_empty()
                || starts_with_any(line, &DIFF_LINES)
                || starts_with_any(line, &DIFF_HEADERS)
        })
}

fn starts_with_any(line: &[u8], prefixes: &[&[u8]]) -> bool {
    prefixes.iter().any(|prefix| line.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scissors_with_a_diff_below_cut_the_message() {
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
