//! Every CI environment with its real variables: the range is what `git rev-list` says it should
//! be.
//!
//! Each commit of these repositories brings a key of its own, so the commits that are blamed are
//! those that were judged.

mod github;

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::json;

use super::id_line;
use crate::support::keys::access_key_id;
use crate::support::{Ran, Repo, Run};

pub(super) const ZERO: &str = "0000000000000000000000000000000000000000";

/// A server and a clone of it, as a CI system makes one.
pub(super) struct Server {
    pub(super) repo: Repo,
    pub(super) clone: PathBuf,
}

/// Commits a file with a key in it.
pub(super) fn land(repo: &Repo, seed: u64) -> String {
    repo.add(format!("file{seed}.ini"), id_line(&access_key_id(seed)));
    repo.commit(&format!("commit {seed}"))
}

impl Server {
    /// Two branches that parted after the first commit: `main`, and `topic`, which is pull request
    /// 7.
    pub(super) fn new() -> Self {
        let repo = Repo::new();
        land(&repo, 1000);
        repo.git(["checkout", "--quiet", "-b", "topic"]);
        land(&repo, 1001);
        land(&repo, 1002);
        repo.git(["update-ref", "refs/pull/7/head", "topic"]);
        repo.git(["checkout", "--quiet", "main"]);
        land(&repo, 1003);
        let clone = repo.sandbox().root().join("clone");
        Self { repo, clone }
    }

    pub(super) fn id(&self, rev: &str) -> String {
        self.repo.git(["rev-parse", rev])
    }

    /// Clones with these options, over the protocol that a network would see.
    pub(super) fn clone(&self, options: &[&str]) -> &Self {
        let url = format!("file://{}", self.repo.root().display());
        let target = self.clone.display().to_string();
        let words = ["clone", "--quiet"]
            .iter()
            .copied()
            .chain(options.iter().copied());
        self.repo.git(words.chain([url.as_str(), target.as_str()]));
        self
    }

    pub(super) fn git(&self, words: &[&str]) -> String {
        let ran = Run::new("git", &self.clone, self.repo.sandbox())
            .args(words)
            .status(0);
        ran.stdout().trim_end().to_owned()
    }

    /// The gate in the clone, with these variables.
    pub(super) fn gate(&self, words: &[&str], variables: &[(&str, &str)]) -> Run {
        let run = Run::new(Run::KEYSIEVE, &self.clone, self.repo.sandbox())
            .args(["gate", "-f", "json"])
            .args(words);
        variables
            .iter()
            .fold(run, |run, (name, value)| run.env(name, value))
    }

    /// Writes an event, and gives the variables that lead to it.
    pub(super) fn event(
        &self,
        name: &str,
        event: &serde_json::Value,
    ) -> Vec<(&'static str, String)> {
        let file = self.repo.sandbox().root().join("event.json");
        std::fs::write(&file, event.to_string()).unwrap();
        let file = file.display().to_string();
        vec![
            ("GITHUB_ACTIONS", "true".into()),
            ("GITHUB_EVENT_NAME", name.into()),
            ("GITHUB_EVENT_PATH", file),
        ]
    }

    /// Expects the gate to judge exactly what `git rev-list` gives for `range`, and to name the
    /// base.
    #[track_caller]
    fn expect_range(&self, variables: &[(&str, &str)], range: &[&str]) -> Ran {
        let expected: BTreeSet<String> = self
            .git(&[&["rev-list"], range].concat())
            .lines()
            .map(str::to_owned)
            .collect();
        let ran = self
            .gate(&[], variables)
            .status(i32::from(!expected.is_empty()));
        let found: BTreeSet<String> = super::blamed(&ran)
            .into_iter()
            .map(|(_, commit)| commit)
            .collect();
        if found != expected {
            ran.fail(&format!("git says {expected:?}, judged were {found:?}"));
        }
        ran.says(&format!(": {} commit", expected.len()));
        ran
    }

    #[track_caller]
    fn expect_event_range(&self, name: &str, event: &serde_json::Value, range: &[&str]) -> Ran {
        let variables = self.event(name, event);
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        self.expect_range(&variables, range)
    }

    fn push(&self, reference: &str, before: &str, after: &str) -> serde_json::Value {
        let repository = json!({"default_branch": "main", "full_name": "o/r"});
        json!({"ref": reference, "before": before, "after": after, "repository": repository})
    }

    fn pull_request(&self) -> serde_json::Value {
        let (base, head) = (
            json!({"sha": self.id("main"), "ref": "main"}),
            json!({"sha": self.id("topic"), "ref": "topic"}),
        );
        json!({"number": 7, "action": "synchronize", "pull_request": {"number": 7, "base": base, "head": head}})
    }
}

#[test]
fn gitlab() {
    let server = Server::new();
    server.repo.git(["tag", "v1", "topic"]);
    server.clone(&[]);
    let (first, main, topic) = (server.id("main~1"), server.id("main"), server.id("topic"));
    let request = [
        ("GITLAB_CI", "true"),
        ("CI_PIPELINE_SOURCE", "merge_request_event"),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        // Chosen by the author, and not used.
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &topic),
        ("CI_COMMIT_BEFORE_SHA", ZERO),
        ("CI_COMMIT_SHA", &topic),
    ];
    server
        .expect_range(&request, &["origin/main..origin/topic"])
        .says("GitLab CI, a merge request into main");
    // A pipeline for merged results runs on a merge; the request's own head has a variable of its
    // own.
    let merged = [
        &request[..6],
        &[
            ("CI_COMMIT_SHA", &main),
            ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", &topic),
        ],
    ]
    .concat();
    server.expect_range(&merged, &["origin/main..origin/topic"]);
    let branch = |before: &str, name: &str, head: &str, range: &[&str]| {
        let variables = [
            ("GITLAB_CI", "true"),
            ("CI_COMMIT_BRANCH", name),
            ("CI_DEFAULT_BRANCH", "main"),
            ("CI_COMMIT_BEFORE_SHA", before),
            ("CI_COMMIT_SHA", head),
        ];
        server.expect_range(&variables, range);
    };
    branch(&first, "main", &main, &["origin/main~1..origin/main"]);
    branch(ZERO, "topic", &topic, &["origin/topic", "^origin/main"]);
    branch(
        "1234567890123456789012345678901234567890",
        "topic",
        &topic,
        &["origin/topic", "^origin/main"],
    );
    let tag = [
        ("GITLAB_CI", "true"),
        ("CI_COMMIT_TAG", "v1"),
        ("CI_COMMIT_BEFORE_SHA", ZERO),
        ("CI_COMMIT_SHA", &topic),
    ];
    server.expect_range(&tag, &["v1", "^origin/main"]);
}

/// Environments that tell the target of a pull request, but not what a branch held before.
#[test]
fn environments_that_say_all_in_variables() {
    let server = Server::new();
    server.repo.git(["tag", "v1", "topic"]);
    server.clone(&[]);
    let topic = server.id("topic");
    let head = topic.as_str();
    let since_main = ["origin/main..origin/topic"];
    let of_tag = ["v1", "^origin/main"];
    for (name, common, request, branch, tag) in [
        (
            "Bitbucket Pipelines",
            &[("BITBUCKET_COMMIT", head)][..],
            &[
                ("BITBUCKET_PR_ID", "7"),
                ("BITBUCKET_PR_DESTINATION_BRANCH", "main"),
                ("BITBUCKET_BRANCH", "topic"),
            ][..],
            &[("BITBUCKET_BRANCH", "topic")][..],
            &[("BITBUCKET_TAG", "v1")][..],
        ),
        (
            "Azure Pipelines",
            &[("TF_BUILD", "True"), ("BUILD_SOURCEVERSION", head)][..],
            &[
                ("BUILD_SOURCEBRANCH", "refs/pull/7/merge"),
                ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main"),
                ("SYSTEM_PULLREQUEST_SOURCECOMMITID", head),
            ][..],
            &[("BUILD_SOURCEBRANCH", "refs/heads/topic")][..],
            &[("BUILD_SOURCEBRANCH", "refs/tags/v1")][..],
        ),
        (
            "Buildkite",
            &[
                ("BUILDKITE", "true"),
                ("BUILDKITE_COMMIT", head),
                ("BUILDKITE_BRANCH", "topic"),
            ][..],
            &[
                ("BUILDKITE_PULL_REQUEST", "7"),
                ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", "main"),
            ][..],
            &[
                ("BUILDKITE_PULL_REQUEST", "false"),
                ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", ""),
            ][..],
            &[("BUILDKITE_PULL_REQUEST", "false"), ("BUILDKITE_TAG", "v1")][..],
        ),
        (
            "Jenkins",
            &[
                ("JENKINS_URL", "https://ci.example.org/"),
                ("GIT_COMMIT", head),
            ][..],
            &[
                ("CHANGE_ID", "7"),
                ("CHANGE_TARGET", "main"),
                ("BRANCH_NAME", "PR-7"),
            ][..],
            &[("BRANCH_NAME", "topic")][..],
            &[("BRANCH_NAME", "v1"), ("TAG_NAME", "v1")][..],
        ),
        (
            "CircleCI",
            &[("CIRCLECI", "true"), ("CIRCLE_SHA1", head)][..],
            &[
                ("CIRCLE_BRANCH", "topic"),
                ("CIRCLE_PULL_REQUEST", "https://example.org/pull/7"),
            ][..],
            &[("CIRCLE_BRANCH", "topic")][..],
            &[("CIRCLE_TAG", "v1")][..],
        ),
    ] {
        server
            .expect_range(&[common, request].concat(), &since_main)
            .says(name);
        server
            .expect_range(&[common, branch].concat(), &since_main)
            .says(name);
        server
            .expect_range(&[common, tag].concat(), &of_tag)
            .says(name);
    }
}

#[test]
fn jenkins_goes_back_to_the_last_build_of_the_default_branch_that_was_good() {
    let server = Server::new();
    server.clone(&[]);
    let (first, main, topic) = (server.id("main~1"), server.id("main"), server.id("topic"));
    let variables = |branch, commit, previous| {
        [
            ("JENKINS_URL", "https://ci.example.org/"),
            ("GIT_BRANCH", branch),
            ("GIT_COMMIT", commit),
            ("GIT_PREVIOUS_COMMIT", commit),
            ("GIT_PREVIOUS_SUCCESSFUL_COMMIT", previous),
        ]
    };
    server.expect_range(
        &variables("origin/main", &main, &first),
        &["origin/main~1..origin/main"],
    );
    let before = server.id("topic~1");
    server.expect_range(
        &variables("origin/topic", &topic, &before),
        &["origin/main..origin/topic"],
    );
}

#[test]
fn what_says_no_range_is_no_pass() {
    let server = Server::new();
    server.clone(&[]);
    let hint = "keysieve gate BASE..HEAD";
    let run = |name: &str, event: &serde_json::Value| {
        let variables = server.event(name, event);
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        server.gate(&[], &variables).status(2)
    };
    run("schedule", &json!({"schedule": "0 0 * * *"}))
        .says("event 'schedule'")
        .says(hint);
    run("push", &json!("nothing")).says("cannot read the event");
    server
        .gate(&[], &[])
        .status(2)
        .says("no supported CI environment")
        .says("keysieve gate origin/main..HEAD");
    server
        .gate(&[], &[("GITLAB_CI", "true")])
        .status(2)
        .says("CI_COMMIT_SHA is not set");
    server
        .gate(
            &[],
            &[("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "push")],
        )
        .status(2);
}
