//! Writes the format `json`: one document with all results.

use std::io;

use serde::Serialize;

use crate::finding::Outcome;
use crate::report::api::Options;
use crate::report::formats::json_types::{
    HeaderJson, JsonMapper, PolicyChangeJson, SkipJson, UnusedJson,
};
use crate::report::safe_text::escaping::{Streamed, write_json};

/// The document.
#[derive(Serialize)]
struct Document<'o, A: Serialize, F: Serialize> {
    #[serde(flatten)]
    header: HeaderJson<'o>,
    skipped: Vec<SkipJson>,
    allowed: A,
    findings: F,
    unused: Vec<UnusedJson>,
    policy_changes: Vec<PolicyChangeJson>,
}

/// Writes the document.
pub(super) fn write(
    options: &Options,
    outcome: &Outcome,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mapper = JsonMapper::new(outcome, options);
    let Outcome {
        skipped,
        allowed,
        findings,
        unused,
        policy_changes,
        ..
    } = outcome;
    let document = Document {
        header: HeaderJson::new(outcome, options),
        skipped: skipped.iter().map(|skip| mapper.skip(skip)).collect(),
        allowed: Streamed(|| allowed.iter().map(|allowed| mapper.allowed(allowed))),
        findings: Streamed(|| findings.iter().map(|finding| mapper.finding(finding))),
        unused: unused.iter().map(|entry| mapper.unused(entry)).collect(),
        policy_changes: policy_changes
            .iter()
            .map(|change| mapper.policy_change(change))
            .collect(),
    };
    write_json(&document, true, out)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::report::samples::{hostile, outcome, render};

    fn document(outcome: &Outcome, options: Options) -> Value {
        serde_json::from_str(&render("json", outcome, options)).unwrap()
    }

    #[test]
    fn the_document_holds_everything() {
        let options = Options {
            version: "1.2.3",
            rules_version: "abc".to_owned(),
            ..Options::default()
        };
        let all = document(&outcome(), options);
        assert_eq!(all["schema"], 1);
        assert_eq!(
            all["tool"],
            json!({"name": "keysieve", "version": "1.2.3", "rules": "abc"})
        );
        assert_eq!(all["status"], "incomplete");
        assert_eq!(
            all["scanned"],
            json!({"blobs": 20, "bytes": 1_258_291, "left_out": 3})
        );
        assert_eq!(all["skipped"].as_array().unwrap().len(), 2);
        assert_eq!(
            all["unused"][0],
            json!({"kind": "entry", "number": 4, "reason": "old", "expired": "2026-03-31"})
        );
        assert_eq!(
            all["allowed"][0]["by"],
            json!({"kind": "marker", "word": "gitleaks:allow", "reason": "a fixture"})
        );
        assert_eq!(
            all["policy_changes"],
            json!([{"path": ".keysieve.toml", "change": "changed"}])
        );
        assert_eq!(
            all["allowed"][1]["by"],
            json!({"kind": "baseline", "owner": "platform"})
        );
        assert_eq!(all["unused"][2]["kind"], "baseline");
        let pair = &all["findings"][0];
        assert_eq!(pair["rule"], "aws-credentials");
        assert_eq!(pair["path"], "src/config.py");
        assert_eq!(
            (&pair["line"], &pair["end_column"]),
            (&json!(12), &json!(51))
        );
        assert_eq!(pair["blocking"], true);
        assert_eq!(pair["origin"]["kind"], "staged");
        assert_eq!(pair["details"]["account"], "123456789012");
        assert_eq!(pair["partner"]["line"], 11);
        assert_eq!(pair["fingerprint"].as_str().unwrap().len(), 32);
    }

    #[test]
    fn bytes_that_are_no_text_come_as_base64_too() {
        let all = document(
            &hostile(),
            Options {
                reveal: true,
                ..Options::default()
            },
        );
        let finding = &all["findings"][0];
        assert!(finding["path"].as_str().unwrap().contains("\\xff"));
        assert!(finding["path_base64"].is_string() && finding["secret_base64"].is_string());
        let masked = document(&hostile(), Options::default());
        assert!(masked["findings"][0]["secret_base64"].is_null());
        assert_eq!(
            masked["skipped"][0]["path"], "evil\n\u{1b}[2J\u{202e}\u{9b}\u{7f}",
            "escapes mean the same"
        );
    }
}
