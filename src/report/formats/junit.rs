//! The format `junit`: JUnit's XML, where a finding that blocks is a failed test and what could not
//! be read is an error.

use std::io;

use crate::finding::{Finding, Outcome};
use crate::report::safe_text::facts::Facts;
use crate::report::safe_text::markup::escaped;
use crate::report::safe_text::words::UNREAD;
use crate::report::{Options, Report};

/// Writes JUnit's XML.
pub(in crate::report) struct JUnit {
    options: Options,
}

impl JUnit {
    /// A report with these options.
    pub(in crate::report) const fn new(options: Options) -> Self {
        Self { options }
    }
}

/// A test: its name, where it belongs, and how it ended, as the XML inside it.
struct TestCase {
    name: String,
    class: String,
    end: String,
}

impl Report for JUnit {
    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
        let facts = Facts::new(outcome, &self.options);
        let mut cases: Vec<_> = outcome
            .findings
            .iter()
            .map(|found| of_finding(&facts, found))
            .collect();
        let masked = Facts::masked(outcome);
        for allowed in outcome.allowed.iter().filter(|_| self.options.show_allowed) {
            let by = escaped(&facts.exception(allowed));
            let case = of_finding(&masked, &allowed.finding);
            cases.push(TestCase {
                end: format!("<skipped message=\"allowed by {by}\"/>"),
                ..case
            });
        }
        for skip in &outcome.skipped {
            let (path, reason) = facts.skip(skip);
            let reason = escaped(&reason);
            let end = match skip.reason.is_failure() {
                true => {
                    format!("<error message=\"{reason}\" type=\"not-scanned\">It {UNREAD}.</error>")
                }
                false => format!("<skipped message=\"{reason}\"/>"),
            };
            cases.push(TestCase {
                name: format!("not scanned: {path}"),
                class: path,
                end,
            });
        }
        for change in &outcome.policy_changes {
            // A change of the policy fails nothing. Readers list skipped tests, and hide what one
            // that passed has to say.
            let (path, what) = facts.policy_change(change);
            let end = format!("<skipped message=\"{}\"/>", escaped(&what));
            cases.push(TestCase {
                name: format!("policy: {path}"),
                class: path,
                end,
            });
        }
        if cases.is_empty() {
            // A suite without tests is taken for a mistake by many readers.
            let (name, class) = ("no secrets found".to_owned(), "keysieve".to_owned());
            cases.push(TestCase {
                name,
                class,
                end: String::new(),
            });
        }
        write(&cases, outcome, out)
    }
}

fn write(cases: &[TestCase], outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
    let failures = outcome
        .findings
        .iter()
        .filter(|found| found.blocking)
        .count();
    let errors = outcome
        .skipped
        .iter()
        .filter(|skip| skip.reason.is_failure())
        .count();
    let skipped = cases
        .iter()
        .filter(|case| case.end.starts_with("<skipped"))
        .count();
    let counts = format!(
        "tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\"",
        cases.len()
    );
    writeln!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"keysieve\" {counts}>"
    )?;
    writeln!(
        out,
        "  <testsuite name=\"keysieve\" {counts} skipped=\"{skipped}\">"
    )?;
    for TestCase { name, class, end } in cases {
        let (name, class) = (escaped(name), escaped(class));
        writeln!(
            out,
            "    <testcase name=\"{name}\" classname=\"{class}\">{end}</testcase>"
        )?;
    }
    writeln!(out, "  </testsuite>\n</testsuites>")
}

fn of_finding(facts: &Facts<'_>, found: &Finding) -> TestCase {
    let place = facts.place(found, &found.place);
    let mut text = format!("{place}\n");
    for (label, note) in facts.secrets(found).into_iter().chain(facts.notes(found)) {
        text.push_str(label);
        text.push_str(": ");
        text.push_str(&note);
        text.push('\n');
    }
    let text = escaped(&text);
    let end = if found.blocking {
        let message = escaped(&facts.description(found));
        format!(
            "<failure message=\"{message}\" type=\"{}\">{text}</failure>",
            escaped(&found.rule.id)
        )
    } else {
        format!("<system-out>does not block\n{text}</system-out>")
    };
    TestCase {
        name: format!("{} at {place}", found.rule.id),
        class: facts.path(found),
        end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{hostile, outcome, shown};

    #[test]
    fn findings_are_failures_and_what_was_not_read_is_an_error() {
        let text = shown(
            "junit",
            &outcome(),
            Options {
                show_allowed: true,
                ..Options::default()
            },
        );
        let xml = roxmltree::Document::parse(&text).unwrap();
        let suite = xml
            .descendants()
            .find(|node| node.has_tag_name("testsuite"))
            .unwrap();
        let count = |name| suite.attribute(name).unwrap();
        assert_eq!(
            ["tests", "failures", "errors", "skipped"].map(count),
            ["8", "2", "1", "4"]
        );
        let cases: Vec<_> = suite
            .children()
            .filter(roxmltree::Node::is_element)
            .collect();
        let ends: Vec<_> = cases
            .iter()
            .map(|case| case.first_element_child().unwrap().tag_name().name())
            .collect();
        assert_eq!(
            ends,
            [
                "failure",
                "failure",
                "system-out",
                "skipped",
                "skipped",
                "skipped",
                "error",
                "skipped"
            ]
        );
        assert_eq!(
            cases[0].attribute("name"),
            Some("aws-credentials at src/config.py:12:11")
        );
        assert_eq!(cases[7].attribute("name"), Some("policy: .keysieve.toml"));
        let skipped = cases[7].first_element_child().unwrap().attribute("message");
        assert_eq!(
            skipped,
            Some("changed; this change alters what keysieve ignores")
        );
        assert!(
            cases[0]
                .first_element_child()
                .unwrap()
                .text()
                .unwrap()
                .contains("account 123456789012")
        );
    }

    #[test]
    fn a_clean_run_is_a_test_that_passes() {
        let text = shown("junit", &Outcome::default(), Options::default());
        let xml = roxmltree::Document::parse(&text).unwrap();
        let case = xml
            .descendants()
            .find(|node| node.has_tag_name("testcase"))
            .unwrap();
        assert!(
            case.first_element_child().is_none() && text.contains("tests=\"1\" failures=\"0\""),
            "{text}"
        );
    }

    #[test]
    fn hostile_names_are_well_formed() {
        let mut outcome = hostile();
        outcome.skipped[0].path = "\"/></testsuites>\u{ffff}&".into();
        let text = shown("junit", &outcome, Options::default());
        assert_eq!(
            roxmltree::Document::parse(&text)
                .unwrap()
                .root()
                .children()
                .count(),
            1
        );
    }
}
