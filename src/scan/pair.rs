//! Pairs: which matches of one blob belong together, as an access key id and its secret do.

use std::collections::HashSet;

use crate::rule::RuleSet;

use super::Match;

/// How many neighbours on each side are weighed for each match. Pairs stand close together; what stands further apart
/// than this many other matches is joined in order.
const NEIGHBOURS: usize = 4;

/// Two matches that are one finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pairing {
    /// Index of the pair's rule in [`RuleSet::pairs`].
    pub rule: usize,
    /// Index of the half that is no secret by itself.
    pub first: usize,
    /// Index of the secret half.
    pub second: usize,
}

/// Joins the matches of one blob, given in the order of their spans, into pairs: nearest first, at any distance, each
/// match in one pair at most.
#[must_use]
pub fn pair_up<'m>(rules: &RuleSet, matches: impl IntoIterator<Item = &'m Match>) -> Vec<Pairing> {
    let matches: Vec<&Match> = matches.into_iter().collect();
    let mut taken = HashSet::new();
    let mut pairings = Vec::new();
    for (rule, pair) in rules.pairs.iter().enumerate() {
        let half = |wanted: usize| -> Vec<usize> {
            let indices = 0..matches.len();
            indices.filter(|index| matches[*index].rule == wanted && !taken.contains(index)).collect()
        };
        let (firsts, seconds) = (half(pair.first), half(pair.second));
        for (first, second) in nearest(&matches, &firsts, &seconds) {
            taken.extend([first, second]);
            pairings.push(Pairing { rule, first, second });
        }
    }
    pairings.sort_by_key(|pairing| pairing.second);
    pairings
}

fn nearest(matches: &[&Match], firsts: &[usize], seconds: &[usize]) -> Vec<(usize, usize)> {
    let mut candidates = Vec::new();
    for &first in firsts {
        let at = seconds.partition_point(|&second| matches[second].span.start < matches[first].span.start);
        let around = at.saturating_sub(NEIGHBOURS)..seconds.len().min(at + NEIGHBOURS);
        candidates.extend(seconds[around].iter().map(|&second| (distance(matches, first, second), first, second)));
    }
    candidates.sort_unstable();
    let (mut used_first, mut used_second) = (HashSet::new(), HashSet::new());
    let mut pairs = Vec::new();
    for (_, first, second) in candidates {
        if !used_first.contains(&first) && !used_second.contains(&second) {
            used_first.insert(first);
            used_second.insert(second);
            pairs.push((first, second));
        }
    }
    let left = firsts.iter().copied().filter(|first| !used_first.contains(first));
    let right = seconds.iter().copied().filter(|second| !used_second.contains(second));
    pairs.extend(left.zip(right));
    pairs
}

/// Bytes between the two. An id is usually written before its secret, so that order wins where the distance is alike:
/// in a table of two columns the next row's id is as near as the row's own secret.
fn distance(matches: &[&Match], first: usize, second: usize) -> (usize, bool) {
    let (id, secret) = (matches[first].span, matches[second].span);
    if id.start <= secret.start {
        (secret.start.saturating_sub(id.end), false)
    } else {
        (id.start.saturating_sub(secret.end), true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Confidence;
    use crate::secret::Secret;
    use crate::text::Span;

    const RULES: &str = "[[rule]]\nid='first'\ndescription='d'\nkeywords=['idid']\npattern='(?P<secret>idid)'\n\
        confidence='low'\nexamples=['idid']\n[[rule]]\nid='second'\ndescription='d'\nkeywords=['skey']\n\
        pattern='(?P<secret>skey)'\nconfidence='low'\nexamples=['skey']\n[[pair]]\nid='both'\ndescription='d'\n\
        first='first'\nsecond='second'\nconfidence='certain'\nexamples=['idid skey']\n";

    fn pairs(text: &str) -> Vec<(usize, usize)> {
        let mut rules = RuleSet::default();
        rules.extend("x.toml", RULES).unwrap();
        let mut matches: Vec<Match> = Vec::new();
        for (rule, word) in [(0, "idid"), (1, "skey")] {
            matches.extend(text.match_indices(word).map(|(at, _)| Match {
                rule,
                span: Span::new(at, at + 4),
                value: Secret::new(word),
                confidence: Confidence::Low,
                details: Vec::new(),
                encoding: None,
            }));
        }
        matches.sort_by_key(|m| m.span);
        let pairings = pair_up(&rules, &matches);
        pairings.iter().map(|p| (matches[p.first].span.start, matches[p.second].span.start)).collect()
    }

    #[test]
    fn nearest_first_and_each_once() {
        assert_eq!(pairs("idid skey"), [(0, 5)]);
        assert_eq!(pairs("skey idid"), [(5, 0)]);
        assert_eq!(pairs("idid .... idid skey"), [(10, 15)]);
        assert_eq!(pairs("idid,skey\nidid,skey\n"), [(0, 5), (10, 15)]);
        assert_eq!(pairs("idid idid skey skey"), [(5, 10), (0, 15)]);
        assert_eq!(pairs("idid"), []);
    }

    #[test]
    fn far_apart_is_still_a_pair() {
        let text = format!("{}{}{}", "idid ".repeat(9), "x".repeat(100_000), "skey ".repeat(9));
        assert_eq!(pairs(&text).len(), 9);
    }
}
