//! Finds the rules' keywords in a text, many at once.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use aho_corasick::packed::{self, Searcher};
use aho_corasick::{AhoCorasick, Input, MatchKind};
use rustc_hash::FxHashMap;

use super::ScanError;

/// Buckets of the vector search (Teddy with 256-bit vectors). The search compares literals at a
/// position if each of its first four bytes passes the masks of one bucket. The more the literals
/// in a bucket differ, the more bytes its masks let pass.
const BUCKETS: usize = 16;
/// How many literals share a bucket: Teddy takes 128 at most. Over C sources one search for 125
/// takes three quarters of the time of two searches for half of them each, and an automaton eight
/// times as long.
const PER_BUCKET: usize = 8;
/// How frequent a literal may be, by [`rate`], if that saves another one: `rint` may be, and `tent`
/// may not.
const MAX_SHARED_RATE: f32 = 3e10;
/// How many bytes of a literal the masks cover.
const MASKED: usize = 4;

/// A keyword, with its owner.
pub(super) type Owned = (usize, Box<[u8]>);

/// Four bytes that are searched for, and the keywords that contain them.
type Literal = (Box<[u8]>, Vec<Keyword>);

/// A set of keywords, each with the number of its owner.
#[derive(Debug)]
pub(super) struct Prefilter {
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    finder: Finder,
    /// For each literal of the finder, the keywords that contain it.
    keywords: Vec<Vec<Keyword>>,
}

#[derive(Clone, Debug)]
struct Keyword {
    owner: usize,
    word: Box<[u8]>,
    /// Where its literal begins in it.
    offset: usize,
}

/// Teddy if the processor supports it, else an automaton.
#[derive(Debug)]
enum Finder {
    Teddy(Searcher),
    Automaton(AhoCorasick),
}

impl Prefilter {
    /// A prefilter for `(owner, keyword)` pairs.
    pub(super) fn new(keywords: impl IntoIterator<Item = Owned>) -> Result<Self, ScanError> {
        let buckets = assign_buckets(choose_literals(keywords));
        let groups = buckets
            .chunks(BUCKETS)
            .map(|buckets| Group::new(&interleave(buckets)))
            .collect::<Result<_, _>>()?;
        Ok(Self { groups })
    }

    /// Calls `hit` with the owner, the start and the length of every keyword in `text`, overlapping
    /// ones included.
    pub(super) fn search(&self, text: &[u8], mut hit: impl FnMut(usize, usize, usize)) {
        for group in &self.groups {
            let mut at = 0;
            while let Some((literal, start)) = group.finder.next(text, at) {
                for keyword in &group.keywords[literal] {
                    let word = &keyword.word;
                    if let Some(start) = start.checked_sub(keyword.offset)
                        && (word.len() <= MASKED || text[start..].starts_with(word))
                    {
                        hit(keyword.owner, start, word.len());
                    }
                }
                at = start + 1;
            }
        }
    }
}

/// Chooses the bytes of each keyword to search for: those that are searched for already, or else
/// the rarest, preferably some that other keywords contain too.
fn choose_literals(keywords: impl IntoIterator<Item = Owned>) -> Vec<Literal> {
    let mut keywords: Vec<_> = keywords.into_iter().collect();
    // The shortest have the least choice.
    keywords.sort_by(|(_, a), (_, b)| (a.len(), a).cmp(&(b.len(), b)));
    let mut holders: FxHashMap<&[u8], usize> = FxHashMap::default();
    for (_, word) in &keywords {
        for part in word.windows(MASKED) {
            *holders.entry(part).or_default() += 1;
        }
    }
    let mut literals: BTreeMap<Box<[u8]>, Vec<Keyword>> = BTreeMap::new();
    for (owner, word) in &keywords {
        let parts = word.windows(MASKED.min(word.len()).max(1)).enumerate();
        let rarest = parts.min_by(|(_, a), (_, b)| {
            let cost = |part: &[u8]| {
                let (is_shared, rate) = (holders.get(part) > Some(&1), rate(part));
                let is_new = !literals.contains_key(part);
                (is_new, !is_shared || rate > MAX_SHARED_RATE, rate)
            };
            cost(a).partial_cmp(&cost(b)).unwrap_or(Ordering::Equal)
        });
        let Some((offset, literal)) = rarest else {
            continue;
        };
        literals.entry(literal.into()).or_default().push(Keyword {
            owner: *owner,
            word: word.clone(),
            offset,
        });
    }
    literals.into_iter().collect()
}

/// How often a part of a keyword occurs in source code, relative to others. Signs occur together,
/// and lines repeat a byte, more often than the frequency of each byte says.
fn rate(part: &[u8]) -> f32 {
    let repeats = part.windows(2).any(|pair| pair[0] == pair[1]);
    let is_signs = !part.iter().any(u8::is_ascii_alphanumeric);
    Masks::default().with(part).pass_rate() * if repeats || is_signs { 100.0 } else { 1.0 }
}

/// Assigns literals to the buckets of all searches, so that similar literals share a bucket: the
/// most frequent first, each to the bucket whose masks it widens least.
fn assign_buckets(mut literals: Vec<Literal>) -> Vec<Vec<Literal>> {
    let searches = literals.len().div_ceil(BUCKETS * PER_BUCKET);
    let mut buckets: Vec<(Masks, Vec<Literal>)> = (0..searches * BUCKETS)
        .map(|_| Default::default())
        .collect();
    let full = literals.len().div_ceil(buckets.len().max(1));
    // The numbers are finite and not negative, so their bits are in the same order.
    literals.sort_by_cached_key(|(word, _)| {
        std::cmp::Reverse(Masks::default().with(word).pass_rate().to_bits())
    });
    for literal in literals {
        let mut best: Option<(f32, usize, Masks)> = None;
        for (index, (masks, held)) in buckets
            .iter()
            .enumerate()
            .filter(|(_, (_, held))| held.len() < full)
        {
            let wider = masks.with(&literal.0);
            let growth = wider.pass_rate() - masks.pass_rate();
            if best.as_ref().is_none_or(|(least, ..)| growth < *least) {
                best = Some((growth, index, wider));
            }
            if held.is_empty() {
                // All further buckets are empty too.
                break;
            }
        }
        if let Some((_, index, wider)) = best {
            buckets[index].0 = wider;
            buckets[index].1.push(literal);
        }
    }
    buckets.into_iter().map(|(_, held)| held).collect()
}

/// Orders the literals of one search so that Teddy, which fills its buckets in turn, puts them into
/// `buckets`. A bucket with fewer literals than the others repeats its first, or else all literals
/// that follow would move to the next bucket.
fn interleave(buckets: &[Vec<Literal>]) -> Vec<Literal> {
    let rounds = buckets.iter().map(Vec::len).max().unwrap_or(0);
    let mut literals = Vec::with_capacity(rounds * buckets.len());
    for round in 0..rounds {
        let turn = buckets.iter();
        let turn = turn.filter_map(|held| held.get(round).or(held.first()));
        literals.extend(turn.cloned());
    }
    literals
}

/// For each masked byte: the low and the high halves of bytes that pass, and the frequency of those
/// bytes in source code.
#[derive(Clone, Copy, Debug, Default)]
struct Masks([(u16, u16, f32); MASKED]);

impl Masks {
    /// These masks, widened by `word`.
    fn with(mut self, word: &[u8]) -> Self {
        for ((low, high, share), byte) in self.0.iter_mut().zip(word) {
            let wider = (*low | 1 << (byte & 15), *high | 1 << (byte >> 4));
            if wider != (*low, *high) {
                (*low, *high) = wider;
                let passing = bits(wider.1)
                    .flat_map(|high| bits(wider.0).map(move |low| FREQUENCY[high * 16 + low]));
                *share = passing.sum();
            }
        }
        self
    }

    /// How often a position passes all of them, relative to other masks.
    fn pass_rate(&self) -> f32 {
        self.0.iter().map(|(.., share)| share).product()
    }
}

/// The indices of the bits that are set.
fn bits(mut mask: u16) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (mask != 0).then_some(mask.trailing_zeros() as usize);
        mask &= mask.wrapping_sub(1);
        bit
    })
}

/// How frequent the bytes from space to `~` are in equal parts of C, JavaScript and Python: how
/// many of 10,000 bytes, at least two.
#[rustfmt::skip]
static PRINTABLE: [f32; 95] = [
    2053.0, 7.0, 83.0, 23.0, 4.0, 3.0, 12.0, 36.0, 100.0, 100.0, 40.0, 7.0,
    114.0, 47.0, 107.0, 37.0, 88.0, 41.0, 29.0, 18.0, 14.0, 11.0, 11.0, 7.0,
    11.0, 7.0, 60.0, 50.0, 5.0, 73.0, 19.0, 4.0, 4.0, 75.0, 26.0, 74.0,
    51.0, 77.0, 40.0, 25.0, 20.0, 65.0, 4.0, 13.0, 47.0, 45.0, 55.0, 48.0,
    53.0, 10.0, 68.0, 77.0, 75.0, 31.0, 20.0, 12.0, 15.0, 11.0, 5.0, 20.0,
    6.0, 20.0, 2.0, 304.0, 9.0, 340.0, 69.0, 211.0, 200.0, 627.0, 132.0, 89.0,
    100.0, 342.0, 13.0, 42.0, 211.0, 133.0, 332.0, 321.0, 180.0, 16.0, 377.0, 342.0,
    458.0, 165.0, 60.0, 39.0, 54.0, 62.0, 11.0, 34.0, 9.0, 34.0, 2.0,
];

/// How frequent each byte is in source code, relative to others.
static FREQUENCY: [f32; 256] = {
    let mut table = [2.0; 256];
    let mut byte = 0;
    while byte < PRINTABLE.len() {
        table[b' ' as usize + byte] = PRINTABLE[byte];
        byte += 1;
    }
    table[b'\n' as usize] = 300.0;
    table[b'\t' as usize] = 100.0;
    table
};

impl Group {
    fn new(literals: &[Literal]) -> Result<Self, ScanError> {
        let words = || literals.iter().map(|(word, _)| word);
        let teddy = packed::Config::new()
            .heuristic_pattern_limits(false)
            .builder()
            .extend(words())
            .build();
        let finder = match teddy {
            Some(teddy) => Finder::Teddy(teddy),
            None => Finder::Automaton(
                AhoCorasick::builder()
                    .match_kind(MatchKind::LeftmostFirst)
                    .build(words())?,
            ),
        };
        Ok(Self {
            finder,
            keywords: literals.iter().map(|(_, words)| words.clone()).collect(),
        })
    }
}

impl Finder {
    /// The index and the start of the first literal that begins at `at` or later.
    fn next(&self, text: &[u8], at: usize) -> Option<(usize, usize)> {
        let input = Input::new(text).range(at..);
        let found = match self {
            Self::Teddy(teddy) => teddy.find_in(text, input.get_span()),
            Self::Automaton(automaton) => automaton.find(input),
        }?;
        Some((found.pattern().as_usize(), found.start()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(keywords: &[&str], text: &str) -> Vec<(usize, usize)> {
        let filter = Prefilter::new(
            keywords
                .iter()
                .map(|word| word.as_bytes().into())
                .enumerate(),
        )
        .unwrap();
        let mut hits = Vec::new();
        filter.search(text.as_bytes(), |owner, start, _| hits.push((owner, start)));
        hits.sort_unstable();
        hits
    }

    #[test]
    fn overlapping_keywords_and_prefixes_are_found() {
        assert_eq!(
            hits(&["abcd", "abcdef", "cdef"], "xabcdefx abcd"),
            [(0, 1), (0, 9), (1, 1), (2, 3)]
        );
        assert_eq!(hits(&["aaaa"], "aaaaaa"), [(0, 0), (0, 1), (0, 2)]);
        assert_eq!(
            hits(&["abcd", "abcd"], "abcd"),
            [(0, 0), (1, 0)],
            "two rules may share a keyword"
        );
    }

    #[test]
    fn many_keywords_are_found_as_by_a_plain_search() {
        let words: Vec<String> = (0..150).map(|n| format!("k{n:03}")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let text: String = (0..2000).map(|n| format!("k{:03}", n * 7 % 160)).collect();
        let mut plain = Vec::new();
        for (owner, word) in words.iter().enumerate() {
            plain.extend(text.match_indices(word).map(|(start, _)| (owner, start)));
        }
        plain.sort_unstable();
        assert_eq!(hits(&words, &text), plain);
    }

    /// A second search would take as long again for every byte that is read.
    #[test]
    fn one_search_is_enough_for_the_built_in_rules() {
        let rules = crate::rule::RuleSet::builtin().unwrap();
        let scanner = crate::scan::Scanner::new(rules).unwrap();
        let groups = &scanner.prefilter.groups;
        let literals = groups.iter().flat_map(|group| &group.keywords);
        let literals: std::collections::BTreeSet<_> = literals
            .map(|keywords| &keywords[0].word[keywords[0].offset..])
            .collect();
        assert_eq!(groups.len(), 1, "{} literals: {literals:?}", literals.len());
    }
}
