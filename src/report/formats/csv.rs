//! Writes the format `csv`: a table that is safe to open in a spreadsheet, with a row for each
//! finding, skip and policy change.

use std::io;

use crate::finding::{Finding, Outcome};
use crate::report::api::Options;
use crate::report::safe_text::redactor::Redactor;

/// The columns. `state` is `blocks`, `reported` or `allowed` for a finding, `unread` or `skipped`
/// for what was not scanned, and `policy` for a changed policy file.
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

/// Writes the table.
pub(super) fn write(
    options: &Options,
    outcome: &Outcome,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let redactor = Redactor::new(outcome, options);
    row(COLUMNS.map(str::to_owned), out)?;
    for found in &outcome.findings {
        let state = if found.blocking { "blocks" } else { "reported" };
        row(finding(&redactor, found, state, String::new()), out)?;
    }
    if options.show_allowed {
        let masked = Redactor::masked(outcome);
        for allowed in &outcome.allowed {
            let reason = redactor.allowed_by(allowed);
            row(finding(&masked, &allowed.finding, "allowed", reason), out)?;
        }
    }
    for skip in &outcome.skipped {
        let state = if skip.reason.is_failure() {
            "unread"
        } else {
            "skipped"
        };
        row(file(state, redactor.skip(skip)), out)?;
    }
    for change in &outcome.policy_changes {
        row(file("policy", redactor.policy_change(change)), out)?;
    }
    Ok(())
}

/// A row about a file that is not a finding.
fn file(state: &str, (path, reason): (String, String)) -> [String; COLUMNS.len()] {
    let mut cells = [const { String::new() }; COLUMNS.len()];
    state.clone_into(&mut cells[0]);
    cells[4] = path;
    cells[18] = reason;
    cells
}

fn finding(
    redactor: &Redactor<'_>,
    found: &Finding,
    state: &str,
    reason: String,
) -> [String; COLUMNS.len()] {
    let commit = found
        .origin
        .commit()
        .map(|commit| redactor.commit(commit))
        .unwrap_or_default();
    let partner = found.partner.as_ref();
    let with = partner.map(|partner| {
        format!(
            "{} {}",
            partner.rule.id,
            redactor.place(found, &partner.place)
        )
    });
    let end_column = found.rule.end_column(&found.place);
    let with_secret = partner.map(|partner| redactor.secret(&partner.secret));
    [
        state.to_owned(),
        found.confidence.to_string(),
        found.rule.id.to_string(),
        redactor.description(found),
        redactor.path(found),
        found.place.start.line.to_string(),
        found.place.start.column.to_string(),
        found.place.end.line.to_string(),
        end_column
            .map(|column| column.to_string())
            .unwrap_or_default(),
        redactor.secret(&found.secret),
        found.public_fingerprint.to_string(),
        with.unwrap_or_default(),
        with_secret.unwrap_or_default(),
        found.origin.kind().to_owned(),
        commit.id,
        commit.author,
        commit.date,
        commit.subject,
        reason,
    ]
}

fn row(cells: [String; COLUMNS.len()], out: &mut dyn io::Write) -> io::Result<()> {
    let cells = cells.map(|cell| format!("\"{}\"", not_a_formula(cell).replace('"', "\"\"")));
    writeln!(out, "{}", cells.join(","))
}

/// A spreadsheet runs a cell that begins like a formula. An apostrophe makes it text. The last
/// four characters are full-width forms of the first four.
fn not_a_formula(cell: String) -> String {
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
    use crate::report::samples::{history, hostile, outcome, render};

    /// Parsed by a parser that is not ours.
    fn parsed(outcome: &Outcome, options: Options) -> Vec<Vec<String>> {
        let text = render("csv", outcome, options);
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
    fn cells_are_never_spreadsheet_formulas() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "＝1"] {
            assert_eq!(not_a_formula(formula.to_owned()), format!("'{formula}"));
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
