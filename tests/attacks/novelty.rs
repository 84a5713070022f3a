//! A value counts as known only if the trusted base held it in a file that was scanned and that no
//! exemption let pass. Each test moves a new key past that rule.

use std::fs;

use crate::support::keys::access_key_id;
use crate::support::{Ran, Repo};

fn key(seed: u64) -> String {
    format!("aws_access_key_id = {}\n", access_key_id(seed))
}

/// A repository with one commit, and its id.
fn started() -> (Repo, String) {
    let repo = Repo::new();
    let base = repo.add("readme.txt", "hello\n").commit("first");
    (repo, base)
}

fn gate(repo: &Repo, base: &str) -> Ran {
    repo.keysieve(["gate", "--strict", &format!("{base}..HEAD")])
        .run()
}

fn staged(repo: &Repo) -> Ran {
    repo.keysieve(["staged"]).run()
}

/// Stages an entry without a working file.
fn cache(repo: &Repo, mode: &str, id: &str, path: &str) {
    repo.git([
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("{mode},{id},{path}"),
    ]);
}

fn blob(repo: &Repo, text: &str) -> String {
    let ran = repo
        .program("git")
        .args(["hash-object", "-w", "--stdin"])
        .stdin(text)
        .status(0);
    ran.stdout().trim().to_owned()
}

/// A submodule entry that names the blob of a key, then a file with that id.
#[test]
fn a_gitlink_does_not_make_its_id_known() {
    let (repo, base) = started();
    let id = blob(&repo, &key(1));
    cache(&repo, "160000", &id, "a.env");
    repo.commit("a submodule");
    repo.git(["rm", "--quiet", "--cached", "a.env"]);
    cache(&repo, "100644", &id, "a.env");
    staged(&repo).has_status(1).says("a.env");
    repo.commit("a file");
    // The entry itself is refused.
    gate(&repo, &base).has_status(2).says("a.env:1");
}

/// The same with the entry at another path, which the rename search would pair.
#[test]
fn a_gitlink_is_not_renamed_to_a_file() {
    let (repo, base) = started();
    let id = blob(&repo, &key(2));
    cache(&repo, "160000", &id, "vendor");
    repo.commit("a submodule");
    repo.git(["rm", "--quiet", "--cached", "vendor"]);
    cache(&repo, "100644", &id, "a.env");
    staged(&repo).has_status(1).says("a.env");
    repo.commit("a file");
    // The entry itself is refused.
    gate(&repo, &base).has_status(2).says("a.env:1");
}

const ALLOW_TESTS: &str = "[[allow]]\npath = \"tests/**\"\nreason = \"fixtures\"\n";

/// A key under an allowed path, then moved out of it.
#[test]
fn a_move_out_of_an_allowed_path_is_scanned() {
    let (repo, _) = started();
    let base = repo.add(".keysieve.toml", ALLOW_TESTS).commit("policy");
    repo.add("tests/a.env", key(3)).commit("a fixture");
    gate(&repo, &base).has_status(0);
    repo.git(["mv", "tests/a.env", "prod.env"]);
    staged(&repo).has_status(1).says("prod.env");
    repo.commit("moved");
    gate(&repo, &base).has_status(1).says("prod.env");
}

/// The same key in a copied file, while the fixture stays.
#[test]
fn a_copy_out_of_an_allowed_path_is_scanned() {
    let (repo, _) = started();
    let base = repo.add(".keysieve.toml", ALLOW_TESTS).commit("policy");
    let fixture = repo.add("tests/a.env", key(4)).commit("a fixture");
    repo.add("prod.env", key(4)).commit("copied");
    gate(&repo, &base).has_status(1).says("prod.env");
    gate(&repo, &fixture).has_status(1).says("prod.env");
}

/// A key with an inline marker, then without.
#[test]
fn a_marker_that_is_removed_leaves_a_finding() {
    let (repo, base) = started();
    let line = key(5);
    repo.add(
        "a.env",
        format!("{} # keysieve:allow a fixture\n", line.trim_end()),
    );
    repo.commit("a key with a marker");
    repo.add("a.env", &line);
    staged(&repo).has_status(1).says("a.env");
    repo.commit("no marker");
    gate(&repo, &base).has_status(1).says("a.env");
}

/// `--strict`, which ignores markers, takes a marked key of the base for known: without its marker,
/// or in another file with a marker that the change adds.
#[test]
fn strict_knows_a_marked_key_only_where_it_is_marked() {
    let (repo, _) = started();
    let line = key(15).trim_end().to_owned();
    let marked = format!("{line} # keysieve:allow a fixture\n");
    let base = repo.add("a.env", &marked).commit("a marked key");
    let strict = || {
        let range = format!("{base}..HEAD");
        repo.keysieve(["gate", "--strict", &range]).run()
    };
    repo.add("a.env", format!("# more\n{marked}"))
        .commit("still marked");
    strict().has_status(0);
    repo.git(["reset", "--quiet", "--hard", &base]);
    repo.add("a.env", format!("{line}\n")).commit("no marker");
    strict().has_status(1).says("a.env");
    for text in [format!("{line}\n"), marked] {
        repo.git(["reset", "--quiet", "--hard", &base]);
        repo.git(["rm", "--quiet", "a.env"]);
        repo.add("prod.env", format!("{}{text}", "x = 1\n".repeat(99)))
            .commit("in another file");
        strict().has_status(1).says("prod.env");
    }
}

/// A key in a file above `max-size`, which is then cut below it.
#[test]
fn a_file_that_shrinks_below_the_limit_is_scanned_anew() {
    let (repo, _) = started();
    let base = repo
        .add(".keysieve.toml", "max-size = \"1KiB\"\n")
        .commit("policy");
    repo.add("a.env", format!("{}{}", key(6), "# padding\n".repeat(200)));
    repo.commit("large");
    repo.add("a.env", key(6));
    staged(&repo).has_status(1).says("a.env");
    repo.commit("small");
    gate(&repo, &base).has_status(1).says("a.env");
}

/// A symbolic link whose target is a key, then a file with the same content.
#[test]
fn a_link_that_becomes_a_file_is_still_reported_once() {
    let (repo, base) = started();
    let id = blob(&repo, &key(7));
    cache(&repo, "120000", &id, "a.env");
    repo.commit("a link");
    gate(&repo, &base).has_status(1);
    fs::write(repo.path("a.env"), key(7)).expect("a file");
    repo.stage("a.env");
    repo.commit("a file");
    gate(&repo, &base).has_status(1).says("a.env");
}

/// What was in the trusted base, scanned and exempted by nothing, stays known when it moves.
#[test]
fn an_old_key_that_moves_is_still_known() {
    let (repo, _) = started();
    let base = repo.add("old.env", key(8)).commit("an old key");
    repo.git(["mv", "old.env", "new.env"]);
    staged(&repo).has_status(0);
    repo.commit("moved");
    gate(&repo, &base).has_status(0);
}

/// A key is added where its path makes it less sure, so that it does not block, and moves on.
#[test]
fn a_key_that_leaves_the_tests_is_new() {
    let key = ["kP3v8Qz1", "Xy7Lm2Nw9Rt5Bc4D"].concat();
    let line = format!("api_key = \"{key}\"\n");
    let repo = Repo::new();
    let base = repo.add("a.txt", "a\n").commit("first");
    repo.add("tests/a.ini", &line);
    let detail = "its path is of tests, examples, documentation or generated files";
    let grade = |report: &serde_json::Value| {
        let finding = &report["findings"][0];
        assert_eq!(finding["rule"], "generic-api-key", "{report}");
        assert_eq!(finding["details"]["graded_lower"], detail, "{report}");
        assert_eq!(finding["confidence"], "low", "{report}");
    };
    grade(&repo.keysieve(["staged", "-f", "json"]).status(0).json());
    let added = repo.commit("a test");
    for words in [
        &["scan", "-f", "json"][..],
        &["audit", "-f", "json"],
        &["gate", "-f", "json", &format!("{base}..HEAD")],
    ] {
        grade(&repo.keysieve(words).status(0).json());
    }
    repo.git(["mv", "tests/a.ini", "prod.ini"]);
    repo.keysieve(["staged"]).status(1).says("prod.ini");
    repo.commit("a move");
    for range in [format!("{added}..HEAD"), format!("{base}..HEAD")] {
        repo.keysieve(["gate", &range]).status(1).says("prod.ini");
    }
    let audit = repo.keysieve(["audit", "-f", "json"]).status(1).json();
    assert_eq!(audit["findings"][0]["confidence"], "medium", "{audit}");
}

/// A secret is committed in a documentation comment, which grades it lower, and then moves out.
#[test]
fn what_documentation_graded_lower_is_new_outside_of_it() {
    let repo = Repo::new();
    let base = repo.add("readme.txt", "hello\n").commit("first");
    let line = format!(
        "let api_key = \"{}\";\n",
        ["kP3v8Qz1Xy7Lm2", "Nw9Rt5Bc4D"].concat()
    );
    repo.add("src/a.rs", format!("/// {line}"));
    staged(&repo).has_status(0).says("documentation");
    repo.commit("documentation");
    repo.add("src/a.rs", line);
    staged(&repo).has_status(1).says("generic-api-key");
    repo.commit("code");
    gate(&repo, &base).has_status(1).says("generic-api-key");
}
