//! Timelines: what came and went in which month, and that it is what the report says.

use super::pair;
use crate::support::Repo;
use crate::support::keys::secret_access_key;

/// Commits what is staged, at a day.
fn commit(repo: &Repo, day: &str, message: &str) -> String {
    let date = format!("{day}T12:00:00+00:00");
    let git = repo
        .program("git")
        .args(["commit", "--quiet", "--no-verify", "--message", message]);
    git.env("GIT_COMMITTER_DATE", &date)
        .env("GIT_AUTHOR_DATE", &date)
        .status(0);
    repo.git(["rev-parse", "HEAD"])
}

fn repository() -> (Repo, [String; 3]) {
    let repo = Repo::new();
    let first = commit(
        repo.add("a.ini", pair(1)).add("b.ini", pair(2)),
        "2024-01-31",
        "first",
    );
    let second = commit(repo.add("c.txt", "c\n"), "2024-03-01", "second");
    let third = commit(
        repo.add("a.ini", "clean\n").add("d.ini", pair(3)),
        "2024-07-15",
        "third",
    );
    repo.add("staged.ini", pair(4));
    (repo, [first, second, third])
}

#[test]
fn a_table_shows_month_by_month() {
    let (repo, [first, second, third]) = repository();
    let ran = repo.keysieve(["audit", "--timeline"]).status(1);
    let line = |sign: char, seed: u64, place: &str, commit: &str| {
        let masked = format!("{}{}", &secret_access_key(seed)[..4], "********");
        format!(
            "  {sign} aws-access-key-pair  {masked}  {place}  {}",
            commit.get(..12).unwrap_or_default()
        )
    };
    let expected = [
        "month    came  gone   present".to_owned(),
        "2024-01     2     0         2".to_owned(),
        line('+', 1, "a.ini:2", &first),
        line('+', 2, "b.ini:2", &first),
        "...      1 month without a change".to_owned(),
        "2024-03     0     1         1".to_owned(),
        line('-', 1, "a.ini:2", &second),
        "...      3 months without a change".to_owned(),
        "2024-07     1     0         2".to_owned(),
        line('+', 3, "d.ini:2", &third),
        "not in a commit: 1".to_owned(),
        line('+', 4, "staged.ini:2", "").trim_end().to_owned(),
    ];
    let text = ran.stdout();
    let lines: Vec<_> = text.lines().take(expected.len()).collect();
    assert_eq!(lines, expected, "\n{text}");
    ran.says("keysieve: 4 findings (4 certain), 4 block;");
    ran.never_says(&secret_access_key(1));
}

#[test]
fn the_sums_are_those_of_the_report() {
    let (repo, _) = repository();
    let report = repo
        .keysieve(["audit", "--format", "json"])
        .status(1)
        .json();
    let shown = repo
        .keysieve(["audit", "--timeline", "--format", "json"])
        .status(1)
        .json();
    let months = shown["timeline"].as_array().unwrap();
    let sum = |key: &str| {
        months
            .iter()
            .map(|month| month[key].as_u64().unwrap())
            .sum::<u64>()
    };
    let findings = report["findings"].as_array().unwrap();
    let undated = shown["undated"].as_array().unwrap().len() as u64;
    assert_eq!(sum("came") + undated, findings.len() as u64);
    let in_head = findings
        .iter()
        .filter(|found| found["history"]["in_head"] == true)
        .count() as u64;
    assert_eq!(months.last().unwrap()["standing"], in_head);
    assert_eq!(sum("came") - sum("gone"), in_head);
    assert_eq!(shown["status"], "findings");
    assert_eq!(shown["scanned"], report["scanned"]);
    for month in months {
        let of = |change: &str| {
            let changes = month["changes"].as_array().unwrap().iter();
            changes.filter(|entry| entry["change"] == change).count() as u64
        };
        assert_eq!(
            (&month["came"], &month["gone"]),
            (&of("came").into(), &of("gone").into())
        );
    }
}

#[test]
fn other_formats_have_no_timeline() {
    let (repo, _) = repository();
    let ran = repo
        .keysieve(["audit", "--timeline", "--format", "jsonl"])
        .status(2);
    ran.says("'jsonl'").says("'human' or 'json'");
    assert!(ran.stdout().is_empty());
}

#[test]
fn an_incomplete_timeline_says_so() {
    let (repo, _) = repository();
    let id = repo.git(["rev-parse", "HEAD:c.txt"]);
    std::fs::remove_file(repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).unwrap();
    repo.keysieve(["audit", "--timeline"])
        .status(2)
        .says("INCOMPLETE");
    assert_eq!(
        repo.keysieve(["audit", "--timeline", "-f", "json"])
            .status(2)
            .json()["status"],
        "incomplete"
    );
}
