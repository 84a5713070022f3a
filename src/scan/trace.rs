//! Explaining: which rules looked at a place, what made them look, and what each of their checks
//! said.
//!
//! Goes the way of [`Scanner::scan`] and takes notes; of the runs it looks at all, so that it can
//! say what speaks against one. That both come to the same is a test over every rule's samples.

use std::collections::HashSet;

use crate::rule::{Candidate, Pattern, Rule, Trigger, Verdict};
use crate::secret::Secret;
use crate::text::Span;

use super::decode::Layer;
use super::hits::{Cause, Runs};
use super::{Match, Record, Scanner, Tried, verify, window};

/// A rule that looked at a place.
#[derive(Clone, Debug)]
pub struct RuleTrace {
    /// Index of the rule in [`crate::rule::RuleSet::rules`].
    pub rule: usize,
    /// What made it look.
    pub cues: Vec<Cue>,
    /// What its pattern matched, or the run itself.
    pub candidates: Vec<CandidateTrace>,
    /// How the text is written that it looked at, where that is not in clear.
    pub encoding: Option<&'static str>,
}

/// What makes a rule look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cue {
    /// Where it stands.
    pub span: Span,
    /// The keyword; `None` for a run.
    pub keyword: Option<String>,
}

/// A candidate, and all that was said about it.
#[derive(Clone, Debug)]
pub struct CandidateTrace {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub value: Secret,
    /// What was asked, in order, until something spoke against it.
    pub steps: Vec<Step>,
    /// What became of it, where nothing did.
    pub found: Option<Match>,
    /// Whether a scan tells of it: another match may say the same.
    pub kept: bool,
}

/// One question about a candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Whether it is random enough.
    Entropy {
        /// Its Shannon entropy, in bits per byte.
        measured: f64,
        /// What the rule demands.
        floor: f64,
    },
    /// What a check says.
    Check {
        /// The check's name.
        name: &'static str,
        /// Its answer.
        verdict: Verdict,
    },
}

impl Scanner {
    /// All that is tried in `text`.
    fn try_all(&self, text: &[u8]) -> Vec<RuleTrace> {
        let mut notes = Notes::default();
        self.look(text, &self.strikes_of(text, Runs::All), 0, &mut notes);
        notes.trials
    }

    /// Every rule that looked at something that touches `within`, a part of `text`.
    #[must_use]
    pub fn explain(&self, text: &[u8], within: Span) -> Vec<RuleTrace> {
        let mut trials = self.try_all(text);
        let place = |found: &Match| (found.rule, found.span, found.encoding);
        let kept: HashSet<_> = self.scan(text).iter().map(place).collect();
        // A decoded stretch holds much that stands in clear around it: that was told already.
        let mut told = HashSet::new();
        for trial in &mut trials {
            let (rule, encoding) = (trial.rule, trial.encoding);
            trial
                .candidates
                .retain(|tested| tested.span.overlaps(within) && told.insert((rule, tested.span)));
            for tested in &mut trial.candidates {
                tested.kept = tested
                    .found
                    .as_ref()
                    .is_some_and(|found| kept.contains(&place(found)));
            }
            let near = |cue: &Cue, tested: &CandidateTrace| {
                let window = window(&self.rules.rules[rule], cue.span.start, text.len());
                // In a decoded text the window was another.
                encoding.is_some() || window.overlaps(tested.span)
            };
            let candidates = &trial.candidates;
            trial.cues.retain(|cue| {
                cue.span.overlaps(within) || candidates.iter().any(|tested| near(cue, tested))
            });
        }
        trials.retain(|trial| match trial.encoding {
            None => !trial.candidates.is_empty() || !trial.cues.is_empty(),
            Some(_) => !trial.candidates.is_empty(),
        });
        let spans = |trial: &RuleTrace| {
            let candidates = trial.candidates.iter().map(|tested| tested.span);
            candidates
                .chain(trial.cues.iter().map(|cue| cue.span))
                .min()
        };
        trials.sort_by_key(spans);
        trials
    }
}

/// All that was tried.
#[derive(Default)]
struct Notes {
    trials: Vec<RuleTrace>,
    /// The candidates of the trial that is under way.
    open: Vec<CandidateTrace>,
}

impl Record for Notes {
    const RUNS: Runs = Runs::All;

    fn test(&mut self, index: usize, rule: &Rule, candidate: Candidate<'_>) {
        let mut steps = Vec::new();
        let found = verify::confirm(index, rule, candidate, &mut |step| steps.push(step));
        let value = Secret::new(candidate.secret());
        self.open.push(CandidateTrace {
            span: candidate.span,
            value,
            steps,
            found,
            kept: false,
        });
    }

    fn decoded(&mut self, inner: Self, layer: &Layer) {
        for mut trial in inner.trials {
            trial.encoding = Some(layer.encoding);
            trial
                .cues
                .iter_mut()
                .for_each(|cue| cue.span = layer.origin(cue.span));
            for tested in &mut trial.candidates {
                tested.span = layer.origin(tested.span);
                if let Some(found) = &mut tested.found {
                    (found.span, found.encoding) = (tested.span, trial.encoding);
                }
            }
            self.trials.push(trial);
        }
    }

    fn tried(&mut self, tried: &Tried<'_>) {
        let cues = match &tried.rule.trigger {
            Trigger::Run(_) => vec![Cue {
                span: tried.span,
                keyword: None,
            }],
            Trigger::Keywords(pattern) => {
                let own = tried
                    .hits
                    .iter()
                    .filter(|hit| hit.cause == Cause::Keyword(tried.index));
                let mut cues: Vec<_> = own
                    .map(|hit| cue(pattern, tried.text, hit.span.start))
                    .collect();
                cues.dedup();
                cues
            }
        };
        let candidates = std::mem::take(&mut self.open);
        self.trials.push(RuleTrace {
            rule: tried.index,
            cues,
            candidates,
            encoding: None,
        });
    }
}

/// The keyword of a rule that stands at `at`; the longest, where it has several.
fn cue(pattern: &Pattern, text: &[u8], at: usize) -> Cue {
    let here = pattern
        .keywords
        .iter()
        .filter(|word| text[at..].starts_with(word.as_bytes()));
    let keyword = here.max_by_key(|word| word.len()).cloned();
    Cue {
        span: Span::new(at, at + keyword.as_ref().map_or(1, String::len)),
        keyword,
    }
}

#[cfg(test)]
mod tests {
    use super::super::settle;
    use super::*;
    use crate::rule::RuleSet;

    fn scanner() -> Scanner {
        Scanner::new(RuleSet::builtin_with_samples().unwrap()).unwrap()
    }

    fn whole(text: &str) -> Span {
        Span::new(0, text.len())
    }

    #[test]
    fn what_is_explained_is_what_is_found() {
        let scanner = scanner();
        let sources = scanner.rules().rules.iter().map(|rule| &rule.source);
        let samples =
            sources.flat_map(|source| source.examples.iter().chain(&source.counter_examples));
        let mut count = 0;
        for text in samples {
            let trials = scanner.try_all(text.as_bytes());
            let mut noted: Vec<Match> = trials
                .into_iter()
                .flat_map(|trial| trial.candidates)
                .filter_map(|tested| tested.found)
                .collect();
            settle(&mut noted);
            let brief = |found: &Match| (found.rule, found.span, found.confidence, found.encoding);
            let found: Vec<_> = scanner.scan(text.as_bytes()).iter().map(brief).collect();
            assert_eq!(noted.iter().map(brief).collect::<Vec<_>>(), found, "{text}");
            let explained = scanner.explain(text.as_bytes(), whole(text));
            let kept = explained
                .iter()
                .flat_map(|trial| &trial.candidates)
                .filter(|tested| tested.kept)
                .count();
            assert!(kept >= found.len().min(1), "{text}");
            count += found.len();
        }
        assert!(count > 100, "{count}");
    }

    #[test]
    fn a_rejected_candidate_says_by_what() {
        let scanner = scanner();
        let text = format!("key = {}\n", ["AKIA", "IOSFODNN7", "EXAMPLE"].concat());
        let trials = scanner.explain(text.as_bytes(), whole(&text));
        let tested: Vec<_> = trials.iter().flat_map(|trial| &trial.candidates).collect();
        assert!(
            !tested.is_empty() && tested.iter().all(|tested| tested.found.is_none()),
            "{trials:?}"
        );
        let rejected = |step: &&Step| {
            matches!(
                step,
                Step::Check {
                    verdict: Verdict::Reject(_),
                    ..
                }
            )
        };
        assert!(
            tested
                .iter()
                .all(|tested| tested.steps.last().is_some_and(|step| rejected(&step))),
            "{trials:?}"
        );
        assert_eq!(trials[0].cues[0].keyword.as_deref(), Some("AKIA"));
    }

    #[test]
    fn only_what_touches_the_place_is_told() {
        let scanner = scanner();
        let id = ["AKIA", "QYLPMN5HHHFPZAM2"].concat();
        let text = format!("one = {id}\n\nthree = {id}\n");
        let third = Span::new(text.find("three").unwrap(), text.len());
        let trials = scanner.explain(text.as_bytes(), third);
        let spans = trials
            .iter()
            .flat_map(|trial| &trial.candidates)
            .map(|tested| tested.span);
        assert!(
            spans.clone().count() > 0 && spans.clone().all(|span| span.overlaps(third)),
            "{trials:?}"
        );
        assert!(
            scanner
                .explain(text.as_bytes(), Span::new(27, 28))
                .is_empty()
        );
    }
}
