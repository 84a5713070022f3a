//! The format `markdown`: a page for a comment, a wiki or an issue; and the pieces that other
//! Markdown is made of.

use std::io;

use crate::blob::{Origin, Skip};
use crate::finding::{Finding, Outcome, PolicyChange, Status};
use crate::report::safe_text::facts::Facts;
use crate::report::safe_text::words::{POLICY, ROTATE, UNREAD, count, lists_unused, summary};
use crate::report::{Options, Report};

/// Writes Markdown.
pub(in crate::report) struct Markdown {
    options: Options,
}

impl Markdown {
    /// A report with these options.
    pub(in crate::report) const fn new(options: Options) -> Self {
        Self { options }
    }
}

impl Report for Markdown {
    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
        let facts = Facts::new(outcome, &self.options);
        head(outcome, out)?;
        for found in &outcome.findings {
            finding(&facts, found, out)?;
        }
        if !outcome.findings.is_empty() {
            writeln!(out, "## What to do\n\n{}\n", advice())?;
        }
        policy(&facts, &outcome.policy_changes, usize::MAX, out)?;
        if self.options.show_allowed && !outcome.allowed.is_empty() {
            writeln!(out, "## Allowed\n")?;
            for allowed in &outcome.allowed {
                writeln!(out, "- {}", code(&facts.allowed(allowed)))?;
            }
            writeln!(out)?;
        }
        let found = !outcome.findings.is_empty();
        for entry in outcome
            .unused
            .iter()
            .filter(|entry| lists_unused(entry, self.options.show_unused, found))
        {
            writeln!(out, "- unused: {}\n", code(&facts.unused(entry)))?;
        }
        let (failed, other): (Vec<_>, Vec<_>) = outcome
            .skipped
            .iter()
            .partition(|skip| skip.reason.is_failure());
        skips(&facts, &format!("{} {UNREAD}", failed.len()), &failed, out)?;
        skips(&facts, "Not scanned", &other, out)
    }
}

/// The title and the sentence that sums up.
pub(in crate::report) fn head(outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
    let title = match outcome.status() {
        Status::Clean if outcome.findings.is_empty() => "✅ keysieve found no secrets",
        Status::Clean => "⚠️ keysieve found nothing that blocks",
        Status::Findings => "❌ keysieve found secrets",
        Status::Incomplete => "❌ keysieve could not read everything",
    };
    writeln!(
        out,
        "# {title}\n\n{}\n",
        summary(outcome, |_, text| format!("**{text}**"))
    )
}

/// What to do about findings.
pub(in crate::report) fn advice() -> String {
    format!(
        "**Rotate first.** {} {}\n\n**Allow** what may pass with the command beside the finding, or with the comment \
         `keysieve:allow REASON` on its line.",
        ROTATE[0], ROTATE[1]
    )
}

fn finding(facts: &Facts<'_>, found: &Finding, out: &mut dyn io::Write) -> io::Result<()> {
    let remark = if found.blocking {
        ""
    } else {
        " (does not block)"
    };
    writeln!(
        out,
        "## {} {}{remark}\n",
        found.confidence,
        code(&found.rule.id)
    )?;
    writeln!(
        out,
        "{} at {}\n",
        code(&facts.description(found)),
        code(&facts.place(found, &found.place))
    )?;
    frame(facts, found, out)?;
    for (label, text) in facts.secrets(found).into_iter().chain(facts.notes(found)) {
        writeln!(out, "- **{label}**: {}", code(&text))?;
    }
    writeln!(out)
}

fn frame(facts: &Facts<'_>, found: &Finding, out: &mut dyn io::Write) -> io::Result<()> {
    // A name is shown already, as the place.
    if matches!(found.origin, Origin::Name { .. }) {
        return Ok(());
    }
    let lines: Vec<_> = facts
        .frame(&found.place)
        .map(|(line, text)| format!("{:>6}  {text}", line.number))
        .collect();
    if lines.is_empty() {
        return Ok(());
    }
    let text = lines.join("\n");
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    writeln!(out, "{fence}text\n{text}\n{fence}\n")
}

/// A list of the files of policy that are changed, if any; at most `max` of them.
pub(in crate::report) fn policy(
    facts: &Facts<'_>,
    changes: &[PolicyChange],
    max: usize,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let number = count(changes.len() as u64, "file of policy", "files of policy");
    writeln!(out, "## {number}: {POLICY}\n")?;
    for change in changes.iter().take(max) {
        writeln!(
            out,
            "- {}: {}",
            code(&facts.text(&change.path)),
            change.what.word()
        )?;
    }
    writeln!(out)
}

/// A list of what was not scanned, if anything.
pub(in crate::report) fn skips(
    facts: &Facts<'_>,
    title: &str,
    skips: &[&Skip],
    out: &mut dyn io::Write,
) -> io::Result<()> {
    if skips.is_empty() {
        return Ok(());
    }
    writeln!(out, "## {title}\n")?;
    for skip in skips {
        let (path, reason) = facts.skip(skip);
        writeln!(out, "- {}: {}", code(&path), code(&reason))?;
    }
    writeln!(out)
}

/// `text` as a code span: nothing in it is markup, no `@name` in it calls anybody.
pub(in crate::report) fn code(text: &str) -> String {
    let fence = "`".repeat(longest_run(text) + 1);
    // A blank on both sides is taken away, and so parts the text from the fence where it begins or
    // ends with a backtick.
    let odd = text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']);
    let pad = if odd { " " } else { "" };
    match text.trim().is_empty() {
        true => String::new(),
        false => format!("{fence}{pad}{text}{pad}{fence}"),
    }
}

/// How many backticks stand in a row, at most.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{hostile, outcome, pair, shown};

    #[test]
    fn a_page_has_a_section_for_each_finding() {
        let text = shown(
            "markdown",
            &outcome(),
            Options {
                show_allowed: true,
                ..Options::default()
            },
        );
        let titles: Vec<_> = text.lines().filter(|line| line.starts_with('#')).collect();
        assert_eq!(
            titles,
            [
                "# ❌ keysieve could not read everything",
                "## certain `aws-credentials`",
                "## high `private-key`",
                "## medium `aws-access-token` (does not block)",
                "## What to do",
                "## 1 file of policy: this change alters what keysieve ignores",
                "## Allowed",
                "## 1 could not be read, so nothing is known about what is there",
                "## Not scanned",
            ]
        );
        for part in [
            "```text\n    11  key_id = \"AKIA*",
            "- **what**: `account 123456789012; with",
            "**Rotate first.**",
            "- `.keysieve.toml`: changed\n",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    #[test]
    fn foreign_text_is_no_markup() {
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`x"), "`` `x ``");
        assert_eq!(code(" "), "");
        let mut found = pair();
        found.origin = Origin::File {
            path: "<img src=x>`](http://x) @all".into(),
        };
        let text = shown(
            "markdown",
            &Outcome {
                findings: vec![found],
                ..hostile()
            },
            Options::default(),
        );
        assert!(
            text.contains("at ``<img src=x>`](http://x) @all:12:11``\n"),
            "{text}"
        );
    }
}
