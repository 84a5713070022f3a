//! Writes a baseline, with one line for each entry.

use serde::Serialize;

use super::{Baseline, BaselineEntry, VERSION};

/// An entry as written.
#[derive(Serialize)]
struct Line<'e> {
    #[serde(rename = "print")]
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

impl Baseline {
    /// The content of the file. The same entries give the same bytes.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = format!(
            "{{\n\"keysieve-baseline\": {VERSION},\n\"salt\": \"{}\",\n\"findings\": [\n",
            self.salt
        );
        for entry in &self.entries {
            out += &line(entry);
            out += ",\n";
        }
        out + "null\n]\n}\n"
    }
}

fn line(entry: &BaselineEntry) -> String {
    let line = Line {
        fingerprint: entry.fingerprint.to_string(),
        rule: entry.rule.as_deref(),
        path: entry.path.as_deref(),
        reason: entry.metadata.reason.as_deref(),
        owner: entry.metadata.owner.as_deref(),
        until: entry.metadata.until.map(|day| day.to_string()),
    };
    #[expect(clippy::expect_used, reason = "six strings are JSON")]
    serde_json::to_string(&line).expect("strings are JSON")
}
