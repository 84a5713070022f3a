//! Finds values that only their name gives away, such as `DATADOG_API_KEY=…`: value first.
//!
//! The prefilter yields long tokens of any kind, and the few words that names of secrets contain
//! where an assignment follows. Only there is the text before the value read for a name, and the
//! name looked up in one table of all rules, so that a rule more costs nothing.

mod forms;
mod hits;
mod name;
mod table;
mod value;

use crate::rule::{Candidate, Rule, Trigger};
use crate::text::Span;

use super::Scanner;
use super::recorder::{Attempt, Recorder};

pub(super) use hits::{LOOKAHEAD, keywords, leads_to_value, long_tokens};
pub(super) use table::NameTable;

/// How much text before a value may say whose it is, in bytes.
const CONTEXT: usize = 160;

/// How much text before and after a value is read for its name, in bytes.
const BEFORE: usize = 256;
const AFTER: usize = 8;

/// How much text is read for a name and its value, from the keyword in the name on, in bytes.
const MAX_PAIR: usize = 768;

/// How many bytes around a hit decide whether there is a candidate for its value.
pub(super) const REACH: usize = MAX_PAIR + AFTER;

/// Values that may have a name.
#[derive(Debug, Default)]
pub(super) struct ValueQueue {
    /// Each with the index of the hit that led to it.
    values: Vec<(Span, usize)>,
}

impl ValueQueue {
    /// Adds a long token.
    pub(super) fn add_token(&mut self, text: &[u8], token: Span, hit: usize) {
        let value = value::without_separator(text, token);
        self.values.push((value, hit));
    }

    /// Adds what is assigned to the name that the keyword at `at` is part of.
    /// Returns whether there is a value.
    pub(super) fn add_keyword(&mut self, text: &[u8], at: usize, hit: usize) -> bool {
        let text = &text[..text.len().min(at + MAX_PAIR)];
        let value = value::value_after(text, at);
        self.values.extend(value.map(|value| (value, hit)));
        value.is_some()
    }
}

impl Scanner {
    /// Tries the rules for the names of all values in `queue`.
    pub(super) fn try_values(
        &self,
        text: &[u8],
        mut queue: ValueQueue,
        recorder: &mut impl Recorder,
    ) {
        queue.values.sort_unstable();
        for hits in queue.values.chunk_by(|a, b| a.0 == b.0) {
            let before = recorder.candidates();
            self.try_value(text, hits[0].0, recorder);
            if recorder.candidates() == before {
                hits.iter().for_each(|&(_, hit)| recorder.idle(hit, REACH));
            }
        }
    }

    /// Tries the rules for the name of `value`. Nothing further than [`REACH`] from its hit decides
    /// whether there is a candidate.
    fn try_value(&self, text: &[u8], value: Span, recorder: &mut impl Recorder) {
        let start = value.start.saturating_sub(BEFORE);
        let near = &text[start..text.len().min(value.end + AFTER)];
        let value_in_near = Span::new(value.start - start, value.end - start);
        let Some(name) = name::name_before(near, value_in_near) else {
            return;
        };
        if name::is_call(near, name.span, value_in_near) {
            return;
        }
        let names = self.names();
        let own = Candidate {
            name: Some(name.span.shift(start)),
            says_whose: true,
            ..Candidate::new(text, value)
        };
        let specific = names.specific(name.label.of(near));
        if self.try_first(own, specific, recorder) {
            return;
        }
        // Whose it is may be said before a name that says only that it is a secret.
        let rules = names.general(name.span.of(near));
        if rules.is_empty() {
            return;
        }
        let general = Candidate {
            says_whose: false,
            ..own
        };
        let context = value.start.saturating_sub(CONTEXT)..value.start;
        if !self.try_first(general, names.specific(&text[context]), recorder) {
            self.try_first(general, rules, recorder);
        }
    }

    /// Tries `rules` until one confirms the value. Returns whether one does.
    fn try_first(
        &self,
        candidate: Candidate<'_>,
        rules: Vec<usize>,
        recorder: &mut impl Recorder,
    ) -> bool {
        rules.into_iter().any(|index| {
            let rule = &self.rules.rules[index];
            let is_confirmed = matches_whole(rule, candidate.secret())
                && recorder.candidate(index, rule, candidate);
            recorder.attempt(&Attempt {
                index,
                rule,
                text: candidate.text,
                span: candidate.name.unwrap_or(candidate.span),
                hits: &[],
            });
            is_confirmed
        })
    }

    fn names(&self) -> &NameTable {
        self.names.get_or_init(|| NameTable::new(&self.rules.rules))
    }
}

/// Whether `value` has the shape that the rule asks for.
fn matches_whole(rule: &Rule, value: &[u8]) -> bool {
    let Trigger::Named(named) = &rule.trigger else {
        return false;
    };
    #[expect(
        clippy::expect_used,
        reason = "a RuleSet compiles what users add, and a test compiles the built-in rules"
    )]
    let regex = named.value.get().expect("a pattern of a RuleSet compiles");
    regex.is_match(value)
}
