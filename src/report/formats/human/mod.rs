//! Writes the format `human`: a code frame and notes for each finding, or one line each if there
//! are many; then advice once for all.

mod advice;
mod finding;
mod listing;
mod style;
mod summary;
mod wrap;

use std::collections::HashSet;
use std::io;

use crate::finding::{Finding, Outcome};
use crate::report::api::Options;
use crate::report::safe_text::log_text::write_log;
use crate::report::safe_text::redactor::Redactor;
use style::Paint;
use wrap::Wrapped;

/// The most findings that are shown with a frame each, unless `--full` is given.
const MAX_FRAMES: usize = 10;

/// Writes the report.
pub(super) fn write(
    options: &Options,
    outcome: &Outcome,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let page = Page::new(options, outcome);
    write_log(out, |out| match options.screen.width {
        Some(width) => page.write(outcome, &mut Wrapped::new(out, width)),
        None => page.write(outcome, out),
    })
}

/// Writes the end of a report on something other than the findings: allowed findings, skips and
/// the summary.
pub(in crate::report) fn ending(
    options: &Options,
    outcome: &Outcome,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    Page::new(options, outcome).ending(outcome, out)
}

/// What every part of the report needs. The files below write the parts.
struct Page<'o> {
    options: &'o Options,
    paint: Paint,
    redactor: Redactor<'o>,
}

impl<'o> Page<'o> {
    fn new(options: &'o Options, outcome: &'o Outcome) -> Self {
        Self {
            options,
            paint: Paint::new(options.screen.color),
            redactor: Redactor::new(outcome, options),
        }
    }

    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
        // A hook says little about what does not stop a commit or a push.
        let is_shown = |found: &&Finding| found.blocking || !self.options.screen.quiet;
        let (shown, minor): (Vec<_>, Vec<_>) = outcome.findings.iter().partition(is_shown);
        let is_full = self.options.screen.full || self.options.reveal || shown.len() <= MAX_FRAMES;
        if is_full {
            let mut helped = HashSet::new();
            for found in &shown {
                // The help of a rule is printed once.
                let with_help = helped.insert(&found.rule.id);
                self.finding(found, with_help, out)?;
            }
        } else {
            self.listing(&shown, out)?;
            self.by_rule(&shown, out)?;
        }
        if !shown.is_empty() {
            self.advice(&shown, is_full, out)?;
        }
        self.minor(&minor, out)?;
        self.ending(outcome, out)
    }

    fn ending(&self, outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
        self.policy_changes(&outcome.policy_changes, out)?;
        self.allowed(&outcome.allowed, out)?;
        self.unused(outcome, out)?;
        self.skipped(outcome, out)?;
        self.summary(outcome, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::{Skip, SkipReason};
    use crate::finding::Totals;
    use crate::report::api::{About, Screen};
    use crate::report::samples::{outcome, pair, render, secrets};

    fn one(found: Finding) -> Outcome {
        Outcome {
            findings: vec![found],
            totals: Totals {
                blobs: 1,
                bytes: 2048,
                ..Totals::default()
            },
            ..Outcome::default()
        }
    }

    #[test]
    fn a_staged_pair_looks_like_this() {
        let expected = r#"certain[aws-credentials]: AWS access key id with its secret access key
  --> src/config.py:12:11
   |
11 | key_id = "AKIA********"
12 | secret = "q8/Z********"
   |           ^^^^^^^^^^^^
13 | region = "eu-west-1"
   |
   = what: account 123456789012; with the AWS access key id at src/config.py:11:11
   = why: certain: both halves of the pair were found
   = help: Deactivate it in IAM before anything else.
   = allow: keysieve allow FINGERPRINT --reason "why"

what to do
  rotate   Anyone who has seen a key can use it. If it was ever pushed or shared, revoke it at its
           provider first: removing it from git is not enough.
  unstage  git restore --staged -- src/config.py
  allow    run the `keysieve allow` command shown with the finding, or add the comment
           `keysieve:allow REASON` on its line

keysieve: 1 finding (1 certain), 1 blocks; 1 blob (2.0 KiB) scanned
"#;
        let print = pair().fingerprint.to_string();
        assert_eq!(
            render("human", &one(pair()), Options::default()),
            expected.replace("FINGERPRINT", &print)
        );
    }

    #[test]
    fn a_clean_run_is_one_line() {
        let totals = Totals {
            blobs: 20,
            bytes: 1_258_291,
            left_out: 1,
            ..Totals::default()
        };
        let clean = Outcome {
            totals,
            ..Outcome::default()
        };
        assert_eq!(
            render("human", &clean, Options::default()),
            "keysieve: clean; 20 blobs (1.2 MiB) scanned; 1 entry left out by git's ignore rules (--no-ignore scans it)\n"
        );
    }

    #[test]
    fn the_first_commit_is_unstaged_in_another_way() {
        let options = Options {
            about: About {
                first_commit: true,
                ..About::default()
            },
            ..Options::default()
        };
        let mut found = pair();
        found.origin = crate::blob::Origin::Staged {
            path: "it's".into(),
            id: String::new(),
        };
        let text = render("human", &one(found), options);
        assert!(text.contains(r"git rm --cached -- 'it'\''s'"), "{text}");
    }

    #[test]
    fn a_commit_message_is_reworded() {
        let mut found = pair();
        found.origin = crate::blob::Origin::CommitMessage {
            path: ".git/COMMIT_EDITMSG".into(),
        };
        let text = render("human", &one(found), Options::default());
        assert!(
            text.contains("git commit --edit --file .git/COMMIT_EDITMSG\n")
                && !text.contains("unstage"),
            "{text}"
        );
    }

    #[test]
    fn failures_come_before_skips_and_long_lists_are_cut() {
        let skip = |n: usize, reason| Skip {
            path: format!("f{n:02}").into(),
            reason,
        };
        let mut skipped: Vec<_> = (0..12).map(|n| skip(n, SkipReason::Submodule)).collect();
        skipped.push(skip(99, SkipReason::Unreadable("no".to_owned())));
        let text = render(
            "human",
            &Outcome {
                skipped,
                ..Outcome::default()
            },
            Options::default(),
        );
        let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part}\n{text}"));
        assert!(at("INCOMPLETE: 1 could not be read") < at("f99: cannot be read: no"));
        assert!(
            at("f99") < at("not scanned: 12") && at("f09") < at("and 2 more"),
            "{text}"
        );
        assert!(
            !text.contains("f10")
                && text.ends_with("keysieve: INCOMPLETE; 0 blobs (0 B) scanned\n"),
            "{text}"
        );
    }

    #[test]
    fn private_keys_are_shown_by_their_first_lines() {
        let text = render("human", &outcome(), Options::default());
        assert!(text.contains("... to line 8\n"), "{text}");
        let revealed = render(
            "human",
            &outcome(),
            Options {
                reveal: true,
                ..Options::default()
            },
        );
        for line in secrets()[2].lines() {
            assert!(revealed.contains(line), "{revealed}");
        }
    }

    #[test]
    fn what_was_allowed_is_listed_when_asked() {
        let quiet = render("human", &outcome(), Options::default());
        assert!(
            !quiet.contains("gitleaks:allow") && quiet.contains("; 2 allowed;"),
            "{quiet}"
        );
        assert!(
            quiet.contains("entry 4 expired on 2026-03-31") && !quiet.contains("entry 5"),
            "{quiet}"
        );
        assert!(
            quiet.contains("baseline line 7 expired on 2026-04-30: inherited"),
            "{quiet}"
        );
        let options = Options {
            show_allowed: true,
            show_unused: true,
            ..Options::default()
        };
        let all = render("human", &outcome(), options);
        assert!(
            all.contains("deploy/key.pem:7:9 github-pat, by gitleaks:allow: a fixture"),
            "{all}"
        );
        assert!(
            all.contains("deploy/key.pem:7:9 github-pat, by the baseline (owner: platform)"),
            "{all}"
        );
        assert!(all.contains("entry 5 allows nothing: gone"), "{all}");
    }

    #[test]
    fn colours_are_only_added() {
        let plain = render("human", &outcome(), Options::default());
        let colored = render(
            "human",
            &outcome(),
            Options {
                screen: Screen {
                    color: true,
                    ..Screen::default()
                },
                ..Options::default()
            },
        );
        let mut stripped = String::new();
        let mut rest = colored.as_str();
        while let Some((before, after)) = rest.split_once('\u{1b}') {
            stripped.push_str(before);
            rest = after.split_once('m').unwrap().1;
        }
        assert_eq!(stripped + rest, plain);
    }
}
