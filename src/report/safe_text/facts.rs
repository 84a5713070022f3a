//! What reports may say about an outcome: its texts of foreign origin, masked and safe to print,
//! and the notes on a finding.

use std::borrow::Cow;

use bstr::ByteSlice;
use jiff::Timestamp;

use crate::blob::{CommitInfo, Origin, Skip};
use crate::finding::frame::FrameLine;
use crate::finding::{Allowed, Finding, Outcome, Place, PolicyChange, Unused};
use crate::report::Options;
use crate::report::history;
use crate::report::safe_text::mask::Mask;
use crate::report::safe_text::words::{because, exception, policy_change, unused};
use crate::secret::Secret;
use crate::text::printable;

/// How many characters of an id name a commit to a person.
const SHORT_ID: usize = 12;

/// Something to know about a finding: a label, and what it is. Safe to print.
pub(in crate::report) type Note = (&'static str, String);

/// Says what may be said.
pub(in crate::report) struct Facts<'o> {
    reveal: bool,
    mask: Mask<'o>,
}

/// A commit as reports name it. Safe to print.
pub(in crate::report) struct CommitFacts {
    /// Its id.
    pub(in crate::report) id: String,
    /// Name and mail address of who wrote it.
    pub(in crate::report) author: String,
    /// When, as ISO 8601 in UTC; empty where the time is none.
    pub(in crate::report) date: String,
    /// The first line of its message.
    pub(in crate::report) subject: String,
}

impl<'o> Facts<'o> {
    /// What may be said about `outcome`: its values in clear only where that was asked for.
    pub(in crate::report) fn new(outcome: &'o Outcome, options: &Options) -> Self {
        let mask = if options.reveal {
            Mask::none()
        } else {
            Mask::new(outcome)
        };
        Self {
            reveal: options.reveal,
            mask,
        }
    }

    /// What may be said about what is allowed: an exception is no reason to look at it.
    pub(in crate::report) fn masked(outcome: &'o Outcome) -> Self {
        Self {
            reveal: false,
            mask: Mask::new(outcome),
        }
    }

    /// Whether values are shown in clear.
    pub(in crate::report) const fn reveals(&self) -> bool {
        self.reveal
    }

    /// The bytes of the path of `finding`, masked.
    pub(in crate::report) fn path_bytes<'f>(&self, finding: &'f Finding) -> Cow<'f, [u8]> {
        self.mask.text(finding.origin.path())
    }

    /// The path of `finding`.
    pub(in crate::report) fn path(&self, finding: &Finding) -> String {
        printable(&self.path_bytes(finding))
    }

    /// `path:line:column`, which terminals and editors open; the path alone where it is the path
    /// that holds the secret.
    pub(in crate::report) fn place(&self, finding: &Finding, place: &Place) -> String {
        let path = self.path(finding);
        match finding.origin {
            Origin::Name { .. } => path,
            _ => format!("{path}:{}:{}", place.start.line, place.start.column),
        }
    }

    /// Other bytes of foreign origin, such as the path of a skip, masked.
    pub(in crate::report) fn bytes<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        self.mask.text(text)
    }

    /// A text of foreign origin that names something.
    pub(in crate::report) fn text(&self, text: impl AsRef<[u8]>) -> String {
        printable(&self.mask.text(text.as_ref()))
    }

    /// A text that somebody wrote freely, and so may have written a secret into.
    pub(in crate::report) fn prose(&self, text: impl AsRef<[u8]>) -> String {
        printable(&self.prose_bytes(text.as_ref()))
    }

    /// The same, as bytes.
    pub(in crate::report) fn prose_bytes<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        self.mask.prose(text)
    }

    /// A value that was found.
    pub(in crate::report) fn secret(&self, secret: &Secret) -> String {
        if self.reveal {
            printable(secret.reveal())
        } else {
            secret.masked()
        }
    }

    /// The value of a finding, and that of its other half.
    pub(in crate::report) fn secrets(&self, finding: &Finding) -> Vec<Note> {
        let other = finding
            .partner
            .as_ref()
            .map(|partner| ("with", self.secret(&partner.secret)));
        std::iter::once(("secret", self.secret(&finding.secret)))
            .chain(other)
            .collect()
    }

    /// The lines around a finding.
    pub(in crate::report) fn frame<'f>(
        &'f self,
        place: &'f Place,
    ) -> impl Iterator<Item = (&'f FrameLine, Cow<'f, str>)> {
        place
            .frame
            .lines
            .iter()
            .map(|line| (line, self.mask.line(&line.text)))
    }

    /// What was not scanned, and why; what the system says about a file may name it.
    pub(in crate::report) fn skip(&self, skip: &Skip) -> (String, String) {
        (self.text(&skip.path), self.text(skip.reason.to_string()))
    }

    /// A file of policy that the commits which are judged change, and what becomes of it.
    pub(in crate::report) fn policy_change(&self, change: &PolicyChange) -> (String, String) {
        (self.text(&change.path), policy_change(change))
    }

    /// What lets a finding pass, and why.
    pub(in crate::report) fn exception(&self, allowed: &Allowed) -> String {
        self.prose(exception(allowed))
    }

    /// What lets nothing pass, and why it was written.
    pub(in crate::report) fn unused(&self, entry: &Unused) -> String {
        self.prose(unused(entry))
    }

    /// One line on a finding that may pass.
    pub(in crate::report) fn allowed(&self, allowed: &Allowed) -> String {
        let finding = &allowed.finding;
        format!(
            "{} {}, by {}",
            self.place(finding, &finding.place),
            finding.rule.id,
            self.exception(allowed)
        )
    }

    /// A commit, in its parts.
    pub(in crate::report) fn commit(&self, commit: &CommitInfo) -> CommitFacts {
        let date = Timestamp::from_second(commit.time)
            .map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        CommitFacts {
            id: commit.id.clone(),
            author: self.prose(&commit.author),
            date: date.unwrap_or_default(),
            subject: self.prose(&commit.subject),
        }
    }

    /// A commit in one line: `commit 1a2b3c4d5e6f by A U Thor, 2026-03-01: subject`.
    pub(in crate::report) fn commit_line(&self, commit: &CommitInfo) -> String {
        let name = commit
            .author
            .split_once_str("<")
            .map_or(commit.author.as_bytes(), |(name, _)| name);
        let name = self.prose(name.trim());
        let CommitFacts {
            id, date, subject, ..
        } = self.commit(commit);
        let mut line = format!("commit {}", short(&id));
        for (before, part) in [
            (" by ", name.as_str()),
            (", ", date.get(..10).unwrap_or_default()),
            (": ", &subject),
        ] {
            if !part.is_empty() {
                line.push_str(before);
                line.push_str(part);
            }
        }
        line
    }

    /// Everything there is to know about a finding besides its rule, its place and its frame, in
    /// the order to read it.
    pub(in crate::report) fn notes(&self, finding: &Finding) -> Vec<Note> {
        let mut notes = Vec::new();
        let what = self.what(finding);
        if !what.is_empty() {
            notes.push(("what", what.join("; ")));
        }
        notes.extend(self.origin(finding).map(|origin| ("in", origin)));
        notes.extend(
            finding
                .history
                .iter()
                .flat_map(|history| history::notes(history, self)),
        );
        let mut why = format!(
            "{}: {}",
            finding.confidence,
            because(finding.confidence, finding.partner.is_some())
        );
        if let Some(encoding) = finding.place.encoding {
            why.push_str("; written as ");
            why.push_str(encoding);
        }
        notes.push(("why", why));
        notes.extend(self.help(finding).map(|help| ("help", help)));
        notes.push((
            "allow",
            format!(
                "keysieve allow {} --reason \"why it may pass\"",
                finding.fingerprint
            ),
        ));
        notes
    }

    /// What the rule of a finding says should be done.
    pub(in crate::report) fn help(&self, finding: &Finding) -> Option<String> {
        finding
            .rule
            .help
            .as_ref()
            .map(|help| self.prose(help.trim()))
    }

    /// What the rule of a finding finds.
    pub(in crate::report) fn description(&self, finding: &Finding) -> String {
        self.text(finding.rule.description.as_bytes())
    }

    fn origin(&self, finding: &Finding) -> Option<String> {
        match &finding.origin {
            Origin::TagText { id, .. } => Some(format!("tag object {}", short(id))),
            origin => origin.commit().map(|commit| self.commit_line(commit)),
        }
    }

    fn what(&self, finding: &Finding) -> Vec<String> {
        let mut what = Vec::new();
        match finding.origin {
            Origin::Name { .. } => what.push("stands in a file's name".to_owned()),
            Origin::CommitMessage { .. } => what.push("stands in the commit message".to_owned()),
            Origin::CommitText { .. } => what.push("stands in the commit itself".to_owned()),
            Origin::TagText { .. } => what.push("stands in the tag itself".to_owned()),
            _ => {}
        }
        for detail in &finding.details {
            what.push(format!(
                "{} {}",
                detail.key.replace('_', " "),
                self.text(&detail.value)
            ));
        }
        if let Some(partner) = &finding.partner {
            let description = self.text(partner.rule.description.as_bytes());
            what.push(format!(
                "with the {description} at {}",
                self.place(finding, &partner.place)
            ));
        }
        what
    }
}

/// As much of an id as a person needs.
pub(in crate::report) fn short(id: &str) -> &str {
    id.get(..SHORT_ID).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{commit, outcome, pair, secrets};

    fn line(time: i64, author: &str, subject: &str) -> String {
        let outcome = outcome();
        let facts = Facts::new(&outcome, &Options::default());
        facts.commit_line(&CommitInfo {
            time,
            author: author.into(),
            subject: subject.into(),
            ..commit()
        })
    }

    #[test]
    fn a_commit_is_named_in_one_line() {
        let id = &commit().id[..12];
        let all = line(1_772_323_200, "A U Thor <author@example.com>", "add it");
        assert_eq!(all, format!("commit {id} by A U Thor, 2026-03-01: add it"));
        assert_eq!(line(i64::MAX, "<a@b>", ""), format!("commit {id}"));
        let subject = line(0, "x", &format!("use {} now", secrets()[0]));
        assert_eq!(
            subject,
            format!(
                "commit {id} by x, 1970-01-01: use q8/Z{} now",
                "*".repeat(36)
            )
        );
    }

    #[test]
    fn notes_say_where_a_finding_of_history_is_from() {
        let outcome = outcome();
        let facts = Facts::new(&outcome, &Options::default());
        let found = Finding {
            origin: Origin::Commit {
                commit: commit().into(),
                path: "a".into(),
                id: String::new(),
            },
            ..pair()
        };
        let notes = facts.notes(&found);
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
        assert!(facts.notes(&tag)[1].1.starts_with("tag object "));
    }
}
