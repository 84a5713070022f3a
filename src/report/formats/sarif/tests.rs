//! The format `sarif` against its schema, and what else its readers rely on.

use serde_json::{Value, json};

use super::*;
use crate::blob::Origin;
use crate::report::samples::{history, hostile, outcome, pair, render};

/// The schema as OASIS has published it; see the note next to it.
const OFFICIAL: &str = include_str!("../../../../tests/schemas/sarif-schema-2.1.0.json");

/// The run of the log of `outcome`, which must be valid.
#[track_caller]
fn run(outcome: &Outcome, options: Options) -> Value {
    let log: Value = serde_json::from_str(&render("sarif", outcome, options)).unwrap();
    let schema: Value = serde_json::from_str(OFFICIAL).unwrap();
    let schema = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    let complaints: Vec<_> = schema
        .iter_errors(&log)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    log["runs"][0].clone()
}

fn all_options() -> Options {
    let rules_version = "abc".to_owned();
    Options {
        version: "1.2.3",
        rules_version,
        show_allowed: true,
        show_unused: true,
        ..Options::default()
    }
}

#[test]
fn every_log_is_valid() {
    for outcome in [outcome(), history(), hostile(), Outcome::default()] {
        run(&outcome, all_options());
        run(
            &outcome,
            Options {
                reveal: true,
                ..all_options()
            },
        );
        run(&outcome, Options::default());
    }
}

#[test]
fn the_schema_would_complain() {
    let schema: Value = serde_json::from_str(OFFICIAL).unwrap();
    assert!(!jsonschema::is_valid(
        &schema,
        &json!({ "version": "2.1.0", "runs": [{ "results": [] }] })
    ));
}

#[test]
fn results_have_rules_places_and_fingerprints() {
    let run = run(&outcome(), all_options());
    let results = run["results"].as_array().unwrap();
    let levels: Vec<_> = results
        .iter()
        .map(|result| result["level"].as_str().unwrap())
        .collect();
    assert_eq!(levels, ["error", "error", "warning", "error", "error"]);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        let rule = &run["tool"]["driver"]["rules"][index];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(
            rule["help"]["markdown"]
                .as_str()
                .unwrap()
                .starts_with("**Rotate first.**")
        );
        let physical = &result["locations"][0]["physicalLocation"];
        assert!(
            physical["artifactLocation"]["uri"].is_string()
                && physical["region"]["startLine"].is_u64()
        );
    }
    let pair = &results[0];
    let print = outcome().findings[0].fingerprint.to_string();
    assert_eq!(pair["partialFingerprints"], json!({ "keysieve/v1": print }));
    let region = json!({ "startLine": 12, "startColumn": 11, "endLine": 12, "endColumn": 51 });
    let physical = &pair["locations"][0]["physicalLocation"];
    assert_eq!(physical["region"], region);
    assert_eq!(
        physical["artifactLocation"],
        json!({ "uri": "src/config.py", "uriBaseId": "%SRCROOT%" })
    );
    assert!(
        physical["contextRegion"]["snippet"]["text"]
            .as_str()
            .unwrap()
            .contains("region = "),
        "{physical}"
    );
    let rule = run["tool"]["driver"]["rules"][0].clone();
    assert_eq!(
        (&rule["id"], &rule["properties"]["precision"]),
        (&json!("aws-access-token"), &json!("medium"))
    );
}

#[test]
fn both_halves_of_a_pair_are_shown() {
    let run = run(&outcome(), Options::default());
    let pair = &run["results"][0];
    assert_eq!(
        pair["relatedLocations"][0]["physicalLocation"]["region"]["startLine"],
        11
    );
    let steps = pair["codeFlows"][0]["threadFlows"][0]["locations"]
        .as_array()
        .unwrap();
    let lines: Vec<_> = steps
        .iter()
        .map(|step| &step["location"]["physicalLocation"]["region"]["startLine"])
        .collect();
    assert_eq!(lines, [11, 12]);
    assert!(run["results"][1]["codeFlows"].is_null());
}

#[test]
fn what_is_allowed_is_suppressed_and_what_was_not_read_a_notification() {
    let report = run(
        &outcome(),
        Options {
            reveal: true,
            ..all_options()
        },
    );
    let allowed = &report["results"][3];
    let suppression = json!([{ "kind": "inSource", "status": "accepted", "justification": "gitleaks:allow: a fixture" }]);
    assert_eq!(allowed["suppressions"], suppression);
    assert_eq!(report["results"][4]["suppressions"][0]["kind"], "external");
    assert!(
        allowed["properties"]["notes"]["secret"]
            .as_str()
            .unwrap()
            .starts_with("ghp_****"),
        "an allow entry reveals nothing"
    );
    assert_eq!(report["results"][0]["suppressions"], json!([]));
    let invocation = &report["invocations"][0];
    assert_eq!(
        (&invocation["executionSuccessful"], &invocation["exitCode"]),
        (&json!(false), &json!(2))
    );
    let notes = invocation["toolExecutionNotifications"].as_array().unwrap();
    let levels: Vec<_> = notes
        .iter()
        .map(|note| note["level"].as_str().unwrap())
        .collect();
    assert_eq!(levels, ["note", "error", "note"]);
    let change = &notes[2];
    assert_eq!(change["descriptor"]["id"], "policy");
    assert_eq!(
        change["message"]["text"],
        ".keysieve.toml: changed; this change alters what keysieve ignores"
    );
    assert_eq!(
        change["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        ".keysieve.toml"
    );
    let known = report["tool"]["driver"]["notifications"]
        .as_array()
        .unwrap();
    for note in notes {
        assert!(
            known
                .iter()
                .any(|known| known["id"] == note["descriptor"]["id"]),
            "{note}"
        );
    }
    assert_eq!(
        invocation["toolConfigurationNotifications"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    assert_eq!(
        run(&Outcome::default(), all_options())["invocations"][0]["executionSuccessful"],
        true
    );
}

#[test]
fn a_finding_without_a_file_names_its_origin() {
    let run = run(&history(), Options::default());
    let results = run["results"].as_array().unwrap();
    let uri = |result: &Value| {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].clone()
    };
    assert_eq!(uri(&results[0]), "old.py");
    assert_eq!(
        uri(&results[1]),
        json!(format!("commit/{}", crate::report::samples::commit().id))
    );
    assert!(
        uri(&results[2])
            .as_str()
            .unwrap()
            .starts_with("tag/v1-AKIA***"),
        "{}",
        uri(&results[2])
    );
    assert_eq!(uri(&results[3]), "refs/heads/********");
    let kinds: Vec<_> = results
        .iter()
        .map(|result| result["locations"][0]["logicalLocations"][0]["kind"].clone())
        .collect();
    assert_eq!(
        kinds[..4],
        [
            Value::Null,
            json!("commit"),
            json!("tag"),
            json!("repository")
        ]
    );
    assert_eq!(
        results[0]["properties"]["commit"]["date"],
        "2026-03-01T00:00:00Z"
    );
}

#[test]
fn paths_are_uris_and_text_is_no_link() {
    let mut found = pair();
    for (path, uri) in [
        ("./a b/é:1", "a%20b/%C3%A9%3A1"),
        ("/tmp/x%", "file:///tmp/x%25"),
    ] {
        found.origin = Origin::File { path: path.into() };
        let run = run(
            &Outcome {
                findings: vec![found.clone()],
                ..Outcome::default()
            },
            Options::default(),
        );
        assert_eq!(
            run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            uri
        );
    }
    assert_eq!(
        message("[x](http://y) {0} \\"),
        json!({ "text": "\\[x\\](http://y) {{0}} \\\\" })
    );
}
