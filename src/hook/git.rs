//! Asking git: where things are, and what its configuration says and on whose word.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use bstr::{BString, ByteSlice};

use super::error::Error;
use crate::text::printable;

/// Variables that tie a git process to one repository, whatever folder it is started in.
pub(super) const TIES: [&str; 14] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// The git program, and which repository it is to speak about.
#[derive(Clone, Debug)]
pub struct Git {
    dir: Option<PathBuf>,
    env: Vec<(OsString, OsString)>,
}

impl Git {
    /// The repository that git itself would take: that of the current folder, or of `GIT_DIR`.
    #[must_use]
    pub fn here() -> Self {
        Self {
            dir: None,
            env: Vec::new(),
        }
    }

    /// The repository that holds `dir`, whatever the environment says: who names a repository means
    /// that one.
    #[must_use]
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: Some(dir.into()),
            env: Vec::new(),
        }
    }

    /// The same, with a variable set for git and for the hooks that it runs; the rest they inherit.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// The same git, speaking about another repository.
    pub(super) fn elsewhere(&self, dir: &Path) -> Self {
        Self {
            dir: Some(dir.to_owned()),
            env: self.env.clone(),
        }
    }

    /// A path that git printed, relative to where git was run.
    pub(super) fn resolve(&self, path: &Path) -> PathBuf {
        let joined = self.dir.as_deref().unwrap_or(Path::new("")).join(path);
        let absolute = std::path::absolute(&joined).unwrap_or(joined);
        // Without the `..` that git puts in when it is run in a subfolder; a path that is not there
        // stays as it is.
        if absolute.components().any(|part| part.as_os_str() == "..") {
            return absolute.canonicalize().unwrap_or(absolute);
        }
        absolute
    }

    /// A git process for this repository, with nothing to read.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new("git");
        if let Some(dir) = &self.dir {
            command.arg("-C").arg(dir);
            for name in TIES {
                command.env_remove(name);
            }
        }
        command
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs git and waits for it.
    pub(super) fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<Output, Error> {
        self.command().args(args).output().map_err(Error::NoGit)
    }

    /// Runs git and takes what it printed, without the line feed at its end.
    pub(super) fn ask<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<BString, Error> {
        let output = self.run(args)?;
        if !output.status.success() {
            return Err(refusal(args, &output));
        }
        let text = output.stdout.strip_suffix(b"\n").unwrap_or(&output.stdout);
        Ok(text.into())
    }

    /// Runs git and takes the path that it printed.
    pub(super) fn ask_path(&self, args: &[&str]) -> Result<PathBuf, Error> {
        Ok(self.resolve(&self.ask(args)?.to_path_lossy()))
    }

    /// A setting as git sees it here, all files, includes and variables taken together.
    pub(super) fn setting(&self, key: &str) -> Result<Option<Setting>, Error> {
        let args = [
            "config",
            "--show-scope",
            "--null",
            "--type=path",
            "--get",
            key,
        ];
        let output = self.run(&args)?;
        // 1: not set.
        if output.status.code() == Some(1) {
            return Ok(None);
        }
        if !output.status.success() {
            return Err(refusal(&args, &output));
        }
        let mut parts = output.stdout.split_str("\0");
        let scope = Scope::named(parts.next().unwrap_or_default());
        Ok(Some(Setting {
            scope,
            value: parts.next().unwrap_or_default().into(),
        }))
    }
}

fn refusal<S: AsRef<OsStr>>(args: &[S], output: &Output) -> Error {
    let command: Vec<_> = args
        .iter()
        .map(|arg| arg.as_ref().to_string_lossy())
        .collect();
    let said = printable(output.stderr.trim()).replace("\\n", "; ");
    let message = if said.is_empty() {
        output.status.to_string()
    } else {
        said
    };
    Error::Git {
        command: command.join(" "),
        message,
    }
}

/// A value of git's configuration, and on whose word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Where it is set.
    pub scope: Scope,
    /// What it is, with `~` resolved.
    pub value: BString,
}

/// Where a setting stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In the configuration of the machine.
    System,
    /// In that of the user.
    Global,
    /// In that of the repository.
    Local,
    /// In that of one worktree of it.
    Worktree,
    /// In the environment of this process.
    Command,
}

impl Scope {
    fn named(word: &[u8]) -> Self {
        match word {
            b"local" => Self::Local,
            b"worktree" => Self::Worktree,
            b"system" => Self::System,
            b"command" => Self::Command,
            _ => Self::Global,
        }
    }

    /// Whether the setting is this repository's own. Others hold for repositories that nobody asked
    /// about.
    #[must_use]
    pub fn is_own(self) -> bool {
        matches!(self, Self::Local | Self::Worktree)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "system",
            Self::Global => "global",
            Self::Local => "local",
            Self::Worktree => "worktree",
            Self::Command => "command line's",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_knows_no_other_ties() {
        let ties = Git::here().ask(&["rev-parse", "--local-env-vars"]).unwrap();
        for tie in ties.lines().map(|line| line.to_str().unwrap()) {
            // Configuration from the environment ties to no repository.
            assert!(
                TIES.contains(&tie)
                    || tie.starts_with("GIT_CONFIG")
                    || tie.starts_with("GIT_INTERNAL"),
                "{tie}"
            );
        }
    }
}
