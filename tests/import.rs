//! `keysieve import`: the files of other scanners, written by us as they are in real repositories,
//! with their translations, and findings before with the tool and after with keysieve.

mod baselines;
#[cfg(unix)]
mod git_secrets;
mod gitleaks;
mod notice;
mod paths;

use std::fs;

use crate::support::keys::Chance;
use crate::support::{Ran, Repo};

/// A Slack bot token, made up of digits and letters that follow from `seed`.
fn slack(seed: u64) -> String {
    let mut chance = Chance::new(seed, "slack");
    let digits = chance.text(b"0123456789", 24);
    let rest = chance.text(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", 24);
    ["xox", "b-", &digits[..12], "-", &digits[12..], "-", &rest].concat()
}

/// Where keysieve reports something, as `path:line`, sorted.
#[track_caller]
fn reported(repo: &Repo) -> Vec<String> {
    let ran = repo.keysieve(["scan", "--format", "jsonl"]).run();
    let lines = ran.stdout();
    let lines = lines.lines().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).expect(line);
        line
    });
    let findings = lines.filter(|line| line["type"] == "finding");
    let mut places: Vec<_> = findings
        .map(|finding| {
            let path = finding["path"].as_str().unwrap();
            format!("{path}:{}", finding["line"])
        })
        .filter(|place| !place.starts_with(".git") && !place.starts_with(".secret"))
        .collect();
    places.sort();
    places.dedup();
    places
}

#[track_caller]
fn import(repo: &Repo, args: &[&str], status: i32) -> Ran {
    repo.keysieve(["import"].iter().chain(args)).status(status)
}

/// The text of a file of the repository.
#[track_caller]
fn text(repo: &Repo, path: &str) -> String {
    fs::read_to_string(repo.path(path)).expect(path)
}
