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

use super::{Attempt, Recorder, Scanner};

pub(super) use hits::{LOOKAHEAD, keywords, leads_to_value, long_tokens, may_contain_token};
pub(super) use table::NameTable;

/// How much text before a value may say whose it is, in bytes.
const CONTEXT: usize = 160;

/// Values that may have a name.
#[derive(Debug, Default)]
pub(super) struct ValueQueue {
    values: Vec<Span>,
}

impl ValueQueue {
    /// Adds a long token.
    pub(super) fn add_token(&mut self, text: &[u8], token: Span) {
        self.values.push(value::without_separator(text, token));
    }

    /// Adds what is assigned to the name that the keyword at `at` is part of.
    pub(super) fn add_keyword(&mut self, text: &[u8], at: usize) {
        self.values.extend(value::value_after(text, at));
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
        queue.values.dedup();
        for value in queue.values {
            let Some(name) = name::name_before(text, value) else {
                continue;
            };
            if name::is_call(text, name.span, value) {
                continue;
            }
            let names = self.names();
            let own = Candidate {
                name: Some(name.span),
                says_whose: true,
                ..Candidate::new(text, value)
            };
            let specific = names.specific(name.label.of(text));
            if self.try_first(own, specific, recorder) {
                continue;
            }
            // Whose it is may be said before a name that says only that it is a secret.
            let rules = names.general(name.span.of(text));
            if rules.is_empty() {
                continue;
            }
            let general = Candidate {
                says_whose: false,
                ..own
            };
            let near = names.specific(context(value).of(text));
            if !self.try_first(general, near, recorder) {
                self.try_first(general, rules, recorder);
            }
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

/// The text before `value` that may say whose it is: of its line and of those before it.
fn context(value: Span) -> Span {
    Span::new(value.start.saturating_sub(CONTEXT), value.start)
}
