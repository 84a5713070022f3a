//! When the secrets of a repository came and went, month by month.

use std::collections::BTreeMap;
use std::io;

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::Serialize;

use crate::blob::Origin;
use crate::finding::history::CommitPlace;
use crate::finding::{Finding, Outcome};
use crate::report::formats::human;
use crate::report::formats::shape::{
    SCHEMA, ScannedShape, Shaper, SkipShape, ToolShape, scanned, tool,
};
use crate::report::safe_text::escaping::write;
use crate::report::safe_text::facts::{Facts, short};
use crate::report::{Options, Report};

/// For people: a table, and under each month what came and went.
pub(super) struct Table {
    options: Options,
}

impl Table {
    /// A timeline with these options.
    pub(super) const fn new(options: Options) -> Self {
        Self { options }
    }
}

/// As one JSON document.
pub(super) struct Json {
    options: Options,
}

impl Json {
    /// A timeline with these options.
    pub(super) const fn new(options: Options) -> Self {
        Self { options }
    }
}

/// All changes, and what has no time.
#[derive(Serialize)]
struct Timeline {
    timeline: Vec<Month>,
    /// What stands in no commit: in an index, in a tag, beside history.
    undated: Vec<Change>,
}

/// A month with a change in it.
#[derive(Serialize)]
struct Month {
    month: String,
    came: usize,
    gone: usize,
    standing: usize,
    changes: Vec<Change>,
    /// How many months without a change lie before it.
    #[serde(skip)]
    quiet: i32,
}

/// A secret that came or went.
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

/// What is to be said of a finding.
fn change(found: &Finding, facts: &Facts<'_>, change: Option<&'static str>) -> Change {
    Change {
        change,
        rule: found.rule.id.to_string(),
        secret: facts.secret(&found.secret),
        fingerprint: found.fingerprint.to_string(),
        path: facts.path(found),
        line: (!matches!(found.origin, Origin::Name { .. })).then_some(found.place.start.line),
        commit: found.origin.commit().map(|commit| commit.id.clone()),
    }
}

fn went(found: &Finding, facts: &Facts<'_>, last: &CommitPlace) -> Change {
    let mut change = change(found, facts, Some("gone"));
    // A commit's own text has the commit for a path.
    let path = if last.path.is_empty() {
        last.commit.id.as_bytes()
    } else {
        last.path.as_slice()
    };
    change.path = facts.text(path);
    change.line = change.line.and(Some(last.line));
    change.commit = Some(last.commit.id.clone());
    change
}

/// A month, as a number that grows by one from each to the next.
fn month_of(time: i64) -> i32 {
    let beyond = if time < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    let date = Offset::UTC.to_datetime(Timestamp::from_second(time).unwrap_or(beyond));
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
        let facts = Facts::new(outcome, options);
        let mut months: BTreeMap<i32, Vec<Change>> = BTreeMap::new();
        let mut undated = Vec::new();
        for found in &outcome.findings {
            let Some(commit) = found.origin.commit() else {
                undated.push(change(found, &facts, None));
                continue;
            };
            let came = month_of(commit.time);
            months
                .entry(came)
                .or_default()
                .push(change(found, &facts, Some("came")));
            if let Some(last) = found
                .history
                .as_ref()
                .and_then(|history| history.last.as_ref())
            {
                // Clocks differ: nothing goes before it came.
                let gone = month_of(last.commit.time).max(came);
                months
                    .entry(gone)
                    .or_default()
                    .push(went(found, &facts, last));
            }
        }
        let (mut standing, mut before) = (0, None);
        let month = |(number, changes): (i32, Vec<Change>)| {
            let gone = changes
                .iter()
                .filter(|change| change.change == Some("gone"))
                .count();
            let came = changes.len() - gone;
            standing = standing + came - gone;
            let quiet = before.map_or(0, |before: i32| number - before - 1);
            before = Some(number);
            Month {
                month: name_of(number),
                came,
                gone,
                standing,
                changes,
                quiet,
            }
        };
        Self {
            timeline: months.into_iter().map(month).collect(),
            undated,
        }
    }
}

impl Report for Table {
    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
        let Timeline { timeline, undated } = Timeline::new(outcome, &self.options);
        let changes = || {
            timeline
                .iter()
                .flat_map(|month| &month.changes)
                .chain(&undated)
        };
        let widest = |text: fn(&Change) -> &str| {
            changes()
                .map(|change| text(change).chars().count())
                .max()
                .unwrap_or(0)
        };
        let (rule, secret) = (
            widest(|change| &change.rule),
            widest(|change| &change.secret),
        );
        let line = |sign: char, change: &Change, out: &mut dyn io::Write| {
            let at = change
                .line
                .map_or_else(String::new, |line| format!(":{line}"));
            let commit = change.commit.as_deref().map_or("", short);
            let place = if Some(&change.path) == change.commit.as_ref() {
                "the commit itself".to_owned()
            } else {
                format!("{}{at}", change.path)
            };
            let text = format!(
                "  {sign} {:rule$}  {:secret$}  {place}  {commit}",
                change.rule, change.secret
            );
            writeln!(out, "{}", text.trim_end())
        };
        if !timeline.is_empty() {
            writeln!(out, "month    came  gone  standing")?;
        }
        for month in &timeline {
            if month.quiet > 0 {
                let months = if month.quiet == 1 { "month" } else { "months" };
                writeln!(out, "...      {} {months} without a change", month.quiet)?;
            }
            writeln!(
                out,
                "{}  {:>4}  {:>4}  {:>8}",
                month.month, month.came, month.gone, month.standing
            )?;
            for change in &month.changes {
                line(
                    if change.change == Some("gone") {
                        '-'
                    } else {
                        '+'
                    },
                    change,
                    out,
                )?;
            }
        }
        if !undated.is_empty() {
            writeln!(out, "in no commit: {}", undated.len())?;
            undated
                .iter()
                .try_for_each(|change| line('+', change, out))?;
        }
        if timeline.iter().any(|month| month.gone > 0) {
            writeln!(
                out,
                "\ngone: HEAD does not hold it; the month is that of the last commit that does"
            )?;
        }
        if !outcome.findings.is_empty() {
            writeln!(out)?;
        }
        human::ending(&self.options, outcome, out)
    }
}

/// The document.
#[derive(Serialize)]
struct Document<'o> {
    schema: u32,
    tool: ToolShape<'o>,
    status: &'static str,
    scanned: ScannedShape,
    skipped: Vec<SkipShape>,
    #[serde(flatten)]
    changes: Timeline,
}

impl Report for Json {
    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
        let shaper = Shaper::new(outcome, &self.options);
        let document = Document {
            schema: SCHEMA,
            tool: tool(&self.options),
            status: outcome.status().word(),
            scanned: scanned(outcome.totals),
            skipped: outcome
                .skipped
                .iter()
                .map(|skip| shaper.skip(skip))
                .collect(),
            changes: Timeline::new(outcome, &self.options),
        };
        write(&document, true, out)
    }
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
