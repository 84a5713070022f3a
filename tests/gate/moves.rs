//! Checks that a moved secret is not reported, and a copied or replaced one is.

use super::{filler, finds, gate, id_line, started};
use crate::support::keys::access_key_id;

#[test]
fn a_moved_file_with_an_unrelated_edit_is_not_reported() {
    let (repo, _) = started();
    let text = format!("{}{}", filler(), id_line(&access_key_id(900)));
    repo.add("old.ini", &text).add("deep/a/b.ini", &text);
    let base = repo.commit("old keys");
    repo.git(["mv", "old.ini", "new.ini"]);
    repo.commit("moved");
    repo.add(
        "new.ini",
        text.replace("line number 3 ", "line number three "),
    )
    .commit("edited");
    repo.git(["mv", "deep", "moved"]);
    repo.add(
        "moved/a/b.ini",
        text.replace("line number 4 ", "line number four "),
    )
    .commit("moved and edited");
    finds(&repo, &base, "HEAD", &[]);
}

#[test]
fn a_rename_with_a_new_key_is_found() {
    let (repo, _) = started();
    repo.add("old.ini", filler());
    let base = repo.commit("clean");
    repo.git(["mv", "old.ini", "new.ini"]);
    repo.add(
        "new.ini",
        format!("{}{}", filler(), id_line(&access_key_id(901))),
    );
    let bad = repo.commit("renamed, with a key");
    finds(&repo, &base, "HEAD", &[("new.ini", &bad)]);
}

#[test]
fn a_key_that_the_range_adds_and_moves_is_reported_where_it_was_added() {
    let (repo, base) = started();
    repo.add(
        "old.ini",
        format!("{}{}", filler(), id_line(&access_key_id(902))),
    );
    let bad = repo.commit("a key");
    repo.git(["mv", "old.ini", "new.ini"]);
    repo.commit("moved");
    finds(&repo, &base, "HEAD", &[("old.ini", &bad)]);
}

#[test]
fn a_line_that_moves_to_another_file_is_not_reported() {
    let (repo, _) = started();
    let line = id_line(&access_key_id(903));
    repo.add("a.ini", format!("{}{line}", filler()))
        .add("b.ini", "b\n");
    let base = repo.commit("an old key");
    repo.add("a.ini", filler())
        .add("b.ini", format!("b\n{line}"))
        .commit("moved by hand");
    finds(&repo, &base, "HEAD", &[]);
    gate(&repo, &["HEAD"]).status(0);
}

#[test]
fn a_line_that_is_copied_to_another_file_is_reported() {
    let (repo, _) = started();
    let line = id_line(&access_key_id(904));
    repo.add("a.ini", format!("{}{line}", filler()))
        .add("b.ini", "b\n");
    let base = repo.commit("an old key");
    repo.add("a.ini", format!("changed\n{line}"))
        .add("b.ini", format!("b\n{line}"));
    let bad = repo.commit("copied");
    finds(&repo, &base, "HEAD", &[("b.ini", &bad)]);
}

#[test]
fn a_key_replaced_by_another_is_found() {
    let (repo, _) = started();
    repo.add(
        "app.ini",
        format!("before\n{}after\n", id_line(&access_key_id(905))),
    );
    let base = repo.commit("an old key");
    repo.add(
        "app.ini",
        format!("before\n{}after\n", id_line(&access_key_id(906))),
    );
    let bad = repo.commit("another");
    finds(&repo, &base, "HEAD", &[("app.ini", &bad)]);
}
