//! Finds what `keysieve allow FILE:LINE` allows.

use std::fs;

use keysieve::engine::{Frames, OccurrenceBuilder};
use keysieve::finding::{Occurrence, Place};
use keysieve::secret::{Salt, WrittenFingerprint};

use crate::cli::error::CliError;
use crate::cli::explain::{FileLine, masked_path};
use crate::cli::settings::Settings;

/// A value on a line of a file.
pub(super) struct ValueOnLine(Occurrence);

impl ValueOnLine {
    /// All values `at` a line, at a column of it, or of a rule, that a scan would find.
    pub(super) fn all(
        at: &FileLine,
        rule: Option<&str>,
        settings: &Settings,
    ) -> Result<Vec<Self>, CliError> {
        let FileLine { file, line, column } = at;
        let text = fs::read(file).map_err(|error| {
            CliError::new(format!(
                "{}: cannot be read: {error}",
                masked_path(&settings.scanner, file)
            ))
        })?;
        let builder = OccurrenceBuilder::new(&settings.scanner);
        let located = builder.scan(&text, Frames::Omit);
        let found = builder.occurrences(&located).map(|found| found.occurrence);
        let values: Vec<Self> = found
            .filter(|found| rule.is_none_or(|rule| *rule == *found.rule.id))
            .filter(|found| match column {
                Some(column) => {
                    (found.place.start.line, found.place.start.column) == (*line, *column)
                }
                None => is_on_line(found, *line),
            })
            .map(Self)
            .collect();
        if values.is_empty() {
            let message = format!(
                "{}: no finding at line {line}",
                masked_path(&settings.scanner, file)
            );
            return Err(CliError::new(message)
                .help("give the line that `keysieve scan` reports for the file as it is now"));
        }
        Ok(values)
    }

    /// Whether it needs a salt.
    pub(super) fn is_guessable(&self) -> bool {
        self.0.rule.guessable
    }

    /// Its fingerprint in an allow entry; `None` if there is no salt, but it needs one.
    pub(super) fn written(&self, salt: Option<Salt>) -> Option<WrittenFingerprint> {
        let fingerprint = self.0.fingerprint;
        if self.is_guessable() {
            salt.map(|salt| fingerprint.salted(salt).into())
        } else {
            Some(fingerprint.into())
        }
    }
}

fn is_on_line(found: &Occurrence, line: usize) -> bool {
    let is_in = |place: &Place| (place.start.line..=place.end.line).contains(&line);
    is_in(&found.place)
        || found
            .partner
            .as_ref()
            .is_some_and(|half| is_in(&half.place))
}
