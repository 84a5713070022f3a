//! Builds occurrences from the matches of one text: joins pairs, and adds the rule's description
//! and the fingerprint.

use super::documentation;
use super::locate::{Frames, LocatedMatch, locate};
use crate::blob::Part;
use crate::finding::{Occurrence, Partner, RuleInfo};
use crate::policy::Nearby;
use crate::scan::{Match, Pairing, Scanner, pair_up};
use crate::secret::Fingerprint;

/// Builds occurrences from what a scanner finds. Shared by all threads.
pub struct OccurrenceBuilder<'a> {
    /// The scanner whose matches they are.
    pub scanner: &'a Scanner,
}

/// An occurrence, and the text around it that may hold a marker.
pub struct OccurrenceInText {
    /// The occurrence.
    pub occurrence: Occurrence,
    /// The lines in which a marker counts for it.
    pub nearby: Nearby,
    /// The indices of its matches: the first half of a pair, and the secret.
    pub matches: (Option<usize>, usize),
    /// The first half of a pair, if it is on another line. A marker covers one line only: where it
    /// allows the pair, this half has to be judged by itself.
    pub first_half: Option<Box<Self>>,
}

impl<'a> OccurrenceBuilder<'a> {
    /// A builder for the matches of `scanner`.
    #[must_use]
    pub fn new(scanner: &'a Scanner) -> Self {
        Self { scanner }
    }

    /// The id of the rule with this index.
    pub(super) fn rule_id(&self, rule: usize) -> &str {
        &self.scanner.rules().rules[rule].id
    }

    /// The rule with this index, for reports.
    fn rule(&self, index: usize) -> RuleInfo {
        (&self.scanner.rules().rules[index]).into()
    }

    /// The rule of the pair with this index, for reports.
    fn pair_rule(&self, index: usize) -> RuleInfo {
        let rules = self.scanner.rules();
        let pair = &rules.pairs[index];
        RuleInfo {
            id: pair.id.clone(),
            description: pair.description.clone(),
            help: pair.help.clone(),
            // The value of a pair ends with that of its second half.
            guessable: rules.rules[pair.second].guessable,
        }
    }

    /// Scans a `text` that is in memory as a whole.
    #[must_use]
    pub fn scan(&self, text: &[u8], frames: Frames) -> Vec<LocatedMatch> {
        let matches = self.scanner.scan(text);
        self.locate(text, &Part::whole(text.len()), matches, frames)
    }

    /// Locates those of the `matches` in `text` that are `part`'s own.
    #[must_use]
    pub fn locate(
        &self,
        text: &[u8],
        part: &Part,
        mut matches: Vec<Match>,
        frames: Frames,
    ) -> Vec<LocatedMatch> {
        if matches.is_empty() {
            return Vec::new();
        }
        documentation::grade(&mut matches, text, |rule| self.rule_id(rule));
        locate(text, part, matches, frames)
    }

    /// All occurrences that the matches of one text are.
    pub fn occurrences<'m>(
        &'m self,
        located: &'m [LocatedMatch],
    ) -> impl Iterator<Item = OccurrenceInText> {
        self.occurrences_if(located, |_| true)
    }

    /// The occurrences of the matches for which `is_new` is true, by index. A pair is new if one of
    /// its halves is.
    pub fn occurrences_if<'m>(
        &'m self,
        located: &'m [LocatedMatch],
        is_new: impl Fn(usize) -> bool + Clone + 'm,
    ) -> impl Iterator<Item = OccurrenceInText> {
        let pairings = self.pairings(located);
        let mut is_paired = vec![false; located.len()];
        for pairing in &pairings {
            is_paired[pairing.first] = true;
            is_paired[pairing.second] = true;
        }
        let is_single = is_new.clone();
        let singles = located
            .iter()
            .enumerate()
            .filter(move |(index, _)| is_single(*index) && !is_paired[*index])
            .map(|(index, _)| self.single(located, index));
        let pairs = pairings.into_iter().filter_map(move |pairing| {
            let is_first_new = is_new(pairing.first);
            (is_first_new || is_new(pairing.second))
                .then(|| self.pair(located, pairing, is_first_new))
        });
        pairs.chain(singles)
    }

    /// Joins the matches of each text: halves in two entries of a container are no pair.
    fn pairings(&self, located: &[LocatedMatch]) -> Vec<Pairing> {
        let mut start = 0;
        let mut pairings = Vec::new();
        for text in located.chunk_by(LocatedMatch::is_in_text_of) {
            if text.len() > 1 {
                let found = text.iter().map(|seen| &seen.found);
                let of_text = pair_up(self.scanner.rules(), found).into_iter();
                pairings.extend(of_text.map(|pairing| Pairing {
                    first: start + pairing.first,
                    second: start + pairing.second,
                    ..pairing
                }));
            }
            start += text.len();
        }
        pairings
    }

    fn single(&self, located: &[LocatedMatch], index: usize) -> OccurrenceInText {
        let seen = &located[index];
        OccurrenceInText {
            occurrence: self.occurrence(seen),
            nearby: seen.nearby.clone(),
            matches: (None, index),
            first_half: None,
        }
    }

    fn pair(
        &self,
        located: &[LocatedMatch],
        pairing: Pairing,
        is_first_new: bool,
    ) -> OccurrenceInText {
        let (first, second) = (&located[pairing.first], &located[pairing.second]);
        let on_other_line = first.place.start.line != second.place.start.line;
        OccurrenceInText {
            occurrence: self.pair_occurrence(pairing.rule, first, second),
            nearby: second.nearby.clone(),
            matches: (Some(pairing.first), pairing.second),
            first_half: (is_first_new && on_other_line)
                .then(|| Box::new(self.single(located, pairing.first))),
        }
    }

    fn occurrence(&self, seen: &LocatedMatch) -> Occurrence {
        let rule = self.rule(seen.found.rule);
        Occurrence {
            fingerprint: Fingerprint::new(&rule.id, seen.found.value.reveal()),
            rule,
            confidence: seen.found.confidence,
            place: seen.place.clone(),
            secret: seen.found.value.clone(),
            details: seen.found.details.clone(),
            partner: None,
        }
    }

    fn pair_occurrence(
        &self,
        pair: usize,
        first: &LocatedMatch,
        second: &LocatedMatch,
    ) -> Occurrence {
        let rule = self.pair_rule(pair);
        let value = [
            first.found.value.reveal(),
            b"\n",
            second.found.value.reveal(),
        ]
        .concat();
        Occurrence {
            fingerprint: Fingerprint::new(&rule.id, &value),
            rule,
            confidence: self.scanner.rules().pairs[pair].confidence,
            details: [&first.found.details[..], &second.found.details].concat(),
            partner: Some(Partner {
                rule: self.rule(first.found.rule),
                place: first.place.clone(),
                secret: first.found.value.clone(),
            }),
            ..self.occurrence(second)
        }
    }
}
