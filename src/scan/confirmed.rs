//! Records what a scan confirms, for the search of a text and of those that are made from it.

use crate::rule::{Candidate, Rule};

use super::decode::Decoded;
use super::recorder::Recorder;
use super::{Match, verify};

/// Records what is confirmed, and which hits lead to nothing.
#[derive(Default)]
pub(super) struct Confirmed {
    pub(super) matches: Vec<Match>,
    /// How many hits were tried, those in decoded stretches included.
    pub(super) tried: usize,
    candidates: usize,
    /// As [`super::Hit::idle_within`], by the index of the hit.
    pub(super) idle: Vec<(usize, u32)>,
}

impl Recorder for Confirmed {
    fn candidate(&mut self, index: usize, rule: &Rule, candidate: Candidate<'_>) -> bool {
        self.candidates += 1;
        let found = verify::confirm(index, rule, candidate, &mut |_| {});
        let is_confirmed = found.is_some();
        self.matches.extend(found);
        is_confirmed
    }

    fn begin(&mut self, hits: usize) {
        self.tried += hits;
    }

    fn merge(&mut self, inner: Self, decoded: &Decoded) {
        self.tried += inner.tried;
        self.matches
            .extend(inner.matches.into_iter().map(|found| Match {
                span: decoded.source_span(found.span),
                encoding: Some(decoded.encoding),
                ..found
            }));
    }

    fn candidates(&self) -> usize {
        self.candidates
    }

    fn idle(&mut self, hit: usize, reach: usize) {
        self.idle
            .extend(u32::try_from(reach).map(|reach| (hit, reach)));
    }
}
