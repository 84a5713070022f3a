//! `keysieve baseline`: what is known passes wherever it moves, what is new does not, and the file
//! gives nothing away.

use std::fs;

use serde_json::Value;

use crate::support::keys::{access_key_id, secret_access_key};
use crate::support::{Repo, Run};

mod audit;
mod broken;
mod check;
#[cfg(unix)]
mod gate;
mod merge;
mod secrecy;
mod settings;
mod stable;

const FILE: &str = ".keysieve-baseline.json";

/// A line with a key of its own.
fn key(seed: u64) -> String {
    format!("aws_access_key_id = {}\n", access_key_id(seed))
}

/// A repository whose keys, one a file named after its seed, are known.
fn known(seeds: &[u64]) -> Repo {
    let repo = Repo::new();
    for seed in seeds {
        repo.write(format!("src/{seed}.ini"), key(*seed));
    }
    repo.keysieve(["baseline", "write"]).status(0);
    repo
}

fn text(repo: &Repo) -> String {
    fs::read_to_string(repo.path(FILE)).unwrap()
}

/// The lines of the file that are entries.
fn lines(repo: &Repo) -> Vec<String> {
    text(repo)
        .lines()
        .filter(|line| line.starts_with("{\"print\""))
        .map(str::to_owned)
        .collect()
}

/// Adds fields to the only entry whose line holds `part`.
fn amend(repo: &Repo, part: &str, fields: &str) {
    let line = lines(repo)
        .into_iter()
        .find(|line| line.contains(part))
        .unwrap();
    let amended = line.replace("},", &format!(",{fields}}},"));
    repo.write(FILE, text(repo).replace(&line, &amended));
}

fn report(repo: &Repo, args: &[&str]) -> Value {
    repo.keysieve(["scan", "-f", "json"])
        .args(args)
        .run()
        .json()
}

#[test]
fn what_is_known_passes_and_what_is_new_does_not() {
    let repo = known(&[1, 2]);
    assert_eq!(lines(&repo).len(), 2);
    repo.keysieve(["scan"]).status(0).says("2 allowed");
    repo.write("src/3.ini", key(3));
    repo.keysieve(["scan"])
        .status(1)
        .says("src/3.ini")
        .never_says("src/1.ini");
}

#[test]
fn what_the_baseline_allows_is_shown_by_every_format() {
    let repo = known(&[1]);
    amend(
        &repo,
        "src/1.ini",
        "\"reason\":\"rotated\",\"owner\":\"platform\"",
    );
    repo.keysieve(["scan", "--show-allowed"])
        .status(0)
        .says("by the baseline (owner: platform): rotated");
    let by = &report(&repo, &[])["allowed"][0]["by"];
    assert_eq!(
        *by,
        serde_json::json!({"kind": "baseline", "reason": "rotated", "owner": "platform"})
    );
    let lines = repo.keysieve(["scan", "-f", "jsonl"]).status(0).stdout();
    assert!(
        lines
            .lines()
            .next()
            .unwrap()
            .contains("\"kind\":\"baseline\""),
        "{lines}"
    );
}

#[test]
fn writing_over_a_baseline_needs_force() {
    let repo = known(&[1]);
    let before = text(&repo);
    repo.write("src/2.ini", key(2));
    repo.keysieve(["baseline", "write"])
        .status(2)
        .says("the baseline exists already")
        .says("update");
    assert_eq!(text(&repo), before);
    repo.keysieve(["baseline", "write", "--force"])
        .status(0)
        .says("wrote 2 entries");
    let salt = |text: &str| text.lines().nth(2).unwrap().to_owned();
    assert_ne!(
        salt(&text(&repo)),
        salt(&before),
        "a new file has a salt of its own"
    );
    repo.keysieve(["scan"]).status(0);
}

#[test]
fn an_update_adds_removes_and_keeps_what_people_wrote() {
    let repo = known(&[1, 2]);
    amend(
        &repo,
        "src/1.ini",
        "\"reason\":\"rotated\",\"owner\":\"ops\",\"until\":\"2999-01-31\"",
    );
    let salt = text(&repo).lines().nth(2).unwrap().to_owned();
    let kept = lines(&repo)
        .into_iter()
        .find(|line| line.contains("src/1.ini"))
        .unwrap();
    fs::remove_file(repo.path("src/2.ini")).unwrap();
    repo.write("src/3.ini", key(3));
    repo.keysieve(["baseline", "update", "--owner", "web"])
        .status(0)
        .says("2 entries: 1 added, 1 gone");
    let after = text(&repo);
    assert!(
        after.contains(&salt) && after.contains(&kept) && !after.contains("src/2.ini"),
        "{after}"
    );
    assert!(
        lines(&repo)
            .iter()
            .any(|line| line.contains("src/3.ini") && line.contains("\"owner\":\"web\""))
    );
    repo.keysieve(["baseline", "update"])
        .status(0)
        .says("0 added, 0 gone");
    assert_eq!(text(&repo), after, "the same scan gives the same bytes");
}

#[test]
fn an_update_of_a_part_leaves_the_rest_alone() {
    let repo = known(&[1, 2]);
    repo.write("lib/4.ini", key(4));
    repo.keysieve(["baseline", "update"]).status(0);
    fs::remove_file(repo.path("src/1.ini")).unwrap();
    fs::remove_file(repo.path("lib/4.ini")).unwrap();
    repo.write("lib/5.ini", key(5));
    repo.keysieve(["baseline", "update", "lib"])
        .status(0)
        .says("1 added, 1 gone");
    let after = text(&repo);
    assert!(
        after.contains("src/1.ini") && after.contains("lib/5.ini") && !after.contains("lib/4.ini"),
        "{after}"
    );
}

#[test]
fn it_is_of_the_whole_repository_wherever_it_is_called() {
    let repo = known(&[1]);
    repo.write("other/2.ini", key(2));
    let from = |folder: &str, args: &[&str]| {
        Run::new(Run::KEYSIEVE, &repo.path(folder), repo.sandbox()).args(args)
    };
    from("other", &["baseline", "update"])
        .status(0)
        .says("1 added, 0 gone");
    assert!(
        text(&repo).contains("\"path\":\"src/1.ini\"")
            && text(&repo).contains("\"path\":\"other/2.ini\"")
    );
    assert!(!repo.path("other").join(FILE).exists());
    from("other", &["scan"]).status(0).says("1 allowed");
    from("other", &["baseline", "check"]).status(0);
}

#[test]
fn new_entries_have_the_given_reason_and_date() {
    let repo = Repo::new();
    repo.write("a", key(1));
    let terms = [
        "--reason",
        "before 2026",
        "--owner",
        "ops",
        "--until",
        "2999-12-31",
    ];
    repo.keysieve(["baseline", "write"]).args(terms).status(0);
    let line = &lines(&repo)[0];
    assert!(
        line.ends_with("\"reason\":\"before 2026\",\"owner\":\"ops\",\"until\":\"2999-12-31\"},"),
        "{line}"
    );
    for wrong in [
        ["--reason", " "],
        ["--until", "2001-01-01"],
        ["--until", "soon"],
    ] {
        repo.keysieve(["baseline", "update"]).args(wrong).status(2);
    }
}

#[test]
fn what_other_exceptions_let_pass_is_not_written_down() {
    let repo = Repo::new();
    repo.write("a", format!("{} # keysieve:allow\n", key(1).trim_end()))
        .write("b", key(2));
    repo.write(
        ".keysieve.toml",
        "[[allow]]\npath = \"b\"\nreason = \"r\"\n",
    );
    repo.keysieve(["baseline", "write"])
        .status(0)
        .says("wrote 0 entries");
    repo.keysieve(["scan"]).status(0).says("2 allowed");
}

#[test]
fn the_hook_knows_what_is_known() {
    let repo = known(&[1]);
    repo.stage("src/1.ini").stage(FILE);
    repo.keysieve(["staged"]).status(0).says("1 allowed");
    repo.add("src/2.ini", key(2));
    repo.keysieve(["staged"]).status(1).says("src/2.ini");
}

#[test]
fn a_pair_is_known_as_a_whole() {
    let repo = Repo::new();
    let secret = secret_access_key(1);
    repo.write("a", format!("{}aws_secret_access_key = {secret}\n", key(1)));
    repo.keysieve(["baseline", "write"])
        .status(0)
        .says("wrote 1 entry");
    repo.keysieve(["scan"]).status(0);
    repo.write(
        "a",
        format!(
            "{}aws_secret_access_key = {}\n",
            key(1),
            secret_access_key(2)
        ),
    );
    repo.keysieve(["scan"]).status(1);
}

#[test]
fn nothing_is_written_where_something_cannot_be_read() {
    let repo = known(&[1]);
    let before = text(&repo);
    fs::remove_file(repo.path("src/1.ini")).unwrap();
    for command in ["update", "check"] {
        repo.keysieve(["baseline", command, "src", "nowhere"])
            .status(2)
            .says("nowhere")
            .says("the baseline is unchanged");
    }
    repo.keysieve(["baseline", "write", "--force", "nowhere"])
        .status(2);
    assert_eq!(text(&repo), before);
    repo.keysieve(["baseline", "write", "-"]).status(2);
}

#[test]
fn nothing_else_is_left_behind() {
    let repo = known(&[1]);
    repo.keysieve(["baseline", "update"]).status(0);
    let names = fs::read_dir(repo.root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, [".git", FILE, "src"]);
}
