//! Scans pushes for their hooks: what a push sends to a remote, and what it brings to a server.

use std::collections::BTreeSet;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use bstr::{BString, ByteSlice as _};
use keysieve::blob::CommitInfo;
use keysieve::finding::{Outcome, Status};
use keysieve::git::{self, ObjectId, Repository};
use keysieve::hook::RefUpdate;
use keysieve::policy::{FILE_NAME, PolicyFiles};
use keysieve::report::About;
use keysieve::source::Push;

use super::error::CliError;
use super::output::Reports;
use super::scan::{Common, scan};
use super::settings::Settings;

impl Common {
    /// Scans what a push sends to the repository at `address` and that is not known to be there;
    /// without an address, what no remote has.
    pub(super) fn push(
        &self,
        address: Option<&OsStr>,
        updates: &[RefUpdate],
    ) -> Result<Status, CliError> {
        let repo = git::discover(Path::new("."))?;
        let known = match address {
            Some(address) => git::ids_at_address(&repo, address.as_encoded_bytes().as_bstr())?,
            None => Some(git::ids_of_remotes(&repo)?),
        };
        if known.is_none() && updates.iter().any(|update| update.new.is_some()) {
            say(
                "keysieve: no remote fetches from the address that is pushed to, so what it has \
                 is not known, and all commits of the push are scanned\n  \
                 help: to scan only new ones, add a remote with this address, and fetch from it",
            );
        }
        let mut known = known.unwrap_or_default();
        known.extend(updates.iter().filter_map(|update| update.old));
        let settings = self
            .settings
            .resolve(repo.work_dir().unwrap_or(Path::new(".")))?;
        let reports = self.output.reports()?;
        let refs = new_refs(updates);
        if refs.is_empty() {
            return Ok(Status::Clean);
        }
        scan_push(&reports, Push::new(repo, refs, &known)?, &settings)
    }

    /// Scans what a push brings to this repository. Findings that a comment in the push allows are
    /// always listed.
    pub(super) fn receive(&self, updates: &[RefUpdate]) -> Result<Status, CliError> {
        let reports = self.output.reports()?.with_allowed();
        let repo = git::discover(Path::new("."))?;
        let known = git::ids_of_refs(&repo)?;
        let settings = self.settings.resolve_for_others(&policy_of(&repo))?;
        let refs = new_refs(updates);
        if refs.is_empty() {
            return Ok(Status::Clean);
        }
        // Git keeps the objects of a push in quarantine until its hooks have accepted them.
        let status = match variable("GIT_OBJECT_DIRECTORY") {
            None => scan_push(&reports, Push::new(repo, refs, &known)?, &settings)?,
            Some(main) => {
                let alternates = variable("GIT_ALTERNATE_OBJECT_DIRECTORIES").unwrap_or_default();
                let quarantine = git::with_objects(repo, &main, &alternates)?;
                // The rest of `quarantine` has to outlive the scan.
                let push = Push::new(quarantine.repo, refs.clone(), &known)?;
                let push = push.with_received(&quarantine.received, &refs);
                scan_push(&reports, push, &settings)?
            }
        };
        if status == Status::Findings {
            say(&format!(
                "  help: an allow entry counts here once it is in {FILE_NAME} on the main branch"
            ));
        }
        Ok(status)
    }
}

/// The refs that are not deleted.
fn new_refs(updates: &[RefUpdate]) -> Vec<(BString, ObjectId)> {
    let new = updates.iter();
    new.filter_map(|update| Some((update.name.clone(), update.new?)))
        .collect()
}

/// Scans what a push brings. A push without findings prints nothing: the user would have to read it
/// at every push.
fn scan_push(reports: &Reports<'_>, push: Push, settings: &Settings) -> Result<Status, CliError> {
    let source = push.within(settings.max_size, settings.jobs);
    let outcome = scan(reports, &source, settings)?;
    let is_silent =
        outcome.findings.is_empty() && outcome.skipped.is_empty() && outcome.allowed.is_empty();
    if !is_silent {
        reports.write(&outcome, settings.versions(), About::default())?;
    }
    if outcome.status() == Status::Findings {
        say(&refusal(&outcome));
    }
    Ok(outcome.status())
}

/// A variable that git sets for this hook.
fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// The policy of a server: the configuration file next to `HEAD` or, if there is none, that of the
/// main branch before the push. The push itself cannot change it.
fn policy_of(repo: &Repository) -> PolicyFiles {
    let folder = repo.git_dir();
    if fs::symlink_metadata(folder.join(FILE_NAME)).is_ok() {
        return PolicyFiles::Disk(folder.to_path_buf());
    }
    PolicyFiles::of_commit(repo, repo.head())
}

/// Prints a line for the user who pushes. If standard error is closed, the exit status is all they
/// get.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// The most commits that are listed.
const MAX_COMMITS: usize = 10;

/// The last lines that a user reads when a push is refused: which commits have findings, and how
/// to change them.
fn refusal(outcome: &Outcome) -> String {
    let blocking = outcome.findings.iter().filter(|found| found.blocking);
    let commits: BTreeSet<_> = blocking.filter_map(|found| found.origin.commit()).collect();
    let Some(first) = commits.first() else {
        return "keysieve: the push is refused".to_owned();
    };
    let mut ids: Vec<_> = commits
        .iter()
        .take(MAX_COMMITS)
        .map(|commit| short_id(commit))
        .collect();
    if commits.len() > MAX_COMMITS {
        ids.push(format!("and {} more", commits.len() - MAX_COMMITS));
    }
    let plural = if commits.len() == 1 { "" } else { "s" };
    format!(
        "keysieve: the push is refused: secrets in commit{plural} {}\n  \
         help: remove the secret from the history, then push again: 'git commit --amend' changes \
         the last commit, 'git rebase --interactive {}^' with 'edit' an earlier one",
        ids.join(", "),
        short_id(first)
    )
}

/// The first 12 digits of a commit's id.
fn short_id(commit: &CommitInfo) -> String {
    commit.id.chars().take(12).collect()
}
