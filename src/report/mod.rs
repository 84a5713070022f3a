//! Reports: one file per format, and the table of them.

mod formats;
mod history;
pub mod plan;
mod safe_text;
#[cfg(test)]
mod samples;
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
    /// When the scan ran. Only for formats that demand it: any other report of the same scan is the
    /// same.
    pub times: Times,
}

/// When a scan began and ended; the beginning of 1970 where nobody says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// When it began.
    pub began: jiff::Timestamp,
    /// When it ended.
    pub ended: jiff::Timestamp,
}

/// What advice to a person depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Advice {
    /// There is no commit yet, so that `git restore --staged` has nothing to restore from.
    pub first_commit: bool,
}

/// Shows paths, and other texts that name something, without the values that `outcome` holds in any
/// form; safe to print.
pub fn masker(outcome: &Outcome) -> impl Fn(&[u8]) -> String {
    let facts = safe_text::facts::Facts::masked(outcome);
    move |text| facts.text(text)
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
    /// Whether it is made to be handed to a service, which is no place for a secret in clear,
    /// whoever asks for it.
    pub leaves: bool,
    /// Its report.
    pub report: Make,
}

/// Every format there is. The first is the default.
pub const FORMATS: &[Format] = &[
    Format {
        name: "human",
        about: "for reading: code frames and advice",
        leaves: false,
        report: |o| Box::new(formats::human::Human::new(o)),
    },
    Format {
        name: "json",
        about: "one JSON document",
        leaves: false,
        report: |o| Box::new(formats::json::Json::new(o)),
    },
    Format {
        name: "jsonl",
        about: "one JSON object a line",
        leaves: false,
        report: |o| Box::new(formats::jsonl::JsonLines::new(o)),
    },
    Format {
        name: "sarif",
        about: "SARIF 2.1.0, for code scanning and editors",
        leaves: true,
        report: |o| Box::new(formats::sarif::Sarif::new(o)),
    },
    Format {
        name: "github",
        about: "annotations of GitHub Actions, and its job summary",
        leaves: true,
        report: |o| Box::new(formats::github::GitHub::new(o)),
    },
    Format {
        name: "github-summary",
        about: "the job summary of GitHub Actions alone",
        leaves: true,
        report: |o| Box::new(formats::github_summary::Summary::new(o)),
    },
    Format {
        name: "gitlab",
        about: "the secret detection report of GitLab",
        leaves: true,
        report: |o| Box::new(formats::gitlab::GitLab::new(o)),
    },
    Format {
        name: "junit",
        about: "JUnit XML, for test reports",
        leaves: true,
        report: |o| Box::new(formats::junit::JUnit::new(o)),
    },
    Format {
        name: "checkstyle",
        about: "Checkstyle XML, for code reviews",
        leaves: true,
        report: |o| Box::new(formats::checkstyle::Checkstyle::new(o)),
    },
    Format {
        name: "csv",
        about: "a table, for spreadsheets",
        leaves: false,
        report: |o| Box::new(formats::csv::Csv::new(o)),
    },
    Format {
        name: "markdown",
        about: "a page of Markdown",
        leaves: false,
        report: |o| Box::new(formats::markdown::Markdown::new(o)),
    },
    Format {
        name: "html",
        about: "a page to search, filter and print, in one file",
        leaves: false,
        report: |o| Box::new(formats::html::Html::new(o)),
    },
];

/// The format of this name.
#[must_use]
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// How a format that knows timelines shows when the secrets of a repository came and went, instead
/// of its report.
#[must_use]
pub fn timeline(format: &Format) -> Option<Make> {
    match format.name {
        "human" => Some(|options| Box::new(timeline::Table::new(options))),
        "json" => Some(|options| Box::new(timeline::Json::new(options))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::blob::Origin;
    use crate::report::samples::{commit, history, hostile, marked, outcome, secrets, shown};

    fn all_options() -> Options {
        Options {
            color: true,
            show_allowed: true,
            show_unused: true,
            ..Options::default()
        }
    }

    #[test]
    fn formats_are_found_by_their_names() {
        for known in FORMATS {
            assert_eq!(
                format(known.name).map(|found| found.about),
                Some(known.about)
            );
        }
        assert!(format("xml").is_none());
    }

    #[test]
    fn no_format_shows_a_secret_unless_asked() {
        let outcomes = [outcome(), history()];
        for (known, outcome) in FORMATS
            .iter()
            .flat_map(|known| outcomes.iter().map(move |outcome| (known, outcome)))
        {
            let text = shown(known.name, outcome, all_options());
            for secret in secrets() {
                let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
                let reserved = secret
                    .replace('/', "%2F")
                    .replace('+', "%2B")
                    .replace('\n', "%0A");
                let escaped = secret.replace('\n', "\\n");
                for form in [
                    secret.clone(),
                    STANDARD.encode(&secret),
                    percent,
                    reserved,
                    escaped,
                ] {
                    assert!(!text.contains(&form), "{}: {form}\n{text}", known.name);
                }
            }
        }
    }

    #[test]
    fn every_format_shows_the_same_findings() {
        let print = regex::Regex::new(r"\b[0-9a-f]{32}\b").unwrap();
        for sample in [outcome(), history()] {
            let sample = Outcome {
                allowed: Vec::new(),
                ..sample
            };
            let expected: BTreeSet<_> = sample
                .findings
                .iter()
                .map(|found| found.fingerprint.to_string())
                .collect();
            for known in FORMATS {
                let text = shown(known.name, &sample, Options::default());
                let found: BTreeSet<_> = print
                    .find_iter(&text)
                    .map(|found| found.as_str().to_owned())
                    .collect();
                assert_eq!(found, expected, "{}\n{text}", known.name);
                for found in &sample.findings {
                    let (rule, line) = (&*found.rule.id, found.place.start.line.to_string());
                    assert!(
                        text.contains(rule) && text.contains(&line),
                        "{} {rule}:{line}\n{text}",
                        known.name
                    );
                }
            }
        }
    }

    #[test]
    fn every_format_says_what_could_not_be_read() {
        for known in FORMATS {
            let text = shown(known.name, &outcome(), Options::default());
            assert!(
                text.contains("permission denied") && text.contains("vendor/lib"),
                "{}\n{text}",
                known.name
            );
        }
    }

    #[test]
    fn what_the_baseline_did_is_told_like_what_other_exceptions_did() {
        // Some reports have no word for what lets nothing pass.
        let lists = |exception: &str, name: &str| match exception {
            "gitleaks:allow" => true,
            _ => ["human", "json", "jsonl", "sarif", "markdown", "html"].contains(&name),
        };
        for known in FORMATS {
            let text = shown(known.name, &outcome(), all_options());
            for (other, of_baseline) in
                [("gitleaks:allow", "platform"), ("2026-03-31", "inherited")]
            {
                let told = [other, of_baseline].map(|part| text.contains(part));
                assert_eq!(
                    told,
                    [lists(other, known.name); 2],
                    "{} {other}\n{text}",
                    known.name
                );
            }
        }
    }

    #[test]
    fn every_format_says_what_changes_the_policy() {
        for known in FORMATS {
            let text = shown(known.name, &outcome(), Options::default());
            assert!(
                text.contains(".keysieve.toml") && text.contains("changed"),
                "{}\n{text}",
                known.name
            );
            let said = text.contains("this change alters what keysieve ignores")
                || known.name.starts_with("json");
            assert!(said, "{}\n{text}", known.name);
            let text = shown(
                known.name,
                &Outcome {
                    policy_changes: Vec::new(),
                    ..outcome()
                },
                Options::default(),
            );
            assert!(!text.contains(".keysieve.toml"), "{}\n{text}", known.name);
        }
    }

    #[test]
    fn every_format_says_which_markers_come_with_what_is_judged() {
        let (commit, id) = (Arc::new(commit()), String::new());
        let of_commit = Origin::Commit {
            commit: commit.clone(),
            path: "old.py".into(),
            id: id.clone(),
        };
        let tag = Origin::TagText {
            name: "v1".into(),
            id,
        };
        for (origin, place) in [
            (of_commit, "commit"),
            (Origin::CommitText { commit }, "commit"),
            (tag, "tag"),
        ] {
            for known in FORMATS {
                let text = shown(known.name, &marked(&origin), all_options());
                let json = text
                    .replace(' ', "")
                    .contains(&format!("\"stands_in\":\"{place}\""));
                let said = text.contains(&format!(
                    "gitleaks:allow: a fixture (a marker that stands in the {place} itself)"
                ));
                assert!(
                    if known.name.starts_with("json") {
                        json
                    } else {
                        said
                    },
                    "{}\n{text}",
                    known.name
                );
            }
        }
        for known in FORMATS {
            let text = shown(
                known.name,
                &marked(&Origin::File { path: "a".into() }),
                all_options(),
            );
            assert!(
                !text.contains("a marker that") && !text.contains("stands_in"),
                "{}\n{text}",
                known.name
            );
        }
    }

    #[test]
    fn every_format_names_the_commit() {
        for known in FORMATS {
            let text = shown(known.name, &history(), Options::default());
            for part in ["1a2b3c4d5e6f", "A U Thor", "2026-03-01", "for now"] {
                assert!(text.contains(part), "{} {part}\n{text}", known.name);
            }
        }
    }

    #[test]
    fn every_format_reveals_when_asked() {
        for known in FORMATS {
            let text = shown(
                known.name,
                &outcome(),
                Options {
                    reveal: true,
                    ..Options::default()
                },
            );
            assert!(text.contains(&secrets()[0]), "{}\n{text}", known.name);
        }
    }

    #[test]
    fn hostile_names_cannot_leave_their_line() {
        for known in FORMATS {
            let text = shown(
                known.name,
                &hostile(),
                Options {
                    color: false,
                    ..all_options()
                },
            );
            for bad in ['\u{1b}', '\u{9b}', '\u{202e}', '\u{7f}', '\r'] {
                assert!(!text.contains(bad), "{}: {bad:?}\n{text}", known.name);
            }
            assert!(
                !text.lines().any(|line| line.starts_with("evil")),
                "{}\n{text}",
                known.name
            );
        }
    }
}
