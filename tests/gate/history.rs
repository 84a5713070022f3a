//! Checks that in every shape of history each key is reported with the commit that added it.

use super::{filler, finds, gate, id_line, started};
use crate::support::Repo;
use crate::support::keys::access_key_id;

/// Two branches, `main` and `side`, that changed the same line of `app.ini`; on `side` it is
/// `theirs`.
fn diverged(theirs: &str) -> (Repo, String) {
    let (repo, _) = started();
    repo.add("app.ini", "base\n");
    let base = repo.commit("base");
    repo.git(["checkout", "--quiet", "-b", "side"]);
    repo.add("app.ini", theirs).commit("theirs");
    repo.git(["checkout", "--quiet", "main"]);
    repo.add("app.ini", "ours\n").commit("ours");
    (repo, base)
}

#[test]
fn a_key_that_is_added_and_removed_again() {
    let (repo, base) = started();
    repo.add("app.ini", id_line(&access_key_id(800)));
    let bad = repo.commit("a key");
    repo.git(["rm", "--quiet", "app.ini"]);
    repo.commit("gone");
    finds(&repo, &base, "HEAD", &[("app.ini", &bad)]);
}

#[test]
fn a_root_commit() {
    let (repo, _) = started();
    repo.git(["checkout", "--quiet", "--orphan", "other"]);
    repo.add("app.ini", id_line(&access_key_id(801)));
    let bad = repo.commit("a second root");
    finds(&repo, "main", "other", &[("app.ini", &bad)]);
    gate(&repo, &[&bad]).status(1);
}

#[test]
fn a_conflict_resolution() {
    let (repo, base) = diverged("theirs\n");
    repo.try_git(["merge", "side"]).has_status(1);
    repo.add("app.ini", id_line(&access_key_id(802)));
    let merge = repo.commit("resolved");
    finds(&repo, &base, "HEAD", &[("app.ini", &merge)]);
    gate(&repo, &["HEAD"]).status(1);
}

#[test]
fn a_conflict_resolved_with_the_lines_of_one_side() {
    let line = id_line(&access_key_id(803));
    let (repo, base) = diverged(&line);
    let bad = repo.git(["rev-parse", "side"]);
    repo.try_git(["merge", "side"]).has_status(1);
    repo.add("app.ini", format!("ours\n{line}"));
    repo.commit("resolved");
    finds(&repo, &base, "HEAD", &[("app.ini", &bad)]);
    gate(&repo, &["HEAD"]).status(0);
}

#[test]
fn an_evil_merge() {
    let (repo, base) = started();
    repo.git(["checkout", "--quiet", "-b", "side"]);
    repo.add("side.txt", "theirs\n").commit("theirs");
    repo.git(["checkout", "--quiet", "main"]);
    repo.add("main.txt", "ours\n").commit("ours");
    repo.git(["merge", "--quiet", "--no-ff", "--no-commit", "side"]);
    repo.add(
        "side.txt",
        format!("theirs\n{}", id_line(&access_key_id(804))),
    );
    repo.add("evil.ini", id_line(&access_key_id(805)));
    let merge = repo.commit("a merge");
    finds(
        &repo,
        &base,
        "HEAD",
        &[("side.txt", &merge), ("evil.ini", &merge)],
    );
}

#[test]
fn a_clean_merge_adds_nothing() {
    let (repo, base) = started();
    repo.git(["checkout", "--quiet", "-b", "side"]);
    repo.add("side.ini", id_line(&access_key_id(806)));
    let bad = repo.commit("a key on the side");
    repo.git(["checkout", "--quiet", "main"]);
    repo.add("main.txt", "ours\n").commit("ours");
    repo.git(["merge", "--quiet", "--no-ff", "--no-edit", "side"]);
    finds(&repo, &base, "HEAD", &[("side.ini", &bad)]);
    gate(&repo, &["HEAD"]).status(0);
}

#[test]
fn an_octopus_merge() {
    let (repo, base) = started();
    let mut expected = Vec::new();
    for (number, name) in ["one", "two", "three"].iter().enumerate() {
        repo.git(["checkout", "--quiet", "-b", name, &base]);
        repo.add(
            format!("{name}.ini"),
            id_line(&access_key_id(810 + number as u64)),
        );
        expected.push((format!("{name}.ini"), repo.commit(name)));
    }
    repo.git(["checkout", "--quiet", "main"]);
    repo.git(["merge", "--quiet", "--no-commit", "one", "two", "three"]);
    repo.add("evil.ini", id_line(&access_key_id(813)));
    expected.push(("evil.ini".to_owned(), repo.commit("octopus")));
    assert_eq!(
        repo.git(["rev-list", "--parents", "--max-count=1", "HEAD"])
            .split(' ')
            .count(),
        4
    );
    let expected: Vec<_> = expected
        .iter()
        .map(|(path, commit)| (path.as_str(), commit.as_str()))
        .collect();
    finds(&repo, &base, "HEAD", &expected);
}

#[test]
fn a_revert_that_restores_an_old_key() {
    let (repo, _) = started();
    repo.add("app.ini", id_line(&access_key_id(820)));
    repo.commit("a key");
    repo.git(["rm", "--quiet", "app.ini"]);
    let base = repo.commit("gone");
    repo.git(["revert", "--no-edit", &base]);
    let revert = repo.git(["rev-parse", "HEAD"]);
    finds(&repo, &base, "HEAD", &[("app.ini", &revert)]);
}

#[test]
fn a_key_that_comes_back_within_the_range_is_reported_once() {
    let (repo, base) = started();
    repo.add("app.ini", id_line(&access_key_id(821)));
    let bad = repo.commit("a key");
    repo.git(["revert", "--no-edit", "HEAD"]);
    repo.git(["revert", "--no-edit", "HEAD"]);
    finds(&repo, &base, "HEAD", &[("app.ini", &bad)]);
    // By itself, the second revert adds it.
    gate(&repo, &["HEAD"]).status(1);
}

#[test]
fn the_same_change_on_two_branches_is_reported_once() {
    let (repo, base) = started();
    let line = id_line(&access_key_id(822));
    repo.add("app.ini", &line);
    let bad = repo.commit("a key");
    repo.git(["checkout", "--quiet", "-b", "side", &base]);
    repo.add("other.txt", "x\n").commit("something before");
    repo.git(["cherry-pick", &bad]);
    repo.git(["checkout", "--quiet", "main"]);
    repo.git(["merge", "--quiet", "--no-edit", "side"]);
    let ran = gate(&repo, &[&format!("{base}..")]).status(1);
    assert_eq!(super::blamed(&ran).len(), 1);
}

#[test]
fn a_commit_with_an_old_date_is_scanned() {
    let (repo, base) = started();
    repo.add("app.ini", id_line(&access_key_id(823)));
    let old = repo
        .program("git")
        .env("GIT_COMMITTER_DATE", "1990-01-01T00:00:00+00:00");
    old.args(["commit", "--quiet", "--message", "a key"])
        .status(0);
    let bad = repo.git(["rev-parse", "HEAD"]);
    repo.add("readme.txt", filler()).commit("later");
    finds(&repo, &base, "HEAD", &[("app.ini", &bad)]);
}

#[test]
fn replace_refs_do_not_hide_the_pushed_object() {
    let (repo, base) = started();
    repo.add("app.ini", id_line(&access_key_id(824)));
    let bad = repo.commit("a key");
    repo.git(["replace", &bad, &base]);
    finds(&repo, &base, &bad, &[("app.ini", &bad)]);
}
