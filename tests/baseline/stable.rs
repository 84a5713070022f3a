//! An entry still applies when its secret moves, but not to another secret in its place.

use std::fs;

use super::{FILE, key, known, lines, text};
use crate::support::keys::access_key_id;

#[test]
fn an_entry_applies_when_lines_move() {
    let repo = known(&[1]);
    repo.write(
        "src/1.ini",
        format!("; a comment\n\n[default]\n  {}", key(1)),
    );
    repo.keysieve(["scan"]).status(0);
    let before = text(&repo);
    repo.keysieve(["baseline", "update"]).status(0);
    assert_eq!(text(&repo), before);
}

#[test]
fn an_entry_applies_when_files_are_renamed() {
    let repo = known(&[1]);
    repo.stage("src/1.ini").stage(FILE).commit("first");
    fs::create_dir(repo.path("deep")).unwrap();
    repo.git(["mv", "src/1.ini", "deep/elsewhere.ini"]);
    repo.keysieve(["scan"]).status(0);
    repo.keysieve(["staged"]).status(0);
    repo.keysieve(["baseline", "check"]).status(0);
    repo.keysieve(["baseline", "update"])
        .status(0)
        .says("0 added, 0 gone");
    assert!(
        lines(&repo)[0].contains("deep/elsewhere.ini"),
        "the entry shows the new path"
    );
}

#[test]
fn an_entry_applies_after_a_squash_and_a_rebase() {
    let repo = known(&[1]);
    repo.stage("src/1.ini").stage(FILE).commit("known");
    repo.git(["switch", "--quiet", "--create", "topic"]);
    repo.add("src/1.ini", format!("# one\n{}", key(1)))
        .commit("one");
    repo.add("src/1.ini", format!("# one\n# two\n{}", key(1)))
        .commit("two");
    repo.git(["switch", "--quiet", "main"]);
    repo.add("other", "words\n").commit("meanwhile");
    repo.git(["rebase", "--quiet", "main", "topic"]);
    repo.keysieve(["scan"]).status(0).says("1 allowed");
    repo.git(["switch", "--quiet", "main"]);
    repo.git(["merge", "--quiet", "--squash", "topic"]);
    repo.keysieve(["staged"]).status(0);
    repo.commit("squashed");
    repo.keysieve(["scan"]).status(0).says("1 allowed");
    repo.keysieve(["baseline", "check"]).status(0);
}

#[test]
fn another_secret_in_the_same_place_is_reported() {
    let repo = known(&[1]);
    repo.write("src/1.ini", key(2));
    repo.keysieve(["scan"])
        .status(1)
        .says("src/1.ini:1:21")
        .never_says(&access_key_id(2));
    repo.keysieve(["baseline", "check"])
        .status(1)
        .says("gone: aws-access-token at src/1.ini");
}

#[test]
fn an_entry_applies_to_a_copy() {
    let repo = known(&[1]);
    repo.write("copy", key(1));
    repo.keysieve(["scan"]).status(0).says("2 allowed");
    fs::remove_file(repo.path("src/1.ini")).unwrap();
    repo.keysieve(["baseline", "check"]).status(0);
}
