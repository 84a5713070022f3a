//! Tests that broken refs, reflogs and indexes are reported, and that the others are still read.

use std::fs;
use std::os::unix::fs::symlink;

use super::{roots, roots_at};
use crate::support::Repo;

/// A repository with one commit, and its id.
fn with_commit() -> (Repo, String) {
    let repo = Repo::new();
    let id = repo.add("a", "1\n").commit("first");
    (repo, id)
}

/// The names of what could not be read.
fn unread(repo: &Repo) -> Vec<String> {
    roots_at(repo.root())
        .unread
        .into_iter()
        .map(|unread| unread.name.to_string())
        .collect()
}

#[test]
fn broken_refs_are_reported() {
    let (repo, id) = with_commit();
    repo.write(".git/refs/heads/garbage", "not an id\n")
        .write(".git/refs/heads/empty", "");
    repo.write(".git/refs/tags/short", &id[1..])
        .write(".git/refs/heads/circle", "ref: refs/heads/circle\n");
    repo.write(
        ".git/packed-refs",
        format!("# pack-refs with: peeled\n{id} refs/heads/packed\nrubbish\n"),
    );
    let found = roots_at(repo.root());
    let names: Vec<_> = found
        .unread
        .iter()
        .map(|unread| unread.name.to_string())
        .collect();
    assert_eq!(
        names,
        [
            "packed-refs",
            "refs/heads/empty",
            "refs/heads/garbage",
            "refs/tags/short",
            "refs/heads/circle"
        ]
    );
    assert!(
        found.unread[0].problem.contains("line 3"),
        "{:?}",
        found.unread[0]
    );
    assert!(
        found
            .unread
            .iter()
            .all(|unread| !unread.problem.contains("rubbish")),
        "content must not be quoted"
    );
    assert!(
        found
            .roots
            .iter()
            .any(|root| root.name == "refs/heads/packed")
    );
}

#[test]
fn ignored_files_and_unborn_branches_are_no_problem() {
    let (repo, id) = with_commit();
    repo.write(".git/refs/heads/.DS_Store", "\0")
        .write(".git/refs/heads/main.lock", "");
    repo.write(
        ".git/refs/remotes/origin/HEAD",
        "ref: refs/remotes/origin/gone\n",
    );
    repo.write(".git/FETCH_HEAD", "")
        .write(".git/refs/heads/bad..name", format!("{id}\n"));
    repo.git(["checkout", "--quiet", "--orphan", "unborn"]);
    let found = roots(&repo);
    assert!(
        found
            .roots
            .iter()
            .all(|root| root.name != "HEAD" && root.name != "refs/remotes/origin/HEAD")
    );
    assert!(
        found
            .roots
            .iter()
            .any(|root| root.name == "refs/heads/bad..name"),
        "objects are reachable from it"
    );
}

#[test]
fn damaged_reflogs_and_indexes_are_reported() {
    let (repo, _) = with_commit();
    let log = fs::read(repo.path(".git/logs/HEAD")).unwrap();
    fs::write(
        repo.path(".git/logs/HEAD"),
        [log.as_slice(), b"\0\0\0\0\n"].concat(),
    )
    .unwrap();
    repo.write(".git/index", "DIRC and nothing more");
    repo.write(".git/MERGE_HEAD", "gone wrong\n");
    assert_eq!(unread(&repo), ["MERGE_HEAD", "reflog of HEAD", "index"]);
    assert!(
        roots_at(repo.root())
            .roots
            .iter()
            .any(|root| root.name == "HEAD@{1}")
    );
    repo.write(".git/HEAD", "garbage\n");
    assert_eq!(unread(&repo)[0], "HEAD");
}

#[test]
fn links_among_refs_are_followed_and_cycles_end() {
    let (repo, id) = with_commit();
    symlink("refs/heads/main", repo.path(".git/refs/heads/old-style")).unwrap();
    fs::create_dir_all(repo.path("other/objects")).unwrap();
    repo.write("other/refs/heads/topic", format!("{id}\n"));
    let shared = repo.path(".git/refs/heads/shared");
    symlink(repo.path("other/refs/heads"), shared).unwrap();
    symlink("..", repo.path(".git/refs/heads/circle")).unwrap();
    let found = roots_at(repo.root());
    let symbolic_target = |name: &str| {
        found
            .roots
            .iter()
            .find(|root| root.name == name)
            .map(|root| &root.symbolic_target)
    };
    assert_eq!(
        symbolic_target("refs/heads/old-style"),
        Some(&Some("refs/heads/main".into()))
    );
    assert_eq!(symbolic_target("refs/heads/shared/topic"), Some(&None));
    assert!(!found.unread.is_empty(), "a cycle must be reported");
}

#[cfg(target_os = "linux")]
#[test]
fn names_may_be_any_bytes() {
    let (repo, id) = with_commit();
    let name = Repo::raw_name(b"refs/heads/caf\xe9");
    repo.git(["update-ref".as_ref(), name, id.as_ref()]);
    let has_it = || {
        roots(&repo)
            .roots
            .iter()
            .any(|root| root.name == b"refs/heads/caf\xe9".as_slice())
    };
    assert!(has_it());
    repo.git(["pack-refs", "--all"]);
    assert!(has_it());
}
