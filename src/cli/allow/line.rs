//! Finds what `keysieve allow FILE:LINE` allows.

use std::fs;

use bstr::ByteSlice as _;
use keysieve::engine::{Frames, OccurrenceBuilder};
use keysieve::finding::{Occurrence, Place};

use super::value::Value;
use crate::cli::error::CliError;
use crate::cli::explain::{FileLine, masked_path};
use crate::cli::settings::Settings;

/// All values `at` a line, at a column of it, or of a rule, that a scan would find.
pub(super) fn values_on_line(
    at: &FileLine,
    rule: Option<&str>,
    settings: &Settings,
) -> Result<Vec<Value>, CliError> {
    let FileLine {
        path: at,
        line,
        column,
    } = at;
    let path = masked_path(&settings.scanner, at);
    let bytes = fs::read(&at.file)
        .map_err(|error| CliError::new(format!("{path}: cannot be read: {error}")))?;
    let builder = OccurrenceBuilder::new(&settings.scanner);
    let located = builder.scan_blob(&bytes, Frames::Omit).located;
    let inside = at.inside.as_ref().map(|inside| inside.as_bstr());
    let found = builder.occurrences(&located).map(|found| found.occurrence);
    let values: Vec<Value> = found
        .filter(|found| found.place.inside() == inside)
        .filter(|found| rule.is_none_or(|rule| *rule == *found.rule.id))
        .filter(|found| match column {
            Some(column) => (found.place.start.line, found.place.start.column) == (*line, *column),
            None => is_on_line(found, *line),
        })
        .map(|found| Value::of_occurrence(&found, &path))
        .collect();
    if values.is_empty() {
        return Err(CliError::new(format!("{path}: no finding at line {line}"))
            .help("give the line that `keysieve scan` reports for the file as it is now"));
    }
    Ok(values)
}

fn is_on_line(found: &Occurrence, line: usize) -> bool {
    let is_in = |place: &Place| (place.start.line..=place.end.line).contains(&line);
    is_in(&found.place)
        || found
            .partner
            .as_ref()
            .is_some_and(|half| is_in(&half.place))
}
