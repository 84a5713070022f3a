//! Verifying: whether a rule confirms what the prefilter struck.

use regex::bytes::Regex;

use crate::rule::{Candidate, MAX_REACH, Rule, Trigger, Verdict, check};
use crate::secret::Secret;
use crate::text::Span;

use super::{Match, Step};

/// Calls `each` with everything that a rule's pattern matches in `window`; returns where the search
/// ended.
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
    let regex = pattern.regex().expect("a pattern of a RuleSet compiles");
    let window = widen(regex, text, window);
    for captures in regex.captures_iter(window.of(text)) {
        if let Some(secret) = captures.name("secret") {
            let span = Span::new(secret.start(), secret.end()).shift(window.start);
            each(Candidate { text, span });
        }
    }
    window.end
}

/// The window, longer where a match runs into its end: a token of unusual length must not be cut,
/// since what is cut looks like a part of something longer.
fn widen(regex: &Regex, text: &[u8], mut window: Span) -> Span {
    let limit = text.len().min(window.end + MAX_REACH);
    while window.end < limit {
        let runs_on = regex
            .find_iter(window.of(text))
            .any(|found| found.end() == window.len());
        if !runs_on {
            break;
        }
        window.end = limit.min(window.end + window.len());
    }
    window
}

/// Whether a run has one of the lengths that a rule wants.
pub(super) fn fits(rule: &Rule, run: Span) -> bool {
    matches!(&rule.trigger, Trigger::Run(lengths) if lengths.iter().any(|range| range.contains(&run.len())))
}

/// Puts a candidate to the rule's checks, and tells `note` what each of them says.
pub(super) fn confirm(
    index: usize,
    rule: &Rule,
    candidate: Candidate<'_>,
    note: &mut impl FnMut(Step),
) -> Option<Match> {
    if let Some(floor) = rule.entropy {
        let measured = check::entropy(candidate.secret());
        note(Step::Entropy { measured, floor });
        if measured < floor {
            return None;
        }
    }
    let mut details = Vec::new();
    let mut confidence = rule.confidence;
    for check in &rule.checks {
        let verdict = (check.run)(&candidate, &mut details);
        note(Step::Check {
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
