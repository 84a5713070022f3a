//! `keysieve rules`.

use super::run;
use crate::support::{Run, Sandbox};

/// A rule whose one example is this.
fn rule(example: &str) -> String {
    format!(
        "[[rule]]\nid = \"own-key\"\ndescription = \"a key of ours\"\nkeywords = [\"OWNKEY\"]\n\
         pattern = '(?P<secret>OWNKEY[0-9]{{8}})'\nconfidence = \"high\"\nexamples = [{example}]\n"
    )
}

fn with_rules(text: &str, args: &[&str]) -> crate::support::Ran {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.root().join("own.toml"), text).unwrap();
    Run::new(Run::KEYSIEVE, sandbox.root(), &sandbox)
        .args(args)
        .args(["--rules", "own.toml"])
        .run()
}

#[test]
fn all_rules_are_listed() {
    let ran = run(&["rules", "list"]);
    ran.has_status(0)
        .says("aws-access-token")
        .says("aws-secret-access-key")
        .says("aws-access-key-pair");
    let ids: Vec<_> = ran
        .stdout()
        .lines()
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();
    let mut unique = ids.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), ids.len());
}

#[test]
fn every_listed_rule_can_be_shown() {
    let list = run(&["rules", "list"]).stdout();
    for id in list
        .lines()
        .map(|line| line.split(' ').next().unwrap())
        .filter(|id| id.starts_with("aws-"))
    {
        run(&["rules", "show", id]).has_status(0).says(id);
    }
    run(&["rules", "show", "no-such-rule"])
        .has_status(2)
        .says("no-such-rule");
}

#[test]
fn the_builtin_rules_pass_their_own_check() {
    run(&["rules", "check"])
        .has_status(0)
        .says("find all of their examples");
}

#[test]
fn rules_of_a_file_are_checked_too() {
    with_rules(&rule("[\"OWN\", \"KEY12345678\"]"), &["rules", "check"]).has_status(0);
    with_rules(
        &rule("[\"OWN\", \"KEY12345678\"]"),
        &["rules", "show", "own-key"],
    )
    .has_status(0)
    .says("a key of ours");
    with_rules(&rule("[\"OWN\", \"KEY1234\"]"), &["rules", "check"])
        .has_status(1)
        .says("own-key");
    with_rules(&rule(""), &["rules", "check"])
        .has_status(1)
        .says("own.toml: rule 'own-key': has no example");
}

#[test]
fn rules_that_cannot_be_loaded_are_a_failure() {
    for broken in [
        "nonsense".to_owned(),
        rule("[\"OWN\", \"KEY12345678\"]").replace("[0-9]", "[0-9"),
        rule("[\"OWN\", \"KEY12345678\"]").replace("?P<secret>", "?P<other>"),
        rule("[\"OWN\", \"KEY12345678\"]")
            .replace("confidence = \"high\"", "confidence = \"sure\""),
        rule("[\"OWN\", \"KEY12345678\"]").replace("id = \"own-key\"", "id = \"aws-access-token\""),
        rule("[\"OWN\", \"KEY12345678\"]") + "surprise = 1\n",
        rule("[\"OWN\", \"KEY12345678\"]").replace("[\"OWNKEY\"]", "[\"OWNKEY\", \"MISSING\"]"),
    ] {
        let ran = with_rules(&broken, &["rules", "check"]);
        assert!(
            ran.code() == Some(2) && ran.stderr().contains("own.toml"),
            "{broken}\n{}",
            ran.text()
        );
    }
}

#[test]
fn the_rule_reference_is_that_of_the_rules() {
    let written = std::fs::read_to_string("docs/rules.md").unwrap();
    let reference = run(&["rules", "list", "--format", "markdown"]).stdout();
    assert!(
        written == reference,
        "renew it: cargo run -- rules list --format markdown > docs/rules.md"
    );
}
