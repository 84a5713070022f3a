//! Tests a hook with a real key: commits it to a temporary repository, or pushes it to another one,
//! with the same stub that git runs in the user's repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bstr::ByteSlice;

use super::error::io;
use super::{Git, Hook, HookError, Side};
use crate::text::printable;

/// Whether the hooks stop a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// A test key was stopped.
    Live,
    /// A key would not be stopped, and why.
    NotLive(String),
    /// The hooks could not be tested, and why.
    Unknown(String),
}

/// The hook to test, and what the test needs from the user's repository.
pub(super) struct SelfTest<'a> {
    /// Git in the user's repository.
    pub(super) git: &'a Git,
    pub(super) hook: Hook,
    /// The installed stub.
    pub(super) stub: &'a Path,
    /// The top of the user's work tree.
    pub(super) top: &'a Path,
    /// Files to copy from there.
    pub(super) extra_files: &'a [PathBuf],
}

/// Overrides for user settings that do not affect whether a key is stopped, but could make the test
/// fail or wait for input.
const SETTINGS: [&str; 10] = [
    "user.name=keysieve",
    "user.email=keysieve@localhost",
    "commit.gpgSign=false",
    "core.fsmonitor=false",
    "core.attributesFile=",
    "core.safecrlf=false",
    "protocol.file.allow=always",
    "push.gpgSign=false",
    "gc.auto=0",
    "maintenance.auto=false",
];

/// The temporary folders.
struct Sandbox {
    /// Holds the stub, and nothing else.
    hooks: PathBuf,
    /// Holds no hook.
    no_hooks: PathBuf,
    /// The repository that commits.
    work: PathBuf,
    /// The repository that receives the push.
    server: PathBuf,
    _folder: tempfile::TempDir,
}

impl SelfTest<'_> {
    /// Commits or pushes a file without a key, which must succeed, and then one with a key, which
    /// must be refused: a hook that refuses everything proves nothing.
    pub(super) fn run(&self) -> Result<Liveness, HookError> {
        let what = if self.hook.is_for_push() {
            "a push"
        } else {
            "a commit"
        };
        let sandbox = self.create_sandbox()?;
        let clean = self.attempt(&sandbox, "README", "nothing to see\n")?;
        if !clean.status.success() {
            let message = printable(clean.stderr.trim()).replace("\\n", "\n    ");
            return Ok(Liveness::Unknown(format!(
                "{what} without a key was refused as well:\n    {message}"
            )));
        }
        let with_key = self.attempt(&sandbox, "credentials", &test_key())?;
        if with_key.status.success() {
            return Ok(Liveness::NotLive(format!(
                "{what} with a test key was not stopped"
            )));
        }
        Ok(Liveness::Live)
    }

    fn create_sandbox(&self) -> Result<Sandbox, HookError> {
        let folder =
            tempfile::tempdir().map_err(io("create a temporary repository to test", self.stub))?;
        let sandbox = Sandbox {
            hooks: create_folder(folder.path(), "hooks")?,
            no_hooks: create_folder(folder.path(), "no-hooks")?,
            work: create_folder(folder.path(), "work")?,
            server: create_folder(folder.path(), "server")?,
            _folder: folder,
        };
        // Only the stub is linked, so neither a chained hook nor another hook of the repository can
        // run.
        link_stub(self.stub, &sandbox.hooks.join(self.hook.name)).map_err(io("link", self.stub))?;
        let work = self.git.in_dir(&sandbox.work);
        work.query(&["init", "--quiet", "--template="])?;
        self.copy_extra_files(&sandbox.work)?;
        if self.hook.is_for_push() {
            let server = self.git.in_dir(&sandbox.server);
            server.query(&["init", "--quiet", "--bare", "--template="])?;
            let hooks = match self.hook.side {
                Side::Server => &sandbox.hooks,
                Side::Client => &sandbox.no_hooks,
            };
            server.query(&[
                "config".as_ref(),
                "core.hooksPath".as_ref(),
                hooks.as_os_str(),
            ])?;
            self.copy_extra_files(&sandbox.server)?;
        }
        Ok(sandbox)
    }

    /// Commits a file and, if the hook runs for pushes, pushes it.
    fn attempt(&self, sandbox: &Sandbox, name: &str, text: &str) -> Result<Output, HookError> {
        let file = sandbox.work.join(name);
        fs::write(&file, text).map_err(io("write", &file))?;
        // --force also stages what the user's own ignore rules exclude.
        let mut add = self.git_with_hooks(sandbox, &sandbox.no_hooks);
        let added = output(add.args(["add", "--force", "--all"]))?;
        if !added.status.success() {
            return Ok(added);
        }
        let commit_hooks = if self.hook.is_for_push() {
            &sandbox.no_hooks
        } else {
            &sandbox.hooks
        };
        let mut commit = self.git_with_hooks(sandbox, commit_hooks);
        let committed = output(commit.args(["commit", "--quiet", "--message=self test"]))?;
        if !self.hook.is_for_push() || !committed.status.success() {
            return Ok(committed);
        }
        let mut push = self.git_with_hooks(sandbox, &sandbox.hooks);
        push.args(["push", "--quiet"]).arg(&sandbox.server);
        output(push.arg("HEAD:refs/heads/self-test"))
    }

    fn git_with_hooks(&self, sandbox: &Sandbox, hooks: &Path) -> Command {
        let mut git = self.git.in_dir(&sandbox.work).command();
        for setting in SETTINGS {
            git.args(["-c", setting]);
        }
        let mut hooks_path = std::ffi::OsString::from("core.hooksPath=");
        hooks_path.push(hooks);
        git.arg("-c").arg(hooks_path);
        git
    }

    fn copy_extra_files(&self, to: &Path) -> Result<(), HookError> {
        for name in self.extra_files {
            let from = self.top.join(name);
            if from.is_file() {
                let to = to.join(name);
                let folder = to.parent().unwrap_or(&to);
                fs::create_dir_all(folder).map_err(io("create the folder", folder))?;
                fs::copy(&from, &to).map_err(io("copy", &from))?;
            }
        }
        Ok(())
    }
}

fn create_folder(parent: &Path, name: &str) -> Result<PathBuf, HookError> {
    let path = parent.join(name);
    fs::create_dir(&path).map_err(io("create the folder", &path))?;
    Ok(path)
}

fn output(git: &mut Command) -> Result<Output, HookError> {
    git.output().map_err(HookError::NoGit)
}

/// Makes the real stub available under another name. A link runs the very same file, with its mode
/// and on its file system. The stub sees the name of the link, so it finds no chained hook there.
#[cfg(unix)]
fn link_stub(stub: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(stub, link)
}

#[cfg(not(unix))]
fn link_stub(stub: &Path, copy: &Path) -> std::io::Result<()> {
    fs::copy(stub, copy)?;
    Ok(())
}

/// A pair of AWS keys that never existed, assembled here so that no scanner finds it in this file.
fn test_key() -> String {
    let id = ["AKIA", "Q3EG", "RIIO", "FD7A", "NFP6"].concat();
    let secret = ["V7zq4fvtSU", "trP5AoCE4F", "/QOlNkzV9e", "qQ3UM3NUbs"].concat();
    format!("[default]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n")
}
