//! What a change adds to an archive is new, and what was in it before is not.

use super::{finds, json, nested, tar_gz};
use crate::support::Repo;
use crate::support::archive::zip;
use crate::support::keys::{filler, seeded_id_line};

/// A repository whose last commit has this content at `a.zip`.
fn with(content: Vec<u8>) -> Repo {
    let repo = Repo::new();
    repo.add("a.zip", content).commit("before");
    repo
}

/// Expects findings at these paths in what is staged, and in a commit of it.
#[track_caller]
fn brings(repo: &Repo, expected: &[&str]) {
    let status = i32::from(!expected.is_empty());
    finds(&json(repo, &["staged"]).status(status), expected);
    repo.commit("after");
    let gated = json(repo, &["gate", "HEAD~1..HEAD"]).status(status);
    finds(&gated, expected);
}

#[test]
fn an_archive_that_does_not_change_is_not_new() {
    let repo = with(nested(100));
    repo.add("other", "text\n");
    brings(&repo, &[]);
    repo.git(["mv", "a.zip", "b.zip"]);
    brings(&repo, &[]);
}

#[test]
fn an_archive_that_is_packed_anew_is_not_new() {
    let line = seeded_id_line(101);
    let repo = with(zip(&[("key.ini", line.as_bytes())]));
    repo.add(
        "a.zip",
        zip(&[("new.txt", b"new\n"), ("moved/key.ini", line.as_bytes())]),
    );
    brings(&repo, &[]);
    repo.add("a.zip", tar_gz(&[("key.ini", &line)]));
    brings(&repo, &[]);
}

#[test]
fn a_secret_that_is_added_is_new() {
    let old = seeded_id_line(102);
    let repo = with(zip(&[("old.ini", old.as_bytes())]));
    let new = seeded_id_line(103);
    let both = [("old.ini", old.as_bytes()), ("new/new.ini", new.as_bytes())];
    repo.add("a.zip", zip(&both));
    brings(&repo, &["a.zip!new/new.ini"]);
}

#[test]
fn a_secret_that_occurs_more_often_is_new() {
    let line = seeded_id_line(104);
    let repo = with(zip(&[("one", line.as_bytes())]));
    repo.add(
        "a.zip",
        zip(&[("one", line.as_bytes()), ("two", line.as_bytes())]),
    );
    brings(&repo, &["a.zip!one", "a.zip!two"]);
}

#[test]
fn a_secret_that_moves_into_an_archive_is_not_new() {
    let line = seeded_id_line(105);
    let repo = Repo::new();
    repo.add("key.ini", &line).commit("before");
    repo.git(["rm", "--quiet", "key.ini"]);
    repo.add("a.zip", zip(&[("key.ini", line.as_bytes())]));
    brings(&repo, &[]);
}

#[test]
fn a_file_that_becomes_an_archive_is_compared_with_what_it_was() {
    let text = filler() + &seeded_id_line(106);
    let repo = with(text.clone().into_bytes());
    let more = seeded_id_line(107);
    repo.add("a.zip", tar_gz(&[("key.ini", &text), ("more.ini", &more)]));
    brings(&repo, &["a.zip!x.tar!more.ini"]);
}

/// Nothing is known of an old version that cannot be unpacked.
#[test]
fn a_secret_of_a_broken_old_version_is_new() {
    let archive = nested(108);
    let repo = with(archive[..archive.len() / 3].to_vec());
    repo.add("a.zip", archive);
    brings(&repo, &["a.zip!lib/b.jar!config.properties"]);
}

#[test]
fn each_copy_of_an_archive_is_reported() {
    let repo = with(b"text\n".to_vec());
    repo.add("one.zip", nested(109)).add("two.zip", nested(109));
    let inside = super::NESTED;
    let expected = ["one.zip", "two.zip"].map(|file| format!("{file}{inside}"));
    brings(&repo, &expected.each_ref().map(String::as_str));
}
