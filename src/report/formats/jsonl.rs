//! The format `jsonl`: one JSON object a line, for tools that read line by line.

use std::io;

use serde::Serialize;

use crate::finding::Outcome;
use crate::report::formats::shape::{
    AllowedShape, FindingShape, PolicyChangeShape, SCHEMA, ScannedShape, Shaper, SkipShape,
    ToolShape, UnusedShape,
};
use crate::report::formats::shape::{scanned, tool};
use crate::report::safe_text::escaping::write;
use crate::report::{Options, Report};

/// Writes a line for each finding, skip and exception, and a summary as the last.
pub(in crate::report) struct JsonLines {
    options: Options,
}

impl JsonLines {
    /// A report with these options.
    pub(in crate::report) const fn new(options: Options) -> Self {
        Self { options }
    }
}

/// A line. A stream without its summary was cut off.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum Line<'o> {
    Finding(FindingShape<'o>),
    Allowed(AllowedShape<'o>),
    Skip(SkipShape),
    Unused(UnusedShape),
    PolicyChange(PolicyChangeShape),
    Summary(SummaryShape<'o>),
}

/// The last line.
#[derive(Serialize)]
struct SummaryShape<'o> {
    schema: u32,
    tool: ToolShape<'o>,
    status: &'static str,
    scanned: ScannedShape,
    findings: usize,
    blocking: usize,
    allowed: usize,
    skipped: usize,
}

impl Report for JsonLines {
    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
        let shaper = Shaper::new(outcome, &self.options);
        for finding in &outcome.findings {
            write(&Line::Finding(shaper.finding(finding)), false, out)?;
        }
        for allowed in &outcome.allowed {
            write(&Line::Allowed(shaper.allowed(allowed)), false, out)?;
        }
        for skip in &outcome.skipped {
            write(&Line::Skip(shaper.skip(skip)), false, out)?;
        }
        for change in &outcome.policy_changes {
            write(
                &Line::PolicyChange(shaper.policy_change(change)),
                false,
                out,
            )?;
        }
        for entry in &outcome.unused {
            write(&Line::Unused(shaper.unused(entry)), false, out)?;
        }
        let summary = SummaryShape {
            schema: SCHEMA,
            tool: tool(&self.options),
            status: outcome.status().word(),
            scanned: scanned(outcome.totals),
            findings: outcome.findings.len(),
            blocking: outcome
                .findings
                .iter()
                .filter(|finding| finding.blocking)
                .count(),
            allowed: outcome.allowed.len(),
            skipped: outcome.skipped.len(),
        };
        write(&Line::Summary(summary), false, out)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::samples::{outcome, shown};

    #[test]
    fn each_line_is_an_object_and_the_last_the_summary() {
        let text = shown("jsonl", &outcome(), Options::default());
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
