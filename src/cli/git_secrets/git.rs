//! Runs git, which git-secrets is built on: for its configuration, its lists of files and commits,
//! and the text of patches.

use std::ffi::OsStr;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use bstr::{BString, ByteSlice as _};

use super::failure::Failure;

/// A git command. Its messages go to standard error.
pub(super) struct Git(Command);

/// `git` with these words.
pub(super) fn git<W: AsRef<OsStr>>(words: impl IntoIterator<Item = W>) -> Git {
    let mut command = Command::new("git");
    command.args(words);
    Git(command)
}

/// `git config`, for the user's own file alone if `is_global`.
pub(super) fn configuration(is_global: bool) -> Git {
    let git = git(["config"]);
    if is_global { git.arg("--global") } else { git }
}

impl Git {
    /// Adds a word.
    pub(super) fn arg(mut self, word: impl AsRef<OsStr>) -> Self {
        self.0.arg(word);
        self
    }

    /// Adds words.
    pub(super) fn args<W: AsRef<OsStr>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.0.args(words);
        self
    }

    /// Drops what git has to say about a failure, where a failure is an answer.
    pub(super) fn quiet(mut self) -> Self {
        self.0.stderr(Stdio::null());
        self
    }

    /// Runs it and returns what it prints, and its status.
    pub(super) fn output(mut self, input: &[u8]) -> Result<Output, Failure> {
        let command = &mut self.0;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| missing(&error))?;
        if let Some(mut stdin) = child.stdin.take() {
            // Git may end before it has read everything, and its status then says why.
            let _ = stdin.write_all(input);
        }
        child.wait_with_output().map_err(|error| missing(&error))
    }

    /// Runs it and returns what it prints, without the last line feed; fails with its status.
    pub(super) fn text(self) -> Result<BString, Failure> {
        let output = self.output(b"")?;
        if !output.status.success() {
            return Err(ended(output.status));
        }
        let text = output.stdout.strip_suffix(b"\n").unwrap_or(&output.stdout);
        Ok(text.into())
    }

    /// Runs it and returns the fields that it prints, each with a zero byte at its end.
    pub(super) fn fields(self) -> Result<Vec<BString>, Failure> {
        let text = self.text()?;
        let fields = text.strip_suffix(b"\0").unwrap_or(&text);
        if fields.is_empty() {
            return Ok(Vec::new());
        }
        Ok(fields.split_str("\0").map(BString::from).collect())
    }

    /// Runs it and lets it print; fails with its status.
    pub(super) fn show(mut self) -> Result<(), Failure> {
        let status = self.0.status().map_err(|error| missing(&error))?;
        if status.success() {
            Ok(())
        } else {
            Err(ended(status))
        }
    }
}

fn missing(error: &std::io::Error) -> Failure {
    Failure::incomplete(format!("git cannot be run: {error}"))
}

/// Git has printed why.
fn ended(status: std::process::ExitStatus) -> Failure {
    let status = status.code().and_then(|code| u8::try_from(code).ok());
    Failure::status(status.unwrap_or(Failure::UNREAD))
}
