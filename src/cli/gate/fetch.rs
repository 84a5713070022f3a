//! Runs `git fetch` for `gate --fetch`, the only use of the network.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use keysieve::git::{LocalRepository, range};

use crate::cli::error::CliError;

/// How much more of the history of a shallow clone is fetched.
#[derive(Clone, Copy, Debug)]
pub(super) enum Depth {
    Deepen(u32),
    Unshallow,
}

/// The depths of successive attempts: most ranges are short, and some histories very long.
pub(super) const DEPTHS: [Depth; 3] = [Depth::Deepen(64), Depth::Deepen(1024), Depth::Unshallow];

/// Fetches into a repository.
pub(super) struct Fetch {
    dir: PathBuf,
    remote: String,
}

impl Fetch {
    /// For the repository around `dir`, from the remote of its tracking refs.
    pub(super) fn new(dir: &Path, repo: &LocalRepository) -> Result<Self, CliError> {
        let remote = range::remote_of(repo).ok_or_else(|| {
            CliError::new("no remote to fetch from: there is none, or several without 'origin'")
                .help("fetch the missing commits with 'git fetch'")
        })?;
        Ok(Self {
            dir: dir.to_path_buf(),
            remote,
        })
    }

    /// Fetches `refs` and more of the history. A server may refuse to send commits by their id;
    /// then its default refs are fetched instead.
    pub(super) fn range(&self, refs: &[String], depth: Option<&Depth>) -> Result<(), CliError> {
        let depth: Vec<_> = depth
            .map(|depth| match depth {
                Depth::Deepen(commits) => format!("--deepen={commits}"),
                Depth::Unshallow => "--unshallow".to_owned(),
            })
            .into_iter()
            .collect();
        match self.git(&depth, refs) {
            Err(_) if !depth.is_empty() && !refs.is_empty() => self.git(&depth, &[]),
            done => done,
        }
    }

    /// Fetches every object that a partial clone left out.
    pub(super) fn all_objects(&self) -> Result<(), CliError> {
        self.git(&["--refetch".to_owned(), "--no-filter".to_owned()], &[])
    }

    fn git(&self, options: &[String], refs: &[String]) -> Result<(), CliError> {
        let shown = self.shown(options, refs);
        super::say(&shown);
        let output = Command::new("git")
            .arg("-C")
            .arg(&self.dir)
            // Nothing that the repository names is run.
            .args(["-c", "core.hooksPath=/dev/null"])
            .args(["fetch", "--quiet", "--no-tags"])
            .args(["--no-recurse-submodules", "--no-auto-maintenance"])
            .args(options)
            .args(["--end-of-options", &self.remote])
            .args(refs)
            // Fail instead of asking for a password.
            .env("GIT_TERMINAL_PROMPT", "0")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| CliError::new(format!("cannot run git: {error}")))?;
        if output.status.success() {
            return Ok(());
        }
        // Git's messages can contain the address of the remote with a password in it, so only its
        // fatal error is repeated, and only if it has no URL.
        let text = String::from_utf8_lossy(&output.stderr);
        let fatal = text
            .lines()
            .rfind(|line| line.starts_with("fatal:") && !line.contains("://"))
            .unwrap_or("run it by hand to see why");
        Err(CliError::new(format!("'{shown}' failed: {fatal}")))
    }

    /// The command for the log. The remote can be an address that contains a password.
    fn shown(&self, options: &[String], refs: &[String]) -> String {
        let remote = if self.remote.contains("://") {
            "REMOTE"
        } else {
            &self.remote
        };
        let mut words = vec!["git", "fetch"];
        words.extend(options.iter().map(String::as_str));
        words.push(remote);
        words.extend(refs.iter().map(String::as_str));
        words.join(" ")
    }
}
