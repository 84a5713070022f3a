//! What is under way, and what was left behind on purpose.

use std::collections::BTreeSet;

use keysieve::git::Promisor;

use super::{git_agrees, roots, roots_at};
use crate::support::Repo;

/// A repository whose branches `main` and `side` cannot be merged.
fn at_odds() -> Repo {
    let repo = Repo::new();
    repo.add("a", "base\n").commit("base");
    repo.git(["checkout", "--quiet", "-b", "side"]);
    repo.add("a", "theirs\n").commit("theirs");
    repo.git(["checkout", "--quiet", "main"]);
    repo.add("a", "ours\n").commit("ours");
    repo
}

/// After a git command that stops at a conflict, `names` are among the roots, and mean to git what
/// they mean to us.
#[track_caller]
fn stopped(args: &[&str], names: &[&str]) {
    let repo = at_odds();
    assert_ne!(repo.try_git(args).code(), Some(0));
    let found = roots(&repo);
    git_agrees(&repo, &found);
    for name in names {
        assert!(
            found.roots.iter().any(|root| root.name == *name),
            "{name} after {args:?}: {:?}",
            found.roots
        );
    }
}

#[test]
fn a_merge() {
    stopped(&["merge", "side"], &["MERGE_HEAD", "AUTO_MERGE"]);
}

#[test]
fn a_rebase() {
    stopped(
        &["rebase", "side"],
        &["REBASE_HEAD", "rebase-merge/orig-head", "rebase-merge/onto"],
    );
}

#[test]
fn a_cherry_pick() {
    stopped(&["cherry-pick", "side"], &["CHERRY_PICK_HEAD"]);
}

#[test]
fn a_revert() {
    stopped(
        &["revert", "--no-edit", "HEAD~", "HEAD"],
        &["REVERT_HEAD", "sequencer/head"],
    );
}

#[test]
fn a_fetch_lists_every_commit() {
    let repo = at_odds();
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
fn a_shallow_and_a_partial_clone_say_what_is_missing() {
    let repo = at_odds();
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
