//! Scans the paths that a baseline covers, and finds out which of its entries still apply.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice as _};
use clap::Args;
use keysieve::engine::{self, Keep, Progress};
use keysieve::finding::{Finding, Outcome};
use keysieve::policy::{BaselineEntry, SeenSecret};
use keysieve::report;
use keysieve::rule::NOT_ENCRYPTED;
use keysieve::text::slashed;

use crate::cli::error::CliError;
use crate::cli::scan::PathArgs;
use crate::cli::settings::{self, Reporting, SettingsArgs};

/// Arguments that say what is scanned, and how.
#[derive(Args, Debug)]
pub(super) struct ScopeArgs {
    /// Files and directories [default: the whole repository]
    ///
    /// If paths are given, entries for other paths are left alone.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Also scan files that git ignores, such as a `.env`
    #[arg(long)]
    no_ignore: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// What a scan for a baseline found.
pub(super) struct Scanned {
    pub(super) seen: Vec<SeenSecret>,
    /// The paths that were scanned, relative to the root; empty for all of it.
    folders: Vec<BString>,
}

impl ScopeArgs {
    /// The file of the baseline.
    pub(super) fn file(&self) -> Result<PathBuf, CliError> {
        let root = settings::common_root(&self.settings, &self.scanned_paths()?)?;
        Ok(self.settings.baseline_file(&root))
    }

    /// Scans as if there were no baseline. Findings below the level that is reported are seen as
    /// well, so that their entries are not taken for gone.
    pub(super) fn scan(self) -> Result<Scanned, CliError> {
        let paths = self.scanned_paths()?;
        let args = self.settings.without_baseline()?;
        let (source, settings) =
            PathArgs::new(paths, self.no_ignore).resolve(&args, Reporting::Everything)?;
        let policy = &settings.policy;
        let outcome = engine::run(
            &source,
            &settings.scanner,
            policy,
            &Progress::default(),
            Keep::All,
        )?;
        check_complete(&outcome)?;
        let mask = report::masker(&outcome);
        let seen = |finding: &Finding, wanted| SeenSecret {
            fingerprint: finding.fingerprint,
            rule: finding.rule.id.to_string(),
            path: mask(&finding.place.path_in(&policy.path_of(&finding.origin))),
            wanted,
        };
        let reported = outcome
            .findings
            .iter()
            .map(|finding| seen(finding, finding.confidence >= settings.report));
        // A finding that something else allows needs no entry, but it still exists.
        let allowed = outcome
            .allowed
            .iter()
            .map(|allowed| seen(&allowed.finding, false));
        let folders = self.paths.iter().map(|path| {
            let path = slashed(path);
            policy.relative_to_root(path.as_bstr()).into_owned()
        });
        Ok(Scanned {
            seen: reported.chain(allowed).collect(),
            folders: folders.collect(),
        })
    }

    fn scanned_paths(&self) -> Result<Vec<PathBuf>, CliError> {
        if self.paths.iter().any(|path| path == Path::new("-")) {
            return Err(CliError::new(
                "a baseline cannot be written for standard input ('-')",
            ));
        }
        if self.paths.is_empty() {
            return Ok(vec![settings::root_of(Path::new("."))?]);
        }
        Ok(self.paths.clone())
    }
}

impl Scanned {
    /// Whether the path of this entry was scanned. An entry without a path could be anywhere, so
    /// only a scan of everything covers it. No scan of files judges what git stores unencrypted.
    pub(super) fn covers(&self, known: &BaselineEntry) -> bool {
        if known.rule.as_deref() == Some(NOT_ENCRYPTED) {
            return false;
        }
        let path = known.path.as_deref().unwrap_or_default().as_bytes();
        self.folders.is_empty() || self.folders.iter().any(|folder| contains(folder, path))
    }
}

/// Whether `path` is `folder` or in it. The root is the empty path.
fn contains(folder: &BString, path: &[u8]) -> bool {
    folder.is_empty()
        || path
            .strip_prefix(folder.as_slice())
            .is_some_and(|rest| matches!(rest, [] | [b'/', ..]))
}

/// Refuses an incomplete scan: a file that was not read may contain a known secret.
fn check_complete(outcome: &Outcome) -> Result<(), CliError> {
    const MAX_SHOWN: usize = 10;
    let failed: Vec<_> = outcome
        .skipped
        .iter()
        .filter(|skip| skip.reason.is_failure())
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    let mask = report::masker(outcome);
    let mut message = format!("the scan is incomplete: {} could not be read", failed.len());
    for skip in failed.iter().take(MAX_SHOWN) {
        let (path, reason) = (mask(&skip.path), mask(skip.reason.to_string().as_bytes()));
        // Writing to a String cannot fail.
        let _ = write!(message, "\n  {path}: {reason}");
    }
    Err(CliError::new(message).help("the baseline is unchanged"))
}
