//! `keysieve baseline check` lists entries whose secrets are gone and entries that have expired.

use std::fs;

use super::{FILE, amend, key, known, lines, report, text};

#[test]
fn an_entry_whose_secret_is_gone_is_listed_with_its_line() {
    let repo = known(&[1, 2]);
    repo.keysieve(["baseline", "check"])
        .status(0)
        .says("0 of 2 entries gone or expired");
    amend(
        &repo,
        "src/2.ini",
        "\"reason\":\"rotated\",\"owner\":\"ops\"",
    );
    fs::remove_file(repo.path("src/2.ini")).unwrap();
    let number = 1 + text(&repo)
        .lines()
        .position(|line| line.contains("src/2.ini"))
        .unwrap();
    let expected = format!(
        "{FILE}:{number}: gone: aws-access-token at src/2.ini; reason: rotated; owner: ops"
    );
    repo.keysieve(["baseline", "check"])
        .status(1)
        .says(&expected)
        .says("1 of 2")
        .never_says("src/1.ini");
    repo.keysieve(["baseline", "update"]).status(0);
    repo.keysieve(["baseline", "check"]).status(0);
}

#[test]
fn an_entry_expires_after_its_last_day() {
    let repo = known(&[1, 2]);
    amend(&repo, "src/1.ini", "\"until\":\"2999-12-31\"");
    repo.keysieve(["scan"]).status(0).never_says("expired");
    repo.keysieve(["baseline", "check"]).status(0);
    repo.write(FILE, text(&repo).replace("2999-12-31", "2001-01-31"));
    amend(&repo, "src/1.ini", "\"reason\":\"rotate it\"");
    let number = 1 + text(&repo)
        .lines()
        .position(|line| line.contains("src/1.ini"))
        .unwrap();
    let ran = repo.keysieve(["scan"]).status(1);
    ran.says("src/1.ini").says(&format!(
        "baseline line {number} expired on 2001-01-31: rotate it"
    ));
    let unused = &report(&repo, &[])["unused"][0];
    assert_eq!(
        (&unused["kind"], &unused["expired"]),
        (&"baseline".into(), &"2001-01-31".into())
    );
    repo.keysieve(["baseline", "check"])
        .status(1)
        .says("expired on 2001-01-31: aws-access-token at src/1.ini");
}

#[test]
fn an_update_keeps_and_reports_expired_entries() {
    let repo = known(&[1]);
    amend(&repo, "src/1.ini", "\"until\":\"2001-01-31\"");
    let before = lines(&repo);
    repo.keysieve(["baseline", "update"])
        .status(0)
        .says("1 entry expired");
    assert_eq!(lines(&repo), before);
    repo.keysieve(["scan"]).status(1);
}

#[test]
fn entries_for_files_that_are_not_scanned_are_not_reported() {
    let repo = known(&[1, 2]);
    let ran = repo
        .keysieve(["scan", "src/1.ini", "--unused", "-f", "json"])
        .status(0);
    assert_eq!(ran.json()["unused"], serde_json::json!([]));
    repo.keysieve(["baseline", "check", "src/1.ini"]).status(0);
}

#[test]
fn a_secret_below_the_report_level_is_not_gone() {
    let repo = known(&[1]);
    repo.keysieve(["baseline", "check", "--report", "certain"])
        .status(0);
    repo.write("src/2.ini", key(2));
    repo.keysieve(["baseline", "update", "--report", "certain"])
        .status(0)
        .says("0 added, 0 gone");
}

#[test]
fn without_a_baseline_there_is_nothing_to_check() {
    let repo = crate::support::Repo::new();
    for command in ["check", "update"] {
        repo.keysieve(["baseline", command])
            .status(2)
            .says("no baseline found")
            .says("baseline write");
    }
}
