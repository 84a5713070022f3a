//! The trial: a commit with a key in it, in a throw-away repository, with the very stub that git
//! runs in the real one; for the hooks of a push, it is pushed to another one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bstr::ByteSlice;

use super::error::io;
use super::{Error, Git, Hook, Side, Verdict};
use crate::text::printable;

/// What is tried.
pub(super) struct RuleTrace<'a> {
    /// The git of the real repository.
    pub(super) git: &'a Git,
    /// The hook.
    pub(super) hook: Hook,
    /// The stub that stands for it.
    pub(super) stub: &'a Path,
    /// The top of the work tree.
    pub(super) top: &'a Path,
    /// Files to take along from there.
    pub(super) carry: &'a [PathBuf],
}

/// Settings of the user that have no say in whether a key is stopped, but could stop the trial or
/// wait for somebody.
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

/// The throw-away folders.
struct Sandbox {
    /// Holds the stub, and nothing else.
    hooks: PathBuf,
    /// Holds no hook.
    none: PathBuf,
    /// The repository that commits.
    work: PathBuf,
    /// The repository that is pushed to.
    server: PathBuf,
    _folder: tempfile::TempDir,
}

impl RuleTrace<'_> {
    /// Commits, or pushes, a file without a key, which must go through, and one with a key, which
    /// must not: a hook that refuses everything proves nothing.
    pub(super) fn run(&self) -> Result<Verdict, Error> {
        let what = if self.pushes() { "a push" } else { "a commit" };
        let ground = self.prepare()?;
        let output = self.attempt(&ground, "README", "nothing to see\n")?;
        if !output.status.success() {
            let said = printable(output.stderr.trim()).replace("\\n", "\n    ");
            return Ok(Verdict::Unknown(format!(
                "{what} without a key was refused as well:\n    {said}"
            )));
        }
        if self
            .attempt(&ground, "credentials", &test_key())?
            .status
            .success()
        {
            return Ok(Verdict::Dead(format!(
                "{what} with a test key in it went through"
            )));
        }
        Ok(Verdict::Live)
    }

    fn pushes(&self) -> bool {
        self.hook.side() == Side::Server || self.hook.name == "pre-push"
    }

    fn prepare(&self) -> Result<Sandbox, Error> {
        let folder =
            tempfile::tempdir().map_err(io("make a throw-away repository to try", self.stub))?;
        let make = |name: &str| {
            let path = folder.path().join(name);
            fs::create_dir(&path)
                .map_err(io("make the folder", &path))
                .map(|()| path)
        };
        let (hooks, none, work, server) = (
            make("hooks")?,
            make("none")?,
            make("work")?,
            make("server")?,
        );
        // Only the stub is taken along, so a chained hook, or any other hook of the repository,
        // cannot run.
        borrow(self.stub, &hooks.join(self.hook.name)).map_err(io("borrow", self.stub))?;
        self.git
            .elsewhere(&work)
            .ask(&["init", "--quiet", "--template="])?;
        self.carry_along(&work)?;
        if self.pushes() {
            let git = self.git.elsewhere(&server);
            git.ask(&["init", "--quiet", "--bare", "--template="])?;
            let hooks = if self.hook.side() == Side::Server {
                &hooks
            } else {
                &none
            };
            git.ask(&[
                "config".as_ref(),
                "core.hooksPath".as_ref(),
                hooks.as_os_str(),
            ])?;
            self.carry_along(&server)?;
        }
        Ok(Sandbox {
            hooks,
            none,
            work,
            server,
            _folder: folder,
        })
    }

    /// Commits a file, and pushes it where the hook is one of pushes.
    fn attempt(&self, ground: &Sandbox, name: &str, text: &str) -> Result<Output, Error> {
        let file = ground.work.join(name);
        fs::write(&file, text).map_err(io("write", &file))?;
        let git = |hooks: &Path| {
            let mut git = self.git.elsewhere(&ground.work).command();
            for setting in SETTINGS {
                git.args(["-c", setting]);
            }
            git.arg("-c").arg(path_setting("core.hooksPath", hooks));
            git
        };
        let run = |git: &mut Command| git.output().map_err(Error::NoGit);
        // By force: what the user's own ignore rules name is staged as well.
        let added = run(git(&ground.none).args(["add", "--force", "--all"]))?;
        if !added.status.success() {
            return Ok(added);
        }
        let commit = ["commit", "--quiet", "--message=trial"];
        if !self.pushes() {
            return run(git(&ground.hooks).args(commit));
        }
        let committed = run(git(&ground.none).args(commit))?;
        if !committed.status.success() {
            return Ok(committed);
        }
        run(git(&ground.hooks)
            .args(["push", "--quiet"])
            .arg(&ground.server)
            .arg("HEAD:refs/heads/trial"))
    }

    fn carry_along(&self, to: &Path) -> Result<(), Error> {
        for name in self.carry {
            let from = self.top.join(name);
            if from.is_file() {
                let to = to.join(name);
                let folder = to.parent().unwrap_or(&to);
                fs::create_dir_all(folder).map_err(io("make the folder", folder))?;
                fs::copy(&from, &to).map_err(io("copy", &from))?;
            }
        }
        Ok(())
    }
}

fn path_setting(key: &str, path: &Path) -> std::ffi::OsString {
    let mut setting = std::ffi::OsString::from(format!("{key}="));
    setting.push(path);
    setting
}

/// Puts the real stub under another name. As a link, so that it is the very file that is run, with
/// its mode and on its file system; the name that it sees is that of the link, so it finds no
/// chained hook beside it.
#[cfg(unix)]
fn borrow(stub: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(stub, link)
}

#[cfg(not(unix))]
fn borrow(stub: &Path, copy: &Path) -> std::io::Result<()> {
    fs::copy(stub, copy).map(drop)
}

/// A pair of AWS keys that never was one, put together here so that no scanner finds it in the
/// program's own source.
fn test_key() -> String {
    let id = ["AKIA", "Q3EG", "RIIO", "FD7A", "NFP6"].concat();
    let secret = ["V7zq4fvtSU", "trP5AoCE4F", "/QOlNkzV9e", "qQ3UM3NUbs"].concat();
    format!("[default]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n")
}
