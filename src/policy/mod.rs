//! Decides which findings are reported, which block, and which are allowed for which reason.

mod allow;
mod append;
mod baseline;
mod config;
mod encrypted;
mod error;
mod files;
pub mod import;
mod layers;
mod marker;
mod paths;
mod read;
mod root_paths;
mod size;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use bstr::{BStr, ByteSlice};
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use crate::blob::{Origin, SkipReason};
use crate::finding::{AllowedBy, List, Occurrence, Outcome, Unused};
use crate::rule::{Confidence, RuleSet};
use crate::secret::{Fingerprint, Salt};

pub use allow::{AllowEntry, EntryProblem};
pub use append::{Appended, NewEntry, add_salt, append};
pub use baseline::{
    BASELINE_NAME, Baseline, BaselineEntry, BaselineError, BaselineProblem, BaselineUpdate,
    EntryMetadata, SeenSecret,
};
pub use config::{Config, FILE_NAME, Level};
use encrypted::EncryptedPaths;
pub use error::{ConfigError, ExtendsProblem};
pub use files::{PolicyFiles, changes};
pub use layers::load_layers;
pub use marker::MarkerText;
pub use read::{read_foreign, read_or_empty, read_text};
use root_paths::RootPaths;
pub use size::parse_size;

/// What to do about findings. It keeps no state: the same finding always gets the same judgement.
#[derive(Debug)]
pub struct Policy {
    /// Findings below this are not reported.
    pub report: Confidence,
    /// Findings of this confidence or higher fail the run.
    pub block: Confidence,
    entries: Vec<AllowEntry>,
    expired: Vec<Unused>,
    encrypted: EncryptedPaths,
    root_paths: Option<RootPaths>,
    /// Key the fingerprints of values that could be guessed; the strongest is first. An entry may
    /// have a fingerprint under any of them, because each file keeps its salt.
    salts: Vec<Salt>,
    markers: Markers,
    /// The baseline, and today's date.
    baseline: Option<(Baseline, Date)>,
    /// Of all that was read for the policy.
    digest: Sha256,
}

/// What counts as an inline marker.
#[derive(Debug)]
struct Markers {
    /// The rules that one may name.
    rule_ids: Vec<Arc<str>>,
    are_honoured: bool,
}

/// The lines on which inline markers for a finding may be.
#[derive(Clone, Debug, Default)]
pub struct Nearby {
    /// The line on which the finding begins.
    pub line: MarkerText,
    /// The line before it; empty if there is no such line.
    pub before: MarkerText,
}

impl Nearby {
    /// The same, without the line before the finding.
    #[must_use]
    pub fn own_line(&self) -> Self {
        Self {
            line: self.line.clone(),
            before: MarkerText::default(),
        }
    }
}

/// What to do about a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Do not report it: its confidence is too low.
    Ignore,
    /// Report it.
    Report {
        /// Whether it fails the run.
        blocks: bool,
    },
    /// Allow it, for this reason.
    Allow(AllowedBy),
}

impl Policy {
    /// A policy without allow entries. `rules` are the rules that inline markers may name.
    #[must_use]
    pub fn new(report: Confidence, block: Confidence, rules: &RuleSet) -> Self {
        let ids = rules
            .rules
            .iter()
            .map(|rule| &rule.id)
            .chain(rules.pairs.iter().map(|pair| &pair.id));
        Self {
            report,
            block,
            entries: Vec::new(),
            expired: Vec::new(),
            encrypted: EncryptedPaths::default(),
            root_paths: None,
            salts: Vec::new(),
            markers: Markers {
                rule_ids: ids.cloned().collect(),
                are_honoured: true,
            },
            baseline: None,
            digest: Sha256::new(),
        }
    }

    /// The same policy with the salt and the entries of `config`, after those that it has. Entries
    /// that expired before `today` allow nothing.
    ///
    /// # Errors
    /// If an entry names a rule that `rules` does not have.
    pub fn with_entries(
        mut self,
        config: Config,
        rules: &RuleSet,
        today: Date,
    ) -> Result<Self, ConfigError> {
        config.check_rules(rules)?;
        self.salts.extend(config.salt);
        self.encrypted.entries.extend(config.encrypted);
        self.digest.update(config.digest);
        for entry in config.allow {
            if entry.is_expired(today) {
                self.expired.push(Unused {
                    list: List::Config,
                    file: entry.file,
                    number: entry.number,
                    reason: entry.reason,
                    expired: entry.until,
                });
            } else {
                self.entries.push(entry);
            }
        }
        Ok(self)
    }

    /// The same policy with the entries of `baseline`. Those that expired before `today` allow
    /// nothing.
    #[must_use]
    pub fn with_baseline(mut self, baseline: Baseline, today: Date) -> Self {
        self.digest.update(baseline.digest());
        Self {
            baseline: Some((baseline, today)),
            ..self
        }
    }

    /// The same policy for files whose paths are relative to the folder `start`, although the paths
    /// of entries are relative to `root`. Both are absolute and without links. Without this, paths
    /// are relative to the root, like those of the index.
    #[must_use]
    pub fn with_paths_from(self, start: &Path, root: &Path) -> Self {
        Self {
            root_paths: Some(RootPaths::new(start, root)),
            ..self
        }
    }

    /// The same policy, but without inline markers.
    #[must_use]
    pub fn without_markers(mut self) -> Self {
        self.markers.are_honoured = false;
        self
    }

    /// The same policy, but `[[encrypted]]` entries are also for the files of a work tree. There,
    /// a file can be plain text that git stores encrypted.
    #[must_use]
    pub fn with_encrypted_work_tree(mut self) -> Self {
        self.encrypted.in_work_tree = true;
        self
    }

    /// Whether there are `[[encrypted]]` entries for blobs from `origin`.
    #[must_use]
    pub fn has_encrypted_paths(&self, origin: &Origin) -> bool {
        let is_judged = match origin {
            Origin::Staged { .. } | Origin::Commit { .. } => true,
            Origin::File { .. } => self.encrypted.in_work_tree,
            _ => false,
        };
        is_judged && !self.encrypted.entries.is_empty()
    }

    /// Whether an `[[encrypted]]` entry is for the file at `path`, as [`Policy::path_of`] gives it.
    #[must_use]
    pub fn must_be_encrypted(&self, path: &BStr) -> bool {
        self.encrypted.has(path)
    }

    /// Decides what to do about an occurrence in the file at `path`, as [`Policy::path_of`] gives
    /// it. Allow entries apply first, in the order of their file, then markers, then the baseline.
    #[must_use]
    pub fn judge(&self, found: &Occurrence, path: &BStr, nearby: &Nearby) -> Judgement {
        if found.confidence < self.report {
            return Judgement::Ignore;
        }
        let salts = self.salts.iter();
        let salted: Vec<_> = salts.map(|&salt| found.fingerprint.salted(salt)).collect();
        let mut entries = self.entries.iter();
        if let Some(entry) = entries.find(|entry| entry.matches(found, &salted, path)) {
            return Judgement::Allow(AllowedBy::Entry {
                file: entry.file.clone(),
                number: entry.number,
                reason: entry.reason.clone(),
            });
        }
        if let Some(marker) = self.marker(found, nearby) {
            return Judgement::Allow(marker);
        }
        if let Some((entry, false)) = self.baseline_entry(found.fingerprint) {
            let EntryMetadata { reason, owner, .. } = entry.metadata.clone();
            return Judgement::Allow(AllowedBy::Baseline { reason, owner });
        }
        Judgement::Report {
            blocks: self.blocks(found.confidence),
        }
    }

    /// The entry that allows all that the file at `path`, as [`Policy::path_of`] gives it, can
    /// contain: one with no other condition than a path.
    #[must_use]
    pub fn entry_for_all_of(&self, path: &BStr) -> Option<&AllowEntry> {
        let mut entries = self.entries.iter();
        entries.find(|entry| entry.has_only_path(path))
    }

    /// Identifies the policy in reports: 12 hex digits that depend on the thresholds and
    /// `max_size`, on the contents of the configuration files and the baseline, and on nothing
    /// else.
    #[must_use]
    pub fn version(&self, max_size: Option<u64>) -> String {
        let mut digest = self.digest.clone();
        let (report, block) = (self.report.word(), self.block.word());
        digest.update(format!(
            "{report} {block} {} {max_size:?}",
            self.markers.are_honoured
        ));
        let digest: [u8; 32] = digest.finalize().into();
        let mut text = faster_hex::hex_string(&digest);
        text.truncate(12);
        text
    }

    /// The salt of the fingerprints that reports show, if there is one.
    #[must_use]
    pub fn salt(&self) -> Option<Salt> {
        self.salts.first().copied()
    }

    /// The line of an entry in its file, both as [`AllowedBy::Entry`] gives them.
    #[must_use]
    pub fn line_of_entry(&self, file: Option<&str>, number: usize) -> Option<usize> {
        let mut entries = self.entries.iter();
        let entry = entries.find(|entry| entry.number == number && entry.file.as_deref() == file);
        entry.map(|entry| entry.line)
    }

    /// Whether a finding of this confidence fails the run if nothing allows it.
    #[must_use]
    pub fn blocks(&self, confidence: Confidence) -> bool {
        confidence >= self.block
    }

    /// The inline marker that allows an occurrence, whether or not an entry allows it.
    #[must_use]
    pub fn marker(&self, found: &Occurrence, nearby: &Nearby) -> Option<AllowedBy> {
        let marker = marker::find(nearby, found, &self.markers.rule_ids);
        marker.filter(|_| self.markers.are_honoured)
    }

    /// Whether an inline marker covers an occurrence, but the policy ignores markers.
    #[must_use]
    pub fn has_ignored_marker(&self, found: &Occurrence, nearby: &Nearby) -> bool {
        !self.markers.are_honoured && marker::find(nearby, found, &self.markers.rule_ids).is_some()
    }

    /// The baseline entry for `finding`, and whether it has expired.
    #[must_use]
    pub fn baseline_entry(&self, fingerprint: Fingerprint) -> Option<(&BaselineEntry, bool)> {
        let (baseline, today) = self.baseline.as_ref()?;
        let entry = baseline.entry_for(fingerprint)?;
        Some((entry, entry.is_expired(*today)))
    }

    /// The file of the baseline, if there is one.
    #[must_use]
    pub fn baseline_file(&self) -> Option<&str> {
        let (baseline, _) = self.baseline.as_ref()?;
        Some(&baseline.file)
    }

    /// The path of `origin`, relative to the root.
    #[must_use]
    pub fn path_of<'o>(&self, origin: &'o Origin) -> Cow<'o, BStr> {
        match origin {
            Origin::File { path } | Origin::Name { path, .. } => {
                self.relative_to_root(path.as_bstr())
            }
            _ => Cow::Borrowed(origin.path()),
        }
    }

    /// `path`, relative to the root.
    #[must_use]
    pub fn relative_to_root<'p>(&self, path: &'p BStr) -> Cow<'p, BStr> {
        match &self.root_paths {
            Some(root_paths) => root_paths.relative_to_root(path),
            None => Cow::Borrowed(path),
        }
    }

    /// The allow entries that allow none of the findings of `outcome`, and all that have expired.
    /// Of the baseline, only expired entries for findings of `outcome` are returned, because a scan
    /// of a part does not find the secrets of all entries.
    #[must_use]
    pub fn unused(&self, outcome: &Outcome) -> Vec<Unused> {
        let used: HashSet<(Option<&str>, usize)> = outcome
            .allowed
            .iter()
            .filter_map(|allowed| match &allowed.by {
                AllowedBy::Entry { file, number, .. } => Some((file.as_deref(), *number)),
                AllowedBy::Marker { .. } | AllowedBy::Baseline { .. } => None,
            })
            .chain(
                outcome
                    .skipped
                    .iter()
                    .filter_map(|skip| match &skip.reason {
                        SkipReason::PackedAndAllowed { file, number, .. } => {
                            Some((file.as_deref(), *number))
                        }
                        _ => None,
                    }),
            )
            .collect();
        let mut all = self.expired.clone();
        for entry in &self.entries {
            if !used.contains(&(entry.file.as_deref(), entry.number)) {
                all.push(Unused {
                    list: List::Config,
                    file: entry.file.clone(),
                    number: entry.number,
                    reason: entry.reason.clone(),
                    expired: None,
                });
            }
        }
        for finding in &outcome.findings {
            if let Some((entry, true)) = self.baseline_entry(finding.fingerprint) {
                let reason = entry.metadata.reason.as_deref();
                all.push(Unused {
                    list: List::Baseline,
                    file: None,
                    number: entry.line,
                    reason: reason.unwrap_or("no reason given").to_owned(),
                    expired: entry.metadata.until,
                });
            }
        }
        all.sort();
        all.dedup();
        all
    }
}
