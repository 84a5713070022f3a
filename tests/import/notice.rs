//! The line that says that a file of another scanner is not read.

use super::slack;
use crate::support::Repo;

const NOTE: &str = "note: .gitleaksignore is not read; 'keysieve import' carries it over\n";

#[test]
fn a_file_without_a_policy_of_ours_is_mentioned_once() {
    let repo = Repo::new();
    repo.add(".gitleaksignore", "a.py:slack-bot-token:1\n");
    repo.commit("first");
    repo.add("b.py", "y = 1\n");
    repo.commit("second");
    repo.add("a.py", "x = 1\n");
    for args in [
        &["scan"][..],
        &["scan", "--format", "json"],
        &["staged"],
        &["gate", "HEAD~1..HEAD"],
        &["hook", "run", "pre-commit"],
    ] {
        let stderr = repo.keysieve(args).status(0).stderr();
        assert_eq!(stderr.matches(NOTE).count(), 1, "{args:?}: {stderr}");
    }
    let stderr = repo.keysieve(["scan", "--no-config"]).status(0).stderr();
    assert_eq!(stderr, "");
}

#[test]
fn a_policy_of_ours_is_enough() {
    let repo = Repo::new();
    repo.add("a.py", format!("T = '{}'\n", slack(1)));
    repo.add(".gitleaksignore", "a.py:slack-bot-token:1\n");
    super::import(&repo, &[], 0);
    let stderr = repo.keysieve(["scan"]).status(0).stderr();
    assert_eq!(stderr, "");
}
