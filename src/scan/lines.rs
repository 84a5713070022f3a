//! Finds the lines of a text that patterns match, as grep does, for commands that work as tools
//! built on grep.

use aho_corasick::packed::Searcher;
use memchr::{memchr, memchr_iter, memrchr};
use regex::bytes::{Regex, RegexBuilder};

use super::lines_prefilter;
use crate::rule::posix::Translated;

/// Where in a line a pattern matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Anywhere, as for `grep`.
    Anywhere,
    /// Where no letter, digit or underscore is before or after it, as for `grep -w`. Nothing at all
    /// can be such a match.
    Word,
}

/// A line that a pattern matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatchedLine<'t> {
    /// Its number, from 1.
    pub number: usize,
    /// Where it begins in the text that was searched.
    pub start: usize,
    /// Its text, without the line feed.
    pub text: &'t [u8],
}

/// Patterns that are searched for in lines.
#[derive(Debug)]
pub struct LinePatterns {
    regex: Regex,
    /// Literals; every matching line has one of them.
    literals: Option<Searcher>,
}

/// The largest regular expression, in bytes of memory: about an interval of a thousand classes.
const MAX_SIZE: usize = 64 << 20;

impl LinePatterns {
    /// POSIX extended regular expressions, at least one, which are searched for at once. `None` if
    /// they are too large together.
    #[must_use]
    pub fn new<'p>(
        patterns: impl IntoIterator<Item = &'p Translated>,
        extent: Extent,
    ) -> Option<Self> {
        let patterns = patterns.into_iter().map(|pattern| pattern.0.as_str());
        let any = patterns.collect::<Vec<_>>().join("|");
        let any = match extent {
            Extent::Anywhere => any,
            Extent::Word => format!("\\b{{start-half}}(?:{any})\\b{{end-half}}"),
        };
        let regex = RegexBuilder::new(&any)
            .unicode(false)
            .size_limit(MAX_SIZE)
            .build();
        Some(Self {
            regex: regex.ok()?,
            literals: lines_prefilter::searcher(&any),
        })
    }

    /// The lines of `text` that a pattern matches, in order.
    pub fn lines<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = MatchedLine<'a>> {
        let (mut from, mut number) = (0, 1);
        std::iter::from_fn(move || {
            let at = self.find(text, from)?;
            let start = memrchr(b'\n', &text[..at]).map_or(0, |feed| feed + 1);
            let end = memchr(b'\n', &text[at..]).map_or(text.len(), |feed| at + feed);
            number += memchr_iter(b'\n', &text[from..start]).count();
            let line = MatchedLine {
                number,
                start,
                text: &text[start..end],
            };
            from = end + 1;
            number += 1;
            Some(line)
        })
    }

    /// Where a pattern matches in the line that begins at `from`, or where a later matching line
    /// begins or matches.
    fn find(&self, text: &[u8], mut from: usize) -> Option<usize> {
        let Some(literals) = &self.literals else {
            let at = self.regex.find_at(text, from.min(text.len()))?.start();
            // After the last line feed there is no line.
            let is_line =
                at < text.len() || (from <= at && !text.is_empty() && !text.ends_with(b"\n"));
            return is_line.then_some(at);
        };
        while from < text.len() {
            let at = from + literals.find(&text[from..])?.start();
            let start = memrchr(b'\n', &text[..at]).map_or(0, |feed| feed + 1);
            let end = memchr(b'\n', &text[at..]).map_or(text.len(), |feed| at + feed);
            if self.regex.is_match(&text[start..end]) {
                return Some(at);
            }
            from = end + 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(extent: Extent, patterns: &[&str], text: &str) -> Vec<usize> {
        let patterns = patterns
            .iter()
            .map(|pattern| Translated::new(pattern.as_bytes()).unwrap());
        let patterns: Vec<_> = patterns.collect();
        let patterns = LinePatterns::new(&patterns, extent).unwrap();
        let lines = patterns.lines(text.as_bytes());
        lines.map(|line| line.number).collect()
    }

    #[test]
    fn each_line_is_found_once() {
        let text = "a b\n\nb a\nc\na";
        assert_eq!(numbers(Extent::Anywhere, &["a", "b|c"], text), [1, 3, 4, 5]);
        assert_eq!(numbers(Extent::Anywhere, &[""], text), [1, 2, 3, 4, 5]);
        assert_eq!(numbers(Extent::Anywhere, &[""], "a\n"), [1]);
        assert_eq!(numbers(Extent::Anywhere, &["$"], ""), [0; 0]);
    }

    #[test]
    fn no_match_crosses_lines() {
        for pattern in ["a[^x]b", "a\\sb", "a\\Wb", "a.b", "a[[:space:]]b", "a\\Sb"] {
            assert_eq!(numbers(Extent::Anywhere, &[pattern], "a\nb\n"), [0; 0]);
        }
    }

    #[test]
    fn a_word_may_be_a_shorter_or_later_match() {
        assert_eq!(numbers(Extent::Word, &["foo.*b"], "foo b abx\n"), [1]);
        assert_eq!(numbers(Extent::Word, &["me"], "mesa me\nmesa\n"), [1]);
        assert_eq!(numbers(Extent::Word, &["x*"], "a\n\n- b\n"), [2, 3]);
    }

    #[test]
    fn patterns_that_are_too_large_are_refused() {
        let large = Translated::new(b"(a{9999}){9999}").unwrap();
        assert!(LinePatterns::new([&large], Extent::Word).is_none());
    }
}
