//! Tests which files git's ignore rules leave out.

use super::{finds_in, key};
use crate::support::Repo;

#[test]
fn tracked_files_are_scanned_even_if_ignored() {
    let repo = Repo::new();
    repo.add(".gitignore", "*.log\nbuild/\n")
        .add("a.log", key(1))
        .add("build/deep/b", key(2));
    let report = finds_in(&repo, &[], &["a.log", "build/deep/b"]);
    assert_eq!(report["findings"][0]["line"], 1);
    repo.write("b.log", key(3));
    let report = finds_in(&repo, &[], &["a.log", "build/deep/b"]);
    assert_eq!(
        report["scanned"]["left_out"], 2,
        "b.log and what else may be in build/"
    );
}

#[test]
fn untracked_files_are_scanned_unless_ignored() {
    let repo = Repo::new();
    repo.add(".gitignore", "*.log\n")
        .write("new", key(1))
        .write(".hidden/new", key(2));
    finds_in(&repo, &[], &[".hidden/new", "new"]);
}

#[test]
fn ignored_files_are_left_out_and_counted() {
    let repo = Repo::new();
    repo.add(".gitignore", "*.log\nbuild/\n")
        .write("a.log", key(1))
        .write("build/b", key(2))
        .write("build/c", key(3));
    let report = finds_in(&repo, &[], &[]);
    assert_eq!(report["scanned"]["left_out"], 2, "a folder counts as one");
    repo.keysieve(["scan"])
        .status(0)
        .says("2 entries left out by git's ignore rules (--no-ignore scans them)");
}

#[test]
fn without_ignore_rules_everything_is_scanned() {
    let repo = Repo::new();
    repo.add(".gitignore", "*.log\nbuild/\n")
        .write("a.log", key(1))
        .write("build/b", key(2));
    let report = finds_in(&repo, &["--no-ignore"], &["a.log", "build/b"]);
    assert_eq!(report["scanned"]["left_out"], 0);
}

#[test]
fn ignore_rules_from_every_source_apply() {
    let repo = Repo::new();
    repo.add("sub/.gitignore", "*.tmp\n!keep.tmp\n")
        .write("sub/a.tmp", key(1))
        .write("sub/keep.tmp", key(2));
    repo.write("a.tmp", key(3))
        .write(".git/info/exclude", "private\n")
        .write("private", key(4));
    let excludes = repo.sandbox().home().join("excludes");
    std::fs::write(&excludes, "*.swp\n").unwrap();
    repo.git([
        "config",
        "--global",
        "core.excludesFile",
        excludes.to_str().unwrap(),
    ]);
    repo.write("a.swp", key(5));
    let report = finds_in(&repo, &[], &["a.tmp", "sub/keep.tmp"]);
    assert_eq!(report["scanned"]["left_out"], 3);
}

#[test]
fn ignore_files_of_other_tools_do_not_apply() {
    let repo = Repo::new();
    repo.write(".ignore", "*\n")
        .write(".rgignore", "*\n")
        .write("a", key(1));
    finds_in(&repo, &[], &["a"]);
}

#[test]
fn a_named_file_is_always_scanned() {
    let repo = Repo::new();
    repo.add(".gitignore", ".env\nbuild/\n")
        .write(".env", key(1))
        .write("build/deep/b", key(2));
    finds_in(&repo, &[".env"], &[".env"]);
    finds_in(&repo, &["build/deep/b"], &["build/deep/b"]);
}

#[test]
fn a_named_folder_is_always_scanned() {
    let repo = Repo::new();
    repo.add(".gitignore", "build/\n")
        .write("build/deep/b", key(2));
    finds_in(&repo, &["build"], &["build/deep/b"]);
    finds_in(&repo, &["build/deep"], &["build/deep/b"]);
    finds_in(&repo, &["./build/"], &["build/deep/b"]);
}

#[test]
fn ignore_rules_above_a_named_folder_apply() {
    let repo = Repo::new();
    repo.add(".gitignore", "*.log\n")
        .write("sub/a.log", key(1))
        .write("sub/b", key(2))
        .add("sub/c.log", key(3));
    finds_in(&repo, &["sub"], &["sub/b", "sub/c.log"]);
}

#[test]
fn a_deleted_tracked_file_is_not_a_failure() {
    let repo = Repo::new();
    repo.add("a", key(1)).add("b", "clean\n");
    std::fs::remove_file(repo.path("a")).unwrap();
    finds_in(&repo, &[], &[]);
}

#[test]
fn an_absolute_path_is_scanned_from_anywhere() {
    let repo = Repo::new();
    repo.add(".gitignore", "*.log\n")
        .write("a.log", key(1))
        .write("b", key(2));
    let path = repo.root().to_str().unwrap().to_owned();
    let run = crate::support::Run::new(
        crate::support::Run::KEYSIEVE,
        repo.sandbox().root(),
        repo.sandbox(),
    );
    let ran = run.args(["scan", "-f", "json", &path]).status(1);
    assert_eq!(super::paths_of(&ran), [format!("{path}/b")]);
}
