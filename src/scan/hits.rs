//! Prefilter hits, and how to carry them over from an older text instead of searching again.
//!
//! A hit depends on its own bytes and, if it is a run, on the byte at either end. So if a text
//! copies a stretch of an older one, the hits in that stretch are known, and only what was inserted
//! and the seams between stretches need a search.
//!
//! **Invariant:** [`Scanner::hits_after`] returns what [`Scanner::hits`] returns, for any texts and
//! stretches. Matches follow from a text and its hits, so both ways find the same secrets.

use super::{Scanner, charset_runs, decode, named, verify};
use crate::rule::charset::{MIN_RUN, is_run_byte};
use crate::text::{Copied, Span};

/// A place at which the prefilter stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// The keyword or the run; for a keyword that begins a charset run, the shortest such run.
    pub(super) span: Span,
    pub(super) kind: HitKind,
}

/// What the prefilter found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum HitKind {
    /// A keyword, with its owner: the index of a rule, or the number of rules plus the index of a
    /// keyword of the decoders.
    Keyword(usize),
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
    fn new(text: &[u8], mut list: Vec<Hit>) -> Self {
        if !list.is_sorted() {
            list.sort_unstable();
        }
        Self {
            list,
            len: text.len(),
            nul: memchr::memchr(0, text).is_some(),
        }
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
            HitKind::Run | HitKind::Token => self.run_carries_over(hit.span, stretch),
        }
    }

    /// A run needs the bytes that end it as well. If the older text ends it, so must the new one.
    fn run_carries_over(&self, run: Span, stretch: Copied) -> bool {
        let len = self.before.len;
        let with_ends = Span::new(run.start.saturating_sub(1), len.min(run.end + 1));
        let starts_alike = run.start > 0 || stretch.to == 0;
        let ends_alike = run.end < len || stretch.target().end == self.text.len();
        stretch.source().holds(with_ends) && starts_alike && ends_alike
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

impl Scanner {
    /// Searches `text` for hits.
    #[must_use]
    pub fn hits(&self, text: &[u8]) -> Hits {
        self.hits_with(text, Runs::Promising)
    }

    /// Searches `text` for hits, `runs` among them.
    pub(super) fn hits_with(&self, text: &[u8], runs: Runs) -> Hits {
        let mut list = Vec::new();
        self.search(text, Span::new(0, text.len()), runs, &mut list);
        Hits::new(text, list)
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
        let windows = edit.windows(self.reach);
        if before.is_empty() && self.is_quiet(text, &windows) {
            return Hits {
                len: text.len(),
                ..Hits::default()
            };
        }
        let mut found = Vec::new();
        for window in windows {
            self.search(text, window, Runs::Promising, &mut found);
        }
        found.retain(|hit| !edit.is_carried(hit));
        let mut list = edit.carried();
        list.append(&mut found);
        Hits::new(text, list)
    }

    /// Whether `windows` contain no hit. Most versions of a text add none, and one search of all
    /// windows is faster than many short ones. A keyword or run that the edge of a window cuts may
    /// count as a hit; that costs only time.
    fn is_quiet(&self, text: &[u8], windows: &[Span]) -> bool {
        let mut joined = Vec::new();
        for window in windows {
            joined.extend_from_slice(window.of(text));
            joined.push(b'\n');
        }
        self.hits(&joined).is_empty()
    }

    /// Adds the hits of `window`, which cuts no charset run, to `list`.
    fn search(&self, text: &[u8], window: Span, runs: Runs, list: &mut Vec<Hit>) {
        let part = window.of(text);
        self.prefilter.search(part, |owner, at, len| {
            let span = Span::new(at, at + len).shift(window.start);
            if owner < self.first_name {
                let kind = HitKind::Keyword(owner);
                list.push(Hit { span, kind });
            } else if let Some(end) = named::leads_to_value(text, span) {
                let span = Span::new(span.start, end.max(span.end));
                let kind = HitKind::Name;
                list.push(Hit { span, kind });
            }
        });
        charset_runs::long_runs(part, |start, end| {
            let run = Span::new(start, end).shift(window.start);
            self.prefixes.search(text, run, |owner, at, len| {
                list.push(Hit {
                    span: Span::new(at, at + len.max(MIN_RUN)),
                    kind: HitKind::Keyword(owner),
                });
            });
            named::long_tokens(text, run, |span| {
                let kind = HitKind::Token;
                list.push(Hit { span, kind });
            });
            charset_runs::base64_runs(text, run, |span| {
                if runs == Runs::All || self.is_promising(text, span) {
                    let kind = HitKind::Run;
                    list.push(Hit { span, kind });
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
        let wide: String = id.chars().flat_map(|c| [c, '\0']).collect();
        let pieces = [
            id.as_str(),
            " ",
            &secret,
            "\n",
            &token,
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
