//! Tests all formats of the index and the objects, and that what cannot be read exits 2.

use std::fs;

use super::{COMMIT, guard, guarded, id_line, passes, stopped};
use crate::support::keys::access_key_id;
use crate::support::{Repo, Run, Sandbox};

#[test]
fn a_sha256_repository() {
    let repo = Repo::sha256();
    guard(&repo);
    let id = access_key_id(80);
    repo.add("app.ini", id_line(&id));
    stopped(&repo, COMMIT, &id).says("app.ini:1:21");
    repo.add("app.ini", "clean\n");
    passes(&repo, COMMIT);
}

#[test]
fn a_split_index() {
    let repo = guarded();
    let id = access_key_id(81);
    repo.add("shared.txt", "x\n").commit("shared");
    repo.git(["update-index", "--split-index"]);
    repo.add("app.ini", id_line(&id));
    stopped(&repo, COMMIT, &id).says("app.ini:1:21");
    repo.add("app.ini", "clean\n");
    passes(&repo, COMMIT);
}

/// A sparse work tree with `inside/` only, and an index that holds `outside/` as one entry.
fn sparse() -> Repo {
    let repo = guarded();
    repo.add("inside/a.txt", "a\n")
        .add("outside/deep/b.txt", "b\n")
        .commit("two folders");
    repo.git([
        "sparse-checkout",
        "set",
        "--cone",
        "--sparse-index",
        "inside",
    ]);
    assert!(
        repo.git(["ls-files", "--sparse"]).contains("outside/\n"),
        "the index is not sparse"
    );
    repo
}

#[test]
fn a_sparse_index() {
    let repo = sparse();
    let id = access_key_id(82);
    repo.add("inside/app.ini", id_line(&id));
    stopped(&repo, COMMIT, &id).says("inside/app.ini:1:21");
    repo.add("inside/app.ini", "clean\n");
    passes(&repo, COMMIT);
}

#[test]
fn a_sparse_index_with_a_change_outside_the_cone() {
    let repo = sparse();
    let id = access_key_id(83);
    repo.write("outside/deep/app.ini", id_line(&id));
    repo.git(["add", "--sparse", "outside/deep/app.ini"]);
    stopped(&repo, COMMIT, &id).says("outside/deep/app.ini:1:21");
}

#[test]
fn index_versions_2_to_4() {
    for version in ["2", "3", "4"] {
        let repo = guarded();
        let id = access_key_id(84);
        repo.add("app.ini", id_line(&id));
        repo.git(["update-index", "--index-version", version]);
        stopped(&repo, COMMIT, &id).says("app.ini:1:21");
    }
}

#[test]
fn replace_refs_are_ignored() {
    let repo = guarded();
    let id = access_key_id(85);
    repo.add("clean.ini", "clean\n")
        .add("app.ini", id_line(&id));
    let [real, fake] = [":app.ini", ":clean.ini"].map(|name| repo.git(["rev-parse", name]));
    repo.git(["replace", &real, &fake]);
    assert_eq!(
        repo.git(["cat-file", "blob", &real]),
        "clean",
        "git is fooled"
    );
    stopped(&repo, COMMIT, &id).says("app.ini:1:21");
}

#[test]
fn packed_objects() {
    let repo = guarded();
    let id = access_key_id(86);
    repo.add("app.ini", id_line(&id));
    repo.git(["gc", "--quiet"]);
    stopped(&repo, COMMIT, &id).says("app.ini:1:21");
}

#[test]
fn objects_from_alternates() {
    let lender = Repo::new();
    lender.add("lent.txt", "lent\n").commit("lent");
    let repo = guarded();
    let id = access_key_id(87);
    repo.write(
        ".git/objects/info/alternates",
        format!("{}\n", lender.path(".git/objects").display()),
    );
    let lent = lender.git(["rev-parse", "HEAD:lent.txt"]);
    repo.git([
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("100644,{lent},lent.txt"),
    ]);
    repo.add("app.ini", id_line(&id));
    stopped(&repo, COMMIT, &id).says("app.ini:1:21");
}

#[test]
fn a_missing_blob_exits_2() {
    let repo = guarded();
    repo.add("missing.ini", "missing\n")
        .add("fine.txt", "fine\n");
    let id = repo.git(["rev-parse", ":missing.ini"]);
    fs::remove_file(repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).unwrap();
    repo.keysieve(["staged"]).status(2).says("missing.ini");
}

#[test]
fn a_missing_blob_takes_precedence_over_a_finding() {
    let repo = guarded();
    repo.add("missing.ini", "missing\n")
        .add("app.ini", id_line(&access_key_id(88)));
    let id = repo.git(["rev-parse", ":missing.ini"]);
    fs::remove_file(repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).unwrap();
    repo.keysieve(["staged"])
        .status(2)
        .says("missing.ini")
        .says("app.ini:1:21");
}

#[test]
fn a_broken_index_exits_2() {
    let repo = guarded();
    repo.write(".git/index", "this is no index");
    repo.keysieve(["staged"]).status(2).says("index");
}

#[test]
fn a_missing_head_commit_exits_2() {
    let repo = guarded();
    repo.add("app.ini", "clean\n");
    repo.write(".git/refs/heads/main", format!("{}\n", "1".repeat(40)));
    repo.keysieve(["staged"]).status(2);
}

#[test]
fn a_folder_that_is_not_a_repository_exits_2() {
    let sandbox = Sandbox::new();
    let ran = Run::new(Run::KEYSIEVE, sandbox.root(), &sandbox)
        .args(["staged"])
        .status(2);
    ran.says("repository");
}

#[test]
fn a_bare_repository_exits_2() {
    let repo = Repo::new();
    repo.git(["init", "--quiet", "--bare", "bare"]);
    Run::new(Run::KEYSIEVE, &repo.path("bare"), repo.sandbox())
        .args(["staged"])
        .status(2)
        .says("index");
}
