//! Tests that the objects of git bundles are searched.

use super::{json, paths};
use crate::support::Repo;
use crate::support::keys::seeded_id_line;

/// A file with so many lines that git writes its next version as a delta.
fn version(seed: Option<u64>) -> String {
    let lines = (0..200).map(|number| format!("line {number} is as it was\n"));
    lines.chain(seed.map(seeded_id_line)).collect()
}

/// A repository whose history has keys in a blob, a delta, a commit and a tag.
fn source() -> Repo {
    let source = Repo::new();
    source.add("a", version(None)).commit("first");
    source.add("a", version(Some(500))).commit("second");
    source
        .add("b", seeded_id_line(501))
        .commit(&seeded_id_line(502));
    source.git(["tag", "-a", "v1", "-m", &seeded_id_line(503)]);
    source
}

#[test]
fn what_a_bundle_has_is_found_in_every_command() {
    let source = source();
    let repo = Repo::new();
    let bundle = repo.path("a.bundle");
    source.git(["bundle", "create", bundle.to_str().unwrap(), "--all"]);
    repo.add("other", "nothing\n").commit("first");
    let mut expected = vec![
        format!("a.bundle!blob {}", source.git(["rev-parse", "v1:a"])),
        format!("a.bundle!blob {}", source.git(["rev-parse", "v1:b"])),
        format!(
            "a.bundle!commit {}",
            source.git(["rev-parse", "v1^{commit}"])
        ),
        format!("a.bundle!tag {}", source.git(["rev-parse", "v1"])),
    ];
    expected.sort();
    repo.git(["add", "a.bundle"]);
    for args in [&["scan"][..], &["staged"]] {
        let ran = json(&repo, args).status(1);
        let mut found = paths(&ran.json(), "findings");
        found.sort();
        assert_eq!(found, expected, "{args:?}");
    }
    repo.commit("second");
    let found = paths(
        &json(&repo, &["audit", "--no-cache"]).status(1).json(),
        "findings",
    );
    assert_eq!(found.len(), 4);
}

#[test]
fn a_bundle_that_needs_other_objects_is_incomplete() {
    let source = source();
    let repo = Repo::new();
    let bundle = repo.path("a.bundle");
    source.git([
        "bundle",
        "create",
        bundle.to_str().unwrap(),
        "HEAD~2..HEAD",
        "HEAD",
    ]);
    let ran = json(&repo, &["scan"]).status(2);
    let report = ran.json();
    assert!(!paths(&report, "skipped").is_empty());
    ran.says("is a delta of an object that the bundle does not have");
    // The rest of it is searched.
    assert!(paths(&report, "findings").len() > 1);
}
