//! Writes the answer for reading.

use std::fmt::Write as _;

use keysieve::finding::{AllowedBy, Finding};
use keysieve::rule::{NOT_ENCRYPTED, Verdict};
use keysieve::scan::{CandidateTrace, RuleTrace, TraceStep, TraceTrigger};
use keysieve::text::{LineIndex, Location, printable};

use super::{Answer, Decision, Place};
use crate::cli::settings::SettingSource;

/// The most triggers of a rule that are listed.
const MAX_TRIGGERS: usize = 3;

impl Answer<'_> {
    /// The answer as text.
    pub(super) fn human(&self) -> String {
        let mut out = String::new();
        for place in &self.places {
            let line = place.line.map(|line| format!(":{line}"));
            let line = line.unwrap_or_default();
            push(&mut out, 0, &format!("{}{line}", place.path));
            self.place(place, &mut out);
            out.push('\n');
        }
        if self.places.is_empty() {
            out.push_str("no finding has this fingerprint\n\n");
        }
        self.policy(&mut out);
        out
    }

    fn place(&self, place: &Place, out: &mut String) {
        if let Some(reason) = &place.skipped {
            let reason = self.name(reason);
            return push(out, 1, &format!("is not scanned: {reason}"));
        }
        let index = LineIndex::new(&place.text);
        for trace in &place.traces {
            self.rule(trace, &index, out);
        }
        if place.traces.is_empty() {
            let rules = self.settings.scanner.rules().rules.len();
            push(
                out,
                1,
                &format!(
                    "none of {rules} rules was tried: no keyword and no long run of characters here"
                ),
            );
        }
        if place.findings.is_empty() {
            return push(out, 1, "no finding here");
        }
        for (finding, decision) in &place.findings {
            self.finding(finding, decision, out);
        }
    }

    fn finding(&self, finding: &Finding, decision: &Decision, out: &mut String) {
        let Location { line, column } = finding.place.start;
        let (rule, confidence) = (&finding.rule.id, finding.confidence);
        let entry = finding
            .place
            .inside()
            .map(|inside| format!("{}:", self.name(&inside.to_string())));
        let entry = entry.unwrap_or_default();
        let mut text = format!("found {rule} at {entry}{line}:{column}, {confidence}");
        if let Some(partner) = &finding.partner {
            let Location { line, column } = partner.place.start;
            let rule = &partner.rule.id;
            text.push_str(&format!(", with {rule} at {line}:{column}"));
        }
        push(out, 1, &text);
        push(
            out,
            2,
            &format!("fingerprint {}", finding.public_fingerprint),
        );
        let decision = self.decision(decision, confidence.word());
        push(out, 2, &decision);
        if **rule == *NOT_ENCRYPTED {
            let note = "this is the file in the work tree: 'staged' and 'gate' judge what git \
                        stores, which a filter may have encrypted";
            push(out, 2, note);
        }
    }

    fn rule(&self, trace: &RuleTrace, index: &LineIndex<'_>, out: &mut String) {
        let rule = &self.settings.scanner.rules().rules[trace.rule];
        let mut triggers: Vec<_> = trace
            .triggers
            .iter()
            .take(MAX_TRIGGERS)
            .map(|trigger| describe_trigger(trigger, index))
            .collect();
        if let Some(more @ 1..) = trace.triggers.len().checked_sub(MAX_TRIGGERS) {
            triggers.push(format!("{more} more"));
        }
        let (id, file) = (&rule.id, self.name(&rule.source.file));
        let mut text = format!("{id} ({file}) tried: {}", triggers.join(", "));
        if let Some(encoding) = trace.encoding {
            text.push_str(&format!(", read as {encoding}"));
        }
        push(out, 1, &text);
        if trace.candidates.is_empty() {
            let is_run = trace
                .triggers
                .iter()
                .any(|trigger| trigger.keyword.is_none());
            let reason = if is_run {
                "the run's length does not match this rule"
            } else {
                "its pattern does not match here"
            };
            push(out, 2, reason);
        }
        for candidate in &trace.candidates {
            let Location { line, column } = index.locate(candidate.span.start);
            let masked = printable(candidate.value.masked().as_bytes());
            push(out, 2, &format!("candidate {masked} at {line}:{column}"));
            for step in &candidate.steps {
                push(out, 3, &step_text(step));
            }
            push(out, 3, &result(candidate));
        }
    }

    fn decision(&self, decision: &Decision, confidence: &str) -> String {
        let policy = &self.settings.policy;
        match decision {
            Decision::Ignored => {
                format!(
                    "not reported: {confidence} is below {}",
                    self.settings.report
                )
            }
            Decision::Reported { blocks, expired } => {
                let block = policy.block;
                let text = if *blocks {
                    format!("reported, blocks: {confidence} is not below {block}")
                } else {
                    format!("reported, does not block: {confidence} is below {block}")
                };
                match expired {
                    Some(line) => format!("{text}; the baseline entry on line {line} has expired"),
                    None => text,
                }
            }
            Decision::Allowed { by, line } => match by {
                AllowedBy::Entry {
                    file,
                    number,
                    reason,
                } => format!(
                    "allowed by [[allow]] entry {number} of {}{}: {}",
                    file.as_ref()
                        .map_or_else(|| self.config(), |file| self.name(file)),
                    after_colon(*line),
                    self.prose(reason)
                ),
                AllowedBy::Marker { word, reason } => format!(
                    "allowed by the marker {word} in the file{}",
                    self.because(reason.as_deref())
                ),
                AllowedBy::Baseline { reason, owner } => {
                    let file = self.name(policy.baseline_file().unwrap_or_default());
                    let line = after_colon(*line);
                    let owner = owner.as_ref();
                    let owner = owner.map(|owner| format!(" (owner: {})", self.prose(owner)));
                    let owner = owner.unwrap_or_default();
                    let because = self.because(reason.as_deref());
                    format!("allowed by the baseline {file}{line}{owner}{because}")
                }
            },
        }
    }

    fn because(&self, reason: Option<&str>) -> String {
        reason.map_or_else(String::new, |reason| format!(": {}", self.prose(reason)))
    }

    fn config(&self) -> String {
        let config = self.settings.sources.config.as_deref();
        self.name(config.unwrap_or("no configuration file"))
    }

    fn policy(&self, out: &mut String) {
        let sources = &self.settings.sources;
        let policy = &self.settings.policy;
        push(out, 0, "policy");
        let file = sources.report_place.as_deref();
        let report = self.source(sources.report, "--report", "KEYSIEVE_REPORT", file);
        let level = self.settings.report;
        push(out, 1, &format!("reports from {level} on, {report}"));
        let file = sources.block_place.as_deref();
        let block = self.source(sources.block, "--block", "KEYSIEVE_BLOCK", file);
        push(out, 1, &format!("blocks from {} on, {block}", policy.block));
        let configs: Vec<_> = sources.configs.iter().map(|file| self.name(file)).collect();
        let configs = match configs.len() {
            0 => "none".to_owned(),
            _ => configs.join(", then "),
        };
        push(out, 1, &format!("configuration: {configs}"));
        let baseline = self.name(policy.baseline_file().unwrap_or("none"));
        push(out, 1, &format!("baseline: {baseline}"));
    }

    fn source(
        &self,
        source: SettingSource,
        flag: &str,
        variable: &str,
        file: Option<&str>,
    ) -> String {
        match source {
            SettingSource::Flag => format!("by the flag {flag}"),
            SettingSource::Environment => format!("by the variable {variable}"),
            SettingSource::Config => format!("by {}", self.name(file.unwrap_or_default())),
            SettingSource::Default => "by default".to_owned(),
        }
    }
}

fn describe_trigger(trigger: &TraceTrigger, index: &LineIndex<'_>) -> String {
    let Location { line, column } = index.locate(trigger.span.start);
    match &trigger.keyword {
        Some(word) => format!("{:?} at {line}:{column}", printable(word.as_bytes())),
        None => format!(
            "a run of {} characters at {line}:{column}",
            trigger.span.len()
        ),
    }
}

fn step_text(step: &TraceStep) -> String {
    match step {
        TraceStep::Entropy { measured, floor } => {
            let answer = if measured < floor {
                "rejects"
            } else {
                "accepts"
            };
            format!("entropy {answer}: {measured:.2} bits per character, the minimum is {floor}")
        }
        TraceStep::Check { name, verdict } => match verdict {
            Verdict::Accept => format!("{name} accepts"),
            Verdict::Reject(reason) => format!("{name} rejects: {reason}"),
            Verdict::Grade(grade) => format!("{name} accepts: {grade}"),
        },
    }
}

fn result(candidate: &CandidateTrace) -> String {
    match &candidate.found {
        None => "no match".to_owned(),
        Some(found) if candidate.is_reported => format!("match: {}", found.confidence),
        Some(found) => format!("match ({}), dropped as a duplicate", found.confidence),
    }
}

/// A line of a file, as it follows the name of the file.
fn after_colon(line: Option<usize>) -> String {
    line.map(|line| format!(":{line}")).unwrap_or_default()
}

/// Appends an indented line.
fn push(out: &mut String, depth: usize, line: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{:width$}{line}", "", width = 2 * depth);
}
