//! The format `github`: workflow commands that GitHub Actions turns into annotations of a pull
//! request.

use std::io;

use crate::blob::Origin;
use crate::finding::{Finding, Outcome};
use crate::report::safe_text::facts::Facts;
use crate::report::safe_text::words::summary;
use crate::report::{Options, Report};

/// Writes workflow commands.
pub(in crate::report) struct GitHub {
    options: Options,
}

impl GitHub {
    /// A report with these options.
    pub(in crate::report) const fn new(options: Options) -> Self {
        Self { options }
    }
}

impl Report for GitHub {
    /// What stops the run is an error, what does not block a warning, what was left out a notice.
    /// GitHub shows ten of each kind for a step beside the code, and all of them in the log; so
    /// what changes the policy, and has to be looked at, is the first of the warnings.
    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
        let facts = Facts::new(outcome, &self.options);
        for skip in outcome
            .skipped
            .iter()
            .filter(|skip| skip.reason.is_failure())
        {
            let (path, reason) = facts.skip(skip);
            let properties = [
                ("file", relative(&path)),
                ("title", "keysieve: NOT COMPLETED".to_owned()),
            ];
            command("error", &properties, &format!("{path}: {reason}"), out)?;
        }
        for change in &outcome.policy_changes {
            let (path, what) = facts.policy_change(change);
            let properties = [
                ("file", relative(&path)),
                ("title", "keysieve: policy".to_owned()),
            ];
            command("warning", &properties, &format!("{path}: {what}"), out)?;
        }
        for found in &outcome.findings {
            let level = if found.blocking { "error" } else { "warning" };
            command(
                level,
                &properties(&facts, found),
                &message(&facts, found),
                out,
            )?;
        }
        for skip in outcome
            .skipped
            .iter()
            .filter(|skip| !skip.reason.is_failure())
        {
            let (path, reason) = facts.skip(skip);
            let properties = [
                ("file", relative(&path)),
                ("title", "keysieve: not scanned".to_owned()),
            ];
            command("notice", &properties, &format!("{path}: {reason}"), out)?;
        }
        for allowed in outcome.allowed.iter().filter(|_| self.options.show_allowed) {
            let mut properties = properties(&facts, &allowed.finding);
            properties.retain(|(name, _)| *name != "title");
            properties.push((
                "title",
                format!("keysieve: {} is allowed", allowed.finding.rule.id),
            ));
            command("notice", &properties, &facts.allowed(allowed), out)?;
        }
        writeln!(out, "keysieve: {}", summary(outcome, |_, text| text))
    }
}

fn properties(facts: &Facts<'_>, found: &Finding) -> Vec<(&'static str, String)> {
    let mut properties = Vec::new();
    let (start, end) = (found.place.start, found.place.end);
    match found.origin {
        Origin::Name { .. } => properties.push(("file", relative(&facts.path(found)))),
        Origin::File { .. } | Origin::Staged { .. } | Origin::Commit { .. } => {
            properties.push(("file", relative(&facts.path(found))));
            properties.push(("line", start.line.to_string()));
            properties.push(("endLine", end.line.to_string()));
            // Columns may only be given within a line, and the last one is part of it.
            if start.line == end.line {
                properties.push(("col", start.column.to_string()));
                properties.push((
                    "endColumn",
                    end.column.saturating_sub(1).max(start.column).to_string(),
                ));
            }
        }
        // These stand in no file that a pull request could show.
        _ => {}
    }
    properties.push((
        "title",
        format!("keysieve: {}[{}]", found.confidence, found.rule.id),
    ));
    properties
}

fn message(facts: &Facts<'_>, found: &Finding) -> String {
    let mut lines = vec![format!(
        "{} at {}",
        facts.description(found),
        facts.place(found, &found.place)
    )];
    let notes = facts.secrets(found).into_iter().chain(facts.notes(found));
    lines.extend(notes.map(|(label, text)| format!("{label}: {text}")));
    lines.join("\n")
}

/// A path as GitHub compares it with those of the repository.
fn relative(path: &str) -> String {
    path.strip_prefix("./").unwrap_or(path).to_owned()
}

/// Writes one command. A line that begins with `::` is one to the runner, so all that is not ours
/// is escaped as the toolkit of GitHub Actions escapes it.
fn command(
    name: &str,
    properties: &[(&str, String)],
    message: &str,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let data = |text: &str| {
        text.replace('%', "%25")
            .replace('\r', "%0D")
            .replace('\n', "%0A")
    };
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let properties: Vec<_> = properties
        .iter()
        .map(|(key, value)| format!("{key}={}", property(value)))
        .collect();
    writeln!(out, "::{name} {}::{}", properties.join(","), data(message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{history, hostile, outcome, pair, shown};

    #[test]
    fn what_blocks_is_an_error_and_what_was_left_out_a_notice() {
        let text = shown(
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
    fn what_stands_in_no_file_has_no_file() {
        let text = shown("github", &history(), Options::default());
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
        let text = shown(
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
        let text = shown(
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
