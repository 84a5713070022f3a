//! Says which hits of an older text are hits of a text that was made from it, and which parts of
//! that need a search.

use std::borrow::Cow;

use super::decode::{joint, numbers};
use super::hit::{Hit, HitKind, Hits};
use crate::rule::charset::{MIN_BASE64_RUN, is_run_byte};
use crate::text::{Copied, Span};

/// A text that was made from an older one.
#[derive(Clone, Copy)]
pub(super) struct Edit<'e> {
    /// Hits of the older text.
    pub(super) before: &'e Hits,
    pub(super) text: &'e [u8],
    /// What was copied, in the order of `text` and without overlaps in it.
    pub(super) copied: &'e [Copied],
}

impl Edit<'_> {
    /// The hits that are known without a search.
    pub(super) fn carried(&self) -> Vec<Hit> {
        let mut carried = Vec::new();
        for &stretch in self.copied {
            let inside = self.before.within(stretch.source()).iter();
            let unchanged = inside.filter(|hit| self.carries_over(hit, stretch));
            carried.extend(unchanged.map(|hit| self.carry(hit, stretch)));
        }
        carried
    }

    /// `hit`, of the older text, at its place in the new text.
    fn carry(&self, hit: &Hit, stretch: Copied) -> Hit {
        let is_idle = |&reach: &u32| self.carries_over_with(reach as usize, hit.span, stretch);
        Hit {
            idle_within: hit.idle_within.filter(is_idle),
            ..hit.moved(stretch.from, stretch.to)
        }
    }

    /// Whether `hit`, which a search found in the new text, is among [`Edit::carried`].
    pub(super) fn is_carried(&self, hit: &Hit) -> bool {
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
            // The pieces of the token.
            HitKind::Joint => self.carries_over_with(joint::SIDE, hit.span, stretch),
            // What makes it the first number.
            HitKind::List => self.carries_over_with(numbers::BEFORE, hit.span, stretch),
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
    pub(super) fn windows(&self, reach: usize) -> Vec<Span> {
        let mut windows: Vec<Span> = Vec::with_capacity(self.copied.len() + 1);
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

/// Between two parts: a byte that is in no keyword and ends everything else that is searched for.
const BETWEEN: u8 = 0xff;

/// Parts of a text that cut no charset run, with [`BETWEEN`] between two, so that one search finds
/// what is in any of them: most are short.
pub(super) struct Windows<'t> {
    pub(super) joined: Cow<'t, [u8]>,
    /// Each part, with its start in `joined`.
    parts: Vec<(usize, Span)>,
}

impl<'t> Windows<'t> {
    pub(super) fn new(text: &'t [u8], parts: Vec<Span>) -> Self {
        if let [whole] = parts[..] {
            return Self {
                joined: Cow::Borrowed(whole.of(text)),
                parts: vec![(0, whole)],
            };
        }
        let len = parts.iter().map(|part| part.len() + 1).sum();
        let mut joined = Vec::with_capacity(len);
        let with_start = parts.into_iter().map(|part| {
            let start = joined.len();
            joined.extend_from_slice(part.of(text));
            joined.push(BETWEEN);
            (start, part)
        });
        Self {
            parts: with_start.collect(),
            joined: Cow::Owned(joined),
        }
    }

    /// The place in the text of `span` in `joined`; `None` if it is not in one part.
    pub(super) fn source(&self, span: Span) -> Option<Span> {
        let next = self
            .parts
            .partition_point(|(start, _)| *start <= span.start);
        let (start, part) = self.parts[next.checked_sub(1)?];
        let source = Span::new(span.start - start, span.end - start).shift(part.start);
        part.holds(source).then_some(source)
    }
}
