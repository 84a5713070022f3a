//! Writes the answer as JSON.

use keysieve::finding::{AllowedBy, Finding};
use keysieve::rule::{Confidence, Verdict};
use keysieve::scan::{CandidateTrace, RuleTrace, TraceStep};
use keysieve::text::{LineIndex, printable};
use serde_json::{Value, json};

use super::{Answer, Decision, Place};
use crate::cli::settings::SettingSource;

/// Version of the format below. It grows when consumers have to change.
const SCHEMA: u32 = 1;

impl Answer<'_> {
    /// The answer as one document.
    pub(super) fn json(&self) -> String {
        let policy = &self.settings.policy;
        let sources = &self.settings.sources;
        let (report, block) = (
            sources.report_place.as_deref(),
            sources.block_place.as_deref(),
        );
        let document = json!({
            "schema": SCHEMA,
            "places": self.places.iter().map(|place| self.place_json(place)).collect::<Vec<_>>(),
            "policy": {
                "report": self.level(self.settings.report, sources.report, report),
                "block": self.level(policy.block, sources.block, block),
                "config": self.optional_name(sources.config.as_deref()),
                "configs": sources.configs.iter().map(|file| self.name(file)).collect::<Vec<_>>(),
                "baseline": self.optional_name(policy.baseline_file()),
            },
        });
        format!("{document:#}\n")
    }

    fn place_json(&self, place: &Place) -> Value {
        let index = LineIndex::new(&place.text);
        let traces = place.traces.iter();
        let traces: Vec<_> = traces.map(|trace| self.trace_json(trace, &index)).collect();
        let findings = place.findings.iter();
        let findings = findings.map(|(found, by)| self.finding_json(found, by));
        json!({
            "path": place.path,
            "line": place.line,
            "skipped": self.optional_name(place.skipped.as_deref()),
            "trials": traces,
            "findings": findings.collect::<Vec<_>>(),
        })
    }

    fn trace_json(&self, trace: &RuleTrace, index: &LineIndex<'_>) -> Value {
        let rule = &self.settings.scanner.rules().rules[trace.rule];
        let triggers = trace.triggers.iter().map(|trigger| {
            let at = index.locate(trigger.span.start);
            let keyword = trigger
                .keyword
                .as_ref()
                .map(|word| printable(word.as_bytes()));
            json!({
                "keyword": keyword,
                "length": trigger.span.len(),
                "line": at.line,
                "column": at.column,
            })
        });
        let candidates = trace.candidates.iter();
        let candidates = candidates.map(|traced| candidate(traced, index));
        json!({
            "rule": *rule.id,
            "file": self.name(&rule.source.file),
            "encoding": trace.encoding,
            "cues": triggers.collect::<Vec<_>>(),
            "candidates": candidates.collect::<Vec<_>>(),
        })
    }

    fn finding_json(&self, finding: &Finding, decision: &Decision) -> Value {
        let partner = finding.partner.as_ref().map(|partner| {
            let at = partner.place.start;
            json!({"rule": *partner.rule.id, "line": at.line, "column": at.column})
        });
        json!({
            "rule": *finding.rule.id,
            "confidence": finding.confidence.word(),
            "fingerprint": finding.public_fingerprint.to_string(),
            "inside": finding.place.inside().map(|inside| self.name(&inside.to_string())),
            "line": finding.place.start.line,
            "column": finding.place.start.column,
            "partner": partner,
            "decision": self.decision_json(decision),
        })
    }

    fn optional_name(&self, name: Option<&str>) -> Option<String> {
        name.map(|name| self.name(name))
    }

    /// A confidence level, and the file and line that set it if a file does.
    fn level(&self, value: Confidence, source: SettingSource, place: Option<&str>) -> Value {
        let place = place.filter(|_| source == SettingSource::Config);
        json!({
            "value": value.word(), "from": source_word(source), "place": self.optional_name(place),
        })
    }

    fn decision_json(&self, decision: &Decision) -> Value {
        let safe = |text: &String| self.prose(text);
        let config = self.optional_name(self.settings.sources.config.as_deref());
        let baseline = self.optional_name(self.settings.policy.baseline_file());
        match decision {
            Decision::Ignored => json!({"kind": "ignored"}),
            Decision::Reported { blocks, expired } => {
                json!({"kind": "reported", "blocks": blocks, "expired_baseline_line": expired})
            }
            Decision::Allowed {
                by:
                    AllowedBy::Entry {
                        file,
                        number,
                        reason,
                    },
                line,
            } => json!({
                "kind": "allowed", "by": "entry", "number": number, "line": line,
                "reason": safe(reason), "file": self.optional_name(file.as_deref()).or(config),
            }),
            Decision::Allowed {
                by: AllowedBy::Marker { word, reason },
                ..
            } => json!({
                "kind": "allowed", "by": "marker", "word": word,
                "reason": reason.as_ref().map(safe),
            }),
            Decision::Allowed {
                by: AllowedBy::Baseline { reason, owner },
                line,
            } => json!({
                "kind": "allowed", "by": "baseline", "line": line,
                "reason": reason.as_ref().map(safe),
                "owner": owner.as_ref().map(safe), "file": baseline,
            }),
        }
    }
}

fn candidate(traced: &CandidateTrace, index: &LineIndex<'_>) -> Value {
    let at = index.locate(traced.span.start);
    let steps = traced.steps.iter().map(|step| match step {
        TraceStep::Entropy { measured, floor } => {
            let accepts = measured >= floor;
            json!({"check": "entropy", "accepts": accepts, "measured": measured, "floor": floor})
        }
        TraceStep::Check { name, verdict } => {
            let (reason, grade) = match verdict {
                Verdict::Accept => (None, None),
                Verdict::Reject(reason) => (Some(reason), None),
                Verdict::Grade(grade) => (None, Some(grade.word())),
            };
            json!({"check": name, "accepts": reason.is_none(), "reason": reason, "grade": grade})
        }
    });
    json!({
        "secret": printable(traced.value.masked().as_bytes()),
        "line": at.line,
        "column": at.column,
        "steps": steps.collect::<Vec<_>>(),
        "confidence": traced.found.as_ref().map(|found| found.confidence.word()),
        "reported": traced.is_reported,
    })
}

fn source_word(source: SettingSource) -> &'static str {
    match source {
        SettingSource::Flag => "flag",
        SettingSource::Environment => "environment",
        SettingSource::Config => "config",
        SettingSource::Default => "default",
    }
}
