//! The format `gitlab`: the secret detection report of GitLab, for `artifacts: reports:
//! secret_detection`.

use std::io;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::finding::{Finding, Outcome, Status};
use crate::report::safe_text::escaping::write;
use crate::report::safe_text::facts::{CommitFacts, Facts};
use crate::report::safe_text::words::{ROTATE, because};
use crate::report::{Options, Report};
use crate::rule::Confidence;

/// The version of the schema that the report follows; GitLab takes every 15.x.
const SCHEMA: &str = "15.0.7";

/// GitLab demands a commit of every finding, and has this id itself where there is none.
const NO_COMMIT: &str = "0000000";

/// The most characters of a name, and of what should be done.
const MAX_NAME: usize = 255;
const MAX_SOLUTION: usize = 7000;

/// Writes GitLab's report. What is allowed is no vulnerability, and so is only among the messages
/// of the scan.
pub(in crate::report) struct GitLab {
    options: Options,
}

impl GitLab {
    /// A report with these options.
    pub(in crate::report) const fn new(options: Options) -> Self {
        Self { options }
    }
}

impl Report for GitLab {
    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
        let facts = Facts::new(outcome, &self.options);
        let found: Vec<_> = outcome
            .findings
            .iter()
            .map(|found| vulnerability(&facts, found))
            .collect();
        let document = json!({ "version": SCHEMA, "scan": self.scan(&facts, outcome), "vulnerabilities": found });
        write(&document, true, out)
    }
}

impl GitLab {
    fn scan(&self, facts: &Facts<'_>, outcome: &Outcome) -> Value {
        let version = if self.options.version.is_empty() {
            "0"
        } else {
            self.options.version
        };
        let program = json!({ "id": "keysieve", "name": "keysieve", "version": version, "vendor": { "name": "keysieve" } });
        let time = |time: jiff::Timestamp| time.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        json!({
            "analyzer": program,
            "scanner": program,
            "type": "secret_detection",
            "start_time": time(self.options.times.began),
            "end_time": time(self.options.times.ended),
            "status": if outcome.status() == Status::Incomplete { "failure" } else { "success" },
            "messages": self.messages(facts, outcome),
        })
    }

    fn messages(&self, facts: &Facts<'_>, outcome: &Outcome) -> Vec<Value> {
        let message = |level: &str, value: String| json!({ "level": level, "value": value });
        let skips = outcome.skipped.iter().map(|skip| {
            let (path, reason) = facts.skip(skip);
            message(
                if skip.reason.is_failure() {
                    "fatal"
                } else {
                    "info"
                },
                format!("{path}: {reason}"),
            )
        });
        let changes = outcome.policy_changes.iter().map(|change| {
            let (path, what) = facts.policy_change(change);
            message("info", format!("{path}: {what}"))
        });
        let masked = Facts::masked(outcome);
        let allowed = outcome.allowed.iter().filter(|_| self.options.show_allowed);
        let allowed =
            allowed.map(|allowed| message("info", format!("allowed: {}", masked.allowed(allowed))));
        skips.chain(changes).chain(allowed).collect()
    }
}

fn vulnerability(facts: &Facts<'_>, found: &Finding) -> Value {
    let rule: &str = &found.rule.id;
    let description = facts.description(found);
    let why = because(found.confidence, found.partner.is_some());
    let mut vulnerability = json!({
        "id": id(found),
        "name": cut(&description, MAX_NAME),
        "description": format!("{description}: {why}."),
        "severity": severity(found.confidence),
        "solution": cut(&solution(facts, found), MAX_SOLUTION),
        "identifiers": [
            { "type": "keysieve_rule_id", "name": format!("keysieve rule {rule}"), "value": rule },
            { "type": "cwe", "name": "CWE-798", "value": "798", "url": "https://cwe.mitre.org/data/definitions/798.html" },
        ],
        "location": location(facts, found),
        "details": details(facts, found),
    });
    if facts.reveals() {
        // By its schema this is the value itself, never a mask.
        vulnerability["raw_source_code_extract"] = json!(facts.secret(&found.secret));
    }
    vulnerability
}

fn solution(facts: &Facts<'_>, found: &Finding) -> String {
    let help = facts
        .help(found)
        .map(|help| format!("{help} "))
        .unwrap_or_default();
    format!("{help}{} {}", ROTATE[0], ROTATE[1])
}

fn location(facts: &Facts<'_>, found: &Finding) -> Value {
    let commit = match found.origin.commit().map(|commit| facts.commit(commit)) {
        None => json!({ "sha": NO_COMMIT }),
        Some(CommitFacts {
            id,
            author,
            date,
            subject,
        }) => {
            json!({ "sha": id, "author": author, "date": date, "message": subject })
        }
    };
    let place = &found.place;
    let path = facts.path(found);
    let file = path.strip_prefix("./").unwrap_or(&path);
    json!({ "file": file, "start_line": place.start.line, "end_line": place.end.line, "commit": commit })
}

fn details(facts: &Facts<'_>, found: &Finding) -> Value {
    let text = |name: &str, value: String| {
        (
            name.to_owned(),
            json!({ "name": name, "type": "text", "value": value }),
        )
    };
    let notes = facts.secrets(found).into_iter().chain(facts.notes(found));
    let mut details: Map<_, _> = notes.map(|(label, note)| text(label, note)).collect();
    details.extend([
        text("fingerprint", found.fingerprint.to_string()),
        text(
            "blocks",
            if found.blocking { "yes" } else { "no" }.to_owned(),
        ),
    ]);
    Value::Object(details)
}

const fn severity(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Certain => "Critical",
        Confidence::High => "High",
        Confidence::Medium => "Medium",
        Confidence::Low => "Low",
    }
}

/// A UUID (RFC 9562, version 8) that is the same for the same secret at the same place.
fn id(found: &Finding) -> String {
    let start = found.place.start;
    let commit = found.origin.commit().map_or("", |commit| &commit.id);
    let name = format!(
        "{}\0{}:{}\0{commit}\0",
        found.fingerprint, start.line, start.column
    );
    let digest = Sha256::new()
        .chain_update(name)
        .chain_update(found.origin.path())
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

/// As much of `text` as there is room for.
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
    use crate::report::samples::{history, hostile, outcome, shown};

    fn document(outcome: &Outcome) -> Value {
        let options = Options {
            version: "1.2.3",
            show_allowed: true,
            ..Options::default()
        };
        serde_json::from_str(&shown("gitlab", outcome, options)).unwrap()
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
        let ids =
            |outcome: &Outcome| -> BTreeSet<String> { outcome.findings.iter().map(id).collect() };
        assert_eq!(ids(&outcome()).len(), outcome().findings.len());
        assert_eq!(ids(&outcome()), ids(&outcome()));
    }
}
