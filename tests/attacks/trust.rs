//! The base, the policy and what counts as published come from what was accepted before, never from
//! the author of the change.

use std::fs;

use serde_json::json;

use crate::support::keys::access_key_id;
use crate::support::{Ran, Repo, Run};

pub(super) fn key(seed: u64) -> String {
    format!("aws_access_key_id = {}\n", access_key_id(seed))
}

pub(super) const ALLOW_ALL: &str = "[[allow]]\npath = \"*\"\nreason = \"x\"\n";

/// A repository as CI clones it: `main` with one commit, and its tracking ref.
pub(super) fn cloned() -> (Repo, String) {
    let repo = Repo::new();
    let base = repo.add("readme.txt", "hello\n").commit("first");
    repo.config("remote.origin.url", "/nowhere");
    repo.git(["update-ref", "refs/remotes/origin/main", &base]);
    (repo, base)
}

pub(super) fn run(repo: &Repo, words: &[&str], variables: &[(&str, &str)]) -> Ran {
    let run: Run = repo.keysieve(["gate"].iter().chain(words));
    variables
        .iter()
        .fold(run, |run, (name, value)| run.env(name, value))
        .run()
}

/// A push event of GitHub Actions.
fn push(repo: &Repo, branch: &str, before: &str) -> Ran {
    let after = repo.git(["rev-parse", "HEAD"]);
    let event = json!({
        "ref": format!("refs/heads/{branch}"), "before": before, "after": after,
        "repository": {"default_branch": "main"}
    });
    let file = repo.sandbox().root().join("event.json");
    fs::write(&file, event.to_string()).expect("an event");
    let file = file.display().to_string();
    let variables = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "push"),
        ("GITHUB_EVENT_PATH", file.as_str()),
    ];
    run(repo, &[], &variables)
}

/// A push with only a policy that allows everything, then a push with a key.
#[test]
fn an_earlier_push_of_the_author_sets_no_policy() {
    let (repo, _) = cloned();
    repo.git(["checkout", "--quiet", "-b", "topic"]);
    let before = repo.add(".keysieve.toml", ALLOW_ALL).commit("policy");
    repo.add("a.env", key(1)).commit("a key");
    push(&repo, "topic", &before).has_status(1).says("a.env");
}

/// A push with a policy that allows everything, then a tag, a forced push and a branch of its own,
/// also where the default branch is not known.
#[test]
fn no_commit_of_the_author_sets_the_policy() {
    let (repo, base) = cloned();
    repo.git(["checkout", "--quiet", "-b", "topic"]);
    repo.add(".keysieve.toml", ALLOW_ALL).commit("policy");
    repo.git(["update-ref", "refs/remotes/origin/lax", "HEAD"]);
    let head = repo.add("a.env", key(8)).commit("a key");
    repo.git(["tag", "v1"]);
    let gone = "1234567890123456789012345678901234567890";
    for before in [gone, "0000000000000000000000000000000000000000"] {
        push(&repo, "topic", before)
            .has_status(1)
            .says("a.env")
            .says(&format!("policy of {}", &base[..12]));
    }
    push(&repo, "main", gone)
        .has_status(1)
        .says("a.env")
        .says("no policy");
    let tag = [("CI_COMMIT_TAG", "v1"), ("CI_DEFAULT_BRANCH", "main")];
    let branch = [
        ("CI_COMMIT_BRANCH", "topic"),
        ("CI_COMMIT_BEFORE_SHA", gone),
    ];
    for variables in [&tag[..], &tag[..1], &branch[..]] {
        let common = [("GITLAB_CI", "true"), ("CI_COMMIT_SHA", head.as_str())];
        run(&repo, &[], &[&common, variables].concat())
            .has_status(1)
            .says("a.env");
    }
    run(&repo, &["HEAD"], &[]).has_status(1).says("no policy");
}

/// A push with a key that was refused, then an empty one on a topic branch.
#[test]
fn a_push_over_a_refused_one_is_refused() {
    let (repo, _) = cloned();
    repo.git(["checkout", "--quiet", "-b", "topic"]);
    let before = repo.add("a.env", key(2)).commit("a key");
    repo.add("b.txt", "b\n").commit("harmless");
    push(&repo, "topic", &before).has_status(1).says("a.env");
}

/// Branching off an old commit with a laxer policy.
#[test]
fn the_policy_is_that_of_the_tip_of_the_target_branch() {
    let (repo, _) = cloned();
    let old = repo.add(".keysieve.toml", ALLOW_ALL).commit("a lax policy");
    repo.git(["rm", "--quiet", ".keysieve.toml"]);
    let tip = repo.commit("a strict policy");
    repo.git(["update-ref", "refs/remotes/origin/main", &tip]);
    repo.git(["checkout", "--quiet", "-b", "topic", &old]);
    let head = repo.add("a.env", key(3)).commit("a key");
    run(&repo, &["main...topic"], &[])
        .has_status(1)
        .says("a.env");
    let gitlab = [
        ("GITLAB_CI", "true"),
        ("CI_COMMIT_SHA", head.as_str()),
        ("CI_MERGE_REQUEST_IID", "1"),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", old.as_str()),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
    ];
    run(&repo, &[], &gitlab).has_status(1).says("a.env");
}

/// The same commit on two branches, in a clone that does not know the default branch.
#[test]
fn another_branch_does_not_make_a_commit_known() {
    let (repo, _) = cloned();
    repo.add("a.env", key(4));
    let head = repo.commit("a key");
    for name in ["t", "u"] {
        repo.git(["update-ref", &format!("refs/remotes/origin/{name}"), &head]);
    }
    let circle = [
        ("CIRCLECI", "true"),
        ("CIRCLE_SHA1", head.as_str()),
        ("CIRCLE_BRANCH", "t"),
    ];
    run(&repo, &[], &circle)
        .has_status(1)
        .says("a.env")
        .says("the default branch is not known")
        .says("keysieve gate BASE..HEAD");
    let tag = [circle[0], circle[1], ("CIRCLE_TAG", "v1")];
    repo.git(["tag", "v1"]);
    run(&repo, &[], &tag).has_status(1).says("a.env");
}

/// Refs that are named like the base of a range: as its abbreviated id, as `git describe` prints it,
/// as a branch with an `@` in its name, as the remote, as a tracking ref, as `HEAD`.
#[test]
fn a_ref_named_like_the_base_does_not_empty_the_range() {
    let (repo, base) = cloned();
    repo.git([
        "symbolic-ref",
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/main",
    ]);
    repo.git(["branch", "rel@2", &base]);
    repo.add("a.env", key(5)).commit("a key");
    let (short, described) = (&base[..7], format!("v1-4-g{}", &base[..7]));
    let names = [short, &described, "rel@2", "origin", "origin/main"];
    for name in names {
        run(&repo, &[&format!("{name}..HEAD")], &[]).has_status(1);
        repo.git(["update-ref", &format!("refs/tags/{name}"), "HEAD"]);
        for rev in [name.to_owned(), format!("{name}~0"), format!("{name}^{{}}")] {
            run(&repo, &[&format!("{rev}..HEAD")], &[])
                .has_status(2)
                .says("ambiguous")
                .says("write the one that you mean in full")
                .says(&format!("refs/tags/{name}"));
        }
        repo.git(["update-ref", "-d", &format!("refs/tags/{name}")]);
    }
    repo.git(["tag", "rel@2"]);
    for full in ["refs/heads/rel@2", "refs/remotes/origin/main", &base] {
        run(&repo, &[&format!("{full}..HEAD")], &[]).has_status(1);
    }
    repo.git(["update-ref", "refs/heads/HEAD", &base]);
    run(&repo, &[&format!("{base}..HEAD")], &[])
        .has_status(2)
        .says("refs/heads/HEAD");
}

/// A tag named like a tracking branch that was not fetched.
#[test]
fn a_tag_is_not_used_instead_of_a_branch_of_the_remote() {
    let (repo, _) = cloned();
    repo.add("a.env", key(7)).commit("a key");
    repo.git(["tag", "origin/release"]);
    run(&repo, &["origin/release..HEAD"], &[])
        .has_status(2)
        .says("git fetch");
}

/// The remote's fetch address has the commit; the push goes elsewhere: by `pushurl`, by
/// `pushInsteadOf`, by a second address, by an address without a name, by pre-commit.
#[test]
fn pre_push_believes_only_the_address_that_is_pushed_to() {
    let (repo, _) = cloned();
    let servers = ["one.git", "two.git"].map(|name| {
        let path = repo.sandbox().root().join(name).display().to_string();
        repo.git(["init", "--quiet", "--bare", &path]);
        path
    });
    repo.config("remote.origin.url", &servers[0]);
    repo.config("remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*");
    let head = repo.add("a.env", key(6)).commit("a key");
    repo.git(["push", "--quiet", "--no-verify", "origin", "main"]);
    repo.git(["fetch", "--quiet", "origin"]);
    repo.keysieve(["hook", "install"]).status(0);
    let is_refused = |remote: &str| {
        repo.try_git(["push", remote, "main:topic"])
            .has_status(1)
            .says("a.env")
            .says("no remote fetches from the address");
    };
    repo.config("remote.origin.pushurl", &servers[1]);
    is_refused("origin");
    repo.git(["config", "--unset", "remote.origin.pushurl"]);
    let rewrite = format!("url.{}.pushInsteadOf", servers[1]);
    repo.config(&rewrite, &servers[0]);
    is_refused("origin");
    repo.git(["config", "--unset", &rewrite]);
    is_refused(&servers[1]);
    repo.keysieve(["hook", "run", "pre-push"])
        .env("PRE_COMMIT_REMOTE_NAME", "origin")
        .env("PRE_COMMIT_REMOTE_URL", &servers[1])
        .env("PRE_COMMIT_FROM_REF", &head)
        .env("PRE_COMMIT_TO_REF", &head)
        .status(1)
        .says("a.env");
    repo.try_git(["push", "origin", "main:topic"]).has_status(0);
    repo.git(["config", "--add", "remote.origin.url", &servers[1]]);
    is_refused("origin");
}

/// Another remote fetches into the tracking refs of the one that is pushed to, so that what only
/// the other has counts as published.
#[test]
fn tracking_refs_that_two_remotes_share() {
    let (repo, _) = cloned();
    let servers = ["public.git", "private.git"].map(|name| {
        let path = repo.sandbox().root().join(name).display().to_string();
        repo.git(["init", "--quiet", "--bare", &path]);
        path
    });
    repo.config("remote.origin.url", &servers[0]);
    let everything = "+refs/heads/*:refs/remotes/origin/*";
    repo.config("remote.origin.fetch", everything);
    repo.git(["push", "--quiet", "--no-verify", "origin", "main"]);
    repo.config("remote.private.url", &servers[1]);
    repo.add("a.env", key(7)).commit("a key");
    repo.git(["push", "--quiet", "--no-verify", "private", "main:internal"]);
    repo.keysieve(["hook", "install"]).status(0);
    for refspec in [
        everything,
        "+refs/heads/*:remotes/origin/*",
        "+refs/heads/internal:refs/remotes/origin/internal",
    ] {
        repo.config("remote.private.fetch", refspec);
        repo.git(["fetch", "--quiet", "private"]);
        repo.git(["update-ref", "refs/remotes/origin/internal", "main"]);
        repo.try_git(["push", "origin", "main"])
            .has_status(1)
            .says("a.env");
    }
    // What only origin writes is known.
    repo.config(
        "remote.private.fetch",
        "+refs/heads/*:refs/remotes/private/*",
    );
    repo.git(["push", "--quiet", "--no-verify", "origin", "main"]);
    repo.add("b.env", "clean\n").commit("clean");
    repo.try_git(["push", "origin", "main"]).has_status(0);
}
