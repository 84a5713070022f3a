//! Reports: one file per format, and the table of them.

mod history;
mod human;
mod json;
mod jsonl;
mod mask;
pub mod plan;
#[cfg(test)]
mod samples;
mod shape;
mod timeline;

use std::io;

use crate::finding::Outcome;

/// Writes an outcome in one format.
pub trait Report {
    /// Writes all of `outcome` to `out`.
    ///
    /// # Errors
    /// Those of `out`.
    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()>;
}

/// What reports may be told. Each format uses what concerns it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Show secrets in clear.
    pub reveal: bool,
    /// Write colours.
    pub color: bool,
    /// List what was allowed, and by what.
    pub show_allowed: bool,
    /// List the exceptions that let nothing pass.
    pub show_unused: bool,
    /// Names the set of rules; see [`crate::rule::RuleSet::version`].
    pub rules_version: String,
    /// Version of the program.
    pub version: &'static str,
    /// What the advice at the end depends on.
    pub advice: Advice,
}

/// What advice to a person depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Advice {
    /// There is no commit yet, so that `git restore --staged` has nothing to restore from.
    pub first_commit: bool,
}

/// Makes a report.
pub type Make = fn(Options) -> Box<dyn Report>;

/// A format: its name, what it is good for, and how to get its report.
#[derive(Debug)]
pub struct Format {
    /// The word for it on the command line.
    pub name: &'static str,
    /// What it is, in one line of help.
    pub about: &'static str,
    /// Its report.
    pub report: Make,
}

/// Every format there is. The first is the default.
pub const FORMATS: &[Format] = &[
    Format { name: "human", about: "for reading: code frames and advice", report: |o| Box::new(human::Human::new(o)) },
    Format { name: "json", about: "one JSON document", report: |o| Box::new(json::Json::new(o)) },
    Format { name: "jsonl", about: "one JSON object a line", report: |o| Box::new(jsonl::JsonLines::new(o)) },
];

/// The format of this name.
#[must_use]
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// The report of the format of this name.
#[must_use]
pub fn report(format: &str) -> Option<Make> {
    self::format(format).map(|format| format.report)
}

/// How a format that knows timelines shows when the secrets of a repository came and went, instead of its report.
#[must_use]
pub fn timeline(format: &str) -> Option<Make> {
    match format {
        "human" => Some(|options| Box::new(timeline::Table::new(options))),
        "json" => Some(|options| Box::new(timeline::Json::new(options))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::samples::{hostile, outcome, secrets, shown};
    use super::*;

    fn all_options() -> Options {
        Options { color: true, show_allowed: true, show_unused: true, ..Options::default() }
    }

    #[test]
    fn formats_are_found_by_their_names() {
        for known in FORMATS {
            assert_eq!(format(known.name).map(|found| found.about), Some(known.about));
        }
        assert!(format("xml").is_none());
    }

    #[test]
    fn no_format_shows_a_secret_unless_asked() {
        for known in FORMATS {
            let text = shown(known.name, &outcome(), all_options());
            for secret in secrets() {
                let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
                let reserved = secret.replace('/', "%2F").replace('+', "%2B").replace('\n', "%0A");
                let escaped = secret.replace('\n', "\\n");
                for form in [secret.clone(), STANDARD.encode(&secret), percent, reserved, escaped] {
                    assert!(!text.contains(&form), "{}: {form}\n{text}", known.name);
                }
            }
        }
    }

    #[test]
    fn every_format_reveals_when_asked() {
        for known in FORMATS {
            let text = shown(known.name, &outcome(), Options { reveal: true, ..Options::default() });
            assert!(text.contains(&secrets()[0]), "{}\n{text}", known.name);
        }
    }

    #[test]
    fn hostile_names_cannot_leave_their_line() {
        for known in FORMATS {
            let text = shown(known.name, &hostile(), Options { color: false, ..all_options() });
            for bad in ['\u{1b}', '\u{9b}', '\u{202e}', '\u{7f}', '\r'] {
                assert!(!text.contains(bad), "{}: {bad:?}\n{text}", known.name);
            }
            assert!(!text.lines().any(|line| line.starts_with("evil")), "{}\n{text}", known.name);
        }
    }
}
