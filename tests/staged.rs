//! Tests `keysieve staged` as the pre-commit hook of real git, which decides what a commit holds.

use crate::support::keys::{access_key_id, account_of, filler, secret_access_key};
use crate::support::{Ran, Repo, Run, write_script};

mod content;
mod history;
mod names;
mod settings;
mod store;

/// Installs the program as the pre-commit hook. The hook prints the status, because git exits 1
/// for any failure of a hook.
fn guard(repo: &Repo) {
    let hooks = repo.path(repo.git(["rev-parse", "--git-path", "hooks"]));
    let hook = hooks.join("pre-commit");
    let bin = Run::KEYSIEVE;
    let script = format!(
        "#!/bin/sh\n'{bin}' staged\nstatus=$?\necho \"keysieve ended with $status\"\nexit $status\n"
    );
    write_script(&hook, &script);
}

/// A repository with the hook and one commit.
fn guarded() -> Repo {
    let repo = Repo::new();
    repo.add("readme.txt", "hello\n").commit("first");
    guard(&repo);
    repo
}

/// A line with a key.
fn id_line(id: &str) -> String {
    format!("aws_access_key_id = {id}\n")
}

/// The last commit, or an empty string.
fn head(repo: &Repo) -> String {
    repo.try_git(["rev-parse", "--verify", "--quiet", "HEAD"])
        .stdout()
}

/// Runs a `git commit` and expects that a finding stops it and that the key is not shown.
#[track_caller]
fn stopped(repo: &Repo, args: &[&str], key: &str) -> Ran {
    let before = head(repo);
    let ran = repo.try_git(args);
    ran.has_status(1)
        .says("keysieve ended with 1")
        .never_says(key);
    assert_eq!(head(repo), before, "a commit was made");
    ran
}

/// Runs a `git commit` and expects that it passes and that the hook ran.
#[track_caller]
fn passes(repo: &Repo, args: &[&str]) -> Ran {
    let before = head(repo);
    let ran = repo.try_git(args);
    ran.has_status(0).says("keysieve ended with 0");
    assert_ne!(head(repo), before, "no commit was made");
    ran
}

const COMMIT: &[&str] = &["commit", "-m", "next"];

#[test]
fn a_staged_key_is_stopped_and_shown_with_position_and_account() {
    let repo = guarded();
    let id = access_key_id(1);
    repo.add("conf/app.ini", format!("[default]\n{}", id_line(&id)));
    stopped(&repo, COMMIT, &id)
        .says("conf/app.ini:2:21")
        .says(&account_of(&id));
}

#[test]
fn a_pair_is_stopped_and_neither_half_is_shown() {
    let repo = guarded();
    let (id, secret) = (access_key_id(2), secret_access_key(2));
    repo.add(
        "credentials",
        format!("{}aws_secret_access_key = {secret}\n", id_line(&id)),
    );
    stopped(&repo, COMMIT, &id)
        .never_says(&secret)
        .says("credentials:");
}

#[test]
fn a_commit_passes_after_git_restore_staged() {
    let repo = guarded();
    let id = access_key_id(3);
    repo.add("app.ini", id_line(&id)).add("other.txt", "fine\n");
    stopped(&repo, COMMIT, &id);
    repo.git(["restore", "--staged", "app.ini"]);
    passes(&repo, COMMIT);
}

#[test]
fn a_commit_passes_after_an_allow_entry() {
    let repo = guarded();
    let id = access_key_id(4);
    repo.add("app.ini", id_line(&id));
    stopped(&repo, COMMIT, &id);
    let report = repo.keysieve(["staged", "-f", "json"]).status(1).json();
    let fingerprint = report["findings"][0]["fingerprint"]
        .as_str()
        .expect("a fingerprint");
    repo.keysieve(["allow", fingerprint, "--reason", "revoked long ago"])
        .status(0);
    passes(&repo, COMMIT);
}

#[test]
fn a_key_removed_from_the_working_file_only_is_stopped() {
    let repo = guarded();
    let id = access_key_id(5);
    repo.add("app.ini", id_line(&id))
        .write("app.ini", "nothing here\n");
    stopped(&repo, COMMIT, &id).says("app.ini:1:21");
}

#[test]
fn a_key_in_the_working_file_only_passes() {
    let repo = guarded();
    repo.add("app.ini", "nothing here\n")
        .write("app.ini", id_line(&access_key_id(6)));
    passes(&repo, COMMIT);
}

#[test]
fn an_unrelated_edit_next_to_an_old_key_passes() {
    let repo = guarded();
    let line = id_line(&access_key_id(7));
    repo.add("app.ini", format!("before\n{line}after\n"))
        .commit("an old key");
    repo.add("app.ini", format!("changed\n{line}changed\nadded\n"));
    passes(&repo, COMMIT);
}

#[test]
fn deleting_a_file_with_an_old_key_passes() {
    let repo = guarded();
    repo.add("app.ini", id_line(&access_key_id(8)))
        .commit("an old key");
    repo.git(["rm", "--quiet", "app.ini"]);
    passes(&repo, COMMIT);
}

#[test]
fn the_second_half_of_a_pair_is_stopped() {
    let repo = guarded();
    let (line, secret) = (id_line(&access_key_id(9)), secret_access_key(9));
    repo.add("app.ini", format!("{line}{}", filler()))
        .commit("the first half");
    // Its name says nothing: by itself the value would not stop a commit.
    repo.add("app.ini", format!("{line}{}value: {secret}\n", filler()));
    stopped(&repo, COMMIT, &secret).says("app.ini:");
}

#[test]
fn a_key_replaced_by_another_on_the_same_line_is_stopped() {
    let repo = guarded();
    let new = access_key_id(11);
    repo.add(
        "app.ini",
        format!("before\n{}after\n", id_line(&access_key_id(10))),
    )
    .commit("an old key");
    repo.add("app.ini", format!("before\n{}after\n", id_line(&new)));
    stopped(&repo, COMMIT, &new)
        .says("app.ini:2:21")
        .says(&account_of(&new));
}

#[test]
fn a_second_key_below_an_old_one_is_the_only_one_reported() {
    let repo = guarded();
    let (old, new) = (id_line(&access_key_id(12)), access_key_id(13));
    repo.add("app.ini", &old).commit("an old key");
    repo.add("app.ini", format!("{old}{}", id_line(&new)));
    let report = repo.keysieve(["staged", "-f", "json"]).status(1).json();
    let lines: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| &finding["line"])
        .collect();
    assert_eq!(lines, [2]);
    stopped(&repo, COMMIT, &new);
}

#[test]
fn the_first_commit_is_scanned() {
    let repo = Repo::new();
    guard(&repo);
    let id = access_key_id(14);
    repo.add("app.ini", id_line(&id));
    stopped(&repo, COMMIT, &id).says("app.ini:1:21");
    repo.add("app.ini", "clean\n");
    passes(&repo, COMMIT);
}

#[test]
fn nothing_staged_is_clean() {
    let repo = guarded();
    repo.keysieve(["staged"]).status(0);
    let report = repo.keysieve(["staged", "-f", "json"]).status(0).json();
    assert_eq!(report["status"], "clean");
    assert_eq!(report["scanned"]["blobs"], 0);
}

#[test]
fn the_report_names_what_is_staged() {
    let repo = guarded();
    let id = access_key_id(15);
    repo.add("app.ini", id_line(&id));
    let ran = repo.keysieve(["staged", "-f", "json"]).status(1);
    ran.never_says(&id);
    let finding = &ran.json()["findings"][0];
    assert_eq!(finding["path"], "app.ini");
    assert_eq!(
        (finding["line"].as_u64(), finding["column"].as_u64()),
        (Some(1), Some(21))
    );
    assert_eq!(finding["origin"]["kind"], "staged");
}

#[test]
fn everything_that_is_staged_is_scanned_from_a_subfolder() {
    let repo = guarded();
    repo.add("app.ini", id_line(&access_key_id(16)))
        .write("deep/down/x", "");
    Run::new(Run::KEYSIEVE, &repo.path("deep/down"), repo.sandbox())
        .args(["staged"])
        .status(1)
        .says("app.ini");
}
