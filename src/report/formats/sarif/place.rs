//! Places as SARIF writes them: URIs, regions, and what is no file.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::blob::Origin;
use crate::finding::{Finding, Place};
use crate::report::safe_text::facts::Facts;

/// Names what relative URIs are relative to.
pub(in crate::report) const BASE: &str = "%SRCROOT%";

/// Where a finding, or the other half of it, stands. Code scanning takes no result without a URI
/// and a line, so what stands in no file has them as well; its logical location says what it is.
pub(in crate::report) fn location(
    facts: &Facts<'_>,
    found: &Finding,
    place: &Place,
    note: Option<Value>,
) -> Value {
    let mut physical = match &found.origin {
        Origin::CommitText { commit } => {
            json!({ "artifactLocation": { "uri": format!("commit/{}", commit.id) } })
        }
        Origin::TagText { .. } => {
            let uri = format!("tag/{}", encoded(&facts.path_bytes(found)));
            json!({ "artifactLocation": { "uri": uri } })
        }
        Origin::Stdin => json!({ "artifactLocation": { "uri": "stdin" } }),
        _ => json!({ "artifactLocation": artifact(&facts.path_bytes(found)) }),
    };
    match found.origin {
        Origin::Name { .. } => physical["region"] = json!({ "startLine": 1 }),
        _ => {
            physical["region"] = region(place);
            if let Some(context) = context(facts, place) {
                physical["contextRegion"] = context;
            }
        }
    }
    let mut location = json!({ "physicalLocation": physical });
    let kind = match found.origin {
        Origin::CommitText { .. } => Some("commit"),
        Origin::TagText { .. } => Some("tag"),
        Origin::Repository { .. } => Some("repository"),
        _ => None,
    };
    if let Some(kind) = kind {
        location["logicalLocations"] =
            json!([{ "fullyQualifiedName": facts.path(found), "kind": kind }]);
    }
    if let Some(note) = note {
        location["message"] = note;
    }
    location
}

/// A path as the URI of an artifact: relative to where the scan was started, unless it is absolute.
pub(in crate::report) fn artifact(path: &[u8]) -> Value {
    if path.first() == Some(&b'/') {
        return json!({ "uri": format!("file://{}", encoded(path)) });
    }
    json!({ "uri": encoded(path.strip_prefix(b"./").unwrap_or(path)), "uriBaseId": BASE })
}

/// Lines and columns from 1; the last column is just past the region, as it is here.
fn region(place: &Place) -> Value {
    json!({
        "startLine": place.start.line,
        "startColumn": place.start.column,
        "endLine": place.end.line,
        "endColumn": place.end.column,
    })
}

/// The lines around, where they hold the whole region.
fn context(facts: &Facts<'_>, place: &Place) -> Option<Value> {
    let (first, last) = (
        place.frame.lines.first()?.number,
        place.frame.lines.last()?.number,
    );
    if first > place.start.line || last < place.end.line {
        return None;
    }
    let lines: Vec<_> = facts.frame(place).map(|(_, text)| text).collect();
    let snippet = json!({ "text": lines.join("\n") });
    Some(json!({ "startLine": first, "endLine": last, "snippet": snippet }))
}

/// A path in the characters of a URI (RFC 3986); a colon, which could end a scheme, is encoded as
/// well.
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
