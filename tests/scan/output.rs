//! Tests where reports go, what they contain, and that no secret is in them.

use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keysieve::report::FORMATS;
use serde_json::Value;

use super::{key, outside, pair, there};
use crate::support::keys::{access_key_id, account_of, secret_access_key};
use crate::support::{Repo, Run};

fn names(for_upload: bool) -> impl Iterator<Item = &'static str> {
    let formats = FORMATS
        .iter()
        .filter(move |format| format.for_upload == for_upload);
    formats.map(|format| format.name)
}

/// A key as plain text, in base64 and percent-encoded, two on a line.
fn hidden() -> String {
    let (id, secret) = (access_key_id(1), secret_access_key(1));
    let percent: String = secret_access_key(2)
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect();
    let encoded = STANDARD.encode(format!("aws_secret_access_key = {}", secret_access_key(3)));
    format!("x = {id} {secret}\ny = '{encoded}'\nz?secret={percent}\n")
}

#[test]
fn no_format_shows_a_secret() {
    let sandbox = outside("a", hidden());
    for format in FORMATS.iter().map(|format| format.name) {
        for more in [&["--show-allowed"][..], &["--color", "always"], &[]] {
            let ran = there(&sandbox, &["scan", "-f", format])
                .args(more)
                .status(1);
            for seed in 1..4 {
                let secret = secret_access_key(seed);
                ran.never_says(&secret)
                    .never_says(&secret[5..25])
                    .never_says(&STANDARD.encode(&secret)[8..24]);
                ran.never_says(
                    &secret
                        .bytes()
                        .map(|byte| format!("%{byte:02X}"))
                        .collect::<String>()[15..60],
                );
            }
            ran.never_says(&access_key_id(1))
                .never_says(&access_key_id(1)[4..]);
        }
    }
}

#[test]
fn reveal_shows_secrets_in_local_formats() {
    let sandbox = outside("a", pair(1));
    for format in names(false) {
        let ran = there(&sandbox, &["scan", "--reveal", "-f", format]).status(1);
        ran.says(&secret_access_key(1)).says(&access_key_id(1));
    }
}

#[test]
fn reveal_is_refused_for_formats_made_for_upload() {
    let sandbox = outside("a", pair(1));
    for format in names(true) {
        let ran = there(
            &sandbox,
            &[
                "scan",
                "--reveal",
                "-f",
                "human",
                "-f",
                &format!("{format}:../out"),
            ],
        )
        .status(2);
        ran.says("--reveal cannot be used with the report")
            .says(format)
            .never_says(&secret_access_key(1));
        assert!(!sandbox.root().join("out").exists());
    }
}

#[test]
fn the_json_document_has_the_documented_fields() {
    let repo = Repo::new();
    repo.add(".gitignore", "*.log\n")
        .write("x.log", "")
        .write("a.ini", format!("[default]\n{}", pair(1)));
    repo.write("big", "x".repeat(2000));
    let report = repo
        .keysieve(["scan", "-f", "json", "--max-size", "1000"])
        .status(1)
        .json();
    assert_eq!(report["schema"], 1);
    assert_eq!(report["tool"]["name"], "keysieve");
    assert_eq!(report["tool"]["version"], env!("CARGO_PKG_VERSION"));
    assert!(
        report["tool"]["rules"]
            .as_str()
            .is_some_and(|version| !version.is_empty())
    );
    assert_eq!(report["status"], "findings");
    assert_eq!(
        (&report["scanned"]["blobs"], &report["scanned"]["left_out"]),
        (&2.into(), &1.into())
    );
    assert!(report["scanned"]["bytes"].as_u64() > Some(100));
    assert_eq!(report["skipped"][0]["path"], "big");
    assert!(
        report["skipped"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("limit")
    );
    assert!(report["allowed"].as_array().unwrap().is_empty());
    assert_documented_finding_fields(&report["findings"][0]);
}

fn assert_documented_finding_fields(finding: &Value) {
    assert_eq!(
        (&finding["rule"], &finding["confidence"]),
        (&"aws-access-key-pair".into(), &"certain".into())
    );
    assert_eq!(
        (&finding["path"], &finding["blocking"]),
        (&"a.ini".into(), &true.into())
    );
    let place =
        ["line", "column", "end_line", "end_column"].map(|name| finding[name].as_u64().unwrap());
    assert_eq!(place, [3, 25, 3, 65]);
    assert_eq!(
        finding["secret"],
        secret_access_key(1)[..4].to_owned() + "********"
    );
    assert_eq!(finding["fingerprint"].as_str().unwrap().len(), 32);
    assert_eq!(finding["origin"]["kind"], "file");
    assert_eq!(
        finding["details"]["account"],
        *account_of(&access_key_id(1))
    );
    assert_eq!(finding["partner"]["rule"], "aws-access-token");
}

#[test]
fn json_lines_end_with_a_summary() {
    let sandbox = outside("a", key(1) + "\n\n" + &key(2));
    let text = there(&sandbox, &["scan", "-f", "jsonl"]).status(1).stdout();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let types: Vec<_> = lines
        .iter()
        .map(|line| line["type"].as_str().unwrap())
        .collect();
    assert_eq!(types, ["finding", "finding", "summary"]);
    assert_eq!(lines[2]["status"], "findings");
}

#[test]
fn a_report_goes_to_a_file() {
    let sandbox = outside("a", key(1));
    let out = sandbox.root().join("report.json");
    let ran = there(&sandbox, &["scan", "-f", "json", "-o", "../report.json"]).status(1);
    assert!(ran.text().is_empty(), "{}", ran.text());
    let report: Value = serde_json::from_slice(&std::fs::read(out).unwrap()).unwrap();
    assert_eq!(report["findings"][0]["path"], "a");
    let ran = there(&sandbox, &["scan", "-f", "json", "-o", "-"]).status(1);
    assert_eq!(ran.json()["findings"][0]["path"], "a");
}

#[test]
fn a_report_that_cannot_be_written_is_a_failure() {
    let sandbox = outside("a", "clean\n");
    there(&sandbox, &["scan", "-o", "no/such/folder/x"])
        .status(2)
        .says("no/such/folder/x");
    if std::path::Path::new("/dev/full").exists() {
        there(&sandbox, &["scan", "-o", "/dev/full"])
            .status(2)
            .says("cannot be written");
    }
}

#[test]
fn a_closed_output_pipe_is_a_failure() {
    let sandbox = outside("a", pair(1).repeat(200));
    for format in FORMATS.iter().map(|format| format.name) {
        let mut command = Command::new(Run::KEYSIEVE);
        sandbox.confine(&mut command);
        command
            .current_dir(sandbox.root().join("in"))
            .args(["scan", "-f", format]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(2), "{format}");
    }
}

#[test]
fn colour_is_written_only_on_request() {
    let sandbox = outside("a", key(1));
    there(&sandbox, &["scan"]).status(1).never_says("\u{1b}[");
    for (value, colored) in [("0", false), ("1", true)] {
        let ran = there(&sandbox, &["scan"]).env("CLICOLOR_FORCE", value);
        let ran = ran.status(1);
        assert_eq!(ran.text().contains("\u{1b}["), colored, "{value}");
    }
    there(&sandbox, &["scan", "--color", "always"])
        .status(1)
        .says("\u{1b}[");
    there(&sandbox, &["scan", "--color", "always"])
        .env("NO_COLOR", "1")
        .status(1)
        .says("\u{1b}[");
    there(&sandbox, &["scan", "--no-color"])
        .status(1)
        .never_says("\u{1b}[");
    there(&sandbox, &["scan", "--no-color", "--color", "always"]).status(2);
    there(&sandbox, &["scan", "--color", "always", "-f", "json"])
        .status(1)
        .never_says("\u{1b}[");
    there(&sandbox, &["scan", "--color", "always", "-o", "../x"]).status(1);
    assert!(
        !std::fs::read(sandbox.root().join("x"))
            .unwrap()
            .contains(&0x1b)
    );
}

#[test]
fn the_human_report_contains_advice() {
    let sandbox = outside("a.ini", pair(1));
    let ran = there(&sandbox, &["scan"]).status(1);
    for word in [
        "a.ini:2:25",
        "a.ini:1:21",
        &account_of(&access_key_id(1)),
        "keysieve allow ",
        "rotate",
        "certain",
    ] {
        ran.says(word);
    }
    let repo = Repo::new();
    repo.add("a.ini", pair(1));
    repo.keysieve(["staged"]).status(1).says("git rm --cached");
    repo.commit("first");
    repo.add("b.ini", pair(2));
    repo.keysieve(["staged"])
        .status(1)
        .says("git restore --staged -- b.ini");
}
