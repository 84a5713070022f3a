//! What is known stays known when it moves, and a different secret in its place is new.

use std::fs;

use super::{FILE, key, known, lines, text};
use crate::support::keys::access_key_id;

#[test]
fn lines_may_move() {
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
fn files_may_be_renamed() {
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
        "readers are led to where it stands now"
    );
}

#[test]
fn commits_may_be_squashed_and_rebased() {
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
fn another_secret_in_the_same_place_is_new() {
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
fn a_copy_of_what_is_known_is_known() {
    let repo = known(&[1]);
    repo.write("copy", key(1));
    repo.keysieve(["scan"]).status(0).says("2 allowed");
    fs::remove_file(repo.path("src/1.ini")).unwrap();
    repo.keysieve(["baseline", "check"]).status(0);
}
