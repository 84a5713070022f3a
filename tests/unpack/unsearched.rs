//! What cannot be searched in an archive makes a scan incomplete, unless the policy accepts it.

use super::{json, nested, paths};
use crate::support::Repo;
use crate::support::archive::{Entry, Method, gzip, tar, zip_of};
use crate::support::keys::seeded_id_line;

/// A zip with an entry that is encrypted, and one that is not.
fn encrypted(text: &[u8]) -> Vec<u8> {
    let entry = |name, content, method| Entry {
        name,
        content,
        method,
    };
    zip_of(&[
        entry("secret.txt", b"what no one can read", Method::Encrypted),
        entry("plain.txt", text, Method::Deflated),
    ])
}

/// Expects this path among the skips of every command, and this status.
#[track_caller]
fn skips(repo: &Repo, expected: &str, is_failure: bool) {
    let status = if is_failure { 2 } else { 0 };
    let check = |args: &[&str]| {
        let ran = json(repo, args).status(status);
        let report = ran.json();
        assert_eq!(paths(&report, "skipped"), [expected], "{args:?}");
        assert_eq!(report["skipped"][0]["failure"], is_failure, "{args:?}");
        report["skipped"][0]["reason"].clone()
    };
    let reason = check(&["scan"]);
    assert_eq!(check(&["staged"]), reason);
    repo.commit("an archive");
    assert_eq!(check(&["gate", "HEAD~1..HEAD", "--policy", "head"]), reason);
    repo.git(["repack", "-adq"]);
    for options in [&["audit", "--no-cache"][..], &["audit"], &["audit"]] {
        assert_eq!(check(options), reason);
    }
}

fn started() -> Repo {
    let repo = Repo::new();
    repo.add("readme", "nothing\n").commit("first");
    repo
}

#[test]
fn an_encrypted_entry_makes_every_command_incomplete() {
    let repo = started();
    repo.add("dist/a.zip", encrypted(b"nothing\n"));
    skips(&repo, "dist/a.zip!secret.txt", true);
}

#[test]
fn a_truncated_archive_makes_every_command_incomplete() {
    let repo = started();
    let archive = gzip(b"nothing at all, nothing at all, nothing at all\n");
    repo.add("a.gz", &archive[..archive.len() - 12]);
    skips(&repo, "a.gz", true);
}

#[test]
fn the_policy_can_accept_it_for_a_path() {
    let repo = started();
    repo.add(
        ".keysieve.toml",
        "[[allow]]\npath = 'dist/*.zip'\nreason = 'not our password'\n",
    );
    repo.commit("a policy");
    repo.add("dist/a.zip", encrypted(b"nothing\n"));
    skips(&repo, "dist/a.zip!secret.txt", false);
    let ran = repo.keysieve(["scan", "--unused"]).status(0);
    ran.says("[[allow]] entry 1 accepts that")
        .never_says("allows nothing");
}

#[test]
fn other_entries_of_the_policy_do_not_accept_it() {
    for condition in [
        "path = 'other/'",
        "path = 'secret.txt'",
        "path = 'dist/'\nrule = 'private-key'",
        "path = 'dist/'\npattern = 'A'",
        "rule = 'private-key'",
    ] {
        let repo = started();
        let text = format!("[[allow]]\n{condition}\nreason = 'r'\n");
        repo.add(".keysieve.toml", text).commit("a policy");
        repo.add("dist/a.zip", encrypted(b"nothing\n"));
        skips(&repo, "dist/a.zip!secret.txt", true);
    }
}

/// Findings in the rest are reported as well, and an audit knows all paths of a blob.
#[test]
fn what_can_be_read_is_searched() {
    let repo = started();
    let archive = encrypted(seeded_id_line(300).as_bytes());
    repo.add("one/a.zip", &archive).add("two/a.zip", &archive);
    repo.add(
        ".keysieve.toml",
        "[[allow]]\npath = 'one/'\nreason = 'not our password'\n",
    );
    for command in ["scan", "staged"] {
        let report = json(&repo, &[command]).status(2).json();
        assert_eq!(paths(&report, "findings"), ["two/a.zip!plain.txt"]);
        let skipped = ["one/a.zip!secret.txt", "two/a.zip!secret.txt"];
        assert_eq!(paths(&report, "skipped"), skipped);
        assert_eq!(report["skipped"][0]["failure"], false);
        assert_eq!(report["skipped"][1]["failure"], true);
    }
    repo.commit("both");
    let report = json(&repo, &["audit"]).status(2).json();
    assert_eq!(paths(&report, "skipped"), ["one/a.zip!secret.txt"]);
    assert_eq!(paths(&report, "findings").len(), 1);
}

#[test]
fn an_audit_skips_what_is_not_in_its_scope() {
    let repo = started();
    repo.add("a.zip", encrypted(b"nothing\n")).commit("old");
    repo.git(["rm", "--quiet", "a.zip"]);
    let since = repo.commit("removed");
    json(&repo, &["audit"]).status(2);
    json(&repo, &["audit", "--since", &since]).status(0);
}

#[test]
fn a_bomb_is_refused() {
    let zeros = vec![0; 64 << 20];
    let (inner, outer) = (gzip(&zeros), tar(&[("zeros", &[0; 1024])]));
    let bomb = gzip(&[&inner[..], &inner, &inner, &outer].concat());
    let repo = started();
    repo.add("bomb.gz", bomb);
    for args in [&["scan"][..], &["staged"]] {
        json(&repo, args).status(2).says("times its size");
    }
}

#[test]
fn explain_and_the_baseline_say_that_it_is_incomplete() {
    let repo = started();
    repo.add("a.zip", encrypted(seeded_id_line(301).as_bytes()));
    repo.keysieve(["baseline", "write"])
        .status(2)
        .says("a.zip!secret.txt");
    repo.keysieve(["explain", "a.zip"])
        .status(0)
        .says("found aws-access-token at plain.txt:1:6");
    repo.write("b.zip", nested(302));
    repo.keysieve(["explain", "b.zip!lib/b.jar!config.properties:3"])
        .status(0)
        .says("candidate AKIA******** at 3:6");
}
