//! Several reports of one scan: each goes to its place whole, or the run says which does not.

use std::fs;

use serde_json::Value;

use super::{key, outside, pair, there};
use crate::support::keys::{access_key_id, secret_access_key};
use crate::support::{Repo, Sandbox};

fn read(sandbox: &Sandbox, name: &str) -> String {
    fs::read_to_string(sandbox.root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn each_report_goes_to_its_file() {
    let sandbox = outside("a.ini", pair(1));
    let words = [
        "scan",
        "-f",
        "human",
        "-f",
        "sarif:../out.sarif",
        "-f",
        "html:../report,1.html,csv:../t.csv",
    ];
    there(&sandbox, &words)
        .status(1)
        .says("certain[aws-access-key-pair]")
        .says("what to do");
    let sarif: Value = serde_json::from_str(&read(&sandbox, "out.sarif")).unwrap();
    assert_eq!(
        sarif["runs"][0]["results"][0]["ruleId"],
        "aws-access-key-pair"
    );
    assert!(read(&sandbox, "report,1.html").starts_with("<!DOCTYPE html>"));
    assert!(read(&sandbox, "t.csv").contains("\"blocks\",\"certain\",\"aws-access-key-pair\""));
    let left: Vec<_> = fs::read_dir(sandbox.root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().starts_with(".keysieve-")),
        "{left:?}"
    );
}

#[test]
fn the_environment_may_name_several_and_flags_win() {
    let sandbox = outside("a", key(1));
    let list = "json,junit:../junit.xml";
    there(&sandbox, &["scan"])
        .env("KEYSIEVE_FORMAT", list)
        .status(1)
        .json();
    assert!(read(&sandbox, "junit.xml").contains("failures=\"1\""));
    fs::remove_file(sandbox.root().join("junit.xml")).unwrap();
    there(&sandbox, &["scan", "-f", "human"])
        .env("KEYSIEVE_FORMAT", list)
        .status(1)
        .says("what to do");
    assert!(!sandbox.root().join("junit.xml").exists());
    there(&sandbox, &["scan", "-o", "../out"])
        .env("KEYSIEVE_FORMAT", "jsonl")
        .status(1);
    assert!(read(&sandbox, "out").starts_with("{\"type\":\"finding\""));
}

#[test]
fn two_reports_cannot_share_a_place() {
    let sandbox = outside("a", key(1));
    let ran = there(&sandbox, &["scan", "-f", "json", "-f", "human"]).status(2);
    ran.says("json and human cannot both go to standard output")
        .says("--format human:FILE");
    there(&sandbox, &["scan", "-f", "json:x", "-f", "csv:x"])
        .status(2)
        .says("cannot both go to x");
    there(&sandbox, &["scan", "-f", "json:x", "-o", "y"])
        .status(2)
        .says("--output");
    there(&sandbox, &["scan", "-f", "xml"])
        .status(2)
        .says("sarif");
    assert!(
        fs::read_dir(sandbox.root().join("in")).unwrap().count() == 1,
        "nothing was written"
    );
}

#[test]
fn one_report_that_cannot_be_written_does_not_stop_the_others() {
    let sandbox = outside("a", key(1));
    let words = [
        "scan",
        "-f",
        "csv:no/such/x.csv",
        "-f",
        "json:../out.json",
        "-f",
        "junit:no/y.xml",
        "-f",
        "human",
    ];
    let ran = there(&sandbox, &words).status(2);
    ran.says("no/such/x.csv: the report cannot be written")
        .says("no/y.xml: the report cannot be written");
    ran.says("what to do");
    assert!(read(&sandbox, "out.json").contains("\"status\": \"findings\""));
}

#[cfg(unix)]
#[test]
fn a_report_takes_the_place_of_the_old_one() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = outside("a", key(1));
    let real = sandbox.root().join("real.json");
    fs::write(&real, "old").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o604)).unwrap();
    there(&sandbox, &["scan", "-f", "json", "-o", "../real.json"]).status(1);
    assert!(read(&sandbox, "real.json").starts_with('{'));
    assert_eq!(
        fs::metadata(&real).unwrap().permissions().mode() & 0o777,
        0o604
    );
    there(&sandbox, &["scan", "-f", "json", "-o", "../new.json"]).status(1);
    assert_ne!(
        fs::metadata(sandbox.root().join("new.json"))
            .unwrap()
            .permissions()
            .mode()
            & 0o044,
        0,
        "others may read it"
    );
    there(&sandbox, &["scan", "-f", "json", "-o", "/dev/stderr"])
        .status(1)
        .says("\"schema\": 1");
}

#[test]
fn a_job_of_github_has_a_summary() {
    let sandbox = outside("a.ini", pair(1));
    let file = sandbox.root().join("summary.md");
    fs::write(&file, "before\n").unwrap();
    let run =
        |format: &str| there(&sandbox, &["scan", "-f", format]).env("GITHUB_STEP_SUMMARY", &file);
    run("human").status(1);
    assert_eq!(read(&sandbox, "summary.md"), "before\n");
    run("github").status(1).says("::error file=a.ini,line=2,");
    let summary = read(&sandbox, "summary.md");
    assert!(
        summary.starts_with("before\n# ❌ keysieve found secrets\n")
            && summary.contains("`a.ini:2:25`"),
        "{summary}"
    );
    assert!(!summary.contains(&secret_access_key(1)) && !summary.contains(&access_key_id(1)));
    there(&sandbox, &["scan", "-f", "github"]).status(1);
    there(&sandbox, &["scan", "-f", "github"])
        .env("GITHUB_STEP_SUMMARY", "")
        .status(1);
    let missing = sandbox.root().join("no/such/file");
    there(&sandbox, &["scan", "-f", "github"])
        .env("GITHUB_STEP_SUMMARY", missing)
        .status(2)
        .says("no/such/file");
}

#[test]
fn staged_findings_are_annotated_at_their_lines() {
    let repo = Repo::new();
    repo.add("dir/a b,c.ini", pair(1));
    let ran = repo.keysieve(["staged", "-f", "github"]).status(1);
    ran.says("::error file=dir/a b%2Cc.ini,line=2,endLine=2,col=25,endColumn=64,title=keysieve%3A certain[");
    let report = repo.keysieve(["staged", "-f", "gitlab"]).status(1).json();
    assert_eq!(
        report["vulnerabilities"][0]["location"]["file"],
        "dir/a b,c.ini"
    );
    let times =
        ["start_time", "end_time"].map(|time| report["scan"][time].as_str().unwrap().to_owned());
    assert!(
        times[0] <= times[1] && times[0].starts_with("20"),
        "{times:?}"
    );
}
