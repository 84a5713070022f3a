//! The schemas in `docs/schemas`: what the program writes and reads follows them, and they have no
//! key that it does not know.

use std::path::Path;

use serde_json::Value;

use crate::support::keys::secret_access_key;
use crate::support::{Ran, Repo};

fn schema(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas");
    let text = std::fs::read_to_string(folder.join(format!("{name}.schema.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[track_caller]
fn follows(ran: &Ran) {
    let validator = jsonschema::validator_for(&schema("report")).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(&ran.json())
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    if !errors.is_empty() {
        ran.fail(&errors.join("\n"));
    }
}

#[test]
fn every_report_in_json_follows_its_schema() {
    let repo = Repo::new();
    let key = |seed| format!("aws_secret_access_key = \"{}\"", secret_access_key(seed));
    repo.add("a.py", key(1))
        .add("b.py", key(2) + " # keysieve:allow a fixture");
    let allow = "[[allow]]\npath = \"none\"\nreason = \"nothing\"\nuntil = 2020-01-31\n";
    let extended = "[[allow]]\npath = \"c.py\"\nreason = \"shared\"\n".to_owned() + allow;
    repo.add(".keysieve.toml", format!("extends = [\"x.toml\"]\n{allow}"))
        .add("x.toml", extended)
        .add("c.py", key(4));
    let json = ["--format", "json", "--unused"];
    follows(&repo.keysieve(["staged"].iter().chain(&json)).status(1));
    repo.commit("first");
    follows(
        &repo
            .keysieve(["scan", "--max-size", "10"].iter().chain(&json))
            .run(),
    );
    repo.git([
        "commit",
        "--quiet",
        "--allow-empty",
        "--no-verify",
        "--message",
        &key(3),
    ]);
    follows(&repo.keysieve(["audit"].iter().chain(&json)).status(1));
    follows(
        &repo
            .keysieve(["gate", "HEAD~1..HEAD"].iter().chain(&json))
            .status(1),
    );
}

/// The keys that the program knows, as its message about an unknown one lists them.
#[track_caller]
fn known_keys(config: &str) -> Vec<String> {
    let repo = Repo::new();
    repo.write(".keysieve.toml", config);
    let text = repo.keysieve(["scan"]).status(2).stderr();
    let line = text.lines().next().unwrap();
    let keys = line.split('`').skip(1).step_by(2).map(str::to_owned);
    let mut keys: Vec<_> = keys.filter(|key| key != "unknown-key").collect();
    keys.sort();
    keys
}

#[test]
fn the_schema_of_the_configuration_has_the_keys_of_the_program() {
    let schema = schema("config");
    let keys = |value: &Value| -> Vec<String> {
        let mut keys: Vec<_> = value["properties"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(&schema), known_keys("unknown-key = 1\n"));
    for table in ["allow", "encrypted"] {
        let entry = format!("[[{table}]]\nunknown-key = 1\n");
        assert_eq!(keys(&schema["$defs"][table]), known_keys(&entry));
    }
}

#[test]
fn the_page_on_configuration_names_every_key() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let page = std::fs::read_to_string(page).unwrap();
    let entry = "[[allow]]\nunknown-key = 1\n";
    for key in [known_keys("unknown-key = 1\n"), known_keys(entry)].concat() {
        let named = [format!("`{key}`"), format!("`[[{key}]]`")];
        assert!(named.iter().any(|name| page.contains(name)), "{key}");
    }
}
