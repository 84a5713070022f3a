//! A server refuses what holds a key, says which commit, path and line, and keeps nothing of it.

use std::fs;

use super::ground::{Pair, key, script};
use crate::support::Repo;
use crate::support::keys::access_key_id;

#[test]
fn a_push_with_a_key_is_refused_and_leaves_nothing_behind() {
    // Few objects stay loose in quarantine, many come as a pack.
    for limit in ["1", "1000"] {
        let pair = Pair::guarded();
        pair.in_server("git")
            .args(["config", "receive.unpackLimit", limit])
            .status(0);
        pair.repo.add("deep/a.txt", format!("one\ntwo\n{}", key(1)));
        let bad = pair.repo.commit("add a key");
        let before = pair.stored();
        let pushed = pair.push(&["main"]);
        pushed
            .has_status(1)
            .says("deep/a.txt:3:6")
            .says(&bad[..12])
            .says("the push is refused: secrets in commit");
        pushed.never_says(&access_key_id(1));
        assert_eq!(pair.stored(), before, "nothing is left of it");

        pair.repo.write("deep/a.txt", "one\ntwo\n").git([
            "commit",
            "--quiet",
            "--all",
            "--amend",
            "--no-edit",
        ]);
        pair.push(&["main"]).has_status(0).never_says("keysieve:");
        assert_eq!(pair.on_server("main"), pair.repo.git(["rev-parse", "HEAD"]));
    }
}

#[test]
fn every_commit_of_a_push_is_looked_at() {
    let pair = Pair::guarded();
    pair.repo.add("a", "clean\n").commit("second");
    pair.repo.add("b", key(1));
    let bad = pair.repo.commit("third");
    pair.repo
        .add("b", "gone\n")
        .commit("taken out again, but it is in history");
    pair.push(&["main"])
        .has_status(1)
        .says("b:1:6")
        .says(&bad[..12]);
}

#[test]
fn a_message_with_a_key_is_refused() {
    let pair = Pair::guarded();
    let bad = pair
        .repo
        .commit(&format!("rotate\n\nthe old one was {}", access_key_id(1)));
    pair.push(&["main"])
        .has_status(1)
        .says(&bad[..12])
        .never_says(&access_key_id(1));
}

#[test]
fn what_the_server_has_is_not_looked_at_again() {
    let pair = Pair::new();
    pair.repo.add("old", key(1)).commit("before the hook");
    pair.repo.git(["push", "--quiet", "origin", "main"]);
    let pair = pair.guard(&[]);
    pair.repo.add("new", "clean\n").commit("next");
    pair.push(&["main", "main:refs/heads/topic"]).has_status(0);
    pair.repo.git(["mv", "old", "older"]);
    pair.repo.commit("a moved file brings nothing");
    pair.push(&["main"]).has_status(0);
}

#[test]
fn the_first_push_of_all() {
    let pair = Pair::new();
    let empty = Pair::at(Repo::new(), "empty.git", &[]);
    let server = empty.server.clone();
    fs::remove_dir_all(&server).unwrap();
    empty
        .repo
        .git(["init", "--quiet", "--bare", server.to_str().unwrap()]);
    let empty = empty.guard(&[]);
    empty.repo.add("a", key(1)).commit("second");
    empty.push(&["main"]).has_status(1).says("a:1:6");
    empty.push(&["main~1:refs/heads/main"]).has_status(0);
    drop(pair);
}

#[test]
fn sha256() {
    let pair = Pair::sha256().guard(&[]);
    pair.repo.add("a", key(1));
    let bad = pair.repo.commit("second");
    let before = pair.stored();
    pair.push(&["main"])
        .has_status(1)
        .says("a:1:6")
        .says(&bad[..12]);
    assert_eq!(pair.stored(), before);
    pair.push(&["main~1:refs/heads/topic"]).has_status(0);
    pair.push(&[":topic"]).has_status(0);
}

#[test]
fn objects_that_the_server_borrows_are_found() {
    let pair = Pair::new();
    // What separates folders in git's variable stands in the name: git then puts it in quotes.
    let fork = pair.repo.sandbox().root().join("a \"fork\": one.git");
    pair.repo
        .program("git")
        .args(["clone", "--quiet", "--bare", "--shared"])
        .args([&pair.server, &fork])
        .status(0);
    let pair = Pair {
        server: fork.clone(),
        ..pair
    }
    .guard(&[]);
    pair.repo
        .git(["remote", "set-url", "origin", fork.to_str().unwrap()]);
    pair.repo
        .add("readme", format!("hello\n{}", key(1)))
        .commit("second");
    pair.push(&["main"]).has_status(1).says("readme:2:6");
    pair.repo
        .add("readme", "hello\nworld\n")
        .git(["commit", "--quiet", "--amend", "--no-edit"]);
    pair.push(&["main"]).has_status(0);
}

#[test]
fn one_bad_ref_refuses_all_and_update_refuses_only_that_one() {
    let two = |pair: &Pair| {
        pair.repo.git(["switch", "--quiet", "--create", "bad"]);
        pair.repo.add("a", key(1)).commit("bad");
        pair.repo
            .git(["switch", "--quiet", "--create", "good", "main"]);
        pair.repo.add("b", "clean\n").commit("good");
        pair.push(&["good", "bad"]).has_status(1).says("a:1:6");
        assert_eq!(pair.on_server("bad"), "");
    };
    let pair = Pair::guarded();
    two(&pair);
    assert_eq!(pair.on_server("good"), "");

    let pair = Pair::new().guard(&["--hook", "update"]);
    assert!(!pair.server.join("hooks/pre-receive").exists());
    two(&pair);
    assert_eq!(pair.on_server("good"), pair.repo.git(["rev-parse", "good"]));
    pair.push(&[":good"]).has_status(0);
}

#[test]
fn a_hook_that_stood_there_hears_what_git_says_and_goes_first() {
    let pair = Pair::new();
    let hook = pair.server.join("hooks/pre-receive");
    let text = "#!/bin/sh\ncat > heard\ntest ! -e stop\n";
    script(&hook, text);
    let pair = pair.guard(&[]);
    let old = pair.repo.git(["rev-parse", "HEAD"]);
    pair.repo.add("a", key(1));
    let new = pair.repo.commit("second");
    pair.push(&["main", "main:refs/heads/topic"])
        .has_status(1)
        .says("a:1:6");
    let heard = fs::read_to_string(pair.server.join("heard")).unwrap();
    let zero = "0".repeat(40);
    assert_eq!(
        heard,
        format!("{old} {new} refs/heads/main\n{zero} {new} refs/heads/topic\n")
    );

    fs::write(pair.server.join("stop"), "").unwrap();
    pair.push(&["main"]).has_status(1).never_says("keysieve:");
    fs::remove_file(pair.server.join("stop")).unwrap();
    // One that does not listen is nothing to complain about.
    script(
        &pair.server.join("hooks/pre-receive.keysieve-chained"),
        "#!/bin/sh\nexec <&-\n",
    );
    pair.repo
        .add("a", "clean\n")
        .git(["commit", "--quiet", "--amend", "--no-edit"]);
    pair.push(&["main"]).has_status(0).never_says("roken");

    fs::write(pair.server.join("hooks/pre-receive.keysieve-chained"), text).unwrap();
    pair.keysieve(["hook", "uninstall"])
        .status(0)
        .says("put back");
    assert_eq!(fs::read_to_string(&hook).unwrap(), text);
}

#[test]
fn nothing_passes_unseen() {
    let pair = Pair::guarded();
    pair.repo.add("a", "clean\n").commit("second");
    fs::write(pair.server.join(".keysieve.toml"), "nonsense").unwrap();
    pair.push(&["main"])
        .has_status(1)
        .says(".keysieve.toml:1: ");
    fs::remove_file(pair.server.join(".keysieve.toml")).unwrap();
    let told = |line: &str| pair.keysieve(["hook", "run", "pre-receive"]).stdin(line);
    told("nonsense\n").status(2).says("says of no ref");
    let gone = "1".repeat(40);
    told(&format!("{} {gone} refs/heads/main\n", "0".repeat(40)))
        .status(2)
        .says(&gone);
    told("").status(0).says("nothing was scanned");
    pair.keysieve(["hook", "run", "update", "refs/heads/main", "x", "y"])
        .status(2);

    let stub = pair.server.join("hooks/pre-receive");
    let text = fs::read_to_string(&stub).unwrap();
    fs::write(&stub, text.replace("keysieve='/", "keysieve='/not/here/")).unwrap();
    pair.push(&["main"])
        .has_status(1)
        .says("nothing was scanned");
}

#[test]
fn the_status_of_a_server_is_tried_by_a_push() {
    let pair = Pair::new();
    pair.keysieve(["hook", "status"])
        .status(1)
        .says("pre-receive: missing")
        .says("hook install --server");
    let pair = pair.guard(&[]);
    let before = pair.stored();
    pair.keysieve(["hook", "status"])
        .status(0)
        .says("live: a push with a test key was stopped");
    assert_eq!(pair.stored(), before);
    pair.keysieve(["hook", "uninstall"])
        .status(0)
        .says("removed");
    let pair = pair.guard(&["--hook", "update"]);
    pair.keysieve(["hook", "status"])
        .status(0)
        .says("live: a push");
    pair.keysieve(["hook", "uninstall", "--server"])
        .status(0)
        .says("removed");
    assert_eq!(
        fs::read_dir(pair.server.join("hooks"))
            .unwrap()
            .filter(|e| {
                let name = e.as_ref().unwrap().file_name();
                !name.to_str().unwrap().ends_with(".sample")
            })
            .count(),
        0
    );
    pair.keysieve(["hook", "install"])
        .status(0)
        .says("note: the repository is bare");
    pair.keysieve(["hook", "install", "--server", "--hook", "pre-push"])
        .status(2)
        .says("not where they are pushed to");
}
