//! Joins matches of one blob that belong together, such as an access key id and its secret.

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

/// Joins the matches of one blob into pairs, at any distance. A match is in one pair at most.
#[must_use]
pub fn pair_up<'m>(rules: &RuleSet, matches: impl IntoIterator<Item = &'m Match>) -> Vec<Pairing> {
    let matches: Vec<&Match> = matches.into_iter().collect();
    let mut taken = HashSet::new();
    let mut pairings = Vec::new();
    for (rule, pair) in rules.pairs.iter().enumerate() {
        let mut halves: Vec<Half> = matches
            .iter()
            .enumerate()
            .filter(|(index, _)| !taken.contains(index))
            .filter(|(_, found)| found.rule == pair.first || found.rule == pair.second)
            .map(|(index, found)| (index, found.rule == pair.first))
            .collect();
        halves.sort_by_key(|&(index, _)| matches[index].span.start);
        for (first, second) in pair_halves(&matches, &halves) {
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

/// Index of a match, and whether it is the first half of a pair, an id.
type Half = (usize, bool);

/// Joins halves that are in the order of the text. Ids and secrets mostly alternate, so each is
/// joined with its neighbour of the other kind. What is left, such as of a list of ids above a list
/// of secrets, is joined in order.
fn pair_halves(matches: &[&Match], halves: &[Half]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for stretch in halves.chunk_by(|(_, before), (_, after)| before != after) {
        pairs.extend(pair_neighbours(matches, stretch));
    }
    let used: HashSet<usize> = pairs.iter().flat_map(|&(a, b)| [a, b]).collect();
    let left = halves.iter().filter(|(index, _)| !used.contains(index));
    let (firsts, seconds): (Vec<Half>, Vec<Half>) = left.partition(|(_, is_first)| *is_first);
    let in_order = firsts.iter().zip(&seconds);
    pairs.extend(in_order.map(|(first, second)| (first.0, second.0)));
    pairs
}

/// How much further apart, in bytes, pairs of an id and the secret after it may be than pairs of a
/// secret and the id after it, and still be preferred: an id is usually written before its secret.
const ID_BEFORE_SECRET_BONUS: usize = 64;

/// Joins the halves of a stretch in which the kinds alternate two by two, from its start or, if
/// their number is odd, from its second half if that makes the better pairs.
fn pair_neighbours(matches: &[&Match], stretch: &[Half]) -> Vec<(usize, usize)> {
    let from_start = two_by_two(stretch);
    if stretch.len().is_multiple_of(2) {
        return from_start;
    }
    let from_second = two_by_two(&stretch[1..]);
    let (start, second) = (
        total_distance(matches, &from_start),
        total_distance(matches, &from_second),
    );
    let begins_with_id = stretch[0].1;
    let better = if begins_with_id {
        second + ID_BEFORE_SECRET_BONUS < start
    } else {
        second <= start + ID_BEFORE_SECRET_BONUS
    };
    if better { from_second } else { from_start }
}

fn two_by_two(halves: &[Half]) -> Vec<(usize, usize)> {
    let twos = halves.chunks_exact(2).map(|two| (two[0], two[1]));
    twos.map(|((a, a_is_id), (b, _))| if a_is_id { (a, b) } else { (b, a) })
        .collect()
}

/// How many bytes are between the halves of all pairs.
fn total_distance(matches: &[&Match], pairs: &[(usize, usize)]) -> usize {
    let spans = pairs
        .iter()
        .map(|&(a, b)| (matches[a].span, matches[b].span));
    spans
        .map(|(a, b)| a.start.max(b.start).saturating_sub(a.end.min(b.end)))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Confidence;
    use crate::secret::Secret;
    use crate::text::Span;

    const RULES: &str = "[[rule]]\nid='first'\ndescription='d'\nkeywords=['idid']\n\
        pattern='(?P<secret>idid)'\nconfidence='low'\nexamples=['idid']\n\
        [[rule]]\nid='second'\ndescription='d'\nkeywords=['skey']\n\
        pattern='(?P<secret>skey)'\nconfidence='low'\nexamples=['skey']\n\
        [[pair]]\nid='both'\ndescription='d'\nfirst='first'\nsecond='second'\n\
        confidence='certain'\nexamples=['idid skey']\n";

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
    fn neighbours_are_paired_and_each_match_once() {
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
    fn halves_that_are_far_apart_are_paired() {
        let text = format!(
            "{}{}{}",
            "idid ".repeat(9),
            "x".repeat(100_000),
            "skey ".repeat(9)
        );
        assert_eq!(pairs(&text).len(), 9);
    }
}
