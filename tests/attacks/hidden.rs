//! Attacks that keep a secret in a place which a command does not read.

use serde_json::Value;

use crate::support::keys::seeded_id_line;
use crate::support::{Ran, Repo};

/// Expects that the JSON report of `ran` lists `path` as skipped, for a reason that contains `why`.
#[track_caller]
fn skips(ran: &Ran, path: &str, why: &str) {
    let report = ran.json();
    let skipped = report["skipped"].as_array().into_iter().flatten();
    let reason = |skip: &Value| {
        skip["reason"]
            .as_str()
            .is_some_and(|text| text.contains(why))
    };
    if !skipped
        .clone()
        .any(|skip| skip["path"] == path && reason(skip))
    {
        ran.fail(&format!("{path} is not skipped because of {why:?}"));
    }
}

/// A folder has a git directory of its own, and the secret is in that.
#[test]
fn in_the_git_directory_of_another_repository() {
    let repo = Repo::new();
    repo.add("readme.txt", "hello\n").commit("first");
    repo.write("x/.git/HEAD", "ref: refs/heads/main\n")
        .write("x/.git/refs/heads/none", "")
        .write("x/.git/objects/secrets.env", seeded_id_line(1500));
    let ran = repo.keysieve(["scan", "-f", "json"]).status(0);
    skips(&ran, "x/.git", "keysieve audit");
    assert_eq!(ran.json()["skipped"].as_array().map(Vec::len), Some(1));
}

/// A folder's `.git` file leads to a git directory in another folder, or has a secret of its own.
#[test]
fn behind_a_file_that_points_to_a_git_directory() {
    let repo = Repo::new();
    let other = Repo::new();
    other.add("a.env", seeded_id_line(1501)).commit("a key");
    repo.add("readme.txt", "hello\n").commit("first");
    let store = other.path(".git");
    repo.write("x/.git", format!("gitdir: {}\n", store.display()));
    let ran = repo.keysieve(["scan", "-f", "json"]).status(0);
    skips(&ran, "x/.git", "keysieve audit");
    repo.write(
        "x/.git",
        format!("gitdir: nowhere\n{}", seeded_id_line(1502)),
    );
    let ran = repo.keysieve(["scan", "-f", "json"]).status(1);
    skips(&ran, "x/.git", "keysieve audit");
}

/// Not an attack: what an audit of the scanned repository reads is not worth a skip.
#[test]
fn the_git_directories_that_an_audit_reads_are_no_skips() {
    let (repo, inner) = (Repo::new(), Repo::new());
    inner.add("readme.txt", "hello\n").commit("first");
    repo.submodule(&inner, "sub").commit("a submodule");
    for tree in [&repo, &repo.worktree("topic")] {
        let ran = tree.keysieve(["scan", "-f", "json"]).status(0);
        assert_eq!(ran.json()["skipped"].as_array().map(Vec::len), Some(0));
    }
}
