//! Runs `--scan-history`: prints the lines of every commit that changes a matching line, and of the
//! work tree if there is no such commit.

use std::panic::resume_unwind;
use std::path::Path;
use std::thread;

use bstr::{BStr, BString, ByteSlice as _};
use keysieve::audit::line_history::{ComparedCommit, HistoryPatterns, LineHistory};
use keysieve::git::{self, ObjectId, Repository};
use keysieve::scan::lines::Extent;
use rayon::prelude::*;

use super::failure::Failure;
use super::git::git;
use super::inputs::{self, object};
use super::lines::{Printer, output_line, parallel, quoted};
use super::patterns::Configuration;
use super::scan::in_git;
use super::words::Scope;

/// How many commits are searched before their lines are printed.
const BATCH: usize = 256;

/// How many commits a thread searches in a row: their trees have much in common.
const PER_THREAD: usize = 16;

/// Scans the history.
pub(super) fn scan() -> Result<(), Failure> {
    let configuration = Configuration::read()?;
    let patterns = configuration.patterns();
    let (Some(changed), Some(reported)) = (
        patterns.for_git_grep(Extent::Anywhere)?,
        patterns.for_git_grep(Extent::Word)?,
    ) else {
        return Ok(());
    };
    let patterns = HistoryPatterns {
        changed: &changed,
        reported: &reported,
    };
    // If there is no repository, git's own status and message are the error.
    let repo = repository().or_else(|failure| commits().and(Err(failure)))?;
    // Git lists the commits while their contents are searched.
    let (commits, history) = thread::scope(|scope| {
        let listing = scope.spawn(commits);
        let history = parallel(|| LineHistory::search(&repo, patterns));
        (listing.join(), history)
    });
    let commits = commits.unwrap_or_else(|panic| resume_unwind(panic))?;
    let history = history?;
    let found = parallel(|| history.changing(&commits))?;
    if found.is_empty() {
        return in_git(&configuration, || inputs::tracked(Scope::default(), &[]));
    }
    print(&repo, &history, &found, &configuration)
}

fn repository() -> Result<Repository, Failure> {
    let repo = git::discover(Path::new("."))?;
    git::check_refs(&repo)?;
    Ok(repo)
}

/// Prints the lines of these commits.
fn print(
    repo: &Repository,
    history: &LineHistory<'_>,
    commits: &[ObjectId],
    configuration: &Configuration,
) -> Result<(), Failure> {
    let prefix = match repo.work_dir() {
        Some(_) => git(["rev-parse", "--show-prefix"]).text()?,
        None => BString::default(),
    };
    let lines = |commits: &[ObjectId]| {
        let reader = history.reader();
        let mut lines = Vec::new();
        for commit in commits {
            history.report(&reader, *commit, prefix.as_bstr(), |path, line| {
                let path = BStr::new(&path[prefix.len()..]);
                let path = quoted(path, configuration.quotes_names);
                let name = format!("{commit}:{path}");
                lines.push(output_line(name.as_bytes(), line.number, line.text));
            })?;
        }
        Ok(lines)
    };
    let mut printer = Printer::default();
    for batch in commits.chunks(BATCH) {
        let found: Result<Vec<Vec<_>>, Failure> =
            parallel(|| batch.par_chunks(PER_THREAD).map(lines).collect());
        for line in found?.into_iter().flatten() {
            printer.print(&line, &line, configuration)?;
        }
    }
    printer.finish()
}

/// The commits that refs and `HEAD` lead to, in the order of `git log`.
fn commits() -> Result<Vec<ComparedCommit>, Failure> {
    let listing = git(["rev-list", "--all", "--parents"]).text()?;
    let commits = listing.lines().map(|line| {
        let mut ids = line.fields().map(object);
        let id = ids
            .next()
            .ok_or_else(|| Failure::incomplete("git lists no commit"))??;
        let parents = ids.collect::<Result<_, _>>()?;
        Ok(ComparedCommit { id, parents })
    });
    commits.collect()
}
