//! Merges and other commits that git makes without asking `pre-commit`.

use super::ground::key;
use crate::support::Repo;

/// Two branches that each have a file of their own, and the hooks; `topic` has a key that no hook
/// has seen.
fn two_sides(words: &[&str]) -> Repo {
    let repo = Repo::new();
    repo.add("both", "one\n").commit("first");
    repo.git(["switch", "--quiet", "--create", "topic"]);
    repo.add("theirs", key(1))
        .add("both", "two\n")
        .commit("theirs");
    repo.git(["switch", "--quiet", "main"]);
    repo.add("ours", "clean\n").commit("ours");
    repo.keysieve(["hook", "install"].iter().chain(words))
        .status(0);
    repo
}

#[test]
fn what_one_side_has_is_no_news_of_the_merge() {
    let repo = two_sides(&[]);
    repo.try_git(["merge", "--no-edit", "topic"]).has_status(0);
}

#[test]
fn what_the_merge_itself_brings_is() {
    let repo = two_sides(&[]);
    repo.add("both", "three\n")
        .commit("another line, so that a driver is asked");
    repo.write(".git/info/attributes", "both merge=evil\n");
    let driver = format!("printf '{}' > %A", key(2).replace('\n', "\\n"));
    repo.config("merge.evil.driver", &driver);
    repo.try_git(["merge", "--no-edit", "topic"])
        .has_status(1)
        .says("both:1:6")
        .never_says("theirs:1");
    // Git leaves the merge to be finished; that is a commit like any other.
    repo.try_git(["commit", "--no-edit"])
        .has_status(1)
        .says("both:1:6")
        .never_says("theirs:1");
    repo.add("both", "clean\n");
    repo.try_git(["commit", "--no-edit"]).has_status(0);
}

#[test]
fn a_revert_is_seen_where_that_is_asked_for() {
    let repo = Repo::new();
    repo.add("a", key(1)).commit("with a key");
    repo.add("a", "clean\n").commit("without");
    repo.keysieve(["hook", "install"]).status(0);
    assert!(!repo.path(".git/hooks/prepare-commit-msg").exists());
    repo.keysieve(["hook", "install", "--hook", "prepare-commit-msg"])
        .status(0);
    repo.try_git(["revert", "--no-edit", "HEAD"])
        .has_status(128)
        .says("a:1:6");
}
