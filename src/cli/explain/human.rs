//! The answer for reading.

use std::fmt::Write as _;

use keysieve::finding::AllowedBy;
use keysieve::rule::Verdict;
use keysieve::scan::{CandidateTrace, RuleTrace, TraceStep, TraceTrigger};
use keysieve::text::{LineIndex, Location, printable};

use super::{Answer, Decision, Place};
use crate::cli::settings::Layer;

impl Answer<'_> {
    /// The answer in words.
    pub(super) fn human(&self) -> String {
        let mut out = String::new();
        for place in &self.places {
            let line = place
                .line
                .map(|line| format!(":{line}"))
                .unwrap_or_default();
            push(&mut out, 0, &format!("{}{line}", place.path));
            self.place(place, &mut out);
            out.push('\n');
        }
        if self.places.is_empty() {
            out.push_str("nothing that was scanned has this fingerprint\n\n");
        }
        self.policy(&mut out);
        out
    }

    fn place(&self, place: &Place, out: &mut String) {
        if let Some(reason) = &place.skipped {
            return push(
                out,
                1,
                &format!("is not scanned: {}", printable(reason.as_bytes())),
            );
        }
        let index = LineIndex::new(&place.text);
        for trial in &place.trials {
            self.trial(trial, &index, out);
        }
        if place.trials.is_empty() {
            let rules = self.settings.scanner.rules().rules.len();
            push(
                out,
                1,
                &format!(
                    "none of {rules} rules was tried: no keyword of theirs stands here, and no long run"
                ),
            );
        }
        if place.findings.is_empty() {
            return push(out, 1, "nothing is found here");
        }
        for (finding, decision) in &place.findings {
            let Location { line, column } = finding.place.start;
            let with = finding.partner.as_ref().map(|partner| {
                let Location { line, column } = partner.place.start;
                format!(", with {} at {line}:{column}", partner.rule.id)
            });
            let what = format!(
                "found {} at {line}:{column}, {}",
                finding.rule.id, finding.confidence
            );
            push(out, 1, &format!("{what}{}", with.unwrap_or_default()));
            push(out, 2, &format!("fingerprint {}", finding.fingerprint));
            push(
                out,
                2,
                &printable(
                    self.decision(decision, finding.confidence.word())
                        .as_bytes(),
                ),
            );
        }
    }

    fn trial(&self, trial: &RuleTrace, index: &LineIndex<'_>, out: &mut String) {
        let rule = &self.settings.scanner.rules().rules[trial.rule];
        let mut cues: Vec<_> = trial
            .triggers
            .iter()
            .map(|cue| struck(cue, index))
            .collect();
        const MAX_SHOWN: usize = 3;
        if cues.len() > MAX_SHOWN {
            let more = cues.len() - MAX_SHOWN;
            cues.truncate(MAX_SHOWN);
            cues.push(format!("{more} more"));
        }
        let encoding = trial
            .encoding
            .map(|form| format!(", read as {form}"))
            .unwrap_or_default();
        let (id, file) = (&rule.id, printable(rule.source.file.as_bytes()));
        push(
            out,
            1,
            &format!("{id} ({file}) tried: {}{encoding}", cues.join(", ")),
        );
        if trial.candidates.is_empty() {
            let run = trial.triggers.iter().any(|cue| cue.keyword.is_none());
            push(
                out,
                2,
                if run {
                    "the run has no length that it wants"
                } else {
                    "its pattern matches nothing here"
                },
            );
        }
        for tested in &trial.candidates {
            let Location { line, column } = index.locate(tested.span.start);
            push(
                out,
                2,
                &format!(
                    "candidate {} at {line}:{column}",
                    printable(tested.value.masked().as_bytes())
                ),
            );
            for step in &tested.steps {
                push(out, 3, &said(step));
            }
            push(out, 3, &verdict(tested));
        }
    }

    fn decision(&self, decision: &Decision, confidence: &str) -> String {
        let policy = &self.settings.policy;
        let because = |reason: &Option<String>| {
            reason
                .as_ref()
                .map(|text| format!(": {text}"))
                .unwrap_or_default()
        };
        match decision {
            Decision::Ignored => format!("not reported: {confidence} is below {}", self.report),
            Decision::Reported { blocks, expired } => {
                let blocks = match blocks {
                    true => format!(
                        "reported, and it blocks: {confidence} is not below {}",
                        policy.block
                    ),
                    false => format!(
                        "reported, and it does not block: {confidence} is below {}",
                        policy.block
                    ),
                };
                let line = expired
                    .map(|line| format!("; the entry on line {line} of the baseline has expired"));
                blocks + &line.unwrap_or_default()
            }
            Decision::Allowed {
                by: AllowedBy::Entry { number, reason },
                ..
            } => {
                format!(
                    "allowed by [[allow]] entry {number} of {}: {reason}",
                    self.config()
                )
            }
            Decision::Allowed {
                by: AllowedBy::Marker { word, reason },
                ..
            } => {
                format!(
                    "allowed by the marker {word} in the file{}",
                    because(reason)
                )
            }
            Decision::Allowed {
                by: AllowedBy::Baseline { reason, owner },
                line,
            } => {
                let file = policy.baseline_file().unwrap_or_default();
                let line = line.map(|line| format!(":{line}")).unwrap_or_default();
                let owner = owner
                    .as_ref()
                    .map(|owner| format!(" (owner: {owner})"))
                    .unwrap_or_default();
                format!(
                    "allowed by the baseline {file}{line}{owner}{}",
                    because(reason)
                )
            }
        }
    }

    fn config(&self) -> &str {
        self.settings
            .origins
            .config
            .as_deref()
            .unwrap_or("no configuration file")
    }

    fn policy(&self, out: &mut String) {
        let origins = &self.settings.origins;
        let from = |layer, flag: &str, variable: &str| match layer {
            Layer::Flag => format!("by the flag --{flag}"),
            Layer::Environment => format!("by the variable {variable}"),
            Layer::Config => format!("by {}", self.config()),
            Layer::Default => "by default".to_owned(),
        };
        push(out, 0, "policy");
        let report = from(origins.report, "report", "KEYSIEVE_REPORT");
        push(
            out,
            1,
            &format!("reports from {} on, {report}", self.report),
        );
        let block = from(origins.block, "block", "KEYSIEVE_BLOCK");
        push(
            out,
            1,
            &format!("blocks from {} on, {block}", self.settings.policy.block),
        );
        push(
            out,
            1,
            &format!(
                "configuration: {}",
                origins.config.as_deref().unwrap_or("none")
            ),
        );
        push(
            out,
            1,
            &format!(
                "baseline: {}",
                self.settings.policy.baseline_file().unwrap_or("none")
            ),
        );
    }
}

fn struck(cue: &TraceTrigger, index: &LineIndex<'_>) -> String {
    let Location { line, column } = index.locate(cue.span.start);
    match &cue.keyword {
        Some(word) => format!("{:?} at {line}:{column}", printable(word.as_bytes())),
        None => format!("a run of {} characters at {line}:{column}", cue.span.len()),
    }
}

fn said(step: &TraceStep) -> String {
    match step {
        TraceStep::Entropy { measured, floor } => {
            let answer = if measured < floor {
                "rejects"
            } else {
                "accepts"
            };
            format!("entropy {answer}: {measured:.2} bits per character, the floor is {floor}")
        }
        TraceStep::Check {
            name,
            verdict: Verdict::Accept,
        } => format!("{name} accepts"),
        TraceStep::Check {
            name,
            verdict: Verdict::Reject(reason),
        } => format!("{name} rejects: {reason}"),
        TraceStep::Check {
            name,
            verdict: Verdict::Grade(grade),
        } => format!("{name} accepts: {grade}"),
    }
}

fn verdict(tested: &CandidateTrace) -> String {
    match &tested.found {
        None => "so it is none".to_owned(),
        Some(found) if tested.kept => format!("so it is one: {}", found.confidence),
        Some(found) => format!("so it is one: {}; another says the same", found.confidence),
    }
}

/// A line, indented.
fn push(out: &mut String, depth: usize, line: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{:width$}{line}", "", width = 2 * depth);
}
