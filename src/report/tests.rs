//! What all formats must do: mask, show the same findings, and report what was not read.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::blob::Origin;
use crate::report::samples::{commit, history, hostile, marked, outcome, render, secrets};

fn all_options() -> Options {
    Options {
        screen: Screen {
            color: true,
            ..Screen::default()
        },
        show_allowed: true,
        show_unused: true,
        ..Options::default()
    }
}

#[test]
fn formats_are_found_by_name() {
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
        let text = render(known.name, outcome, all_options());
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
            let text = render(known.name, &sample, Options::default());
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
fn every_format_reports_what_could_not_be_read() {
    for known in FORMATS {
        let text = render(known.name, &outcome(), Options::default());
        assert!(
            text.contains("permission denied") && text.contains("vendor/lib"),
            "{}\n{text}",
            known.name
        );
    }
}

#[test]
fn baseline_entries_are_listed_like_allow_entries_and_markers() {
    for known in FORMATS {
        let text = render(known.name, &outcome(), all_options());
        for part in ["gitleaks:allow", "platform"] {
            assert!(text.contains(part), "{} {part}\n{text}", known.name);
        }
        for part in ["2026-03-31", "inherited"] {
            assert_eq!(
                text.contains(part),
                known.lists_unused,
                "{} {part}\n{text}",
                known.name
            );
        }
    }
}

#[test]
fn every_format_reports_policy_changes() {
    for known in FORMATS {
        let text = render(known.name, &outcome(), Options::default());
        assert!(
            text.contains(".keysieve.toml") && text.contains("changed"),
            "{}\n{text}",
            known.name
        );
        let is_explained = text.contains("this change alters what keysieve ignores");
        assert_eq!(is_explained, !known.is_data, "{}\n{text}", known.name);
        let text = render(
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
fn every_format_reports_markers_inside_the_judged_object() {
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
            let text = render(known.name, &marked(&origin), all_options());
            let json = text
                .replace(' ', "")
                .contains(&format!("\"stands_in\":\"{place}\""));
            let sentence =
                format!("gitleaks:allow: a fixture (the marker is part of this {place})");
            let is_shown = if known.is_data {
                json
            } else {
                text.contains(&sentence)
            };
            assert!(is_shown, "{}\n{text}", known.name);
        }
    }
    for known in FORMATS {
        let text = render(
            known.name,
            &marked(&Origin::File { path: "a".into() }),
            all_options(),
        );
        assert!(
            !text.contains("the marker is part") && !text.contains("stands_in"),
            "{}\n{text}",
            known.name
        );
    }
}

#[test]
fn every_format_names_the_commit() {
    for known in FORMATS {
        let text = render(known.name, &history(), Options::default());
        for part in ["1a2b3c4d5e6f", "A U Thor", "2026-03-01", "for now"] {
            assert!(text.contains(part), "{} {part}\n{text}", known.name);
        }
    }
}

#[test]
fn every_format_reveals_when_asked() {
    for known in FORMATS {
        let text = render(
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
fn hostile_names_stay_on_their_line() {
    for known in FORMATS {
        let text = render(
            known.name,
            &hostile(),
            Options {
                screen: Screen::default(),
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
