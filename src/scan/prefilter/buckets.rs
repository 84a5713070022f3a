//! Assigns the literals of the prefilter to the buckets of its vector search.

use super::masks::Masks;

/// Buckets of the vector search (Teddy with 256-bit vectors, and ours). The search compares
/// literals at a position if each of its first four bytes passes the masks of one bucket. The more
/// the literals in a bucket differ, the more bytes its masks let pass.
pub(super) const BUCKETS: usize = 16;
const _: () = assert!(BUCKETS <= crate::scan::vector::BUCKETS);

/// How many literals share a bucket: Teddy with 256-bit vectors takes 128 at most. Over C sources
/// one search for 125 takes three quarters of the time of two searches for half of them each, and
/// an automaton eight times as long.
pub(super) const PER_BUCKET: usize = 8;

/// The buckets of the built-in rules' literals for which the search compares least in source code.
/// A literal that is missing is assigned by an estimate. The test `renew_the_plan` computes the
/// table.
#[rustfmt::skip]
pub(super) static PLAN: [&[&str]; BUCKETS] = [
    &["256~", "Key>", "key>", "join", "'kty", "\"kty", "logi", "Key<"],
    &["PWD=", "Pwd=", "pwd=", "Pwd\"", "pwd\"", "hin:", "sig=", "QVNJ"],
    &["2://", "b://", "r://", "Bot ", "ACCA", "fct-", "h://", "v://"],
    &["glso", "BU0l", "BS0l", "glcb", "glpa", "Key\"", "key\""],
    &["FTSU", "PASS", "Pass", "pass", "AVNS", "^1.1", "FLSU", "AzFu"],
    &["-KEY", "-Key", "-key", "sq0a", "sKey", "SALT", "salt", "-cod"],
    &["$2y$", "Key(", "DENT", "dent", "$2a$", "KEY ", "Key ", "key "],
    &["j://", "4894", "5432", "To-S", "5://", "e://", ":$6$", "l://"],
    &["AUTH", "auth", "-at-", "QUtJ", "_PWD", "_pwd", "ldt-", "lft-"],
    &[".com", "AKIA", "Key:", "key:", "ASIA", "ABIA", "Key'", "key'"],
    &["CRET", "cret", "kty:", "hvs.", "oriz", ":$y$", "hvb.", "hvr."],
    &["c://", "s://", "sv1.", "t://", "da2-", "LTAI", "p://", "g://"],
    &["01b[", "$2b$", " Key", " key", "IKEY", "ikey", "OKEN", "oken"],
    &["TABL", "tabl", "_KEY", "_key", "t us", ".azc", ".key"],
    &["curl", "glrt", "CORD", "cord", "KEY-", "Key=", "key=", "MLY|"],
    &["tza|", "pwd:", "oxr-", "mysq", "oxa-", "tzr|", "ows.", "}\\u{"],
];

/// A literal, and what belongs to it.
type Literal<T> = (Box<[u8]>, T);

/// Assigns literals to the buckets of `searches` searches: those of the plan as it says, and of the
/// others the most frequent first, each to the bucket whose masks it widens least.
pub(super) fn assign<T>(literals: Vec<Literal<T>>, searches: usize) -> Vec<Vec<Literal<T>>> {
    let room = literals.len().div_ceil(searches * BUCKETS).max(PER_BUCKET);
    let mut buckets: Vec<(Masks, Vec<Literal<T>>)> = (0..searches * BUCKETS)
        .map(|_| (Masks::default(), Vec::new()))
        .collect();
    let mut others = Vec::new();
    for literal in literals {
        match planned(&literal.0) {
            Some(index) => add(&mut buckets[index], literal),
            None => others.push(literal),
        }
    }
    // The numbers are finite and not negative, so their bits are in the same order.
    others.sort_by_cached_key(|(word, _)| {
        std::cmp::Reverse(Masks::default().with(word).pass_rate().to_bits())
    });
    for literal in others {
        let index = least_widened(&buckets, room, &literal.0);
        add(&mut buckets[index], literal);
    }
    buckets.into_iter().map(|(_, held)| held).collect()
}

fn add<T>((masks, held): &mut (Masks, Vec<Literal<T>>), literal: Literal<T>) {
    *masks = masks.with(&literal.0);
    held.push(literal);
}

fn planned(word: &[u8]) -> Option<usize> {
    PLAN.iter()
        .position(|bucket| bucket.iter().any(|literal| literal.as_bytes() == word))
}

/// The bucket with room whose masks let pass least more if they are widened by `word`.
fn least_widened<T>(buckets: &[(Masks, Vec<Literal<T>>)], room: usize, word: &[u8]) -> usize {
    let with_room = buckets.iter().enumerate();
    let with_room = with_room.filter(|(_, (_, held))| held.len() < room);
    let growth = with_room.map(|(index, (masks, _))| {
        let growth = masks.with(word).pass_rate() - masks.pass_rate();
        (growth.max(0.0).to_bits(), index)
    });
    growth.min().map_or(0, |(_, index)| index)
}

/// Orders the literals of one search so that Teddy, which fills its buckets in turn, puts them into
/// `buckets`. A bucket with fewer literals than the others repeats its first, or else all literals
/// that follow would move to the next bucket.
pub(super) fn interleave<T: Clone>(buckets: &[Vec<Literal<T>>]) -> Vec<Literal<T>> {
    let rounds = buckets.iter().map(Vec::len).max().unwrap_or(0);
    let mut literals = Vec::with_capacity(rounds * buckets.len());
    for round in 0..rounds {
        let turn = buckets.iter();
        let turn = turn.filter_map(|held| held.get(round).or(held.first()));
        literals.extend(turn.cloned());
    }
    literals
}
