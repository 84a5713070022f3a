//! The format `sarif`: the Static Analysis Results Interchange Format, version 2.1.0, for code
//! scanning and for editors.

mod place;

use std::collections::BTreeMap;
use std::io;

use serde_json::{Map, Value, json};

use crate::finding::{Allowed, AllowedBy, Finding, Outcome, Status};
use crate::report::safe_text::escaping::write;
use crate::report::safe_text::facts::{CommitFacts, Facts};
use crate::report::safe_text::words::{ROTATE, lists_unused};
use crate::report::{Options, Report};
use crate::rule::Confidence;
use place::{BASE, artifact, location};

/// The schema that a log follows.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Writes SARIF.
pub(in crate::report) struct Sarif {
    options: Options,
}

impl Sarif {
    /// A report with these options.
    pub(in crate::report) const fn new(options: Options) -> Self {
        Self { options }
    }
}

impl Report for Sarif {
    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
        let facts = Facts::new(outcome, &self.options);
        let rules = Rules::of(outcome);
        let found = outcome
            .findings
            .iter()
            .map(|found| result(&facts, &rules, found));
        let masked = Facts::masked(outcome);
        let allowed = outcome
            .allowed
            .iter()
            .map(|allowed| suppressed(&masked, &rules, allowed));
        // Where the repository lies is not known here, and a remote's URL may hold a password: so
        // no `versionControlProvenance`; the commit of a finding is among its properties.
        let run = json!({
            "tool": { "driver": self.driver(&facts, &rules) },
            "invocations": [self.invocation(&facts, outcome)],
            "originalUriBaseIds": { BASE: { "description": { "text": "Where the scan was started." } } },
            "columnKind": "unicodeCodePoints",
            "redactionTokens": ["*"],
            "results": found.chain(allowed).collect::<Vec<_>>(),
            "properties": {
                "status": outcome.status().word(),
                "blobs": outcome.totals.blobs,
                "bytes": outcome.totals.bytes,
                "leftOut": outcome.totals.left_out,
            },
        });
        write(
            &json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [run] }),
            true,
            out,
        )
    }
}

impl Sarif {
    fn driver(&self, facts: &Facts<'_>, rules: &Rules<'_>) -> Value {
        let notification =
            |id: &str, text: &str| json!({ "id": id, "shortDescription": { "text": text } });
        let mut driver = json!({
            "name": "keysieve",
            "rules": rules.0.values().map(|(_, found, worst)| rule(facts, found, *worst)).collect::<Vec<_>>(),
            "notifications": [
                notification("unread", "Something in scope could not be read, so the scan is not complete."),
                notification("skipped", "Something was left out of the scan on purpose."),
                notification("policy", "A file that says what is ignored is changed by the commits that are judged."),
                notification("unused", "An exception let nothing pass."),
            ],
            "properties": { "rules": self.options.rules_version },
        });
        if !self.options.version.is_empty() {
            driver["semanticVersion"] = json!(self.options.version);
        }
        driver
    }

    fn invocation(&self, facts: &Facts<'_>, outcome: &Outcome) -> Value {
        let on_file = |(id, level): (&str, &str), path: &[u8], (name, text): (String, String)| {
            json!({
                "descriptor": { "id": id },
                "level": level,
                "message": message(&format!("{name}: {text}")),
                "locations": [{ "physicalLocation": { "artifactLocation": artifact(&facts.bytes(path)) } }],
            })
        };
        let skips = outcome.skipped.iter().map(|skip| {
            let kind = if skip.reason.is_failure() {
                ("unread", "error")
            } else {
                ("skipped", "note")
            };
            on_file(kind, &skip.path, facts.skip(skip))
        });
        let changes = outcome.policy_changes.iter();
        let changes = changes.map(|change| {
            on_file(
                ("policy", "note"),
                &change.path,
                facts.policy_change(change),
            )
        });
        let found = !outcome.findings.is_empty();
        let unused = outcome
            .unused
            .iter()
            .filter(|entry| lists_unused(entry, self.options.show_unused, found));
        let unused = unused.map(|entry| {
            let text = facts.unused(entry);
            json!({ "descriptor": { "id": "unused" }, "level": "note", "message": message(&text) })
        });
        json!({
            "executionSuccessful": outcome.status() != Status::Incomplete,
            "exitCode": outcome.status() as i32,
            "toolExecutionNotifications": skips.chain(changes).collect::<Vec<_>>(),
            "toolConfigurationNotifications": unused.collect::<Vec<_>>(),
        })
    }
}

/// The rules of an outcome by their ids: the place of each in the log, a finding of it, and its
/// highest confidence.
struct Rules<'o>(BTreeMap<&'o str, (usize, &'o Finding, Confidence)>);

impl<'o> Rules<'o> {
    fn of(outcome: &'o Outcome) -> Self {
        let mut rules = BTreeMap::new();
        for found in outcome
            .findings
            .iter()
            .chain(outcome.allowed.iter().map(|allowed| &allowed.finding))
        {
            let (.., worst) = rules
                .entry(&*found.rule.id)
                .or_insert((0, found, found.confidence));
            *worst = found.confidence.max(*worst);
        }
        for (index, (place, ..)) in rules.values_mut().enumerate() {
            *place = index;
        }
        Self(rules)
    }

    fn index(&self, id: &str) -> usize {
        self.0.get(id).map_or(0, |(index, ..)| *index)
    }
}

fn rule(facts: &Facts<'_>, found: &Finding, worst: Confidence) -> Value {
    let description = facts.description(found);
    let help = facts
        .help(found)
        .map(|help| format!("{help} "))
        .unwrap_or_default();
    let text = format!("{} {} {help}", ROTATE[0], ROTATE[1]);
    let markdown = format!(
        "**Rotate first.** {text}\n\nWhat may pass: `keysieve allow FINGERPRINT --reason \"why\"`."
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
        "shortDescription": { "text": description },
        "fullDescription": { "text": description },
        "help": { "text": text.trim_end(), "markdown": markdown },
        "defaultConfiguration": { "level": "error" },
        "properties": { "tags": ["security", "secret"], "precision": precision, "security-severity": severity },
    })
}

fn result(facts: &Facts<'_>, rules: &Rules<'_>, found: &Finding) -> Value {
    let place = facts.place(found, &found.place);
    let mut result = json!({
        "ruleId": &*found.rule.id,
        "ruleIndex": rules.index(&found.rule.id),
        "level": if found.blocking { "error" } else { "warning" },
        "message": message(&format!("{} at {place}: {}", facts.description(found), facts.secret(&found.secret))),
        "locations": [location(facts, found, &found.place, None)],
        "partialFingerprints": { "keysieve/v1": found.fingerprint.to_string() },
        "suppressions": [],
        "properties": properties(facts, found),
    });
    if let Some(partner) = &found.partner {
        let half = |name: &str| message(&format!("{name} of the pair"));
        let other = facts.text(partner.rule.description.as_bytes());
        let first = location(facts, found, &partner.place, Some(message(&other)));
        let flow = [
            json!({ "location": location(facts, found, &partner.place, Some(half("One half"))) }),
            json!({ "location": location(facts, found, &found.place, Some(half("The other half"))) }),
        ];
        result["relatedLocations"] = json!([first]);
        result["codeFlows"] = json!([{ "threadFlows": [{ "locations": flow }] }]);
    }
    result
}

fn suppressed(facts: &Facts<'_>, rules: &Rules<'_>, allowed: &Allowed) -> Value {
    let kind = match allowed.by {
        AllowedBy::Entry { .. } | AllowedBy::Baseline { .. } => "external",
        AllowedBy::Marker { .. } => "inSource",
    };
    let mut result = result(facts, rules, &allowed.finding);
    result["suppressions"] =
        json!([{ "kind": kind, "status": "accepted", "justification": facts.exception(allowed) }]);
    result
}

fn properties(facts: &Facts<'_>, found: &Finding) -> Value {
    let notes = facts.secrets(found).into_iter().chain(facts.notes(found));
    let notes = notes.map(|(label, text)| (label.to_owned(), json!(text)));
    let mut properties = json!({
        "confidence": found.confidence.word(),
        "blocking": found.blocking,
        "origin": found.origin.kind(),
        "notes": notes.collect::<Map<_, _>>(),
    });
    if let Some(CommitFacts {
        id,
        author,
        date,
        subject,
    }) = found.origin.commit().map(|commit| facts.commit(commit))
    {
        properties["commit"] =
            json!({ "id": id, "author": author, "date": date, "subject": subject });
    }
    properties
}

/// A message of plain text, in which brackets would be links and braces placeholders.
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
