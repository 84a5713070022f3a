//! Writes the format `github-summary`: the job summary of GitHub Actions, a Markdown page whose
//! length stays below GitHub's limit.

use std::io;

use crate::blob::Skip;
use crate::finding::{Finding, Outcome};
use crate::report::api::Options;
use crate::report::formats::markdown::{advice, block, code, head, policy, prose, skips};
use crate::report::safe_text::redactor::{Note, Redactor};
use crate::report::safe_text::words::{UNREAD, failed_and_other_skips, skips_word};

/// GitHub drops the summary of a step if it is larger than 1 MiB. Rows stop before that; the
/// remaining ones are counted.
const MAX_BYTES: usize = 900 * 1024;

/// The most skips of one kind that are listed, and the most policy files.
const MAX_LISTED: usize = 50;

/// The notes that fit into a row.
const NOTES: [&str; 2] = ["what", "in"];

/// The most commands that are listed below the table.
const MAX_COMMANDS: usize = 50;

/// Writes the page.
pub(super) fn write(
    options: &Options,
    outcome: &Outcome,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let redactor = Redactor::new(outcome, options);
    head(outcome, out)?;
    let (failed, other) = failed_and_other_skips(outcome);
    skips(
        &redactor,
        &format!("{} {UNREAD}", failed.len()),
        first_few(&failed),
        out,
    )?;
    policy(&redactor, &outcome.policy_changes, MAX_LISTED, out)?;
    let findings = outcome
        .findings
        .iter()
        .map(|found| row(&redactor, found, &redactor.secrets(found)));
    let allowed = if options.show_allowed {
        &*outcome.allowed
    } else {
        &[]
    };
    let allowed = allowed.iter().map(|allowed| {
        let by = format!("allowed by {}", redactor.allowed_by(allowed));
        let secret = allowed.finding.secret.masked();
        row(
            &redactor,
            &allowed.finding,
            &[("secret", secret), ("allowed", by)],
        )
    });
    table(findings.chain(allowed), out)?;
    if !outcome.findings.is_empty() {
        writeln!(out, "{}\n", advice())?;
        commands(&redactor, &outcome.findings, out)?;
    }
    skips(
        &redactor,
        &format!("{} {}", other.len(), skips_word(other.iter().copied())),
        first_few(&other),
        out,
    )
}

fn first_few<'s>(skips: &'s [&'s Skip]) -> &'s [&'s Skip] {
    &skips[..skips.len().min(MAX_LISTED)]
}

/// Writes the commands that allow findings. In a block of their own, as a page is too narrow for
/// them in a table.
fn commands(
    redactor: &Redactor<'_>,
    findings: &[Finding],
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let commands = findings.iter().take(MAX_COMMANDS).map(|found| {
        let place = redactor.place(found, &found.place);
        let notes = redactor.notes(found).into_iter();
        let allow = notes.filter(|(label, _)| *label == "allow");
        let allow: String = allow.map(|(_, command)| command).collect();
        format!("# {} at {place}\n{allow}\n", found.rule.id)
    });
    let text: String = commands.collect();
    let title = "<details><summary>Commands that allow findings</summary>";
    writeln!(out, "{title}\n\n{}\n</details>\n", block(&text))
}

/// Writes as many rows as fit.
fn table(rows: impl Iterator<Item = String>, out: &mut dyn io::Write) -> io::Result<()> {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    writeln!(out, "| | rule | place | secret | |\n|---|---|---|---|---|")?;
    let mut left = MAX_BYTES;
    while let Some(row) = rows.next_if(|row| row.len() <= left) {
        left -= row.len();
        writeln!(out, "{row}")?;
    }
    match rows.count() {
        0 => writeln!(out),
        more => writeln!(out, "\n... and {more} more\n"),
    }
}

fn row(redactor: &Redactor<'_>, found: &Finding, secrets: &[Note]) -> String {
    let sign = if found.blocking { "❌" } else { "⚠️" };
    let mut notes = redactor.notes(found);
    notes.retain(|(label, _)| NOTES.contains(label));
    let (rule, place) = (
        cell(&found.rule.id),
        cell(&redactor.place(found, &found.place)),
    );
    let (secrets, notes) = (lines(secrets), lines(&notes));
    format!(
        "| {sign} {} | {rule} | {place} | {secrets} | {notes} |",
        found.confidence
    )
}

fn lines(notes: &[Note]) -> String {
    let cells = notes.iter().map(|(label, text)| match *label {
        "secret" | "with" => cell(text),
        _ => prose(text).replace('|', "\\|"),
    });
    cells.collect::<Vec<_>>().join("<br>")
}

/// A code span in a table. A bar ends the cell even inside a code span, so it is escaped.
fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::Origin;
    use crate::report::samples::{hostile, outcome, pair, render};

    #[test]
    fn a_row_for_each_finding() {
        let text = render(
            "github-summary",
            &outcome(),
            Options {
                show_allowed: true,
                ..Options::default()
            },
        );
        assert_eq!(
            text.lines()
                .filter(|line| line.starts_with("| ❌ ") || line.starts_with("| ⚠️ "))
                .count(),
            5
        );
        assert!(
            text.contains("| ❌ certain | `aws-credentials` | `src/config.py:12:11` | `q8/Z****"),
            "{text}"
        );
        assert!(
            text.contains("account 123456789012; with the AWS access key id"),
            "{text}"
        );
        assert!(
            text.contains("1 could not be read") && text.contains("Rotate first"),
            "{text}"
        );
        let policy = "## 1 policy file: this change alters what keysieve ignores\n\n- `.keysieve.toml`: changed\n";
        assert!(text.contains(policy), "{text}");
    }

    #[test]
    fn no_name_ends_a_cell() {
        let mut found = pair();
        found.origin = Origin::File {
            path: "a|b\n| x |".into(),
        };
        let text = render(
            "github-summary",
            &Outcome {
                findings: vec![found],
                ..hostile()
            },
            Options::default(),
        );
        assert!(text.contains("| `a\\|b\\n\\| x \\|:12:11` |"), "{text}");
    }

    #[test]
    fn a_summary_has_an_end() {
        let (findings, policy_changes) = (
            vec![pair(); 10_000],
            vec![outcome().policy_changes[0].clone(); 10_000],
        );
        let all = Outcome {
            findings,
            policy_changes,
            ..Outcome::default()
        };
        let text = render("github-summary", &all, Options::default());
        assert!(
            text.len() < 1024 * 1024 && text.len() > 800 * 1024,
            "{}",
            text.len()
        );
        let rows = text
            .lines()
            .filter(|line| line.starts_with("| ❌ "))
            .count();
        assert!(text.contains(&format!("... and {} more", 10_000 - rows)));
        assert!(
            text.contains("## 10000 policy files: ")
                && text.matches("- `.keysieve.toml`").count() == MAX_LISTED
        );
    }
}
