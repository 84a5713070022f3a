//! Who says what may be pushed: whoever has the server, else what its main branch had before; never
//! the push itself.

use std::fs;

use super::ground::{Pair, key};

const LETS_ALL_PASS: &str = "[[allow]]\npath = \"**\"\nreason = \"a fixture\"\n";

#[test]
fn a_push_does_not_let_itself_pass() {
    let pair = Pair::guarded();
    pair.repo
        .add(".keysieve.toml", LETS_ALL_PASS)
        .add("a", key(1))
        .commit("second");
    pair.push(&["main"]).has_status(1).says("a:1:6");
    // Nor in two steps, by way of a branch.
    pair.repo.git(["reset", "--quiet", "--soft", "HEAD^"]);
    pair.repo.git(["reset", "--quiet", "a"]);
    pair.repo.commit("only the policy");
    pair.push(&["main:topic"]).has_status(0);
    pair.repo.add("a", key(1)).commit("third");
    pair.push(&["main:topic"]).has_status(1).says("a:1:6");
}

#[test]
fn a_comment_that_comes_along_is_shown() {
    let pair = Pair::guarded();
    pair.repo
        .add("a", key(1).replace('\n', " # keysieve:allow a fixture\n"))
        .commit("second");
    pair.push(&["main"])
        .has_status(0)
        .says("allowed")
        .says("a:1:6")
        .says("a fixture");
}

#[test]
fn what_the_main_branch_has_counts() {
    let pair = Pair::guarded();
    pair.repo
        .add(".keysieve.toml", LETS_ALL_PASS)
        .commit("second");
    pair.push(&["main"]).has_status(0);
    pair.repo.add("a", key(1)).commit("third");
    pair.push(&["main:topic"]).has_status(0);
    pair.keysieve(["hook", "status"]).status(0);
}

#[test]
fn who_has_the_server_has_the_last_word() {
    let pair = Pair::guarded();
    let file = pair.server.join(".keysieve.toml");
    fs::write(&file, LETS_ALL_PASS).unwrap();
    pair.repo.add("a", key(1)).commit("second");
    pair.push(&["main:topic"]).has_status(0);
    pair.repo
        .add(".keysieve.toml", LETS_ALL_PASS)
        .commit("third");
    pair.push(&["main"]).has_status(0);
    fs::write(&file, "").unwrap();
    pair.repo.add("b", key(2)).commit("fourth");
    pair.push(&["main"]).has_status(1).says("b:1:6");
}
