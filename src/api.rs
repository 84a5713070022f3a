//! Scans bytes, directories and whole histories in a few lines, for programs that use keysieve as a
//! library and need no control over single steps.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use bstr::BString;
use jiff::civil::Date;

use crate::audit::{self, Audit, AuditError, Scope};
use crate::blob::{Origin, Skip, SkipReason};
use crate::engine::{self, Keep, Progress};
use crate::finding::Outcome;
use crate::git;
use crate::policy::{BaselineError, Config, ConfigError, Policy, PolicyFiles};
use crate::rule::{Confidence, RuleError, RuleSet};
use crate::scan::{ScanError, Scanner};
use crate::source::{Buffer, Files, Source, SourceError, Workers};

/// A scanner with its policy. It can be used for any number of scans, from any number of threads.
///
/// ```
/// use keysieve::Keysieve;
/// use keysieve::finding::Status;
///
/// let keysieve = Keysieve::builtin()?;
/// let key = ["AKIA", "Q3EGRIIOFD7ANFP2"].concat();
/// let outcome = keysieve.scan_bytes("config.py", format!("key = '{key}'").as_bytes())?;
/// assert_eq!(outcome.status(), Status::Findings);
/// let found = &outcome.findings[0];
/// assert_eq!((&*found.rule.id, found.place.start.line), ("aws-access-token", 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Keysieve {
    /// Finds secrets.
    pub scanner: Scanner,
    /// Judges them.
    pub policy: Policy,
    /// How many threads a scan uses.
    pub jobs: usize,
    /// Files larger than this, in bytes, are skipped.
    pub max_size: Option<u64>,
}

/// Why a scanner cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The configuration is not valid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The baseline is not valid.
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    /// A rule is not valid.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The rules cannot be compiled.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// A file cannot be read.
    #[error("{}: {error}", crate::text::printable_path(path))]
    File {
        /// The file.
        path: PathBuf,
        /// Why it cannot be read.
        error: io::Error,
    },
}

impl Keysieve {
    /// With the built-in rules. Only inline markers allow findings.
    ///
    /// # Errors
    /// If a built-in rule is not valid, which the tests of keysieve exclude.
    pub fn builtin() -> Result<Self, SetupError> {
        Self::with_rules(RuleSet::builtin()?)
    }

    /// With the rules, the allow entries and the baseline of the directory `root`, which is the top
    /// of a work tree if there is one. Entries that expired before `today` allow nothing.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::path::Path;
    ///
    /// let root = Path::new("/src/shop");
    /// let keysieve = keysieve::Keysieve::with_policy_of(root, jiff::Zoned::now().date())?;
    /// let files = keysieve.scan_directory(root)?;
    /// let history = keysieve.audit(root)?;
    /// println!("{} in files, {} in all", files.findings.len(), history.findings.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If a file of the policy cannot be read, or is not valid.
    pub fn with_policy_of(root: &Path, today: Date) -> Result<Self, SetupError> {
        let file_error = |path: &Path, error| {
            let path = path.to_path_buf();
            SetupError::File { path, error }
        };
        let root = root
            .canonicalize()
            .map_err(|error| file_error(root, error))?;
        let files = PolicyFiles::Disk(root.clone());
        let mut rules = RuleSet::builtin()?;
        let configs = files.configs()?;
        for file in configs.iter().rev().flat_map(|config| &config.rules) {
            let (path, text) = files.rules(file);
            let text = text.map_err(|error| file_error(&path, error))?;
            rules.extend(&path.display().to_string(), &text)?;
        }
        let mut made = Self::with_rules(rules)?;
        // What a file sets wins over what it extends, which is after it.
        let first = |level: fn(&Config) -> Option<Confidence>| configs.iter().find_map(level);
        let mut policy = made.policy;
        policy.report = first(|config| Some(config.report?.confidence)).unwrap_or(policy.report);
        policy.block = first(|config| Some(config.block?.confidence)).unwrap_or(policy.block);
        made.max_size = configs.iter().find_map(|config| config.max_size);
        for config in configs {
            policy = policy.with_entries(config, made.scanner.rules(), today)?;
        }
        if let Some(baseline) = files.baseline()? {
            policy = policy.with_baseline(baseline, today);
        }
        made.policy = policy.with_paths_from(&root, &root);
        Ok(made)
    }

    fn with_rules(rules: RuleSet) -> Result<Self, SetupError> {
        Ok(Self {
            policy: Policy::new(Confidence::Low, Confidence::Medium, &rules),
            scanner: Scanner::new(rules)?,
            jobs: 1,
            max_size: None,
        })
    }

    /// Scans `bytes` as the content of a file at `path`, which need not exist: findings name it,
    /// and the policy may depend on it.
    ///
    /// # Errors
    /// None so far; the status of the outcome tells whether everything was scanned.
    pub fn scan_bytes(&self, path: &str, bytes: &[u8]) -> Result<Outcome, SourceError> {
        self.run(&Bytes { path, bytes })
    }

    /// Scans the files of a directory: in a work tree those that git tracks or does not ignore,
    /// elsewhere all.
    ///
    /// # Errors
    /// If the repository around it cannot be read. Files that cannot be read are skips.
    pub fn scan_directory(&self, directory: &Path) -> Result<Outcome, SourceError> {
        self.run(&Files {
            reports: Vec::new(),
            paths: vec![
                directory
                    .canonicalize()
                    .unwrap_or_else(|_| directory.to_path_buf()),
            ],
            ignore_rules: true,
            max_size: self.max_size,
            jobs: self.jobs,
        })
    }

    /// Scans everything that a repository holds, above all its whole history. No cache is used.
    ///
    /// # Errors
    /// If there is no repository at `repo`, or it cannot be read at all.
    pub fn audit(&self, repo: &Path) -> Result<Outcome, AuditError> {
        let audit = Audit {
            repo: &git::open(repo).map_err(SourceError::from)?,
            scope: Scope::default(),
            jobs: self.jobs,
            cache: None,
            stop: &AtomicBool::new(false),
        };
        let audited = audit::run(&audit, &self.scanner, &self.policy, &Progress::default())?;
        Ok(audited.outcome)
    }

    fn run(&self, source: &dyn Source) -> Result<Outcome, SourceError> {
        let progress = Progress::default();
        engine::run(
            source,
            &self.scanner,
            &self.policy,
            &progress,
            Keep::FOR_REPORT,
        )
    }
}

/// A source of bytes in memory.
struct Bytes<'a> {
    path: &'a str,
    bytes: &'a [u8],
}

impl Source for Bytes<'_> {
    fn feed<'w>(&self, workers: Workers<'w, '_>) -> Result<(), SourceError> {
        let path = BString::from(self.path);
        let origin = Origin::File { path: path.clone() };
        let mut worker = workers();
        let mut bytes = self.bytes;
        if let Err(error) = Buffer::default().feed(&mut bytes, &origin, worker.as_mut()) {
            let reason = SkipReason::Unreadable(error.to_string());
            worker.skip(Skip { path, reason });
        }
        Ok(())
    }
}
