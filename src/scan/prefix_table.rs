//! Finds keywords of long tokens: looks up four bytes at each place of a charset run where such a
//! keyword can begin, with vectors if the processor can.

use rustc_hash::FxHashMap;

use crate::rule::charset::is_run_byte;
use crate::text::Span;

use super::hash_bits::HashBits;
use super::prefilter::Owned;
use super::vector::{self, BUCKETS, LOOKED_UP, Teddy};

/// Keywords of tokens, by their first bytes.
#[derive(Debug, Default)]
pub(super) struct PrefixTable {
    /// Rejects most places, 64 at once.
    teddy: Option<Teddy>,
    /// The first four bytes of keywords. They reject most places that are left.
    present: HashBits,
    /// For each three bytes the keywords that begin with them, each with its owner.
    keywords: FxHashMap<[u8; 3], Vec<Owned>>,
}

impl PrefixTable {
    /// A table of `(owner, keyword)` pairs. A keyword of fewer than three bytes is never found.
    pub(super) fn new(keywords: impl IntoIterator<Item = Owned>) -> Self {
        let keywords: Vec<_> = keywords.into_iter().collect();
        let mut table = Self {
            teddy: vector_search(&keywords),
            ..Self::default()
        };
        for (owner, word) in keywords {
            let Some(&[first, second, third]) = word.first_chunk() else {
                continue;
            };
            // Any byte of a run may follow a keyword of three bytes.
            let followers = word.get(3).map_or(0..=u8::MAX, |&byte| byte..=byte);
            for fourth in followers.filter(|&byte| is_run_byte(byte)) {
                let prefix = [first, second, third, fourth];
                table.present.insert(u32::from_le_bytes(prefix));
            }
            let words = table.keywords.entry([first, second, third]).or_default();
            words.push((owner, word));
        }
        table
    }

    /// Calls `hit` with the owner and the place of every keyword in `run`, a part of `text`, after
    /// whose start the run has at least `least` bytes.
    pub(super) fn search(
        &self,
        text: &[u8],
        run: Span,
        least: usize,
        mut hit: impl FnMut(usize, Span),
    ) {
        let starts = (run.len() + 1).saturating_sub(least.max(LOOKED_UP));
        let starts = run.start..run.start + starts;
        let look_up = |at: usize| {
            if let Some(&prefix) = text[at..].first_chunk()
                && self.present.may_have(u32::from_le_bytes(prefix))
            {
                self.keywords_at(&text[at..run.end], |owner, len| {
                    hit(owner, Span::new(at, at + len));
                });
            }
        };
        match &self.teddy {
            Some(teddy) => teddy.search(text, starts, look_up),
            None => starts.for_each(look_up),
        }
    }

    /// Calls `found` with the owner and the length of every keyword that `text` begins with.
    fn keywords_at(&self, text: &[u8], mut found: impl FnMut(usize, usize)) {
        let &[first, second, third, fourth, ..] = text else {
            return;
        };
        let words = self.keywords.get(&[first, second, third]);
        for (owner, word) in words.into_iter().flatten() {
            // Many keywords differ in this byte only.
            let may_be = word.get(3).is_none_or(|&byte| byte == fourth);
            if may_be && text.starts_with(word) {
                found(*owner, word.len());
            }
        }
    }
}

/// A search for places where a keyword may begin, if the processor has one.
fn vector_search(keywords: &[Owned]) -> Option<Teddy> {
    if !vector::is_supported() {
        return None;
    }
    let mut words: Vec<&[u8]> = keywords.iter().map(|(_, word)| &word[..]).collect();
    // The fewer first bytes a bucket has, the fewer places pass.
    words.sort_unstable();
    words.dedup();
    let per_bucket = words.len().div_ceil(BUCKETS).max(1);
    let words = words.iter().enumerate();
    Teddy::new(words.map(|(index, word)| (index / per_bucket, *word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_found_only_where_a_long_token_fits() {
        let mut table = PrefixTable::new([
            (0, b"abcd"[..].into()),
            (1, b"abcdef"[..].into()),
            (2, b"wxyz"[..].into()),
            (3, b"ab"[..].into()),
            (4, b"cde"[..].into()),
        ]);
        let text = format!("..abcdef{}wxyz", "k".repeat(27));
        let hits = |table: &PrefixTable, least| {
            let mut hits = Vec::new();
            let run = Span::new(0, text.len());
            table.search(text.as_bytes(), run, least, |owner, span| {
                hits.push((owner, span.start));
            });
            hits
        };
        assert_eq!(hits(&table, 31), [(0, 2), (1, 2), (4, 4)]);
        assert_eq!(hits(&table, 4), [(0, 2), (1, 2), (4, 4), (2, 35)]);
        // Without the vector search, which not all processors have.
        table.teddy = None;
        assert_eq!(hits(&table, 31), [(0, 2), (1, 2), (4, 4)]);
        assert_eq!(hits(&table, 4), [(0, 2), (1, 2), (4, 4), (2, 35)]);
    }
}
