//! The two ways on real histories: the project's own, and any that a person names.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::everywhere::Everywhere;
use super::{compare, compare_what_is_there};
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

/// The project's own history. Where it came as an archive or a shallow clone there is none to
/// compare.
#[test]
fn the_project_itself() {
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

/// `KEYSIEVE_TEST_HISTORY` names repositories, as `PATH` names folders.
#[test]
fn those_that_a_person_names() {
    let Some(paths) = std::env::var_os("KEYSIEVE_TEST_HISTORY") else {
        println!("KEYSIEVE_TEST_HISTORY names no repository");
        return;
    };
    for path in std::env::split_paths(&paths) {
        let (matches, missing) = compare_what_is_there(&path);
        println!(
            "{}: {matches} matches, {missing} objects missing",
            path.display()
        );
    }
}

#[test]
fn a_key_in_every_place() {
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
