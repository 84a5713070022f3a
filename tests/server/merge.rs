//! Merges and other commits for which git does not run `pre-commit`.

use crate::support::Repo;
use crate::support::keys::seeded_id_line;

/// A repository with hooks and two branches, which each have a file of their own. `topic` has a key
/// that was committed before the hooks.
fn two_sides(words: &[&str]) -> Repo {
    let repo = Repo::new();
    repo.add("both", "one\n").commit("first");
    repo.git(["switch", "--quiet", "--create", "topic"]);
    repo.add("theirs", seeded_id_line(1))
        .add("both", "two\n")
        .commit("theirs");
    repo.git(["switch", "--quiet", "main"]);
    repo.add("ours", "clean\n").commit("ours");
    repo.keysieve(["hook", "install"].iter().chain(words))
        .status(0);
    repo
}

#[test]
fn a_merge_is_not_blamed_for_what_one_side_has() {
    let repo = two_sides(&[]);
    repo.try_git(["merge", "--no-edit", "topic"]).has_status(0);
}

#[test]
fn a_key_that_the_merge_itself_adds_is_found() {
    let repo = two_sides(&[]);
    repo.add("both", "three\n")
        .commit("another line, so that git runs the merge driver");
    repo.write(".git/info/attributes", "both merge=evil\n");
    let driver = format!("printf '{}' > %A", seeded_id_line(2).replace('\n', "\\n"));
    repo.config("merge.evil.driver", &driver);
    repo.try_git(["merge", "--no-edit", "topic"])
        .has_status(1)
        .says("both:1:6")
        .never_says("theirs:1");
    // Git leaves the merge unfinished; the commit that finishes it is checked like any other.
    repo.try_git(["commit", "--no-edit"])
        .has_status(1)
        .says("both:1:6")
        .never_says("theirs:1");
    repo.add("both", "clean\n");
    repo.try_git(["commit", "--no-edit"]).has_status(0);
}

#[test]
fn the_hook_prepare_commit_msg_stops_a_revert_that_restores_a_key() {
    let repo = Repo::new();
    repo.add("a", seeded_id_line(1)).commit("with a key");
    repo.add("a", "clean\n").commit("without");
    repo.keysieve(["hook", "install"]).status(0);
    assert!(!repo.path(".git/hooks/prepare-commit-msg").exists());
    repo.keysieve(["hook", "install", "--hook", "prepare-commit-msg"])
        .status(0);
    repo.try_git(["revert", "--no-edit", "HEAD"])
        .has_status(128)
        .says("a:1:6");
}
