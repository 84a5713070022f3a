//! Verifies prefilter hits: runs a rule's pattern, entropy floor and checks.

use regex::bytes::Regex;

use crate::rule::{Candidate, Confidence, MAX_REACH, Rule, Trigger, Verdict, check};
use crate::secret::Secret;
use crate::text::Span;

use super::Match;

/// One check of a candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TraceStep {
    /// Whether it is random enough.
    Entropy {
        /// Its Shannon entropy, in bits per byte.
        measured: f64,
        /// The least that the rule accepts.
        floor: f64,
    },
    /// A named check.
    Check {
        /// The check's name.
        name: &'static str,
        /// Its result.
        verdict: Verdict,
    },
}

/// Calls `each` with everything that a rule's pattern matches in `window`, and returns where the
/// search ended.
pub(super) fn candidates<'t>(
    rule: &Rule,
    text: &'t [u8],
    window: Span,
    mut each: impl FnMut(Candidate<'t>),
) -> usize {
    let Trigger::Keywords(pattern) = &rule.trigger else {
        return window.end;
    };
    #[expect(
        clippy::expect_used,
        reason = "a RuleSet compiles what users add, and a test compiles the built-in rules"
    )]
    let regex = pattern
        .regex
        .get()
        .expect("a pattern of a RuleSet compiles");
    let window = widen(regex, text, window);
    for captures in regex.captures_iter(window.of(text)) {
        if let Some(secret) = captures.name("secret") {
            let span = Span::new(secret.start(), secret.end()).shift(window.start);
            each(Candidate::new(text, span));
        }
    }
    window.end
}

/// Widens a window if a match reaches its end: a token of unusual length must not be cut, because a
/// cut token looks like a part of something longer.
fn widen(regex: &Regex, text: &[u8], mut window: Span) -> Span {
    let limit = text.len().min(window.end + MAX_REACH);
    while window.end < limit {
        let mut matches = regex.find_iter(window.of(text));
        if !matches.any(|found| found.end() == window.len()) {
            break;
        }
        window.end = limit.min(window.end + window.len());
    }
    window
}

/// Whether `rule` is for runs of this length.
pub(super) fn fits(rule: &Rule, len: usize) -> bool {
    match &rule.trigger {
        Trigger::Run(lengths) => lengths.iter().any(|range| range.contains(&len)),
        Trigger::Keywords(_) | Trigger::Named(_) | Trigger::Policy => false,
    }
}

/// Runs the rule's checks on a candidate, and calls `note` with the result of each.
pub(super) fn confirm(
    index: usize,
    rule: &Rule,
    candidate: Candidate<'_>,
    note: &mut impl FnMut(TraceStep),
) -> Option<Match> {
    if let Some(floor) = rule.entropy {
        let measured = check::entropy(candidate.secret());
        note(TraceStep::Entropy { measured, floor });
        if measured < floor {
            return None;
        }
    }
    let mut details = Vec::new();
    let mut confidence = rule.confidence;
    if candidate.says_whose && confidence == Confidence::Medium {
        confidence = Confidence::High;
    }
    for check in &rule.checks {
        let verdict = (check.run)(&candidate, &mut details);
        note(TraceStep::Check {
            name: check.name,
            verdict,
        });
        match verdict {
            Verdict::Reject(_) => return None,
            Verdict::Accept => {}
            Verdict::Grade(grade) => confidence = grade,
        }
    }
    Some(Match {
        rule: index,
        span: candidate.span,
        value: Secret::new(candidate.secret()),
        confidence,
        details,
        encoding: None,
    })
}
