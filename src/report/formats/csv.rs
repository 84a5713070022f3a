//! The format `csv`: a table with a row for each finding, each skip and each change of the policy,
//! safe to open in a spreadsheet.

use std::io;

use crate::finding::{Finding, Outcome};
use crate::report::safe_text::facts::{CommitFacts, Facts};
use crate::report::{Options, Report};

/// Writes a table.
pub(in crate::report) struct Csv {
    options: Options,
}

impl Csv {
    /// A report with these options.
    pub(in crate::report) const fn new(options: Options) -> Self {
        Self { options }
    }
}

/// The columns. `state` is `blocks`, `reported` or `allowed` of a finding, `unread` or `skipped` of
/// what was not scanned, and `policy` of a file of policy that is changed.
const COLUMNS: [&str; 19] = [
    "state",
    "confidence",
    "rule",
    "description",
    "path",
    "line",
    "column",
    "end_line",
    "end_column",
    "secret",
    "fingerprint",
    "with",
    "with_secret",
    "origin",
    "commit",
    "author",
    "date",
    "subject",
    "reason",
];

impl Report for Csv {
    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
        let facts = Facts::new(outcome, &self.options);
        row(COLUMNS.map(str::to_owned), out)?;
        for found in &outcome.findings {
            let state = if found.blocking { "blocks" } else { "reported" };
            row(cells(&facts, found, [state.to_owned(), String::new()]), out)?;
        }
        let masked = Facts::masked(outcome);
        for allowed in outcome.allowed.iter().filter(|_| self.options.show_allowed) {
            let state = ["allowed".to_owned(), facts.exception(allowed)];
            row(cells(&masked, &allowed.finding, state), out)?;
        }
        for skip in &outcome.skipped {
            let state = if skip.reason.is_failure() {
                "unread"
            } else {
                "skipped"
            };
            row(file(state, facts.skip(skip)), out)?;
        }
        for change in &outcome.policy_changes {
            row(file("policy", facts.policy_change(change)), out)?;
        }
        Ok(())
    }
}

/// What is to be said about a file that is no finding.
fn file(state: &str, (path, reason): (String, String)) -> [String; COLUMNS.len()] {
    let mut cells = [const { String::new() }; COLUMNS.len()];
    state.clone_into(&mut cells[0]);
    cells[4] = path;
    cells[18] = reason;
    cells
}

fn cells(facts: &Facts<'_>, found: &Finding, state: [String; 2]) -> [String; COLUMNS.len()] {
    let [state, reason] = state;
    let none = || CommitFacts {
        id: String::new(),
        author: String::new(),
        date: String::new(),
        subject: String::new(),
    };
    let commit = found
        .origin
        .commit()
        .map_or_else(none, |commit| facts.commit(commit));
    let partner = found.partner.as_ref();
    [
        state,
        found.confidence.to_string(),
        found.rule.id.to_string(),
        facts.description(found),
        facts.path(found),
        found.place.start.line.to_string(),
        found.place.start.column.to_string(),
        found.place.end.line.to_string(),
        found.place.end.column.to_string(),
        facts.secret(&found.secret),
        found.fingerprint.to_string(),
        partner
            .map(|partner| format!("{} {}", partner.rule.id, facts.place(found, &partner.place)))
            .unwrap_or_default(),
        partner
            .map(|partner| facts.secret(&partner.secret))
            .unwrap_or_default(),
        found.origin.kind().to_owned(),
        commit.id,
        commit.author,
        commit.date,
        commit.subject,
        reason,
    ]
}

fn row(cells: [String; COLUMNS.len()], out: &mut dyn io::Write) -> io::Result<()> {
    let cells = cells.map(|cell| format!("\"{}\"", harmless(cell).replace('"', "\"\"")));
    writeln!(out, "{}", cells.join(","))
}

/// A cell that begins like a formula is run by a spreadsheet, wherever it came from: an apostrophe
/// makes it text. The last four are what some languages type instead of the first.
fn harmless(cell: String) -> String {
    if cell
        .trim_start()
        .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
    {
        format!("'{cell}")
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{history, hostile, outcome, shown};

    /// Parsed by a parser that is not ours.
    fn parsed(outcome: &Outcome, options: Options) -> Vec<Vec<String>> {
        let text = shown("csv", outcome, options);
        let mut reader = ::csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(text.as_bytes());
        reader
            .records()
            .map(|record| record.unwrap().iter().map(str::to_owned).collect())
            .collect()
    }

    #[test]
    fn a_row_for_each_finding_skip_and_change_of_policy() {
        let rows = parsed(
            &outcome(),
            Options {
                show_allowed: true,
                ..Options::default()
            },
        );
        assert_eq!(rows[0], COLUMNS);
        let states: Vec<_> = rows.iter().skip(1).map(|row| row[0].as_str()).collect();
        assert_eq!(
            states,
            [
                "blocks", "blocks", "reported", "allowed", "allowed", "skipped", "unread", "policy"
            ]
        );
        assert_eq!(
            rows[1][1..9],
            [
                "certain",
                "aws-credentials",
                &rows[1][3],
                "src/config.py",
                "12",
                "11",
                "12",
                "51"
            ]
        );
        assert_eq!(rows[1][11], "aws-access-token src/config.py:11:11");
        assert_eq!(rows[4][18], "gitleaks:allow: a fixture");
        assert_eq!(rows[5][18], "the baseline (owner: platform)");
        assert!(rows[7][18].contains("permission denied"));
        let change = (&*rows[8][4], &*rows[8][18]);
        assert_eq!(
            change,
            (
                ".keysieve.toml",
                "changed; this change alters what keysieve ignores"
            )
        );
        let commit = parsed(&history(), Options::default())[1].clone();
        assert_eq!(
            (commit[13].as_str(), commit[16].as_str()),
            ("commit", "2026-03-01T00:00:00Z")
        );
        assert!(
            commit[15].starts_with("A U Thor <") && commit[17].starts_with("use "),
            "{commit:?}"
        );
    }

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "＝1"] {
            assert_eq!(harmless(formula.to_owned()), format!("'{formula}"));
        }
        let mut outcome = hostile();
        outcome.findings[0].origin = crate::blob::Origin::File {
            path: "=HYPERLINK(\"x\",\"y\")".into(),
        };
        outcome.findings[0].secret = crate::secret::Secret::new(*b"=cmd|' /C calc'!A0");
        for row in parsed(
            &outcome,
            Options {
                reveal: true,
                ..Options::default()
            },
        ) {
            assert!(
                row.iter()
                    .all(|cell| !cell.starts_with(['=', '+', '-', '@'])),
                "{row:?}"
            );
        }
        assert!(parsed(&outcome, Options::default())[1][4].starts_with("'=HYPERLINK(\"x\""));
    }
}
