//! Writes many findings as one line each, grouped by file, and counts them by rule.

use std::collections::BTreeMap;
use std::io;

use super::Page;
use super::wrap::{columns, cut_end, cut_start};
use crate::blob::Origin;
use crate::finding::Finding;
use crate::report::safe_text::redactor::short;
use crate::rule::Confidence;

/// The least width of the column of paths.
const MIN_PATH: usize = 16;

/// The most rules in the table at the end.
const MAX_RULES: usize = 20;

/// What a line shows of a finding: the path, line and column, and the commit if there is one.
struct Row<'f> {
    found: &'f Finding,
    path: String,
    place: String,
    commit: &'f str,
}

/// The greatest width of each column; blanks that separate it from the next one included.
#[derive(Default)]
struct Widths {
    path: usize,
    place: usize,
    grade: usize,
    rule: usize,
    commit: usize,
}

impl Page<'_> {
    /// Writes a line for each of `findings`. The path is written once for each file.
    pub(super) fn listing(&self, findings: &[&Finding], out: &mut dyn io::Write) -> io::Result<()> {
        let rows: Vec<_> = findings.iter().map(|found| self.row(found)).collect();
        let widths = self.widths(&rows);
        let mut previous = None;
        for row in &rows {
            let path = match previous.replace(&row.path) {
                Some(previous) if *previous == row.path => String::new(),
                _ => cut_start(&row.path, widths.path),
            };
            let found = row.found;
            let path = pad(self.paint.strong(&path), widths.path);
            let grade = self.paint.finding(found.blocking, found.confidence);
            let grade = pad(grade, widths.grade);
            let rule = pad(cut_end(&found.rule.id, widths.rule), widths.rule);
            let place = format!("{:>1$}", row.place, widths.place);
            let line = format!("{path}  {place}  {grade}  {rule}  {}", row.commit);
            writeln!(out, "{}", line.trim_end())?;
        }
        writeln!(out)
    }

    fn row<'f>(&self, found: &'f Finding) -> Row<'f> {
        let start = found.place.start;
        let place = match found.origin {
            Origin::Name { .. } => "name".to_owned(),
            _ => format!("{}:{}", start.line, start.column),
        };
        Row {
            found,
            path: self.redactor.path(found),
            place,
            commit: found.origin.commit().map_or("", |commit| short(&commit.id)),
        }
    }

    /// The columns as wide as their content; the paths give way if the terminal is too narrow, and
    /// then the names of the rules.
    fn widths(&self, rows: &[Row<'_>]) -> Widths {
        let mut widths = Widths::default();
        for Row {
            found,
            path,
            place,
            commit,
        } in rows
        {
            widths.path = widths.path.max(columns(path));
            widths.place = widths.place.max(place.len());
            widths.grade = widths.grade.max(found.confidence.word().len());
            widths.rule = widths.rule.max(found.rule.id.len());
            widths.commit = widths.commit.max(commit.len());
        }
        if let Some(terminal) = self.options.screen.width {
            let gaps = if widths.commit > 0 { 8 } else { 6 };
            let fixed = widths.place + widths.grade + widths.commit + gaps;
            let room = terminal.saturating_sub(fixed);
            let path = room.saturating_sub(widths.rule).max(MIN_PATH);
            widths.path = widths.path.min(path);
            widths.rule = widths.rule.min(room.saturating_sub(widths.path).max(1));
        }
        widths
    }

    /// Writes how many findings each rule has, by grade: the one with most of the highest first.
    pub(super) fn by_rule(&self, findings: &[&Finding], out: &mut dyn io::Write) -> io::Result<()> {
        let grades: Vec<_> = Confidence::ALL.into_iter().rev().collect();
        let mut rules: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for found in findings {
            let counts = rules.entry(&found.rule.id).or_insert(vec![0; grades.len()]);
            for (count, grade) in counts.iter_mut().zip(&grades) {
                *count += usize::from(found.confidence == *grade);
            }
        }
        let mut rules: Vec<_> = rules.into_iter().collect();
        rules.sort_by(|(_, a), (_, b)| b.cmp(a));
        let longest = rules.iter().map(|(rule, _)| rule.len()).max().unwrap_or(0);
        let cells = grades.len() * CELL;
        let width = self.options.screen.width.unwrap_or(usize::MAX);
        let longest = longest.max("rule".len()).min(width.saturating_sub(cells));
        let head = grades
            .iter()
            .map(|grade| format!("{:>CELL$}", grade.word()));
        let head = format!("{:longest$}{}", "rule", head.collect::<String>());
        writeln!(out, "{}", self.paint.strong(head))?;
        for (rule, counts) in rules.iter().take(MAX_RULES) {
            let counts = counts.iter().map(|count| format!("{count:>CELL$}"));
            let rule = pad(cut_end(rule, longest), longest);
            writeln!(out, "{rule}{}", counts.collect::<String>())?;
        }
        if let more @ 1.. = rules.len().saturating_sub(MAX_RULES) {
            writeln!(out, "and {more} more")?;
        }
        writeln!(out)
    }
}

/// The width of a number in the table of rules.
const CELL: usize = 9;

/// Adds blanks until `text` takes `width` columns.
fn pad(text: String, width: usize) -> String {
    let blanks = width.saturating_sub(columns(&text));
    text + &" ".repeat(blanks)
}
