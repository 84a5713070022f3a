//! Checks what `keysieve allow` finds, writes and refuses.

use std::fs;

use crate::support::Repo;
use crate::support::keys::{access_key_id, secret_access_key};

const REASON: [&str; 2] = ["--reason", "a test key"];

fn allow(repo: &Repo, words: &[&str]) -> crate::support::Run {
    repo.keysieve([&["allow"], words, &REASON].concat())
}

fn policy(repo: &Repo) -> String {
    fs::read_to_string(repo.path(".keysieve.toml")).unwrap_or_default()
}

/// The fingerprints that a command reports.
fn fingerprints(repo: &Repo, words: &[&str]) -> Vec<String> {
    let report = repo
        .keysieve([words, &["--format", "json"]].concat())
        .status(1)
        .json();
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| finding["fingerprint"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_finding_that_stopped_the_last_commit_is_allowed() {
    let repo = Repo::new();
    repo.keysieve(["hook", "install"]).status(0);
    allow(&repo, &["--last"])
        .status(2)
        .says("no finding in what is staged");
    repo.add("src/a.env", access_key_id(1));
    let commit = || repo.program("git").args(["commit", "-q", "-m", "first"]);
    commit().status(1);
    allow(&repo, &["--last"])
        .status(0)
        .says("wrote [[allow]] entry 1");
    let text = policy(&repo);
    assert!(
        text.starts_with("# aws-access-token at src/a.env:1\n[[allow]]\n"),
        "{text}"
    );
    commit().status(0);
}

#[test]
fn several_findings_are_listed_and_allowed_on_request() {
    let repo = Repo::new();
    repo.add("a.env", access_key_id(1))
        .add("b.env", access_key_id(2));
    allow(&repo, &["--last"])
        .status(2)
        .says("2 findings stop the commit")
        .says("aws-access-token at b.env:1")
        .never_says(&access_key_id(1));
    assert_eq!(policy(&repo), "");
    allow(&repo, &["--last", "--all"]).status(0);
    repo.keysieve(["staged"]).status(0);
}

#[test]
fn a_fingerprint_is_found_in_what_is_staged_in_files_and_in_the_history() {
    let repo = Repo::new();
    repo.add("old.env", access_key_id(1)).commit("first");
    repo.git(["rm", "-q", "old.env"]);
    repo.commit("second");
    repo.write(".gitignore", "*.env\n")
        .write("ignored.env", access_key_id(2));
    let old = fingerprints(&repo, &["audit"]);
    let ignored = fingerprints(&repo, &["scan", "--no-ignore"]);
    repo.add("staged.txt", access_key_id(3));
    let staged = fingerprints(&repo, &["staged"]);
    for (found, place) in [
        (&old, "old.env:1"),
        (&ignored, "ignored.env:1"),
        (&staged, "staged.txt:1"),
    ] {
        allow(&repo, &[&found[0]]).status(0);
        assert!(
            policy(&repo).contains(&format!("at {place}\n")),
            "{place}\n{}",
            policy(&repo)
        );
    }
    repo.keysieve(["audit"]).status(0);
}

/// The report on a message shows a command to allow the finding.
#[test]
fn the_fingerprint_of_a_message_is_found() {
    let repo = Repo::new();
    repo.keysieve(["hook", "install"]).status(0);
    repo.add("a", "nothing\n");
    let commit = repo
        .program("git")
        .args(["commit", "-m", &access_key_id(1)])
        .status(1);
    let text = commit.text();
    let at = text.find("keysieve allow ").unwrap() + "keysieve allow ".len();
    allow(&repo, &[&text[at..at + 32]]).status(0);
    repo.program("git")
        .args(["commit", "-m", &access_key_id(1)])
        .status(0);
}

#[test]
fn an_unknown_fingerprint_is_refused_unless_it_is_forced() {
    let repo = Repo::new();
    repo.add("a", "nothing\n").commit("first");
    let unknown = "ab".repeat(16);
    allow(&repo, &[&unknown])
        .status(2)
        .says("no finding of this repository has the fingerprint")
        .says("--force");
    assert_eq!(policy(&repo), "");
    allow(&repo, &[&unknown, "--force"]).status(0);
    assert!(
        policy(&repo).starts_with("[[allow]]\n"),
        "{}",
        policy(&repo)
    );
}

/// A report shows such a finding with a fingerprint of its place, which no entry can have.
#[test]
fn the_fingerprint_of_a_guessable_value_is_written_salted() {
    let repo = Repo::new();
    let url = ["redis://app:", "zX7cVb2NmQ91Lk", "@db-1.keysieve.net\n"].concat();
    repo.write("a.ini", url);
    let found = fingerprints(&repo, &["scan"]);
    allow(&repo, &[&found[0]]).status(0).says("wrote a salt");
    repo.keysieve(["scan"]).status(0);
}

/// A name of a file may end a comment, or be a secret.
#[test]
fn the_comment_of_an_entry_is_one_line_without_secrets() {
    let repo = Repo::new();
    let name = format!("{}\n[[allow]]\nx", access_key_id(4));
    repo.add(&name, secret_pair());
    allow(&repo, &["--last", "--all"]).status(0);
    let text = policy(&repo);
    assert!(!text.contains(&access_key_id(4)), "{text}");
    assert_eq!(
        text.matches("\n[[allow]]\n").count(),
        text.matches("\n# ").count() + 1,
        "{text}"
    );
    repo.keysieve(["staged"]).status(0);
}

fn secret_pair() -> String {
    format!("a = {}\nb = {}\n", access_key_id(5), secret_access_key(5))
}
