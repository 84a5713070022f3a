//! Policy: what is reported, what blocks, and what is allowed, with the reason of each exception.

use crate::finding::{Exception, Finding};
use crate::rule::Confidence;

/// What is done about findings.
#[derive(Debug)]
pub struct Policy {
    /// Findings below this are not reported.
    pub report: Confidence,
    /// Findings from this on fail the run.
    pub block: Confidence,
}

/// The text around a finding, where inline markers may stand.
#[derive(Clone, Copy, Debug)]
pub struct Nearby<'t> {
    /// The line on which the finding begins.
    pub line: &'t [u8],
    /// The line before it; empty on the first.
    pub before: &'t [u8],
}

/// What policy says about a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Below what is reported.
    Ignore,
    /// Reported; fails the run if it blocks.
    Report {
        /// Whether it fails the run.
        blocks: bool,
    },
    /// Allowed, and by what.
    Allow(Exception),
}

impl Policy {
    /// What to do about `finding`.
    #[must_use]
    pub fn judge(&self, finding: &Finding, _nearby: Nearby<'_>) -> Judgement {
        if finding.confidence < self.report {
            return Judgement::Ignore;
        }
        Judgement::Report { blocks: finding.confidence >= self.block }
    }

    /// Exceptions that let nothing pass.
    #[must_use]
    pub fn unused(&self, _allowed: &[crate::finding::Allowed]) -> Vec<Exception> {
        Vec::new()
    }
}
