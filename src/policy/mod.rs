//! Policy: what is reported, what blocks, and what is allowed, with the reason of each exception.

mod allow;
mod append;
mod base;
mod baseline;
mod config;
mod files;
mod marker;

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use bstr::{BStr, ByteSlice};
use jiff::civil::Date;

use crate::blob::Origin;
use crate::finding::{AllowedBy, Finding, List, Occurrence, Outcome, Unused};
use crate::rule::{Confidence, RuleSet};
use crate::secret::Fingerprint;

pub use allow::{Allow, EntryProblem};
pub use append::{Appended, NewEntry, append};
use base::Base;
pub use baseline::{
    BASELINE_NAME, Baseline, BaselineError, BaselineProblem, BaselineUpdate, Known, Seen, Terms,
};
pub use config::{Config, ConfigError, FILE_NAME, parse_size, read_text};
pub use files::{PolicyFiles, changes};

/// What is done about findings. Holds no state: judging the same finding twice says the same.
#[derive(Debug)]
pub struct Policy {
    /// Findings below this are not reported.
    pub report: Confidence,
    /// Findings from this on fail the run.
    pub block: Confidence,
    entries: Vec<Allow>,
    expired: Vec<Unused>,
    rule_ids: Vec<Arc<str>>,
    base: Option<Base>,
    /// Whether inline markers count.
    markers: bool,
    /// The known findings, and the day that it is.
    baseline: Option<(Baseline, Date)>,
}

/// The text around a finding, where inline markers may stand.
#[derive(Clone, Copy, Debug)]
pub struct Nearby<'t> {
    /// The line on which the finding begins.
    pub line: &'t [u8],
    /// The line before it; empty on the first.
    pub before: &'t [u8],
}

/// What policy says about a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Below what is reported.
    Ignore,
    /// Reported; fails the run if it blocks.
    Report {
        /// Whether it fails the run.
        blocks: bool,
    },
    /// Allowed, and by what.
    Allow(AllowedBy),
}

impl Policy {
    /// A policy without entries: what is reported and what blocks. `rules` are those that inline
    /// markers may name.
    #[must_use]
    pub fn new(report: Confidence, block: Confidence, rules: &RuleSet) -> Self {
        let ids = rules
            .rules
            .iter()
            .map(|rule| &rule.id)
            .chain(rules.pairs.iter().map(|pair| &pair.id));
        let (entries, expired, rule_ids) = (Vec::new(), Vec::new(), ids.cloned().collect());
        Self {
            report,
            block,
            entries,
            expired,
            rule_ids,
            base: None,
            markers: true,
            baseline: None,
        }
    }

    /// The same policy with the `[[allow]]` entries of `config`; those that expired before `today`
    /// let nothing pass.
    ///
    /// # Errors
    /// Where an entry names a rule that is not one of `rules`.
    pub fn with_entries(
        mut self,
        config: Config,
        rules: &RuleSet,
        today: Date,
    ) -> Result<Self, ConfigError> {
        config.check_rules(rules)?;
        for entry in config.allow {
            match entry.until.filter(|_| entry.is_expired(today)) {
                Some(day) => {
                    let list = List::Config;
                    self.expired.push(Unused {
                        list,
                        number: entry.number,
                        reason: entry.reason,
                        expired: Some(day),
                    });
                }
                None => self.entries.push(entry),
            }
        }
        Ok(self)
    }

    /// The same policy with what `baseline` knows; those of its entries that expired before `today`
    /// let nothing pass.
    #[must_use]
    pub fn with_baseline(self, baseline: Baseline, today: Date) -> Self {
        Self {
            baseline: Some((baseline, today)),
            ..self
        }
    }

    /// The same policy for files that are reached from the folder `start`, while entries speak of
    /// paths below `root`; both absolute, without links. Without this, paths are taken to be
    /// relative to the root, as those of the index are.
    #[must_use]
    pub fn reached_from(self, start: &Path, root: &Path) -> Self {
        Self {
            base: Some(Base::new(start, root)),
            ..self
        }
    }

    /// The same policy, but for inline markers: none lets anything pass.
    #[must_use]
    pub fn without_markers(self) -> Self {
        Self {
            markers: false,
            ..self
        }
    }

    /// What to do about an occurrence in the file at `path`, as [`Policy::path_of`] gives it, with
    /// the text around it. Entries are asked first, in the order of their file, then markers, then
    /// the baseline.
    #[must_use]
    pub fn judge(&self, found: &Occurrence, path: &BStr, nearby: Nearby<'_>) -> Judgement {
        if found.confidence < self.report {
            return Judgement::Ignore;
        }
        if let Some(entry) = self.entries.iter().find(|entry| entry.matches(found, path)) {
            return Judgement::Allow(AllowedBy::Entry {
                number: entry.number,
                reason: entry.reason.clone(),
            });
        }
        if let Some(marker) = self.marker(found, nearby) {
            return Judgement::Allow(marker);
        }
        if let Some((known, false)) = self.known_value(found.fingerprint) {
            let Terms { reason, owner, .. } = known.terms.clone();
            return Judgement::Allow(AllowedBy::Baseline { reason, owner });
        }
        Judgement::Report {
            blocks: self.blocks(found.confidence),
        }
    }

    /// Whether a finding of this confidence fails the run if nothing allows it.
    #[must_use]
    pub fn blocks(&self, confidence: Confidence) -> bool {
        confidence >= self.block
    }

    /// The marker that allows an occurrence, whatever entries say.
    #[must_use]
    pub fn marker(&self, found: &Occurrence, nearby: Nearby<'_>) -> Option<AllowedBy> {
        marker::find(nearby, found, &self.rule_ids).filter(|_| self.markers)
    }

    /// The baseline's entry for `finding`, and whether it has expired.
    #[must_use]
    pub fn known(&self, finding: &Finding) -> Option<(&Known, bool)> {
        self.known_value(finding.fingerprint)
    }

    fn known_value(&self, fingerprint: Fingerprint) -> Option<(&Known, bool)> {
        let (baseline, today) = self.baseline.as_ref()?;
        let known = baseline.known(fingerprint)?;
        Some((known, known.is_expired(*today)))
    }

    /// The file of the baseline, where there is one.
    #[must_use]
    pub fn baseline_file(&self) -> Option<&str> {
        self.baseline
            .as_ref()
            .map(|(baseline, _)| baseline.file.as_str())
    }

    /// The path of `origin` as entries see it: from the root.
    #[must_use]
    pub fn path_of<'o>(&self, origin: &'o Origin) -> Cow<'o, BStr> {
        match origin {
            Origin::File { path } | Origin::Name { path, .. } => self.below_root(path.as_bstr()),
            _ => Cow::Borrowed(origin.path()),
        }
    }

    /// `path`, as it was reached, seen from the root.
    #[must_use]
    pub fn below_root<'p>(&self, path: &'p BStr) -> Cow<'p, BStr> {
        self.base
            .as_ref()
            .map_or(Cow::Borrowed(path), |base| base.below_root(path))
    }

    /// The entries that let none of what `outcome` allows pass, by number; an expired one is always
    /// among them. Of the baseline, which knows much that a scan of a part does not come by, only
    /// what has expired and would have let a finding pass.
    #[must_use]
    pub fn unused(&self, outcome: &Outcome) -> Vec<Unused> {
        let used: HashSet<usize> = outcome
            .allowed
            .iter()
            .filter_map(|allowed| match &allowed.by {
                AllowedBy::Entry { number, .. } => Some(*number),
                AllowedBy::Marker { .. } | AllowedBy::Baseline { .. } => None,
            })
            .collect();
        let unused = |list, number, reason: &str, expired| Unused {
            list,
            number,
            reason: reason.to_owned(),
            expired,
        };
        let idle = self
            .entries
            .iter()
            .filter(|entry| !used.contains(&entry.number));
        let idle = idle.map(|entry| unused(List::Config, entry.number, &entry.reason, None));
        let known = outcome
            .findings
            .iter()
            .filter_map(|finding| self.known(finding));
        let known = known.filter(|(_, expired)| *expired).map(|(known, _)| {
            let reason = known.terms.reason.as_deref().unwrap_or("no reason given");
            unused(List::Baseline, known.line, reason, known.terms.until)
        });
        let mut all: Vec<_> = idle
            .chain(self.expired.iter().cloned())
            .chain(known)
            .collect();
        all.sort();
        all.dedup();
        all
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::finding::{Allowed, Place, RuleInfo, frame::Frame};
    use crate::secret::{Salt, Secret};
    use crate::text::Location;

    const NOTHING: Nearby<'static> = Nearby {
        line: b"",
        before: b"",
    };

    /// A lone access key id.
    pub(super) fn occurrence() -> Occurrence {
        let secret = ["AKIA", "QYLPMN5HHHFPZAM2"].concat();
        let start = Location { line: 2, column: 8 };
        Occurrence {
            rule: RuleInfo {
                id: "aws-access-token".into(),
                description: "AWS access key id".into(),
                help: None,
            },
            confidence: Confidence::Medium,
            place: Place {
                start,
                end: Location {
                    line: 2,
                    column: 28,
                },
                frame: Frame::default(),
                encoding: None,
            },
            fingerprint: Fingerprint::new("aws-access-token", secret.as_bytes()),
            secret: Secret::new(secret),
            details: Vec::new(),
            partner: None,
        }
    }

    /// The same in `src/a.py`.
    fn finding() -> Finding {
        let path = "src/a.py".into();
        Finding::new(occurrence(), Origin::File { path })
    }

    fn judge(policy: &Policy, nearby: Nearby<'_>) -> Judgement {
        let origin = finding().origin;
        policy.judge(&occurrence(), &policy.path_of(&origin), nearby)
    }

    fn policy(config: &str, today: Date) -> Policy {
        let rules = RuleSet::builtin().unwrap();
        let config = Config::parse(Path::new("x"), config).unwrap();
        Policy::new(Confidence::Low, Confidence::Medium, &rules)
            .with_entries(config, &rules, today)
            .unwrap()
    }

    fn is_shared_between_threads<T: Send + Sync>(_: &T) {}

    #[test]
    fn confidence_decides_what_is_reported_and_what_blocks() {
        let mut policy = policy("", date(2026, 1, 1));
        is_shared_between_threads(&policy);
        assert_eq!(judge(&policy, NOTHING), Judgement::Report { blocks: true });
        policy.block = Confidence::High;
        assert_eq!(judge(&policy, NOTHING), Judgement::Report { blocks: false });
        policy.report = Confidence::High;
        let marked = Nearby {
            line: b"x # keysieve:allow",
            before: b"",
        };
        assert_eq!(judge(&policy, marked), Judgement::Ignore);
    }

    #[test]
    fn an_entry_holds_through_its_last_day() {
        let text = "[[allow]]\nrule = \"aws-access-token\"\nreason = \"r\"\nuntil = 2026-03-31\n";
        let by = AllowedBy::Entry {
            number: 1,
            reason: "r".to_owned(),
        };
        let last = policy(text, date(2026, 3, 31));
        assert_eq!(judge(&last, NOTHING), Judgement::Allow(by));
        let after = policy(text, date(2026, 4, 1));
        assert_eq!(judge(&after, NOTHING), Judgement::Report { blocks: true });
        let expired = Some(date(2026, 3, 31));
        let list = List::Config;
        assert_eq!(
            after.unused(&Outcome::default()),
            [Unused {
                list,
                number: 1,
                reason: "r".to_owned(),
                expired
            }]
        );
    }

    #[test]
    fn the_first_entry_wins_and_the_idle_ones_are_named() {
        let text = "[[allow]]\npath = \"docs/\"\nreason = \"a\"\n[[allow]]\npath = \"src/\"\nreason = \"b\"\n\
                    [[allow]]\nrule = \"aws-access-token\"\nreason = \"c\"\n";
        let policy = policy(text, date(2026, 1, 1));
        let marked = Nearby {
            line: b"x # keysieve:allow",
            before: b"",
        };
        let Judgement::Allow(by) = judge(&policy, marked) else {
            panic!("allowed")
        };
        assert_eq!(
            by,
            AllowedBy::Entry {
                number: 2,
                reason: "b".to_owned()
            }
        );
        let allowed = vec![Allowed {
            finding: finding(),
            by,
        }];
        let unused = policy.unused(&Outcome {
            allowed,
            ..Outcome::default()
        });
        assert_eq!(
            unused.iter().map(|entry| entry.number).collect::<Vec<_>>(),
            [1, 3]
        );
    }

    #[test]
    fn entries_speak_of_paths_below_the_root() {
        let text = "[[allow]]\npath = \"/deep/src/\"\nreason = \"r\"\n";
        let from = |start: &str| {
            policy(text, date(2026, 1, 1)).reached_from(Path::new(start), Path::new("/repo"))
        };
        assert!(matches!(
            judge(&from("/repo/deep"), NOTHING),
            Judgement::Allow(_)
        ));
        assert!(matches!(
            judge(&from("/repo"), NOTHING),
            Judgement::Report { .. }
        ));
    }

    #[test]
    fn the_baseline_is_asked_last_and_ends_with_its_last_day() {
        let found = finding();
        let seen = Seen {
            print: found.fingerprint,
            rule: String::new(),
            path: String::new(),
            wanted: true,
        };
        let terms = Terms {
            owner: Some("ops".to_owned()),
            until: Some(date(2026, 3, 31)),
            ..Terms::default()
        };
        let policy = |today| {
            let empty = Baseline::new(Path::new("b"), Salt::random().unwrap());
            let baseline = empty
                .renewed(std::slice::from_ref(&seen), &terms, |_| true)
                .baseline;
            policy("", today).with_baseline(baseline, today)
        };
        let (last, after) = (policy(date(2026, 3, 31)), policy(date(2026, 4, 1)));
        let by = AllowedBy::Baseline {
            reason: None,
            owner: Some("ops".to_owned()),
        };
        assert_eq!(judge(&last, NOTHING), Judgement::Allow(by));
        let marked = Nearby {
            line: b"x # keysieve:allow",
            before: b"",
        };
        assert!(matches!(
            judge(&last, marked),
            Judgement::Allow(AllowedBy::Marker { .. })
        ));
        assert_eq!(judge(&after, NOTHING), Judgement::Report { blocks: true });
        let outcome = Outcome {
            findings: vec![found],
            ..Outcome::default()
        };
        assert_eq!(after.unused(&outcome)[0].list, List::Baseline);
        assert_eq!(after.unused(&Outcome::default()), []);
        assert_eq!(last.unused(&outcome), []);
    }

    #[test]
    fn an_entry_for_a_rule_that_does_not_exist_is_an_error() {
        let rules = RuleSet::builtin().unwrap();
        let config =
            Config::parse(Path::new("x"), "[[allow]]\nrule = \"no\"\nreason = \"r\"\n").unwrap();
        let policy = Policy::new(Confidence::Low, Confidence::Medium, &rules);
        assert!(
            policy
                .with_entries(config, &rules, date(2026, 1, 1))
                .is_err()
        );
    }
}
