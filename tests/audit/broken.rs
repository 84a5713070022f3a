//! What is broken: a clear word and exit status 2, or all of it is found; never a pass, a panic, or
//! a machine out of memory.

mod bombs;
mod files;
mod lies;
mod missing;

use crate::support::{Ran, Repo};

/// The audit with no more than so many MiB of address space: what asks for more than it can need is
/// ended.
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

/// The audit of what must not pass: status 2, and each of `words` is said.
#[track_caller]
fn fails(repo: &Repo, words: &[&str]) -> Ran {
    let ran = audit_in(2048, repo);
    ran.has_status(2);
    words.iter().for_each(|word| _ = ran.says(word));
    ran
}
