//! GitHub Actions, and Gitea and Forgejo, which have its variables.

use serde_json::json;

use super::{Server, ZERO, land};

#[test]
fn github_pull_requests_and_merge_groups() {
    let server = Server::new();
    server.clone(&[]);
    let range = ["origin/main..origin/topic"];
    server
        .expect_event_range("pull_request", &server.pull_request(), &range)
        .says("GitHub Actions, pull_request into main");
    server
        .expect_event_range("pull_request_target", &server.pull_request(), &range)
        .says("pull_request_target");
    let (base, head) = (server.id("main"), server.id("topic"));
    let group = json!({"merge_group": {"base_sha": base, "head_sha": head, "head_ref": "refs/heads/topic"}});
    server.expect_event_range("merge_group", &group, &range);
}

#[test]
fn github_pull_request_of_a_fork() {
    let server = Server::new();
    let event = server.pull_request();
    server.repo.git(["branch", "--quiet", "-D", "topic"]);
    server.clone(&[]);
    // As actions/checkout fetches it: the merge with the base, which GitHub made.
    server.git(&[
        "fetch",
        "--quiet",
        "origin",
        "+refs/pull/7/head:refs/remotes/pull/7/merge",
    ]);
    server.expect_event_range(
        "pull_request",
        &event,
        &["origin/main..refs/remotes/pull/7/merge"],
    );
}

#[test]
fn github_pushes() {
    let server = Server::new();
    server.clone(&[]);
    let (first, main, topic) = (server.id("main~1"), server.id("main"), server.id("topic"));
    server.expect_event_range(
        "push",
        &server.push("refs/heads/main", &first, &main),
        &["origin/main~1..origin/main"],
    );
    let new = server.push("refs/heads/topic", ZERO, &topic);
    server
        .expect_event_range("push", &new, &["origin/main..origin/topic"])
        .says("new branch topic");
    // What the branch was at before does not count: that push may have been refused.
    server
        .expect_event_range(
            "push",
            &server.push("refs/heads/topic", &server.id("topic~1"), &topic),
            &["origin/main..origin/topic"],
        )
        .says(&format!("not in main at {}", &main[..12]))
        .says(&format!("policy of {}", &main[..12]));
    let deleted = server.event("push", &server.push("refs/heads/gone", &topic, ZERO));
    let deleted: Vec<_> = deleted
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    server
        .gate(&[], &deleted)
        .status(0)
        .says("was deleted: nothing to scan");
}

#[test]
fn github_pushes_with_force_that_lost_the_old_head() {
    let server = Server::new();
    server.clone(&[]);
    let lost = "1234567890123456789012345678901234567890";
    let (main, topic) = (server.id("main"), server.id("topic"));
    let to_topic = server.push("refs/heads/topic", lost, &topic);
    server.expect_event_range("push", &to_topic, &["origin/main..origin/topic"]);
    // Of the default branch itself nothing is known to be old.
    let to_main = server.push("refs/heads/main", lost, &main);
    server
        .expect_event_range("push", &to_main, &["origin/main"])
        .says("forced push?")
        .says("no policy");
}

#[test]
fn github_first_push() {
    let server = Server::new();
    server.repo.git(["branch", "--quiet", "-D", "topic"]);
    server.clone(&[]);
    let event = server.push("refs/heads/main", ZERO, &server.id("main"));
    server.expect_event_range("push", &event, &["origin/main"]);
}

#[test]
fn github_tags() {
    let server = Server::new();
    server
        .repo
        .git(["checkout", "--quiet", "--detach", "topic"]);
    land(&server.repo, 1010);
    server
        .repo
        .git(["tag", "--annotate", "v1", "--message", "release"]);
    server.repo.git(["tag", "old", "main"]);
    server.repo.git(["checkout", "--quiet", "main"]);
    server.clone(&[]);
    let event = |tag: &str| server.push(&format!("refs/tags/{tag}"), ZERO, &server.id(tag));
    server
        .expect_event_range("push", &event("v1"), &["v1", "^origin/main"])
        .says("the tag v1");
    server.expect_event_range("push", &event("old"), &["old", "^origin/main"]);
}

#[test]
fn gitea_and_forgejo() {
    let server = Server::new();
    server.clone(&[]);
    for (mark, name) in [
        ("GITEA_ACTIONS", "Gitea Actions"),
        ("FORGEJO_ACTIONS", "Forgejo Actions"),
    ] {
        let range = ["origin/main..origin/topic"];
        let mut variables = server.event("pull_request", &server.pull_request());
        variables.push((mark, "true".to_owned()));
        let pairs: Vec<_> = variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        server.expect_range(&pairs, &range).says(name);
        let mut variables = server.event(
            "push",
            &server.push("refs/heads/topic", ZERO, &server.id("topic")),
        );
        variables.push((mark, "true".to_owned()));
        let pairs: Vec<_> = variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        server.expect_range(&pairs, &range);
    }
}
