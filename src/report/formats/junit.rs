//! Writes the format `junit`: JUnit's XML. A blocking finding is a failed test, and what could not
//! be read is an error.

use std::io;

use crate::finding::{Finding, Outcome};
use crate::report::api::{Options, Times};
use crate::report::safe_text::markup::escaped;
use crate::report::safe_text::redactor::Redactor;
use crate::report::safe_text::words::{UNREAD, blocking, failed_and_other_skips, skips_word};

/// A test: its name, its class, and its result as the XML inside it.
struct TestCase {
    name: String,
    /// The path of its file.
    class: String,
    /// The number of its line, if it has one.
    line: Option<usize>,
    result: String,
}

/// Writes the document.
pub(super) fn write(
    options: &Options,
    outcome: &Outcome,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let redactor = Redactor::new(outcome, options);
    let findings = outcome.findings.iter();
    let mut cases: Vec<_> = findings
        .map(|found| finding_case(&redactor, found))
        .collect();
    if options.show_allowed {
        let masked = Redactor::masked(outcome);
        for allowed in &outcome.allowed {
            let by = format!("allowed by {}", redactor.allowed_by(allowed));
            let case = finding_case(&masked, &allowed.finding);
            cases.push(TestCase {
                result: skipped(&by),
                ..case
            });
        }
    }
    for skip in &outcome.skipped {
        let (path, reason) = redactor.skip(skip);
        let result = if skip.reason.is_failure() {
            unread(&reason)
        } else {
            skipped(&reason)
        };
        cases.push(TestCase {
            name: format!("{}: {path}", skips_word([skip])),
            class: path,
            line: None,
            result,
        });
    }
    for change in &outcome.policy_changes {
        // A policy change fails nothing, but viewers show messages only of tests that did not
        // pass: so it is a skipped test.
        let (path, what) = redactor.policy_change(change);
        let result = skipped(&what);
        cases.push(TestCase {
            name: format!("policy: {path}"),
            class: path,
            line: None,
            result,
        });
    }
    if cases.is_empty() {
        // Many readers take a suite without tests for a mistake.
        let (name, class) = ("no secrets found".to_owned(), "keysieve".to_owned());
        cases.push(TestCase {
            name,
            class,
            line: None,
            result: String::new(),
        });
    }
    write_cases(&cases, options, outcome, out)
}

fn write_cases(
    cases: &[TestCase],
    options: &Options,
    outcome: &Outcome,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let (failures, errors) = (blocking(outcome), failed_and_other_skips(outcome).0.len());
    let skipped = cases
        .iter()
        .filter(|case| case.result.starts_with("<skipped"))
        .count();
    let tests = cases.len();
    let Times { began, ended } = options.times;
    let time = ended.duration_since(began).as_secs_f64();
    let times = format!(r#"time="{time:.3}" timestamp="{began:.0}""#);
    let counts = format!(r#"tests="{tests}" failures="{failures}" errors="{errors}""#);
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="keysieve" {counts}>"#)?;
    writeln!(
        out,
        r#"  <testsuite name="keysieve" {counts} skipped="{skipped}" {times}>"#
    )?;
    for TestCase {
        name,
        class,
        line,
        result,
    } in cases
    {
        let (name, class) = (escaped(name), escaped(class));
        let line = line.map_or(String::new(), |line| format!(r#" line="{line}""#));
        let place = format!(r#"classname="{class}" file="{class}"{line}"#);
        writeln!(
            out,
            r#"    <testcase name="{name}" {place} time="0">{result}</testcase>"#
        )?;
    }
    writeln!(out, "  </testsuite>\n</testsuites>")
}

fn finding_case(redactor: &Redactor<'_>, found: &Finding) -> TestCase {
    let place = redactor.place(found, &found.place);
    let mut text = format!("{place}\n");
    for (label, note) in redactor.secrets_and_notes(found) {
        text.push_str(&format!("{label}: {note}\n"));
    }
    let text = escaped(&text);
    let result = if found.blocking {
        let (message, rule) = (
            escaped(&redactor.description(found)),
            escaped(&found.rule.id),
        );
        format!(r#"<failure message="{message}" type="{rule}">{text}</failure>"#)
    } else {
        format!("<system-out>does not block\n{text}</system-out>")
    };
    TestCase {
        name: format!("{} at {place}", found.rule.id),
        class: redactor.file(found),
        line: found.has_line_in_file().then_some(found.place.start.line),
        result,
    }
}

fn skipped(message: &str) -> String {
    format!(r#"<skipped message="{}"/>"#, escaped(message))
}

fn unread(reason: &str) -> String {
    let reason = escaped(reason);
    format!(r#"<error message="{reason}" type="not-scanned">It {UNREAD}.</error>"#)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{hostile, outcome, render};

    #[test]
    fn findings_are_failures_and_what_was_not_read_is_an_error() {
        let text = render(
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
        assert_eq!(
            ["file", "line", "time"].map(|name| cases[0].attribute(name)),
            [Some("src/config.py"), Some("12"), Some("0")]
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
        let text = render("junit", &Outcome::default(), Options::default());
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
        let text = render("junit", &outcome, Options::default());
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
