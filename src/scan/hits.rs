//! Prefilter hits, and how to carry them over from an older text instead of searching again.
//!
//! A hit depends on its own bytes and, if it is a run or needs one, on some bytes at either end. So
//! if a text copies a stretch of an older one, the hits in that stretch are known, and only what was
//! inserted and the seams between stretches need a search.
//!
//! **Invariant:** [`Scanner::hits_after`] returns what [`Scanner::hits`] returns, for any texts and
//! stretches. Matches follow from a text and its hits, so both ways find the same secrets.

use std::borrow::Cow;

use super::{Scanner, charset_runs, decode, named, verify};
use crate::rule::charset::{MIN_BASE64_RUN, MIN_RUN, is_run_byte};
use crate::text::{Copied, Span};

/// A place at which the prefilter stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// The keyword or the run.
    pub(super) span: Span,
    pub(super) kind: HitKind,
}

/// What the prefilter found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum HitKind {
    /// A keyword, with its owner: the index of a rule, or the number of rules plus the index of a
    /// keyword of the decoders.
    Keyword(usize),
    /// A keyword of a long token, with its owner.
    TokenKeyword(usize),
    /// A run of base64 characters and escapes.
    Run,
    /// A keyword of a name that a value is assigned to, with the text up to that value.
    Name,
    /// A long token that may be a value.
    Token,
}

/// Which runs are hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Runs {
    /// Those that may contain a secret or that a decoder may read.
    Promising,
    /// All, so that a trace can show why the others are rejected.
    All,
}

/// The hits of a text, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    list: Vec<Hit>,
    /// Length of the text.
    len: usize,
    /// Whether the text contains a zero byte: wide strings are found by those.
    nul: bool,
}

impl Hits {
    fn new(mut list: Vec<Hit>, len: usize, nul: bool) -> Self {
        if !list.is_sorted() {
            list.sort_unstable();
        }
        Self { list, len, nul }
    }

    /// Whether nothing in the text needs verification.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty() && !self.nul
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Hit> {
        self.list.iter()
    }

    /// The hits that begin in `span`.
    pub(super) fn within(&self, span: Span) -> &[Hit] {
        let first = self.list.partition_point(|hit| hit.span.start < span.start);
        let len = self.list[first..].partition_point(|hit| hit.span.start < span.end);
        &self.list[first..first + len]
    }

    /// Whether the text contains a zero byte.
    pub(super) fn has_nul(&self) -> bool {
        self.nul
    }
}

impl Hit {
    /// The same hit in another text, in which what was at `from` is at `to`.
    const fn moved(self, from: usize, to: usize) -> Self {
        let (start, end) = (self.span.start - from + to, self.span.end - from + to);
        Self {
            span: Span::new(start, end),
            ..self
        }
    }
}

/// A text that was made from an older one.
#[derive(Clone, Copy)]
struct Edit<'e> {
    /// Hits of the older text.
    before: &'e Hits,
    text: &'e [u8],
    /// What was copied, in the order of `text` and without overlaps in it.
    copied: &'e [Copied],
}

impl Edit<'_> {
    /// The hits that are known without a search.
    fn carried(&self) -> Vec<Hit> {
        let mut carried = Vec::new();
        for &stretch in self.copied {
            let inside = self.before.within(stretch.source()).iter();
            let unchanged = inside.filter(|hit| self.carries_over(hit, stretch));
            carried.extend(unchanged.map(|hit| hit.moved(stretch.from, stretch.to)));
        }
        carried
    }

    /// Whether `hit`, which a search found in the new text, is among [`Edit::carried`].
    fn is_carried(&self, hit: &Hit) -> bool {
        let next = self
            .copied
            .partition_point(|stretch| stretch.to <= hit.span.start);
        let Some(&stretch) = next.checked_sub(1).map(|last| &self.copied[last]) else {
            return false;
        };
        stretch.target().holds(hit.span)
            && self.carries_over(&hit.moved(stretch.to, stretch.from), stretch)
    }

    /// Whether `hit`, of the older text, is a hit of the new text as part of `stretch`.
    fn carries_over(&self, hit: &Hit, stretch: Copied) -> bool {
        match hit.kind {
            HitKind::Keyword(_) | HitKind::Name => stretch.source().holds(hit.span),
            // The bytes that end it.
            HitKind::Run | HitKind::Token => self.carries_over_with(1, hit.span, stretch),
            // The bytes that make its run long enough.
            HitKind::TokenKeyword(_) => self.carries_over_with(MIN_BASE64_RUN, hit.span, stretch),
        }
    }

    /// Whether `span` and `margin` bytes before and after it are part of `stretch`. If the older
    /// text ends in the margin, so must the new one.
    fn carries_over_with(&self, margin: usize, span: Span, stretch: Copied) -> bool {
        let len = self.before.len;
        let outer = Span::new(
            span.start.saturating_sub(margin),
            len.min(span.end + margin),
        );
        let starts_alike = span.start >= margin || stretch.to == 0;
        let ends_alike = span.end + margin <= len || stretch.target().end == self.text.len();
        stretch.source().holds(outer) && starts_alike && ends_alike
    }

    /// The parts of the text that are between copied stretches: what was inserted. A seam is empty
    /// if two stretches meet that were not adjacent in the older text, or if only one of the texts
    /// begins or ends there.
    fn seams(&self) -> impl Iterator<Item = Span> {
        let end_of_text = Copied {
            from: self.before.len,
            to: self.text.len(),
            len: 0,
        };
        // Where the last stretch ended in the older and in the new text.
        let (mut old_end, mut new_end) = (0, 0);
        let stretches = self.copied.iter().copied().chain([end_of_text]);
        stretches.filter_map(move |stretch| {
            let is_adjacent = (stretch.from, stretch.to) == (old_end, new_end);
            let seam = Span::new(new_end, stretch.to);
            (old_end, new_end) = (stretch.source().end, stretch.target().end);
            (!is_adjacent).then_some(seam)
        })
    }

    /// The parts of the text to search, in order and apart: every seam, widened by `reach` bytes,
    /// and from there to where charset runs end.
    fn windows(&self, reach: usize) -> Vec<Span> {
        let mut windows: Vec<Span> = Vec::new();
        for seam in self.seams() {
            let searched = windows.last().map_or(0, |window| window.end);
            let low = seam.start.saturating_sub(reach);
            let high = self.text.len().min(seam.end + reach).max(searched);
            let back = self.text[searched.min(low)..low].iter().rev();
            let back = back.take_while(|&&byte| is_run_byte(byte)).count();
            let on = self.text[high..].iter();
            let on = on.take_while(|&&byte| is_run_byte(byte)).count();
            let next = Span::new(low - back, high + on);
            match windows.last_mut() {
                Some(window) if next.start <= window.end => *window = window.join(next),
                _ => windows.push(next),
            }
        }
        windows
    }
}

/// Parts of a text that cut no charset run, with a line end between two, so that one search finds
/// what is in any of them: most are short.
struct Windows<'t> {
    joined: Cow<'t, [u8]>,
    /// Each part, with its start in `joined`.
    parts: Vec<(usize, Span)>,
}

impl<'t> Windows<'t> {
    fn new(text: &'t [u8], parts: Vec<Span>) -> Self {
        if let [whole] = parts[..] {
            return Self {
                joined: Cow::Borrowed(whole.of(text)),
                parts: vec![(0, whole)],
            };
        }
        let mut joined = Vec::new();
        let with_start = parts.into_iter().map(|part| {
            let start = joined.len();
            joined.extend_from_slice(part.of(text));
            joined.push(b'\n');
            (start, part)
        });
        Self {
            parts: with_start.collect(),
            joined: Cow::Owned(joined),
        }
    }

    /// The place in the text of `span` in `joined`; `None` if it is not in one part.
    fn source(&self, span: Span) -> Option<Span> {
        let next = self
            .parts
            .partition_point(|(start, _)| *start <= span.start);
        let (start, part) = self.parts[next.checked_sub(1)?];
        let source = Span::new(span.start - start, span.end - start).shift(part.start);
        part.holds(source).then_some(source)
    }
}

/// Whether `text` has a zero byte.
fn has_nul(text: &[u8]) -> bool {
    memchr::memchr(0, text).is_some()
}

impl Scanner {
    /// Searches `text` for hits.
    #[must_use]
    pub fn hits(&self, text: &[u8]) -> Hits {
        self.hits_with(text, Runs::Promising)
    }

    /// Searches `text` for hits, `runs` among them.
    pub(super) fn hits_with(&self, text: &[u8], runs: Runs) -> Hits {
        let mut list = Vec::new();
        let whole = Windows::new(text, vec![Span::new(0, text.len())]);
        self.search(text, &whole, runs, |hit| list.push(hit));
        Hits::new(list, text.len(), has_nul(text))
    }

    /// The hits of `text`, which copied the stretches `copied` from an older text with the hits
    /// `before`. The stretches are in the order of `text` and do not overlap in it.
    #[must_use]
    pub fn hits_after(&self, before: &Hits, text: &[u8], copied: &[Copied]) -> Hits {
        let edit = Edit {
            before,
            text,
            copied,
        };
        let windows = Windows::new(text, edit.windows(self.reach));
        let mut list = edit.carried();
        self.search(text, &windows, Runs::Promising, |hit| {
            if !edit.is_carried(&hit) {
                list.push(hit);
            }
        });
        let nul = has_nul(if before.nul { text } else { &windows.joined });
        Hits::new(list, text.len(), nul)
    }

    /// Calls `found` with the hits of `windows` of `text`.
    fn search(&self, text: &[u8], windows: &Windows<'_>, runs: Runs, mut found: impl FnMut(Hit)) {
        let joined = &windows.joined;
        self.prefilter.search(joined, |owner, at, len| {
            let Some(span) = windows.source(Span::new(at, at + len)) else {
                return;
            };
            if owner < self.first_name {
                let kind = HitKind::Keyword(owner);
                found(Hit { span, kind });
            } else if let Some(end) = named::leads_to_value(text, span) {
                let span = Span::new(span.start, end.max(span.end));
                let kind = HitKind::Name;
                found(Hit { span, kind });
            }
        });
        charset_runs::long_runs(joined, |start, end| {
            let Some(run) = windows.source(Span::new(start, end)) else {
                return;
            };
            self.prefixes.search(text, run, MIN_RUN, |owner, span| {
                let kind = HitKind::TokenKeyword(owner);
                found(Hit { span, kind });
            });
            named::long_tokens(text, run, |span| {
                let kind = HitKind::Token;
                found(Hit { span, kind });
            });
            charset_runs::base64_runs(text, run, |span| {
                self.in_base64.search(text, span, 0, |owner, span| {
                    let kind = HitKind::TokenKeyword(owner);
                    found(Hit { span, kind });
                });
                if runs == Runs::All || self.is_promising(text, span) {
                    let kind = HitKind::Run;
                    found(Hit { span, kind });
                }
            });
        });
    }

    /// Whether a part of `run` may be a secret, or a decoder may read it, by its own bytes alone.
    fn is_promising(&self, text: &[u8], run: Span) -> bool {
        charset_runs::unbroken(text, run).any(|inner| {
            decode::is_text(text, inner)
                || charset_runs::candidates(text, inner)
                    .any(|span| self.may_be_secret(span.of(text)))
        }) || decode::is_escaped(text, run)
    }

    fn may_be_secret(&self, value: &[u8]) -> bool {
        let rules = self.run_rules.iter().map(|&index| &self.rules.rules[index]);
        rules
            .filter(|rule| verify::fits(rule, value.len()))
            .any(|rule| rule.checks.iter().all(|check| (check.could_be)(value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::RuleSet;

    /// For any cuts, moves, copies and insertions, the hits are those of a full search.
    #[test]
    fn hits_after_any_edit_are_those_of_a_full_search() {
        let scanner = Scanner::new(RuleSet::builtin().unwrap()).unwrap();
        let id = ["AK", "IA", "Q7XK2MZT4WVY3LPN"].concat();
        let secret = ["kP3v8Qz1", "Xy7Lm2Nw9Rt5", "Bc4Df6Gh0Jk/Sa+Ue8Io"].concat();
        let token = ["gh", "p_", "Zx8Kq2Lm5Nv7Bc4Jd6Hf9Gs3Ta1Yw0ErUiOp"].concat();
        let inside = [
            "kP3v8Qz1Xy7Lm2Nw9Rt5",
            "T3Blbk",
            "FJ",
            "c4Df6Gh0JkSa8Ue8IoPq",
        ]
        .concat();
        let wide: String = id.chars().flat_map(|c| [c, '\0']).collect();
        let pieces = [
            id.as_str(),
            " ",
            &secret,
            "\n",
            &token,
            &inside,
            "T3BlbkFJ",
            "\n+",
            "=\"",
            wide.as_str(),
            "word%2Fword/",
            "api_token",
            " = \"s3cr3t",
            ": 7",
            "x",
            "\" + \"",
        ];
        let mut chance = Chance(7);
        let mut seen = 0;
        for _ in 0..400 {
            let old: Vec<u8> = (0..chance.below(14))
                .flat_map(|_| pieces[chance.below(pieces.len())].bytes())
                .collect();
            let mut before = scanner.hits(&old);
            let (mut new, mut copied) = (Vec::new(), Vec::new());
            for _ in 0..chance.below(6) {
                if chance.below(2) == 0 {
                    new.extend(pieces[chance.below(pieces.len())].bytes());
                }
                let from = chance.below(old.len() + 1);
                let len = chance.below(old.len() - from + 1);
                if len > 0 {
                    copied.push(Copied {
                        from,
                        to: new.len(),
                        len,
                    });
                    new.extend(&old[from..from + len]);
                }
            }
            let after = scanner.hits_after(&before, &new, &copied);
            assert_eq!(after, scanner.hits(&new), "{old:?}\n{copied:?}\n{new:?}");
            seen += after.list.len();
            // An edit that changes nothing.
            let same = [Copied {
                from: 0,
                to: 0,
                len: old.len(),
            }];
            let same = if old.is_empty() { &[][..] } else { &same[..] };
            before = scanner.hits_after(&before, &old, same);
            assert_eq!(before, scanner.hits(&old));
        }
        assert!(seen > 400, "only {seen} hits: the test proves little");
    }

    struct Chance(u64);

    impl Chance {
        fn below(&mut self, limit: usize) -> usize {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
        }
    }
}
