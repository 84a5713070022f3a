//! Tests the whole program with AWS credentials in every format and place in which they are known
//! to occur.

use serde_json::Value;

use crate::support::keys::{access_key_id, secret_access_key, session_token};
use crate::support::{Ran, Run, Sandbox};

mod dummies;
mod encodings;
mod files;
mod ids;
mod noise;
mod others;
mod pairs;
mod secrets;
mod tokens;

const PAIR: &str = "aws-access-key-pair";
const ID: &str = "aws-access-token";
const SECRET: &str = "aws-secret-access-key";
const TOKEN: &str = "aws-session-token";

/// Replaces the placeholders of `template` with keys.
fn fill(template: &str) -> String {
    let key = |text: String, name: &str, value: &str| text.replace(name, value);
    let text = key(template.to_owned(), "{ID}", &access_key_id(1));
    let text = key(text, "{KEY}", &secret_access_key(1));
    let text = key(text, "{ID2}", &access_key_id(2));
    let text = key(text, "{KEY2}", &secret_access_key(2));
    key(text, "{TOKEN}", &session_token(1))
}

/// Replaces the placeholders of several templates.
fn filled(templates: &[&str]) -> Vec<Vec<u8>> {
    templates
        .iter()
        .map(|template| fill(template).into_bytes())
        .collect()
}

/// Scans a folder with these files and returns the findings of each, unmasked and in order, without
/// those of general rules, which report what has the name of a secret and no format.
#[track_caller]
fn scan_all<T: AsRef<[u8]>>(texts: &[T]) -> Vec<Vec<Value>> {
    let sandbox = Sandbox::new();
    let folder = sandbox.root().join("in");
    std::fs::create_dir(&folder).unwrap();
    for (number, text) in texts.iter().enumerate() {
        std::fs::write(folder.join(number.to_string()), text).unwrap();
    }
    let ran = Run::new(Run::KEYSIEVE, &folder, &sandbox)
        .args(["scan", "-f", "json", "--reveal"])
        .run();
    let report = ran.json();
    assert_eq!(report["scanned"]["blobs"], texts.len(), "all were scanned");
    let mut found = vec![Vec::new(); texts.len()];
    for finding in report["findings"].as_array().unwrap() {
        if finding["rule"].as_str().unwrap().starts_with("generic-") {
            continue;
        }
        let number: usize = finding["path"].as_str().unwrap().parse().unwrap();
        found[number].push(finding.clone());
    }
    found
}

/// The findings of one text.
#[track_caller]
fn scan_one(text: impl AsRef<[u8]>) -> Vec<Value> {
    scan_all(&[text]).remove(0)
}

/// Scans one text on standard input.
#[track_caller]
fn scan_stdin(text: impl Into<Vec<u8>>, args: &[&str]) -> Ran {
    let sandbox = Sandbox::new();
    Run::new(Run::KEYSIEVE, sandbox.root(), &sandbox)
        .args(["scan", "-"])
        .args(args)
        .stdin(text)
        .run()
}

fn is(finding: &Value, rule: &str, confidence: &str, secret: &str) -> bool {
    finding["rule"] == rule && finding["confidence"] == confidence && finding["secret"] == secret
}

/// Expects that in each text `rule` finds `secret` with this confidence, and that nothing else is
/// found.
#[track_caller]
fn each_holds(rule: &str, confidence: &str, secret: &str, texts: &[Vec<u8>]) {
    let mut complaints = String::new();
    for (text, found) in texts.iter().zip(scan_all(texts)) {
        let right = found.len() == 1 && is(&found[0], rule, confidence, secret);
        if !right {
            let said: Vec<_> = found.iter().map(brief).collect();
            complaints += &format!(
                "──── {}\n     found {said:?}\n",
                String::from_utf8_lossy(text)
            );
        }
    }
    assert!(
        complaints.is_empty(),
        "expected one finding, {rule}, {confidence}, {secret}, in\n{complaints}"
    );
}

/// Expects that in each text the first keys are found as a pair, and that nothing else is found.
#[track_caller]
fn each_is_a_pair(texts: &[Vec<u8>]) {
    each_holds(PAIR, "certain", &secret_access_key(1), texts);
}

/// Expects that nothing surer than `most` is found in any of the texts; with `none`, nothing at
/// all.
#[track_caller]
fn none_above<T: AsRef<[u8]>>(most: &str, texts: &[T]) {
    let mut complaints = String::new();
    for (text, found) in texts.iter().zip(scan_all(texts)) {
        let found: Vec<_> = found
            .iter()
            .filter(|finding| finding["confidence"] != most)
            .map(brief)
            .collect();
        if !found.is_empty() {
            complaints += &format!(
                "──── {}\n     found {found:?}\n",
                String::from_utf8_lossy(text.as_ref())
            );
        }
    }
    assert!(
        complaints.is_empty(),
        "expected nothing above {most}\n{complaints}"
    );
}

fn brief(finding: &Value) -> String {
    let part = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    format!(
        "{} {} {} {}",
        part("confidence"),
        part("rule"),
        part("secret"),
        finding["details"]
    )
}
