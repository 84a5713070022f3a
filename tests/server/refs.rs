//! Pushes of other refs than branches: tags, trees, blobs, ref names, deletions, rewritten history.

use super::pair::Pair;
use crate::support::keys::{access_key_id, seeded_id_line};

#[test]
fn deleting_a_ref_scans_nothing() {
    let pair = Pair::new();
    pair.repo
        .add("a", seeded_id_line(1))
        .commit("before the hook");
    pair.repo.git(["push", "--quiet", "origin", "main:topic"]);
    let pair = pair.guard(&[]);
    pair.push(&[":topic"]).has_status(0);
    assert_eq!(pair.on_server("topic"), "");
}

#[test]
fn a_forced_push_is_scanned_for_what_is_new() {
    let pair = Pair::guarded();
    pair.repo.add("a", "one\n").commit("second");
    pair.push(&["main"]).has_status(0);
    pair.repo
        .add("a", seeded_id_line(1))
        .git(["commit", "--quiet", "--amend", "--no-edit"]);
    pair.push(&["--force", "main"]).has_status(1).says("a:1:6");
    pair.repo
        .add("a", "two\n")
        .git(["commit", "--quiet", "--amend", "--no-edit"]);
    pair.push(&["--force", "main"]).has_status(0);
}

#[test]
fn tags_are_scanned_with_their_messages_and_commits() {
    let pair = Pair::guarded();
    pair.repo.git(["tag", "v1"]);
    pair.repo
        .git(["tag", "--annotate", "v2", "--message", "second"]);
    pair.push(&["v1", "v2"]).has_status(0);
    pair.repo.git([
        "tag",
        "--annotate",
        "bad",
        "--message",
        &format!("the key is {}", access_key_id(1)),
    ]);
    pair.push(&["bad"])
        .has_status(1)
        .says("bad:")
        .never_says(&access_key_id(1));
    // A tag of a tag of a commit that the server does not have.
    pair.repo.add("a", seeded_id_line(2)).commit("second");
    pair.repo
        .git(["tag", "--annotate", "inner", "--message", "inner"]);
    pair.repo
        .git(["tag", "--annotate", "outer", "inner", "--message", "outer"]);
    pair.push(&["outer"]).has_status(1).says("a:1:6");
}

#[test]
fn a_ref_to_a_blob_or_a_tree_is_scanned() {
    let pair = Pair::guarded();
    pair.repo
        .add("deep/a", seeded_id_line(1))
        .add("deep/b", "clean\n");
    let tree = pair.repo.git(["write-tree"]);
    let blob = pair.repo.git(["rev-parse", &format!("{tree}:deep/a")]);
    let clean = pair.repo.git(["rev-parse", &format!("{tree}:deep/b")]);
    pair.push(&[&format!("{clean}:refs/tags/clean")])
        .has_status(0);
    pair.push(&[&format!("{blob}:refs/tags/blob")])
        .has_status(1)
        .says("refs/tags/blob:1:6");
    pair.push(&[&format!("{tree}:refs/tags/tree")])
        .has_status(1)
        .says("refs/tags/tree:deep/a:1:6");
}

#[test]
fn a_key_in_a_ref_name_is_found_and_masked() {
    let pair = Pair::guarded();
    let name = access_key_id(1);
    let pushed = pair.push(&[&format!("main:refs/heads/topic-{name}")]);
    pushed.has_status(1);
    let of_keysieve = pushed.text();
    let lines = of_keysieve
        .lines()
        .filter(|line| line.starts_with("remote: "));
    assert!(
        lines.clone().any(|line| line.contains("refs/heads/topic-")),
        "{of_keysieve}"
    );
    assert!(
        lines.clone().all(|line| !line.contains(&name)),
        "{of_keysieve}"
    );
}
