//! Compares the two versions on real histories: the project's own, and those of an environment
//! variable.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::everywhere::Everywhere;
use super::{compare, compare_incomplete};
use crate::support::Repo;

fn git(folder: &Path, args: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(args)
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The project's own history. An archive or a shallow clone has none to compare.
#[test]
fn the_project_itself_gives_the_same_findings() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if !root.join(".git").exists() {
        println!(
            "{}: no git checkout, so there is no history to compare",
            root.display()
        );
        return;
    }
    if git(root, &["rev-parse", "--is-shallow-repository"]).as_deref() == Some("true") {
        println!(
            "{}: a shallow clone, so there is no history to compare",
            root.display()
        );
        return;
    }
    assert!(
        compare(root) > 0,
        "the samples of the rules alone hold secrets"
    );
}

/// `KEYSIEVE_TEST_HISTORY` lists repositories, separated as in `PATH`.
#[test]
fn listed_repositories_give_the_same_findings() {
    let Some(paths) = std::env::var_os("KEYSIEVE_TEST_HISTORY") else {
        println!("KEYSIEVE_TEST_HISTORY names no repository");
        return;
    };
    for path in std::env::split_paths(&paths) {
        let (matches, missing) = compare_incomplete(&path);
        println!(
            "{}: {matches} matches, {missing} objects missing",
            path.display()
        );
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
