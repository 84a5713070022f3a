//! Tests `keysieve gate`, the real program on real repositories, with git as the oracle for ranges.

use crate::support::keys::{access_key_id, filler};
use crate::support::{Ran, Repo, Run};

mod ci;
mod fetch;
mod fooled;
mod history;
mod incomplete;
mod moves;
mod policy;
mod random_histories;

/// A line with a key.
fn id_line(id: &str) -> String {
    format!("aws_access_key_id = {id}\n")
}

/// A repository with one commit, and its id.
fn started() -> (Repo, String) {
    let repo = Repo::new();
    repo.add("readme.txt", "hello\n");
    let base = repo.commit("first");
    (repo, base)
}

/// Runs the gate with these arguments and a JSON report.
fn gate(repo: &Repo, words: &[&str]) -> Run {
    repo.keysieve(["gate", "-f", "json"].iter().chain(words))
}

impl ci::Server {
    /// Runs the gate on an event of GitHub.
    fn gate_on(&self, name: &str, event: &serde_json::Value) -> Run {
        let variables = self.event(name, event);
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        self.gate(&[], &variables)
    }
}

/// Path and commit of every finding, in the order of the report.
#[track_caller]
fn blamed(ran: &Ran) -> Vec<(String, String)> {
    let report = ran.json();
    let findings = report["findings"].as_array().expect("findings").iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    findings
        .map(|finding| (text(&finding["path"]), text(&finding["origin"]["commit"])))
        .collect()
}

/// Scans the range from `base` to `head` and expects exactly these findings, each with the commit
/// that added it.
#[track_caller]
fn finds(repo: &Repo, base: &str, head: &str, expected: &[(&str, &str)]) -> Ran {
    let ran = gate(repo, &[&format!("{base}..{head}")]).status(i32::from(!expected.is_empty()));
    let mut expected: Vec<_> = expected
        .iter()
        .map(|(path, commit)| ((*path).to_owned(), (*commit).to_owned()))
        .collect();
    let mut found = blamed(&ran);
    expected.sort();
    found.sort();
    if found != expected {
        ran.fail(&format!("expected {expected:?}, found {found:?}"));
    }
    ran
}

#[test]
fn a_key_in_a_range_is_found_and_its_commit_named() {
    let (repo, base) = started();
    let id = access_key_id(700);
    repo.add("app.ini", id_line(&id));
    let bad = repo.commit("a key");
    repo.add("app.ini", format!("{}more\n", id_line(&id)));
    repo.commit("more");
    let ran = finds(&repo, &base, "HEAD", &[("app.ini", &bad)]);
    ran.never_says(&id);
    assert_eq!(ran.json()["findings"][0]["origin"]["kind"], "commit");
    repo.keysieve(["gate", &format!("{base}..")])
        .status(1)
        .says("app.ini:1:21")
        .never_says(&id);
}

#[test]
fn named_commits_are_scanned_one_by_one() {
    let (repo, _) = started();
    repo.add("a.ini", id_line(&access_key_id(701)));
    let first = repo.commit("one");
    repo.add("b.ini", id_line(&access_key_id(702)));
    let second = repo.commit("two");
    repo.add("c.txt", "clean\n");
    repo.commit("three");
    gate(&repo, &["HEAD"]).status(0);
    assert_eq!(
        blamed(&gate(&repo, &[&first]).status(1)),
        [("a.ini".to_owned(), first.clone())]
    );
    assert_eq!(blamed(&gate(&repo, &[&second, &first]).status(1)).len(), 2);
    assert_eq!(
        blamed(&gate(&repo, &["HEAD", &format!("^{first}")]).status(1)),
        [("b.ini".to_owned(), second)]
    );
}

#[test]
fn three_dots_scan_the_commits_since_the_merge_base() {
    let (repo, base) = started();
    repo.git(["checkout", "--quiet", "-b", "side"]);
    repo.add("a.ini", id_line(&access_key_id(703)));
    let bad = repo.commit("on the side");
    repo.git(["checkout", "--quiet", "main"]);
    repo.add("b.ini", id_line(&access_key_id(704)));
    repo.commit("on main");
    assert_eq!(
        blamed(&gate(&repo, &["main...side"]).status(1)),
        [("a.ini".to_owned(), bad)]
    );
    gate(&repo, &["main..main"]).status(0).says("0 commits");
    gate(&repo, &[&format!("{base}..main")])
        .status(1)
        .says("1 commit");
}

#[test]
fn the_text_of_commits_and_tags_is_scanned() {
    let (repo, base) = started();
    let id = access_key_id(705);
    let bad = repo.commit(&format!("subject\n\nthe key is {id}"));
    let ran = finds(&repo, &base, "HEAD", &[(&bad, &bad)]);
    let finding = &ran.json()["findings"][0];
    assert_eq!(
        (&finding["origin"]["kind"], &finding["line"]),
        (&"commit-text".into(), &8.into())
    );
    repo.keysieve(["gate", "HEAD"]).status(1).never_says(&id);

    let author = repo
        .program("git")
        .env("GIT_AUTHOR_NAME", format!("key {id}"));
    author
        .args(["commit", "--quiet", "--allow-empty", "--message", "fine"])
        .status(0);
    gate(&repo, &["HEAD"]).status(1).never_says(&id);

    repo.commit("clean");
    gate(&repo, &["HEAD"]).status(0);
    repo.git(["tag", "--annotate", "v1", "--message", &id]);
    let ran = gate(&repo, &["HEAD..v1"]).status(1);
    assert_eq!(ran.json()["findings"][0]["origin"]["kind"], "tag-text");
    ran.never_says(&id);
}

#[test]
fn a_key_in_a_file_name_is_reported_once_with_the_commit_that_added_it() {
    let (repo, base) = started();
    let id = access_key_id(706);
    let path = format!("dump/{id}.txt");
    repo.add(&path, "clean\n");
    let bad = repo.commit("a name");
    repo.git(["rm", "--quiet", "-r", "dump"]);
    repo.commit("gone");
    repo.add(&path, "clean\n");
    repo.commit("back");
    let ran = gate(&repo, &[&format!("{base}..")]).status(1);
    ran.never_says(&id);
    let report = ran.json();
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(
        (
            &findings[0]["origin"]["kind"],
            &findings[0]["origin"]["commit"]
        ),
        (&"name".into(), &bad.into())
    );
}

#[test]
fn the_number_of_threads_does_not_change_the_report() {
    let (repo, base) = started();
    let expected: Vec<(String, String)> = (0..40)
        .map(|number| {
            let path = format!("dir{}/file{number}.ini", number % 7);
            repo.add(&path, id_line(&access_key_id(710 + number)));
            (path, repo.commit("next"))
        })
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(path, commit)| (path.as_str(), commit.as_str()))
        .collect();
    finds(&repo, &base, "HEAD", &expected);
    let range = format!("{base}..");
    let one = gate(&repo, &[&range, "--jobs", "1"]).status(1);
    let eight = gate(&repo, &[&range, "--jobs", "8"]).status(1);
    assert_eq!(one.stdout_bytes(), eight.stdout_bytes());
}

#[test]
fn a_sha256_repository_is_scanned() {
    let repo = Repo::sha256();
    repo.add("readme.txt", "hello\n");
    let base = repo.commit("first");
    repo.add("app.ini", id_line(&access_key_id(760)));
    let bad = repo.commit("a key");
    finds(&repo, &base, "HEAD", &[("app.ini", &bad)]);
}
