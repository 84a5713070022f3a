//! Maps places to SARIF locations: URIs and regions, also for places that are not in a file.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::blob::Origin;
use crate::finding::{Finding, Place, RuleInfo};
use crate::report::safe_text::redactor::Redactor;

/// The name of the base of relative URIs.
pub(super) const BASE: &str = "%SRCROOT%";

/// The location of a finding or of its other half. Code scanning rejects results without a URI and
/// a line, so places outside files get both; their logical location says what they are.
pub(super) fn location(
    redactor: &Redactor<'_>,
    found: &Finding,
    (rule, place): (&RuleInfo, &Place),
    note: Option<Value>,
) -> Value {
    let mut physical = match &found.origin {
        Origin::CommitText { commit } => {
            json!({ "artifactLocation": { "uri": format!("commit/{}", commit.id) } })
        }
        Origin::TagText { .. } => {
            let uri = format!("tag/{}", encoded(&redactor.path_bytes(found)));
            json!({ "artifactLocation": { "uri": uri } })
        }
        Origin::Stdin => json!({ "artifactLocation": { "uri": "stdin" } }),
        _ => json!({ "artifactLocation": artifact(&redactor.file_bytes(found)) }),
    };
    if found.has_line_in_file() {
        physical["region"] = region(rule, place);
        if let Some(context) = context(redactor, place) {
            physical["contextRegion"] = context;
        }
    } else {
        physical["region"] = json!({ "startLine": 1 });
    }
    let mut location = json!({ "physicalLocation": physical });
    let logical = match found.origin {
        _ if place.inside.is_some() => Some(("entry", redactor.place(found, place))),
        Origin::CommitText { .. } => Some(("commit", redactor.path(found))),
        Origin::TagText { .. } => Some(("tag", redactor.path(found))),
        Origin::Repository { .. } => Some(("repository", redactor.path(found))),
        _ => None,
    };
    if let Some((kind, name)) = logical {
        location["logicalLocations"] = json!([{ "fullyQualifiedName": name, "kind": kind }]);
    }
    if let Some(note) = note {
        location["message"] = note;
    }
    location
}

/// A path as the URI of an artifact: absolute, or relative to where the scan was started.
pub(super) fn artifact(path: &[u8]) -> Value {
    if path.first() == Some(&b'/') {
        return json!({ "uri": format!("file://{}", encoded(path)) });
    }
    json!({ "uri": encoded(path.strip_prefix(b"./").unwrap_or(path)), "uriBaseId": BASE })
}

/// Lines and columns count from 1, and the end column is exclusive, both in SARIF and here.
/// Without an end column, a region ends with its line.
fn region(rule: &RuleInfo, place: &Place) -> Value {
    let mut region = json!({
        "startLine": place.start.line,
        "startColumn": place.start.column,
        "endLine": place.end.line,
    });
    if let Some(column) = rule.end_column(place) {
        region["endColumn"] = json!(column);
    }
    region
}

/// The lines around the region, if they contain all of it.
fn context(redactor: &Redactor<'_>, place: &Place) -> Option<Value> {
    let (first, last) = (
        place.frame.lines.first()?.number,
        place.frame.lines.last()?.number,
    );
    if first > place.start.line || last < place.end.line {
        return None;
    }
    let lines: Vec<_> = redactor
        .frame(place)
        .map(|line| line.into_owned().text)
        .collect();
    let snippet = json!({ "text": lines.join("\n") });
    Some(json!({ "startLine": first, "endLine": last, "snippet": snippet }))
}

/// Encodes a path for a URI (RFC 3986), the colon too, because it could end a scheme.
fn encoded(path: &[u8]) -> String {
    let mut uri = String::with_capacity(path.len());
    for &byte in path {
        if byte.is_ascii_alphanumeric() || b"-._~/*".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}
