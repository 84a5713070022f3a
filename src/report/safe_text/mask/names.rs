//! Names that hold what was found: of files, of refs, and of what leads to a finding.

use bstr::ByteSlice;

use crate::blob::Origin;
use crate::finding::Finding;
use crate::finding::frame::FrameLine;
use crate::text::{Span, columns, printable};

/// Whether a name that reports show of `finding` holds `value`, a short one.
pub(in crate::report) fn hold(finding: &Finding, value: &[u8]) -> bool {
    let own = match &finding.origin {
        Origin::Name { .. } => return true,
        Origin::Repository { place: name } | Origin::TagText { name, .. } => Some(name),
        _ => None,
    };
    let history = finding.history.iter();
    let others = history.flat_map(|history| {
        history
            .reached_from
            .iter()
            .map(|reached| &reached.name)
            .chain(&history.elsewhere)
    });
    own.into_iter()
        .chain(others)
        .any(|name| holds_word(name, value))
}

/// Whether `value` stands in `name` and is no part of a longer word: one of three letters stands in
/// many words.
fn holds_word(name: &[u8], value: &[u8]) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
    name.find_iter(value)
        .any(|at| is_end(name[..at].last()) && is_end(name.get(at + value.len())))
}

/// How the secret of `finding` is written in the name that it was found in, where it is not in
/// clear there.
pub(in crate::report) fn written_in(finding: &Finding) -> Option<&[u8]> {
    let place = &finding.place;
    place
        .encoding
        .filter(|_| place.start.line == 1 && place.end.line == 1)?;
    let (name, last) = match &finding.origin {
        // It was searched with the folders that lead to it, or without.
        Origin::Name { path, .. } => (path, path.rfind("/").map_or(0, |slash| slash + 1)),
        // It is named as it was searched, or behind the name of a submodule.
        Origin::Repository { place } => (place, place.rfind(": ").map_or(0, |colon| colon + 2)),
        _ => return None,
    };
    let line = place.frame.lines.first()?;
    let searched = [&name[last..], name.as_slice()]
        .into_iter()
        .filter(|text| line_is_of(line, text));
    let written = |text| {
        let span = Span::new(
            offset(text, place.start.column)?,
            offset(text, place.end.column)?,
        );
        Some(span.of(text)).filter(|written| !written.is_empty())
    };
    searched.into_iter().find_map(written)
}

/// Whether `line`, masked and perhaps cut, may have been made of the beginning of `text`.
fn line_is_of(line: &FrameLine, text: &[u8]) -> bool {
    let text = printable(text);
    line.text.starts_with('…')
        || line.text.ends_with('…')
        || line.text.chars().count() <= text.chars().count()
            && line
                .text
                .chars()
                .zip(text.chars())
                .all(|(masked, clear)| masked == '*' || masked == clear)
}

/// Where the column `column` of `text`, one line, begins.
fn offset(text: &[u8], column: usize) -> Option<usize> {
    let begins = |at: &usize| text.get(*at).is_none_or(|&byte| columns(&[byte]) == 1);
    (0..=text.len()).filter(begins).nth(column.checked_sub(1)?)
}
