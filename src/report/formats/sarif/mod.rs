//! Writes the format `sarif`: the Static Analysis Results Interchange Format, version 2.1.0, for
//! code scanning and editors.

mod place;

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::finding::{Allowed, AllowedBy, Finding, Outcome, Status};
use crate::report::api::Options;
use crate::report::safe_text::escaping::{Streamed, write_json};
use crate::report::safe_text::redactor::{Redactor, SafeCommit};
use crate::report::safe_text::words::{ROTATE, unused_to_list};
use crate::rule::Confidence;
use place::{BASE, artifact, location};

/// The schema that a log follows.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The address of the project.
const HOME: &str = env!("CARGO_PKG_REPOSITORY");

/// The ids of notifications, and what each means.
const NOTIFICATIONS: [(&str, &str); 4] = [
    (
        "unread",
        "Something in scope could not be read, so the scan is not complete.",
    ),
    (
        "skipped",
        "Something was excluded from the scan on purpose.",
    ),
    ("policy", "The scanned commits change a policy file."),
    ("unused", "An allow entry or baseline entry allows nothing."),
];

/// The log.
#[derive(Serialize)]
struct Log<R: Serialize> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    runs: [Run<R>; 1],
    version: &'static str,
}

/// A run of the program.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<R: Serialize> {
    column_kind: &'static str,
    invocations: [Value; 1],
    original_uri_base_ids: Value,
    properties: Value,
    redaction_tokens: [&'static str; 1],
    results: R,
    tool: Value,
}

/// Writes the log.
pub(super) fn write(
    options: &Options,
    outcome: &Outcome,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let redactor = Redactor::new(outcome, options);
    let rules = Rules::of(outcome);
    let masked = Redactor::masked(outcome);
    let results = Streamed(|| {
        let found = outcome.findings.iter();
        let allowed = outcome.allowed.iter();
        found
            .map(|found| result(&redactor, &rules, found))
            .chain(allowed.map(|allowed| suppressed(&masked, &rules, allowed)))
    });
    // The location of the repository is unknown here, and a remote URL may hold a password: so
    // there is no `versionControlProvenance`. The commit of a finding is one of its properties.
    let base = json!({ "description": { "text": "The directory in which the scan was started." } });
    let run = Run {
        column_kind: "unicodeCodePoints",
        invocations: [invocation(options, &redactor, outcome)],
        original_uri_base_ids: json!({ BASE: base }),
        properties: json!({
            "status": outcome.status().word(),
            "blobs": outcome.totals.blobs,
            "bytes": outcome.totals.bytes,
            "leftOut": outcome.totals.left_out,
        }),
        redaction_tokens: ["*"],
        results,
        tool: json!({ "driver": driver(options, &redactor, &rules) }),
    };
    let log = Log {
        schema: SCHEMA,
        runs: [run],
        version: "2.1.0",
    };
    write_json(&log, true, out)
}

fn driver(options: &Options, redactor: &Redactor<'_>, rules: &Rules<'_>) -> Value {
    let rules = rules
        .0
        .values()
        .map(|(_, found, worst)| rule(redactor, found, *worst));
    let notifications =
        NOTIFICATIONS.map(|(id, text)| json!({ "id": id, "shortDescription": { "text": text } }));
    let mut driver = json!({
        "name": "keysieve",
        "informationUri": HOME,
        "rules": rules.collect::<Vec<_>>(),
        "notifications": notifications,
        "properties": { "rules": options.rules_version, "policy": options.policy_version },
    });
    if !options.version.is_empty() {
        driver["semanticVersion"] = json!(options.version);
    }
    driver
}

fn invocation(options: &Options, redactor: &Redactor<'_>, outcome: &Outcome) -> Value {
    let mut execution = Vec::new();
    for skip in &outcome.skipped {
        let is_failure = skip.reason.is_failure();
        let kind = if is_failure {
            ("unread", "error")
        } else {
            ("skipped", "note")
        };
        execution.push(on_file(
            kind,
            &redactor.bytes(&skip.path),
            redactor.skip(skip),
        ));
    }
    for change in &outcome.policy_changes {
        let path = redactor.bytes(&change.path);
        execution.push(on_file(
            ("policy", "note"),
            &path,
            redactor.policy_change(change),
        ));
    }
    let configuration = unused_to_list(outcome, options.show_unused).map(|entry| {
        let text = redactor.unused(entry);
        json!({ "descriptor": { "id": "unused" }, "level": "note", "message": message(&text) })
    });
    json!({
        "executionSuccessful": outcome.status() != Status::Incomplete,
        "exitCode": outcome.status() as i32,
        "toolExecutionNotifications": execution,
        "toolConfigurationNotifications": configuration.collect::<Vec<_>>(),
    })
}

/// A notification about a file that is not a finding.
fn on_file((id, level): (&str, &str), path: &[u8], (name, text): (String, String)) -> Value {
    json!({
        "descriptor": { "id": id },
        "level": level,
        "message": message(&format!("{name}: {text}")),
        "locations": [{ "physicalLocation": { "artifactLocation": artifact(path) } }],
    })
}

/// The rules of an outcome by id: the index of each in the log, one of its findings, and its
/// highest confidence.
struct Rules<'o>(BTreeMap<&'o str, (usize, &'o Finding, Confidence)>);

impl<'o> Rules<'o> {
    fn of(outcome: &'o Outcome) -> Self {
        let mut rules = BTreeMap::new();
        let allowed = outcome.allowed.iter().map(|allowed| &allowed.finding);
        for found in outcome.findings.iter().chain(allowed) {
            let (.., worst) = rules
                .entry(&*found.rule.id)
                .or_insert((0, found, found.confidence));
            *worst = found.confidence.max(*worst);
        }
        for (number, (index, ..)) in rules.values_mut().enumerate() {
            *index = number;
        }
        Self(rules)
    }

    fn index(&self, id: &str) -> usize {
        self.0.get(id).map_or(0, |(index, ..)| *index)
    }
}

fn rule(redactor: &Redactor<'_>, found: &Finding, worst: Confidence) -> Value {
    let description = redactor.description(found);
    let help = redactor
        .help(found)
        .map(|help| format!("{help} "))
        .unwrap_or_default();
    let text = format!("{} {} {help}", ROTATE[0], ROTATE[1]);
    let target = if found.rule.guessable {
        "FILE:LINE"
    } else {
        "FINGERPRINT"
    };
    let markdown = format!(
        "**Rotate first.** {text}\n\n\
         To allow a finding: `keysieve allow {target} --reason \"why\"`."
    );
    // GitHub sorts alerts by these two properties.
    let (precision, severity) = match worst {
        Confidence::Certain => ("very-high", "9.5"),
        Confidence::High => ("high", "8.0"),
        Confidence::Medium => ("medium", "5.5"),
        Confidence::Low => ("low", "2.0"),
    };
    json!({
        "id": &*found.rule.id,
        "helpUri": help_uri(&found.rule.id),
        "shortDescription": { "text": description },
        "fullDescription": { "text": description },
        "help": { "text": text.trim_end(), "markdown": markdown },
        "defaultConfiguration": { "level": "error" },
        "properties": {
            "tags": ["security", "secret"],
            "precision": precision,
            "security-severity": severity,
        },
    })
}

/// The row of a rule in the reference: browsers scroll to the text.
fn help_uri(rule: &str) -> String {
    let text = rule.replace('-', "%2D");
    format!("{HOME}/blob/main/docs/rules.md#:~:text={text}")
}

fn result(redactor: &Redactor<'_>, rules: &Rules<'_>, found: &Finding) -> Value {
    let description = redactor.description(found);
    let place = redactor.place(found, &found.place);
    let text = format!("{description} at {place}");
    let whole = (&found.rule, &found.place);
    let mut result = json!({
        "ruleId": &*found.rule.id,
        "ruleIndex": rules.index(&found.rule.id),
        "level": if found.blocking { "error" } else { "warning" },
        "message": message(&text),
        "locations": [location(redactor, found, whole, None)],
        "partialFingerprints": { "keysieve/v1": found.public_fingerprint.to_string() },
        "suppressions": [],
        "properties": properties(redactor, found),
    });
    if let Some(partner) = &found.partner {
        let description = message(&redactor.text(partner.rule.description.as_bytes()));
        let half = (&partner.rule, &partner.place);
        let (one, other) = (
            message("One half of the pair"),
            message("The other half of the pair"),
        );
        let flow = [
            json!({ "location": location(redactor, found, half, Some(one)) }),
            json!({ "location": location(redactor, found, whole, Some(other)) }),
        ];
        result["relatedLocations"] = json!([location(redactor, found, half, Some(description))]);
        result["codeFlows"] = json!([{ "threadFlows": [{ "locations": flow }] }]);
    }
    result
}

fn suppressed(redactor: &Redactor<'_>, rules: &Rules<'_>, allowed: &Allowed) -> Value {
    let kind = match allowed.by {
        AllowedBy::Entry { .. } | AllowedBy::Baseline { .. } => "external",
        AllowedBy::Marker { .. } => "inSource",
    };
    let by = redactor.allowed_by(allowed);
    let mut result = result(redactor, rules, &allowed.finding);
    result["suppressions"] = json!([{ "kind": kind, "status": "accepted", "justification": by }]);
    result
}

fn properties(redactor: &Redactor<'_>, found: &Finding) -> Value {
    let notes = redactor.secrets_and_notes(found).into_iter();
    let notes = notes.map(|(label, text)| (label.to_owned(), json!(text)));
    let mut properties = json!({
        "confidence": found.confidence.word(),
        "blocking": found.blocking,
        "origin": found.origin.kind(),
        "notes": notes.collect::<Map<_, _>>(),
    });
    if let Some(commit) = found.origin.commit() {
        let SafeCommit {
            id,
            author,
            date,
            subject,
        } = redactor.commit(commit);
        properties["commit"] =
            json!({ "id": id, "author": author, "date": date, "subject": subject });
    }
    properties
}

/// A message in plain text. Brackets would be links and braces placeholders, so they are escaped.
fn message(text: &str) -> Value {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '[' | ']' | '\\' => escaped.push('\\'),
            '{' | '}' => escaped.push(c),
            _ => {}
        }
        escaped.push(c);
    }
    json!({ "text": escaped })
}

#[cfg(test)]
mod tests;
