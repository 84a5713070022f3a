//! Writes the format `checkstyle`: Checkstyle's XML, which many review tools read.

use std::io;

use crate::finding::{Finding, Outcome};
use crate::report::api::Options;
use crate::report::safe_text::markup::escaped;
use crate::report::safe_text::redactor::Redactor;
use crate::report::safe_text::words::skips_word;

/// Writes the document.
pub(super) fn write(
    options: &Options,
    outcome: &Outcome,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let redactor = Redactor::new(outcome, options);
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<checkstyle version="8.0">"#)?;
    // Findings are sorted by path.
    for of_file in outcome
        .findings
        .chunk_by(|a, b| a.origin.path() == b.origin.path())
    {
        let errors: Vec<_> = of_file
            .iter()
            .map(|found| finding(&redactor, found))
            .collect();
        file(&redactor.file(&of_file[0]), &errors, out)?;
    }
    for skip in &outcome.skipped {
        let (path, reason) = redactor.skip(skip);
        let severity = if skip.reason.is_failure() {
            "error"
        } else {
            "info"
        };
        let message = format!("{}: {reason}", skips_word([skip]));
        file(&path, &[error("", severity, &message, "not-scanned")], out)?;
    }
    for change in &outcome.policy_changes {
        let (path, what) = redactor.policy_change(change);
        file(
            &path,
            &[error("", "info", &format!("policy: {what}"), "policy")],
            out,
        )?;
    }
    if options.show_allowed {
        for allowed in &outcome.allowed {
            let found = &allowed.finding;
            let by = redactor.allowed_by(allowed);
            let message = format!("{}allowed by {by}", entry(&redactor, found));
            let error = error(&position(found), "ignore", &message, &found.rule.id);
            file(&redactor.file(found), &[error], out)?;
        }
    }
    writeln!(out, "</checkstyle>")
}

fn file(path: &str, errors: &[String], out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, r#"  <file name="{}">"#, escaped(path))?;
    for error in errors {
        writeln!(out, "    {error}")?;
    }
    writeln!(out, "  </file>")
}

fn finding(redactor: &Redactor<'_>, found: &Finding) -> String {
    let severity = if found.blocking { "error" } else { "warning" };
    let mut message = entry(redactor, found) + &redactor.description(found);
    for (label, text) in redactor.secrets_and_notes(found) {
        message.push_str(&format!("; {label}: {text}"));
    }
    error(&position(found), severity, &message, &found.rule.id)
}

/// Where in an archive a finding is, if it is in one: its line is not one of the file.
fn entry(redactor: &Redactor<'_>, found: &Finding) -> String {
    match found.place.inside {
        None => String::new(),
        Some(_) => format!("{}: ", redactor.place(found, &found.place)),
    }
}

fn position(found: &Finding) -> String {
    if found.place.inside.is_some() {
        return String::new();
    }
    let start = found.place.start;
    format!(r#"line="{}" column="{}" "#, start.line, start.column)
}

fn error(position: &str, severity: &str, message: &str, source: &str) -> String {
    let (message, source) = (escaped(message), escaped(source));
    format!(
        r#"<error {position}severity="{severity}" message="{message}" source="keysieve.{source}"/>"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{hostile, outcome, render};

    #[test]
    fn each_finding_is_an_error_of_its_file() {
        let text = render(
            "checkstyle",
            &outcome(),
            Options {
                show_allowed: true,
                ..Options::default()
            },
        );
        let xml = roxmltree::Document::parse(&text).unwrap();
        let errors: Vec<_> = xml
            .descendants()
            .filter(|node| node.has_tag_name("error"))
            .collect();
        let severities: Vec<_> = errors
            .iter()
            .map(|error| error.attribute("severity").unwrap())
            .collect();
        assert_eq!(
            severities,
            [
                "error", "error", "warning", "info", "error", "info", "ignore", "ignore"
            ]
        );
        let pair = errors[0];
        assert_eq!(
            pair.parent_element().unwrap().attribute("name"),
            Some("src/config.py")
        );
        assert_eq!(
            (pair.attribute("line"), pair.attribute("column")),
            (Some("12"), Some("11"))
        );
        assert_eq!(pair.attribute("source"), Some("keysieve.aws-credentials"));
        assert!(
            pair.attribute("message")
                .unwrap()
                .contains("account 123456789012")
        );
        let policy = errors[5];
        assert_eq!(
            policy.parent_element().unwrap().attribute("name"),
            Some(".keysieve.toml")
        );
        assert_eq!(
            policy.attribute("message"),
            Some("policy: changed; this change alters what keysieve ignores")
        );
        assert_eq!(
            errors[6].attribute("message"),
            Some("allowed by gitleaks:allow: a fixture")
        );
        assert_eq!(
            errors[7].attribute("message"),
            Some("allowed by the baseline (owner: platform)")
        );
    }

    #[test]
    fn hostile_names_are_well_formed() {
        let mut outcome = hostile();
        outcome.skipped[0].path = "\"/><file name=\"x\u{fffe}&".into();
        let text = render("checkstyle", &outcome, Options::default());
        let xml = roxmltree::Document::parse(&text).unwrap();
        assert_eq!(
            xml.descendants()
                .filter(|node| node.has_tag_name("file"))
                .count(),
            4
        );
    }
}
