//! What a scan does with the candidates that it finds: it keeps the confirmed ones, or traces all.

use super::decode::Decoded;
use super::hit::{Hit, Runs};
use crate::rule::{Candidate, Rule};
use crate::text::Span;

/// Receives candidates. A scan keeps the confirmed matches; a trace keeps every attempt.
pub(super) trait Recorder: Default {
    /// Which runs are tried.
    const RUNS: Runs = Runs::Promising;

    /// Is called with the number of hits before they are tried.
    fn begin(&mut self, _hits: usize) {}

    /// Verifies a candidate of the rule with this index. Returns whether it is confirmed.
    fn candidate(&mut self, index: usize, rule: &Rule, candidate: Candidate<'_>) -> bool;

    /// Takes over what was recorded in a decoded stretch.
    fn merge(&mut self, inner: Self, decoded: &Decoded);

    /// Is called when a rule has no more candidates in a window or a run.
    fn attempt(&mut self, _: &Attempt<'_>) {}

    /// Is called if there is no candidate for the hit with this index, and `reach` bytes on each
    /// side of it decide that.
    fn idle(&mut self, _hit: usize, _reach: usize) {}

    /// How many candidates there were so far, for [`Recorder::idle`].
    fn candidates(&self) -> usize {
        0
    }
}

/// A place in which a rule was tried.
pub(super) struct Attempt<'a> {
    pub(super) index: usize,
    pub(super) rule: &'a Rule,
    pub(super) text: &'a [u8],
    /// The window, the run, or the name.
    pub(super) span: Span,
    /// The hits in it, of any rule.
    pub(super) hits: &'a [Hit],
}
