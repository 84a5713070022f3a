//! The hooks as a user has them: installed by the program, called by git.

use crate::support::Repo;
use crate::support::keys::access_key_id;

/// A repository with one commit and the hooks.
fn guarded() -> Repo {
    let repo = Repo::new();
    repo.add("readme", "hello\n").commit("first");
    repo.keysieve(["hook", "install"])
        .status(0)
        .says("pre-commit")
        .says("commit-msg");
    repo
}

fn key(seed: u64) -> String {
    format!("id = {}\n", access_key_id(seed))
}

#[test]
fn a_commit_with_a_key_is_stopped_until_it_is_unstaged() {
    let repo = guarded();
    repo.add("a", key(1));
    repo.try_git(["commit", "-m", "next"])
        .has_status(1)
        .says("a:1:6")
        .never_says(&access_key_id(1));
    repo.git(["restore", "--staged", "a"]);
    repo.add("b", "clean\n");
    repo.git(["commit", "-m", "next"]);
}

#[test]
fn a_commit_with_an_allowed_key_goes_through() {
    let repo = guarded();
    repo.add("a", key(1));
    let report = repo.keysieve(["staged", "-f", "json"]).status(1).json();
    let print = report["findings"][0]["fingerprint"].as_str().unwrap();
    repo.keysieve(["allow", print, "--reason", "a fixture"])
        .status(0);
    repo.git(["commit", "-m", "next"]);
}

#[test]
fn a_key_in_the_message_is_stopped() {
    let repo = guarded();
    repo.add("a", "clean\n");
    let message = format!("rotate\n\nthe old one was {}", access_key_id(1));
    repo.try_git(["commit", "-m", &message])
        .has_status(1)
        .never_says(&access_key_id(1));
    repo.git(["commit", "-m", "rotate"]);
}

/// Commits with an editor that writes this above what git shows.
fn commit_by_editor(repo: &Repo, message: &str, args: &[&str]) -> crate::support::Ran {
    let editor = format!(
        "f() {{ printf '%s\\n' '{message}' | cat - \"$1\" > \"$1.new\" && mv \"$1.new\" \"$1\"; }}; f"
    );
    repo.program("git")
        .args(["commit"])
        .args(args)
        .env("GIT_EDITOR", editor)
        .run()
}

#[test]
fn a_removed_key_in_the_diff_below_the_scissors_is_no_part_of_the_message() {
    let repo = guarded();
    repo.add("a", key(1)).commit("before the hook");
    repo.add("a", "clean\n");
    commit_by_editor(&repo, "clean up", &["-v"]).has_status(0);
    repo.add("a", "cleaner\n");
    commit_by_editor(&repo, &key(2), &["-v"]).has_status(1);
}

#[test]
fn scissors_in_a_message_without_an_editor_hide_nothing() {
    let repo = guarded();
    repo.add("a", "clean\n");
    let scissors = "# ------------------------ >8 ------------------------";
    let message = format!("subject\n{scissors}\n{}", key(1));
    repo.try_git(["commit", "-m", &message])
        .has_status(1)
        .never_says(&access_key_id(1));
}

#[test]
fn the_status_says_live_and_then_not() {
    let repo = guarded();
    repo.keysieve(["hook", "status"])
        .status(0)
        .says("live: a commit with a test key was stopped");
    repo.keysieve(["hook", "uninstall"]).status(0);
    repo.keysieve(["hook", "status"]).status(1).says("not live");
    repo.add("a", key(1));
    repo.git(["commit", "-m", "next"]);
}

#[test]
fn a_hook_that_stood_there_is_kept_and_comes_back() {
    use std::os::unix::fs::PermissionsExt as _;
    let repo = Repo::new();
    let hook = repo.path(".git/hooks/pre-commit");
    repo.write(".git/hooks/pre-commit", "#!/bin/sh\necho ran the other\n");
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    repo.keysieve(["hook", "install"]).status(0);
    repo.add("a", key(1));
    repo.try_git(["commit", "-m", "x"])
        .has_status(1)
        .says("ran the other");
    repo.keysieve(["hook", "install"]).status(0);
    repo.keysieve(["hook", "uninstall"]).status(0);
    assert_eq!(
        std::fs::read_to_string(&hook).unwrap(),
        "#!/bin/sh\necho ran the other\n"
    );
}

#[test]
fn a_broken_configuration_stops_the_commit() {
    let repo = guarded();
    repo.write(".keysieve.toml", "nonsense").add("a", "clean\n");
    repo.try_git(["commit", "-m", "next"])
        .has_status(1)
        .says(".keysieve.toml:1: ");
}

#[test]
fn install_in_another_place_and_where_there_is_no_repository() {
    let repo = Repo::new();
    let place = repo.root().to_str().unwrap().to_owned();
    let run = |args: &[&str]| {
        crate::support::Run::new(
            crate::support::Run::KEYSIEVE,
            repo.sandbox().root(),
            repo.sandbox(),
        )
        .args(args)
        .run()
    };
    run(&["hook", "install"]).has_status(2);
    run(&["hook", "install", &place]).has_status(0);
    run(&["hook", "status", &place]).has_status(0);
    run(&["hook", "install", "--hook", "post-coffee", &place]).has_status(2);
}

#[test]
fn future_clones_get_the_hooks_from_the_template() {
    let repo = Repo::new();
    repo.keysieve(["hook", "install", "--global"])
        .status(0)
        .says("git init");
    repo.git(["init", "--quiet", "../later"]);
    let later = repo.sandbox().root().join("later");
    std::fs::write(later.join("a"), key(1)).unwrap();
    let git = |args: &[&str]| {
        crate::support::Run::new("git", &later, repo.sandbox())
            .args(args)
            .run()
    };
    git(&["add", "a"]).has_status(0);
    git(&["commit", "-m", "x"])
        .has_status(1)
        .never_says(&access_key_id(1));
}
