//! Writes a timeline of an audit: which secrets appeared and which disappeared, month by month.

use std::collections::BTreeMap;
use std::io;

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::Serialize;

use crate::blob::Origin;
use crate::finding::history::CommitPlace;
use crate::finding::{Finding, Outcome};
use crate::report::api::Options;
use crate::report::formats::human;
use crate::report::formats::json_types::{HeaderJson, JsonMapper, SkipJson};
use crate::report::safe_text::escaping::write_json;
use crate::report::safe_text::log_text::write_log;
use crate::report::safe_text::redactor::{Redactor, short};

/// All changes, with and without a date.
#[derive(Serialize)]
struct Timeline {
    timeline: Vec<Month>,
    /// Secrets in no commit: in an index, in a tag, outside the object store.
    undated: Vec<Change>,
}

/// A month with at least one change.
#[derive(Serialize)]
struct Month {
    month: String,
    came: usize,
    gone: usize,
    #[serde(rename = "standing")]
    present: usize,
    changes: Vec<Change>,
    /// How many months without a change precede it.
    #[serde(skip)]
    quiet_months: i32,
}

/// A secret that appeared or disappeared.
#[derive(Serialize)]
struct Change {
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<&'static str>,
    rule: String,
    secret: String,
    fingerprint: String,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
}

impl Change {
    fn new(found: &Finding, redactor: &Redactor<'_>, change: Option<&'static str>) -> Self {
        let has_line = !matches!(found.origin, Origin::Name { .. });
        Self {
            change,
            rule: found.rule.id.to_string(),
            secret: redactor.secret(&found.secret),
            fingerprint: found.public_fingerprint.to_string(),
            path: redactor.path(found),
            line: has_line.then_some(found.place.start.line),
            commit: found.origin.commit().map(|commit| commit.id.clone()),
        }
    }

    fn gone(found: &Finding, redactor: &Redactor<'_>, last: &CommitPlace) -> Self {
        let mut change = Self::new(found, redactor, Some("gone"));
        // The path of a finding in a commit object is the id of the commit.
        let is_in_file = !last.path.is_empty();
        let path = if is_in_file {
            last.path.as_slice()
        } else {
            last.commit.id.as_bytes()
        };
        change.path = redactor.text(path);
        change.line = change.line.and(Some(last.line));
        change.commit = Some(last.commit.id.clone());
        change
    }

    fn is_gone(&self) -> bool {
        self.change == Some("gone")
    }
}

/// Numbers the months consecutively.
fn month_of(time: i64) -> i32 {
    let limit = if time < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    let date = Offset::UTC.to_datetime(Timestamp::from_second(time).unwrap_or(limit));
    i32::from(date.year()) * 12 + i32::from(date.month()) - 1
}

fn name_of(month: i32) -> String {
    format!(
        "{:04}-{:02}",
        month.div_euclid(12),
        month.rem_euclid(12) + 1
    )
}

impl Timeline {
    fn new(outcome: &Outcome, options: &Options) -> Self {
        let redactor = Redactor::new(outcome, options);
        let mut months: BTreeMap<i32, Vec<Change>> = BTreeMap::new();
        let mut undated = Vec::new();
        for found in &outcome.findings {
            let Some(commit) = found.origin.commit() else {
                undated.push(Change::new(found, &redactor, None));
                continue;
            };
            let came = month_of(commit.time);
            months
                .entry(came)
                .or_default()
                .push(Change::new(found, &redactor, Some("came")));
            if let Some(last) = found
                .history
                .as_ref()
                .and_then(|history| history.last.as_ref())
            {
                // Clocks differ; nothing disappears before it appears.
                let gone = month_of(last.commit.time).max(came);
                months
                    .entry(gone)
                    .or_default()
                    .push(Change::gone(found, &redactor, last));
            }
        }
        Self {
            timeline: count_up(months),
            undated,
        }
    }

    fn changes(&self) -> impl Iterator<Item = &Change> {
        self.timeline
            .iter()
            .flat_map(|month| &month.changes)
            .chain(&self.undated)
    }
}

fn count_up(months: BTreeMap<i32, Vec<Change>>) -> Vec<Month> {
    let (mut counted, mut present, mut previous) = (Vec::new(), 0, None);
    for (month, changes) in months {
        let gone = changes.iter().filter(|change| change.is_gone()).count();
        let came = changes.len() - gone;
        present = present + came - gone;
        let quiet_months = previous.map_or(0, |previous: i32| month - previous - 1);
        previous = Some(month);
        counted.push(Month {
            month: name_of(month),
            came,
            gone,
            present,
            changes,
            quiet_months,
        });
    }
    counted
}

/// Widths of the columns of the table.
struct Widths {
    rule: usize,
    secret: usize,
}

impl Widths {
    fn of(timeline: &Timeline) -> Self {
        Self {
            rule: timeline
                .changes()
                .map(|change| width(&change.rule))
                .max()
                .unwrap_or(0),
            secret: timeline
                .changes()
                .map(|change| width(&change.secret))
                .max()
                .unwrap_or(0),
        }
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// Writes the timeline as a table for people.
pub(super) fn write_table(
    options: &Options,
    outcome: &Outcome,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    write_log(out, |out| table(options, outcome, out))
}

fn table(options: &Options, outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
    let timeline = Timeline::new(outcome, options);
    let widths = Widths::of(&timeline);
    if !timeline.timeline.is_empty() {
        writeln!(out, "month    came  gone   present")?;
    }
    for month in &timeline.timeline {
        write_month(month, &widths, out)?;
    }
    if !timeline.undated.is_empty() {
        writeln!(out, "not in a commit: {}", timeline.undated.len())?;
        write_changes(&timeline.undated, &widths, out)?;
    }
    if timeline.changes().any(Change::is_gone) {
        writeln!(
            out,
            "\ngone: no longer in HEAD; dated by the last commit that contains it"
        )?;
    }
    if !outcome.findings.is_empty() {
        writeln!(out)?;
    }
    human::ending(options, outcome, out)
}

fn write_month(month: &Month, widths: &Widths, out: &mut dyn io::Write) -> io::Result<()> {
    match month.quiet_months {
        0 => {}
        1 => writeln!(out, "...      1 month without a change")?,
        many => writeln!(out, "...      {many} months without a change")?,
    }
    let Month {
        month,
        came,
        gone,
        present,
        changes,
        ..
    } = month;
    writeln!(out, "{month}  {came:>4}  {gone:>4}  {present:>8}")?;
    write_changes(changes, widths, out)
}

fn write_changes(changes: &[Change], widths: &Widths, out: &mut dyn io::Write) -> io::Result<()> {
    let Widths {
        rule: rule_width,
        secret: secret_width,
    } = *widths;
    for change in changes {
        let Change {
            rule, secret, path, ..
        } = change;
        let sign = if change.is_gone() { '-' } else { '+' };
        let commit = change.commit.as_deref().map_or("", short);
        let place = match change.line {
            _ if change.commit.as_ref() == Some(path) => "the commit object".to_owned(),
            None => path.clone(),
            Some(line) => format!("{path}:{line}"),
        };
        let text =
            format!("  {sign} {rule:rule_width$}  {secret:secret_width$}  {place}  {commit}");
        writeln!(out, "{}", text.trim_end())?;
    }
    Ok(())
}

/// The JSON document.
#[derive(Serialize)]
struct Document<'o> {
    #[serde(flatten)]
    header: HeaderJson<'o>,
    skipped: Vec<SkipJson>,
    #[serde(flatten)]
    changes: Timeline,
}

/// Writes the timeline as one JSON document.
pub(super) fn write_document(
    options: &Options,
    outcome: &Outcome,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mapper = JsonMapper::new(outcome, options);
    let document = Document {
        header: HeaderJson::new(outcome, options),
        skipped: outcome
            .skipped
            .iter()
            .map(|skip| mapper.skip(skip))
            .collect(),
        changes: Timeline::new(outcome, options),
    };
    write_json(&document, true, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_counted_from_times() {
        for (time, name) in [
            (0, "1970-01"),
            (-1, "1969-12"),
            (1_709_251_199, "2024-02"),
            (1_709_251_200, "2024-03"),
            (i64::MAX, "9999-12"),
        ] {
            assert_eq!(name_of(month_of(time)), name);
        }
        assert_eq!(month_of(1_709_251_200) - month_of(1_709_251_199), 1);
    }
}
