//! Finds keywords that begin one long token: looks up four bytes at each place of a charset run
//! where such a token can begin.

use std::collections::HashMap;

use crate::rule::charset::{MIN_RUN, is_run_byte};
use crate::text::Span;

use super::prefilter::Owned;

/// How many bytes of a keyword are looked up.
const PREFIX: usize = 4;

/// Keywords that begin tokens of at least [`MIN_RUN`] bytes, by their first bytes.
#[derive(Debug)]
pub(super) struct PrefixTable {
    /// A bit for each hash of a prefix: most places are rejected here.
    present: Box<[u64; 1024]>,
    /// For each prefix the keywords that begin with it, each with its owner.
    keywords: HashMap<[u8; PREFIX], Vec<Owned>>,
}

impl PrefixTable {
    /// A table of `(owner, keyword)` pairs. A keyword of three bytes is looked up with each byte
    /// that may follow; a shorter one is never found.
    pub(super) fn new(keywords: impl IntoIterator<Item = (usize, Vec<u8>)>) -> Self {
        let mut table = Self {
            present: Box::new([0; 1024]),
            keywords: HashMap::new(),
        };
        for (owner, word) in keywords {
            if let Some(&prefix) = word.first_chunk() {
                table.add(prefix, owner, &word);
            } else if let [first, second, third] = word[..] {
                let followers = (0..=u8::MAX).filter(|&byte| is_run_byte(byte));
                for fourth in followers {
                    table.add([first, second, third, fourth], owner, &word);
                }
            }
        }
        table
    }

    fn add(&mut self, prefix: [u8; PREFIX], owner: usize, word: &[u8]) {
        let (index, bit) = bit_of(prefix);
        self.present[index] |= bit;
        let words = self.keywords.entry(prefix).or_default();
        words.push((owner, word.into()));
    }

    /// Calls `hit` with the owner, the start and the length of every keyword in `run`, a charset
    /// run of `text`, that a long token can begin with.
    pub(super) fn search(&self, text: &[u8], run: Span, mut hit: impl FnMut(usize, usize, usize)) {
        let last = run.end.saturating_sub(MIN_RUN);
        for at in run.start..=last {
            let Some(prefix) = text[at..].first_chunk() else {
                return;
            };
            let (index, bit) = bit_of(*prefix);
            if self.present[index] & bit == 0 {
                continue;
            }
            for (owner, word) in self.keywords.get(prefix).into_iter().flatten() {
                if text[at..].starts_with(word) {
                    hit(*owner, at, word.len());
                }
            }
        }
    }
}

/// The index in the bit map, and the bit there, for `prefix`: Fibonacci hashing.
fn bit_of(prefix: [u8; PREFIX]) -> (usize, u64) {
    let hash = u32::from_le_bytes(prefix).wrapping_mul(0x9E37_79B1) >> 16;
    ((hash >> 6) as usize, 1 << (hash & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_found_only_where_a_long_token_can_begin() {
        let table = PrefixTable::new([
            (0, b"abcd".to_vec()),
            (1, b"abcdef".to_vec()),
            (2, b"wxyz".to_vec()),
            (3, b"ab".to_vec()),
            (4, b"cde".to_vec()),
        ]);
        let text = format!("..abcdef{}wxyz", "k".repeat(27));
        let mut hits = Vec::new();
        table.search(text.as_bytes(), Span::new(0, text.len()), |owner, at, _| {
            hits.push((owner, at));
        });
        assert_eq!(
            hits,
            [(0, 2), (1, 2), (4, 4)],
            "no long token fits after wxyz"
        );
    }
}
