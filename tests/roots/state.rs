//! Tests the state of operations in progress, and what shallow and partial clones leave out.

use std::collections::BTreeSet;

use keysieve::git::Promisor;

use super::{assert_git_resolves_names, roots, roots_at};
use crate::support::Repo;

/// A repository whose branches `main` and `side` are in conflict.
fn repo_in_conflict() -> Repo {
    let repo = Repo::new();
    repo.add("a", "base\n").commit("base");
    repo.git(["checkout", "--quiet", "-b", "side"]);
    repo.add("a", "theirs\n").commit("theirs");
    repo.git(["checkout", "--quiet", "main"]);
    repo.add("a", "ours\n").commit("ours");
    repo
}

/// After a git command that stops at a conflict, `names` are among the roots, and git resolves them
/// to the same objects.
#[track_caller]
fn assert_roots_after_conflict(args: &[&str], names: &[&str]) {
    let repo = repo_in_conflict();
    assert_ne!(repo.try_git(args).code(), Some(0));
    let found = roots(&repo);
    assert_git_resolves_names(&repo, &found);
    for name in names {
        assert!(
            found.roots.iter().any(|root| root.name == *name),
            "{name} after {args:?}: {:?}",
            found.roots
        );
    }
}

#[test]
fn a_merge_in_progress() {
    assert_roots_after_conflict(&["merge", "side"], &["MERGE_HEAD", "AUTO_MERGE"]);
}

#[test]
fn a_rebase_in_progress() {
    assert_roots_after_conflict(
        &["rebase", "side"],
        &["REBASE_HEAD", "rebase-merge/orig-head", "rebase-merge/onto"],
    );
}

#[test]
fn a_cherry_pick_in_progress() {
    assert_roots_after_conflict(&["cherry-pick", "side"], &["CHERRY_PICK_HEAD"]);
}

#[test]
fn a_revert_in_progress() {
    assert_roots_after_conflict(
        &["revert", "--no-edit", "HEAD~", "HEAD"],
        &["REVERT_HEAD", "sequencer/head"],
    );
}

#[test]
fn every_commit_of_fetch_head_is_a_root() {
    let repo = repo_in_conflict();
    let clone = Repo::new();
    let url = repo.root().to_str().unwrap().to_owned();
    clone.git(["fetch", "--quiet", &url, "main", "side"]);
    let found = roots(&clone);
    let fetched = found.roots.iter().filter(|root| root.name == "FETCH_HEAD");
    let ids: BTreeSet<_> = fetched.map(|root| root.target.to_string()).collect();
    assert_eq!(
        ids,
        BTreeSet::from(["main", "side"].map(|branch| repo.git(["rev-parse", branch])))
    );
}

#[test]
fn shallow_and_partial_clones_name_what_they_leave_out() {
    let repo = repo_in_conflict();
    repo.config("uploadpack.allowFilter", "true");
    let url = format!("file://{}", repo.root().to_str().unwrap());
    repo.git(["clone", "--quiet", "--depth=1", &url, "shallow"]);
    let found = roots_at(&repo.path("shallow"));
    let shallow: Vec<_> = found.shallow.iter().map(ToString::to_string).collect();
    assert_eq!(shallow, [repo.git(["rev-parse", "main"])]);
    assert_eq!(found.promisors, []);
    repo.git([
        "clone",
        "--quiet",
        "--no-checkout",
        "--filter=blob:none",
        &url,
        "partial",
    ]);
    let found = roots_at(&repo.path("partial"));
    assert!(found.shallow.is_empty());
    assert_eq!(
        found.promisors,
        [Promisor {
            remote: "origin".into(),
            filter: Some("blob:none".into())
        }]
    );
}
