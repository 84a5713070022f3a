//! Compares the blobs that indexes list with `git ls-files`.

use std::collections::BTreeSet;
use std::fs;

use super::roots;
use crate::support::Repo;

/// Paths and blobs of the index of `repo`, as git lists them.
fn listed(repo: &Repo) -> BTreeSet<String> {
    let text = repo.git(["ls-files", "--stage", "--sparse"]);
    let entry = |line: &str| {
        let (head, path) = line.split_once('\t').unwrap();
        format!("{path} {}", head.split(' ').nth(1).unwrap())
    };
    text.lines()
        .filter(|line| !line.starts_with("160000"))
        .map(entry)
        .collect()
}

/// Paths and blobs of the root `name`.
#[track_caller]
fn found(repo: &Repo, name: &str) -> BTreeSet<String> {
    let roots = roots(repo);
    let index = roots
        .indexes
        .iter()
        .find(|index| index.name == name)
        .unwrap_or_else(|| panic!("no {name}"));
    index
        .entries
        .iter()
        .map(|(path, id)| format!("{path} {id}"))
        .collect()
}

fn some_files() -> Repo {
    let repo = Repo::new();
    for folder in ["a", "b", "c/d"] {
        repo.add(format!("{folder}/file"), folder);
    }
    repo.commit("first");
    repo
}

#[test]
fn every_work_tree_has_its_own_index() {
    let repo = some_files();
    let other = repo.worktree("other");
    repo.add("here", "staged here");
    other.add("there", "staged there");
    assert_eq!(found(&repo, "index"), listed(&repo));
    assert_eq!(found(&repo, "index of worktree other"), listed(&other));
    assert_ne!(listed(&repo), listed(&other));
}

#[test]
fn a_path_in_conflict_has_an_entry_for_each_side() {
    let repo = some_files();
    repo.git(["checkout", "--quiet", "-b", "side"]);
    repo.add("a/file", "theirs").commit("theirs");
    repo.git(["checkout", "--quiet", "main"]);
    repo.add("a/file", "ours").commit("ours");
    repo.try_git(["merge", "side"]).has_status(1);
    let found = found(&repo, "index");
    assert_eq!(found, listed(&repo));
    assert_eq!(
        found
            .iter()
            .filter(|entry| entry.starts_with("a/file "))
            .count(),
        3
    );
}

#[test]
fn intent_to_add_and_submodules_are_left_out() {
    let repo = some_files();
    let expected = listed(&repo);
    repo.write("later", "not yet")
        .git(["add", "--intent-to-add", "later"]);
    let commit = repo.git(["rev-parse", "HEAD"]);
    repo.git([
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("160000,{commit},module"),
    ]);
    assert_eq!(found(&repo, "index"), expected);
}

#[test]
fn a_split_index_is_read_with_its_shared_index() {
    let repo = some_files();
    repo.config("splitIndex.maxPercentChange", "100")
        .git(["update-index", "--split-index"]);
    repo.add("e/file", "after the split");
    let shared = || fs::read_dir(repo.path(".git")).unwrap().flatten();
    let is_shared = |entry: &fs::DirEntry| {
        entry
            .file_name()
            .to_string_lossy()
            .starts_with("sharedindex.")
    };
    assert_eq!(shared().filter(is_shared).count(), 1);
    assert_eq!(found(&repo, "index"), listed(&repo));
    fs::remove_file(shared().find(is_shared).unwrap().path()).unwrap();
    let unread = super::roots_at(repo.root()).unread;
    assert_eq!(
        unread
            .iter()
            .map(|unread| unread.name.to_string())
            .collect::<Vec<_>>(),
        ["index"]
    );
}

#[test]
fn a_sparse_index_lists_directories() {
    let repo = some_files();
    repo.git(["sparse-checkout", "set", "--cone", "--sparse-index", "a"]);
    let found = found(&repo, "index");
    assert_eq!(found, listed(&repo));
    assert!(
        found.iter().any(|entry| entry.starts_with("b/ ")),
        "{found:?}"
    );
}
