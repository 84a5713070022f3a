//! Runs `git fetch` for `gate --fetch`, the only use of the network.

use std::env;
use std::ffi::OsString;
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
            CliError::new(
                "no remote to fetch from: there is none, or several and none is named 'origin'",
            )
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
        let output = safe_git(&self.dir)
            .args(["fetch", "--quiet", "--no-tags"])
            .args(["--upload-pack", "git-upload-pack"])
            .args(["--no-recurse-submodules", "--no-auto-maintenance"])
            .args(options)
            .args(["--end-of-options", &self.remote])
            .args(refs)
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

/// Git in `dir`, so that it runs no program that the configuration of the repository names for a
/// fetch; see git-config(1) and git(1). The user's own configuration counts.
fn safe_git(dir: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("-C").arg(dir).stdin(Stdio::null());
    git.args(["-c", "core.hooksPath=/dev/null"])
        .args(["-c", "core.fsmonitor=false"])
        .args(["-c", "core.alternateRefsCommand=true"])
        // An empty helper removes those before it, for all addresses.
        .args(["-c", "credential.helper="]);
    for line in users_config(&[
        "--get-regexp",
        r"^credential\..*helper$|^credential\.helper$",
    ]) {
        git.arg("-c").arg(line.replacen(' ', "=", 1));
    }
    // Where a variable has no value of the user's, it gets one that the configuration of the
    // repository cannot override.
    let unless_set = |name: &str, value: &dyn Fn() -> String| {
        env::var_os(name).unwrap_or_else(|| OsString::from(value()))
    };
    let ssh = || {
        let configured = users_config(&["--get", "core.sshCommand"]).pop();
        let program = || env::var("GIT_SSH").ok().map(|path| shell_quoted(&path));
        configured
            .or_else(program)
            .unwrap_or_else(|| "ssh".to_owned())
    };
    git.env("GIT_SSH_COMMAND", unless_set("GIT_SSH_COMMAND", &ssh))
        .env(
            "GIT_ASKPASS",
            unless_set("GIT_ASKPASS", &|| {
                env::var("SSH_ASKPASS").unwrap_or_default()
            }),
        )
        .env(
            "GIT_PROXY_COMMAND",
            unless_set("GIT_PROXY_COMMAND", &String::new),
        )
        // Other transports are programs named `git-remote-…`; `ext` runs any command.
        .env(
            "GIT_ALLOW_PROTOCOL",
            unless_set("GIT_ALLOW_PROTOCOL", &|| "https:http:ssh:git:file".into()),
        )
        // Objects that a partial clone lacks would be fetched with the configuration of their
        // remote.
        .env("GIT_NO_LAZY_FETCH", "1")
        // Fail instead of asking for a password.
        .env("GIT_TERMINAL_PROMPT", "0");
    git
}

/// What `git config` finds in the files of the user and of the system, one line for each value.
fn users_config(query: &[&str]) -> Vec<String> {
    let read = |scope: &str| {
        let mut git = Command::new("git");
        let output = git
            .args(["config", scope, "--includes"])
            .args(query)
            .output()
            .ok()?;
        String::from_utf8(output.stdout).ok()
    };
    ["--system", "--global"]
        .iter()
        .filter_map(|scope| read(scope))
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

fn shell_quoted(path: &str) -> String {
    format!("'{}'", path.replace('\'', r"'\''"))
}
