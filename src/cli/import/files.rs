//! Holds the three files of policy while they are added to, and writes those that change.

use std::path::{Path, PathBuf};

use keysieve::fs::replace;
use keysieve::policy::import::{Entry, add_entries, add_rules, name_rule_file};
use keysieve::policy::{
    BASELINE_NAME, Baseline, Config, EntryMetadata, FILE_NAME, SeenSecret, read_or_empty,
};
use keysieve::rule::RuleSet;
use keysieve::secret::Salt;
use keysieve::text::printable_path;

use crate::cli::error::CliError;
use crate::cli::settings;

/// The file of imported rules.
const RULES_NAME: &str = ".keysieve-rules.toml";

/// A text file, before and after.
struct TextFile {
    path: PathBuf,
    old: String,
    new: String,
}

/// The files of the policy of a repository.
pub(super) struct Files {
    config: TextFile,
    rules: TextFile,
    baseline: Baseline,
    baseline_path: PathBuf,
    /// How many entries the baseline has on disk.
    known: usize,
}

impl Files {
    pub(super) fn load(root: &Path) -> Result<Self, CliError> {
        let baseline_path = root.join(BASELINE_NAME);
        let salt = Salt::random()
            .map_err(|error| CliError::new(format!("cannot get random bytes: {error}")))?;
        let baseline = Baseline::load(&baseline_path)?;
        let baseline = baseline.unwrap_or_else(|| Baseline::new(&baseline_path, salt));
        Ok(Self {
            config: TextFile::load(root.join(FILE_NAME))?,
            rules: TextFile::load(root.join(RULES_NAME))?,
            known: baseline.entries().len(),
            baseline,
            baseline_path,
        })
    }

    /// The rules of the policy that are not imported.
    pub(super) fn own_rules(&self) -> Result<RuleSet, CliError> {
        let mut rules = RuleSet::builtin()?;
        let config = Config::parse(&self.config.path, &self.config.new)?;
        let others = config.rules.iter().filter(|path| **path != self.rules.path);
        settings::add_rules(&mut rules, others)?;
        Ok(rules)
    }

    /// All rules of the new policy.
    pub(super) fn rules(&self) -> Result<RuleSet, CliError> {
        let mut rules = self.own_rules()?;
        rules.extend(&printable_path(&self.rules.path), &self.rules.new)?;
        Ok(rules)
    }

    /// Adds rules and returns how many are new.
    pub(super) fn add_rules(&mut self, rules: &[(String, String)]) -> Result<usize, CliError> {
        let (text, added) = add_rules(&self.rules.new, rules);
        self.rules.new = text;
        if !rules.is_empty() {
            let config = &mut self.config;
            config.new = name_rule_file(&config.path, &config.new, RULES_NAME)?;
        }
        Ok(added)
    }

    /// Adds entries and returns how many are new.
    pub(super) fn add_entries(&mut self, entries: &[Entry], from: &str) -> Result<usize, CliError> {
        let config = &mut self.config;
        let (text, added) = add_entries(&config.path, &config.new, entries, from)?;
        config.new = text;
        Ok(added)
    }

    /// Adds known secrets to the baseline and returns how many are new.
    pub(super) fn add_known(&mut self, seen: &[SeenSecret], from: &str) -> usize {
        let metadata = EntryMetadata {
            reason: Some(format!("imported from {from}")),
            ..EntryMetadata::default()
        };
        let update = self.baseline.updated(seen, &metadata, |_| false);
        self.baseline = update.baseline;
        update.added
    }

    /// What would be written.
    pub(super) fn shown(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for file in [&self.config, &self.rules] {
            if file.old != file.new {
                lines.push(format!("{} would be:", printable_path(&file.path)));
                lines.extend(file.new.lines().map(|line| format!("  {line}")));
            }
        }
        let added = self.baseline.entries().len() - self.known;
        if added > 0 {
            let path = printable_path(&self.baseline_path);
            lines.push(format!("{path} would have {added} more entries"));
        }
        lines
    }

    /// Writes the files that change: the rules first, because the configuration names them.
    pub(super) fn write(&self) -> Result<Vec<String>, CliError> {
        let mut lines = Vec::new();
        let baseline = self.baseline.text();
        let has_known = self.baseline.entries().len() != self.known;
        for (path, text, is_changed) in [
            (&self.rules.path, &self.rules.new, self.rules.is_changed()),
            (&self.baseline_path, &baseline, has_known),
            (
                &self.config.path,
                &self.config.new,
                self.config.is_changed(),
            ),
        ] {
            let shown = printable_path(path);
            if is_changed {
                replace(path, |out| out.write_all(text.as_bytes()))
                    .map_err(|error| CliError::new(format!("{shown}: {error}")))?;
                lines.push(format!("wrote {shown}"));
            }
        }
        Ok(lines)
    }
}

impl TextFile {
    fn load(path: PathBuf) -> Result<Self, CliError> {
        let old = read_or_empty(&path)
            .map_err(|error| CliError::new(format!("{}: {error}", printable_path(&path))))?;
        let new = old.clone();
        Ok(Self { path, old, new })
    }

    fn is_changed(&self) -> bool {
        self.old != self.new
    }
}
