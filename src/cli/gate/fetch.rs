//! The only use of the network: `git fetch` for what of a range is missing, where that was asked
//! for.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use keysieve::git::{LocalRepository, range};

use super::super::error::CliError;

/// How much more of the history of a shallow clone is fetched, try by try.
#[derive(Clone, Copy, Debug)]
pub(super) enum Deeper {
    By(u32),
    All,
}

/// Most ranges are short, and some histories very long.
pub(super) const TRIES: [Deeper; 3] = [Deeper::By(64), Deeper::By(1024), Deeper::All];

/// Stands for all branches of the remote, to where they are tracked.
pub(super) const ALL_BRANCHES: &str = "refs/heads/*";

/// Fetches into a repository.
pub(super) struct Fetch {
    dir: PathBuf,
    remote: String,
}

impl Fetch {
    /// For the repository around `dir`, from the remote that its branches come from.
    pub(super) fn new(dir: &Path, repo: &LocalRepository) -> Result<Self, CliError> {
        let remote = range::remote_of(repo).ok_or_else(|| {
            CliError::new(
                "there is no remote to fetch from, or several and none of them is 'origin'",
            )
            .hint("fetch what is missing yourself")
        })?;
        Ok(Self {
            dir: dir.to_path_buf(),
            remote,
        })
    }

    /// Fetches `refs`, and so much more history. A server may not give out commits by their id:
    /// then what it gives out by itself has to do.
    pub(super) fn range(&self, refs: &[String], deeper: Option<&Deeper>) -> Result<(), CliError> {
        let depth = deeper.map(|deeper| match deeper {
            Deeper::By(commits) => format!("--deepen={commits}"),
            Deeper::All => "--unshallow".to_owned(),
        });
        let depth: Vec<_> = depth.iter().map(String::as_str).collect();
        let refs: Vec<_> = refs.iter().map(|name| self.refspec(name)).collect();
        let refs: Vec<_> = refs.iter().map(String::as_str).collect();
        match self.git(&depth, &refs) {
            Err(_) if !depth.is_empty() && !refs.is_empty() => self.git(&depth, &[]),
            done => done,
        }
    }

    /// Fetches every object that a partial clone left out.
    pub(super) fn all_objects(&self) -> Result<(), CliError> {
        self.git(&["--refetch", "--no-filter"], &[])
    }

    fn refspec(&self, name: &str) -> String {
        if name == ALL_BRANCHES {
            format!("+{name}:refs/remotes/{}/*", self.remote)
        } else {
            name.to_owned()
        }
    }

    fn git(&self, options: &[&str], refs: &[&str]) -> Result<(), CliError> {
        let mut command = Command::new("git");
        // Nothing that the repository brings is run, and nobody is asked for a password.
        command.arg("-C").arg(&self.dir).args([
            "-c",
            "core.hooksPath=/dev/null",
            "fetch",
            "--quiet",
            "--no-tags",
        ]);
        command
            .args(["--no-recurse-submodules", "--no-auto-maintenance"])
            .args(options);
        command.args(["--end-of-options", &self.remote]).args(refs);
        let shown = if self.remote.contains("://") {
            "REMOTE"
        } else {
            self.remote.as_str()
        };
        let words: Vec<_> = [&["git", "fetch"], options, &[shown], refs].concat();
        super::say(&words.join(" "));
        let output = command
            .env("GIT_TERMINAL_PROMPT", "0")
            .stdin(Stdio::null())
            .output();
        let output =
            output.map_err(|error| CliError::new(format!("git cannot be run: {error}")))?;
        if output.status.success() {
            return Ok(());
        }
        // What git says may name the remote with a password in it, so only what it calls fatal is
        // repeated, without URLs.
        let text = String::from_utf8_lossy(&output.stderr);
        let said = text
            .lines()
            .rfind(|line| line.starts_with("fatal:") && !line.contains("://"));
        Err(CliError::new(format!(
            "'{}' failed: {}",
            words.join(" "),
            said.unwrap_or("see what it says by itself")
        )))
    }
}
