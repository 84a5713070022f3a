//! Runs the git program to ask where things are, and what its configuration says in which file.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use bstr::{BString, ByteSlice};

use super::config_scope::ConfigScope;
use super::error::HookError;
use crate::text::printable;

/// Variables that select a repository for git, in every directory that it runs in.
const LOCAL_ENV_VARS: [&str; 14] = [
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

/// The status of `git config` if the key is not set.
const NOT_SET: i32 = 1;

/// The status of git if it does not know an option.
const UNKNOWN_OPTION: i32 = 129;

/// The git program, and the repository that it runs in.
#[derive(Clone, Debug)]
pub struct Git {
    dir: Option<PathBuf>,
    env: Vec<(OsString, OsString)>,
}

impl Git {
    /// The repository that git itself would use: that of the current directory, or `GIT_DIR`.
    #[must_use]
    pub fn here() -> Self {
        Self {
            dir: None,
            env: Vec::new(),
        }
    }

    /// The repository that contains `dir`. Variables such as `GIT_DIR` are ignored, because the
    /// user named a repository.
    #[must_use]
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: Some(dir.into()),
            env: Vec::new(),
        }
    }

    /// The same, with an environment variable for git and the hooks that it runs.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// The same environment, but the repository that contains `dir`.
    pub(super) fn in_dir(&self, dir: &Path) -> Self {
        Self {
            dir: Some(dir.to_owned()),
            env: self.env.clone(),
        }
    }

    /// Makes a path that git printed absolute; git prints paths relative to where it runs.
    fn absolute(&self, path: &Path) -> PathBuf {
        let joined = self.dir.as_deref().unwrap_or(Path::new("")).join(path);
        let absolute = std::path::absolute(&joined).unwrap_or(joined);
        // In a subdirectory git prints paths with `..`. They are removed if the path exists.
        if absolute.components().any(|part| part.as_os_str() == "..") {
            return dunce::canonicalize(&absolute).unwrap_or(absolute);
        }
        absolute
    }

    /// A git command for this repository, with no standard input.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new("git");
        if let Some(dir) = &self.dir {
            command.arg("-C").arg(dir);
            for name in LOCAL_ENV_VARS {
                command.env_remove(name);
            }
        }
        command
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs git and returns its output, without the last line feed.
    pub(super) fn query<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<BString, HookError> {
        let output = self.run(args)?;
        if !output.status.success() {
            return Err(failure(args, &output));
        }
        let text = output.stdout.strip_suffix(b"\n").unwrap_or(&output.stdout);
        Ok(text.into())
    }

    /// The author and the committer that a commit would have now, as the lines that it would have.
    ///
    /// # Errors
    ///
    /// If git cannot be run, or does not know them.
    pub fn people(&self) -> Result<BString, HookError> {
        let author = self.ident("GIT_AUTHOR_IDENT")?;
        let committer = self.ident("GIT_COMMITTER_IDENT")?;
        Ok(bstr::concat([&b"author "[..], &author, b"\ncommitter ", &committer, b"\n"]).into())
    }

    /// Git's own message is not repeated: it quotes what it does not accept.
    fn ident(&self, name: &str) -> Result<BString, HookError> {
        let ident = self.query(&["var", name]);
        ident.map_err(|error| match error {
            HookError::Git { command, .. } => HookError::Git {
                command,
                message: "no valid name and mail address; set user.name and user.email".to_owned(),
            },
            other => other,
        })
    }

    /// Runs git and returns the path that it printed.
    pub(super) fn query_path(&self, args: &[&str]) -> Result<PathBuf, HookError> {
        Ok(self.absolute(&self.query(args)?.to_path_lossy()))
    }

    /// Reads a path from git's configuration: all files, includes and variables that apply here.
    pub(super) fn config_value(&self, key: &str) -> Result<Option<ConfigValue>, HookError> {
        let args = config_args("--show-scope", key);
        let output = self.run(&args)?;
        match output.status.code() {
            Some(0) => {}
            Some(NOT_SET) => return Ok(None),
            Some(UNKNOWN_OPTION) => return self.config_value_by_file(key),
            _ => return Err(failure(&args, &output)),
        }
        let mut parts = output.stdout.split_str("\0");
        Ok(Some(ConfigValue {
            scope: ConfigScope::parse(parts.next().unwrap_or_default()),
            value: parts.next().unwrap_or_default().into(),
        }))
    }

    /// The same for git before 2.26, which does not tell the scope: it is the scope of the file
    /// that has the value.
    fn config_value_by_file(&self, key: &str) -> Result<Option<ConfigValue>, HookError> {
        let args = config_args("--includes", key);
        let output = self.run(&args)?;
        match output.status.code() {
            Some(0) => {}
            Some(NOT_SET) => return Ok(None),
            _ => return Err(failure(&args, &output)),
        }
        let mut scope = ConfigScope::Command;
        for (option, of_file) in [
            ("--local", ConfigScope::Local),
            ("--worktree", ConfigScope::Worktree),
            ("--global", ConfigScope::Global),
            ("--system", ConfigScope::System),
        ] {
            let in_file = self.run(&config_args(option, key))?;
            if in_file.status.success() && in_file.stdout == output.stdout {
                scope = of_file;
                break;
            }
        }
        let value = output.stdout.strip_suffix(b"\0").unwrap_or_default();
        Ok(Some(ConfigValue {
            scope,
            value: value.into(),
        }))
    }

    fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<Output, HookError> {
        let mut command = self.command();
        command.args(args).output().map_err(HookError::NoGit)
    }
}

/// The arguments of git that read a path from the configuration.
fn config_args<'a>(option: &'a str, key: &'a str) -> [&'a str; 7] {
    [
        "config",
        option,
        "--includes",
        "--null",
        "--type=path",
        "--get",
        key,
    ]
}

fn failure<S: AsRef<OsStr>>(args: &[S], output: &Output) -> HookError {
    let command: Vec<_> = args
        .iter()
        .map(|arg| arg.as_ref().to_string_lossy())
        .collect();
    let stderr = printable(output.stderr.trim()).replace("\\n", "; ");
    HookError::Git {
        command: command.join(" "),
        message: if stderr.is_empty() {
            output.status.to_string()
        } else {
            stderr
        },
    }
}

/// A value of git's configuration, and where it is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigValue {
    /// Where it is set.
    pub scope: ConfigScope,
    /// The path, with `~` expanded.
    pub value: BString,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_every_variable_that_selects_a_repository() {
        let names = Git::here().query(&["rev-parse", "--local-env-vars"]);
        for name in names.unwrap().lines().map(|line| line.to_str().unwrap()) {
            // Variables with configuration do not select a repository.
            assert!(
                LOCAL_ENV_VARS.contains(&name)
                    || name.starts_with("GIT_CONFIG")
                    || name.starts_with("GIT_INTERNAL"),
                "{name}"
            );
        }
    }
}
