//! Prefilter hits, and how to carry them over from an older text instead of searching again.
//!
//! A hit depends on its own bytes and, if it is a run or needs one, on some bytes at either end.
//! If a text copies a stretch of an older one, the hits in that stretch are known, and only what
//! was inserted and the seams between stretches need a search.
//!
//! **Invariant:** [`Scanner::hits_after`] returns what [`Scanner::hits`] returns, for any texts and
//! stretches, but that some are known to lead to no candidate. Such a hit is known only as long as
//! the bytes that decide it are copied with it, so both ways find the same secrets.

use super::byte_pass::{self, Shape};
use super::decode::{joint, numbers};
use super::edit::{Edit, Windows};
use super::hit::{Hit, HitKind, Hits, Runs};
use super::{Scanner, charset_runs, decode, named, verify};
use crate::rule::charset::MIN_RUN;
use crate::text::{Copied, Span};

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
        let has_nul = self.search(text, &whole, runs, |hit| list.push(hit));
        Hits::new(list, text.len(), has_nul)
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
        let inserts_nul = self.search(text, &windows, Runs::Promising, |hit| {
            if !edit.is_carried(&hit) {
                list.push(hit);
            }
        });
        // If the older text has one, it may have been left out.
        let has_nul = inserts_nul || before.nul && memchr::memchr(0, text).is_some();
        Hits::new(list, text.len(), has_nul)
    }

    /// Calls `found` with the hits of `windows` of `text`. Returns whether there is a zero byte in
    /// them.
    fn search(
        &self,
        text: &[u8],
        windows: &Windows<'_>,
        runs: Runs,
        mut found: impl FnMut(Hit),
    ) -> bool {
        let joined = &windows.joined;
        self.prefilter.search(joined, |owner, at, len| {
            let Some(span) = windows.source(Span::new(at, at + len)) else {
                return;
            };
            if owner < self.first_name {
                found(Hit::new(span, HitKind::Keyword(owner)));
            } else if let Some(end) = named::leads_to_value(text, span) {
                let span = Span::new(span.start, end.max(span.end));
                found(Hit::new(span, HitKind::Name));
            }
        });
        byte_pass::search(joined, |shape| match shape {
            Shape::Run(start, end) => {
                if let Some(run) = windows.source(Span::new(start, end)) {
                    self.search_run(text, run, runs, &mut found);
                }
            }
            Shape::List(start, end) => {
                if let Some(list) = windows.source(Span::new(start, end)) {
                    numbers::begins_in(text, list, |at| {
                        let span = Span::new(at, at + numbers::LEN);
                        found(Hit::new(span, HitKind::List));
                    });
                }
            }
            Shape::Joint(at) => {
                let source = windows.source(Span::new(at, at + 1));
                if let Some(span) = source.and_then(|at| joint::in_token(text, at.start)) {
                    found(Hit::new(span, HitKind::Joint));
                }
            }
        })
    }

    /// Calls `found` with the hits of `run`, a charset run of `text`.
    fn search_run(&self, text: &[u8], run: Span, runs: Runs, found: &mut impl FnMut(Hit)) {
        self.prefixes.search(text, run, MIN_RUN, |owner, span| {
            found(Hit::new(span, HitKind::TokenKeyword(owner)));
        });
        let counts = byte_pass::count(run.of(text));
        named::long_tokens(text, run, counts, |span| {
            found(Hit::new(span, HitKind::Token));
        });
        // What encodes text has letters of both cases, and digits.
        if counts.digits.min(counts.small).min(counts.capital) > 0 {
            charset_runs::url_safe_runs(text, run, |span| {
                if decode::is_text(text, span) {
                    found(Hit::new(span, HitKind::Run));
                }
            });
        }
        charset_runs::base64_runs(text, run, |span| {
            self.in_base64.search(text, span, 0, |owner, span| {
                found(Hit::new(span, HitKind::TokenKeyword(owner)));
            });
            if runs == Runs::All || self.is_promising(text, span) {
                found(Hit::new(span, HitKind::Run));
            }
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
    use crate::scan::Match;

    /// For any cuts, moves, copies and insertions, the hits are those of a full search.
    /// What the made-up texts are put together from. The first one is a token, the second one has a
    /// keyword within a stretch of base64.
    fn pieces() -> Vec<String> {
        let id = ["AK", "IA", "Q7XK2MZT4WVY3LPN"].concat();
        let wide: String = id.chars().flat_map(|c| [c, '\0']).collect();
        let joined = [
            ["gh", "p_", "Zx8Kq2Lm5Nv7Bc4Jd6Hf9Gs3Ta1Yw0ErUiOp"].concat(),
            ["kP3v8Qz1Xy7Lm2Nw9Rt5Bc4Df6Gh0JkSa", "AI", "oTBUe8Io="].concat(),
            ["kP3v8Qz1", "Xy7Lm2Nw9Rt5", "Bc4Df6Gh0Jk/Sa+Ue8Io"].concat(),
            id,
            wide,
        ];
        let plain = [
            " ",
            "\n",
            "AIoT",
            "\n+",
            "=\"",
            "word%2Fword/",
            "api_token",
            " = \"s3cr3t",
            ": 7",
            "x",
            "\" + \"",
            "a1b2c3d4e5f6g",
            "\\\n",
            "\u{200b}",
            "99, 100, 101, 102, 103, 104, ",
            "0x41,0x42,0x43,0x44,0x45,0x46,",
            "1, ",
            "d2hhdCBhIG5pY2UgZGF5IGZvcg_-dGhpcyBpcyBhIHRlc3Q",
            "414243444546474849404142434445464748",
        ];
        // Names without a value of a secret, and text that keeps edits away from them.
        let idle = [
            "my_token = \"nothing\"",
            "sentry_key: abc1def",
            "glpat-",
            " word\n",
            " = ",
        ];
        let idle = idle.map(|piece| [piece, &" word\n".repeat(140)].concat());
        let plain = plain.map(String::from).into_iter();
        joined.into_iter().chain(plain).chain(idle).collect()
    }

    /// A new version of `old`: stretches of it, and new pieces between them.
    fn edit(old: &[u8], pieces: &[String], chance: &mut Chance) -> (Vec<u8>, Vec<Copied>) {
        let (mut new, mut copied) = (Vec::new(), Vec::new());
        for _ in 0..chance.below(6) {
            if chance.below(2) == 0 {
                new.extend(pieces[chance.below(pieces.len())].bytes());
            }
            let from = chance.below(old.len() + 1);
            let len = chance.below(old.len() - from + 1);
            if len > 0 {
                let to = new.len();
                copied.push(Copied { from, to, len });
                new.extend(&old[from..from + len]);
            }
        }
        (new, copied)
    }

    #[test]
    fn hits_after_any_edit_are_those_of_a_full_search() {
        let scanner = Scanner::new(RuleSet::builtin().unwrap()).unwrap();
        let pieces = pieces();
        let keyword = |text: &str| {
            let hits = scanner.hits(text.as_bytes());
            let mut kinds = hits.iter().map(|hit| hit.kind);
            kinds.any(|kind| matches!(kind, HitKind::TokenKeyword(_)))
        };
        assert!(keyword(&pieces[0]) && keyword(&pieces[1]) && !keyword("AIoT"));
        let mut chance = Chance(7);
        let brief = |found: &Match| (found.rule, found.span, found.confidence);
        let (mut seen, mut shapes, mut idle, mut matches) = (0, 0, 0, 0);
        for _ in 0..3000 {
            let old: Vec<u8> = (0..chance.below(14))
                .flat_map(|_| pieces[chance.below(pieces.len())].bytes())
                .collect();
            let mut before = scanner.hits(&old);
            let _ = scanner.verify_hits(&old, &mut before);
            let (new, copied) = edit(&old, &pieces, &mut chance);
            let mut after = scanner.hits_after(&before, &new, &copied);
            idle += after.iter().filter(|hit| hit.idle_within.is_some()).count();
            let found: Vec<_> = scanner
                .verify_hits(&new, &mut after)
                .iter()
                .map(brief)
                .collect();
            let expected: Vec<_> = scanner.scan(&new).iter().map(brief).collect();
            assert_eq!(found, expected, "{old:?}\n{copied:?}\n{new:?}");
            matches += found.len();
            after.list.iter_mut().for_each(|hit| hit.idle_within = None);
            assert_eq!(after, scanner.hits(&new), "{old:?}\n{copied:?}\n{new:?}");
            seen += after.list.len();
            let is_shape = |hit: &&Hit| matches!(hit.kind, HitKind::Joint | HitKind::List);
            shapes += after.iter().filter(is_shape).count();
            // An edit that changes nothing.
            let (from, to, len) = (0, 0, old.len());
            let same = [Copied { from, to, len }];
            let same = if old.is_empty() { &[][..] } else { &same[..] };
            let whole = scanner.hits_after(&before, &old, same);
            assert_eq!(whole, before);
        }
        assert!(
            seen > 800 && shapes > 100 && idle > 100 && matches > 100,
            "only {seen} hits, of them {shapes} joints and lists, {idle} idle, {matches} matches: \
             the test proves little"
        );
    }

    #[test]
    fn a_hit_that_led_to_nothing_is_tried_again_if_what_decides_changes() {
        let scanner = Scanner::new(RuleSet::builtin().unwrap()).unwrap();
        let far = " word\n".repeat(200);
        let hex = ["3f9a1c7e5b2d8406", "a1c94e7bd25f8063"].concat();
        let short = format!("{}\"", &hex[4..22]);
        let quoted = format!("\" = \"{hex}\"");
        let token = ["glp", "at-"].concat();
        // What is before an edit, what it inserts, and what is after it. The end of a text cuts off
        // what is read after a hit.
        let cases: [[&str; 3]; 7] = [
            [
                "dd_api_key = \"",
                &hex[..26],
                &format!("{}\"{far}", &hex[26..]),
            ],
            // Too short to be found without its name.
            ["auth_token = \"3f", &short[..18], &format!("\"{far}")],
            ["auth_token = \"3f", &short, ""],
            ["an_entry = \"", "dd_api_key", &format!("{quoted}{far}")],
            ["an_entry = \"", "dd_api_key", &quoted],
            [&token, "zR7m", &format!("Qx2Lw9Kd4Tf8Vb3N{far}")],
            [&token, "zR7mQx2Lw9Kd4Tf8Vb3N", ""],
        ];
        for [start, inserted, end] in cases {
            let old = format!("{far}{start}{end}").into_bytes();
            let new = format!("{far}{start}{inserted}{end}").into_bytes();
            let from = far.len() + start.len();
            let (to, len) = (from + inserted.len(), old.len() - from);
            let head = Copied {
                from: 0,
                to: 0,
                len: from,
            };
            let tail = (len > 0).then_some(Copied { from, to, len });
            let copied: Vec<_> = std::iter::once(head).chain(tail).collect();
            let mut before = scanner.hits(&old);
            assert!(scanner.verify_hits(&old, &mut before).is_empty(), "{start}");
            assert!(
                before.iter().all(|hit| hit.idle_within.is_some()),
                "{start}"
            );
            let mut after = scanner.hits_after(&before, &new, &copied);
            let found = scanner.verify_hits(&new, &mut after).len();
            assert!(found > 0, "{start}");
            assert_eq!(found, scanner.scan(&new).len(), "{start}");
        }
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
