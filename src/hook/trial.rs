//! The trial: a commit with a key in it, in a throw-away repository, with the very stub that git runs in the real one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use bstr::ByteSlice;

use super::error::io;
use super::{Error, Git, Verdict};
use crate::text::printable;

/// What is tried.
pub(super) struct Trial<'a> {
    /// The git of the real repository.
    pub(super) git: &'a Git,
    /// The stub.
    pub(super) stub: &'a Path,
    /// The top of the work tree.
    pub(super) top: &'a Path,
    /// Files to take along from there.
    pub(super) carry: &'a [PathBuf],
}

/// Settings of the user that have no say in whether a key is stopped, but could stop the trial or wait for somebody.
const SETTINGS: [&str; 8] = [
    "user.name=keysieve",
    "user.email=keysieve@localhost",
    "commit.gpgSign=false",
    "core.fsmonitor=false",
    "core.attributesFile=",
    "core.safecrlf=false",
    "gc.auto=0",
    "maintenance.auto=false",
];

impl Trial<'_> {
    /// Commits a file without a key, which must go through, and one with a key, which must not: a hook that refuses
    /// everything proves nothing.
    pub(super) fn run(&self) -> Result<Verdict, Error> {
        let folder = tempfile::tempdir().map_err(io("make a throw-away repository to try", self.stub))?;
        let hooks = folder.path().join("hooks");
        let work = folder.path().join("work");
        for path in [&hooks, &work] {
            fs::create_dir(path).map_err(io("make the folder", path))?;
        }
        // Only the stub is taken along, so a chained hook, or any other hook of the repository, cannot run.
        let stub = hooks.join("pre-commit");
        borrow(self.stub, &stub).map_err(io("borrow", self.stub))?;
        self.git.elsewhere(&work).ask(&["init", "--quiet", "--template="])?;

        let clean = work.join("README");
        fs::write(&clean, "nothing to see\n").map_err(io("write", &clean))?;
        self.carry_along(&work)?;
        let output = self.commit(&work, &hooks)?;
        if !output.status.success() {
            let said = printable(output.stderr.trim()).replace("\\n", "\n    ");
            return Ok(Verdict::Unknown(format!("a commit without a key was refused as well:\n    {said}")));
        }

        let key = work.join("credentials");
        fs::write(&key, test_key()).map_err(io("write", &key))?;
        if self.commit(&work, &hooks)?.status.success() {
            return Ok(Verdict::Dead("a commit with a test key in it went through".to_owned()));
        }
        Ok(Verdict::Live)
    }

    /// Stages everything and commits it.
    fn commit(&self, work: &Path, hooks: &Path) -> Result<Output, Error> {
        let git = || {
            let mut git = self.git.elsewhere(work).command();
            for setting in SETTINGS {
                git.args(["-c", setting]);
            }
            git.arg("-c").arg(path_setting("core.hooksPath", hooks));
            git
        };
        // By force: what the user's own ignore rules name is staged as well.
        let added = git().args(["add", "--force", "--all"]).output().map_err(Error::NoGit)?;
        if !added.status.success() {
            return Ok(added);
        }
        git().args(["commit", "--quiet", "--message=trial"]).output().map_err(Error::NoGit)
    }

    fn carry_along(&self, work: &Path) -> Result<(), Error> {
        for name in self.carry {
            let from = self.top.join(name);
            if from.is_file() {
                let to = work.join(name);
                let folder = to.parent().unwrap_or(work);
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

/// Puts the real stub under another name. As a link, so that it is the very file that is run, with its mode and on its
/// file system; the name that it sees is that of the link, so it finds no chained hook beside it.
#[cfg(unix)]
fn borrow(stub: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(stub, link)
}

#[cfg(not(unix))]
fn borrow(stub: &Path, copy: &Path) -> std::io::Result<()> {
    fs::copy(stub, copy).map(drop)
}

/// A pair of AWS keys that never was one, put together here so that no scanner finds it in the program's own source.
fn test_key() -> String {
    let id = ["AKIA", "Q3EG", "RIIO", "FD7A", "NFP6"].concat();
    let secret = ["V7zq4fvtSU", "trP5AoCE4F", "/QOlNkzV9e", "qQ3UM3NUbs"].concat();
    format!("[default]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n")
}
