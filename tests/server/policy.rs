//! The policy of a server: its own file, or else that of its main branch before the push, but never
//! that of the push itself.

use std::fs;

use super::pair::Pair;
use crate::support::keys::seeded_id_line;

const ALLOW_ALL: &str = "[[allow]]\npath = \"**\"\nreason = \"a fixture\"\n";

#[test]
fn a_push_cannot_allow_its_own_keys() {
    let pair = Pair::guarded();
    pair.repo
        .add(".keysieve.toml", ALLOW_ALL)
        .add("a", seeded_id_line(1))
        .commit("second");
    pair.push(&["main"]).has_status(1).says("a:1:6");
    // It cannot do so in two steps either, through another branch.
    pair.repo.git(["reset", "--quiet", "--soft", "HEAD^"]);
    pair.repo.git(["reset", "--quiet", "a"]);
    pair.repo.commit("only the policy");
    pair.push(&["main:topic"]).has_status(0);
    pair.repo.add("a", seeded_id_line(1)).commit("third");
    pair.push(&["main:topic"]).has_status(1).says("a:1:6");
}

#[test]
fn a_key_that_a_pushed_comment_allows_is_shown() {
    let pair = Pair::guarded();
    pair.repo
        .add(
            "a",
            seeded_id_line(1).replace('\n', " # keysieve:allow a fixture\n"),
        )
        .commit("second");
    pair.push(&["main"])
        .has_status(0)
        .says("allowed")
        .says("a:1:6")
        .says("a fixture");
}

#[test]
fn the_policy_of_the_main_branch_applies() {
    let pair = Pair::guarded();
    pair.repo.add(".keysieve.toml", ALLOW_ALL).commit("second");
    pair.push(&["main"]).has_status(0);
    pair.repo.add("a", seeded_id_line(1)).commit("third");
    pair.push(&["main:topic"]).has_status(0);
    pair.keysieve(["hook", "status"]).status(0);
}

#[test]
fn the_policy_file_of_the_server_overrides_the_main_branch() {
    let pair = Pair::guarded();
    let file = pair.server.join(".keysieve.toml");
    fs::write(&file, ALLOW_ALL).unwrap();
    pair.repo.add("a", seeded_id_line(1)).commit("second");
    pair.push(&["main:topic"]).has_status(0);
    pair.repo.add(".keysieve.toml", ALLOW_ALL).commit("third");
    pair.push(&["main"]).has_status(0);
    fs::write(&file, "").unwrap();
    pair.repo.add("b", seeded_id_line(2)).commit("fourth");
    pair.push(&["main"]).has_status(1).says("b:1:6");
}

/// On a server that each user logs in to, the home directory is that of the user who pushes.
#[test]
fn the_file_of_the_user_who_pushes_does_not_count() {
    let pair = Pair::guarded();
    let folder = pair.repo.sandbox().home().join(".config/keysieve");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), ALLOW_ALL).unwrap();
    pair.repo.add("a", seeded_id_line(1)).commit("second");
    pair.repo.keysieve(["audit"]).status(0);
    pair.push(&["main"]).has_status(1).says("a:1:6");
    fs::write(pair.server.join(".keysieve.toml"), "").unwrap();
    pair.push(&["main"]).has_status(1).says("a:1:6");
}
