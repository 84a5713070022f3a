//! What the hooks of a push scan: what it takes to a remote, and what it brings here.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use bstr::ByteSlice as _;
use keysieve::blob::CommitInfo;
use keysieve::finding::{Outcome, Status};
use keysieve::git::{self, ObjectId, Repository};
use keysieve::hook::RefUpdate;
use keysieve::policy::{FILE_NAME, PolicyFiles};
use keysieve::report::Advice;
use keysieve::source::Push;

use super::error::CliError;
use super::scan::Common;
use super::settings::Settings;

impl Common {
    /// Scans what a push takes to a remote, named or by its address, that has not got it; without
    /// one, what no remote has.
    pub(super) fn push(
        &self,
        remote: Option<&OsStr>,
        updates: &[RefUpdate],
    ) -> Result<Status, CliError> {
        let repo = git::discover(Path::new("."))?;
        let remote = remote.map(|remote| remote.as_encoded_bytes().as_bstr());
        let mut known = git::ids_of_remote(&repo, remote)?;
        known.extend(updates.iter().filter_map(|update| update.old));
        let settings = self
            .settings
            .settle(repo.work_dir().unwrap_or(Path::new(".")))?;
        self.judge(repo, updates, &known, &settings)
    }

    /// Scans what a push brings here. What is let pass by a comment that came with it is shown at
    /// least.
    pub(super) fn receive(mut self, updates: &[RefUpdate]) -> Result<Status, CliError> {
        self.output = self.output.with_allowed();
        let repo = git::discover(Path::new("."))?;
        let known = git::ids_of_refs(&repo)?;
        let settings = self.settings.settle_by(&policy_of(&repo))?;
        // Until its hooks have agreed, git keeps the objects of a push apart.
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        let alternates = set("GIT_ALTERNATE_OBJECT_DIRECTORIES").unwrap_or_default();
        let status = match set("GIT_OBJECT_DIRECTORY") {
            None => self.judge(repo, updates, &known, &settings)?,
            Some(main) => {
                let quarantine = git::with_objects(repo, &main, &alternates)?;
                self.judge(quarantine.repo.clone(), updates, &known, &settings)?
            }
        };
        if status == Status::Findings {
            say(&format!(
                "  help: an exception counts here once {FILE_NAME} has it on the main branch"
            ));
        }
        Ok(status)
    }

    /// Scans a push. One that may pass and has nothing worth a look is not worth a word: who pushes
    /// reads it every time.
    fn judge(
        &self,
        repo: Repository,
        updates: &[RefUpdate],
        known: &[ObjectId],
        settings: &Settings,
    ) -> Result<Status, CliError> {
        let refs: Vec<_> = updates
            .iter()
            .filter_map(|update| Some((update.name.clone(), update.new?)))
            .collect();
        if refs.is_empty() {
            return Ok(Status::Clean);
        }
        let source = Push::new(repo, refs, known)?.within(settings.max_size, settings.jobs);
        let outcome = self.look(&source, settings)?;
        if !outcome.findings.is_empty()
            || !outcome.skipped.is_empty()
            || !outcome.allowed.is_empty()
        {
            self.tell(&outcome, settings, Advice::default())?;
        }
        if outcome.status() == Status::Findings {
            say(&refusal(&outcome));
        }
        Ok(outcome.status())
    }
}

/// Whoever has the server says what may pass, in a file beside `HEAD`; where there is none, the
/// main branch says it, as it was before the push. The push itself has no say.
fn policy_of(repo: &Repository) -> PolicyFiles {
    let folder = repo.git_dir();
    if fs::symlink_metadata(folder.join(FILE_NAME)).is_ok() {
        return PolicyFiles::Disk(folder.to_path_buf());
    }
    PolicyFiles::of_commit(repo, repo.head())
}

/// A word to whoever pushes. Where standard error is closed as well, the exit status still says it.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// The most commits that are named.
const MAX_COMMITS: usize = 10;

/// What a person reads last when a push is refused: which commits it is about, and how to mend
/// them.
fn refusal(outcome: &Outcome) -> String {
    let blocking = outcome.findings.iter().filter(|found| found.blocking);
    let commits: BTreeSet<_> = blocking.filter_map(|found| found.origin.commit()).collect();
    let Some(first) = commits.first() else {
        return "keysieve: the push is refused".to_owned();
    };
    let short = |commit: &CommitInfo| commit.id.chars().take(SHORT).collect::<String>();
    let mut named: Vec<_> = commits
        .iter()
        .take(MAX_COMMITS)
        .map(|commit| short(commit))
        .collect();
    if let Some(more) = commits
        .len()
        .checked_sub(MAX_COMMITS)
        .filter(|&more| more > 0)
    {
        named.push(format!("and {more} more"));
    }
    format!(
        "keysieve: the push is refused for what is in {} {}\n  help: take it out of history, then push again: `git commit \
         --amend` for the last commit, or `git rebase --interactive {}^` and `edit`",
        if commits.len() == 1 {
            "commit"
        } else {
            "commits"
        },
        named.join(", "),
        short(first)
    )
}

/// How much of a commit's id is shown.
const SHORT: usize = 12;
