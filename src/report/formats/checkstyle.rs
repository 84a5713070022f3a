//! The format `checkstyle`: Checkstyle's XML, which review tools of many kinds read.

use std::io;

use crate::finding::{Finding, Outcome};
use crate::report::safe_text::facts::Facts;
use crate::report::safe_text::markup::escaped;
use crate::report::{Options, Report};

/// Writes Checkstyle's XML.
pub(in crate::report) struct Checkstyle {
    options: Options,
}

impl Checkstyle {
    /// A report with these options.
    pub(in crate::report) const fn new(options: Options) -> Self {
        Self { options }
    }
}

impl Report for Checkstyle {
    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
        let facts = Facts::new(outcome, &self.options);
        writeln!(
            out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"8.0\">"
        )?;
        // Findings are in the order of their paths.
        for of_file in outcome
            .findings
            .chunk_by(|a, b| a.origin.path() == b.origin.path())
        {
            writeln!(
                out,
                "  <file name=\"{}\">",
                escaped(&facts.path(&of_file[0]))
            )?;
            for found in of_file {
                error(&facts, found, out)?;
            }
            writeln!(out, "  </file>")?;
        }
        for skip in &outcome.skipped {
            let (path, reason) = facts.skip(skip);
            let severity = if skip.reason.is_failure() {
                "error"
            } else {
                "info"
            };
            file(
                &path,
                severity,
                &format!("not scanned: {reason}"),
                "not-scanned",
                out,
            )?;
        }
        for change in &outcome.policy_changes {
            let (path, what) = facts.policy_change(change);
            file(&path, "info", &format!("policy: {what}"), "policy", out)?;
        }
        for allowed in outcome.allowed.iter().filter(|_| self.options.show_allowed) {
            let Finding { rule, place, .. } = &allowed.finding;
            writeln!(
                out,
                "  <file name=\"{}\">\n    <error line=\"{}\" column=\"{}\" severity=\"ignore\" message=\"allowed by {}\" \
                 source=\"keysieve.{}\"/>\n  </file>",
                escaped(&facts.path(&allowed.finding)),
                place.start.line,
                place.start.column,
                escaped(&facts.exception(allowed)),
                escaped(&rule.id)
            )?;
        }
        writeln!(out, "</checkstyle>")
    }
}

/// What is to be said about a file that is no finding.
fn file(
    path: &str,
    severity: &str,
    message: &str,
    source: &str,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let (path, message) = (escaped(path), escaped(message));
    writeln!(out, "  <file name=\"{path}\">")?;
    writeln!(
        out,
        "    <error severity=\"{severity}\" message=\"{message}\" source=\"keysieve.{source}\"/>"
    )?;
    writeln!(out, "  </file>")
}

fn error(facts: &Facts<'_>, found: &Finding, out: &mut dyn io::Write) -> io::Result<()> {
    let severity = if found.blocking { "error" } else { "warning" };
    let mut message = facts.description(found);
    for (label, text) in facts.secrets(found).into_iter().chain(facts.notes(found)) {
        message.push_str("; ");
        message.push_str(label);
        message.push_str(": ");
        message.push_str(&text);
    }
    writeln!(
        out,
        "    <error line=\"{}\" column=\"{}\" severity=\"{severity}\" message=\"{}\" source=\"keysieve.{}\"/>",
        found.place.start.line,
        found.place.start.column,
        escaped(&message),
        escaped(&found.rule.id)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{hostile, outcome, shown};

    #[test]
    fn each_finding_is_an_error_of_its_file() {
        let text = shown(
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
        let text = shown("checkstyle", &outcome, Options::default());
        let xml = roxmltree::Document::parse(&text).unwrap();
        assert_eq!(
            xml.descendants()
                .filter(|node| node.has_tag_name("file"))
                .count(),
            4
        );
    }
}
