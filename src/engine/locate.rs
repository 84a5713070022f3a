//! Locates matches: adds line, column, code frame and the text around them while the bytes are in
//! memory.

use crate::blob::Part;
use crate::finding::Place;
use crate::finding::frame::Frame;
use crate::policy::Nearby;
use crate::scan::Match;
use crate::text::{LineIndex, Location, Locator, Span};

/// How many findings of one part of a blob get a code frame. A file with more is a dump of keys,
/// which is not read finding by finding.
const MAX_FRAMES: usize = 200;

/// How much of a line on each side of a match counts as its line, in bytes. A longer line is not
/// text that was written in lines.
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
pub struct LocatedMatch {
    pub(super) found: Match,
    pub(super) place: Place,
    line: Vec<u8>,
    before: Vec<u8>,
}

impl LocatedMatch {
    /// The lines in which inline markers count for it.
    pub(super) fn nearby(&self) -> Nearby<'_> {
        Nearby {
            line: &self.line,
            before: &self.before,
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
    let secrets: Vec<Span> = matches.iter().map(|found| found.span).collect();
    let (mut starts, mut ends) = (Locator::new(&index), Locator::new(&index));
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
            encoding: found.encoding,
        };
        let (line, before) = surroundings(text, &index, found.span.start);
        found.span = found.span.shift(part.offset);
        located.push(LocatedMatch {
            found,
            place,
            line,
            before,
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
    secrets: &[Span],
) -> Frame {
    let mut frame = Frame::new(text, index, span, secrets);
    for line in &mut frame.lines {
        line.number += part.lines;
    }
    frame
}

/// The line around `at` and the line before it, without the zero bytes of UTF-16, so that a marker
/// in UTF-16 text counts.
fn surroundings(text: &[u8], index: &LineIndex<'_>, at: usize) -> (Vec<u8>, Vec<u8>) {
    let number = index.line_of(at);
    let line = index.span(number);
    let near = Span::new(
        line.start.max(at.saturating_sub(REACH)),
        line.end.min(at.saturating_add(REACH)),
    );
    let before = number
        .checked_sub(1)
        .map(|number| index.span(number))
        .filter(|line| line.len() <= REACH);
    let before = before.map(|span| without_nul(span.of(text)));
    (without_nul(near.of(text)), before.unwrap_or_default())
}

fn without_nul(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|byte| *byte != 0).collect()
}
