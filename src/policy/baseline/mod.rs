//! The baseline: the secrets that a repository had when it was written. It holds their salted
//! fingerprints and never their values.
//!
//! The file is JSON, with one line for each entry:
//!
//! ```json
//! {
//! "keysieve-baseline": 1,
//! "salt": "00112233445566778899aabbccddeeff",
//! "findings": [
//! {"print":"0f…","rule":"r","path":"a.py","reason":"fake","owner":"ops","until":"2027-01-31"},
//! null
//! ]
//! }
//! ```
//!
//! `print` is the fingerprint, which alone identifies the secret; `rule` and `path` are for people.
//! Lines are sorted by `print`, so two branches seldom add the same line. If they do, a merge may
//! keep the lines of both sides, as git's `merge=union` does: every entry ends with a comma, `null`
//! ends the list, the order has no meaning, and of two entries for a secret the one that expires
//! first applies.

mod read;
mod write;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use super::read::{MAX_BASELINE_SIZE, if_exists, read_bounded};
use crate::secret::{Fingerprint, Salt, SaltedFingerprint};
use crate::text::printable_path;

pub use read::{BaselineError, BaselineProblem};

/// The name of the baseline, at the root of a repository.
pub const BASELINE_NAME: &str = ".keysieve-baseline.json";

/// The version of the file format.
const VERSION: u32 = 1;

/// The baseline of a repository.
#[derive(Debug)]
pub struct Baseline {
    /// The file, as errors name it.
    pub file: String,
    salt: Salt,
    /// Sorted by fingerprint, without duplicates.
    entries: Vec<BaselineEntry>,
}

impl Baseline {
    /// SHA-256 of what it allows.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new_with_prefix(self.salt.to_string());
        for entry in &self.entries {
            let until = entry.metadata.until.map(|day| day.to_string());
            let until = until.unwrap_or_default();
            digest.update(format!("{} {until}\n", entry.fingerprint));
        }
        digest.finalize().into()
    }
}

/// An entry of the baseline, which allows one secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineEntry {
    /// Identifies the secret and its rule.
    pub fingerprint: SaltedFingerprint,
    /// The rule's id, for people.
    pub rule: Option<String>,
    /// The path of the secret when the file was written, for people.
    pub path: Option<String>,
    /// What people wrote about it.
    pub metadata: EntryMetadata,
    /// The line on which the entry begins, from 1; 0 if it was not read from a file.
    pub line: usize,
}

/// Why a baseline entry allows its secret, who is responsible, and until when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryMetadata {
    /// Why the secret is allowed.
    pub reason: Option<String>,
    /// Who is responsible for it.
    pub owner: Option<String>,
    /// The last day on which it is allowed.
    pub until: Option<Date>,
}

/// A secret that a scan found.
#[derive(Clone, Debug)]
pub struct SeenSecret {
    /// Identifies the secret and its rule.
    pub fingerprint: Fingerprint,
    /// The rule's id.
    pub rule: String,
    /// Its path, safe to print.
    pub path: String,
    /// Whether it gets an entry if it has none.
    pub wanted: bool,
}

/// The result of [`Baseline::updated`].
#[derive(Debug)]
pub struct BaselineUpdate {
    /// The new baseline.
    pub baseline: Baseline,
    /// The number of new entries.
    pub added: usize,
    /// The number of entries that were removed, because their secrets are gone.
    pub removed: usize,
}

impl BaselineEntry {
    /// Whether its last day is before `today`.
    #[must_use]
    pub fn is_expired(&self, today: Date) -> bool {
        self.metadata.until.is_some_and(|until| until < today)
    }
}

impl Baseline {
    /// An empty baseline for the file `path`.
    #[must_use]
    pub fn new(path: &Path, salt: Salt) -> Self {
        Self {
            file: printable_path(path),
            salt,
            entries: Vec::new(),
        }
    }

    /// Reads a baseline; `None` if the file does not exist.
    ///
    /// # Errors
    /// If it exists but cannot be read, or is not valid.
    pub fn load(path: &Path) -> Result<Option<Self>, BaselineError> {
        Self::from_read(path, if_exists(read_bounded(path, MAX_BASELINE_SIZE)))
    }

    /// Parses what was read from `path`.
    pub(super) fn from_read(
        path: &Path,
        text: io::Result<Option<String>>,
    ) -> Result<Option<Self>, BaselineError> {
        match text {
            Ok(text) => text.map(|text| Self::parse(path, &text)).transpose(),
            Err(source) => Err(BaselineError::Read {
                file: printable_path(path),
                source,
            }),
        }
    }

    /// Parses `text`, the content of the baseline `path`.
    ///
    /// # Errors
    /// Names the file, the line and what is wrong, but never quotes the file.
    pub fn parse(path: &Path, text: &str) -> Result<Self, BaselineError> {
        let file = printable_path(path);
        match read::read(text) {
            Ok((salt, mut entries)) => {
                // Of two entries for a secret, the one that expires first comes first and stays.
                entries.sort_by_key(|entry| {
                    let until = entry.metadata.until;
                    (entry.fingerprint, until.is_none(), until)
                });
                entries.dedup_by_key(|entry| entry.fingerprint);
                Ok(Self {
                    file,
                    salt,
                    entries,
                })
            }
            Err((line, problem)) => Err(BaselineError::Content {
                file,
                line,
                problem,
            }),
        }
    }

    /// The entries, sorted by fingerprint.
    #[must_use]
    pub fn entries(&self) -> &[BaselineEntry] {
        &self.entries
    }

    /// The entry for the secret with this fingerprint.
    #[must_use]
    pub fn entry_for(&self, fingerprint: Fingerprint) -> Option<&BaselineEntry> {
        if self.entries.is_empty() {
            return None;
        }
        let salted = fingerprint.salted(self.salt);
        let found = self
            .entries
            .binary_search_by_key(&salted, |entry| entry.fingerprint);
        found.ok().map(|index| &self.entries[index])
    }

    /// The baseline after a scan that found `seen`. Entries whose secrets were found stay, entries
    /// that were `scanned` for and not found are removed, and what is wanted and has no entry gets
    /// one with `metadata`.
    #[must_use]
    pub fn updated(
        &self,
        seen: &[SeenSecret],
        metadata: &EntryMetadata,
        scanned: impl Fn(&BaselineEntry) -> bool,
    ) -> BaselineUpdate {
        let mut places: BTreeMap<SaltedFingerprint, Vec<&SeenSecret>> = BTreeMap::new();
        for secret in seen {
            let fingerprint = secret.fingerprint.salted(self.salt);
            places.entry(fingerprint).or_default().push(secret);
        }
        let mut entries = Vec::with_capacity(places.len());
        let mut removed = 0;
        for entry in &self.entries {
            match places.remove(&entry.fingerprint) {
                Some(places) => entries.push(refreshed(entry, &places)),
                None if scanned(entry) => removed += 1,
                None => entries.push(entry.clone()),
            }
        }
        let before = entries.len();
        for (fingerprint, places) in places {
            if places.iter().any(|secret| secret.wanted) {
                entries.push(BaselineEntry {
                    fingerprint,
                    rule: Some(places[0].rule.clone()),
                    path: Some(places[0].path.clone()),
                    metadata: metadata.clone(),
                    line: 0,
                });
            }
        }
        let added = entries.len() - before;
        entries.sort_by_key(|entry| entry.fingerprint);
        BaselineUpdate {
            baseline: Self {
                file: self.file.clone(),
                salt: self.salt,
                entries,
            },
            added,
            removed,
        }
    }
}

/// The entry of a secret that was found, with the rule and a path that it has now.
fn refreshed(entry: &BaselineEntry, places: &[&SeenSecret]) -> BaselineEntry {
    let same_path = places
        .iter()
        .find(|secret| Some(&secret.path) == entry.path.as_ref());
    BaselineEntry {
        rule: Some(places[0].rule.clone()),
        path: Some(same_path.unwrap_or(&places[0]).path.clone()),
        ..entry.clone()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn seen(value: &str, path: &str) -> SeenSecret {
        SeenSecret {
            fingerprint: fingerprint(value),
            rule: "r".to_owned(),
            path: path.to_owned(),
            wanted: true,
        }
    }

    fn fingerprint(value: &str) -> Fingerprint {
        Fingerprint::new("r", value.as_bytes())
    }

    fn baseline_of(all: &[SeenSecret]) -> Baseline {
        let metadata = EntryMetadata {
            owner: Some("ops".to_owned()),
            ..EntryMetadata::default()
        };
        Baseline::new(Path::new("b"), Salt::random().unwrap())
            .updated(all, &metadata, |_| true)
            .baseline
    }

    fn parse(text: &str) -> Baseline {
        Baseline::parse(Path::new("b"), text).unwrap()
    }

    #[test]
    fn a_written_baseline_is_read_back() {
        let written = baseline_of(&[seen("one", "a"), seen("two", "b\"\n"), seen("one", "c")]);
        let text = written.text();
        let read = parse(&text);
        assert_eq!((read.entries().len(), read.text()), (2, text.clone()));
        assert_eq!(
            read.entry_for(fingerprint("one"))
                .unwrap()
                .metadata
                .owner
                .as_deref(),
            Some("ops")
        );
        assert!(read.entry_for(Fingerprint::new("other", b"one")).is_none());
        assert!(read.entry_for(fingerprint("three")).is_none());
        let prints: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("{\"print\""))
            .collect();
        assert!(prints.len() == 2 && prints.is_sorted(), "{text}");
    }

    #[test]
    fn an_update_keeps_what_people_wrote() {
        let old = baseline_of(&[seen("one", "a"), seen("two", "b")]);
        let metadata = EntryMetadata {
            reason: Some("new".to_owned()),
            ..EntryMetadata::default()
        };
        let found = [seen("one", "moved"), seen("three", "c")];
        let update = old.updated(&found, &metadata, |_| true);
        assert_eq!((update.added, update.removed), (1, 1));
        let one = update.baseline.entry_for(fingerprint("one")).unwrap();
        assert_eq!(
            (one.path.as_deref(), one.metadata.owner.as_deref()),
            (Some("moved"), Some("ops"))
        );
        let three = update.baseline.entry_for(fingerprint("three")).unwrap();
        assert_eq!(three.metadata, metadata);
        assert!(update.baseline.entry_for(fingerprint("two")).is_none());
        let partial = old.updated(&[], &metadata, |entry| entry.path.as_deref() == Some("b"));
        assert_eq!((partial.removed, partial.baseline.entries().len()), (1, 1));
        let unwanted = SeenSecret {
            wanted: false,
            ..seen("four", "d")
        };
        assert_eq!(old.updated(&[unwanted], &metadata, |_| false).added, 0);
    }

    #[test]
    fn the_lines_of_two_branches_can_be_merged() {
        let base = baseline_of(&[seen("one", "a")]);
        let side = |extra| {
            let found = [seen("one", "a"), extra];
            base.updated(&found, &EntryMetadata::default(), |_| true)
                .baseline
                .text()
        };
        let (left, right) = (side(seen("two", "b")), side(seen("three", "c")));
        let new = right.lines().find(|line| !left.contains(line)).unwrap();
        let both = left.replace("null\n", &format!("{new}\n{new}\nnull\n"));
        assert_eq!(parse(&both).entries().len(), 3);
    }

    #[test]
    fn of_two_entries_the_one_that_expires_first_applies() {
        let text = baseline_of(&[seen("one", "a")]).text();
        let line = text.lines().nth(4).unwrap();
        let until = |day: &str| line.replace("\"owner\":\"ops\"", &format!("\"until\":\"{day}\""));
        let twice = text.replace(
            line,
            &[line, &until("2027-01-31"), &until("2026-01-31")].join("\n"),
        );
        let read = parse(&twice);
        assert_eq!(read.entries().len(), 1);
        let entry = &read.entries()[0];
        assert!(entry.is_expired(date(2026, 2, 1)) && !entry.is_expired(date(2026, 1, 31)));
        assert_eq!(entry.line, 7);
    }
}
