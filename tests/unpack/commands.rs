//! A secret in an archive is found at the same place by every command.

use serde_json::Value;

use super::{NESTED, finds, json, nested, paths, tar_gz};
use crate::support::Repo;
use crate::support::archive::{gzip, tar, zip};
use crate::support::keys::{access_key_id, seeded_id_line};

/// Rule, path, line and column of each finding.
fn places(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let key = |found: &Value| ["rule", "path", "line", "column"].map(|key| found[key].to_string());
    findings.map(|found| key(found).join(" ")).collect()
}

/// Archives of several kinds, with a key in each.
fn archives() -> Repo {
    let repo = Repo::new();
    let line = |seed| seeded_id_line(seed);
    repo.add("readme", "nothing\n").commit("first");
    repo.add("dist/a.zip", nested(10))
        .add("b.tar", tar(&[("src/main.rs", line(11).as_bytes())]))
        .add("c.tgz", tar_gz(&[("one", "1\n"), ("two", &line(12))]))
        .add("d.gz", gzip(line(13).as_bytes()));
    repo
}

#[test]
fn every_command_finds_the_same() {
    let repo = archives();
    let staged = json(&repo, &["staged"]).status(1);
    let expected = [
        "b.tar!src/main.rs",
        "c.tgz!x.tar!two",
        "d.gz!content",
        &format!("dist/a.zip{NESTED}"),
    ];
    finds(&staged, &expected);
    let staged = staged.json();
    let seen = places(&staged);
    assert!(seen[3].ends_with(" 3 6"), "{}", seen[3]);
    let scanned = json(&repo, &["scan"]).status(1);
    assert_eq!(places(&scanned.json()), seen);
    repo.commit("archives");
    let gated = json(&repo, &["gate", "HEAD~1..HEAD"]).status(1);
    assert_eq!(places(&gated.json()), seen);
    for seed in 10..14 {
        gated.never_says(&access_key_id(seed));
    }
    repo.git(["repack", "-adq"]);
    // Without a cache, with an empty one, and with what the second audit cached.
    for options in [&["--no-cache"][..], &[], &[]] {
        let audited = json(&repo, &["audit"]).args(options).status(1);
        assert_eq!(places(&audited.json()), seen, "{options:?}");
        let history = &audited.json()["findings"][3]["history"]["places"][0];
        assert_eq!(history["inside"], NESTED[1..]);
        assert_eq!(history["paths"][0], "dist/a.zip");
    }
}

#[test]
fn a_push_is_refused() {
    let repo = Repo::new();
    repo.add("readme", "nothing\n").commit("first");
    let server = repo.sandbox().root().join("server.git");
    let server = server.to_str().unwrap();
    repo.git(["init", "--quiet", "--bare", server]);
    repo.git(["remote", "add", "origin", server]);
    repo.git(["push", "--quiet", "origin", "main"]);
    repo.keysieve(["hook", "install"]).status(0);
    repo.add("a.zip", nested(20)).commit("an archive");
    repo.try_git(["push", "origin", "main"])
        .has_status(1)
        .says(&format!("a.zip{NESTED}:3:6"));
    let staged = repo.add("b.zip", nested(21));
    staged
        .try_git(["commit", "-m", "another"])
        .has_status(1)
        .says(&format!("b.zip{NESTED}:3:6"));
}

#[test]
fn standard_input_is_unpacked() {
    let repo = Repo::new();
    let ran = repo
        .keysieve(["scan", "-", "--format", "json"])
        .stdin(nested(30))
        .status(1);
    finds(&ran, &[&format!("<stdin>{NESTED}")]);
}

#[test]
fn files_of_git_lfs_are_unpacked() {
    let repo = Repo::new();
    let id = "ab".repeat(32);
    let path = format!(".git/lfs/objects/ab/ab/{id}");
    repo.write(path, nested(31)).add("a", "a\n").commit("first");
    let ran = json(&repo, &["audit", "--no-cache"]).run();
    let found = paths(&ran.json(), "findings");
    assert!(found[0].ends_with(NESTED), "{found:?}");
}

/// More than one part of a file: as an entry, and as a container that cannot be compressed.
#[test]
fn large_entries_and_large_containers_are_searched() {
    const PART: usize = 8 << 20;
    let repo = Repo::new();
    let filler = b"nothing to see in this line of the file, nothing at all in here\n";
    let mut text = filler.repeat(PART / 64 * 5 / 4);
    let end = text.len();
    text.extend_from_slice(seeded_id_line(40).as_bytes());
    repo.add("entry.zip", zip(&[("large.log", &text)]));
    // What xorshift gives cannot be compressed, and has no key.
    let mut state = 1_u64;
    let mut random = Vec::with_capacity(end);
    while random.len() < end {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        random.extend_from_slice(&state.to_le_bytes());
    }
    let line = seeded_id_line(41);
    let large = zip(&[("random", &random), ("key.ini", line.as_bytes())]);
    assert!(large.len() > PART);
    repo.add("large.zip", large);
    let expected = ["entry.zip!large.log", "large.zip!key.ini"];
    for command in ["scan", "staged"] {
        let ran = json(&repo, &[command]).status(1);
        finds(&ran, &expected);
        let line = &ran.json()["findings"][0]["line"];
        assert_eq!(*line, end / 64 + 1);
    }
    repo.commit("large");
    for options in [&["--no-cache"][..], &[], &[]] {
        finds(&json(&repo, &["audit"]).args(options).status(1), &expected);
    }
}
