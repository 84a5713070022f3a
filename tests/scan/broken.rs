//! Checks that what cannot be read exits 2 and says why.

use super::{key, outside, there};
use crate::support::Repo;

#[test]
fn a_path_that_does_not_exist() {
    let sandbox = outside("a", key(1));
    let ran = there(&sandbox, &["scan", "-f", "json", "nowhere", "a"]).status(2);
    assert_eq!(ran.json()["skipped"][0]["path"], "nowhere");
    assert_eq!(
        ran.json()["findings"].as_array().unwrap().len(),
        1,
        "the rest is scanned"
    );
    there(&sandbox, &["scan", "nowhere"])
        .status(2)
        .says("INCOMPLETE")
        .says("nowhere: cannot be read");
    there(&sandbox, &["scan", "no/where"]).status(2);
    there(&sandbox, &["scan", "a/b"]).status(2);
}

#[test]
fn a_damaged_index() {
    let repo = Repo::new();
    repo.add("a", "clean\n").commit("first");
    repo.write(".git/index", "no index at all");
    let ran = repo.keysieve(["scan"]).status(2);
    assert!(ran.stderr().contains("index"), "{}", ran.text());
    repo.keysieve(["staged"]).status(2);
}

#[test]
fn a_damaged_repository() {
    let repo = Repo::new();
    repo.write(".git/config", "[core\n");
    assert!(
        repo.keysieve(["scan"])
            .status(2)
            .stderr()
            .contains("cannot be opened")
    );
}

#[test]
fn a_configuration_that_is_not_toml() {
    let repo = Repo::new();
    repo.write(".keysieve.toml", "report = \"low\"\nblock = \n");
    assert!(
        repo.keysieve(["scan"])
            .status(2)
            .stderr()
            .contains(".keysieve.toml:2: ")
    );
    repo.keysieve(["staged"])
        .status(2)
        .says(".keysieve.toml:2: ");
}

#[test]
fn an_unknown_key_in_the_configuration() {
    let repo = Repo::new();
    repo.write(".keysieve.toml", "# ours\n\nreprot = \"low\"\n");
    let ran = repo.keysieve(["scan"]).status(2);
    assert!(
        ran.stderr()
            .contains(".keysieve.toml:3: unknown field, expected one of `report`"),
        "{}",
        ran.text()
    );
    assert!(ran.stdout().is_empty());
}

#[test]
fn invalid_values_in_the_configuration() {
    for (text, line) in [
        ("report = \"some\"", 1),
        ("\nblock = 3", 2),
        ("max-size = \"big\"", 1),
        ("[[allow]]\nvalue = \"abc\"\nreason = \"r\"", 1),
        ("[[allow]]\nrule = \"aws-access-token\"", 1),
        ("[[allow]]\nreason = \"r\"", 1),
        ("[[allow]]\nrule = \"no-such-rule\"\nreason = \"r\"", 1),
        ("[[allow]]\npattern = '('\nreason = \"r\"", 1),
        (
            "\n\n[[allow]]\nrule = \"aws-access-token\"\nreason = \"r\"\nuntil = \"soon\"",
            6,
        ),
        (
            "[[allow]]\nrule = \"aws-access-token\"\nreason = \"r\"\nowner = \"x\"",
            4,
        ),
    ] {
        let repo = Repo::new();
        repo.write(".keysieve.toml", text);
        let ran = repo.keysieve(["scan"]).status(2);
        assert!(
            ran.stderr().contains(&format!(".keysieve.toml:{line}: ")),
            "{text}\n{}",
            ran.text()
        );
    }
}

#[test]
fn a_missing_configuration() {
    let sandbox = outside("a", "clean\n");
    there(&sandbox, &["scan", "--config", "none.toml"])
        .status(2)
        .says("none.toml: file not found");
    there(&sandbox, &["scan"])
        .env("KEYSIEVE_CONFIG", "none.toml")
        .status(2)
        .says("none.toml");
    there(&sandbox, &["scan", "--no-config"])
        .env("KEYSIEVE_CONFIG", "none.toml")
        .status(0);
}

#[test]
fn missing_or_broken_rules() {
    let sandbox = outside(
        "rules.toml",
        "[[rule]]\nid = \"x\"\ndescription = \"d\"\nkeywords = [\"k\"]\npattern = '('\n",
    );
    there(&sandbox, &["scan", "--rules", "none.toml"])
        .status(2)
        .says("none.toml");
    let ran = there(&sandbox, &["scan", "--rules", "rules.toml"]).status(2);
    assert!(ran.stderr().contains("rules.toml"), "{}", ran.text());
    std::fs::write(sandbox.root().join("in/rules.toml"), "rule = 1\n").unwrap();
    there(&sandbox, &["scan", "--rules", "rules.toml"])
        .status(2)
        .says("rules.toml");
}

#[test]
fn rules_are_found_relative_to_the_configuration() {
    let repo = Repo::new();
    repo.write("conf/own.toml", OWN_RULE)
        .write("conf/k.toml", "rules = [\"own.toml\"]\n")
        .write("a", "OWNKEY12345678\n");
    super::finds_in(&repo, &["--config", "conf/k.toml"], &["a"]);
    repo.write("conf/k.toml", "rules = [\"gone.toml\"]\n");
    repo.keysieve(["scan", "--config", "conf/k.toml"])
        .status(2)
        .says("gone.toml");
}

const OWN_RULE: &str = "[[rule]]\nid = \"own-key\"\ndescription = \"a key of ours\"\n\
    keywords = [\"OWNKEY\"]\n\
    pattern = '(?P<secret>OWNKEY[0-9]{8})'\nconfidence = \"high\"\n\
    examples = [[\"OWN\", \"KEY12345678\"]]\n";

#[test]
fn a_threshold_that_is_not_a_confidence() {
    let sandbox = outside("a", "clean\n");
    there(&sandbox, &["scan", "--block", "never"]).status(2);
    there(&sandbox, &["scan"])
        .env("KEYSIEVE_REPORT", "all")
        .status(2);
    there(&sandbox, &["scan", "--jobs", "0"]).status(2);
    there(&sandbox, &["scan", "--format", "xml"]).status(2);
}
