//! Traces a scan for `explain`: which rules were tried at a place, what triggered them, and what
//! each of their checks decided.
//!
//! A trace runs the same code as [`Scanner::scan`] with another recorder, and tries all runs, so
//! that it can show why one is rejected. A test compares both over every rule's samples.

use std::collections::HashSet;

use crate::rule::{Candidate, Pattern, Rule, Trigger};
use crate::secret::Secret;
use crate::text::Span;

use super::decode::Decoded;
use super::hit::{HitKind, Runs};
use super::recorder::{Attempt, Recorder};
use super::verify::{self, TraceStep};
use super::{Depth, Match, Scanner, window};

/// A rule that was tried at a place.
#[derive(Clone, Debug)]
pub struct RuleTrace {
    /// Index of the rule in [`crate::rule::RuleSet::rules`].
    pub rule: usize,
    /// Why it was tried.
    pub triggers: Vec<TraceTrigger>,
    /// What its pattern matched, or the run itself.
    pub candidates: Vec<CandidateTrace>,
    /// How the text is encoded, if it is.
    pub encoding: Option<&'static str>,
}

/// A keyword or a run because of which a rule was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceTrigger {
    /// Its place.
    pub span: Span,
    /// The keyword; `None` for a run.
    pub keyword: Option<String>,
}

/// A candidate, and how it was verified.
#[derive(Clone, Debug)]
pub struct CandidateTrace {
    /// Its place.
    pub span: Span,
    /// Its value.
    pub value: Secret,
    /// The checks, in order, up to the first that rejects it.
    pub steps: Vec<TraceStep>,
    /// The match, if no check rejects it.
    pub found: Option<Match>,
    /// Whether a scan returns the match, or drops it as a duplicate.
    pub is_reported: bool,
}

impl Scanner {
    /// Everything that is tried in `text`.
    fn trace_all(&self, text: &[u8]) -> Vec<RuleTrace> {
        let mut recorder = TraceRecorder::default();
        let hits = self.hits_with(text, Runs::All);
        self.try_hits(text, &hits, Depth::default(), &mut recorder);
        recorder.traces
    }

    /// Every rule that was tried on something that overlaps `within`, a part of `text`.
    #[must_use]
    pub fn trace(&self, text: &[u8], within: Span) -> Vec<RuleTrace> {
        let mut traces = self.trace_all(text);
        let reported: HashSet<_> = self.scan(text).iter().map(identity).collect();
        // A decoded stretch contains much plain text from around it, which was traced already.
        let mut seen = HashSet::new();
        for trace in &mut traces {
            let rule = trace.rule;
            trace.candidates.retain(|candidate| {
                candidate.span.overlaps(within) && seen.insert((rule, candidate.span))
            });
            for candidate in &mut trace.candidates {
                let found = candidate.found.as_ref();
                candidate.is_reported =
                    found.is_some_and(|found| reported.contains(&identity(found)));
            }
            self.retain_triggers(trace, within, text.len());
        }
        traces.retain(|trace| {
            !trace.candidates.is_empty() || (trace.encoding.is_none() && !trace.triggers.is_empty())
        });
        traces.sort_by_key(|trace| {
            let candidates = trace.candidates.iter().map(|candidate| candidate.span);
            let triggers = trace.triggers.iter().map(|trigger| trigger.span);
            candidates.chain(triggers).min()
        });
        traces
    }

    /// Drops the triggers that neither overlap `within` nor lead to a candidate that is left. In a
    /// decoded text the windows are not known, so there any candidate counts.
    fn retain_triggers(&self, trace: &mut RuleTrace, within: Span, len: usize) {
        let rule = &self.rules.rules[trace.rule];
        let candidates = &trace.candidates;
        let is_encoded = trace.encoding.is_some();
        trace.triggers.retain(|trigger| {
            let window = window(rule, trigger.span.start, len);
            trigger.span.overlaps(within)
                || candidates
                    .iter()
                    .any(|candidate| is_encoded || window.overlaps(candidate.span))
        });
    }
}

/// What identifies a match within a text.
fn identity(found: &Match) -> (usize, Span, Option<&'static str>) {
    (found.rule, found.span, found.encoding)
}

/// Records everything that is tried.
#[derive(Default)]
struct TraceRecorder {
    traces: Vec<RuleTrace>,
    /// The candidates of the attempt that is under way.
    open: Vec<CandidateTrace>,
}

impl Recorder for TraceRecorder {
    const RUNS: Runs = Runs::All;

    fn candidate(&mut self, index: usize, rule: &Rule, candidate: Candidate<'_>) -> bool {
        let mut steps = Vec::new();
        let found = verify::confirm(index, rule, candidate, &mut |step| steps.push(step));
        self.open.push(CandidateTrace {
            span: candidate.span,
            value: Secret::new(candidate.secret()),
            steps,
            found,
            is_reported: false,
        });
        self.open.last().is_some_and(|last| last.found.is_some())
    }

    fn merge(&mut self, inner: Self, decoded: &Decoded) {
        for mut trace in inner.traces {
            trace.encoding = Some(decoded.encoding);
            for trigger in &mut trace.triggers {
                trigger.span = decoded.source_span(trigger.span);
            }
            for candidate in &mut trace.candidates {
                candidate.span = decoded.source_span(candidate.span);
                if let Some(found) = &mut candidate.found {
                    (found.span, found.encoding) = (candidate.span, trace.encoding);
                }
            }
            self.traces.push(trace);
        }
    }

    fn attempt(&mut self, attempt: &Attempt<'_>) {
        let triggers = match &attempt.rule.trigger {
            Trigger::Run(_) => vec![TraceTrigger {
                span: attempt.span,
                keyword: None,
            }],
            Trigger::Named(_) => vec![TraceTrigger {
                span: attempt.span,
                keyword: Some(String::from_utf8_lossy(attempt.span.of(attempt.text)).into_owned()),
            }],
            Trigger::Policy => Vec::new(),
            Trigger::Keywords(pattern) => {
                let hits = attempt.hits.iter().filter(|hit| match hit.kind {
                    HitKind::Keyword(owner) | HitKind::TokenKeyword(owner) => {
                        owner == attempt.index
                    }
                    HitKind::Run
                    | HitKind::Name
                    | HitKind::Token
                    | HitKind::Joint
                    | HitKind::List => false,
                });
                let mut triggers: Vec<_> = hits
                    .map(|hit| longest_keyword(pattern, attempt.text, hit.span.start))
                    .collect();
                triggers.dedup();
                triggers
            }
        };
        self.traces.push(RuleTrace {
            rule: attempt.index,
            triggers,
            candidates: std::mem::take(&mut self.open),
            encoding: None,
        });
    }
}

/// The longest keyword of a pattern that is at `at`.
fn longest_keyword(pattern: &Pattern, text: &[u8], at: usize) -> TraceTrigger {
    let keywords = pattern.keywords.iter();
    let keyword = keywords
        .filter(|word| text[at..].starts_with(word.as_bytes()))
        .max_by_key(|word| word.len());
    TraceTrigger {
        span: Span::new(at, at + keyword.map_or(1, |word| word.len())),
        keyword: keyword.map(ToString::to_string),
    }
}

#[cfg(test)]
mod tests {
    use super::super::duplicates::without_duplicates;
    use super::*;
    use crate::rule::RuleSet;

    fn scanner() -> Scanner {
        Scanner::new(RuleSet::builtin_with_samples().unwrap()).unwrap()
    }

    fn whole(text: &str) -> Span {
        Span::new(0, text.len())
    }

    type Brief = (usize, Span, crate::rule::Confidence, Option<&'static str>);

    fn brief(found: &Match) -> Brief {
        (found.rule, found.span, found.confidence, found.encoding)
    }

    #[test]
    fn a_trace_finds_what_a_scan_finds() {
        let scanner = scanner();
        let sources = scanner.rules().rules.iter().map(|rule| &rule.source);
        let samples =
            sources.flat_map(|source| source.examples.iter().chain(&source.counter_examples));
        let mut count = 0;
        for text in samples {
            let traces = scanner.trace_all(text.as_bytes());
            let candidates = traces.into_iter().flat_map(|trace| trace.candidates);
            let traced = without_duplicates(
                &scanner.rules().rules,
                candidates.filter_map(|candidate| candidate.found).collect(),
            );
            let traced: Vec<_> = traced.iter().map(brief).collect();
            let found: Vec<_> = scanner.scan(text.as_bytes()).iter().map(brief).collect();
            assert_eq!(traced, found, "{text}");
            // Spans only: of the candidates of a rule with one span, `explain` shows the first.
            let traces = scanner.trace(text.as_bytes(), whole(text));
            let candidates = traces.iter().flat_map(|trace| &trace.candidates);
            let reported: HashSet<_> = candidates
                .filter(|candidate| candidate.is_reported)
                .filter_map(|candidate| candidate.found.as_ref())
                .map(|found| found.span)
                .collect();
            let expected: HashSet<_> = found.iter().map(|found| found.1).collect();
            assert_eq!(reported, expected, "{text}");
            count += found.len();
        }
        assert!(count > 100, "{count}");
    }

    #[test]
    fn a_rejected_candidate_names_the_check() {
        let scanner = scanner();
        let text = format!("id {}\n", ["AKIA", "IOSFODNN7", "EXAMPLE"].concat());
        let traces = scanner.trace(text.as_bytes(), whole(&text));
        let candidates: Vec<_> = traces.iter().flat_map(|trace| &trace.candidates).collect();
        assert!(!candidates.is_empty(), "{traces:?}");
        for candidate in candidates {
            assert!(candidate.found.is_none(), "{traces:?}");
            let Some(TraceStep::Check { verdict, .. }) = candidate.steps.last() else {
                panic!("the last step is not a check: {traces:?}");
            };
            assert!(
                matches!(verdict, crate::rule::Verdict::Reject(_)),
                "{traces:?}"
            );
        }
        assert_eq!(traces[0].triggers[0].keyword.as_deref(), Some("AKIA"));
    }

    #[test]
    fn only_candidates_that_overlap_the_span_are_traced() {
        let scanner = scanner();
        let id = ["AKIA", "QYLPMN5HHHFPZAM2"].concat();
        let text = format!("one = {id}\n\nthree = {id}\n");
        let third = Span::new(text.find("three").unwrap(), text.len());
        let traces = scanner.trace(text.as_bytes(), third);
        let candidates: Vec<_> = traces.iter().flat_map(|trace| &trace.candidates).collect();
        assert!(!candidates.is_empty(), "{traces:?}");
        let mut candidates = candidates.iter();
        assert!(
            candidates.all(|candidate| candidate.span.overlaps(third)),
            "{traces:?}"
        );
        assert!(scanner.trace(text.as_bytes(), Span::new(27, 28)).is_empty());
    }
}
