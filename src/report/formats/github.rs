//! Writes the format `github`: workflow commands, which GitHub Actions shows as annotations of a
//! pull request.

use std::io;

use crate::blob::Origin;
use crate::finding::{Finding, Outcome};
use crate::report::api::Options;
use crate::report::safe_text::redactor::Redactor;
use crate::report::safe_text::words::{failed_and_other_skips, skips_word, summary};

type Properties = Vec<(&'static str, String)>;

/// Writes an error for what fails the run, a warning for a non-blocking finding and a notice for
/// a skip. GitHub shows only ten annotations of each kind per step, the rest in the log; so
/// policy changes, which need review, come first among the warnings.
pub(super) fn write(
    options: &Options,
    outcome: &Outcome,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let redactor = Redactor::new(outcome, options);
    let (failed, skipped) = failed_and_other_skips(outcome);
    for skip in failed {
        on_file("error", "INCOMPLETE", redactor.skip(skip), out)?;
    }
    for change in &outcome.policy_changes {
        on_file("warning", "policy", redactor.policy_change(change), out)?;
    }
    for found in &outcome.findings {
        let level = if found.blocking { "error" } else { "warning" };
        let mut properties = position(&redactor, found);
        properties.push(title(&format!("{}[{}]", found.confidence, found.rule.id)));
        command(level, &properties, &message(&redactor, found), out)?;
    }
    for skip in skipped {
        on_file("notice", skips_word([skip]), redactor.skip(skip), out)?;
    }
    if options.show_allowed {
        for allowed in &outcome.allowed {
            let mut properties = position(&redactor, &allowed.finding);
            properties.push(title(&format!("{} is allowed", allowed.finding.rule.id)));
            command("notice", &properties, &redactor.allowed(allowed), out)?;
        }
    }
    writeln!(out, "keysieve: {}", summary(outcome, |_, text| text))
}

/// A command about a file that is not a finding.
fn on_file(
    level: &str,
    about: &str,
    (path, text): (String, String),
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let properties = [("file", relative(&path)), title(about)];
    command(level, &properties, &format!("{path}: {text}"), out)
}

fn title(text: &str) -> (&'static str, String) {
    ("title", format!("keysieve: {text}"))
}

fn position(redactor: &Redactor<'_>, found: &Finding) -> Properties {
    let (start, end) = (found.place.start, found.place.end);
    let file = ("file", relative(&redactor.file(found)));
    match found.origin {
        Origin::Name { .. } => vec![file],
        Origin::File { .. } | Origin::Staged { .. } | Origin::Commit { .. }
            if !found.has_line_in_file() =>
        {
            vec![file]
        }
        Origin::File { .. } | Origin::Staged { .. } | Origin::Commit { .. } => {
            let (first, last) = (start.line.to_string(), end.line.to_string());
            let mut properties = vec![file, ("line", first), ("endLine", last)];
            // GitHub accepts columns only within one line, and the end column is inclusive.
            if start.line == end.line {
                properties.push(("col", start.column.to_string()));
                if let Some(end) = found.rule.end_column(&found.place) {
                    let last = end.saturating_sub(1).max(start.column);
                    properties.push(("endColumn", last.to_string()));
                }
            }
            properties
        }
        // Not in a file that a pull request could show.
        _ => Vec::new(),
    }
}

fn message(redactor: &Redactor<'_>, found: &Finding) -> String {
    let place = redactor.place(found, &found.place);
    let mut message = format!("{} at {place}", redactor.description(found));
    for (label, text) in redactor.secrets_and_notes(found) {
        message.push_str(&format!("\n{label}: {text}"));
    }
    message
}

/// A path in the form in which GitHub compares it with those of the repository.
fn relative(path: &str) -> String {
    path.strip_prefix("./").unwrap_or(path).to_owned()
}

/// Writes one command. The runner executes every line that begins with `::`, so all foreign text
/// is escaped as the toolkit of GitHub Actions does it.
fn command(
    name: &str,
    properties: &[(&str, String)],
    message: &str,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let properties: Vec<_> = properties
        .iter()
        .map(|(key, value)| format!("{key}={}", property(value)))
        .collect();
    writeln!(out, "::{name} {}::{}", properties.join(","), data(message))
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{history, hostile, outcome, pair, render};

    #[test]
    fn what_blocks_is_an_error_and_what_was_left_out_a_notice() {
        let text = render(
            "github",
            &outcome(),
            Options {
                show_allowed: true,
                ..Options::default()
            },
        );
        let levels: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("::")?.split(' ').next())
            .collect();
        assert_eq!(
            levels,
            [
                "error", "warning", "error", "error", "warning", "notice", "notice", "notice"
            ]
        );
        let policy = "::warning file=.keysieve.toml,title=keysieve%3A policy::.keysieve.toml: changed; this change alters ";
        assert!(text.contains(policy), "{text}");
        let pair = "::error file=src/config.py,line=12,endLine=12,col=11,endColumn=50,title=keysieve%3A \
                    certain[aws-credentials]::AWS access key id with its secret access key at src/config.py:12:11%0Asecret: ";
        assert!(text.contains(pair), "{text}");
        assert!(
            text.contains("::error file=deploy/key.pem,line=1,endLine=8,title="),
            "no columns: {text}"
        );
        assert!(
            text.ends_with(
                "scanned; 3 entries left out by git's ignore rules (--no-ignore scans them)\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn a_finding_without_a_file_has_no_file_property() {
        let text = render("github", &history(), Options::default());
        assert!(
            text.contains("::error file=old.py,line=12,")
                && text.contains("in: commit 1a2b3c4d5e6f by "),
            "{text}"
        );
        assert!(text.contains("::error title="), "{text}");
    }

    #[test]
    fn nothing_foreign_makes_a_command() {
        let mut found = pair();
        found.origin = Origin::File {
            path: "./a,line=9::x%0A\n::error::y".into(),
        };
        let text = render(
            "github",
            &Outcome {
                findings: vec![found],
                ..Outcome::default()
            },
            Options::default(),
        );
        assert_eq!(
            text.lines().filter(|line| line.starts_with("::")).count(),
            1,
            "{text}"
        );
        assert!(
            text.contains("file=a%2Cline=9%3A%3Ax%250A\\n%3A%3Aerror%3A%3Ay,line=12,"),
            "{text}"
        );
        let text = render(
            "github",
            &hostile(),
            Options {
                show_allowed: true,
                ..Options::default()
            },
        );
        assert_eq!(text.lines().count(), 6, "{text}");
    }
}
