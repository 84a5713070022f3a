//! The prefilter: finds the rules' keywords in a text, many at once.

use aho_corasick::packed::{self, Searcher};
use aho_corasick::{AhoCorasick, Input, MatchKind, Span};

use super::ScanError;

/// Buckets of the vector search (Teddy with 256-bit vectors). A position is looked at closely where
/// each of its first four bytes passes the masks of one bucket, which are as wide as the literals
/// in the bucket are different.
const BUCKETS: usize = 16;
/// How many literals share a bucket. Every further search costs a pass over the text and every
/// further literal in a bucket more false alarms; over sources of C, five gave the least for 160 to
/// 240 literals.
const PER_BUCKET: usize = 5;
/// How many bytes of a literal the masks see.
const MASKED: usize = 4;

/// A literal, with who asked for it and, where that is longer, the whole keyword.
type Literal = (Box<[u8]>, Vec<(usize, Box<[u8]>)>);

/// A set of literals, each with the numbers of those who want to know of it.
#[derive(Debug)]
pub(super) struct Prefilter {
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    finder: Finder,
    /// For each literal of the finder, who asked for it and, where that is longer, the whole
    /// keyword.
    askers: Vec<Vec<(usize, Box<[u8]>)>>,
}

/// Teddy where the processor has it, else the automaton.
#[derive(Debug)]
enum Finder {
    Teddy(Searcher),
    Automaton(AhoCorasick),
}

impl Prefilter {
    /// A prefilter for `(asker, keyword)` pairs.
    pub(super) fn new(
        keywords: impl IntoIterator<Item = (usize, Vec<u8>)>,
    ) -> Result<Self, ScanError> {
        let mut keywords: Vec<_> = keywords
            .into_iter()
            .map(|(asker, word)| (word.into_boxed_slice(), asker))
            .collect();
        keywords.sort();
        // One search reports one literal a position. So no literal is a prefix of another: the
        // shorter one stands for both, and the longer is compared when the shorter was found.
        let mut literals: Vec<Literal> = Vec::new();
        for (word, asker) in keywords {
            match literals
                .last_mut()
                .filter(|(shorter, _)| word.starts_with(shorter))
            {
                Some((_, askers)) => askers.push((asker, word)),
                None => literals.push((word.clone(), vec![(asker, word)])),
            }
        }
        let buckets = share_out(literals);
        let groups = buckets
            .chunks(BUCKETS)
            .map(|buckets| Group::new(&deal(buckets)))
            .collect::<Result<_, _>>()?;
        Ok(Self { groups })
    }

    /// Calls `hit` with the asker, the start and the length of every keyword in `text`, overlapping
    /// ones included.
    pub(super) fn search(&self, text: &[u8], mut hit: impl FnMut(usize, usize, usize)) {
        for group in &self.groups {
            let mut at = 0;
            while let Some((literal, start)) = group.finder.next(text, at) {
                for (asker, word) in &group.askers[literal] {
                    if text[start..].starts_with(word) {
                        hit(*asker, start, word.len());
                    }
                }
                at = start + 1;
            }
        }
    }
}

/// Puts literals into buckets, those of all searches in a row, so that literals that look alike
/// share one: the commonest first, each where it widens the masks least.
fn share_out(mut literals: Vec<Literal>) -> Vec<Vec<Literal>> {
    let searches = literals.len().div_ceil(BUCKETS * PER_BUCKET);
    let mut buckets: Vec<(Masks, Vec<Literal>)> = (0..searches * BUCKETS)
        .map(|_| Default::default())
        .collect();
    let full = literals.len().div_ceil(buckets.len().max(1));
    // Finite and not negative, so the bits of a number are in the order of the numbers.
    literals.sort_by_cached_key(|(word, _)| {
        std::cmp::Reverse(Masks::default().with(word).alarms().to_bits())
    });
    for literal in literals {
        let mut best: Option<(f32, usize, Masks)> = None;
        for (index, (masks, held)) in buckets
            .iter()
            .enumerate()
            .filter(|(_, (_, held))| held.len() < full)
        {
            let wider = masks.with(&literal.0);
            let growth = wider.alarms() - masks.alarms();
            if best.as_ref().is_none_or(|(least, ..)| growth < *least) {
                best = Some((growth, index, wider));
            }
            if held.is_empty() {
                // All empty buckets are alike, and the first is the last that was not filled yet.
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

/// The literals of one search in the order that puts them into their buckets: Teddy deals them out
/// in turn. A bucket that holds fewer than the others repeats its first literal, else all that
/// follow would move by one.
fn deal(buckets: &[Vec<Literal>]) -> Vec<Literal> {
    let rounds = buckets.iter().map(Vec::len).max().unwrap_or(0);
    let turn = |round: usize| {
        buckets
            .iter()
            .filter_map(move |held| held.get(round).or(held.first()))
    };
    (0..rounds).flat_map(turn).cloned().collect()
}

/// For each masked byte: the low and the high halves of bytes that pass, and how much of ordinary
/// text they are.
#[derive(Clone, Copy, Debug, Default)]
struct Masks([(u16, u16, f32); MASKED]);

impl Masks {
    /// These masks, widened by `word`.
    fn with(mut self, word: &[u8]) -> Self {
        for ((low, high, share), byte) in self.0.iter_mut().zip(word) {
            let wider = (*low | 1 << (byte & 15), *high | 1 << (byte >> 4));
            if wider != (*low, *high) {
                (*low, *high) = wider;
                *share = bits(*high)
                    .flat_map(|high| bits(*low).map(move |low| FREQUENCY[high * 16 + low]))
                    .sum();
            }
        }
        self
    }

    /// How often a position passes all of them, in relation to other masks.
    fn alarms(&self) -> f32 {
        self.0.iter().map(|(.., share)| share).product()
    }
}

/// The numbers of the bits that are set.
fn bits(mut mask: u16) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (mask != 0).then_some(mask.trailing_zeros() as usize);
        mask &= mask.wrapping_sub(1);
        bit
    })
}

/// How often a byte stands in source code, roughly, in relation to others.
static FREQUENCY: [f32; 256] = {
    let mut table = [0.05; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = match byte {
            b' ' => 12.0,
            b'\n' | b'\t' => 4.0,
            b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' => 6.0,
            b'a'..=b'z' | b'_' => 2.5,
            b'0'..=b'9' => 1.2,
            b'!'..=b'~' => 0.7,
            _ => 0.05,
        };
        byte += 1;
    }
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
            askers: literals.iter().map(|(_, askers)| askers.clone()).collect(),
        })
    }
}

impl Finder {
    /// The first literal that begins at `at` or later: its number and its start.
    fn next(&self, text: &[u8], at: usize) -> Option<(usize, usize)> {
        match self {
            Self::Teddy(teddy) => {
                let found = teddy.find_in(
                    text,
                    Span {
                        start: at,
                        end: text.len(),
                    },
                )?;
                Some((found.pattern().as_usize(), found.start()))
            }
            Self::Automaton(automaton) => {
                let found = automaton.find(Input::new(text).range(at..))?;
                Some((found.pattern().as_usize(), found.start()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(keywords: &[&str], text: &str) -> Vec<(usize, usize)> {
        let filter =
            Prefilter::new(keywords.iter().map(|k| k.as_bytes().to_vec()).enumerate()).unwrap();
        let mut hits = Vec::new();
        filter.search(text.as_bytes(), |asker, start, _| hits.push((asker, start)));
        hits.sort_unstable();
        hits
    }

    #[test]
    fn finds_overlapping_and_prefixed_keywords() {
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
    fn agrees_with_a_plain_search_for_many_keywords() {
        let words: Vec<String> = (0..150).map(|n| format!("k{n:03}")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let text: String = (0..2000).map(|n| format!("k{:03}", n * 7 % 160)).collect();
        let mut plain = Vec::new();
        for (asker, word) in words.iter().enumerate() {
            plain.extend(text.match_indices(word).map(|(start, _)| (asker, start)));
        }
        plain.sort_unstable();
        assert_eq!(hits(&words, &text), plain);
    }
}
