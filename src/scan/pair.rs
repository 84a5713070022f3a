//! Pairs: which matches of one blob belong together, as an access key id and its secret do.

use std::collections::HashSet;

use crate::rule::RuleSet;

use super::Match;

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

/// Joins the matches of one blob, given in the order of their spans, into pairs, at any distance,
/// each match in one pair at most.
#[must_use]
pub fn pair_up<'m>(rules: &RuleSet, matches: impl IntoIterator<Item = &'m Match>) -> Vec<Pairing> {
    let matches: Vec<&Match> = matches.into_iter().collect();
    let mut taken = HashSet::new();
    let mut pairings = Vec::new();
    for (rule, pair) in rules.pairs.iter().enumerate() {
        let half = |wanted: usize| -> Vec<usize> {
            let indices = 0..matches.len();
            indices
                .filter(|index| matches[*index].rule == wanted && !taken.contains(index))
                .collect()
        };
        let (firsts, seconds) = (half(pair.first), half(pair.second));
        for (first, second) in nearest(&matches, &firsts, &seconds) {
            taken.extend([first, second]);
            pairings.push(Pairing {
                rule,
                first,
                second,
            });
        }
    }
    pairings.sort_by_key(|pairing| pairing.second);
    pairings
}

/// Pairs of halves. In the order of the text ids and secrets mostly alternate, so each is joined
/// with its neighbour of the other kind; what is left over, such as of a list of ids above a list
/// of secrets, is joined in order.
fn nearest(matches: &[&Match], firsts: &[usize], seconds: &[usize]) -> Vec<(usize, usize)> {
    let mut halves: Vec<(usize, bool)> = firsts.iter().map(|&first| (first, true)).collect();
    halves.extend(seconds.iter().map(|&second| (second, false)));
    halves.sort_by_key(|&(index, _)| (matches[index].span.start, index));
    let mut pairs = Vec::new();
    for stretch in halves.chunk_by(|(_, before), (_, after)| before != after) {
        pairs.extend(neighbours(matches, stretch));
    }
    let used: HashSet<usize> = pairs
        .iter()
        .flat_map(|&(first, second)| [first, second])
        .collect();
    let left = firsts.iter().copied().filter(|first| !used.contains(first));
    let right = seconds
        .iter()
        .copied()
        .filter(|second| !used.contains(second));
    pairs.extend(left.zip(right));
    pairs
}

/// How much further apart, in bytes, ids and the secrets after them may stand than secrets and the
/// ids after them, and still be the pairs: an id is usually written before its secret.
const PATIENCE: usize = 64;

/// Joins the halves of a stretch in which the kinds alternate two by two, from its start or, where
/// one is too many, from its second if that makes the better pairs.
fn neighbours(matches: &[&Match], stretch: &[(usize, bool)]) -> Vec<(usize, usize)> {
    let paired = |halves: &[(usize, bool)]| -> Vec<(usize, usize)> {
        let two = |two: &[(usize, bool)]| {
            if two[0].1 {
                (two[0].0, two[1].0)
            } else {
                (two[1].0, two[0].0)
            }
        };
        halves.chunks_exact(2).map(two).collect()
    };
    let from_start = paired(stretch);
    if stretch.len().is_multiple_of(2) {
        return from_start;
    }
    let from_second = paired(&stretch[1..]);
    let total = |pairs: &[(usize, usize)]| -> usize {
        let between = |&(first, second): &(usize, usize)| {
            let (a, b) = (matches[first].span, matches[second].span);
            a.start.max(b.start).saturating_sub(a.end.min(b.end))
        };
        pairs.iter().map(between).sum()
    };
    let (start, second) = (total(&from_start), total(&from_second));
    let begins_with_id = stretch[0].1;
    let better = if begins_with_id {
        second + PATIENCE < start
    } else {
        second <= start + PATIENCE
    };
    if better { from_second } else { from_start }
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
        pairings
            .iter()
            .map(|p| (matches[p.first].span.start, matches[p.second].span.start))
            .collect()
    }

    #[test]
    fn nearest_first_and_each_once() {
        assert_eq!(pairs("idid skey"), [(0, 5)]);
        assert_eq!(pairs("skey idid"), [(5, 0)]);
        assert_eq!(pairs("idid .... idid skey"), [(10, 15)]);
        assert_eq!(
            pairs("id=idid\nsecret=skey\nid=idid\nsecret=skey\n"),
            [(3, 15), (23, 35)]
        );
        assert_eq!(
            pairs("id=idid\nsecret=skey\nsecret=skey\nid=idid\nsecret=skey\n"),
            [(3, 15), (35, 47)]
        );
        assert_eq!(pairs("skey idid\n\nskey idid\n"), [(5, 0), (16, 11)]);
        assert_eq!(pairs("idid,skey\nidid,skey\n"), [(0, 5), (10, 15)]);
        assert_eq!(pairs("idid idid skey skey"), [(5, 10), (0, 15)]);
        assert_eq!(pairs("idid"), []);
    }

    #[test]
    fn far_apart_is_still_a_pair() {
        let text = format!(
            "{}{}{}",
            "idid ".repeat(9),
            "x".repeat(100_000),
            "skey ".repeat(9)
        );
        assert_eq!(pairs(&text).len(), 9);
    }
}
