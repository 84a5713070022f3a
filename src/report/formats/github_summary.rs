//! The format `github-summary`: the job summary of GitHub Actions, a page of Markdown that is never
//! too long for it.

use std::io;

use crate::finding::{Finding, Outcome};
use crate::report::formats::markdown::{advice, code, head, policy, skips};
use crate::report::safe_text::facts::{Facts, Note};
use crate::report::safe_text::words::UNREAD;
use crate::report::{Options, Report};

/// GitHub shows no summary of more than a mebibyte for a step, so rows end before, and the rest is
/// counted.
const MAX_BYTES: usize = 900 * 1024;

/// The most skips of a kind that are listed, and the most files of policy.
const MAX_LISTED: usize = 50;

/// The notes that there is room for in a row.
const NOTES: [&str; 3] = ["what", "in", "allow"];

/// Writes a job summary.
pub(in crate::report) struct Summary {
    options: Options,
}

impl Summary {
    /// A report with these options.
    pub(in crate::report) const fn new(options: Options) -> Self {
        Self { options }
    }
}

impl Report for Summary {
    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
        let facts = Facts::new(outcome, &self.options);
        head(outcome, out)?;
        let (failed, other): (Vec<_>, Vec<_>) = outcome
            .skipped
            .iter()
            .partition(|skip| skip.reason.is_failure());
        let listed = |skips: &[_]| skips.len().min(MAX_LISTED);
        skips(
            &facts,
            &format!("{} {UNREAD}", failed.len()),
            &failed[..listed(&failed)],
            out,
        )?;
        policy(&facts, &outcome.policy_changes, MAX_LISTED, out)?;
        let shown = outcome.allowed.iter().filter(|_| self.options.show_allowed);
        let rows = outcome
            .findings
            .iter()
            .map(|found| row(&facts, found, &facts.secrets(found)));
        let allowed = shown.map(|allowed| {
            let by = (
                "allowed",
                format!("allowed by {}", facts.exception(allowed)),
            );
            row(
                &facts,
                &allowed.finding,
                &[("secret", allowed.finding.secret.masked()), by],
            )
        });
        table(rows.chain(allowed), out)?;
        if !outcome.findings.is_empty() {
            writeln!(out, "{}\n", advice())?;
        }
        skips(
            &facts,
            &format!("{} not scanned", other.len()),
            &other[..listed(&other)],
            out,
        )
    }
}

/// Writes as many rows as there is room for.
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

fn row(facts: &Facts<'_>, found: &Finding, secrets: &[Note]) -> String {
    let sign = if found.blocking { "❌" } else { "⚠️" };
    let notes: Vec<_> = facts
        .notes(found)
        .into_iter()
        .filter(|(label, _)| NOTES.contains(label))
        .collect();
    let lines = |notes: &[Note]| {
        notes
            .iter()
            .map(|(_, text)| cell(text))
            .collect::<Vec<_>>()
            .join("<br>")
    };
    let (rule, place) = (
        cell(&found.rule.id),
        cell(&facts.place(found, &found.place)),
    );
    format!(
        "| {sign} {} | {rule} | {place} | {} | {} |",
        found.confidence,
        lines(secrets),
        lines(&notes)
    )
}

/// A code span in a table, where a bar would end the cell even there.
fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::Origin;
    use crate::report::samples::{hostile, outcome, pair, shown};

    #[test]
    fn a_row_for_each_finding() {
        let text = shown(
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
            text.contains("`account 123456789012; with the AWS access key id"),
            "{text}"
        );
        assert!(
            text.contains("1 could not be read") && text.contains("Rotate first"),
            "{text}"
        );
        let policy = "## 1 file of policy: this change alters what keysieve ignores\n\n- `.keysieve.toml`: changed\n";
        assert!(text.contains(policy), "{text}");
    }

    #[test]
    fn no_name_ends_a_cell() {
        let mut found = pair();
        found.origin = Origin::File {
            path: "a|b\n| x |".into(),
        };
        let text = shown(
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
        let text = shown("github-summary", &all, Options::default());
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
            text.contains("## 10000 files of policy: ")
                && text.matches("- `.keysieve.toml`").count() == MAX_LISTED
        );
    }
}
