//! Makes every foreign text of an outcome safe to print: masks values, then escapes.

use std::borrow::Cow;

use bstr::ByteSlice;
use jiff::Timestamp;
use serde::Serialize;

use crate::blob::{CommitInfo, Origin, Skip};
use crate::finding::frame::FrameLine;
use crate::finding::{Allowed, Finding, Outcome, Place, PolicyChange, Unused};
use crate::report::api::Options;
use crate::report::safe_text::value_mask::ValueMask;
use crate::report::safe_text::words::{allowed_by, policy_change, unused};
use crate::secret::Secret;
use crate::text::printable;

/// Length of an abbreviated object id.
const SHORT_ID: usize = 12;

/// A label and a text that is safe to print.
pub(in crate::report) type Note = (&'static str, String);

/// Masks and escapes what reports print about one outcome.
pub(in crate::report) struct Redactor<'o> {
    reveal: bool,
    mask: ValueMask<'o>,
}

/// The printable fields of a commit.
#[derive(Default, Serialize)]
pub(in crate::report) struct SafeCommit {
    /// Its id.
    #[serde(rename = "commit")]
    pub(in crate::report) id: String,
    /// Name and mail address of the author.
    pub(in crate::report) author: String,
    /// The date as ISO 8601 in UTC; empty if it is out of range.
    pub(in crate::report) date: String,
    /// The first line of the message.
    pub(in crate::report) subject: String,
}

impl<'o> Redactor<'o> {
    /// The redactor for `outcome`; with `options.reveal` it masks nothing.
    pub(in crate::report) fn new(outcome: &'o Outcome, options: &Options) -> Self {
        let mask = if options.reveal {
            ValueMask::none()
        } else {
            ValueMask::new(outcome)
        };
        Self {
            reveal: options.reveal,
            mask,
        }
    }

    /// A redactor that always masks: used for allowed findings and for clean-up plans, even
    /// with `--reveal`.
    pub(in crate::report) fn masked(outcome: &'o Outcome) -> Self {
        Self {
            reveal: false,
            mask: ValueMask::new(outcome),
        }
    }

    /// Whether values are shown unmasked.
    pub(in crate::report) const fn reveals(&self) -> bool {
        self.reveal
    }

    /// The masked bytes of the path of the blob that a finding is in: a file, also if the finding
    /// is in an entry of an archive.
    pub(in crate::report) fn file_bytes<'f>(&self, finding: &'f Finding) -> Cow<'f, [u8]> {
        self.bytes(finding.origin.path())
    }

    /// The same as text.
    pub(in crate::report) fn file(&self, finding: &Finding) -> String {
        self.text(finding.origin.path())
    }

    /// The masked bytes of a finding's path, with that in an archive.
    pub(in crate::report) fn path_bytes(&self, finding: &Finding) -> Vec<u8> {
        self.bytes(&finding.path()).into_owned()
    }

    /// The path of a finding, with that in an archive.
    pub(in crate::report) fn path(&self, finding: &Finding) -> String {
        self.text(&**finding.path())
    }

    /// `path:line:column`, which terminals and editors open; only the path if the secret is part
    /// of the path.
    pub(in crate::report) fn place(&self, finding: &Finding, place: &Place) -> String {
        let path = self.text(&**place.path_in(finding.origin.path()));
        match finding.origin {
            Origin::Name { .. } => path,
            _ => format!("{path}:{}:{}", place.start.line, place.start.column),
        }
    }

    /// The masked bytes of another name, such as the path of a skip.
    pub(in crate::report) fn bytes<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        self.mask.text(text)
    }

    /// A name as printable text.
    pub(in crate::report) fn text(&self, text: impl AsRef<[u8]>) -> String {
        printable(&self.bytes(text.as_ref()))
    }

    /// A name for JSON, whose writer escapes control characters itself.
    pub(in crate::report) fn lossy(&self, text: impl AsRef<[u8]>) -> String {
        String::from_utf8_lossy(&self.bytes(text.as_ref())).into_owned()
    }

    /// Free text that a person wrote, such as a reason: unknown words that look like secrets are
    /// masked too.
    pub(in crate::report) fn prose(&self, text: impl AsRef<[u8]>) -> String {
        printable(&self.mask.prose(text.as_ref()))
    }

    /// Free text for JSON.
    pub(in crate::report) fn lossy_prose(&self, text: impl AsRef<[u8]>) -> String {
        String::from_utf8_lossy(&self.mask.prose(text.as_ref())).into_owned()
    }

    /// The value of a secret.
    pub(in crate::report) fn secret(&self, secret: &Secret) -> String {
        if self.reveal {
            printable(secret.reveal())
        } else {
            secret.masked()
        }
    }

    /// The value of a finding and, for a pair, of its other half.
    pub(in crate::report) fn secrets(&self, finding: &Finding) -> Vec<Note> {
        let partner = finding.partner.as_ref();
        let with = partner.map(|partner| ("with", self.secret(&partner.secret)));
        std::iter::once(("secret", self.secret(&finding.secret)))
            .chain(with)
            .collect()
    }

    /// The lines around a finding.
    pub(in crate::report) fn frame<'f>(
        &'f self,
        place: &'f Place,
    ) -> impl Iterator<Item = Cow<'f, FrameLine>> {
        place.frame.lines.iter().map(|line| self.mask.line(line))
    }

    /// The path and the reason of a skip. The reason is masked too: a message of the system may
    /// contain the path.
    pub(in crate::report) fn skip(&self, skip: &Skip) -> (String, String) {
        (self.text(&skip.path), self.text(skip.reason.to_string()))
    }

    /// The path of a changed policy file, and how it changed.
    pub(in crate::report) fn policy_change(&self, change: &PolicyChange) -> (String, String) {
        (self.text(&change.path), policy_change(change))
    }

    /// What allows a finding, and why.
    pub(in crate::report) fn allowed_by(&self, allowed: &Allowed) -> String {
        self.prose(allowed_by(allowed))
    }

    /// One line about an unused allow entry.
    pub(in crate::report) fn unused(&self, entry: &Unused) -> String {
        self.prose(unused(entry))
    }

    /// One line about an allowed finding.
    pub(in crate::report) fn allowed(&self, allowed: &Allowed) -> String {
        let finding = &allowed.finding;
        let place = self.place(finding, &finding.place);
        format!(
            "{place} {}, by {}",
            finding.rule.id,
            self.allowed_by(allowed)
        )
    }

    /// The printable fields of a commit.
    pub(in crate::report) fn commit(&self, commit: &CommitInfo) -> SafeCommit {
        let date = Timestamp::from_second(commit.time)
            .map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        SafeCommit {
            id: commit.id.clone(),
            author: self.prose(&commit.author),
            date: date.unwrap_or_default(),
            subject: self.prose(&commit.subject),
        }
    }

    /// A commit in one line: `commit 1a2b3c4d5e6f by A U Thor, 2026-03-01: subject`.
    pub(in crate::report) fn commit_line(&self, commit: &CommitInfo) -> String {
        let author = commit.author.as_bytes();
        let name = author.split_once_str("<").map_or(author, |(name, _)| name);
        let name = self.prose(name.trim());
        let SafeCommit {
            id, date, subject, ..
        } = self.commit(commit);
        let day = date.get(..10).unwrap_or_default();
        let mut line = format!("commit {}", short(&id));
        for (separator, part) in [(" by ", &*name), (", ", day), (": ", &*subject)] {
            if !part.is_empty() {
                line.push_str(separator);
                line.push_str(part);
            }
        }
        line
    }

    /// What a finding's rule recommends.
    pub(in crate::report) fn help(&self, finding: &Finding) -> Option<String> {
        finding
            .rule
            .help
            .as_ref()
            .map(|help| self.prose(help.trim()))
    }

    /// What a finding's rule detects.
    pub(in crate::report) fn description(&self, finding: &Finding) -> String {
        self.text(finding.rule.description.as_bytes())
    }
}

/// An abbreviated object id.
pub(in crate::report) fn short(id: &str) -> &str {
    id.get(..SHORT_ID).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{commit, outcome, pair, secrets};

    fn line(time: i64, author: &str, subject: &str) -> String {
        let outcome = outcome();
        let redactor = Redactor::new(&outcome, &Options::default());
        redactor.commit_line(&CommitInfo {
            time,
            author: author.into(),
            subject: subject.into(),
            ..commit()
        })
    }

    #[test]
    fn a_commit_is_described_in_one_line() {
        let id = &commit().id[..12];
        let all = line(1_772_323_200, "A U Thor <author@example.com>", "add it");
        assert_eq!(all, format!("commit {id} by A U Thor, 2026-03-01: add it"));
        assert_eq!(line(i64::MAX, "<a@b>", ""), format!("commit {id}"));
        let subject = line(0, "x", &format!("use {} now", secrets()[0]));
        assert_eq!(
            subject,
            format!("commit {id} by x, 1970-01-01: use q8/Z{} now", "********")
        );
    }

    #[test]
    fn notes_name_the_commit_or_tag_of_a_finding() {
        let outcome = outcome();
        let redactor = Redactor::new(&outcome, &Options::default());
        let found = Finding {
            origin: Origin::Commit {
                commit: commit().into(),
                path: "a".into(),
                id: String::new(),
            },
            ..pair()
        };
        let notes = redactor.notes(&found);
        let labels: Vec<_> = notes.iter().map(|(label, _)| *label).collect();
        assert_eq!(labels, ["what", "in", "why", "help", "allow"]);
        assert!(
            notes[1].1.starts_with("commit ") && notes[1].1.contains("A U Thor"),
            "{}",
            notes[1].1
        );
        let tag = Finding {
            origin: Origin::TagText {
                name: "v1".into(),
                id: commit().id,
            },
            ..pair()
        };
        assert!(redactor.notes(&tag)[1].1.starts_with("tag object "));
    }
}
