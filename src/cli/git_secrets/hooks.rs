//! Runs the hooks of git-secrets, as the files that it or the original installed call them.

use std::env;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::PathBuf;

use bstr::{BString, ByteSlice as _};
use keysieve::fs::read_regular;

use super::failure::Failure;
use super::git::git;
use super::inputs::{self, Input};
use super::patterns::Configuration;
use super::scan;
use super::words::{Scope, Words, first};

/// Scans the message of a commit, the file that git names.
pub(super) fn commit_msg(rest: &[OsString]) -> Result<(), Failure> {
    let words = Words {
        rest: vec![first(rest).to_owned()],
        ..Words::default()
    };
    scan::files(&Configuration::read()?, || inputs::named(&words))
}

/// Scans the files that a commit adds or changes; all that is staged if there are none.
pub(super) fn pre_commit() -> Result<(), Failure> {
    scan::in_git(&Configuration::read()?, || {
        let staged = inputs::staged()?;
        if !staged.is_empty() {
            return Ok(staged);
        }
        let scope = Scope {
            is_cached: true,
            ..Scope::default()
        };
        inputs::tracked(scope, &[])
    })
}

/// Scans the patches of the commits that a merge adds to the current branch.
pub(super) fn prepare_commit_msg(rest: &[OsString]) -> Result<(), Failure> {
    let is_merge = rest.get(1).is_some_and(|source| source == "merge");
    if !is_merge || rest.get(2).is_some_and(|commit| !commit.is_empty()) {
        return Ok(());
    }
    // git-merge(1) passes each commit in a variable: `GITHEAD_<id>=<name>`.
    let ids = env::vars_os()
        .filter_map(|(name, _)| Some(name.to_str()?.strip_prefix("GITHEAD_")?.to_owned()));
    let mut merged: Vec<_> = ids.collect();
    if merged.is_empty() {
        // After conflicts, `git commit` completes the merge and passes no variables.
        let file = git(["rev-parse", "--git-path", "MERGE_HEAD"]).text()?;
        let file = PathBuf::from(file.to_path_lossy().as_ref());
        let ids = match read_regular(&file) {
            // `git commit` after a cherry-pick: the `pre-commit` hook scans it.
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            ids => ids.map_err(|error| Failure::incomplete(format!("MERGE_HEAD: {error}")))?,
        };
        merged.extend(ids.lines().map(|id| id.to_str_lossy().into_owned()));
    }
    merged.sort_unstable();
    let branch = git(["symbolic-ref", "--quiet", "HEAD"]).quiet().text();
    let branch = branch.unwrap_or_else(|_| BString::from("HEAD"));
    scan::files(&Configuration::read()?, || {
        // Settings and attributes must not hide anything.
        let log = git([
            "log",
            "--patch",
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            "--text",
            "--root",
            "--cc",
        ]);
        let log = log.arg(format!("^{branch}")).args(&merged).arg("--");
        Ok(vec![Input::standard(log.text()?.into())])
    })
}
