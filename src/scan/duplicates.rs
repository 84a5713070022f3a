//! Sorts the matches of a text and drops those that say nothing that another one does not say.

use std::cmp::Reverse;
use std::collections::HashSet;

use crate::rule::{Rule, Trigger};
use crate::text::Span;

use super::Match;
use super::decode::joint;

/// Sorts matches and drops duplicates: a secret that was found both as written and decoded, one
/// that is a part of another that is at least as sure, or one of a general rule where another rule
/// knows the token.
pub(super) fn without_duplicates(rules: &[Rule], mut found: Vec<Match>) -> Vec<Match> {
    prefer_tokens(rules, &mut found);
    found.sort_by(|a, b| order(rules, a).cmp(&order(rules, b)));
    let mut unique: Vec<Match> = Vec::with_capacity(found.len());
    let mut places: HashSet<(usize, Span)> = HashSet::new();
    // Unique matches that reach beyond the start of the next one, oldest first.
    let mut open: Vec<usize> = Vec::new();
    for next in found {
        open.retain(|&index| unique[index].span.end > next.span.start);
        let place = (next.rule, next.span);
        let is_known =
            places.contains(&place) || open.iter().any(|&index| covers(&unique[index], &next));
        if !is_known {
            places.insert(place);
            open.push(unique.len());
            unique.push(next);
        }
    }
    unique
}

/// Drops matches of general rules where another rule knows the value or most of it. A value without
/// a prefix of its own is then as sure as its name made the other.
fn prefer_tokens(rules: &[Rule], found: &mut Vec<Match>) {
    let is_general = |found: &Match| rules[found.rule].is_general();
    if !found.iter().any(is_general) {
        return;
    }
    let (mut general, mut others): (Vec<_>, Vec<_>) = found.drain(..).partition(is_general);
    others.sort_by_key(|found| found.span.start);
    general.retain(|general| {
        let end = others.partition_point(|other| other.span.start < general.span.end);
        let near = others[..end].iter_mut().rev().take(NEAR);
        let mut is_known = false;
        let is_most = |other: &&mut Match| {
            other.span.overlaps(general.span) && other.span.len() * 2 >= general.span.len()
        };
        for other in near.filter(is_most) {
            is_known = true;
            if matches!(rules[other.rule].trigger, Trigger::Run(_)) {
                other.confidence = other.confidence.max(general.confidence);
            }
        }
        !is_known
    });
    found.append(&mut others);
    found.append(&mut general);
}

/// How many matches before the end of a value may be in it.
const NEAR: usize = 8;

/// Matches in the order of the text; of those that begin at one place the longest first, then the
/// surest, and of those the one that says most. What may be the argument after a match as well does
/// not make it longer.
fn order(rules: &[Rule], found: &Match) -> impl Ord {
    (
        found.span.start,
        is_adjacent(found),
        Reverse(found.span.end),
        Reverse(found.confidence),
        rules[found.rule].is_general(),
        matches!(rules[found.rule].trigger, Trigger::Run(_)),
        found.rule,
        found.encoding,
    )
}

fn is_adjacent(found: &Match) -> bool {
    found.encoding == Some(joint::ADJACENT)
}

/// Whether `next` adds nothing to `unique`.
fn covers(unique: &Match, next: &Match) -> bool {
    let inside = unique.span.holds(next.span);
    if unique.rule == next.rule {
        let is_longer = unique.span.start == next.span.start && is_adjacent(next);
        return unique.span.overlaps(next.span)
            && (inside || is_longer || unique.value == next.value);
    }
    inside
        && unique.confidence >= next.confidence
        && memchr::memmem::find(unique.value.reveal(), next.value.reveal()).is_some()
}
