//! Whatever reads a repository reports the same. The text of a commit or a tag is the raw object,
//! with the lines that git shows; a name is each component of a path.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::pair::Pair;
use crate::support::Repo;
use crate::support::keys::{access_key_id, secret_access_key};

/// Rule, line and column of a finding.
type Location = (String, u64, u64);

/// Numbered keys that stand in an object under construction.
struct Keys(u64);

impl Keys {
    fn next(&mut self) -> String {
        self.0 += 1;
        access_key_id(self.0)
    }
}

/// A commit after `parent` with a key in each of its headers, in the name of one, and in its
/// message.
fn commit_text(tree: &str, parent: &str) -> String {
    let mut keys = Keys(7100);
    let mut key = || keys.next();
    format!(
        "tree {tree}\nparent {parent}\n\
         author key {} <a@example.com> 1700000000 +0000\n\
         committer key {} <c@example.com> 1700000001 +0000\n\
         encoding {}\n\
         gpgsig -----BEGIN PGP SIGNATURE-----\n \n key {}\n -----END PGP SIGNATURE-----\n\
         gpgsig-sha256 first\n key {}\n\
         mergetag object {parent}\n type commit\n tag key {}\n \n key {}\n\
         x-unknown key {}\n\
         x-{} is the name of a header\n\
         \nsubject key {}\n\nbody key {}\n",
        key(),
        key(),
        key(),
        key(),
        key(),
        key(),
        key(),
        key(),
        key(),
        key(),
        key(),
    )
}

/// A tag of `target` with a key in its name, tagger, message and signature, and after that.
fn tag_text(target: &str) -> String {
    let mut keys = Keys(7200);
    let mut key = || keys.next();
    format!(
        "object {target}\ntype commit\ntag v1-{}\n\
         tagger key {} <t@example.com> 1700000002 +0000\n\
         \nsubject key {}\n\nbody key {}\n\
         -----BEGIN PGP SIGNATURE-----\n\nkey {}\n-----END PGP SIGNATURE-----\n\
         \nafter it key {}\n",
        key(),
        key(),
        key(),
        key(),
        key(),
        key(),
    )
}

/// Writes an object as it is.
#[track_caller]
fn write_object(repo: &Repo, kind: &str, text: &str) -> String {
    let words = ["hash-object", "-t", kind, "-w", "--literally", "--stdin"];
    let ran = repo.program("git").args(words).stdin(text).status(0);
    ran.stdout().trim().to_owned()
}

/// Where the keys are in what git shows of an object: the first key of each line.
fn expected(repo: &Repo, id: &str) -> BTreeSet<(u64, u64)> {
    let text = repo.git(["cat-file", "-p", id]);
    let prefix = ["AK", "IA"].concat();
    let columns = (1..)
        .zip(text.lines())
        .map(|(line, text)| (line, text.find(&prefix)));
    columns
        .filter_map(|(line, at)| Some((line, at? as u64 + 1)))
        .collect()
}

/// The findings of a report in a file, which must be about texts of this kind.
#[track_caller]
fn findings(report: &serde_json::Value, kind: &str) -> BTreeSet<Location> {
    let findings = report["findings"].as_array().expect("findings");
    let location = |finding: &serde_json::Value| {
        assert_eq!(finding["origin"]["kind"], kind, "{finding}");
        let number = |key: &str| finding[key].as_u64().expect("a number");
        (
            finding["rule"].to_string(),
            number("line"),
            number("column"),
        )
    };
    findings.iter().map(location).collect()
}

/// Path, rule and column of the findings of a report, which must all be in names.
#[track_caller]
fn names(report: &serde_json::Value) -> BTreeSet<(String, String, u64)> {
    let findings = report["findings"].as_array().expect("findings");
    let location = |finding: &serde_json::Value| {
        assert_eq!(finding["origin"]["kind"], "name", "{finding}");
        assert_eq!(finding["line"], 1, "{finding}");
        let column = finding["column"].as_u64().expect("a column");
        (
            finding["path"].to_string(),
            finding["rule"].to_string(),
            column,
        )
    };
    findings.iter().map(location).collect()
}

/// Pushes with a hook that writes its report to a file, and reads that.
#[track_caller]
fn pushed(pair: &Pair, words: &[&str]) -> serde_json::Value {
    let file = pair.repo.sandbox().root().join("report.json");
    let format = format!("json:{}", file.display());
    let push = pair
        .repo
        .program("git")
        .args(["push", "origin"].iter().chain(words));
    push.env("KEYSIEVE_FORMAT", format).status(1);
    let text = fs::read(&file).expect("a report of the hook");
    fs::remove_file(&file).unwrap();
    serde_json::from_slice(&text).expect("a report in JSON")
}

/// Checks that everything that reads the object `id`, which `name` leads to, reports the same.
#[track_caller]
fn is_the_same_everywhere(pair: Pair, id: &str, name: &str, kind: &str) {
    let repo = &pair.repo;
    let lines = expected(repo, id);
    let by_gate = repo.keysieve(["gate", "-f", "json", &format!("origin/main..{name}")]);
    let by_gate = findings(&by_gate.status(1).json(), kind);
    let found: BTreeSet<_> = by_gate
        .iter()
        .map(|(_, line, column)| (*line, *column))
        .collect();
    assert_eq!(found, lines, "gate, against git cat-file -p");

    repo.keysieve(["hook", "install"]).status(0);
    let by_client = pushed(&pair, &[&format!("{name}:{name}")]);
    assert_eq!(findings(&by_client, kind), by_gate, "pre-push");

    let by_audit = repo.keysieve(["audit", "-f", "json"]).status(1).json();
    assert_eq!(findings(&by_audit, kind), by_gate, "audit");

    let pair = pair.guard(&[]);
    let by_server = pushed(&pair, &["--no-verify", &format!("{name}:{name}")]);
    assert_eq!(findings(&by_server, kind), by_gate, "pre-receive");
    assert!(
        !Path::new(&pair.server).join(name).exists(),
        "the push is refused"
    );
}

#[test]
fn every_header_of_a_commit_is_searched_on_the_same_lines_everywhere() {
    let pair = Pair::new();
    let (tree, parent) = (
        pair.repo.git(["rev-parse", "HEAD^{tree}"]),
        pair.repo.git(["rev-parse", "HEAD"]),
    );
    let id = write_object(&pair.repo, "commit", &commit_text(&tree, &parent));
    assert_eq!(expected(&pair.repo, &id).len(), 11);
    pair.repo.git(["update-ref", "refs/heads/topic", &id]);
    is_the_same_everywhere(pair, &id, "refs/heads/topic", "commit-text");
}

#[test]
fn every_part_of_a_tag_is_searched_on_the_same_lines_everywhere() {
    let pair = Pair::new();
    let target = pair.repo.git(["rev-parse", "HEAD"]);
    let id = write_object(&pair.repo, "tag", &tag_text(&target));
    assert_eq!(expected(&pair.repo, &id).len(), 6);
    pair.repo.git(["update-ref", "refs/tags/v1", &id]);
    is_the_same_everywhere(pair, &id, "refs/tags/v1", "tag-text");
}

#[test]
fn a_name_gives_the_same_finding_everywhere() {
    let pair = Pair::new();
    let repo = &pair.repo;
    repo.keysieve(["hook", "install"]).status(0);
    let (folder, file) = (access_key_id(7300), access_key_id(7301));
    for path in [
        format!("a/folder-{folder}/one.txt"),
        format!("a/folder-{folder}/two.txt"),
        format!("dump-of-{file}.txt"),
    ] {
        repo.add(&path, "clean\n");
    }
    let json = |words: &[&str]| {
        repo.keysieve(words.iter().chain(&["-f", "json"]))
            .status(1)
            .json()
    };
    let by_scan = names(&json(&["scan", "."]));
    assert_eq!(by_scan.len(), 2, "{by_scan:?}");
    assert_eq!(names(&json(&["staged"])), by_scan, "staged");
    repo.commit("names");
    assert_eq!(
        names(&json(&["gate", "origin/main..HEAD"])),
        by_scan,
        "gate"
    );
    assert_eq!(names(&json(&["audit"])), by_scan, "audit");
    assert_eq!(names(&pushed(&pair, &["main"])), by_scan, "pre-push");
    let tree = format!("{}:refs/tags/tree", repo.git(["rev-parse", "HEAD^{tree}"]));
    assert_eq!(
        names(&pushed(&pair, &[&tree])),
        by_scan,
        "a tree under a ref"
    );
    let pair = pair.guard(&[]);
    assert_eq!(
        names(&pushed(&pair, &["--no-verify", "main"])),
        by_scan,
        "pre-receive"
    );
}

#[test]
fn a_secret_with_slashes_in_a_path_is_found() {
    let pair = Pair::new();
    let repo = &pair.repo;
    let secret = (7400..).map(secret_access_key).find(|secret| {
        let has_slash = secret.contains('/');
        has_slash && !secret.contains("//") && !secret.starts_with('/') && !secret.ends_with('/')
    });
    let path = format!(
        "aws_secret_access_key={}",
        secret.expect("a secret with a slash")
    );
    repo.add(&path, "clean\n");
    let found = names(&repo.keysieve(["staged", "-f", "json"]).status(1).json());
    let is_whole = |rule: &str| rule.contains("aws-secret-access-key");
    assert_eq!(
        found.iter().filter(|(_, rule, _)| is_whole(rule)).count(),
        1
    );
    repo.commit("a name");
    let gate = repo
        .keysieve(["gate", "-f", "json", "origin/main..HEAD"])
        .status(1)
        .json();
    assert_eq!(names(&gate), found);
}
