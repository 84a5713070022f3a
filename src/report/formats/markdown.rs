//! Writes the format `markdown`, a page for a comment, a wiki or an issue, and provides the pieces
//! of other Markdown reports.

use std::io;

use crate::blob::Skip;
use crate::finding::{Finding, Outcome, PolicyChange, Status};
use crate::report::api::Options;
use crate::report::safe_text::redactor::Redactor;
use crate::report::safe_text::words::{
    POLICY, ROTATE, UNREAD, count, failed_and_other_skips, summary, unused_to_list,
};

/// Writes the page.
pub(super) fn write(
    options: &Options,
    outcome: &Outcome,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let redactor = Redactor::new(outcome, options);
    head(outcome, out)?;
    for found in &outcome.findings {
        finding(&redactor, found, out)?;
    }
    if !outcome.findings.is_empty() {
        writeln!(out, "## What to do\n\n{}\n", advice())?;
    }
    policy(&redactor, &outcome.policy_changes, usize::MAX, out)?;
    if options.show_allowed {
        let allowed = outcome
            .allowed
            .iter()
            .map(|allowed| prose(&redactor.allowed(allowed)));
        list("Allowed", allowed.collect(), out)?;
    }
    let unused = unused_to_list(outcome, options.show_unused);
    let unused = unused.map(|entry| prose(&redactor.unused(entry)));
    list("Unused entries", unused.collect(), out)?;
    let (failed, other) = failed_and_other_skips(outcome);
    skips(
        &redactor,
        &format!("{} {UNREAD}", failed.len()),
        &failed,
        out,
    )?;
    skips(&redactor, "Not scanned", &other, out)
}

/// The title and the summary.
pub(super) fn head(outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
    let title = match outcome.status() {
        Status::Clean if outcome.findings.is_empty() => "✅ keysieve found no secrets",
        Status::Clean => "⚠️ keysieve found nothing that blocks",
        Status::Findings => "❌ keysieve found secrets",
        Status::Incomplete => "❌ keysieve could not read everything",
    };
    let summary = summary(outcome, |_, text| format!("**{text}**"));
    writeln!(out, "# {title}\n\n{summary}\n")
}

/// What to do about findings.
pub(super) fn advice() -> String {
    format!(
        "**Rotate first.** {} {}\n\n**To allow a finding**, run its `keysieve allow` command, or \
         add the comment `keysieve:allow REASON` on its line.",
        ROTATE[0], ROTATE[1]
    )
}

fn finding(redactor: &Redactor<'_>, found: &Finding, out: &mut dyn io::Write) -> io::Result<()> {
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
    let description = prose(&redactor.description(found));
    writeln!(
        out,
        "{description} at {}\n",
        code(&redactor.place(found, &found.place))
    )?;
    frame(redactor, found, out)?;
    for (label, text) in redactor.secrets_and_notes(found) {
        let text = match label {
            "secret" | "with" | "allow" => code(&text),
            _ => prose(&text),
        };
        writeln!(out, "- **{label}**: {text}")?;
    }
    writeln!(out)
}

fn frame(redactor: &Redactor<'_>, found: &Finding, out: &mut dyn io::Write) -> io::Result<()> {
    if !found.has_frame() {
        return Ok(());
    }
    let lines = redactor.frame(&found.place);
    let lines: Vec<_> = lines
        .map(|line| format!("{:>6}  {}", line.number, line.text))
        .collect();
    writeln!(out, "{}\n", block(&lines.join("\n")))
}

/// `text` as a code block.
pub(super) fn block(text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}text\n{}\n{fence}", text.trim_end())
}

/// A section about changed policy files, if any; lists at most `max` of them.
pub(super) fn policy(
    redactor: &Redactor<'_>,
    changes: &[PolicyChange],
    max: usize,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let number = count(changes.len() as u64, "policy file", "policy files");
    let changes = changes.iter().take(max);
    let lines = changes.map(|change| {
        format!(
            "{}: {}",
            code(&redactor.text(&change.path)),
            change.what.word()
        )
    });
    list(&format!("{number}: {POLICY}"), lines.collect(), out)
}

/// A section about what was not scanned, if anything.
pub(super) fn skips(
    redactor: &Redactor<'_>,
    title: &str,
    skips: &[&Skip],
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let lines = skips.iter().map(|skip| {
        let (path, reason) = redactor.skip(skip);
        format!("{}: {}", code(&path), prose(&reason))
    });
    list(title, lines.collect(), out)
}

/// A section with a list; nothing if the list is empty.
fn list(title: &str, lines: Vec<String>, out: &mut dyn io::Write) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "## {title}\n")?;
    for line in lines {
        writeln!(out, "- {line}")?;
    }
    writeln!(out)
}

/// `text` as a code span, in which nothing is markup and no `@name` notifies anyone.
pub(in crate::report) fn code(text: &str) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(text) + 1);
    // Markdown removes one blank on each side, so a blank may separate the text from the fence.
    let needs_pad = text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']);
    let pad = if needs_pad { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A sentence, in which every word that could be markup, a link or a mention is a code span.
pub(in crate::report) fn prose(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let end = word.trim_end_matches([',', '.', ';', ':', ')', '?', '!']);
        let is_plain = |c: char| c.is_alphanumeric() || "'-/.(),;:".contains(c);
        let is_link = end.contains("www.") || end.contains("://");
        let is_emoji = end.matches(':').count() > 1;
        if end.chars().all(is_plain) && !is_link && !is_emoji {
            return word.to_owned();
        }
        code(end) + &word[end.len()..]
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::Origin;
    use crate::report::samples::{hostile, outcome, pair, render};

    #[test]
    fn a_page_has_a_section_for_each_finding() {
        let text = render(
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
                "## 1 policy file: this change alters what keysieve ignores",
                "## Allowed",
                "## Unused entries",
                "## 1 could not be read and may hold secrets",
                "## Not scanned",
            ]
        );
        for part in [
            "```text\n    11  key_id = \"AKIA*",
            "- **what**: account 123456789012; with the AWS access key id at `src/config.py:11:11`",
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
        let text = prose("ask @all: <b> *x* see http://x, or (#12).");
        assert_eq!(text, "ask `@all`: `<b>` `*x*` see `http://x`, or `(#12`).");
        let mut found = pair();
        found.origin = Origin::File {
            path: "<img src=x>`](http://x) @all".into(),
        };
        let text = render(
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
