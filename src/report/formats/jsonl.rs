//! Writes the format `jsonl`: one JSON object per line, for tools that read line by line.

use std::io;

use serde::Serialize;

use crate::finding::Outcome;
use crate::report::api::Options;
use crate::report::formats::json_types::{
    AllowedJson, FindingJson, HeaderJson, JsonMapper, PolicyChangeJson, SkipJson, UnusedJson,
};
use crate::report::safe_text::escaping::write_json;
use crate::report::safe_text::words::blocking;

/// A line. The summary is always the last one; without it the stream was cut off.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum Line<'o> {
    Finding(FindingJson<'o>),
    Allowed(AllowedJson<'o>),
    Skip(SkipJson),
    Unused(UnusedJson),
    PolicyChange(PolicyChangeJson),
    Summary(SummaryJson<'o>),
}

/// The last line.
#[derive(Serialize)]
struct SummaryJson<'o> {
    #[serde(flatten)]
    header: HeaderJson<'o>,
    findings: usize,
    blocking: usize,
    allowed: usize,
    skipped: usize,
}

/// Writes a line for each finding, skip, policy change and unused allow entry, then the summary.
pub(super) fn write(
    options: &Options,
    outcome: &Outcome,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mapper = JsonMapper::new(outcome, options);
    for finding in &outcome.findings {
        write_json(&Line::Finding(mapper.finding(finding)), false, out)?;
    }
    for allowed in &outcome.allowed {
        write_json(&Line::Allowed(mapper.allowed(allowed)), false, out)?;
    }
    for skip in &outcome.skipped {
        write_json(&Line::Skip(mapper.skip(skip)), false, out)?;
    }
    for change in &outcome.policy_changes {
        write_json(
            &Line::PolicyChange(mapper.policy_change(change)),
            false,
            out,
        )?;
    }
    for entry in &outcome.unused {
        write_json(&Line::Unused(mapper.unused(entry)), false, out)?;
    }
    let summary = SummaryJson {
        header: HeaderJson::new(outcome, options),
        findings: outcome.findings.len(),
        blocking: blocking(outcome),
        allowed: outcome.allowed.len(),
        skipped: outcome.skipped.len(),
    };
    write_json(&Line::Summary(summary), false, out)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::samples::{outcome, render};

    #[test]
    fn each_line_is_an_object_and_the_last_the_summary() {
        let text = render("jsonl", &outcome(), Options::default());
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let types: Vec<_> = lines
            .iter()
            .map(|line| line["type"].as_str().unwrap())
            .collect();
        let (first, rest) = types.split_at(5);
        assert_eq!(
            first,
            ["finding", "finding", "finding", "allowed", "allowed"]
        );
        assert_eq!(
            rest,
            [
                "skip",
                "skip",
                "policy-change",
                "unused",
                "unused",
                "unused",
                "summary"
            ]
        );
        let summary = &lines[lines.len() - 1];
        assert_eq!(
            (&summary["findings"], &summary["blocking"]),
            (&3.into(), &2.into())
        );
        assert_eq!(summary["status"], "incomplete");
    }
}
