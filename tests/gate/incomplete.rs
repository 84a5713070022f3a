//! Checks that an incomplete range exits 2 and that the report says how to fix it.

use std::fs;

use serde_json::json;

use super::ci::Server;
use super::{gate, id_line, started};
use crate::support::keys::access_key_id;

#[test]
fn a_revision_that_does_not_exist() {
    let (repo, _) = started();
    gate(&repo, &["nowhere..HEAD"])
        .status(2)
        .says("'nowhere' names no commit");
    gate(&repo, &["HEAD..1234567890123456789012345678901234567890"])
        .status(2)
        .says("git fetch origin 1234567890");
    gate(&repo, &["HEAD:readme.txt"])
        .status(2)
        .says("names no commit: it is a blob");
}

#[test]
fn a_folder_that_is_not_a_repository() {
    let (repo, _) = started();
    let elsewhere = repo.sandbox().root().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let elsewhere = elsewhere.display().to_string();
    gate(&repo, &["HEAD", "--repo", &elsewhere])
        .status(2)
        .says("not in a git repository");
}

#[test]
fn a_shallow_clone_that_ends_within_the_range() {
    let server = Server::new();
    server.clone(&["--depth=1", "--no-single-branch"]);
    server
        .gate(&["origin/main..origin/topic"], &[])
        .status(2)
        .says("git fetch --unshallow origin");
    server
        .gate(&["origin/topic"], &[])
        .status(2)
        .says("shallow clone: commit");
    server
        .gate(&["HEAD~1..HEAD"], &[])
        .status(2)
        .says("git fetch --unshallow origin");
    let (base, head) = (
        json!({"sha": server.id("main~1")}),
        json!({"sha": server.id("topic")}),
    );
    let event = json!({"pull_request": {"number": 7, "base": base, "head": head}});
    server
        .gate_on("pull_request", &event)
        .status(2)
        .says("give actions/checkout 'fetch-depth: 0'");
    let (before, after) = (server.id("topic~2"), server.id("topic"));
    let push = json!({"ref": "refs/heads/topic", "before": before, "after": after});
    server
        .gate_on("push", &push)
        .status(2)
        .says("give actions/checkout 'fetch-depth: 0'");
    let topic = server.id("topic");
    let gitlab = [
        ("GITLAB_CI", "true"),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ("CI_COMMIT_SHA", topic.as_str()),
    ];
    server.gate(&[], &gitlab).status(2).says("GIT_DEPTH: 0");
}

#[test]
fn a_shallow_clone_that_holds_the_range() {
    let server = Server::new();
    server.clone(&["--depth=3", "--branch=topic", "--single-branch"]);
    server.gate(&["HEAD~1..HEAD"], &[]).status(1);
    server.gate(&["HEAD~2..HEAD"], &[]).status(1);
}

#[test]
fn a_branch_that_was_not_fetched() {
    let server = Server::new();
    server.clone(&["--single-branch", "--branch=topic"]);
    let head = server.id("topic");
    let variables = [
        ("BITBUCKET_COMMIT", head.as_str()),
        ("BITBUCKET_PR_ID", "7"),
        ("BITBUCKET_PR_DESTINATION_BRANCH", "main"),
    ];
    let remedy = "git fetch origin +refs/heads/main:refs/remotes/origin/main";
    server
        .gate(&[], &variables)
        .status(2)
        .says("'origin/main' is not in this repository")
        .says(remedy);
}

#[test]
fn partial_clones() {
    for filter in ["--filter=blob:none", "--filter=tree:0"] {
        let server = Server::new();
        server.repo.config("uploadpack.allowFilter", "true");
        server.clone(&[filter, "--no-checkout"]);
        let objects = || server.git(&["count-objects", "-v"]);
        let before = objects();
        server
            .gate(&["origin/main..origin/topic"], &[])
            .status(2)
            .says("git fetch --refetch --no-filter");
        assert_eq!(
            objects(),
            before,
            "nothing is fetched unless that is asked for"
        );
    }
}

/// Deletes a loose object.
fn remove_object(repo: &crate::support::Repo, rev: &str) {
    let id = repo.git(["rev-parse", rev]);
    fs::remove_file(repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).unwrap();
}

#[test]
fn missing_objects() {
    for (rev, expected) in [
        ("HEAD:app.ini", "app.ini"),
        ("HEAD^{tree}", "is missing"),
        ("HEAD~1", "is missing"),
    ] {
        let (repo, base) = started();
        repo.add("other.ini", id_line(&access_key_id(1100)))
            .commit("a key");
        repo.add("app.ini", "clean\n").commit("without the object");
        remove_object(&repo, rev);
        gate(&repo, &[&format!("{base}..HEAD")])
            .status(2)
            .says(expected)
            .says("git fsck");
    }
}

#[test]
fn findings_are_shown_although_an_object_is_missing() {
    let (repo, base) = started();
    repo.add("other.ini", id_line(&access_key_id(1101)))
        .commit("a key");
    repo.add("app.ini", "clean\n").commit("without the object");
    remove_object(&repo, "HEAD:app.ini");
    let ran = gate(&repo, &[&format!("{base}..HEAD")]).status(2);
    assert_eq!(ran.json()["findings"].as_array().unwrap().len(), 1);
    assert_eq!(ran.json()["status"], "incomplete");
}
