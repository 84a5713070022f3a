//! Finds what is new in a text against an older one: by lines, and within changed lines by words.

use std::collections::HashMap;

use bstr::ByteSlice;
use gix::diff::blob::{Algorithm, Diff, InternedInput};

use crate::text::Span;

/// The spans of `new` that `old` does not have.
///
/// A line that only moved is not new. In a line that changed, only the changed words are new: a
/// comment that is added after an old key does not make the key new, but a key that replaces
/// another one is new.
pub(crate) fn spans(old: &[u8], new: &[u8]) -> Vec<Span> {
    let (old_lines, new_lines) = (lines(old), lines(new));
    let hunks = differences(old, &old_lines, new, &new_lines);
    let mut removed: HashMap<&[u8], usize> = HashMap::new();
    for (before, _) in &hunks {
        for line in &old_lines[before.clone()] {
            *removed.entry(line.of(old).trim()).or_default() += 1;
        }
    }
    let mut fresh = Vec::new();
    for (before, after) in hunks {
        let mut moved = Vec::new();
        for line in &new_lines[after.clone()] {
            if let Some(count) = removed.get_mut(line.of(new).trim())
                && *count > 0
            {
                *count -= 1;
                moved.push(*line);
            }
        }
        let words = new_words(old, &old_lines[before], new, &new_lines[after]);
        fresh.extend(without(&words, &moved));
    }
    fresh
}

/// `spans` without what `cuts` cover; both are in order and without overlaps.
fn without(spans: &[Span], cuts: &[Span]) -> Vec<Span> {
    let (mut left, mut next) = (Vec::new(), 0);
    for span in spans {
        let mut start = span.start;
        while cuts.get(next).is_some_and(|cut| cut.end <= start) {
            next += 1;
        }
        for cut in cuts[next..].iter().take_while(|cut| cut.start < span.end) {
            if cut.start > start {
                left.push(Span::new(start, cut.start));
            }
            start = start.max(cut.end);
        }
        if start < span.end {
            left.push(Span::new(start, span.end));
        }
    }
    left
}

/// The overlaps of two lists; each is in order and without overlaps of its own.
pub(crate) fn common(a: &[Span], b: &[Span]) -> Vec<Span> {
    let mut both = Vec::new();
    let (mut i, mut j) = (0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        if x.overlaps(*y) {
            both.push(Span::new(x.start.max(y.start), x.end.min(y.end)));
        }
        if x.end <= y.end { i += 1 } else { j += 1 }
    }
    both
}

fn lines(text: &[u8]) -> Vec<Span> {
    let mut start = 0;
    let next = |line: &[u8]| {
        let span = Span::new(start, start + line.len());
        start = span.end;
        span
    };
    text.lines_with_terminator().map(next).collect()
}

/// Words, and every other byte by itself. A word has every character that a secret may have.
fn words(text: &[u8], region: &[Span]) -> Vec<Span> {
    let in_word =
        |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte) || byte >= 0x80;
    let mut words: Vec<Span> = Vec::new();
    for at in region.first().map_or(0, |line| line.start)..region.last().map_or(0, |line| line.end)
    {
        match words.last_mut() {
            Some(word) if in_word(text[at]) && in_word(text[at - 1]) => word.end = at + 1,
            _ => words.push(Span::new(at, at + 1)),
        }
    }
    words
}

/// Larger changes, in bytes, are not compared word by word.
const MAX_COMPARED: usize = 1 << 20;

/// The words of `after` that `before` does not have at that place. None if the change is too large
/// to be compared, such as that of a file in one line: whether a secret there is new is then
/// decided by the secrets of the old version alone.
fn new_words(old: &[u8], before: &[Span], new: &[u8], after: &[Span]) -> Vec<Span> {
    if before.is_empty() {
        return after.to_vec();
    }
    if before
        .iter()
        .chain(after)
        .map(|line| line.len())
        .sum::<usize>()
        > MAX_COMPARED
    {
        return Vec::new();
    }
    let (old_words, new_words) = (words(old, before), words(new, after));
    let hunks = differences(old, &old_words, new, &new_words);
    let joined = hunks.into_iter().filter_map(|(_, range)| {
        let words = new_words.get(range)?;
        Some(words.first()?.join(*words.last()?))
    });
    joined.collect()
}

type Ranges = (std::ops::Range<usize>, std::ops::Range<usize>);

/// The ranges of pieces that differ.
fn differences(old: &[u8], old_pieces: &[Span], new: &[u8], new_pieces: &[Span]) -> Vec<Ranges> {
    let mut input = InternedInput::default();
    input.update_before(old_pieces.iter().map(|piece| piece.of(old)));
    input.update_after(new_pieces.iter().map(|piece| piece.of(new)));
    let diff = Diff::compute(Algorithm::Histogram, &input);
    let range = |range: std::ops::Range<u32>| range.start as usize..range.end as usize;
    diff.hunks()
        .map(|hunk| (range(hunk.before), range(hunk.after)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh<'t>(old: &str, new: &'t str) -> Vec<&'t str> {
        spans(old.as_bytes(), new.as_bytes())
            .into_iter()
            .map(|span| &new[span.start..span.end])
            .collect()
    }

    fn list(pairs: &[(usize, usize)]) -> Vec<Span> {
        pairs
            .iter()
            .map(|&(start, end)| Span::new(start, end))
            .collect()
    }

    #[test]
    fn added_lines_and_changed_words_are_new() {
        assert_eq!(fresh("a\nb\n", "a\nx y\nb\n"), ["x y\n"]);
        assert_eq!(fresh("key = OLD\n", "key = NEW\n"), ["NEW"]);
        assert_eq!(fresh("key = OLD\n", "key = OLD # note\n"), [" # note"]);
        assert_eq!(fresh("a\n", "a\n"), [""; 0]);
        assert_eq!(fresh("", "a\nb"), ["a\n", "b"]);
        assert_eq!(fresh("a\nb\n", "a\n"), [""; 0]);
    }

    #[test]
    fn a_moved_line_is_not_new() {
        assert_eq!(fresh("key\n1\n2\n3\n4\n", "1\n2\n3\n4\nkey\n"), [""; 0]);
        assert_eq!(
            fresh("key\n1\n2\n3\n4\n", "1\n2\n3\n4\n  key\nkey\n"),
            ["key\n"]
        );
    }

    #[test]
    fn a_line_next_to_a_moved_line_is_new() {
        let new = "if x:\n    a = 1\n    key = 'NEW'\n    b = 2\n";
        assert!(
            fresh("a = 1\nb = 2\n", new)
                .iter()
                .any(|part| part.contains("NEW"))
        );
        let left = without(
            &list(&[(0, 10), (12, 20), (30, 40)]),
            &list(&[(2, 4), (8, 15), (30, 40), (50, 60)]),
        );
        assert_eq!(left, list(&[(0, 2), (4, 8), (15, 20)]));
    }

    #[test]
    fn common_spans_are_the_overlaps() {
        let both = common(
            &list(&[(0, 5), (8, 20)]),
            &list(&[(3, 10), (12, 13), (19, 30)]),
        );
        assert_eq!(both, list(&[(3, 5), (8, 10), (12, 13), (19, 20)]));
    }
}
