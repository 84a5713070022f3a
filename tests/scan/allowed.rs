//! Tests allow entries in the configuration and inline markers.

use serde_json::Value;

use super::{key, outside, there};
use crate::support::keys::{access_key_id, secret_access_key};
use crate::support::{Repo, Run};

fn report(repo: &Repo, args: &[&str]) -> Value {
    repo.keysieve(["scan", "-f", "json"])
        .args(args)
        .run()
        .json()
}

fn count(report: &Value, of: &str) -> usize {
    report[of].as_array().unwrap().len()
}

fn fingerprint(report: &Value) -> String {
    report["findings"][0]["fingerprint"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn an_allow_entry_is_listed_and_reported_when_it_is_unused() {
    let repo = Repo::new();
    repo.write("a", key(1));
    let print = fingerprint(&report(&repo, &[]));
    repo.keysieve(["allow", &print, "--reason", "a fixture"])
        .status(0)
        .says(".keysieve.toml");
    repo.keysieve(["scan"])
        .status(0)
        .says("1 allowed")
        .never_says("a fixture");
    let ran = repo.keysieve(["scan", "--show-allowed"]).status(0);
    ran.says("a:1:21 aws-access-token, by [[allow]] entry 1: a fixture")
        .never_says(&access_key_id(1));
    assert_eq!(count(&report(&repo, &["--unused"]), "unused"), 0);
    repo.write("a", "clean\n");
    repo.keysieve(["scan", "--unused"])
        .status(0)
        .says("[[allow]] entry 1 allows nothing: a fixture");
    assert_eq!(report(&repo, &["--unused"])["unused"][0]["number"], 1);
}

#[test]
fn an_allow_entry_follows_its_value_and_allows_no_other_on_the_line() {
    let repo = Repo::new();
    repo.write("a", key(1));
    let print = fingerprint(&report(&repo, &[]));
    repo.keysieve(["allow", &print, "--reason", "r"]).status(0);
    repo.write("a", "")
        .write("elsewhere/b", format!("\n\n{}", key(1)));
    repo.keysieve(["scan"]).status(0);
    repo.write(
        "elsewhere/b",
        format!("{} {}", key(1).trim_end(), access_key_id(2)),
    );
    let report = report(&repo, &[]);
    assert_eq!(
        (count(&report, "findings"), count(&report, "allowed")),
        (1, 1)
    );
}

#[test]
fn allow_entries_apply_to_staged_files() {
    let repo = Repo::new();
    repo.add("a", key(1));
    let print = fingerprint(&repo.keysieve(["staged", "-f", "json"]).status(1).json());
    repo.keysieve(["allow", &print, "--reason", "r"]).status(0);
    repo.keysieve(["staged"]).status(0);
}

#[test]
fn a_pair_has_a_fingerprint_of_its_own() {
    let repo = Repo::new();
    repo.write("a", super::pair(1));
    let pair = fingerprint(&report(&repo, &[]));
    repo.keysieve(["allow", &pair, "--reason", "r"]).status(0);
    repo.keysieve(["scan"]).status(0);
    repo.write("a", key(1));
    repo.keysieve(["scan"]).status(1);
}

#[test]
fn allow_writes_to_the_root_from_a_subfolder() {
    let repo = Repo::new();
    repo.write("sub/a", key(1));
    let print = fingerprint(&report(&repo, &[]));
    Run::new(Run::KEYSIEVE, &repo.path("sub"), repo.sandbox())
        .args(["allow", &print, "--reason", "r"])
        .status(0);
    assert!(repo.path(".keysieve.toml").exists() && !repo.path("sub/.keysieve.toml").exists());
}

#[test]
fn allow_requires_a_fingerprint_and_a_reason() {
    let repo = Repo::new();
    repo.keysieve(["allow", &access_key_id(1), "--reason", "r"])
        .status(2)
        .never_says(&access_key_id(1));
    repo.keysieve(["allow", &"ab".repeat(16)]).status(2);
    repo.keysieve(["allow", &"ab".repeat(16), "--reason", ""])
        .status(2);
    repo.keysieve([
        "allow",
        &"ab".repeat(16),
        "--reason",
        "r",
        "--until",
        "2001-01-01",
    ])
    .status(2);
    assert!(!repo.path(".keysieve.toml").exists());
}

#[test]
fn an_entry_expires_after_its_last_day() {
    let repo = Repo::new();
    let entry = |day: &str| {
        format!("[[allow]]\nrule = \"aws-access-token\"\nreason = \"old\"\nuntil = {day}\n")
    };
    repo.write("a", key(1))
        .write(".keysieve.toml", entry("2999-12-31"));
    repo.keysieve(["scan"]).status(0);
    repo.write(".keysieve.toml", entry("2001-01-31"));
    repo.keysieve(["scan"])
        .status(1)
        .says("entry 1 expired on 2001-01-31: old");
}

#[test]
fn an_entry_by_path_applies_from_every_folder() {
    let repo = Repo::new();
    repo.write("sub/deep/a", key(1));
    repo.write(
        ".keysieve.toml",
        "[[allow]]\npath = \"/sub/deep/\"\nreason = \"fixtures\"\n",
    );
    repo.keysieve(["scan"]).status(0);
    repo.keysieve(["scan", "sub/deep/a"]).status(0);
    repo.keysieve(["scan", "./sub/../sub"]).status(0);
    let from = |folder: &str| Run::new(Run::KEYSIEVE, &repo.path(folder), repo.sandbox());
    from("sub").args(["scan"]).status(0);
    from("sub/deep").args(["scan", "a"]).status(0);
    from("sub/deep").args(["scan", "../.."]).status(0);
    from("sub")
        .args(["scan", repo.path("sub").to_str().unwrap()])
        .status(0);
    repo.write("sub/other", key(2));
    from("sub/deep").args(["scan", ".."]).status(1);
    repo.stage("sub/deep/a");
    repo.keysieve(["staged"]).status(0);
}

#[test]
fn entries_by_rule_and_pattern() {
    let repo = Repo::new();
    repo.write("a", key(1)).write("b", secret_access_key(2));
    let id = access_key_id(1);
    let entry = format!(
        "[[allow]]\npattern = '^{}'\nrule = \"aws-access-token\"\nreason = \"r\"\n",
        &id[..8]
    );
    repo.write(".keysieve.toml", entry);
    assert_eq!(count(&report(&repo, &[]), "allowed"), 1);
    assert_eq!(report(&repo, &[])["findings"][0]["path"], "b");
}

/// Whether a file with this text passes; `§` is replaced by a key.
fn passes(text: &str) -> bool {
    let sandbox = outside("a", text.replace('§', &access_key_id(1)));
    let ran = there(&sandbox, &["scan"]).run();
    match ran.code() {
        Some(0) => true,
        Some(1) => false,
        _ => ran.fail("expected exit status 0 or 1"),
    }
}

#[test]
fn markers_of_every_tool_allow_their_line() {
    for marker in [
        "keysieve:allow",
        "keysieve:allow aws-access-token a fixture",
        "keysieve:allow a fixture",
        "gitleaks:allow",
        "betterleaks:allow",
        "trufflehog:ignore",
        "kingfisher:ignore",
        "pragma: allowlist secret",
        "pragma: whitelist secret",
        "ggignore",
        "secretlint-disable-line",
    ] {
        assert!(passes(&format!("x = '§' # {marker}\n")), "{marker}");
        assert!(
            !passes(&format!("x = '§'\ny = 1 # {marker}\n")),
            "{marker} on the line after"
        );
        assert!(
            !passes(&format!("y = 1 # {marker}\nx = '§'\n")),
            "{marker} on the line before"
        );
        assert!(
            !passes(&format!("x = '§' # no{marker}\n")),
            "{marker} within a word"
        );
    }
}

#[test]
fn markers_for_the_next_line_allow_it() {
    for marker in [
        "keysieve:allow",
        "kingfisher:ignore",
        "pragma: allowlist nextline secret",
        "secretlint-disable-next-line",
    ] {
        assert!(passes(&format!("# {marker}\nx = '§'\n")), "{marker}");
        assert!(
            !passes(&format!("# {marker}\n\nx = '§'\n")),
            "{marker}, two lines on"
        );
    }
}

#[test]
fn a_marker_for_another_rule_allows_nothing() {
    assert!(!passes("x = '§' # keysieve:allow aws-session-token\n"));
    assert!(!passes(
        "x = '§' # secretlint-disable-line @secretlint/secretlint-rule-slack\n"
    ));
    assert!(passes(
        "x = '§' # secretlint-disable-line @secretlint/secretlint-rule-aws\n"
    ));
}

#[test]
fn a_marker_does_not_hide_a_key_on_another_line() {
    let text = format!(
        "{} # keysieve:allow\n{}# gitleaks:allow\n{}",
        key(1).trim_end(),
        key(2),
        key(3)
    );
    let sandbox = outside("a", text);
    let ran = there(&sandbox, &["scan", "-f", "json", "--show-allowed"]).status(1);
    assert_eq!(
        ran.json()["findings"].as_array().unwrap().len(),
        2,
        "{}",
        ran.text()
    );
    assert_eq!(ran.json()["allowed"][0]["by"]["word"], "keysieve:allow");
}

#[test]
fn a_marker_on_one_half_of_a_pair_does_not_allow_both() {
    let (id, secret) = (access_key_id(1), secret_access_key(1));
    let status = |text: String| there(&outside("a", text), &["scan"]).run().code();
    assert_eq!(
        status(format!("id = {id} # keysieve:allow\n\nsecret = {secret}\n")),
        Some(1)
    );
    assert_eq!(
        status(format!("id = {id}\n\nsecret = {secret} # keysieve:allow\n")),
        Some(1)
    );
    let both = format!("id = {id} # keysieve:allow\n\nsecret = {secret} # keysieve:allow\n");
    assert_eq!(status(both), Some(0));
    assert_eq!(status(format!("{id} {secret} # keysieve:allow\n")), Some(0));
}
