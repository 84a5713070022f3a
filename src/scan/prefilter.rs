//! The prefilter: finds the rules' keywords in a text, many at once.

use aho_corasick::packed::{self, Searcher};
use aho_corasick::{AhoCorasick, Input, MatchKind, Span};

use super::ScanError;

/// How many literals one vector search takes before it slows down.
const PER_SEARCHER: usize = 48;

/// A set of literals, each with the numbers of those who want to know of it.
#[derive(Debug)]
pub(super) struct Prefilter {
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    finder: Finder,
    /// For each literal of the finder, who asked for it.
    askers: Vec<Vec<Asker>>,
}

/// Who asked for a literal, and the keyword that is meant, which may go on after the literal.
type Asker = (usize, Box<[u8]>);

/// Teddy where the processor has it, else the automaton.
#[derive(Debug)]
enum Finder {
    Teddy(Searcher),
    Automaton(AhoCorasick),
}

impl Prefilter {
    /// A prefilter for `(asker, keyword)` pairs.
    pub(super) fn new(keywords: impl IntoIterator<Item = (usize, Vec<u8>)>) -> Result<Self, ScanError> {
        let mut keywords: Vec<_> = keywords.into_iter().map(|(asker, word)| (word.into_boxed_slice(), asker)).collect();
        keywords.sort();
        // One search reports one literal a position. So no literal is a prefix of another: the shorter one stands for
        // both, and the longer is compared when the shorter was found.
        let mut literals: Vec<(Box<[u8]>, Vec<Asker>)> = Vec::new();
        for (word, asker) in keywords {
            match literals.last_mut().filter(|(shorter, _)| word.starts_with(shorter)) {
                Some((_, askers)) => askers.push((asker, word)),
                None => literals.push((word.clone(), vec![(asker, word)])),
            }
        }
        let groups = literals.chunks(PER_SEARCHER).map(Group::new).collect::<Result<_, _>>()?;
        Ok(Self { groups })
    }

    /// Calls `hit` with the asker and the start of every keyword in `text`, overlapping ones included.
    pub(super) fn search(&self, text: &[u8], mut hit: impl FnMut(usize, usize)) {
        for group in &self.groups {
            let mut at = 0;
            while let Some((literal, start)) = group.finder.next(text, at) {
                for (asker, word) in &group.askers[literal] {
                    if text[start..].starts_with(word) {
                        hit(*asker, start);
                    }
                }
                at = start + 1;
            }
        }
    }
}

impl Group {
    fn new(literals: &[(Box<[u8]>, Vec<Asker>)]) -> Result<Self, ScanError> {
        let words = || literals.iter().map(|(word, _)| word);
        let teddy = packed::Config::new().builder().extend(words()).build();
        let finder = match teddy {
            Some(teddy) => Finder::Teddy(teddy),
            None => Finder::Automaton(AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(words())?),
        };
        Ok(Self { finder, askers: literals.iter().map(|(_, askers)| askers.clone()).collect() })
    }
}

impl Finder {
    /// The first literal that begins at `at` or later: its number and its start.
    fn next(&self, text: &[u8], at: usize) -> Option<(usize, usize)> {
        match self {
            Self::Teddy(teddy) => {
                let found = teddy.find_in(text, Span { start: at, end: text.len() })?;
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
        let filter = Prefilter::new(keywords.iter().map(|k| k.as_bytes().to_vec()).enumerate()).unwrap();
        let mut hits = Vec::new();
        filter.search(text.as_bytes(), |asker, start| hits.push((asker, start)));
        hits.sort_unstable();
        hits
    }

    #[test]
    fn finds_overlapping_and_prefixed_keywords() {
        assert_eq!(hits(&["abcd", "abcdef", "cdef"], "xabcdefx abcd"), [(0, 1), (0, 9), (1, 1), (2, 3)]);
        assert_eq!(hits(&["aaaa"], "aaaaaa"), [(0, 0), (0, 1), (0, 2)]);
        assert_eq!(hits(&["abcd", "abcd"], "abcd"), [(0, 0), (1, 0)], "two rules may share a keyword");
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
