//! An audit applies the baseline to secrets in history and in the git directory.

use std::fs;

use super::{amend, key, known};
use crate::support::Repo;

/// Commits all files, then removes them in another commit.
fn committed(repo: &Repo) {
    repo.git(["add", "--all"]);
    repo.commit("all");
    repo.git(["rm", "-r", "--quiet", "src"]);
    repo.commit("none");
}

#[test]
fn the_baseline_applies_to_secrets_in_history() {
    let repo = known(&[1, 2]);
    committed(&repo);
    repo.keysieve(["audit", "--show-allowed"])
        .status(0)
        .says("2 allowed")
        .says("src/1.ini")
        .says("by the baseline");
    repo.keysieve(["audit", "--no-baseline"])
        .status(1)
        .says("2 findings");
    repo.add("old.ini", key(3));
    repo.commit("a key");
    repo.git(["mv", "old.ini", "new.ini"]);
    repo.commit("moved");
    let report = repo.keysieve(["audit", "-f", "json"]).status(1).json();
    assert_eq!(
        (
            report["findings"].as_array().unwrap().len(),
            &report["findings"][0]["path"]
        ),
        (1, &"old.ini".into())
    );
    assert_eq!(report["allowed"][0]["by"]["kind"], "baseline");
    assert!(
        report["allowed"][0]["history"]["exposure"].is_string(),
        "{report}"
    );
}

#[test]
fn the_baseline_applies_to_secrets_in_the_git_directory() {
    let repo = known(&[1]);
    committed(&repo);
    repo.config("keysieve.note", key(1).trim_end());
    repo.git(["branch", key(1).replace(" = ", "/").trim_end()]);
    repo.keysieve(["audit"]).status(0).never_says("findings");
    repo.config("keysieve.note", key(2).trim_end());
    repo.keysieve(["audit"]).status(1).says(".git/config");
}

#[test]
fn an_expired_entry_allows_nothing_and_is_reported() {
    let repo = known(&[1, 2]);
    amend(&repo, "src/1.ini", "\"until\":\"2001-01-31\"");
    committed(&repo);
    let ran = repo.keysieve(["audit"]).status(1);
    ran.says("src/1.ini")
        .says("expired on 2001-01-31")
        .says("baseline line")
        .says("1 allowed");
}

#[test]
fn a_broken_baseline_stops_the_audit() {
    let repo = known(&[1]);
    committed(&repo);
    fs::write(repo.path(super::FILE), "{").unwrap();
    repo.keysieve(["audit"]).status(2).says(super::FILE);
}

#[test]
fn a_secret_that_is_allowed_in_history_is_still_reported_in_the_git_directory() {
    let repo = Repo::new();
    repo.write(
        ".keysieve.toml",
        "[[allow]]\npath = \"a.ini\"\nreason = \"r\"\n",
    )
    .add("a.ini", key(1));
    repo.commit("a");
    repo.keysieve(["audit"]).status(0).says("1 allowed");
    repo.config("keysieve.note", key(1).trim_end());
    repo.keysieve(["audit"])
        .status(1)
        .says(".git/config")
        .says("1 allowed");
}
