//! Checks that the policy comes from the base: the scanned commits cannot change what is ignored.

use keysieve::report::{FORMATS, Format};

use super::{gate, id_line, started};
use crate::support::keys::access_key_id;
use crate::support::{Ran, Repo};

const ALLOW_ALL: &str = "[[allow]]\npath = \"**\"\nreason = \"all of it\"\n";

/// The policy files that the report lists as changed.
fn changes(ran: &Ran) -> Vec<(String, String)> {
    let report = ran.json();
    let list = report["policy_changes"].as_array().expect("a list").clone();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    list.iter()
        .map(|change| (text(&change["path"]), text(&change["change"])))
        .collect()
}

fn range(base: &str) -> String {
    format!("{base}..HEAD")
}

#[test]
fn a_configuration_added_with_the_key_does_not_apply() {
    let (repo, base) = started();
    repo.add("app.ini", id_line(&access_key_id(1300)))
        .add(".keysieve.toml", ALLOW_ALL)
        .commit("both");
    let ran = gate(&repo, &[&range(&base)]).status(1);
    assert_eq!(
        changes(&ran),
        [(".keysieve.toml".to_owned(), "added".to_owned())]
    );
    repo.keysieve(["gate", &range(&base)])
        .status(1)
        .says("this change alters what keysieve ignores");
    let ran = gate(&repo, &[&range(&base), "--policy", "head"]).status(0);
    assert_eq!(ran.json()["allowed"].as_array().unwrap().len(), 1);
    assert_eq!(changes(&ran).len(), 1);
}

#[test]
fn a_configuration_in_the_base_applies() {
    let (repo, _) = started();
    repo.add(".keysieve.toml", ALLOW_ALL);
    let base = repo.commit("the policy");
    repo.add("app.ini", id_line(&access_key_id(1301)))
        .commit("a key");
    let ran = gate(&repo, &[&range(&base)]).status(0);
    assert_eq!(ran.json()["allowed"][0]["by"]["kind"], "entry");
    assert_eq!(changes(&ran), []);
    // Neither the work tree nor a later commit applies.
    repo.git(["rm", "--quiet", ".keysieve.toml"]);
    repo.commit("gone");
    let ran = gate(&repo, &[&range(&base)]).status(0);
    assert_eq!(
        changes(&ran),
        [(".keysieve.toml".to_owned(), "removed".to_owned())]
    );
}

#[test]
fn the_configuration_of_the_work_tree_does_not_apply() {
    let (repo, base) = started();
    repo.add("app.ini", id_line(&access_key_id(1302)))
        .commit("a key");
    repo.write(".keysieve.toml", ALLOW_ALL);
    gate(&repo, &[&range(&base)]).status(1);
    gate(&repo, &[&range(&base), "--policy", "head"]).status(1);
    // The caller of the gate may name a file; the scanned commits cannot.
    gate(&repo, &[&range(&base), "--config", ".keysieve.toml"]).status(0);
}

#[test]
fn three_dots_take_the_policy_of_the_first_revision() {
    let (repo, _) = started();
    repo.git(["checkout", "--quiet", "-b", "side"]);
    repo.add("app.ini", id_line(&access_key_id(1303)))
        .commit("a key");
    repo.git(["checkout", "--quiet", "main"]);
    repo.add(".keysieve.toml", ALLOW_ALL)
        .commit("the policy, later");
    gate(&repo, &["main..side"]).status(0);
    gate(&repo, &["main...side"]).status(0);
    gate(&repo, &["main~1...side"]).status(1);
}

const OWN_RULE: &str = "[[rule]]\nid = \"own-token\"\ndescription = \"own token\"\n\
                        keywords = [\"owntok_\"]\n\
                        pattern = '(?P<secret>owntok_[a-z0-9]{16})'\nconfidence = \"high\"\n\
                        after = 24\n\
                        examples = [[\"owntok_\", \"k3j9s8l1q0z7x2v5\"]]\n";

fn own_token() -> String {
    ["see owntok_", "k3j9s8l1q0z7x2v4\n"].concat()
}

/// A repository whose policy names its own rule file.
fn with_rules() -> (Repo, String) {
    let (repo, _) = started();
    repo.add("rules/own.toml", OWN_RULE)
        .add(".keysieve.toml", "rules = [\"rules/own.toml\"]\n");
    let base = repo.commit("own rules");
    (repo, base)
}

#[test]
fn rules_are_read_from_the_base() {
    let (repo, base) = with_rules();
    repo.add("a.txt", own_token());
    repo.add("rules/own.toml", OWN_RULE.replace("owntok_", "othertok_"))
        .commit("a token, and a rule that is blind to it");
    let ran = gate(&repo, &[&range(&base)]).status(1);
    assert_eq!(ran.json()["findings"][0]["rule"], "own-token");
    assert_eq!(
        changes(&ran),
        [("rules/own.toml".to_owned(), "changed".to_owned())]
    );
    gate(&repo, &[&range(&base), "--policy", "head"]).status(0);
    repo.git(["rm", "--quiet", "-r", "rules", ".keysieve.toml"]);
    repo.commit("no rules at all");
    assert_eq!(changes(&gate(&repo, &[&range(&base)]).status(1)).len(), 2);
}

#[test]
fn a_broken_policy_exits_2() {
    for (config, error) in [
        ("reprot = 1\n", ":.keysieve.toml:1: "),
        ("rules = [\"missing.toml\"]\n", ":missing.toml"),
        (
            "rules = [\"../outside.toml\"]\n",
            "outside of the repository",
        ),
    ] {
        let (repo, _) = started();
        repo.add(".keysieve.toml", config);
        let base = repo.commit("broken");
        repo.add("a.txt", "clean\n").commit("clean");
        gate(&repo, &[&range(&base)]).status(2).says(error);
    }
}

#[test]
fn a_broken_configuration_in_the_range_is_listed_and_does_not_apply() {
    let (repo, base) = started();
    repo.add(".keysieve.toml", "reprot = 1\n").commit("broken");
    assert_eq!(changes(&gate(&repo, &[&range(&base)]).status(0)).len(), 1);
    gate(&repo, &[&range(&base), "--policy", "head"]).status(2);
}

#[test]
fn an_inline_marker_is_shown_or_with_strict_ignored() {
    let (repo, base) = started();
    let id = access_key_id(1304);
    repo.add(
        "app.ini",
        id_line(&id).replace('\n', " # keysieve:allow a dummy\n"),
    )
    .commit("a key with a marker");
    let ran = gate(&repo, &[&range(&base)]).status(0);
    assert_eq!(ran.json()["allowed"][0]["by"]["kind"], "marker");
    let shown = repo.keysieve(["gate", &range(&base)]).status(0);
    shown
        .says("keysieve:allow: a dummy (the marker is part of this commit)")
        .never_says(&id);
    gate(&repo, &[&range(&base), "--strict"]).status(1);
}

#[test]
fn every_format_shows_policy_changes_and_markers() {
    let (repo, base) = started();
    let id = access_key_id(1306);
    repo.add(".keysieve.toml", ALLOW_ALL).add(
        "app.ini",
        id_line(&id).replace('\n', " # keysieve:allow a dummy\n"),
    );
    repo.commit("a key with a marker, and a policy");
    for Format { name: format, .. } in FORMATS.iter().filter(|format| !format.is_data) {
        let ran = repo
            .keysieve(["gate", "-f", format, &range(&base)])
            .status(0);
        ran.says(".keysieve.toml")
            .says("this change alters what keysieve ignores");
        ran.says("keysieve:allow: a dummy (the marker is part of this commit)")
            .never_says(&id);
    }
}

#[test]
fn before_the_first_commit_there_is_no_policy() {
    let repo = Repo::new();
    repo.add(".keysieve.toml", ALLOW_ALL)
        .add("app.ini", id_line(&access_key_id(1305)))
        .commit("all at once");
    assert_eq!(changes(&gate(&repo, &["HEAD"]).status(1)).len(), 1);
    gate(&repo, &["HEAD", "--policy", "head"]).status(0);
}
