//! What allows a finding in an archive: fingerprints, paths, markers and the baseline.

use super::{NESTED, finds, json, nested, paths};
use crate::support::Repo;
use crate::support::archive::{tar, zip};
use crate::support::keys::{access_key_id, seeded_id_line};

/// A repository with such an archive at `dist/a.zip`.
fn repo() -> Repo {
    let repo = Repo::new();
    repo.add("dist/a.zip", nested(200));
    repo
}

/// Expects the finding in the archive to be allowed, or not, in all commands.
#[track_caller]
fn allows(repo: &Repo, is_allowed: bool) {
    let list = if is_allowed { "allowed" } else { "findings" };
    let status = i32::from(!is_allowed);
    for args in [&["scan"][..], &["staged"]] {
        let report = json(repo, args).args(["--show-allowed"]).status(status);
        assert_eq!(
            paths(&report.json(), list),
            [format!("dist/a.zip{NESTED}")],
            "{args:?}"
        );
    }
    let copy = Repo::new();
    for name in ["dist/a.zip", ".keysieve.toml", ".keysieve-baseline.json"] {
        if let Ok(content) = std::fs::read(repo.path(name)) {
            copy.add(name, content);
        }
    }
    copy.commit("all");
    copy.git(["repack", "-adq"]);
    for options in [&["--no-cache"][..], &[], &[]] {
        let report = json(&copy, &["audit", "--show-allowed"]).args(options);
        let report = report.status(status).json();
        assert_eq!(paths(&report, list), [format!("dist/a.zip{NESTED}")]);
    }
}

fn allow(repo: &Repo, condition: &str) {
    let text = format!("[[allow]]\n{condition}\nreason = 'a fixture'\n");
    repo.write(".keysieve.toml", text);
}

#[test]
fn patterns_of_paths_match_the_file_and_what_is_in_it() {
    let repo = repo();
    for pattern in [
        "'*.zip'",
        "'dist/'",
        "'/dist/a.zip'",
        "'a.zip/'",
        "'*.properties'",
        "'lib/'",
        "'b.jar'",
        "'/dist/a.zip/lib/**'",
        "'dist/a.zip/lib/b.jar/config.properties'",
        "'dist/a.zip!lib/b.jar!config.properties'",
    ] {
        allow(&repo, &format!("path = {pattern}"));
        allows(&repo, true);
    }
    for regex in [
        "^dist/.*\\.zip$",
        "!lib/b\\.jar!config",
        "b\\.jar/config\\.properties$",
    ] {
        allow(&repo, &format!("path-regex = '{regex}'"));
        allows(&repo, true);
    }
}

#[test]
fn patterns_for_something_else_do_not_match() {
    let repo = repo();
    for condition in [
        "path = '/lib/'",
        "path = 'config.properties/x'",
        "path = '/a.zip'",
        "path = ['dist/**', '!dist/*.zip']",
        "path = ['*.zip', '!*.properties']",
        "path-regex = '^lib/'",
        "path = 'lib/'\nrule = 'private-key'",
    ] {
        allow(&repo, condition);
        allows(&repo, false);
    }
}

/// An archive can name its entries as it likes, but not leave its folder.
#[test]
fn names_that_lead_elsewhere_match_no_pattern() {
    let repo = Repo::new();
    let line = seeded_id_line(201);
    let names = ["../tests/a.ini", "/tests/b.ini", "x/../tests/c.ini"];
    let entries = names.map(|name| (name, line.as_bytes()));
    repo.add("dist/a.zip", zip(&entries));
    allow(&repo, "path = 'tests/'");
    let ran = json(&repo, &["scan"]).status(1);
    finds(
        &ran,
        &["dist/a.zip!../tests/a.ini", "dist/a.zip!x/../tests/c.ini"],
    );
}

#[test]
fn a_fingerprint_is_that_of_the_value() {
    let repo = repo();
    let report = json(&repo, &["scan"]).status(1).json();
    let print = report["findings"][0]["fingerprint"].as_str().unwrap();
    let plain = Repo::new();
    plain.add("plain.ini", seeded_id_line(200));
    let report = json(&plain, &["scan"]).status(1).json();
    assert_eq!(report["findings"][0]["fingerprint"], print);
    repo.keysieve(["allow", print, "--reason", "a fixture"])
        .status(0);
    let entry = std::fs::read_to_string(repo.path(".keysieve.toml")).unwrap();
    assert!(entry.contains(&format!("dist/a.zip{NESTED}:3")), "{entry}");
    allows(&repo, true);
}

#[test]
fn the_baseline_knows_a_value_however_it_is_packed() {
    let repo = Repo::new();
    repo.add("plain.ini", seeded_id_line(200));
    repo.keysieve(["baseline", "write"]).status(0);
    repo.git(["rm", "--quiet", "--force", "plain.ini"]);
    repo.add("dist/a.zip", nested(200));
    allows(&repo, true);
    repo.keysieve(["baseline", "update"]).status(0);
    let baseline = std::fs::read_to_string(repo.path(".keysieve-baseline.json")).unwrap();
    assert!(
        baseline.contains(&format!("dist/a.zip{NESTED}")),
        "{baseline}"
    );
}

#[test]
fn a_marker_counts_in_its_entry() {
    let repo = Repo::new();
    let marked = format!("id = {} # keysieve:allow a fixture\n", access_key_id(202));
    let plain = seeded_id_line(203);
    let entries = [
        ("a", "# keysieve:allow all of it\n"),
        ("b", &plain),
        ("c", &marked),
    ];
    let entries = entries.map(|(name, text)| (name, text.as_bytes()));
    repo.add("a.tar", tar(&entries));
    let ran = json(&repo, &["scan", "--show-allowed"]).status(1);
    finds(&ran, &["a.tar!b"]);
    assert_eq!(paths(&ran.json(), "allowed"), ["a.tar!c"]);
}

/// What is in a folder of tests is graded lower, in an archive as well.
#[test]
fn the_path_in_an_archive_grades_a_finding() {
    let repo = Repo::new();
    let token = ["glpat-", "q7ZxK2vbW9sLm4TnR8pD"].concat();
    let text = format!("token = '{token}'\n");
    let grade = |name: &str| {
        repo.write("a.tar", tar(&[(name, text.as_bytes())]));
        let report = json(&repo, &["scan", "--no-ignore"]).run().json();
        let found = &report["findings"][0];
        (
            found["confidence"].clone(),
            found["details"]["graded_lower"].clone(),
        )
    };
    let (plain, lower) = (grade("src/a.py"), grade("src/tests/a.py"));
    assert_ne!(plain.0, lower.0);
    assert!(plain.1.is_null() && lower.1.is_string());
}
