//! From the matches of one blob to findings: pairs are joined, and each finding gets its rule's
//! words and its name.

use std::sync::Arc;

use crate::blob::{Origin, Part};
use crate::finding::{Finding, Partner, RuleInfo};
use crate::policy::Nearby;
use crate::rule::{PairRule, Rule};
use crate::scan::{Match, Scanner, pair_up};
use crate::secret::Fingerprint;

use super::locate::{self, LocatedMatch};

/// Makes findings of what a scanner finds. Shared by all threads.
pub struct FindingBuilder<'a> {
    /// The scanner whose matches they are.
    pub scanner: &'a Scanner,
    /// For reports, by index of the rule and of the pair.
    rules: Vec<RuleInfo>,
    pairs: Vec<RuleInfo>,
}

impl<'a> FindingBuilder<'a> {
    /// An examiner of the matches of `scanner`.
    #[must_use]
    pub fn new(scanner: &'a Scanner) -> Self {
        let info = |id: &Arc<str>, description: &str, help: &Option<String>| RuleInfo {
            id: id.clone(),
            description: Arc::from(description),
            help: help.as_deref().map(Arc::from),
        };
        let of_rule = |rule: &Rule| info(&rule.id, &rule.description, &rule.help);
        let of_pair = |pair: &PairRule| info(&pair.id, &pair.description, &pair.help);
        let set = scanner.rules();
        Self {
            scanner,
            rules: set.rules.iter().map(of_rule).collect(),
            pairs: set.pairs.iter().map(of_pair).collect(),
        }
    }

    /// Those of `matches`, found in `text`, that are `part`'s own, with their surroundings.
    #[must_use]
    pub fn sight(&self, text: &[u8], part: &Part, matches: Vec<Match>) -> Vec<LocatedMatch> {
        locate::take(text, part, matches)
    }

    /// Hands every finding of a blob to `judge`, which says whether a marker lets it pass: the
    /// `sightings` that are `news`, joined into pairs where they belong together.
    pub fn conclude(
        &self,
        origin: &Origin,
        located: &[LocatedMatch],
        news: &[bool],
        mut judge: impl FnMut(Finding, Nearby<'_>) -> bool,
    ) {
        let pairings = pair_up(self.scanner.rules(), located.iter().map(|seen| &seen.found));
        let mut paired = vec![false; located.len()];
        for pairing in pairings {
            (paired[pairing.first], paired[pairing.second]) = (true, true);
            if !news[pairing.first] && !news[pairing.second] {
                continue;
            }
            let (first, second) = (&located[pairing.first], &located[pairing.second]);
            let marked = judge(
                self.pair_finding(origin, pairing.rule, first, second),
                second.nearby(),
            );
            // A marker means its own line: the half on another line still has to answer for itself.
            if marked && news[pairing.first] && first.place.start.line != second.place.start.line {
                judge(self.finding(origin, first), first.nearby());
            }
        }
        for (index, seen) in located.iter().enumerate() {
            if news[index] && !paired[index] {
                judge(self.finding(origin, seen), seen.nearby());
            }
        }
    }

    fn finding(&self, origin: &Origin, seen: &LocatedMatch) -> Finding {
        let rule = self.rules[seen.found.rule].clone();
        Finding {
            fingerprint: Fingerprint::new(&rule.id, seen.found.value.reveal()),
            rule,
            confidence: seen.found.confidence,
            origin: origin.clone(),
            place: seen.place.clone(),
            secret: seen.found.value.clone(),
            details: seen.found.details.clone(),
            partner: None,
            blocking: false,
            history: None,
        }
    }

    fn pair_finding(
        &self,
        origin: &Origin,
        pair: usize,
        first: &LocatedMatch,
        second: &LocatedMatch,
    ) -> Finding {
        let rule = self.pairs[pair].clone();
        let value = [
            first.found.value.reveal(),
            b"\n",
            second.found.value.reveal(),
        ]
        .concat();
        Finding {
            fingerprint: Fingerprint::new(&rule.id, &value),
            rule,
            confidence: self.scanner.rules().pairs[pair].confidence,
            details: [&first.found.details[..], &second.found.details].concat(),
            partner: Some(Partner {
                rule: self.rules[first.found.rule].clone(),
                place: first.place.clone(),
                secret: first.found.value.clone(),
            }),
            ..self.finding(origin, second)
        }
    }
}
