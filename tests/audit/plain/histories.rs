//! Compares the two ways on whole repositories: one with a key in every place, and those that
//! `KEYSIEVE_TEST_HISTORY` names.

use std::path::PathBuf;

use super::super::everywhere::Everywhere;
use super::{compare, compare_incomplete};
use crate::support::Repo;

/// `KEYSIEVE_TEST_HISTORY` lists repositories, separated as in `PATH`.
#[test]
#[ignore = "compares the repositories of KEYSIEVE_TEST_HISTORY; .ci/run sets it to this one"]
fn listed_repositories_give_the_same_findings() {
    let paths = std::env::var_os("KEYSIEVE_TEST_HISTORY").expect("KEYSIEVE_TEST_HISTORY is set");
    for path in std::env::split_paths(&paths) {
        let (matches, missing) = compare_incomplete(&path);
        let path = path.display();
        println!("{path}: {matches} matches, {missing} objects missing");
        assert!(matches > 0, "{path}: no match, so nothing was compared");
    }
}

#[test]
fn a_key_in_every_place_gives_the_same_findings() {
    for repo in [Repo::new(), Repo::sha256()] {
        let all = Everywhere::new(repo);
        let repo = &all.ground.repo;
        let root: PathBuf = repo.root().to_owned();
        let loose = compare(&root);
        repo.git([
            "repack",
            "-q",
            "-a",
            "-d",
            "-f",
            "-k",
            "--depth=50",
            "--window=50",
        ]);
        assert_eq!(compare(&root), loose);
    }
}
