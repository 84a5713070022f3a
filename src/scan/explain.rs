//! Explaining: which rules looked at a place, what made them look, and what each of their checks said.
//!
//! Goes the way of [`Scanner::scan`] and takes notes. That both come to the same is a test over every rule's samples.

use std::collections::HashSet;

use crate::rule::{Candidate, Trigger, Verdict};
use crate::secret::Secret;
use crate::text::Span;

use super::decode::Leads;
use super::{MAX_DEPTH, Match, Scanner, merge, run, verify, window};

/// A rule that looked at a place.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Index of the rule in [`crate::rule::RuleSet::rules`].
    pub rule: usize,
    /// What made it look.
    pub strikes: Vec<Strike>,
    /// What its pattern matched, or the run itself.
    pub candidates: Vec<Tested>,
    /// How the text is written that it looked at, where that is not in clear.
    pub encoding: Option<&'static str>,
}

/// What makes a rule look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strike {
    /// Where it stands.
    pub span: Span,
    /// The keyword; `None` for a run.
    pub keyword: Option<String>,
}

/// A candidate, and all that was said about it.
#[derive(Clone, Debug)]
pub struct Tested {
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
    /// Every rule that looked at something that touches `within`, a part of `text`.
    #[must_use]
    pub fn explain(&self, text: &[u8], within: Span) -> Vec<Trial> {
        let mut trials = Vec::new();
        self.try_all(text, 0, &mut trials);
        let place = |found: &Match| (found.rule, found.span, found.encoding);
        let kept: HashSet<_> = self.scan(text).iter().map(place).collect();
        // A decoded stretch holds much that stands in clear around it: that was told already.
        let mut told = HashSet::new();
        for trial in &mut trials {
            let (rule, encoding) = (trial.rule, trial.encoding);
            trial.candidates.retain(|tested| tested.span.overlaps(within) && told.insert((rule, tested.span)));
            for tested in &mut trial.candidates {
                tested.kept = tested.found.as_ref().is_some_and(|found| kept.contains(&place(found)));
            }
            let near = |strike: &Strike, tested: &Tested| {
                let window = window(&self.rules.rules[rule], strike.span.start, text.len());
                // In a decoded text the window was another.
                encoding.is_some() || window.overlaps(tested.span)
            };
            let candidates = &trial.candidates;
            trial
                .strikes
                .retain(|strike| strike.span.overlaps(within) || candidates.iter().any(|tested| near(strike, tested)));
        }
        trials.retain(|trial| match trial.encoding {
            None => !trial.candidates.is_empty() || !trial.strikes.is_empty(),
            Some(_) => !trial.candidates.is_empty(),
        });
        let spans = |trial: &Trial| {
            let candidates = trial.candidates.iter().map(|tested| tested.span);
            candidates.chain(trial.strikes.iter().map(|strike| strike.span)).min()
        };
        trials.sort_by_key(spans);
        trials
    }

    /// As [`Scanner::look`], with everything that was tried.
    fn try_all(&self, text: &[u8], depth: usize, trials: &mut Vec<Trial>) {
        let rules = &self.rules.rules;
        let mut strikes: Vec<(usize, usize)> = Vec::new();
        let mut leads = Leads::default();
        self.prefilter.search(text, |asker, at| match asker.checked_sub(rules.len()) {
            None => strikes.push((asker, at)),
            Some(form) => leads.keyword(form, at),
        });
        run::long_runs(text, |start, end| {
            let word = Span::new(start, end);
            self.heads.search(text, word, |asker, at| strikes.push((asker, at)));
            run::base64_runs(text, word, crate::rule::MIN_RUN, |outer| {
                Self::each_run(text, outer, &mut leads, |run| {
                    trials.extend(self.run_rules.iter().map(|&rule| self.try_run(rule, text, run)));
                });
            });
        });
        strikes.sort_unstable();
        self.try_patterns(text, &strikes, trials);
        if depth < MAX_DEPTH {
            leads.follow(text, |layer| {
                let before = trials.len();
                self.try_all(&layer.text, depth + 1, trials);
                for trial in &mut trials[before..] {
                    trial.encoding = Some(layer.encoding);
                    trial.strikes.iter_mut().for_each(|strike| strike.span = layer.origin(strike.span));
                    for tested in &mut trial.candidates {
                        tested.span = layer.origin(tested.span);
                        if let Some(found) = &mut tested.found {
                            (found.span, found.encoding) = (tested.span, trial.encoding);
                        }
                    }
                }
            });
        }
    }

    /// Tries the patterns of the rules whose keywords stand at `strikes`, which are in order.
    fn try_patterns(&self, text: &[u8], strikes: &[(usize, usize)], trials: &mut Vec<Trial>) {
        let windows = strikes.iter().map(|&(rule, at)| (rule, window(&self.rules.rules[rule], at, text.len())));
        let mut done = (0, 0);
        for (rule, window) in merge(windows.collect()) {
            if done.0 == rule && window.end <= done.1 {
                continue;
            }
            let mut candidates = Vec::new();
            let end = verify::candidates(&self.rules.rules[rule], text, window, |candidate| {
                candidates.push(self.test(rule, candidate));
            });
            done = (rule, end);
            let here = strikes.iter().filter(|&&(asker, at)| asker == rule && window.start <= at && at < end);
            let strikes = here.map(|&(_, at)| self.strike(rule, text, at)).collect();
            trials.push(Trial { rule, strikes, candidates, encoding: None });
        }
    }

    fn try_run(&self, rule: usize, text: &[u8], run: Span) -> Trial {
        let fits = verify::fits(&self.rules.rules[rule], run);
        let candidates = fits.then(|| self.test(rule, Candidate { text, span: run })).into_iter().collect();
        Trial { rule, strikes: vec![Strike { span: run, keyword: None }], candidates, encoding: None }
    }

    fn test(&self, rule: usize, candidate: Candidate<'_>) -> Tested {
        let mut steps = Vec::new();
        let found = verify::confirm(rule, &self.rules.rules[rule], candidate, &mut |step| steps.push(step));
        Tested { span: candidate.span, value: Secret::new(candidate.secret()), steps, found, kept: false }
    }

    /// The keyword of a rule that stands at `at`; the longest, where it has several.
    fn strike(&self, rule: usize, text: &[u8], at: usize) -> Strike {
        let keywords = match &self.rules.rules[rule].trigger {
            Trigger::Keywords(pattern) => pattern.keywords.as_slice(),
            Trigger::Run(_) => &[],
        };
        let here = keywords.iter().filter(|word| text[at..].starts_with(word.as_bytes()));
        let keyword = here.max_by_key(|word| word.len()).cloned();
        Strike { span: Span::new(at, at + keyword.as_ref().map_or(1, String::len)), keyword }
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
        let samples = sources.flat_map(|source| source.examples.iter().chain(&source.counter_examples));
        let mut count = 0;
        for text in samples {
            let mut trials = Vec::new();
            scanner.try_all(text.as_bytes(), 0, &mut trials);
            let mut noted: Vec<Match> =
                trials.into_iter().flat_map(|trial| trial.candidates).filter_map(|tested| tested.found).collect();
            settle(&mut noted);
            let brief = |found: &Match| (found.rule, found.span, found.confidence, found.encoding);
            let found: Vec<_> = scanner.scan(text.as_bytes()).iter().map(brief).collect();
            assert_eq!(noted.iter().map(brief).collect::<Vec<_>>(), found, "{text}");
            let explained = scanner.explain(text.as_bytes(), whole(text));
            let kept = explained.iter().flat_map(|trial| &trial.candidates).filter(|tested| tested.kept).count();
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
        assert!(!tested.is_empty() && tested.iter().all(|tested| tested.found.is_none()), "{trials:?}");
        let rejected = |step: &&Step| matches!(step, Step::Check { verdict: Verdict::Reject(_), .. });
        assert!(tested.iter().all(|tested| tested.steps.last().filter(rejected).is_some()), "{trials:?}");
        assert_eq!(trials[0].strikes[0].keyword.as_deref(), Some("AKIA"));
    }

    #[test]
    fn only_what_touches_the_place_is_told() {
        let scanner = scanner();
        let id = ["AKIA", "QYLPMN5HHHFPZAM2"].concat();
        let text = format!("one = {id}\n\nthree = {id}\n");
        let third = Span::new(text.find("three").unwrap(), text.len());
        let trials = scanner.explain(text.as_bytes(), third);
        let spans = trials.iter().flat_map(|trial| &trial.candidates).map(|tested| tested.span);
        assert!(spans.clone().count() > 0 && spans.clone().all(|span| span.overlaps(third)), "{trials:?}");
        assert!(scanner.explain(text.as_bytes(), Span::new(27, 28)).is_empty());
    }
}
