//! The baseline: secrets that were known when it was written, by their salted fingerprints, never
//! by their values.
//!
//! The file is JSON, with a line for each entry:
//!
//! ```json
//! {
//! "keysieve-baseline": 1,
//! "salt": "00112233445566778899aabbccddeeff",
//! "findings": [
//! {"print":"0f…","rule":"aws-access-token","path":"src/a.py","reason":"rotated","owner":"ops","until":"2027-01-31"},
//! null
//! ]
//! }
//! ```
//!
//! `print` is all that counts; `rule` and `path` are for whoever reads it. Lines are sorted by
//! `print`, so additions on two branches seldom meet. Where they do, the lines of both sides are
//! right: every entry ends with a comma and `null` ends the list, entries may stand in any order,
//! and of two for the same secret the one that expires first counts. So git's `merge=union` never
//! goes wrong.

mod read;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use jiff::civil::Date;
use serde::Serialize;

use super::config::read_at_most;
use crate::secret::{Fingerprint, Salt, SaltedPrint};
use crate::text::printable_path;

pub use read::{BaselineError, BaselineProblem};

/// The name of the baseline, at the root of a repository.
pub const BASELINE_NAME: &str = ".keysieve-baseline.json";

/// The version of the file's form.
const VERSION: u32 = 1;

/// The largest file that is read, in bytes.
pub(super) const MAX_SIZE: u64 = 256 << 20;

/// Known secrets.
#[derive(Debug)]
pub struct Baseline {
    /// The file, as errors name it.
    pub file: String,
    salt: Salt,
    /// Sorted by print, each once.
    entries: Vec<Known>,
}

/// An entry: a secret that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Which secret, and under which rule.
    pub print: SaltedPrint,
    /// The rule's id, for readers.
    pub rule: Option<String>,
    /// Where it stood when the file was written, for readers.
    pub path: Option<String>,
    /// Why it may pass, who answers for it, and until when.
    pub terms: Terms,
    /// The line on which the entry begins, from 1; 0 where it was not read from a file.
    pub line: usize,
}

/// Under what terms a known secret may pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Why it may.
    pub reason: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The last day on which it may.
    pub until: Option<Date>,
}

/// A secret that a scan saw.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Which.
    pub print: Fingerprint,
    /// The rule's id.
    pub rule: String,
    /// Where, safe to show.
    pub path: String,
    /// Whether it is to be written down where it is not yet.
    pub wanted: bool,
}

/// What became of a baseline.
#[derive(Debug)]
pub struct BaselineUpdate {
    /// It.
    pub baseline: Baseline,
    /// How many entries are new.
    pub added: usize,
    /// How many went, as their secrets are gone.
    pub gone: usize,
}

/// An entry as written.
#[derive(Serialize)]
struct Line<'k> {
    print: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'k str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'k str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'k str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'k str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

impl Known {
    /// Whether the last day on which it may pass lies before `today`.
    #[must_use]
    pub fn is_expired(&self, today: Date) -> bool {
        self.terms.until.is_some_and(|until| until < today)
    }
}

impl Baseline {
    /// An empty one, to be written to `path`.
    #[must_use]
    pub fn new(path: &Path, salt: Salt) -> Self {
        Self {
            file: printable_path(path),
            salt,
            entries: Vec::new(),
        }
    }

    /// Reads a baseline; `None` where there is none.
    ///
    /// # Errors
    /// Everything but the absence of the file.
    pub fn load(path: &Path) -> Result<Option<Self>, BaselineError> {
        Self::of(path, super::files::if_there(read_at_most(path, MAX_SIZE)))
    }

    /// The baseline whose text was read from `path`, or was not.
    pub(super) fn of(
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

    /// Understands `text` as the content of the baseline `path`.
    ///
    /// # Errors
    /// Names the file, the line and what is wrong, and quotes nothing of it.
    pub fn parse(path: &Path, text: &str) -> Result<Self, BaselineError> {
        let file = printable_path(path);
        match read::read(text) {
            Ok((salt, mut entries)) => {
                entries.sort_by_key(|known| {
                    (known.print, known.terms.until.is_none(), known.terms.until)
                });
                entries.dedup_by_key(|known| known.print);
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

    /// The entries, sorted by their prints.
    #[must_use]
    pub fn entries(&self) -> &[Known] {
        &self.entries
    }

    /// The entry for the secret of this fingerprint.
    #[must_use]
    pub fn known(&self, print: Fingerprint) -> Option<&Known> {
        if self.entries.is_empty() {
            return None;
        }
        let print = print.salted(self.salt);
        self.entries
            .binary_search_by_key(&print, |known| known.print)
            .ok()
            .map(|index| &self.entries[index])
    }

    /// The baseline after a scan that saw `seen`: entries whose secrets are still there stay as
    /// they are, those that it `looked` for without seeing them go, and what is wanted and not
    /// known yet comes in under `terms`.
    #[must_use]
    pub fn renewed(
        &self,
        seen: &[Seen],
        terms: &Terms,
        looked: impl Fn(&Known) -> bool,
    ) -> BaselineUpdate {
        let mut places: BTreeMap<SaltedPrint, Vec<&Seen>> = BTreeMap::new();
        for seen in seen {
            places
                .entry(seen.print.salted(self.salt))
                .or_default()
                .push(seen);
        }
        let mut entries = Vec::with_capacity(places.len());
        let mut gone = 0;
        for known in &self.entries {
            match places.remove(&known.print) {
                Some(places) => entries.push(moved(known, &places)),
                None if looked(known) => gone += 1,
                None => entries.push(known.clone()),
            }
        }
        let new = places
            .into_iter()
            .filter(|(_, places)| places.iter().any(|seen| seen.wanted));
        let new = new.map(|(print, places)| Known {
            print,
            rule: Some(places[0].rule.clone()),
            path: Some(places[0].path.clone()),
            terms: terms.clone(),
            line: 0,
        });
        let before = entries.len();
        entries.extend(new);
        let added = entries.len() - before;
        entries.sort_by_key(|known| known.print);
        let baseline = Self {
            file: self.file.clone(),
            salt: self.salt,
            entries,
        };
        BaselineUpdate {
            baseline,
            added,
            gone,
        }
    }

    /// The file's content. The same entries give the same bytes.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = format!(
            "{{\n\"keysieve-baseline\": {VERSION},\n\"salt\": \"{}\",\n\"findings\": [\n",
            self.salt
        );
        for known in &self.entries {
            let line = Line {
                print: known.print.to_string(),
                rule: known.rule.as_deref(),
                path: known.path.as_deref(),
                reason: known.terms.reason.as_deref(),
                owner: known.terms.owner.as_deref(),
                until: known.terms.until.map(|day| day.to_string()),
            };
            #[expect(clippy::expect_used, reason = "six strings are JSON")]
            let line = serde_json::to_string(&line).expect("strings are JSON");
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{line},");
        }
        out + "null\n]\n}\n"
    }
}

/// An entry whose secret was seen: its path stays right for readers.
fn moved(known: &Known, places: &[&Seen]) -> Known {
    let still_there = places
        .iter()
        .any(|seen| Some(&seen.path) == known.path.as_ref());
    let path = if still_there {
        known.path.clone()
    } else {
        Some(places[0].path.clone())
    };
    Known {
        rule: Some(places[0].rule.clone()),
        path,
        ..known.clone()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn seen(value: &str, path: &str) -> Seen {
        let print = Fingerprint::new("r", value.as_bytes());
        Seen {
            print,
            rule: "r".to_owned(),
            path: path.to_owned(),
            wanted: true,
        }
    }

    fn of(all: &[Seen]) -> Baseline {
        let terms = Terms {
            owner: Some("ops".to_owned()),
            ..Terms::default()
        };
        Baseline::new(Path::new("b"), Salt::random().unwrap())
            .renewed(all, &terms, |_| true)
            .baseline
    }

    fn parse(text: &str) -> Baseline {
        Baseline::parse(Path::new("b"), text).unwrap()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let written = of(&[seen("one", "a"), seen("two", "b\"\n"), seen("one", "c")]);
        let text = written.text();
        let read = parse(&text);
        assert_eq!((read.entries().len(), read.text()), (2, text.clone()));
        assert_eq!(
            read.known(Fingerprint::new("r", b"one"))
                .unwrap()
                .terms
                .owner
                .as_deref(),
            Some("ops")
        );
        assert!(read.known(Fingerprint::new("other", b"one")).is_none());
        assert!(read.known(Fingerprint::new("r", b"three")).is_none());
        let prints: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("{\"print\""))
            .collect();
        assert!(prints.len() == 2 && prints.is_sorted(), "{text}");
    }

    #[test]
    fn a_renewed_one_keeps_what_people_wrote() {
        let old = of(&[seen("one", "a"), seen("two", "b")]);
        let terms = Terms {
            reason: Some("new".to_owned()),
            ..Terms::default()
        };
        let renewed = old.renewed(&[seen("one", "moved"), seen("three", "c")], &terms, |_| {
            true
        });
        assert_eq!((renewed.added, renewed.gone), (1, 1));
        let one = renewed
            .baseline
            .known(Fingerprint::new("r", b"one"))
            .unwrap();
        assert_eq!(
            (one.path.as_deref(), one.terms.owner.as_deref()),
            (Some("moved"), Some("ops"))
        );
        let three = renewed
            .baseline
            .known(Fingerprint::new("r", b"three"))
            .unwrap();
        assert_eq!(three.terms, terms);
        assert!(
            renewed
                .baseline
                .known(Fingerprint::new("r", b"two"))
                .is_none()
        );
        let partial = old.renewed(&[], &terms, |known| known.path.as_deref() == Some("b"));
        assert_eq!((partial.gone, partial.baseline.entries().len()), (1, 1));
        let unwanted = Seen {
            wanted: false,
            ..seen("four", "d")
        };
        assert_eq!(old.renewed(&[unwanted], &terms, |_| false).added, 0);
    }

    #[test]
    fn lines_of_two_sides_make_one() {
        let base = of(&[seen("one", "a")]);
        let side = |extra| {
            base.renewed(&[seen("one", "a"), extra], &Terms::default(), |_| true)
                .baseline
                .text()
        };
        let (left, right) = (side(seen("two", "b")), side(seen("three", "c")));
        let new = right.lines().find(|line| !left.contains(line)).unwrap();
        let both = left.replace("null\n", &format!("{new}\n{new}\nnull\n"));
        assert_eq!(parse(&both).entries().len(), 3);
    }

    #[test]
    fn of_two_entries_the_one_that_expires_first_counts() {
        let text = of(&[seen("one", "a")]).text();
        let line = text.lines().nth(4).unwrap();
        let until = |day: &str| line.replace("\"owner\":\"ops\"", &format!("\"until\":\"{day}\""));
        let twice = text.replace(
            line,
            &[line, &until("2027-01-31"), &until("2026-01-31")].join("\n"),
        );
        let read = parse(&twice);
        assert_eq!(read.entries().len(), 1);
        let known = &read.entries()[0];
        assert!(known.is_expired(date(2026, 2, 1)) && !known.is_expired(date(2026, 1, 31)));
        assert_eq!(known.line, 7);
    }
}
