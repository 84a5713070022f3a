//! Finds the rules' keywords in a text, many at once.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use aho_corasick::packed::{self, Searcher};
use aho_corasick::{AhoCorasick, Input, Match, MatchKind};
use rustc_hash::FxHashMap;

mod buckets;
mod masks;
#[cfg(test)]
mod tests;

use super::ScanError;
use super::vector::{self, Teddy};
use buckets::{BUCKETS, PER_BUCKET};
use masks::{MASKED, rate};

/// How frequent a literal may be, by [`rate`], if that saves another one: `rint` may be, and `tent`
/// may not.
const MAX_SHARED_RATE: f32 = 3e10;

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

/// The fastest search that the processor supports.
#[derive(Debug)]
enum Finder {
    /// With 512-bit vectors, and the indices of the literals.
    Teddy(Teddy, FxHashMap<[u8; MASKED], usize>),
    /// Teddy with 256-bit or 128-bit vectors.
    Packed(Searcher),
    Automaton(AhoCorasick),
}

impl Prefilter {
    /// A prefilter for `(owner, keyword)` pairs.
    pub(super) fn new(keywords: impl IntoIterator<Item = Owned>) -> Result<Self, ScanError> {
        let literals = choose_literals(keywords);
        let groups = match Group::wide(&literals) {
            Some(group) => vec![group],
            None => Group::narrow(literals)?,
        };
        Ok(Self { groups })
    }

    /// Calls `hit` with the owner, the start and the length of every keyword in `text`, overlapping
    /// ones included.
    pub(super) fn search(&self, text: &[u8], mut hit: impl FnMut(usize, usize, usize)) {
        for group in &self.groups {
            group.finder.search(text, |literal, start| {
                for keyword in &group.keywords[literal] {
                    let word = &keyword.word;
                    if let Some(start) = start.checked_sub(keyword.offset)
                        // Most comparisons end with the first byte.
                        && text[start] == word[0]
                        && (word.len() <= MASKED || text[start..].starts_with(word))
                    {
                        hit(keyword.owner, start, word.len());
                    }
                }
            });
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

impl Group {
    /// One search for all literals, if the processor supports it. The rules have no keyword that is
    /// shorter than the bytes it looks up.
    fn wide(literals: &[Literal]) -> Option<Self> {
        if !vector::is_supported() {
            return None;
        }
        let mut indices = FxHashMap::default();
        for (index, (word, _)) in literals.iter().enumerate() {
            indices.insert(*word.first_chunk()?, index);
        }
        let words = literals
            .iter()
            .map(|(word, _)| (word.clone(), ()))
            .collect();
        let buckets = buckets::assign(words, 1);
        let buckets = buckets.iter().enumerate();
        let teddy = Teddy::new(buckets.flat_map(|(bucket, held)| {
            let words = held.iter().map(|(word, ())| &word[..]);
            words.map(move |word| (bucket, word))
        }))?;
        Some(Self::new(Finder::Teddy(teddy, indices), literals))
    }

    /// Searches for as many literals each as the vectors of most processors have room for.
    fn narrow(literals: Vec<Literal>) -> Result<Vec<Self>, ScanError> {
        let searches = literals.len().div_ceil(BUCKETS * PER_BUCKET).max(1);
        let buckets = buckets::assign(literals, searches);
        let groups = buckets.chunks(BUCKETS).map(|buckets| {
            let literals = buckets::interleave(buckets);
            let words = || literals.iter().map(|(word, _)| word);
            let teddy = packed::Config::new()
                .heuristic_pattern_limits(false)
                .builder()
                .extend(words())
                .build();
            let finder = match teddy {
                Some(searcher) => Finder::Packed(searcher),
                None => Finder::Automaton(
                    AhoCorasick::builder()
                        .match_kind(MatchKind::LeftmostFirst)
                        .build(words())?,
                ),
            };
            Ok(Self::new(finder, &literals))
        });
        groups.collect()
    }

    fn new(finder: Finder, literals: &[Literal]) -> Self {
        Self {
            finder,
            keywords: literals.iter().map(|(_, words)| words.clone()).collect(),
        }
    }
}

impl Finder {
    /// Calls `found` with the index and the start of each literal in `text`, in order.
    fn search(&self, text: &[u8], mut found: impl FnMut(usize, usize)) {
        let input = |at| Input::new(text).range(at..);
        match self {
            Self::Teddy(teddy, indices) => teddy.search(text, 0..text.len(), |start| {
                let bytes = text[start..].first_chunk::<MASKED>();
                if let Some(&index) = bytes.and_then(|bytes| indices.get(bytes)) {
                    found(index, start);
                }
            }),
            Self::Packed(searcher) => each_match(
                |at| searcher.find_in(text, input(at).get_span()),
                &mut found,
            ),
            Self::Automaton(automaton) => each_match(|at| automaton.find(input(at)), &mut found),
        }
    }
}

/// Calls `found` with the index and the start of each match; `next` returns the first one that
/// begins at a place or later.
fn each_match(next: impl Fn(usize) -> Option<Match>, found: &mut impl FnMut(usize, usize)) {
    let mut at = 0;
    while let Some(literal) = next(at) {
        found(literal.pattern().as_usize(), literal.start());
        at = literal.start() + 1;
    }
}
