//! Which baseline applies: the one at the root, another one that is named, or none.

use std::fs;

use super::{FILE, key, known};
use crate::support::Repo;

#[test]
fn another_file_may_be_named_by_flag_or_environment() {
    let repo = known(&[1]);
    fs::rename(repo.path(FILE), repo.path("known.json")).unwrap();
    repo.keysieve(["scan"]).status(1);
    repo.keysieve(["scan", "--baseline", "known.json"])
        .status(0);
    repo.keysieve(["scan"])
        .env("KEYSIEVE_BASELINE", "known.json")
        .status(0);
    repo.keysieve(["scan", "--no-baseline"])
        .env("KEYSIEVE_BASELINE", "known.json")
        .status(1);
    repo.keysieve(["scan", "--baseline", "known.json", "-"])
        .stdin(key(1))
        .status(0);
    repo.keysieve(["scan", "--baseline", "missing.json"])
        .status(2)
        .says("missing.json: file not found");
    repo.stage("src/1.ini");
    repo.keysieve(["staged", "--baseline", "known.json"])
        .status(0);
    repo.write("src/2.ini", key(2));
    repo.keysieve(["baseline", "update", "--baseline", "known.json"])
        .status(0)
        .says("1 added");
    assert!(!repo.path(FILE).exists());
}

#[test]
fn a_flag_disables_the_baseline() {
    let repo = known(&[1]);
    repo.keysieve(["scan", "--no-baseline"]).status(1);
    repo.stage("src/1.ini");
    repo.keysieve(["staged", "--no-baseline"]).status(1);
    repo.keysieve(["baseline", "update", "--no-baseline"])
        .status(2);
}

#[test]
fn the_flag_wins_over_the_environment_and_that_over_the_root() {
    let repo = known(&[1]);
    fs::rename(repo.path(FILE), repo.path("one.json")).unwrap();
    fs::remove_file(repo.path("src/1.ini")).unwrap();
    repo.write("src/2.ini", key(2));
    repo.keysieve(["baseline", "write"]).status(0);
    repo.keysieve(["scan"]).status(0);
    repo.keysieve(["scan"])
        .env("KEYSIEVE_BASELINE", "one.json")
        .status(1);
    repo.keysieve(["scan", "--baseline", FILE])
        .env("KEYSIEVE_BASELINE", "one.json")
        .status(0);
}

#[test]
fn a_scan_of_two_repositories_needs_a_named_baseline() {
    let repo = known(&[1]);
    let other = Repo::new();
    other.write("b", "words\n");
    let there = other.root().to_str().unwrap().to_owned();
    repo.keysieve(["scan", ".", &there])
        .status(2)
        .says("2 directories")
        .says("--no-baseline");
    repo.keysieve(["scan", ".", &there, "--baseline", FILE])
        .status(0);
}
