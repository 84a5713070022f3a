//! Files that are keys, or that hold them, by what they begin with: in files, commits and history.

use keysieve::rule::RuleSet;

use crate::support::Repo;

/// The first sample of each rule for binary files, with its id.
fn files() -> Vec<(String, Vec<u8>)> {
    let rules = RuleSet::builtin_with_samples().unwrap();
    let rules = rules.rules.iter().filter(|rule| rule.is_of_binary_files());
    let files = rules.map(|rule| {
        let hex = rule.source.examples[0].as_bytes();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16);
        let bytes = hex.chunks(2).map(|pair| byte(pair).unwrap());
        (rule.id.to_string(), bytes.collect())
    });
    files.collect()
}

#[test]
fn key_files_are_found_in_every_way() {
    let repo = Repo::new();
    let files = files();
    assert!(files.len() >= 7);
    for (id, bytes) in &files {
        repo.add(format!("store/{id}"), bytes);
    }
    let ids = |command: &[&str]| {
        let ran = repo.keysieve(command).status(1);
        let mut ids: Vec<_> = ran.json()["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| {
                assert_eq!(finding["line"], 1);
                finding["rule"].as_str().unwrap().to_owned()
            })
            .collect();
        ids.sort();
        ids
    };
    let mut expected: Vec<_> = files.iter().map(|(id, _)| id.clone()).collect();
    expected.sort();
    assert_eq!(ids(&["staged", "--format", "json"]), expected);
    assert_eq!(ids(&["scan", "--format", "json"]), expected);
    repo.commit("stores");
    assert_eq!(ids(&["audit", "--format", "json"]), expected);
}

#[test]
fn only_the_start_of_a_file_counts() {
    let repo = Repo::new();
    for (id, bytes) in files() {
        repo.add(format!("a/{id}"), [&b"x"[..], &bytes].concat());
    }
    repo.keysieve(["staged"]).status(0);
}
