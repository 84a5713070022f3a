//! Defines what a report is given and what a format is.

use std::io;

use crate::finding::Outcome;

/// Settings of a report. Each format uses those that concern it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Show secrets unmasked.
    pub reveal: bool,
    /// How a report for people is laid out.
    pub screen: Screen,
    /// List allowed findings and what allows each.
    pub show_allowed: bool,
    /// List allow entries that match nothing.
    pub show_unused: bool,
    /// Identifies the set of rules; see [`crate::rule::RuleSet::version`].
    pub rules_version: String,
    /// Identifies the policy; see [`crate::policy::Policy::version`].
    pub policy_version: String,
    /// Version of the program.
    pub version: &'static str,
    /// What was scanned.
    pub about: About,
    /// When the scan ran. Only formats that require it show it, so every other report is
    /// reproducible.
    pub times: Times,
}

/// How a report for people is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Screen {
    /// Write colours.
    pub color: bool,
    /// Write nothing if there is nothing to report, and one line on what does not block.
    pub quiet: bool,
    /// Write a frame for each finding, however many there are.
    pub full: bool,
    /// Write the versions of the program, the rules and the policy.
    pub versions: bool,
    /// Columns of the terminal; `None` if the report does not go to one.
    pub width: Option<usize>,
}

/// When a scan began and ended; the Unix epoch if unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// When it began.
    pub began: jiff::Timestamp,
    /// When it ended.
    pub ended: jiff::Timestamp,
}

/// What was scanned. A text is empty if it is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// There is no commit yet, so `git restore --staged` has nothing to restore from.
    pub first_commit: bool,
    /// The name of the repository's folder.
    pub repository: String,
    /// The current branch.
    pub branch: String,
    /// The abbreviated id of the last commit.
    pub commit: String,
    /// What of the repository: a range of commits, or words.
    pub range: String,
}

/// Writes an outcome as a report; fails only if the output does.
pub type Write = fn(&Options, &Outcome, &mut dyn io::Write) -> io::Result<()>;

/// A report format: a row of [`FORMATS`](super::FORMATS).
#[derive(Debug)]
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// One line of help.
    pub about: &'static str,
    /// Whether the report is made for upload to a service. Such a report never holds unmasked
    /// secrets, not even with `--reveal`.
    pub for_upload: bool,
    /// Whether the report consists of data for programs, without explanatory sentences.
    pub is_data: bool,
    /// Whether the report lists unused allow entries.
    pub lists_unused: bool,
    /// Writes the report.
    pub write: Write,
    /// Writes a timeline of secrets instead of the report, if the format has one.
    pub timeline: Option<Write>,
}
