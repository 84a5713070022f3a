//! Before a push: what the remote has not is scanned, and nothing else.

use std::ffi::OsStr;
use std::fs;

use super::ground::{Pair, key, script};
use crate::support::keys::access_key_id;
use crate::support::{Repo, Run};

/// A clone with the hooks of a client. What is committed by [`Repo::commit`] has passed no hook.
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
fn a_key_does_not_leave() {
    let pair = pair();
    pair.repo.add("deep/a", format!("one\n{}", key(1)));
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
    pair.push(&["main"]).has_status(0).says("names no ref");
    pair.push(&["--no-verify", "main:other"]).has_status(0);
}

#[test]
fn sha256() {
    let pair = client(Pair::sha256());
    pair.repo.add("a", key(1)).commit("second");
    pair.push(&["main"]).has_status(1).says("a:1:6");
    pair.push(&["main~1:refs/heads/fresh"]).has_status(0);
}

#[test]
fn what_the_remote_has_is_not_looked_at_again() {
    let pair = pair();
    pair.repo.add("old", key(1)).commit("second");
    pair.push(&["--no-verify", "main"]).has_status(0);
    pair.repo.add("new", "clean\n").commit("third");
    // A new branch: what other branches of the remote have is there already.
    pair.push(&["main:refs/heads/fresh"]).has_status(0);
    pair.repo.add("newer", key(2)).commit("fourth");
    let pushed = pair.push(&["main:refs/heads/fresher"]);
    pushed.has_status(1).says("newer:1:6").never_says("old:1");
}

#[test]
fn another_remote_has_nothing_of_it() {
    let pair = pair();
    pair.repo.add("old", key(1)).commit("second");
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
    // By its address a remote has no name, unless there is one with that address.
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
fn a_remote_whose_name_goes_on_from_that_of_another() {
    let pair = pair();
    pair.repo.add("old", key(1));
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
fn refs_that_go_and_history_that_is_rewritten() {
    let pair = pair();
    pair.repo.add("a", "one\n").commit("second");
    pair.push(&["main", "main:topic"]).has_status(0);
    pair.repo.add("a", key(1)).commit("third, which stays here");
    pair.push(&[":topic"]).has_status(0).never_says("keysieve:");

    // Somebody else moves the branch on, to a commit that is not here.
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
fn tags_and_odd_names_for_what_is_pushed() {
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
    pair.repo.add("a", key(2)).commit("fix a bug");
    pair.repo.git(["tag", "light"]);
    pair.push(&["light"]).has_status(1).says("a:1:6");
    pair.push(&["HEAD^{/fix a bug}:refs/heads/topic"])
        .has_status(1)
        .says("a:1:6");
    pair.push(&["HEAD~1:refs/heads/topic"]).has_status(0);
}

#[test]
fn the_policy_of_the_work_tree_counts() {
    let pair = pair();
    pair.repo.add("a", key(1)).commit("second");
    let told = format!(
        "HEAD {} refs/heads/main {}\n",
        pair.repo.git(["rev-parse", "HEAD"]),
        "0".repeat(40)
    );
    let by_hand = |format: &str| {
        pair.repo
            .keysieve(["hook", "run", "pre-push", "origin", "x"])
            .env("KEYSIEVE_FORMAT", format)
            .stdin(told.as_str())
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
fn a_hook_that_stood_there_hears_what_git_says() {
    let pair = Pair::new();
    let hook = pair.repo.path(".git/hooks/pre-push");
    script(
        &hook,
        "#!/bin/sh\necho \"$@\" > said; cat >> said; test ! -e stop\n",
    );
    let pair = client(pair);
    pair.repo.add("a", key(1));
    let (old, new) = (
        pair.repo.git(["rev-parse", "HEAD"]),
        pair.repo.commit("second"),
    );
    pair.push(&["main"]).has_status(1).says("a:1:6");
    let said = fs::read_to_string(pair.repo.path("said")).unwrap();
    assert_eq!(
        said,
        format!(
            "origin {}\nrefs/heads/main {new} refs/heads/main {old}\n",
            pair.server.display()
        )
    );
    pair.repo.write("stop", "");
    pair.push(&["main"]).has_status(1).never_says("keysieve:");
}

#[test]
fn what_git_does_not_say_is_not_guessed() {
    let repo = Repo::new();
    repo.add("a", "clean\n").commit("first");
    let told = |line: &str| {
        repo.keysieve(["hook", "run", "pre-push", "origin", "x"])
            .stdin(line)
    };
    told("nonsense\n").status(2).says("says of no ref");
    told(&format!(
        "HEAD {} refs/heads/main {}\n",
        "1".repeat(40),
        "0".repeat(40)
    ))
    .status(2)
    .says("1111");
    told("").status(0).says("nothing was scanned");
}

#[test]
fn without_a_word_from_git_it_is_about_what_no_remote_has() {
    let pair = pair();
    let by_hand = || pair.repo.keysieve(["hook", "run", "pre-push"]);
    by_hand().status(0);
    pair.repo.add("a", key(1)).commit("second");
    by_hand().status(1).says("a:1:6");
    // The pre-commit framework hands on what git says.
    let head = pair.repo.git(["rev-parse", "HEAD"]);
    let framework = |to: &str| {
        by_hand()
            .env("PRE_COMMIT_REMOTE_NAME", "origin")
            .env("PRE_COMMIT_TO_REF", to)
    };
    framework(&head).status(1).says("a:1:6");
    framework("HEAD")
        .env("PRE_COMMIT_FROM_REF", &head)
        .status(0);
    framework("refs/heads/main").status(1);
    framework("nothing")
        .status(2)
        .says("nothing names no commit");
    pair.push(&["--no-verify", "main"]).has_status(0);
    by_hand().status(0);
}
