//! Sightings: matches with their surroundings, taken while the bytes around them are at hand.

use crate::blob::Part;
use crate::finding::Place;
use crate::finding::frame::Frame;
use crate::policy::Nearby;
use crate::scan::Match;
use crate::text::{LineIndex, Location, Locator, Span};

/// How many findings of one part of a blob get a code frame. A file with more is a dump of keys,
/// and nobody reads them one by one.
const MAX_FRAMES: usize = 200;

/// How much of a line on each side of a match counts as its line, in bytes. Text that long has no
/// lines.
const REACH: usize = 2048;

/// A match, where it stands, and the text that may say that it may pass.
pub struct LocatedMatch {
    pub(super) found: Match,
    pub(super) place: Place,
    line: Vec<u8>,
    before: Vec<u8>,
}

impl LocatedMatch {
    /// Where inline markers may stand.
    pub(super) fn nearby(&self) -> Nearby<'_> {
        Nearby {
            line: &self.line,
            before: &self.before,
        }
    }
}

/// The sightings of those `matches` that are `part`'s own, in order; `text` is the part. Their
/// spans become those in the whole blob.
pub(super) fn take(text: &[u8], part: &Part, matches: Vec<Match>) -> Vec<LocatedMatch> {
    let index = LineIndex::new(text);
    let secrets: Vec<Span> = matches.iter().map(|found| found.span).collect();
    let (mut starts, mut ends) = (Locator::new(&index), Locator::new(&index));
    let in_blob = |location: Location| Location {
        line: location.line + part.lines,
        ..location
    };
    let mut located = Vec::new();
    for mut found in matches
        .into_iter()
        .filter(|found| part.own.contains(&found.span.start))
    {
        let mut frame = Frame::default();
        if located.len() < MAX_FRAMES {
            frame = Frame::new(text, &index, found.span, &secrets);
            frame
                .lines
                .iter_mut()
                .for_each(|line| line.number += part.lines);
        }
        let place = Place {
            start: in_blob(starts.locate(found.span.start)),
            end: in_blob(ends.locate(found.span.end)),
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

/// The line around `at` and the line before it, without the zero bytes of UTF-16: a marker in that
/// is a marker.
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
    let plain = |span: Span| {
        span.of(text)
            .iter()
            .copied()
            .filter(|byte| *byte != 0)
            .collect()
    };
    (plain(near), before.map(plain).unwrap_or_default())
}
