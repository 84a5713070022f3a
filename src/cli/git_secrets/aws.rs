//! Adds what the built-in rules for AWS find, once AWS is registered: its secrets are masked.

use bstr::{BStr, BString};
use keysieve::engine::{Frames, OccurrenceBuilder};
use keysieve::finding::Occurrence;
use keysieve::policy::{Judgement, Policy};
use keysieve::rule::{Confidence, RuleSet};
use keysieve::scan::Scanner;

use super::failure::Failure;

/// The built-in rules for AWS, and which of their findings block.
pub(super) struct AwsRules {
    scanner: Scanner,
    policy: Policy,
}

/// A line in which a rule finds something that blocks.
pub(super) struct AwsLine {
    /// Its number, from 1.
    pub(super) number: usize,
    /// Its text, masked.
    pub(super) masked: BString,
}

impl AwsRules {
    pub(super) fn new() -> Result<Self, Failure> {
        let rules = RuleSet::aws()?;
        let policy = Policy::new(Confidence::Low, Confidence::Medium, &rules);
        Ok(Self {
            scanner: Scanner::new(rules)?,
            policy,
        })
    }

    /// The lines of the file at `path` in which a rule for AWS finds something.
    pub(super) fn lines(&self, path: &BStr, bytes: &[u8]) -> Vec<AwsLine> {
        let builder = OccurrenceBuilder::new(&self.scanner);
        let located = builder.scan(bytes, Frames::Build);
        let mut lines = Vec::new();
        for found in builder.occurrences(&located) {
            let occurrence = &found.occurrence;
            let judgement = self.policy.judge(occurrence, path, &found.nearby);
            if judgement == (Judgement::Report { blocks: true }) {
                lines.push(AwsLine {
                    number: occurrence.place.start.line,
                    masked: masked(occurrence),
                });
            }
        }
        lines.sort_by_key(|line| line.number);
        lines.dedup_by_key(|line| line.number);
        lines
    }
}

/// The line of an occurrence without its secrets, and the rule.
fn masked(occurrence: &Occurrence) -> BString {
    let place = &occurrence.place;
    let mut lines = place.frame.lines.iter();
    let line = lines.find(|line| line.number == place.start.line);
    let secret = occurrence.secret.masked();
    let text = line.map_or(&*secret, |line| &line.text);
    format!("{text} [{}]", occurrence.rule.id).into()
}
