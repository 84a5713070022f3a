//! Where a finding in an archive is, in all reports and commands.

use super::{NESTED, finds, json, nested, tar_gz};
use crate::support::Repo;
use crate::support::archive::{tar, zip};
use crate::support::keys::{access_key_id, secret_access_key, seeded_id_line};

#[test]
fn what_a_tar_has_in_plain_text_is_reported_once() {
    let repo = Repo::new();
    let line = seeded_id_line(400);
    repo.add("a.tar", tar(&[("one", line.as_bytes()), ("two", b"2\n")]));
    finds(&json(&repo, &["scan"]).status(1), &["a.tar!one"]);
}

#[test]
fn what_is_between_entries_and_behind_them_is_found() {
    let repo = Repo::new();
    let mut archive = zip(&[("one", b"1\n"), ("two", b"2\n")]);
    archive.extend_from_slice(seeded_id_line(401).as_bytes());
    repo.add("a.zip", archive);
    finds(&json(&repo, &["scan"]).status(1), &["a.zip!content"]);
}

#[test]
fn halves_in_two_entries_are_no_pair() {
    let repo = Repo::new();
    let (id, secret) = (access_key_id(402), secret_access_key(402));
    let (id, secret) = (format!("id = {id}\n"), format!("aws_secret = {secret}\n"));
    let rules = |entries: &[(&str, &str)]| {
        repo.add("a.tgz", tar_gz(entries));
        let report = json(&repo, &["scan"]).status(1).json();
        let findings = report["findings"].as_array().unwrap().iter();
        let rules = findings.map(|found| found["rule"].as_str().unwrap().to_owned());
        rules.collect::<Vec<_>>()
    };
    assert_eq!(
        rules(&[("one", &(id.clone() + &secret))]),
        ["aws-access-key-pair"]
    );
    let apart = rules(&[("one", &id), ("two", &secret)]);
    assert!(
        !apart.contains(&"aws-access-key-pair".to_owned()),
        "{apart:?}"
    );
    assert_eq!(apart.len(), 2);
}

#[test]
fn a_secret_in_the_name_of_an_entry_is_found_and_masked() {
    let repo = Repo::new();
    let id = access_key_id(403);
    let name = format!("keys/{id}.txt");
    repo.add("a.tgz", tar_gz(&[(&name, "nothing\n")]))
        .commit("all");
    repo.git(["repack", "-adq"]);
    for args in [
        &["scan"][..],
        &["audit", "--no-cache"],
        &["audit"],
        &["audit"],
    ] {
        let ran = json(&repo, args).status(1);
        finds(&ran, &["a.tgz!x.tar!keys/AKIA********.txt"]);
        ran.never_says(&id).says("the name of the entry");
    }
    let cache = repo.sandbox().home().join(".cache/keysieve");
    for file in std::fs::read_dir(cache).unwrap() {
        let content = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&content).contains(&id));
    }
}

#[test]
fn reports_for_people_name_the_whole_place() {
    let repo = Repo::new();
    repo.add("dist/a.zip", nested(404));
    let place = format!("dist/a.zip{NESTED}:3:6");
    for format in [
        "human",
        "markdown",
        "github",
        "junit",
        "checkstyle",
        "sarif",
        "gitlab",
    ] {
        let ran = repo.keysieve(["scan", "--format", format]).status(1);
        ran.says(&place);
    }
    let ran = repo.keysieve(["scan"]).status(1);
    ran.says("3 | id = AKIA********");
}

/// Other tools make links of these.
#[test]
fn reports_for_tools_name_a_file_that_exists() {
    let repo = Repo::new();
    repo.add("dist/a.zip", nested(405));
    let report = json(&repo, &["scan"]).status(1).json();
    let found = &report["findings"][0];
    assert_eq!(found["path"], format!("dist/a.zip{NESTED}"));
    assert_eq!(found["inside"], NESTED[1..]);
    let report = |format: &str| {
        let ran = repo.keysieve(["scan", "--format", format]).status(1);
        ran.stdout()
    };
    let sarif: serde_json::Value = serde_json::from_str(&report("sarif")).unwrap();
    let location = &sarif["runs"][0]["results"][0]["locations"][0];
    let physical = &location["physicalLocation"];
    assert_eq!(physical["artifactLocation"]["uri"], "dist/a.zip");
    assert_eq!(physical["region"], serde_json::json!({ "startLine": 1 }));
    let logical = &location["logicalLocations"][0]["fullyQualifiedName"];
    assert_eq!(*logical, format!("dist/a.zip{NESTED}:3:6"));
    assert!(report("github").contains("file=dist/a.zip,title="));
    assert!(report("checkstyle").contains("<file name=\"dist/a.zip\">"));
    assert!(report("junit").contains("file=\"dist/a.zip\" time="));
    assert!(report("gitlab").contains("\"file\": \"dist/a.zip\""));
}

#[test]
fn explain_takes_places_in_archives() {
    let repo = Repo::new();
    repo.add("a.zip", nested(406));
    let explain = |target: &str| repo.keysieve(["explain", target]);
    let place = format!("a.zip{NESTED}");
    explain(&format!("{place}:3:6"))
        .status(0)
        .says("candidate AKIA******** at 3:6")
        .says(", blocks");
    explain(&place).status(0).says("found aws-access-token");
    explain("a.zip!readme.txt")
        .status(0)
        .says("no finding here");
    explain("a.zip!nowhere:1").status(2).says("no such entry");
    let report = json(&repo, &["scan"]).status(1).json();
    let print = report["findings"][0]["fingerprint"].as_str().unwrap();
    explain(print).status(0).says(&format!("{place}:3\n"));
}

/// Without a salt, the command that allows a password reads it from the archive.
#[test]
fn a_password_in_an_archive_is_allowed_by_its_place() {
    let repo = Repo::new();
    let text = format!("\nDB_PASSWORD='{}'\n", ["q7Zx", "K2vb", "W9sL"].concat());
    repo.add("a.zip", zip(&[("b/.env", text.as_bytes())]));
    let ran = repo.keysieve(["scan", "--block", "low"]).status(1);
    ran.says("keysieve allow 'a.zip!b/.env:2:14' --reason");
    repo.keysieve(["allow", "a.zip!b/.env:2:14", "--reason", "a fixture"])
        .status(0);
    repo.keysieve(["scan", "--block", "low"]).status(0);
}

#[test]
fn a_plan_removes_the_whole_archive() {
    let repo = Repo::new();
    repo.add("a.zip", nested(407)).commit("all");
    let plan = repo.sandbox().root().join("plan");
    repo.keysieve(["audit", "--no-cache", "--plan", plan.to_str().unwrap()])
        .status(1);
    let blob = repo.git(["rev-parse", "HEAD:a.zip"]);
    let blobs = std::fs::read_to_string(plan.join("blobs.txt")).unwrap();
    assert!(blobs.contains(&blob), "{blobs}");
    let page = std::fs::read_to_string(plan.join("CHECKLIST.md")).unwrap();
    assert!(page.contains("in the archive"), "{page}");
}
