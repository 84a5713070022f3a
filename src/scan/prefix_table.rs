//! Keywords at the start of one long word: looked up by their first four bytes, at the few places
//! of a long run where such a word can begin.

use std::collections::HashMap;

use crate::rule::charset::MIN_RUN;
use crate::text::Span;

/// How many bytes of a keyword are looked up.
const HEAD: usize = 4;

/// Keywords that begin words of at least [`MIN_RUN`] bytes, by their heads.
#[derive(Debug)]
pub(super) struct PrefixTable {
    /// A bit for each hash of a head: most places are turned away here.
    present: Box<[u64; 1024]>,
    /// For each head the keywords that begin with it, and who asked for them.
    keywords: HashMap<[u8; HEAD], Vec<Asker>>,
}

/// Who asked, and for which keyword.
type Asker = (usize, Box<[u8]>);

impl PrefixTable {
    /// Looks for `(asker, keyword)` pairs; a keyword shorter than a head is never found.
    pub(super) fn new(keywords: impl IntoIterator<Item = (usize, Vec<u8>)>) -> Self {
        let mut prefixes = Self {
            present: Box::new([0; 1024]),
            keywords: HashMap::new(),
        };
        for (asker, word) in keywords {
            if let Some(head) = word.first_chunk() {
                let (index, bit) = place_of(*head);
                prefixes.present[index] |= bit;
                prefixes
                    .keywords
                    .entry(*head)
                    .or_default()
                    .push((asker, word.into_boxed_slice()));
            }
        }
        prefixes
    }

    /// Calls `hit` with the asker, the start and the length of every keyword of `text` that begins
    /// a word in `run`.
    pub(super) fn search(&self, text: &[u8], run: Span, mut hit: impl FnMut(usize, usize, usize)) {
        let last = run.end.saturating_sub(MIN_RUN);
        for at in run.start..=last {
            let Some(head) = text[at..].first_chunk() else {
                return;
            };
            let (index, bit) = place_of(*head);
            if self.present[index] & bit == 0 {
                continue;
            }
            for (asker, word) in self.keywords.get(head).into_iter().flatten() {
                if text[at..].starts_with(word) {
                    hit(*asker, at, word.len());
                }
            }
        }
    }
}

/// The word of the bit map and the bit in it that stand for `head`; Fibonacci hashing.
fn place_of(head: [u8; HEAD]) -> (usize, u64) {
    let hash = u32::from_le_bytes(head).wrapping_mul(0x9E37_79B1) >> 16;
    ((hash >> 6) as usize, 1 << (hash & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_keywords_where_a_long_word_can_begin() {
        let prefixes = PrefixTable::new([
            (0, b"abcd".to_vec()),
            (1, b"abcdef".to_vec()),
            (2, b"wxyz".to_vec()),
        ]);
        let text = format!("..abcdef{}wxyz", "k".repeat(27));
        let mut hits = Vec::new();
        prefixes.search(text.as_bytes(), Span::new(0, text.len()), |asker, at, _| {
            hits.push((asker, at));
        });
        assert_eq!(
            hits,
            [(0, 2), (1, 2)],
            "after wxyz there is no room for a long word"
        );
    }
}
