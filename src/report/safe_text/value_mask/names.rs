//! Finds values in names: of files, of refs, and of what leads to a finding.

use bstr::ByteSlice;

use crate::blob::Origin;
use crate::finding::Finding;
use crate::finding::frame::FrameLine;
use crate::secret::mask::is_word;
use crate::text::{Span, columns, printable};

/// Whether a name that reports show with `finding`, other than that of a file, contains the word
/// `value`.
pub(super) fn is_in_name(finding: &Finding, value: &[u8]) -> bool {
    let own = match &finding.origin {
        Origin::Repository { place: name } | Origin::TagText { name, .. } => Some(name),
        _ => None,
    };
    let others = finding.history.iter().flat_map(|history| {
        let roots = history.reached_from.iter().map(|root| &root.name);
        roots.chain(&history.elsewhere)
    });
    own.into_iter().chain(others).any(|name| {
        name.find_iter(value)
            .any(|at| is_word(name, at..at + value.len()))
    })
}

/// The encoded form of a secret in the name where it was found.
pub(super) fn encoded_value(finding: &Finding) -> Option<&[u8]> {
    let place = &finding.place;
    if place.encoding.is_none() || place.start.line != 1 || place.end.line != 1 {
        return None;
    }
    let (name, last) = match &finding.origin {
        // Searched with or without the folders that lead to it.
        Origin::Name { path, .. } => (path, path.rfind("/").map_or(0, |slash| slash + 1)),
        // Named as it was searched, or with the name of a submodule in front.
        Origin::Repository { place } => (place, place.rfind(": ").map_or(0, |colon| colon + 2)),
        _ => return None,
    };
    let line = place.frame.lines.first()?;
    let searched = [&name[last..], name.as_slice()].into_iter();
    searched
        .filter(|text| may_be_from(line, text))
        .find_map(|text| {
            let (start, end) = (
                offset(text, place.start.column)?,
                offset(text, place.end.column)?,
            );
            Some(Span::new(start, end).of(text)).filter(|value| !value.is_empty())
        })
}

/// Whether `line`, masked and perhaps cut, may come from the beginning of `text`: the parts between
/// the masks, whose length says nothing, are in it in the same order.
fn may_be_from(line: &FrameLine, text: &[u8]) -> bool {
    let text = printable(text);
    let is_cut = line.text.starts_with('…') || line.text.ends_with('…');
    let mut parts = line.text.split('*');
    let Some(rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return is_cut;
    };
    let is_in_order = parts
        .try_fold(rest, |rest, part| {
            rest.split_once(part).map(|(_, rest)| rest)
        })
        .is_some();
    is_cut || is_in_order
}

/// The offset of a column in a line.
fn offset(line: &[u8], column: usize) -> Option<usize> {
    let mut starts =
        (0..=line.len()).filter(|&at| line.get(at).is_none_or(|&byte| columns(&[byte]) == 1));
    starts.nth(column.checked_sub(1)?)
}
