//! Tests the harness: it must be able to fail, and must not depend on the machine.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Repo;

#[test]
fn a_failed_expectation_prints_everything() {
    let repo = Repo::new();
    repo.write("folder/file.txt", "12345");
    let run = || {
        repo.program("sh")
            .args(["-c", "echo to stdout; echo to stderr >&2; exit 3"])
            .status(0)
    };
    let panic = catch_unwind(AssertUnwindSafe(run))
        .err()
        .expect("status 3 is not status 0");
    let story = panic.downcast_ref::<String>().expect("a message");
    for part in [
        "expected exit status 0",
        "sh -c",
        "repo",
        "folder/file.txt",
        "5",
        "to stdout",
        "to stderr",
        "3",
    ] {
        assert!(story.contains(part), "{part:?} is missing in:\n{story}");
    }
}

#[test]
fn expectations_about_text_cover_both_streams() {
    let repo = Repo::new();
    let ran = repo
        .program("sh")
        .args(["-c", "cat; echo error >&2"])
        .stdin("[1]")
        .status(0);
    ran.says("[1]").says("error").never_says("warning");
    assert_eq!(ran.json()[0], 1);
    assert_eq!(ran.stdout_bytes(), b"[1]");
    assert!(catch_unwind(AssertUnwindSafe(|| ran.says("warning"))).is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| ran.never_says("error"))).is_err());
}

#[test]
fn the_environment_of_the_machine_is_not_inherited() {
    let repo = Repo::new();
    let ran = repo.program("env").env("EXTRA", "1").status(0);
    let names: Vec<_> = ran
        .stdout()
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0.to_owned()))
        .collect();
    for name in &names {
        let expected = ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "NO_COLOR"];
        assert!(
            !expected.contains(&name.as_str()) && !name.starts_with("KEYSIEVE"),
            "{name} leaked"
        );
    }
    assert!(names.contains(&"EXTRA".to_owned()));
    assert!(
        ran.stdout()
            .contains(&format!("HOME={}", repo.sandbox().home().display()))
    );
}

#[test]
fn commits_are_the_same_on_every_machine() {
    let commit = || {
        let repo = Repo::new();
        repo.add("a.txt", "a\n").commit("first")
    };
    assert_eq!(commit(), commit());
    assert_eq!(Repo::sha256().commit("first").len(), 64);
}

#[test]
fn a_linked_work_tree_shares_the_repository() {
    let repo = Repo::new();
    let first = repo
        .config("core.logAllRefUpdates", "false")
        .commit("first");
    let other = repo.worktree("other");
    drop(repo);
    assert_eq!(other.git(["rev-parse", "HEAD"]), first);
    assert!(other.path(".git").is_file());
    assert!(!other.root().ends_with("repo"));
}

#[cfg(unix)]
#[test]
fn names_may_be_any_bytes() {
    let repo = Repo::new();
    let name = Repo::raw_name(b"a\n\xff*");
    repo.add(name, "x").commit("odd");
    assert_eq!(
        repo.try_git(["ls-files", "-z"]).stdout_bytes(),
        b"a\n\xff*\0"
    );
}

#[test]
fn the_program_starts() {
    Repo::new().keysieve(["--version"]).status(0);
}
