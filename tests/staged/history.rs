//! Tests commits whose parents or index are special: merges, renames, partial commits, other work
//! trees.

use super::{COMMIT, filler, guard, guarded, id_line, passes, stopped};
use crate::support::Repo;
use crate::support::keys::access_key_id;

#[test]
fn commit_all_is_stopped() {
    let repo = guarded();
    let id = access_key_id(60);
    repo.write("readme.txt", id_line(&id));
    stopped(&repo, &["commit", "-a", "-m", "next"], &id).says("readme.txt:1:21");
}

#[test]
fn commit_of_a_path_is_stopped() {
    let repo = guarded();
    let id = access_key_id(61);
    repo.write("readme.txt", id_line(&id));
    stopped(&repo, &["commit", "-m", "next", "--", "readme.txt"], &id).says("readme.txt:1:21");
}

#[test]
fn commit_of_a_path_ignores_other_staged_files() {
    let repo = guarded();
    let id = access_key_id(62);
    repo.add("app.ini", id_line(&id))
        .write("readme.txt", "changed\n");
    passes(&repo, &["commit", "-m", "next", "--", "readme.txt"]);
    stopped(&repo, COMMIT, &id);
}

#[test]
fn a_key_added_while_amending_is_stopped() {
    let repo = guarded();
    let id = access_key_id(63);
    repo.add("app.ini", "clean\n").commit("clean");
    repo.add("app.ini", id_line(&id));
    stopped(&repo, &["commit", "--amend", "--no-edit"], &id);
}

#[test]
fn a_pure_rename_passes() {
    let repo = guarded();
    repo.add(
        "old.ini",
        format!("{}{}", filler(), id_line(&access_key_id(64))),
    )
    .commit("an old key");
    repo.git(["mv", "old.ini", "new.ini"]);
    passes(&repo, COMMIT);
}

#[test]
fn a_rename_with_an_edit_next_to_an_old_key_passes() {
    let repo = guarded();
    let text = format!("{}{}", filler(), id_line(&access_key_id(65)));
    repo.add("old.ini", &text).commit("an old key");
    repo.git(["mv", "old.ini", "new.ini"]);
    repo.add(
        "new.ini",
        text.replace("line number 3 ", "line number three "),
    );
    passes(&repo, COMMIT);
}

#[test]
fn a_rename_with_a_new_key_is_stopped() {
    let repo = guarded();
    let id = access_key_id(66);
    repo.add("old.ini", filler()).commit("clean");
    repo.git(["mv", "old.ini", "new.ini"]);
    repo.add("new.ini", format!("{}{}", filler(), id_line(&id)));
    stopped(&repo, COMMIT, &id).says("new.ini:31:21");
}

/// A merge with a conflict: both branches changed the same line of `app.ini`, `side` to `theirs`.
fn conflict(theirs: &str) -> Repo {
    let repo = guarded();
    repo.add("app.ini", "base\n").commit("base");
    repo.git(["checkout", "--quiet", "-b", "side"]);
    repo.add("app.ini", theirs).commit("theirs");
    repo.git(["checkout", "--quiet", "main"]);
    repo.add("app.ini", "ours\n").commit("ours");
    repo.try_git(["merge", "side"])
        .has_status(1)
        .says("CONFLICT");
    repo
}

#[test]
fn a_key_that_resolves_a_conflict_is_stopped() {
    let repo = conflict("theirs\n");
    let id = access_key_id(67);
    repo.add("app.ini", id_line(&id));
    stopped(&repo, &["commit", "--no-edit"], &id).says("app.ini:1:21");
    repo.add("app.ini", "ours and theirs\n");
    passes(&repo, &["commit", "--no-edit"]);
}

#[test]
fn a_conflict_resolved_with_the_lines_of_the_other_branch_passes() {
    let line = id_line(&access_key_id(68));
    let repo = conflict(&line);
    repo.add("app.ini", format!("ours\n{line}"));
    passes(&repo, &["commit", "--no-edit"]);
}

#[test]
fn a_merge_that_adds_only_the_lines_of_the_other_branch_passes() {
    let repo = guarded();
    repo.git(["checkout", "--quiet", "-b", "side"]);
    repo.add("app.ini", id_line(&access_key_id(69)))
        .commit("a key on the side");
    repo.git(["checkout", "--quiet", "main"]);
    repo.add("readme.txt", "changed\n").commit("ours");
    repo.git(["merge", "--quiet", "--no-ff", "--no-commit", "side"]);
    passes(&repo, &["commit", "--no-edit"]);
}

#[test]
fn a_key_added_to_a_clean_merge_is_stopped() {
    let repo = guarded();
    let id = access_key_id(70);
    repo.git(["checkout", "--quiet", "-b", "side"]);
    repo.add("app.ini", "theirs\n").commit("theirs");
    repo.git(["checkout", "--quiet", "main"]);
    repo.add("readme.txt", "changed\n").commit("ours");
    repo.git(["merge", "--quiet", "--no-ff", "--no-commit", "side"]);
    repo.add("app.ini", format!("theirs\n{}", id_line(&id)));
    stopped(&repo, &["commit", "--no-edit"], &id).says("app.ini:2:21");
}

#[test]
fn unresolved_conflicts_exit_2() {
    let repo = conflict(&id_line(&access_key_id(71)));
    repo.keysieve(["staged"]).status(2).says("app.ini");
}

#[test]
fn a_linked_work_tree_is_scanned() {
    let repo = guarded();
    let other = repo.worktree("other");
    let id = access_key_id(72);
    other.add("app.ini", id_line(&id));
    stopped(&other, COMMIT, &id).says("app.ini:1:21");
    repo.keysieve(["staged"]).status(0);
    other.add("app.ini", "clean\n");
    passes(&other, COMMIT);
}

#[test]
fn the_index_of_git_index_file_is_read() {
    let repo = guarded();
    let id = access_key_id(73);
    let index = repo.path(".git/another-index");
    repo.write("app.ini", id_line(&id));
    for args in [["read-tree", "HEAD"], ["add", "app.ini"]] {
        repo.program("git")
            .env("GIT_INDEX_FILE", &index)
            .args(args)
            .status(0);
    }
    repo.keysieve(["staged"]).status(0);
    repo.keysieve(["staged"])
        .env("GIT_INDEX_FILE", &index)
        .status(1)
        .says("app.ini:1:21")
        .never_says(&id);
}

#[test]
fn the_repository_of_git_dir_is_scanned() {
    let repo = guarded();
    repo.add("app.ini", id_line(&access_key_id(74)));
    let elsewhere = Repo::new();
    let run = elsewhere
        .keysieve(["staged"])
        .env("GIT_DIR", repo.path(".git"))
        .env("GIT_WORK_TREE", repo.root());
    run.status(1).says("app.ini:1:21");
}

#[test]
fn a_commit_on_an_orphan_branch_is_scanned_whole() {
    let repo = Repo::new();
    let id = access_key_id(75);
    repo.add("app.ini", id_line(&id)).commit("an old key");
    guard(&repo);
    repo.git(["checkout", "--quiet", "--orphan", "fresh"]);
    stopped(&repo, COMMIT, &id);
}
