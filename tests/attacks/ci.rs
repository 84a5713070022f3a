//! Names, tags and bases that CI systems give are taken as they are, and compared with the clone.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use serde_json::json;

use super::trust::{ALLOW_ALL, cloned, key, run};
use crate::support::Repo;

/// Every CI system that names a tag and the commit that it leads to.
fn tag_builds<'a>(tag: &'a str, full: &'a str, commit: &'a str) -> [Vec<(&'a str, &'a str)>; 6] {
    [
        vec![
            ("GITLAB_CI", "true"),
            ("CI_COMMIT_SHA", commit),
            ("CI_COMMIT_TAG", tag),
            ("CI_DEFAULT_BRANCH", "main"),
        ],
        vec![("BITBUCKET_COMMIT", commit), ("BITBUCKET_TAG", tag)],
        vec![
            ("TF_BUILD", "True"),
            ("BUILD_SOURCEBRANCH", full),
            ("BUILD_SOURCEVERSION", commit),
        ],
        vec![
            ("CIRCLECI", "true"),
            ("CIRCLE_TAG", tag),
            ("CIRCLE_SHA1", commit),
        ],
        vec![
            ("BUILDKITE", "true"),
            ("BUILDKITE_TAG", tag),
            ("BUILDKITE_COMMIT", commit),
        ],
        vec![
            ("JENKINS_URL", "x"),
            ("TAG_NAME", tag),
            ("BRANCH_NAME", tag),
            ("GIT_COMMIT", commit),
        ],
    ]
}

/// A tag whose name is that of a harmless one and a no-break space.
#[test]
fn a_tag_that_ends_in_white_space_is_not_another_one() {
    let (repo, base) = cloned();
    repo.git(["tag", "v1", &base]);
    let head = repo.add("a.env", key(1)).commit("a key");
    repo.git(["tag", "v1\u{a0}"]);
    for variables in tag_builds("v1\u{a0}", "refs/tags/v1\u{a0}", &head) {
        run(&repo, &[], &variables).has_status(1).says("a.env");
    }
}

/// A branch whose name is that of the default branch and a no-break space: its old head is the
/// author's.
#[test]
fn a_branch_that_ends_in_white_space_is_not_the_default_branch() {
    let (repo, _) = cloned();
    let before = repo.add(".keysieve.toml", ALLOW_ALL).commit("policy");
    let head = repo.add("a.env", key(2)).commit("a key");
    let name = "main\u{a0}";
    let variables = [
        ("GITLAB_CI", "true"),
        ("CI_COMMIT_SHA", head.as_str()),
        ("CI_COMMIT_BRANCH", name),
        ("CI_DEFAULT_BRANCH", "main"),
        ("CI_COMMIT_BEFORE_SHA", before.as_str()),
    ];
    run(&repo, &[], &variables).has_status(1).says("a.env");
    for (variable, name) in [("BRANCH_NAME", name), ("GIT_BRANCH", "origin/main\u{a0}")] {
        let variables = [
            ("JENKINS_URL", "x"),
            ("GIT_COMMIT", head.as_str()),
            ("GIT_PREVIOUS_SUCCESSFUL_COMMIT", before.as_str()),
            (variable, name),
        ];
        run(&repo, &[], &variables).has_status(1).says("a.env");
    }
}

/// Values of CI variables that are no names of refs, or not in UTF-8.
#[test]
fn what_is_no_name_of_a_ref_is_refused() {
    let (repo, head) = cloned();
    let gate = |name: &OsStr| {
        let run = repo.keysieve(["gate"]).env("CIRCLECI", "true");
        run.env("CIRCLE_SHA1", &head).env("CIRCLE_BRANCH", name)
    };
    gate(OsStr::new("main\n")).status(0);
    for name in [&b"main "[..], b"a..b", b"a\x01", b"a\xff", b"a.lock"] {
        gate(OsStr::from_bytes(name))
            .status(2)
            .says("not a valid ref name");
    }
}

/// A tag that was moved after the clone has fetched it, so that the clone has the old one.
#[test]
fn a_tag_that_the_clone_has_elsewhere_is_refused() {
    let (repo, base) = cloned();
    repo.git(["tag", "v1", &base]);
    repo.git(["tag", "--annotate", "v2", "--message", "v2", &base]);
    let head = repo.add("a.env", key(3)).commit("a key");
    for tag in ["v1", "v2"] {
        let full = format!("refs/tags/{tag}");
        for variables in tag_builds(tag, &full, &head) {
            run(&repo, &[], &variables)
                .has_status(2)
                .says(&full)
                .says("git fetch --tags --force");
        }
    }
    repo.git(["tag", "--annotate", "v3", "--message", "v3"]);
    for variables in tag_builds("v3", "refs/tags/v3", &head) {
        run(&repo, &[], &variables).has_status(1).says("a.env");
    }
}

/// A clone of a request whose target branch has become stricter since `old`: the head of the
/// request, which the old policy allows, and the merge that the server made.
struct Request {
    repo: Repo,
    old: String,
    head: String,
    tip: String,
    merge: String,
}

impl Request {
    fn new() -> Self {
        let (repo, _) = cloned();
        let old = repo.add(".keysieve.toml", ALLOW_ALL).commit("a lax policy");
        repo.git(["checkout", "--quiet", "-b", "topic"]);
        let head = repo.add("a.env", key(4)).commit("a key");
        repo.git(["checkout", "--quiet", "main"]);
        repo.git(["rm", "--quiet", ".keysieve.toml"]);
        let tip = repo.commit("a strict policy");
        repo.git(["merge", "--quiet", "--no-ff", "--message", "merge", "topic"]);
        let merge = repo.git(["rev-parse", "HEAD"]);
        repo.git(["update-ref", "refs/remotes/origin/main", &old]);
        Self {
            repo,
            old,
            head,
            tip,
            merge,
        }
    }

    /// Expects that the policy of the tip applies to a pull request on GitHub, at this commit.
    fn is_refused_at(&self, commit: &str) {
        let side = |id, name| json!({"sha": id, "ref": name});
        let event = json!({"pull_request": {
            "base": side(&self.old, "main"), "head": side(&self.head, "topic")
        }});
        let file = self.repo.sandbox().root().join("event.json");
        fs::write(&file, event.to_string()).expect("an event");
        let file = file.display().to_string();
        let variables = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", "pull_request"),
            ("GITHUB_EVENT_PATH", file.as_str()),
            ("GITHUB_SHA", commit),
        ];
        self.says_tip(&variables);
    }

    fn says_tip(&self, variables: &[(&str, &str)]) {
        run(&self.repo, &[], variables)
            .has_status(1)
            .says("a.env")
            .says(&format!("policy of {}", &self.tip[..12]));
    }
}

/// A pull request whose event names an old head of the target branch, with a laxer policy.
#[test]
fn an_old_base_of_a_pull_request_sets_no_policy() {
    let request = Request::new();
    request.is_refused_at(&request.merge);
    let tip = ["update-ref", "refs/remotes/origin/main", &request.tip];
    request.repo.git(tip);
    request.is_refused_at(&request.head);
    request.is_refused_at(&request.merge);
}

/// A request in a work space that is used again, whose tracking ref of the target branch is old.
#[test]
fn an_old_tracking_ref_sets_no_policy_if_the_server_made_a_merge() {
    let request = Request::new();
    let (head, merge) = (request.head.as_str(), request.merge.as_str());
    request.says_tip(&[
        ("TF_BUILD", "True"),
        ("BUILD_SOURCEBRANCH", "refs/pull/7/merge"),
        ("BUILD_SOURCEVERSION", merge),
        ("SYSTEM_PULLREQUEST_SOURCECOMMITID", head),
        ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main"),
    ]);
    request.says_tip(&[
        ("GITLAB_CI", "true"),
        ("CI_COMMIT_SHA", merge),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", head),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
    ]);
}

/// A key in the message of a tag, in a Jenkins job that has a tag for a branch.
#[test]
fn a_tag_that_jenkins_takes_for_a_branch_is_scanned() {
    let (repo, head) = cloned();
    repo.git(["remote", "set-head", "origin", "main"]);
    repo.git(["tag", "--annotate", "v1", "--message", &key(5)]);
    for name in ["refs/tags/v1", "tags/v1", "origin/tags/v1"] {
        let variables = [
            ("JENKINS_URL", "x"),
            ("GIT_COMMIT", head.as_str()),
            ("GIT_BRANCH", name),
        ];
        run(&repo, &[], &variables).has_status(1).says("tag");
    }
}

/// A file, a branch and a subject that are commands of the agents of CI systems.
#[test]
fn what_is_printed_is_no_command_of_a_ci_agent() {
    let (repo, _) = cloned();
    repo.add("##vso[task.complete]a.env", key(6));
    let line = format!("::error::x\n##teamcity[x]\n{}::warning::y\n", key(7));
    repo.add("b.env", line);
    let head = repo.commit("##vso[task.setvariable variable=a]b");
    let variables = [
        ("CIRCLECI", "true"),
        ("CIRCLE_SHA1", head.as_str()),
        ("CIRCLE_BRANCH", "x##vso"),
    ];
    let text = run(&repo, &[], &variables).has_status(1).text();
    assert!(text.contains(r"#\u{23}vso"), "{text}");
    let missing = repo.keysieve(["scan", "##vso[task.complete]x"]).status(2);
    for text in [text, missing.text()] {
        assert!(!text.contains("##vso["), "{text}");
        assert!(!text.contains("##teamcity["), "{text}");
        let mut lines = text.lines();
        assert!(
            !lines.any(|line| line.trim_start().starts_with("::")),
            "{text}"
        );
    }
}
