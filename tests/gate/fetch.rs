//! `--fetch` brings what of the range is missing, and nothing is fetched without it.

use serde_json::json;

use super::blamed;
use super::ci::{Server, land};

/// The commits that are blamed.
fn commits(ran: &crate::support::Ran) -> Vec<String> {
    let mut commits: Vec<_> = blamed(ran).into_iter().map(|(_, commit)| commit).collect();
    commits.sort();
    commits
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

#[test]
fn fetch_deepens_a_shallow_clone() {
    let server = Server::new();
    server.clone(&["--depth=1", "--no-single-branch"]);
    let ran = server
        .gate(&["origin/main..origin/topic", "--fetch"], &[])
        .status(1);
    assert_eq!(
        commits(&ran),
        sorted(vec![server.id("topic"), server.id("topic~1")])
    );
    ran.says("git fetch --deepen=64 origin");
}

#[test]
fn fetch_gets_the_pull_request_of_a_fork() {
    let server = Server::new();
    let (base, head) = (server.id("main"), server.id("topic"));
    let event =
        json!({"pull_request": {"number": 7, "base": {"sha": base}, "head": {"sha": head}}});
    server.repo.git(["branch", "--quiet", "-D", "topic"]);
    server.clone(&["--depth=1"]);
    let variables = server.event("pull_request_target", &event);
    let variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    server
        .gate(&[], &variables)
        .status(2)
        .says("is not in this repository");
    let ran = server.gate(&["--fetch"], &variables).status(1);
    assert_eq!(commits(&ran).len(), 2);
    assert!(commits(&ran).contains(&head));
}

#[test]
fn fetch_gets_the_old_head_of_a_force_push() {
    let server = Server::new();
    let old = server.id("main");
    server.repo.git(["reset", "--quiet", "--hard", "HEAD~1"]);
    let new = land(&server.repo, 1200);
    server.clone(&[]);
    let push = json!({"ref": "refs/heads/main", "before": old, "after": new, "repository": {"default_branch": "main"}});
    let variables = server.event("push", &push);
    let variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    assert_eq!(commits(&server.gate(&[], &variables).status(1)).len(), 2);
    assert_eq!(
        commits(&server.gate(&["--fetch"], &variables).status(1)),
        [new]
    );
}

#[test]
fn fetch_gets_the_target_branch_of_a_merge_request() {
    let server = Server::new();
    let topic = server.id("topic");
    server.clone(&["--single-branch", "--branch=topic"]);
    let request = [
        ("GITLAB_CI", "true"),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ("CI_COMMIT_SHA", topic.as_str()),
    ];
    server
        .gate(&[], &request)
        .status(2)
        .says("'origin/main' is not in this repository")
        .says("git fetch origin +refs/heads/main:refs/remotes/origin/main");
    assert_eq!(
        commits(&server.gate(&["--fetch"], &request).status(1)).len(),
        2
    );
}

#[test]
fn fetch_completes_a_partial_clone() {
    let server = Server::new();
    server.repo.config("uploadpack.allowFilter", "true");
    server.clone(&["--filter=blob:none", "--no-checkout"]);
    assert_eq!(
        commits(
            &server
                .gate(&["origin/main..origin/topic", "--fetch"], &[])
                .status(1)
        )
        .len(),
        2
    );
}

#[test]
fn fetch_from_an_unreachable_server_is_an_error() {
    let server = Server::new();
    server.clone(&["--depth=1"]);
    server.git(&["remote", "set-url", "origin", "file:///nowhere/at/all"]);
    server
        .gate(&["HEAD~1..HEAD", "--fetch"], &[])
        .status(2)
        .says("failed");
    server.git(&["remote", "remove", "origin"]);
    server
        .gate(&["HEAD~1..HEAD", "--fetch"], &[])
        .status(2)
        .says("no remote to fetch from");
}
