//! `keysieve merge`: nothing is lost, nothing is reported twice, and what is incomplete says so.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use keysieve::report::FORMATS;
use serde_json::{Value, json};

use crate::support::keys::{access_key_id, seeded_id_line};
use crate::support::{Ran, Repo};

/// The result of auditing `repo`, as the runner writes it.
fn result(name: &str, repo: &Repo) -> Value {
    let report = repo
        .keysieve(["audit", "--no-cache", "--format", "json"])
        .run()
        .json();
    json!({
        "schema": 1, "repo": name, "status": report["status"], "refs_digest": "0".repeat(64),
        "settings_digest": "0".repeat(64), "seconds": 0.5, "clone_bytes": 0, "report": report,
    })
}

/// A repository whose file `x.py` has `text`.
fn repo_with(text: &str) -> Repo {
    let repo = Repo::new();
    repo.add("x.py", text);
    repo.commit("first");
    repo
}

fn lines(results: &[Value]) -> String {
    results.iter().fold(String::new(), |mut text, result| {
        let _ = writeln!(text, "{result}");
        text
    })
}

fn failed(name: &str) -> Value {
    json!({"schema": 1, "repo": name, "status": "incomplete", "error": "cannot be cloned"})
}

/// An empty folder with `results.jsonl`.
fn folder(results: &[Value]) -> Repo {
    let folder = Repo::new();
    folder.write("results.jsonl", lines(results));
    folder
}

#[track_caller]
fn merge(folder: &Repo, words: &[&str], status: i32) -> Ran {
    let words = ["merge", "results.jsonl"].iter().chain(words);
    folder.keysieve(words).status(status)
}

#[track_caller]
fn merged(folder: &Repo, words: &[&str], status: i32) -> Value {
    merge(folder, &[&["--format", "json"], words].concat(), status).json()
}

fn schema(name: &str) -> Value {
    let file = format!("docs/schemas/{name}.schema.json");
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_same_secret_in_two_repositories_is_one_finding() {
    let line = seeded_id_line(1);
    let results = [
        result("team/a", &repo_with(&line)),
        result("b", &repo_with(&format!("\n{line}"))),
        result("team/c", &repo_with("nothing\n")),
        result("team/d", &repo_with(&seeded_id_line(2))),
    ];
    let folder = folder(&results);
    let all = merged(&folder, &[], 1);
    assert_eq!(all["scanned"]["repositories"], 4);
    let findings = all["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 2);
    assert_eq!(findings[0]["path"], "b/x.py");
    let places = findings[0]["history"]["repositories"].as_array().unwrap();
    let places: Vec<_> = places
        .iter()
        .map(|at| (at["repo"].as_str().unwrap(), at["line"].as_u64().unwrap()))
        .collect();
    assert_eq!(places, [("b", 2), ("team/a", 1)]);
    merge(&folder, &[], 1).says("in b: x.py:2, team/a: x.py:1");
    let reversed: Vec<_> = results.into_iter().rev().collect();
    folder.write("results.jsonl", lines(&reversed));
    assert_eq!(merged(&folder, &[], 1), all, "the order does not matter");
}

#[test]
fn every_format_shows_findings_and_incomplete_repositories_and_no_secret() {
    let id = access_key_id(1);
    let results = [
        result("team/a", &repo_with(&seeded_id_line(1))),
        failed("gone"),
    ];
    let folder = folder(&results);
    for format in FORMATS {
        let ran = merge(&folder, &["--format", format.name], 2);
        if !format.name.contains("summary") {
            ran.says("gone");
        }
        ran.says("x.py").never_says(&id);
    }
    merge(&folder, &["--reveal"], 2).says("results do not contain secrets");
}

#[test]
fn a_bad_line_makes_the_rest_incomplete_and_is_named() {
    let good = result("a", &repo_with(&seeded_id_line(1)));
    let secret = access_key_id(3);
    let mut clean = good.clone();
    clean["status"] = json!("clean");
    let mut digits = good.clone();
    digits["report"]["findings"][0]["fingerprint"] = json!(secret);
    for (line, problem) in [
        (good.to_string()[..300].to_owned(), "cut off"),
        (format!("\"{secret}\""), "wrong type"),
        (secret.clone(), "not JSON"),
        (
            good.to_string().replacen("\"schema\":1", "\"schema\":2", 1),
            "version",
        ),
        (clean.to_string(), "its status is not that of its report"),
        (digits.to_string(), "32 hex digits"),
        (
            good.to_string()
                .replacen("\"repo\":\"a\"", "\"repo\":\"b/../a\"", 1),
            "a part of 'repo'",
        ),
        (
            json!({"schema": 1, "repo": "b", "status": "clean"}).to_string(),
            "no report",
        ),
    ] {
        let folder = folder(&[]);
        folder.write("results.jsonl", format!("{line}\n\n{good}\n"));
        let ran = merge(&folder, &[], 2);
        ran.says("results.jsonl:1: not a result").says(problem);
        ran.says("aws-access-token").never_says(&secret);
    }
}

#[test]
fn a_repository_without_a_result_or_with_two_is_incomplete() {
    let clean = result("a", &repo_with("nothing\n"));
    let folder = folder(std::slice::from_ref(&clean));
    folder.write(
        "manifest.jsonl",
        "{\"repo\": \"a\"}\n{\"repo\": \"b\"}\nx\n",
    );
    merge(&folder, &[], 0);
    let ran = merge(&folder, &["--manifest", "manifest.jsonl"], 2);
    ran.says("b: it has no result").says("manifest.jsonl:3");
    folder.write("empty.jsonl", "\n");
    merge(&folder, &["--manifest", "empty.jsonl"], 2).says("it names no repositories");
    folder.write("results.jsonl", lines(&[clean.clone(), clean]));
    merge(&folder, &[], 2).says("a: it has another result at results.jsonl:2");
    folder.write("results.jsonl", "\n");
    merge(&folder, &[], 2).says("nothing was audited");
    folder
        .keysieve(["merge", "missing"])
        .status(2)
        .says("missing: cannot be read");
}

#[test]
fn an_entry_of_the_fleet_may_be_for_one_repository() {
    let line = seeded_id_line(1);
    let folder = folder(&[
        result("team/a", &repo_with(&line)),
        result("team/b", &repo_with(&line)),
    ]);
    folder.write(
        "fleet.toml",
        "[[allow]]\npath = \"/team/a/\"\nreason = \"a lab\"\n",
    );
    let all = merged(&folder, &["--config", "fleet.toml"], 1);
    assert_eq!(all["findings"][0]["path"], "team/b/x.py");
    assert_eq!(
        all["findings"][0]["history"]["repositories"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(all["allowed"][0]["path"], "team/a/x.py");
    assert_eq!(all["allowed"][0]["by"]["reason"], "a lab");
    let print = all["findings"][0]["fingerprint"].as_str().unwrap();
    folder.write(
        "fleet.toml",
        format!("[[allow]]\nvalue = \"{print}\"\nreason = \"all\"\n"),
    );
    merge(&folder, &["--config", "fleet.toml"], 0);
}

#[test]
fn an_entry_for_a_repository_allows_no_folder_of_another_one() {
    let hiding = Repo::new();
    hiding.add("lab/x.py", seeded_id_line(1));
    hiding.commit("first");
    let (lab, other) = (repo_with(&seeded_id_line(2)), repo_with("nothing\n"));
    let folder = folder(&[result("team", &hiding), result("team/lab", &lab)]);
    folder.write(
        "fleet.toml",
        "[[allow]]\npath = \"/team/lab/\"\nreason = \"a lab\"\n",
    );
    let ran = merge(&folder, &["--config", "fleet.toml"], 2);
    ran.says("team: its folder has the name of the repository 'team/lab'");
    folder.write(
        "results.jsonl",
        lines(&[result("team", &other), result("lab", &lab)]),
    );
    merge(&folder, &["--config", "fleet.toml"], 1);
}

#[test]
fn a_baseline_of_the_fleet_is_for_one_secret_in_one_repository() {
    let line = seeded_id_line(1);
    let first = result("team/a", &repo_with(&line));
    let folder = folder(&[first.clone(), failed("gone")]);
    let baseline = ["--baseline", "fleet.json"];
    merge(&folder, &baseline, 2).says("--update-baseline creates it");
    let update = [&baseline[..], &["--update-baseline", "--reason", "old"]].concat();
    merge(&folder, &update, 2).says("1 entries: 1 added, 0 gone");
    folder.write("results.jsonl", lines(std::slice::from_ref(&first)));
    merge(&folder, &baseline, 0);
    let other = result("team/b", &repo_with(&line));
    folder.write("results.jsonl", lines(&[first, other.clone()]));
    let all = merged(&folder, &baseline, 1);
    assert_eq!(all["findings"][0]["path"], "team/b/x.py");
    assert_eq!(all["allowed"][0]["by"]["reason"], "old");
    folder.write("results.jsonl", lines(&[other]));
    merge(&folder, &update, 0).says("1 entries: 1 added, 1 gone");
}

#[test]
fn a_password_is_joined_only_under_a_salt_of_the_fleet() {
    let results = |salt: &str| {
        let line = format!("password = \"{}\"\n", ["hunter", "7xQ2", "vLp9"].concat());
        let repo = |name| {
            let repo = repo_with(&line);
            repo.write(".keysieve.toml", salt);
            result(name, &repo)
        };
        [repo("a"), repo("b")]
    };
    let folder = folder(&results(""));
    let count = |all: Value| all["findings"].as_array().unwrap().len();
    assert_eq!(count(merged(&folder, &[], 1)), 2);
    let salted = results(&format!("salt = \"{}\"\n", "0123".repeat(8)));
    folder.write("results.jsonl", lines(&salted));
    assert_eq!(count(merged(&folder, &[], 1)), 1);
}

#[test]
fn results_and_their_join_follow_the_schemas() {
    let results = [result("a", &repo_with(&seeded_id_line(1))), failed("b")];
    let mut wanted = schema("result");
    // The reports follow a schema of their own, which another test compares.
    wanted["properties"]["report"] = json!({"type": "object"});
    for result in &results {
        jsonschema::validate(&wanted, result).unwrap();
    }
    let unexplained = json!({"schema": 1, "repo": "b", "status": "incomplete"});
    assert!(jsonschema::validate(&wanted, &unexplained).is_err());
    jsonschema::validate(&schema("report"), &merged(&folder(&results), &[], 2)).unwrap();
    for (line, is_valid) in [
        (json!({"repo": "a", "url": "https://h/a"}), true),
        (
            json!({"repo": "a", "path": "a", "refs": ["refs/heads/*"], "policy": "p"}),
            true,
        ),
        (
            json!({"repo": "a", "path": "a", "url": "https://h/a"}),
            false,
        ),
        (json!({"repo": "a"}), false),
    ] {
        let valid = jsonschema::validate(&schema("manifest"), &line).is_ok();
        assert_eq!(valid, is_valid, "{line}");
    }
}

/// A program with optimisation takes a fiftieth of this time; `docs/fleet.md` has the figure.
#[test]
fn ten_thousand_results_are_joined_in_little_time_and_memory() {
    let template = result(
        "NAME",
        &repo_with(&(seeded_id_line(1) + &seeded_id_line(2))),
    );
    let template = template.to_string();
    let print = template.split("\"fingerprint\":\"").nth(1).unwrap();
    let print = &print[..32];
    let results = (0..10_000_u32).fold(String::new(), |mut text, number| {
        let line = template.replace("NAME", &format!("team/{number}"));
        // Each repository has one secret that all have, and one of its own.
        let _ = writeln!(text, "{}", line.replace(print, &format!("{number:032x}")));
        text
    });
    let folder = folder(&[]);
    folder.write("results.jsonl", results);
    let began = Instant::now();
    let report = merged(&folder, &[], 1);
    assert!(
        began.elapsed() < Duration::from_secs(60),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(report["findings"].as_array().unwrap().len(), 10_001);
    assert_eq!(report["scanned"]["repositories"], 10_000);
}
