//! Runs processes and checks their results. A failed expectation prints everything about the run.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{fs, thread};

use super::Sandbox;

/// A process that has not been started.
pub(crate) struct Run {
    command: Command,
    folder: PathBuf,
    stdin: Vec<u8>,
}

impl Run {
    /// The program under test.
    pub(crate) const KEYSIEVE: &str = env!("CARGO_BIN_EXE_keysieve");

    /// `program`, to be run in `folder` and confined to `sandbox`.
    pub(crate) fn new(program: impl AsRef<OsStr>, folder: &Path, sandbox: &Sandbox) -> Self {
        let mut command = Command::new(program);
        sandbox.confine(&mut command);
        command.current_dir(folder);
        Self {
            command,
            folder: folder.to_owned(),
            stdin: Vec::new(),
        }
    }

    /// Adds arguments.
    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets a variable of the environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets what the process reads from standard input; by default nothing.
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Runs it as an unprivileged user, who must be able to read the program. For root only.
    #[cfg(unix)]
    pub(crate) fn unprivileged(mut self) -> Self {
        use std::os::unix::process::CommandExt as _;
        const NOBODY: u32 = 65534;
        self.command.uid(NOBODY).gid(NOBODY);
        self
    }

    /// Runs it; any status is fine.
    #[track_caller]
    pub(crate) fn run(mut self) -> Ran {
        let words = std::iter::once(self.command.get_program()).chain(self.command.get_args());
        let words = words.map(OsStr::to_owned).collect();
        let child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let output = child.and_then(|child| feed(child, self.stdin));
        match output {
            Ok(output) => Ran {
                words,
                folder: self.folder,
                output,
            },
            Err(error) => panic!("cannot run {words:?} in {}: {error}", self.folder.display()),
        }
    }

    /// Runs it and expects this exit status.
    #[track_caller]
    pub(crate) fn status(self, expected: i32) -> Ran {
        let ran = self.run();
        ran.has_status(expected);
        ran
    }
}

/// How long a process may run. Every test is over in a fraction of it, on a slow machine too.
const PATIENCE: Duration = Duration::from_secs(300);

/// Writes to standard input and waits, both on threads of their own: a process that writes before it
/// has read everything would block, and one that hangs must fail its test.
fn feed(mut child: Child, bytes: Vec<u8>) -> std::io::Result<Output> {
    let id = child.id();
    let stdin = child.stdin.take();
    let writer = thread::spawn(move || {
        // A process may exit without reading everything: that is not a failure.
        stdin.map(|mut pipe| pipe.write_all(&bytes))
    });
    let (sender, output) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = output.recv_timeout(PATIENCE) else {
        let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
        return Err(std::io::Error::other(format!(
            "it still runs after {PATIENCE:?}"
        )));
    };
    let _ = writer.join();
    output
}

/// A process that has ended.
pub(crate) struct Ran {
    words: Vec<OsString>,
    folder: PathBuf,
    output: Output,
}

impl Ran {
    /// Its exit status; `None` if a signal ended it.
    pub(crate) fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    /// Expects this exit status.
    #[track_caller]
    pub(crate) fn has_status(&self, expected: i32) -> &Self {
        if self.code() != Some(expected) {
            self.fail(&format!("expected exit status {expected}"));
        }
        self
    }

    /// Standard output as text.
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    /// Standard output as bytes.
    pub(crate) fn stdout_bytes(&self) -> &[u8] {
        &self.output.stdout
    }

    /// Standard error as text.
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// Standard output and standard error, one after the other.
    pub(crate) fn text(&self) -> String {
        self.stdout() + &self.stderr()
    }

    /// Standard output as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        match serde_json::from_slice(&self.output.stdout) {
            Ok(value) => value,
            Err(error) => self.fail(&format!("standard output is not JSON: {error}")),
        }
    }

    /// Expects `needle` on standard output or standard error.
    #[track_caller]
    pub(crate) fn says(&self, needle: &str) -> &Self {
        if !self.text().contains(needle) {
            self.fail(&format!("expected to read {needle:?}"));
        }
        self
    }

    /// Expects `needle` on neither standard output nor standard error.
    #[track_caller]
    pub(crate) fn never_says(&self, needle: &str) -> &Self {
        if self.text().contains(needle) {
            self.fail(&format!("expected not to read {needle:?}"));
        }
        self
    }

    /// Panics with `complaint` and everything about the run.
    #[track_caller]
    pub(crate) fn fail(&self, complaint: &str) -> ! {
        panic!("{complaint}\n{}", self.story());
    }

    fn story(&self) -> String {
        let mut story = String::new();
        let words: Vec<_> = self
            .words
            .iter()
            .map(|word| word.to_string_lossy())
            .collect();
        let parts = [
            ("command", words.join(" ")),
            ("folder", self.folder.display().to_string()),
            ("holds", listing(&self.folder)),
            ("status", self.output.status.to_string()),
            ("stdout", self.stdout()),
            ("stderr", self.stderr()),
        ];
        for (title, text) in parts {
            // Writing to a String cannot fail.
            let _ = writeln!(story, "──── {title}\n{}", text.trim_end());
        }
        story
    }
}

/// Every file below `folder` with its size, without the git directory.
fn listing(folder: &Path) -> String {
    let mut lines = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            let Ok(about) = entry.metadata() else {
                continue;
            };
            let name = path
                .strip_prefix(folder)
                .unwrap_or(&path)
                .to_string_lossy()
                .into_owned();
            if about.is_dir() && entry.file_name() != ".git" {
                open.push(path);
            } else {
                lines.push(format!("{:>8} {name:?}", about.len()));
            }
        }
    }
    lines.sort();
    lines.join("\n")
}
