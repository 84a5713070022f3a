//! Strikes: the places of a text that a rule or a decoder wants to look at, and how they ride along
//! when the text changes.
//!
//! A strike depends on its own bytes and, for a run, on the byte at either end. So where a text
//! takes a stretch over from an older one, the strikes in it are known, and only what was inserted,
//! and the seams, need to be searched.
//!
//! **Invariant:** `strikes_after` gives what `strikes` gives, whatever the texts and the stretches.
//! Everything that is found follows from the text and its strikes, so a scan that goes this way
//! finds the same.

use super::decode;
use super::{Scanner, charset_runs};
use crate::rule::charset::{MIN_RUN, is_run_byte};
use crate::rule::{Rule, Trigger};
use crate::text::{Copied, Span};

/// A place that wants to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// The keyword or the run; for the keyword of a long word the least that the word must have.
    pub(super) span: Span,
    pub(super) cause: Cause,
}

/// What struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    /// A keyword, and the number of who asked for it.
    Keyword(usize),
    /// A run of base64 and escape characters, such that a rule may take a stretch of it or a
    /// decoder the whole.
    Run,
}

/// Which runs are strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Runs {
    /// Those that a rule may take a stretch of, or a decoder the whole.
    Promising,
    /// All, so that it can be told what speaks against the others.
    All,
}

/// The strikes of a text, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    list: Vec<Hit>,
    /// Length of the text.
    len: usize,
    /// Whether a zero byte stands in it: wide strings are looked for by those.
    nul: bool,
}

impl Hits {
    /// Whether nothing in the text wants to be looked at.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty() && !self.nul
    }

    /// The strikes.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Hit> {
        self.list.iter()
    }

    /// Those that begin in `span`.
    pub(super) fn within(&self, span: Span) -> &[Hit] {
        let before = |end: usize| self.list.partition_point(|hit| hit.span.start < end);
        self.list
            .get(before(span.start)..before(span.end))
            .unwrap_or_default()
    }

    /// Whether there is a zero byte in the text.
    pub(super) fn has_nul(&self) -> bool {
        self.nul
    }
}

impl Hit {
    /// The bytes that make the strike what it is: for a run also its neighbours, which end it.
    fn roots(&self, len: usize) -> Span {
        match self.cause {
            Cause::Keyword(_) => self.span,
            Cause::Run => Span::new(
                self.span.start.saturating_sub(1),
                len.min(self.span.end + 1),
            ),
        }
    }
}

/// Whether a strike of the old text, of `old_len` bytes, stands in the new one, of `new_len`, as
/// part of `copied`.
fn carries_over(hit: &Hit, copied: Copied, old_len: usize, new_len: usize) -> bool {
    let ends_alike = || {
        // What ends a run may be an end of the text, which must then be one still.
        (hit.span.start > 0 || (copied.from == 0 && copied.to == 0))
            && (hit.span.end < old_len || copied.to + copied.len == new_len)
    };
    copied.source().holds(hit.roots(old_len)) && (hit.cause != Cause::Run || ends_alike())
}

impl Scanner {
    /// The strikes of `text`.
    #[must_use]
    pub fn hits(&self, text: &[u8]) -> Hits {
        self.strikes_of(text, Runs::Promising)
    }

    /// The strikes of `text`, with these runs among them.
    pub(super) fn strikes_of(&self, text: &[u8], runs: Runs) -> Hits {
        let mut list = Vec::new();
        self.search(text, Span::new(0, text.len()), runs, &mut list);
        list.sort_unstable();
        Hits {
            list,
            len: text.len(),
            nul: memchr::memchr(0, text).is_some(),
        }
    }

    /// The strikes of `text`, which took the stretches `copied` over from an older text whose
    /// strikes were `before`. The stretches are in the order of `text` and do not overlap in it.
    #[must_use]
    pub fn hits_after(&self, before: &Hits, text: &[u8], copied: &[Copied]) -> Hits {
        if before.is_empty() && self.is_quiet(text, self.windows(text, copied, before.len)) {
            return Hits {
                len: text.len(),
                ..Hits::default()
            };
        }
        let mut list = Vec::new();
        for &stretch in copied {
            let first = before
                .list
                .partition_point(|hit| hit.span.start < stretch.from);
            let inside = before.list[first..]
                .iter()
                .take_while(|hit| hit.span.start < stretch.source().end);
            let alike = inside.filter(|hit| carries_over(hit, stretch, before.len, text.len()));
            list.extend(alike.map(|hit| Hit {
                span: moved(hit.span, stretch.from, stretch.to),
                ..*hit
            }));
        }
        let mut anew = Vec::new();
        self.windows(text, copied, before.len)
            .for_each(|window| self.search(text, window, Runs::Promising, &mut anew));
        let known = |hit: &Hit| {
            let last = copied.partition_point(|stretch| stretch.to <= hit.span.start);
            let stretch = last.checked_sub(1).map(|index| copied[index]);
            stretch
                .filter(|stretch| stretch.target().holds(hit.span))
                .is_some_and(|stretch| {
                    let old = Hit {
                        span: moved(hit.span, stretch.to, stretch.from),
                        ..*hit
                    };
                    carries_over(&old, stretch, before.len, text.len())
                })
        };
        list.extend(anew.into_iter().filter(|hit| !known(hit)));
        let nul = memchr::memchr(0, text).is_some();
        if !list.is_sorted() {
            list.sort_unstable();
        }
        Hits {
            list,
            len: text.len(),
            nul,
        }
    }

    /// Whether nothing strikes in `windows`, taken together: most versions of a text bring nothing
    /// that anybody looks for, and one search is done sooner than many short ones. What stands at
    /// the edge of a window counts rather too often.
    fn is_quiet(&self, text: &[u8], windows: impl Iterator<Item = Span>) -> bool {
        let mut joined = Vec::new();
        for window in windows {
            joined.extend_from_slice(window.of(text));
            joined.push(b'\n');
        }
        self.hits(&joined).is_empty()
    }

    /// Where strikes may stand that the seams made or unmade: as far around each as a keyword is
    /// long, and out to where words end. In order, and apart.
    fn windows<'t>(
        &self,
        text: &'t [u8],
        copied: &'t [Copied],
        old_len: usize,
    ) -> impl Iterator<Item = Span> + 't {
        let reach = self.longest_keyword.saturating_sub(1);
        let around = move |seam: Span, known: usize| {
            let (low, high) = (
                seam.start.saturating_sub(reach),
                text.len().min(seam.end + reach).max(known),
            );
            let back = text[known.min(low)..low]
                .iter()
                .rev()
                .take_while(|&&byte| is_run_byte(byte))
                .count();
            let on = text[high..]
                .iter()
                .take_while(|&&byte| is_run_byte(byte))
                .count();
            Span::new(low - back, high + on)
        };
        let mut seams = seams(copied, old_len, text.len());
        let mut open: Option<Span> = None;
        std::iter::from_fn(move || {
            for seam in seams.by_ref() {
                let next = around(seam, open.map_or(0, |window| window.end));
                match &mut open {
                    Some(window) if next.start <= window.end => *window = window.join(next),
                    Some(window) => return Some(std::mem::replace(window, next)),
                    None => open = Some(next),
                }
            }
            open.take()
        })
    }

    /// Adds the strikes that stand in `window`, which ends no word, to `list`.
    fn search(&self, text: &[u8], window: Span, runs: Runs, list: &mut Vec<Hit>) {
        let part = window.of(text);
        self.prefilter.search(part, |asker, at, len| {
            list.push(Hit {
                span: Span::new(at, at + len).shift(window.start),
                cause: Cause::Keyword(asker),
            });
        });
        charset_runs::long_runs(part, |start, end| {
            let word = Span::new(start, end).shift(window.start);
            self.prefixes.search(text, word, |asker, at, len| {
                let span = Span::new(at, at + len.max(MIN_RUN));
                list.push(Hit {
                    span,
                    cause: Cause::Keyword(asker),
                });
            });
            charset_runs::base64_runs(text, word, |span| {
                if runs == Runs::All || self.is_worth_a_look(text, span) {
                    list.push(Hit {
                        span,
                        cause: Cause::Run,
                    });
                }
            });
        });
    }

    /// Whether a rule may take a stretch of `outer`, a run, or a decoder may read it; by its own
    /// bytes alone.
    fn is_worth_a_look(&self, text: &[u8], outer: Span) -> bool {
        let fits = |rule: &Rule, value: &[u8]| match &rule.trigger {
            Trigger::Run(lengths) => {
                lengths.iter().any(|range| range.contains(&value.len()))
                    && rule.checks.iter().all(|check| (check.could_be)(value))
            }
            Trigger::Keywords(_) => false,
        };
        let rules = || self.run_rules.iter().map(|&index| &self.rules.rules[index]);
        let may_be_secret = |span: Span| rules().any(|rule| fits(rule, span.of(text)));
        let in_stretch = |inner: Span| {
            decode::is_text(text, inner) || charset_runs::candidates(text, inner).any(may_be_secret)
        };
        charset_runs::unbroken(text, outer).any(in_stretch) || decode::is_escaped(text, outer)
    }
}

/// `span`, as far from `to` as it was from `from`.
const fn moved(span: Span, from: usize, to: usize) -> Span {
    Span::new(span.start - from + to, span.end - from + to)
}

/// What lies between the stretches of a text of `len` bytes: what was inserted, or nothing where
/// two stretches meet that did not belong together, or where the text begins or ends and the old
/// one did not.
fn seams(copied: &[Copied], old_len: usize, len: usize) -> impl Iterator<Item = Span> + '_ {
    // Where the last stretch ended, in the old and in the new text.
    let mut last = (0, 0);
    let between = copied
        .iter()
        .map(|stretch| (stretch.from, stretch.to, stretch.len))
        .chain([(old_len, len, 0)]);
    between.filter_map(move |(from, to, len)| {
        let (end, belong_together) = (last.1, (from, to) == last);
        last = (from + len, to + len);
        (!belong_together).then(|| Span::new(end, to))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::RuleSet;

    /// Whatever is cut, moved, doubled and inserted, and wherever: the strikes are those of the
    /// text.
    #[test]
    fn strikes_ride_along_exactly() {
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
            // Nothing changed at all.
            let same = [Copied {
                from: 0,
                to: 0,
                len: old.len(),
            }];
            let same = if old.is_empty() { &[][..] } else { &same[..] };
            before = scanner.hits_after(&before, &old, same);
            assert_eq!(before, scanner.hits(&old));
        }
        assert!(seen > 400, "only {seen} strikes: the test tests little");
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
