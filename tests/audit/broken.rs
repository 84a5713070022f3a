//! Tests audits of broken repositories: either everything is read, or the problem is reported with
//! exit status 2. An audit never passes, panics, or runs out of memory.

mod bombs;
mod false_entries;
mod files;
mod missing;

use crate::support::{Ran, Repo};

/// Runs the audit with an address space of `mib` MiB: an audit that allocates more is aborted.
#[track_caller]
fn audit_in(mib: usize, repo: &Repo) -> Ran {
    let command = format!(
        "ulimit -v {}; exec \"$0\" audit --no-cache --format json --jobs 2",
        mib * 1024
    );
    let ran = repo
        .program("sh")
        .args(["-c", &command, crate::support::Run::KEYSIEVE])
        .run();
    ran.never_says("panicked").never_says("mistake in keysieve");
    assert!(matches!(ran.code(), Some(0..=2)), "{}", ran.text());
    ran
}

/// Runs an audit that must fail: with status 2, and each of `words` in its output.
#[track_caller]
fn fails(repo: &Repo, words: &[&str]) -> Ran {
    let ran = audit_in(2048, repo);
    ran.has_status(2);
    words.iter().for_each(|word| _ = ran.says(word));
    ran
}
