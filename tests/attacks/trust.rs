//! The base, the policy and what counts as published come from what was accepted before, never from
//! the author of the change.

use crate::support::keys::access_key_id;
use crate::support::{Ran, Repo, Run};

fn key(seed: u64) -> String {
    format!("aws_access_key_id = {}\n", access_key_id(seed))
}

/// A repository as CI clones it: `main` with one commit, and its tracking ref.
fn cloned() -> (Repo, String) {
    let repo = Repo::new();
    let base = repo.add("readme.txt", "hello\n").commit("first");
    repo.config("remote.origin.url", "/nowhere");
    repo.git(["update-ref", "refs/remotes/origin/main", &base]);
    (repo, base)
}

fn run(repo: &Repo, words: &[&str], variables: &[(&str, &str)]) -> Ran {
    let run: Run = repo.keysieve(["gate"].iter().chain(words));
    variables
        .iter()
        .fold(run, |run, (name, value)| run.env(name, value))
        .run()
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
