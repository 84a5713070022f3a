//! A server refuses a push with a key, reports commit, path and line, and keeps no object of it.

use std::fs;

use super::pair::Pair;
use crate::support::keys::{access_key_id, seeded_id_line};
use crate::support::{Repo, write_script};

#[test]
fn a_push_with_a_key_is_refused_and_leaves_nothing_behind() {
    // Git unpacks few objects into quarantine, and keeps many as a pack.
    for limit in ["1", "1000"] {
        let pair = Pair::guarded();
        pair.in_server("git")
            .args(["config", "receive.unpackLimit", limit])
            .status(0);
        pair.repo
            .add("deep/a.txt", format!("one\ntwo\n{}", seeded_id_line(1)));
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
fn every_commit_of_a_push_is_scanned() {
    let pair = Pair::guarded();
    pair.repo.add("a", "clean\n").commit("second");
    pair.repo.add("b", seeded_id_line(1));
    let bad = pair.repo.commit("third");
    pair.repo
        .add("b", "gone\n")
        .commit("removed, but still in history");
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
fn what_the_server_has_is_not_scanned_again() {
    let pair = Pair::new();
    pair.repo
        .add("old", seeded_id_line(1))
        .commit("before the hook");
    pair.repo.git(["push", "--quiet", "origin", "main"]);
    let pair = pair.guard(&[]);
    pair.repo.add("new", "clean\n").commit("next");
    pair.push(&["main", "main:refs/heads/topic"]).has_status(0);
    pair.repo.git(["mv", "old", "older"]);
    pair.repo.commit("a moved file brings nothing");
    pair.push(&["main"]).has_status(0);
}

#[test]
fn the_first_push_to_an_empty_server_is_scanned() {
    let pair = Pair::new();
    let empty = Pair::at(Repo::new(), "empty.git", &[]);
    let server = empty.server.clone();
    fs::remove_dir_all(&server).unwrap();
    empty
        .repo
        .git(["init", "--quiet", "--bare", server.to_str().unwrap()]);
    let empty = empty.guard(&[]);
    empty.repo.add("a", seeded_id_line(1)).commit("second");
    empty.push(&["main"]).has_status(1).says("a:1:6");
    empty.push(&["main~1:refs/heads/main"]).has_status(0);
    drop(pair);
}

#[test]
fn a_push_to_a_sha256_server_is_scanned() {
    let pair = Pair::sha256().guard(&[]);
    pair.repo.add("a", seeded_id_line(1));
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
fn objects_of_alternates_are_found() {
    let pair = Pair::new();
    // The name has the separator of git's path lists, so git quotes it.
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
        .add("readme", format!("hello\n{}", seeded_id_line(1)))
        .commit("second");
    pair.push(&["main"]).has_status(1).says("readme:2:6");
    pair.repo
        .add("readme", "hello\nworld\n")
        .git(["commit", "--quiet", "--amend", "--no-edit"]);
    pair.push(&["main"]).has_status(0);
}

#[test]
fn pre_receive_refuses_all_refs_and_update_only_the_bad_one() {
    let two = |pair: &Pair| {
        pair.repo.git(["switch", "--quiet", "--create", "bad"]);
        pair.repo.add("a", seeded_id_line(1)).commit("bad");
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
fn an_existing_hook_gets_the_refs_and_runs_first() {
    let pair = Pair::new();
    let hook = pair.server.join("hooks/pre-receive");
    let text = "#!/bin/sh\ncat > input\ntest ! -e stop\n";
    write_script(&hook, text);
    let pair = pair.guard(&[]);
    let old = pair.repo.git(["rev-parse", "HEAD"]);
    pair.repo.add("a", seeded_id_line(1));
    let new = pair.repo.commit("second");
    pair.push(&["main", "main:refs/heads/topic"])
        .has_status(1)
        .says("a:1:6");
    let input = fs::read_to_string(pair.server.join("input")).unwrap();
    let zero = "0".repeat(40);
    assert_eq!(
        input,
        format!("{old} {new} refs/heads/main\n{zero} {new} refs/heads/topic\n")
    );

    fs::write(pair.server.join("stop"), "").unwrap();
    pair.push(&["main"]).has_status(1).never_says("keysieve:");
    fs::remove_file(pair.server.join("stop")).unwrap();
    // A chained hook that does not read its input causes no message.
    write_script(
        pair.server.join("hooks/pre-receive.keysieve-chained"),
        "#!/bin/sh\nexec <&-\n",
    );
    pair.repo
        .add("a", "clean\n")
        .git(["commit", "--quiet", "--amend", "--no-edit"]);
    pair.push(&["main"]).has_status(0).never_says("roken");

    write_script(pair.server.join("hooks/pre-receive.keysieve-chained"), text);
    pair.keysieve(["hook", "uninstall"])
        .status(0)
        .says("restored the previous hook");
    assert_eq!(fs::read_to_string(&hook).unwrap(), text);
}

#[test]
fn a_push_that_cannot_be_scanned_is_refused() {
    let pair = Pair::guarded();
    pair.repo.add("a", "clean\n").commit("second");
    fs::write(pair.server.join(".keysieve.toml"), "nonsense").unwrap();
    pair.push(&["main"])
        .has_status(1)
        .says(".keysieve.toml:1: ");
    fs::remove_file(pair.server.join(".keysieve.toml")).unwrap();
    let run_with = |line: &str| pair.keysieve(["hook", "run", "pre-receive"]).stdin(line);
    run_with("nonsense\n")
        .status(2)
        .says("'nonsense' is not a ref update");
    let gone = "1".repeat(40);
    run_with(&format!("{} {gone} refs/heads/main\n", "0".repeat(40)))
        .status(2)
        .says(&gone);
    run_with("").status(0).says("nothing was scanned");
    pair.keysieve(["hook", "run", "update", "refs/heads/main", "x", "y"])
        .status(2);

    let stub = pair.server.join("hooks/pre-receive");
    let text = fs::read_to_string(&stub).unwrap();
    write_script(&stub, &text.replace("keysieve='/", "keysieve='/not/here/"));
    pair.push(&["main"])
        .has_status(1)
        .says("nothing was scanned");
}

#[test]
fn the_status_of_a_server_is_tested_with_a_push() {
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
        .says("not on a server");
}
