//! Checks that flags override the environment, the environment the file, and the file the defaults.

use super::key;
use crate::support::keys::secret_access_key;
use crate::support::{Repo, Run};

/// A repository with a finding of medium confidence and one of low.
fn repo() -> Repo {
    let repo = Repo::new();
    repo.write("medium", key(1))
        .write("low", secret_access_key(2));
    repo
}

fn scan(repo: &Repo, args: &[&str]) -> Run {
    repo.keysieve(["scan", "-f", "json"]).args(args)
}

#[test]
fn by_default_low_is_reported_and_medium_blocks() {
    let repo = repo();
    let report = scan(&repo, &[]).status(1).json();
    let blocking: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["blocking"].as_bool().unwrap())
        .collect();
    assert_eq!(blocking, [false, true]);
    std::fs::remove_file(repo.path("medium")).unwrap();
    assert_eq!(
        scan(&repo, &[]).status(0).json()["findings"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    repo.keysieve(["scan"])
        .status(0)
        .says("1 finding (1 low), none blocks");
}

#[test]
fn the_block_level_is_taken_from_flag_environment_file_and_default() {
    let repo = repo();
    repo.write(".keysieve.toml", "block = \"high\"\n");
    scan(&repo, &[]).status(0);
    scan(&repo, &[]).env("KEYSIEVE_BLOCK", "medium").status(1);
    scan(&repo, &["--block", "certain"])
        .env("KEYSIEVE_BLOCK", "medium")
        .status(0);
    scan(&repo, &["--no-config"]).status(1);
    repo.write("other.toml", "block = \"certain\"\n")
        .write(".keysieve.toml", "broken");
    scan(&repo, &["--config", "other.toml"]).status(0);
    scan(&repo, &[])
        .env("KEYSIEVE_CONFIG", "other.toml")
        .status(0);
}

#[test]
fn the_report_level_is_taken_from_flag_environment_file_and_default() {
    let repo = repo();
    let count = |run: Run| run.run().json()["findings"].as_array().unwrap().len();
    repo.write(".keysieve.toml", "report = \"high\"\n");
    assert_eq!(count(scan(&repo, &[])), 0);
    assert_eq!(count(scan(&repo, &[]).env("KEYSIEVE_REPORT", "medium")), 1);
    assert_eq!(
        count(scan(&repo, &["--report", "low"]).env("KEYSIEVE_REPORT", "medium")),
        2
    );
    assert_eq!(count(scan(&repo, &["--no-config"])), 2);
}

#[test]
fn the_size_limit_is_taken_from_flag_environment_file_and_default() {
    let repo = repo();
    repo.write(".keysieve.toml", "max-size = \"10\"\n");
    scan(&repo, &[]).status(0);
    scan(&repo, &[]).env("KEYSIEVE_MAX_SIZE", "1k").status(1);
    scan(&repo, &["--max-size", "10"])
        .env("KEYSIEVE_MAX_SIZE", "1k")
        .status(0);
}

#[test]
fn the_format_comes_from_the_environment_too() {
    let repo = repo();
    let ran = repo
        .keysieve(["scan"])
        .env("KEYSIEVE_FORMAT", "json")
        .status(1);
    assert_eq!(ran.json()["schema"], 1);
    let ran = repo
        .keysieve(["scan", "-f", "human"])
        .env("KEYSIEVE_FORMAT", "json")
        .status(1);
    assert!(
        ran.stdout().contains("keysieve: 2 findings"),
        "{}",
        ran.text()
    );
}

#[test]
fn the_configuration_of_the_root_applies_in_every_folder() {
    let repo = repo();
    repo.write(".keysieve.toml", "block = \"certain\"\n")
        .write("sub/deep/a", key(3));
    let run = || Run::new(Run::KEYSIEVE, &repo.path("sub/deep"), repo.sandbox());
    run().args(["scan"]).status(0).says("a:1:21");
    run().args(["scan", ".."]).status(0);
    run().args(["scan", "a"]).status(0);
}
