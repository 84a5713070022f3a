//! Writes the format `gitlab`: GitLab's secret detection report, for `artifacts: reports:
//! secret_detection`.

use std::io;

use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::finding::{Finding, Outcome, Status};
use crate::report::api::Options;
use crate::report::safe_text::escaping::{Streamed, write_json};
use crate::report::safe_text::redactor::{Redactor, SafeCommit};
use crate::report::safe_text::words::{ROTATE, confidence_reason};
use crate::rule::Confidence;

/// The version of the schema that the report follows; GitLab accepts every 15.x.
const SCHEMA: &str = "15.0.7";

/// GitLab requires a commit for every finding, and itself uses this id if there is none.
const NO_COMMIT: &str = "0000000";

/// Limits of the schema, in characters.
const MAX_NAME: usize = 255;
const MAX_SOLUTION: usize = 7000;

/// The report.
#[derive(Serialize)]
struct Document<V: Serialize> {
    scan: Value,
    version: &'static str,
    vulnerabilities: V,
}

/// Writes the report. An allowed finding is not a vulnerability, so it is only a message of the
/// scan.
pub(super) fn write(
    options: &Options,
    outcome: &Outcome,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let redactor = Redactor::new(outcome, options);
    let vulnerabilities = Streamed(|| {
        let found = outcome.findings.iter();
        found.map(|found| vulnerability(&redactor, found))
    });
    let document = Document {
        scan: scan(options, &redactor, outcome),
        version: SCHEMA,
        vulnerabilities,
    };
    write_json(&document, true, out)
}

fn scan(options: &Options, redactor: &Redactor<'_>, outcome: &Outcome) -> Value {
    let version = if options.version.is_empty() {
        "0"
    } else {
        options.version
    };
    let program = json!({
        "id": "keysieve",
        "name": "keysieve",
        "version": version,
        "vendor": { "name": "keysieve" },
    });
    let success = outcome.status() != Status::Incomplete;
    json!({
        "analyzer": program,
        "scanner": program,
        "type": "secret_detection",
        "start_time": time(options.times.began),
        "end_time": time(options.times.ended),
        "status": if success { "success" } else { "failure" },
        "messages": messages(options, redactor, outcome),
    })
}

fn time(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

fn messages(options: &Options, redactor: &Redactor<'_>, outcome: &Outcome) -> Vec<Value> {
    let mut messages = Vec::new();
    for skip in &outcome.skipped {
        let (path, reason) = redactor.skip(skip);
        let level = if skip.reason.is_failure() {
            "fatal"
        } else {
            "info"
        };
        messages.push((level, format!("{path}: {reason}")));
    }
    for change in &outcome.policy_changes {
        let (path, what) = redactor.policy_change(change);
        messages.push(("info", format!("{path}: {what}")));
    }
    if options.show_allowed {
        let masked = Redactor::masked(outcome);
        let allowed = outcome.allowed.iter().map(|entry| masked.allowed(entry));
        messages.extend(allowed.map(|text| ("info", format!("allowed: {text}"))));
    }
    let messages = messages.into_iter();
    messages
        .map(|(level, value)| json!({ "level": level, "value": value }))
        .collect()
}

fn vulnerability(redactor: &Redactor<'_>, found: &Finding) -> Value {
    let rule: &str = &found.rule.id;
    let description = redactor.description(found);
    let why = confidence_reason(found);
    let mut vulnerability = json!({
        "id": id(redactor, found),
        "name": cut(&description, MAX_NAME),
        "description": format!("{description}: {why}."),
        "severity": severity(found.confidence),
        "solution": cut(&solution(redactor, found), MAX_SOLUTION),
        "identifiers": [
            {
                "type": "keysieve_rule_id",
                "name": format!("keysieve rule {rule}"),
                "value": rule,
            },
            {
                "type": "cwe",
                "name": "CWE-798",
                "value": "798",
                "url": "https://cwe.mitre.org/data/definitions/798.html",
            },
        ],
        "location": location(redactor, found),
        "details": details(redactor, found),
    });
    if redactor.reveals() {
        // The schema defines this as the value itself, never a masked one.
        vulnerability["raw_source_code_extract"] = json!(redactor.secret(&found.secret));
    }
    vulnerability
}

fn solution(redactor: &Redactor<'_>, found: &Finding) -> String {
    let help = redactor
        .help(found)
        .map(|help| format!("{help} "))
        .unwrap_or_default();
    format!("{help}{} {}", ROTATE[0], ROTATE[1])
}

fn location(redactor: &Redactor<'_>, found: &Finding) -> Value {
    let commit = match found.origin.commit().map(|commit| redactor.commit(commit)) {
        None => json!({ "sha": NO_COMMIT }),
        Some(SafeCommit {
            id,
            author,
            date,
            subject,
        }) => {
            json!({ "sha": id, "author": author, "date": date, "message": subject })
        }
    };
    let path = redactor.file(found);
    let (start, end) = match found.has_line_in_file() {
        true => (found.place.start.line, found.place.end.line),
        false => (1, 1),
    };
    json!({
        "file": path.strip_prefix("./").unwrap_or(&path),
        "start_line": start,
        "end_line": end,
        "commit": commit,
    })
}

fn details(redactor: &Redactor<'_>, found: &Finding) -> Value {
    let blocks = if found.blocking { "yes" } else { "no" };
    let mut notes = redactor.secrets_and_notes(found);
    if found.place.inside.is_some() {
        notes.push(("place", redactor.place(found, &found.place)));
    }
    notes.push(("fingerprint", found.public_fingerprint.to_string()));
    notes.push(("blocks", blocks.to_owned()));
    let details = notes.into_iter().map(|(name, value)| {
        (
            name.to_owned(),
            json!({ "name": name, "type": "text", "value": value }),
        )
    });
    Value::Object(details.collect::<Map<_, _>>())
}

const fn severity(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Certain => "Critical",
        Confidence::High => "High",
        Confidence::Medium => "Medium",
        Confidence::Low => "Low",
    }
}

/// A UUID (RFC 9562, version 8) that is the same for the same secret in the same place. The path is
/// hashed as reports show it: it may contain a secret that could be guessed.
fn id(redactor: &Redactor<'_>, found: &Finding) -> String {
    let start = found.place.start;
    let commit = found.origin.commit().map_or("", |commit| &commit.id);
    let name = format!(
        "{}\0{}:{}\0{commit}\0",
        found.public_fingerprint, start.line, start.column
    );
    let digest = Sha256::new()
        .chain_update(name)
        .chain_update(redactor.path_bytes(found))
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = bytes[6] & 0x0F | 0x80;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let hex = faster_hex::hex_string(&bytes);
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-")
}

/// Cuts `text` to at most `max` characters.
fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    text.chars().take(max - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use regex::Regex;

    use super::*;
    use crate::report::samples::{history, hostile, outcome, render};

    fn document(outcome: &Outcome) -> Value {
        let options = Options {
            version: "1.2.3",
            show_allowed: true,
            ..Options::default()
        };
        serde_json::from_str(&render("gitlab", outcome, options)).unwrap()
    }

    #[track_caller]
    fn is_like(value: &Value, pattern: &str) {
        let text = value.as_str().unwrap_or_else(|| panic!("no text: {value}"));
        assert!(Regex::new(pattern).unwrap().is_match(text), "{text}");
    }

    /// What the schema 15.0.7 of GitLab demands of a report, field by field: the schema itself
    /// comes in no package that could be committed or depended upon.
    #[track_caller]
    fn is_valid(report: &Value) {
        is_like(&report["version"], r"^[0-9]+\.[0-9]+\.[0-9]+$");
        let scan = &report["scan"];
        for program in ["analyzer", "scanner"] {
            for field in ["id", "name", "version"] {
                is_like(&scan[program][field], ".");
            }
            is_like(&scan[program]["vendor"]["name"], ".");
        }
        for time in ["start_time", "end_time"] {
            is_like(&scan[time], r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$");
        }
        is_like(&scan["status"], "^(success|failure)$");
        is_like(&scan["type"], "^secret_detection$");
        for message in scan["messages"].as_array().unwrap() {
            is_like(&message["level"], "^(info|warn|fatal)$");
            is_like(&message["value"], ".");
        }
        report["vulnerabilities"]
            .as_array()
            .unwrap()
            .iter()
            .for_each(is_valid_vulnerability);
    }

    fn is_valid_vulnerability(found: &Value) {
        is_like(
            &found["id"],
            "^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        );
        is_like(&found["name"], r"^[\s\S]{1,255}$");
        is_like(&found["description"], ".");
        is_like(&found["solution"], ".");
        assert!(found["solution"].as_str().unwrap().chars().count() <= 7000);
        is_like(
            &found["severity"],
            "^(Info|Unknown|Low|Medium|High|Critical)$",
        );
        let identifiers = found["identifiers"].as_array().unwrap();
        assert_eq!(identifiers.len(), 2);
        for identifier in identifiers {
            ["type", "name", "value"]
                .iter()
                .for_each(|field| is_like(&identifier[*field], "."));
            assert!(
                identifier
                    .get("url")
                    .is_none_or(|url| url.as_str().unwrap().starts_with("https://"))
            );
        }
        let location = &found["location"];
        is_like(&location["commit"]["sha"], ".");
        for field in ["author", "date", "message"] {
            assert!(
                location["commit"].get(field).is_none_or(Value::is_string),
                "{location}"
            );
        }
        assert!(
            location["file"].is_string()
                && location["start_line"].is_u64()
                && location["end_line"].is_u64()
        );
        for detail in found["details"].as_object().unwrap().values() {
            is_like(&detail["name"], ".");
            assert!(
                detail["type"] == "text" && detail["value"].is_string(),
                "{detail}"
            );
        }
    }

    #[test]
    fn a_report_is_as_the_schema_demands() {
        let mut long = outcome();
        long.findings[0].rule.description = "é".repeat(300).into();
        long.findings[0].rule.help = Some("é ".repeat(9000).into());
        for outcome in [outcome(), history(), hostile(), long, Outcome::default()] {
            is_valid(&document(&outcome));
        }
    }

    #[test]
    fn a_finding_is_a_vulnerability_and_all_else_a_message() {
        let report = document(&outcome());
        assert_eq!(report["scan"]["status"], "failure");
        let levels: Vec<_> = report["scan"]["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| &m["level"])
            .collect();
        assert_eq!(levels, ["info", "fatal", "info", "info", "info"]);
        let texts = [
            "changed; this change alters what keysieve ignores",
            "by gitleaks:allow: a fixture",
        ];
        is_like(
            &report["scan"]["messages"][2]["value"],
            &format!(r"^\.keysieve\.toml: {}$", texts[0]),
        );
        is_like(
            &report["scan"]["messages"][3]["value"],
            &format!("^allowed: deploy/key.pem:7:9 github-pat, {}$", texts[1]),
        );
        let found = report["vulnerabilities"].as_array().unwrap();
        assert_eq!(found.len(), 3);
        assert_eq!(found[0]["severity"], "Critical");
        assert_eq!(found[0]["identifiers"][0]["value"], "aws-credentials");
        assert_eq!(found[0]["location"]["commit"], json!({ "sha": "0000000" }));
        let report = document(&history());
        let commit = &report["vulnerabilities"][0]["location"]["commit"];
        assert_eq!(
            (&commit["date"], commit["sha"].as_str().unwrap().len()),
            (&json!("2026-03-01T00:00:00Z"), 40)
        );
    }

    #[test]
    fn ids_differ_and_stay() {
        let ids = |outcome: &Outcome| -> BTreeSet<String> {
            let redactor = Redactor::masked(outcome);
            let ids = outcome.findings.iter().map(|found| id(&redactor, found));
            ids.collect()
        };
        assert_eq!(ids(&outcome()).len(), outcome().findings.len());
        assert_eq!(ids(&outcome()), ids(&outcome()));
    }
}
