//! Writes the format `html`: one self-contained page to search, filter and print. Without scripts
//! it is a plain list.

use std::io;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::blob::{Origin, Skip};
use crate::finding::frame::FrameLine;
use crate::finding::{Finding, Outcome, Status};
use crate::report::api::{Options, Times};
use crate::report::safe_text::markup::escaped;
use crate::report::safe_text::redactor::{Note, Redactor};
use crate::report::safe_text::words::{
    POLICY, ROTATE, Tone, UNREAD, failed_and_other_skips, skips_word, summary, unused_to_list,
};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The selection lists: name of the `data-` attribute, label, and first entry.
const FILTERS: [(&str, &str, &str); 2] = [("rule", "Rule", "Rules"), ("grade", "Grade", "Grades")];

/// The most findings that are shown with their details from the start.
const MAX_OPEN: usize = 10;

/// Writes the page.
pub(super) fn write(
    options: &Options,
    outcome: &Outcome,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let redactor = Redactor::new(outcome, options);
    Page {
        options,
        outcome,
        redactor,
    }
    .write_into(out)
}

/// Fills the template, which escapes every value.
#[derive(Template)]
#[template(path = "formats/html/page.html")]
struct Page<'o> {
    options: &'o Options,
    outcome: &'o Outcome,
    redactor: Redactor<'o>,
}

/// A list with a title; omitted if it is empty.
struct Section {
    title: String,
    tone: &'static str,
    lines: Vec<String>,
}

impl Page<'_> {
    /// The hash by which the content security policy allows `text`.
    fn hash(text: &str) -> String {
        format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
    }

    fn title(&self) -> (&'static str, &'static str) {
        match self.outcome.status() {
            Status::Clean if self.outcome.findings.is_empty() => ("No secrets found", "good"),
            Status::Clean => ("No blocking findings", "warn"),
            Status::Findings => ("Secrets found", "bad"),
            Status::Incomplete => ("Incomplete", "bad"),
        }
    }

    fn summary(&self) -> String {
        summary(self.outcome, |tone, text| {
            let class = match tone {
                Tone::Bad => "bad",
                Tone::Warn => "warn",
                Tone::Good => "good",
            };
            format!("<strong class=\"{class}\">{}</strong>", escaped(&text))
        })
    }

    /// The lists above the findings: unread files and changes of the policy.
    fn problems(&self) -> [Section; 2] {
        let (failed, _) = failed_and_other_skips(self.outcome);
        let changes = self.outcome.policy_changes.iter().map(|change| {
            format!(
                "{}: {}",
                self.redactor.text(&change.path),
                change.what.word()
            )
        });
        [
            self.skips(format!("{} {UNREAD}", failed.len()), "bad", &failed),
            Section {
                title: format!("Policy: {POLICY}"),
                tone: "warn",
                lines: changes.collect(),
            },
        ]
    }

    /// The lists below the findings: allowed findings, unused allow entries and skips.
    fn remarks(&self) -> [Section; 3] {
        let mut allowed = Vec::new();
        if self.options.show_allowed {
            allowed.extend(
                self.outcome
                    .allowed
                    .iter()
                    .map(|entry| self.redactor.allowed(entry)),
            );
        }
        let unused = unused_to_list(self.outcome, self.options.show_unused);
        let (_, skipped) = failed_and_other_skips(self.outcome);
        [
            Section {
                title: "Allowed".to_owned(),
                tone: "",
                lines: allowed,
            },
            Section {
                title: "Unused entries".to_owned(),
                tone: "warn",
                lines: unused.map(|entry| self.redactor.unused(entry)).collect(),
            },
            self.skips(
                format!("{} {}", skipped.len(), skips_word(skipped.iter().copied())),
                "warn",
                &skipped,
            ),
        ]
    }

    fn skips(&self, title: String, tone: &'static str, skips: &[&Skip]) -> Section {
        let lines = skips.iter().map(|skip| {
            let (path, reason) = self.redactor.skip(skip);
            format!("{path}: {reason}")
        });
        Section {
            title,
            tone,
            lines: lines.collect(),
        }
    }

    /// What was scanned, when, and by what: only what is known.
    fn about(&self) -> String {
        let Options {
            version,
            rules_version,
            policy_version,
            times,
            about,
            ..
        } = self.options;
        let known = [
            ("", &about.repository),
            ("branch ", &about.branch),
            ("commit ", &about.commit),
            ("", &about.range),
        ];
        let known = known.iter().filter(|(_, text)| !text.is_empty());
        let known = known.map(|(label, text)| format!("{label}{}", self.redactor.text(text)));
        let mut parts: Vec<_> = known.collect();
        parts.push(format!("keysieve {version}").trim_end().to_owned());
        if !rules_version.is_empty() {
            parts.push(format!("rules {rules_version}"));
        }
        if !policy_version.is_empty() {
            parts.push(format!("policy {policy_version}"));
        }
        if *times != Times::default() {
            parts.push(times.ended.strftime("%Y-%m-%d %H:%M UTC").to_string());
        }
        parts.join(" · ")
    }

    /// Splits a line into the text before its mark, the mark, and the text after it.
    fn split(line: &FrameLine) -> (&str, Option<&str>, &str) {
        let text = line.text.as_str();
        let Some((from, to)) = line.mark else {
            return (text, None, "");
        };
        let (from, to) = (byte_of(text, from), byte_of(text, to));
        (&text[..from], Some(&text[from..to]), &text[to..])
    }

    /// The value of a finding, in as few characters as tell it from others.
    fn short_value(&self, found: &Finding) -> String {
        let value = self.redactor.secret(&found.secret);
        if self.redactor.reveals() {
            return value;
        }
        value.trim_end_matches('*').to_owned() + "…"
    }

    /// The place of a finding below the name of its file.
    fn line(&self, found: &Finding) -> String {
        let (path, place) = (
            self.redactor.path(found),
            self.redactor.place(found, &found.place),
        );
        match place.strip_prefix(&path) {
            Some(line) if !line.is_empty() => line.trim_start_matches(':').to_owned(),
            _ => "name".to_owned(),
        }
    }

    /// What is known of a finding. Its masked value is in its title.
    fn notes(&self, found: &Finding) -> Vec<Note> {
        if self.redactor.reveals() {
            self.redactor.secrets_and_notes(found)
        } else {
            self.redactor.notes(found)
        }
    }

    /// What findings are grouped by: the file, or the kind of a place that is not a file.
    fn file(&self, found: &Finding) -> String {
        let kind = match found.origin {
            Origin::CommitText { .. } | Origin::CommitMessage { .. } => "commit messages",
            Origin::TagText { .. } => "tags",
            Origin::Repository { .. } => "git directory",
            Origin::Stdin => "standard input",
            _ => return self.redactor.path(found),
        };
        kind.to_owned()
    }
}

/// The byte offset of the character number `at`.
fn byte_of(text: &str, at: usize) -> usize {
    text.char_indices()
        .nth(at)
        .map_or(text.len(), |(byte, _)| byte)
}

#[cfg(test)]
mod tests;
