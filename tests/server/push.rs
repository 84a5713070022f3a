//! `pre-push` scans what the remote does not have, and nothing else.

use std::ffi::OsStr;
use std::fs;

use super::pair::Pair;
use crate::support::keys::{access_key_id, seeded_id_line};
use crate::support::{Repo, Run, write_script};

/// A clone with client hooks. [`Repo::commit`] bypasses them.
fn pair() -> Pair {
    client(Pair::new())
}

#[track_caller]
fn client(pair: Pair) -> Pair {
    pair.repo
        .keysieve(["hook", "install"])
        .status(0)
        .says("pre-push");
    pair
}

#[test]
fn a_push_with_a_key_is_refused_until_the_key_is_removed() {
    let pair = pair();
    pair.repo
        .add("deep/a", format!("one\n{}", seeded_id_line(1)));
    let bad = pair.repo.commit("add a key");
    let before = pair.stored();
    let pushed = pair.push(&["main"]);
    pushed
        .has_status(1)
        .says("deep/a:2:6")
        .says(&bad[..12])
        .says("the push is refused")
        .never_says(&access_key_id(1));
    assert_eq!(pair.stored(), before);
    pair.repo
        .add("deep/a", "clean\n")
        .git(["commit", "--quiet", "--amend", "--no-edit"]);
    pair.push(&["main"]).has_status(0);
    pair.push(&["main"]).has_status(0).says("listed no refs");
    pair.push(&["--no-verify", "main:other"]).has_status(0);
}

#[test]
fn a_push_is_scanned_in_a_sha256_repository() {
    let pair = client(Pair::sha256());
    pair.repo.add("a", seeded_id_line(1)).commit("second");
    pair.push(&["main"]).has_status(1).says("a:1:6");
    pair.push(&["main~1:refs/heads/fresh"]).has_status(0);
}

#[test]
fn what_the_remote_has_is_not_scanned_again() {
    let pair = pair();
    pair.repo.add("old", seeded_id_line(1)).commit("second");
    pair.push(&["--no-verify", "main"]).has_status(0);
    pair.repo.add("new", "clean\n").commit("third");
    // A new branch: the remote already has what is in its other branches.
    pair.push(&["main:refs/heads/fresh"]).has_status(0);
    pair.repo.add("newer", seeded_id_line(2)).commit("fourth");
    let pushed = pair.push(&["main:refs/heads/fresher"]);
    pushed.has_status(1).says("newer:1:6").never_says("old:1");
}

#[test]
fn what_one_remote_has_is_scanned_for_another_remote() {
    let pair = pair();
    pair.repo.add("old", seeded_id_line(1)).commit("second");
    pair.push(&["--no-verify", "main"]).has_status(0);
    let other = pair.repo.sandbox().root().join("other.git");
    pair.repo.git([
        OsStr::new("init"),
        OsStr::new("--quiet"),
        OsStr::new("--bare"),
        other.as_os_str(),
    ]);
    pair.repo.git([
        OsStr::new("remote"),
        OsStr::new("add"),
        OsStr::new("other"),
        other.as_os_str(),
    ]);
    pair.repo
        .try_git(["push", "other", "main"])
        .has_status(1)
        .says("old:1:6");
    // A push to an address is a push to the remote with that address, if there is one.
    pair.repo
        .try_git([
            OsStr::new("push"),
            pair.server.as_os_str(),
            OsStr::new("main:refs/heads/topic"),
        ])
        .has_status(0);
    let address = format!("file://{}", other.display());
    pair.repo
        .try_git(["push", &address, "main"])
        .has_status(1)
        .says("old:1:6");
}

#[test]
fn remotes_whose_names_share_a_prefix_are_not_confused() {
    let pair = pair();
    pair.repo.add("old", seeded_id_line(1));
    let id = pair.repo.commit("second");
    pair.repo.config("remote.origin/deep.url", "nowhere");
    pair.repo
        .git(["update-ref", "refs/remotes/origin/deep/main", &id]);
    pair.push(&["main"]).has_status(1).says("old:1:6");
    pair.repo
        .git(["update-ref", "refs/remotes/origin/other/main", &id]);
    pair.push(&["main"]).has_status(0);
}

#[test]
fn a_forced_push_over_an_unknown_commit_is_scanned() {
    let pair = pair();
    pair.repo.add("a", "one\n").commit("second");
    pair.push(&["main", "main:topic"]).has_status(0);
    pair.repo
        .add("a", seeded_id_line(1))
        .commit("third, which stays here");
    pair.push(&[":topic"]).has_status(0).never_says("keysieve:");

    // Another clone moves the branch to a commit that is not in this one.
    let other = pair.repo.sandbox().root().join("other");
    pair.repo
        .program("git")
        .args(["clone", "--quiet"])
        .args([&pair.server, &other])
        .status(0);
    let theirs = |words: &[&str]| {
        Run::new("git", &other, pair.repo.sandbox())
            .args(words)
            .status(0)
    };
    theirs(&["commit", "--quiet", "--allow-empty", "--message", "theirs"]);
    theirs(&["push", "--quiet", "origin", "main"]);
    let there = pair.on_server("main");
    pair.repo.try_git(["cat-file", "-e", &there]).has_status(1);
    pair.push(&["--force", "main"]).has_status(1).says("a:1:6");
    pair.repo
        .add("a", "two\n")
        .git(["commit", "--quiet", "--amend", "--no-edit"]);
    pair.push(&["--force", "main"]).has_status(0);
}

#[test]
fn tags_and_revision_expressions_are_scanned() {
    let pair = pair();
    pair.repo.git([
        "tag",
        "--annotate",
        "bad",
        "--message",
        &format!("the key is {}", access_key_id(1)),
    ]);
    pair.push(&["bad"])
        .has_status(1)
        .says("bad:")
        .never_says(&access_key_id(1));
    pair.repo.add("a", seeded_id_line(2)).commit("fix a bug");
    pair.repo.git(["tag", "light"]);
    pair.push(&["light"]).has_status(1).says("a:1:6");
    pair.push(&["HEAD^{/fix a bug}:refs/heads/topic"])
        .has_status(1)
        .says("a:1:6");
    pair.push(&["HEAD~1:refs/heads/topic"]).has_status(0);
}

#[test]
fn the_policy_of_the_work_tree_applies() {
    let pair = pair();
    pair.repo.add("a", seeded_id_line(1)).commit("second");
    let line = format!(
        "HEAD {} refs/heads/main {}\n",
        pair.repo.git(["rev-parse", "HEAD"]),
        "0".repeat(40)
    );
    let by_hand = |format: &str| {
        pair.repo
            .keysieve(["hook", "run", "pre-push", "origin", "x"])
            .env("KEYSIEVE_FORMAT", format)
            .stdin(line.as_str())
    };
    let report = by_hand("json").status(1).json();
    assert_eq!(
        report["findings"][0]["origin"]["commit"],
        pair.repo.git(["rev-parse", "HEAD"])
    );
    let print = report["findings"][0]["fingerprint"]
        .as_str()
        .unwrap()
        .to_owned();
    pair.repo
        .keysieve(["allow", &print, "--reason", "a fixture"])
        .status(0);
    pair.push(&["main"]).has_status(0);
}

#[test]
fn an_existing_hook_gets_the_arguments_and_the_refs() {
    let pair = Pair::new();
    let hook = pair.repo.path(".git/hooks/pre-push");
    write_script(
        &hook,
        "#!/bin/sh\necho \"$@\" > input; cat >> input; test ! -e stop\n",
    );
    let pair = client(pair);
    pair.repo.add("a", seeded_id_line(1));
    let (old, new) = (
        pair.repo.git(["rev-parse", "HEAD"]),
        pair.repo.commit("second"),
    );
    pair.push(&["main"]).has_status(1).says("a:1:6");
    let input = fs::read_to_string(pair.repo.path("input")).unwrap();
    assert_eq!(
        input,
        format!(
            "origin {}\nrefs/heads/main {new} refs/heads/main {old}\n",
            pair.server.display()
        )
    );
    pair.repo.write("stop", "");
    pair.push(&["main"]).has_status(1).never_says("keysieve:");
}

#[test]
fn invalid_ref_updates_are_an_error() {
    let repo = Repo::new();
    repo.add("a", "clean\n").commit("first");
    let run_with = |line: &str| {
        repo.keysieve(["hook", "run", "pre-push", "origin", "x"])
            .stdin(line)
    };
    run_with("nonsense\n")
        .status(2)
        .says("'nonsense' is not a ref update");
    run_with(&format!(
        "HEAD {} refs/heads/main {}\n",
        "1".repeat(40),
        "0".repeat(40)
    ))
    .status(2)
    .says("1111");
    run_with("").status(0).says("nothing was scanned");
}

#[test]
fn pre_push_without_arguments_scans_what_no_remote_has() {
    let pair = pair();
    let by_hand = || pair.repo.keysieve(["hook", "run", "pre-push"]);
    by_hand().status(0);
    pair.repo.add("a", seeded_id_line(1)).commit("second");
    by_hand().status(1).says("a:1:6");
    // The pre-commit framework passes the push in variables.
    let head = pair.repo.git(["rev-parse", "HEAD"]);
    let framework = |to: &str| {
        by_hand()
            .env("PRE_COMMIT_REMOTE_NAME", "origin")
            .env("PRE_COMMIT_REMOTE_URL", &pair.server)
            .env("PRE_COMMIT_TO_REF", to)
    };
    framework(&head).status(1).says("a:1:6");
    framework("HEAD")
        .env("PRE_COMMIT_FROM_REF", &head)
        .status(0);
    framework("refs/heads/main").status(1);
    framework("nothing")
        .status(2)
        .says("'nothing' is not a commit");
    pair.push(&["--no-verify", "main"]).has_status(0);
    by_hand().status(0);
}
