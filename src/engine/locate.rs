//! Locates matches: adds line, column, code frame and the text around them while the bytes are in
//! memory.

use std::sync::Arc;

use crate::blob::Part;
use crate::finding::Place;
use crate::finding::frame::{Frame, HiddenSpans};
use crate::policy::{MarkerText, Nearby};
use crate::scan::Match;
use crate::text::{LineIndex, Location, Locator, Span};

/// How many findings of one part of a blob get a code frame. A file with more is a dump of keys,
/// which is not read finding by finding.
const MAX_FRAMES: usize = 200;

/// How much of a line on each side of a match counts as its line, in bytes, at least. A line of
/// more than twice as many is not text that was written in lines.
const REACH: usize = 2048;

/// Whether matches get code frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frames {
    /// They do, for a report.
    Build,
    /// They do not: an audit builds the frames of what it reports later.
    Omit,
}

/// A match with its position, and the text around it that may hold a marker.
#[derive(Clone)]
pub struct LocatedMatch {
    pub(super) found: Match,
    pub(super) place: Place,
    /// The lines in which inline markers count for it.
    pub(super) nearby: Nearby,
}

impl LocatedMatch {
    /// Whether it is in an entry of a container. Its span is then that in the entry.
    pub(super) const fn is_inside(&self) -> bool {
        self.place.inside.is_some()
    }

    /// Whether both are in the same text: the bytes of the blob, or the same entry.
    pub(super) fn is_in_text_of(&self, other: &Self) -> bool {
        match (&self.place.inside, &other.place.inside) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

/// Locates those `matches` that are `part`'s own, in order; `text` is the part. Their spans become
/// those in the whole blob.
pub(super) fn locate(
    text: &[u8],
    part: &Part,
    matches: Vec<Match>,
    frames: Frames,
) -> Vec<LocatedMatch> {
    let index = LineIndex::new(text);
    let secrets = HiddenSpans::new(matches.iter().map(|found| found.span).collect());
    let (mut starts, mut ends) = (Locator::new(&index), Locator::new(&index));
    let mut surroundings = Surroundings::new(text, &index);
    let mut located = Vec::new();
    for mut found in matches
        .into_iter()
        .filter(|found| part.own.contains(&found.span.start))
    {
        let frame = if frames == Frames::Build && located.len() < MAX_FRAMES {
            frame_in_blob(text, &index, part, found.span, &secrets)
        } else {
            Frame::default()
        };
        let place = Place {
            start: in_blob(part, starts.locate(found.span.start)),
            end: in_blob(part, ends.locate(found.span.end)),
            frame,
            encoding: found.encoding.map(Into::into),
            inside: None,
        };
        let nearby = surroundings.of(found.span.start);
        found.span = found.span.shift(part.offset);
        located.push(LocatedMatch {
            found,
            place,
            nearby,
        });
    }
    located
}

fn in_blob(part: &Part, location: Location) -> Location {
    Location {
        line: location.line + part.lines,
        ..location
    }
}

fn frame_in_blob(
    text: &[u8],
    index: &LineIndex<'_>,
    part: &Part,
    span: Span,
    secrets: &HiddenSpans,
) -> Frame {
    let mut frame = Frame::new(text, index, span, secrets);
    for line in &mut frame.lines {
        line.number += part.lines;
    }
    frame
}

/// The text around the matches of a part that may hold markers. Matches that are close to each
/// other share it, so that a line with thousands of matches is neither kept nor searched again for
/// each.
struct Surroundings<'t> {
    text: &'t [u8],
    index: &'t LineIndex<'t>,
    /// The text around the last match and before its line, and the spans of both.
    last: Option<(Span, Span, Nearby)>,
}

impl<'t> Surroundings<'t> {
    fn new(text: &'t [u8], index: &'t LineIndex<'t>) -> Self {
        Self {
            text,
            index,
            last: None,
        }
    }

    /// The line around `at` and the line before it.
    fn of(&mut self, at: usize) -> Nearby {
        let number = self.index.line_of(at);
        let line = around(self.index.span(number), at);
        let before = number
            .checked_sub(1)
            .map(|number| self.index.span(number))
            .filter(|line| line.len() <= REACH)
            .unwrap_or(Span::new(0, 0));
        let known = self.last.take_if(|last| (last.0, last.1) == (line, before));
        let (.., nearby) = self.last.insert(known.unwrap_or_else(|| {
            let nearby = Nearby {
                line: MarkerText::new(line.of(self.text)),
                before: MarkerText::new(before.of(self.text)),
            };
            (line, before, nearby)
        }));
        nearby.clone()
    }
}

/// The part of a line that counts as the line of a match at `at`: all of it, or of a long line the
/// block of [`REACH`] bytes that the match begins in, and the blocks on both sides.
fn around(line: Span, at: usize) -> Span {
    if line.len() <= 2 * REACH {
        return line;
    }
    let block = line.start + at.saturating_sub(line.start) / REACH * REACH;
    Span::new(
        line.start.max(block.saturating_sub(REACH)),
        line.end.min(block + 2 * REACH),
    )
}
