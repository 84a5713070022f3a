//! `keysieve audit`: scans everything that a repository contains, above all its whole history.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use bstr::BString;
use clap::Args;
use etcetera::BaseStrategy as _;
use jiff::civil::Date;
use keysieve::audit::{self, Audit, Audited, Scope, Since};
use keysieve::finding::Status;
use keysieve::git::{self, Repository};
use keysieve::text::{printable, printable_path};

use super::error::CliError;
use super::output::{FINDINGS, TIMELINE};
use super::plan::PlanDir;
use super::redact::message;
use super::scan::{Common, about};
use super::settings::Settings;

/// Arguments of `keysieve audit`.
#[derive(Args, Debug)]
pub(crate) struct AuditArgs {
    /// The repository, bare or not, or a directory in it
    #[arg(default_value = ".", value_name = "REPO")]
    repo: PathBuf,
    /// Show when secrets were added and removed, by month
    ///
    /// Replaces the report, in the formats `human` and `json`.
    #[arg(long)]
    timeline: bool,
    /// Also write a clean-up plan to this directory
    ///
    /// Nothing of the plan is run.
    ///
    /// CHECKLIST.md lists the steps in order. replacements.txt, for `git filter-repo
    /// --replace-text`, contains the secrets in plain text, so the directory must be new or empty,
    /// and outside of the repository.
    #[arg(long, value_name = "DIR")]
    plan: Option<PathBuf>,
    #[command(flatten)]
    scope: ScopeArgs,
    #[command(flatten)]
    cache: CacheArgs,
    #[command(flatten)]
    common: Common,
}

/// Arguments for the cache, which lets the next audit read only new packs.
#[derive(Args, Debug)]
#[command(next_help_heading = "Cache")]
struct CacheArgs {
    /// Read every object, and write no cache
    #[arg(long)]
    no_cache: bool,
    /// Folder of the cache [default: the user's cache folder]
    ///
    /// The cache contains places and fingerprints, but no secrets.
    #[arg(long = "cache", value_name = "DIR", conflicts_with = "no_cache")]
    folder: Option<PathBuf>,
}

/// Arguments that limit what is reported. All objects are read in any case.
#[derive(Args, Debug)]
#[command(next_help_heading = "Scope")]
struct ScopeArgs {
    /// Only what branches, tags and other refs reach
    ///
    /// Leaves out stashes, reflogs and unreachable objects.
    #[arg(long)]
    reachable: bool,
    /// Only what this ref reaches; may be repeated
    #[arg(long = "ref", value_name = "REF")]
    refs: Vec<String>,
    /// Only newer commits
    ///
    /// Commits since a day, such as 2026-01-31, or commits that a given commit does not reach.
    #[arg(long, value_name = "DATE|COMMIT")]
    since: Option<String>,
}

impl AuditArgs {
    pub(crate) fn run(self) -> Result<Status, CliError> {
        let view = if self.timeline { TIMELINE } else { FINDINGS };
        let reports = self.common.output.reports_of(view)?;
        let here = Path::new(".");
        // A repository that is given is opened as it is. Otherwise git's variables, or the
        // directory, decide.
        let repo = if self.repo == here {
            git::discover(here)?
        } else {
            git::open(&self.repo)?
        };
        let plan = self
            .plan
            .as_deref()
            .map(|dir| PlanDir::check(dir, &repo))
            .transpose()?;
        let settings = self
            .common
            .settings
            .resolve(repo.work_dir().unwrap_or(&self.repo))?;
        let scope = self.scope.scope(&repo)?;
        let stop = stop_on_signal()?;
        let cache = self.cache.folder(&repo)?;
        let audit = Audit {
            repo: &repo,
            scope,
            jobs: settings.jobs,
            cache: cache.as_deref(),
            stop,
        };
        let Settings {
            scanner, policy, ..
        } = &settings;
        let Audited {
            outcome,
            cache_error,
        } = reports.watch(|progress| audit::run(&audit, scanner, policy, progress))?;
        if let Some(error) = cache_error {
            let _ = writeln!(
                io::stderr(),
                "keysieve: warning: audit cache not used: {}",
                message(&error.to_string())
            );
        }
        if let Some(plan) = plan {
            plan.write(&outcome)?;
        }
        let about = about(&repo, "whole history");
        reports.write(&outcome, settings.versions(), about)?;
        Ok(outcome.status())
    }
}

impl CacheArgs {
    /// The folder of the cache; `None` for no cache. It is never inside the repository, where
    /// nothing may be written.
    fn folder(&self, repo: &Repository) -> Result<Option<PathBuf>, CliError> {
        if self.no_cache {
            return Ok(None);
        }
        match &self.folder {
            None => Ok(user_cache().filter(|folder| !is_inside(folder, repo))),
            Some(folder) if is_inside(folder, repo) => {
                let message = format!(
                    "{}: the cache cannot be inside the audited repository",
                    printable_path(folder)
                );
                Err(CliError::new(message).help("name a folder outside of it, or use --no-cache"))
            }
            Some(folder) => Ok(Some(folder.clone())),
        }
    }
}

/// Whether `folder`, which may not exist yet, is inside the repository.
fn is_inside(folder: &Path, repo: &Repository) -> bool {
    let existing = folder.ancestors().find_map(|part| part.canonicalize().ok());
    existing.is_some_and(|existing| {
        [Some(repo.common_dir()), repo.work_dir()]
            .into_iter()
            .flatten()
            .filter_map(|dir| dir.canonicalize().ok())
            .any(|dir| existing.starts_with(dir))
    })
}

/// The folder for keysieve's caches, by the rules of the operating system.
fn user_cache() -> Option<PathBuf> {
    let folder = etcetera::base_strategy::choose_native_strategy()
        .ok()?
        .cache_dir();
    folder.is_absolute().then(|| folder.join("keysieve"))
}

impl ScopeArgs {
    fn scope(&self, repo: &Repository) -> Result<Scope, CliError> {
        let refs = self
            .refs
            .iter()
            .map(|name| BString::from(name.as_str()))
            .collect();
        let since = self
            .since
            .as_deref()
            .map(|text| since(repo, text))
            .transpose()?;
        Ok(Scope {
            reachable: self.reachable,
            refs,
            since,
        })
    }
}

/// Parses a day or, if it is not one, a revision.
fn since(repo: &Repository, text: &str) -> Result<Since, CliError> {
    if let Ok(day) = text.parse::<Date>() {
        let midnight = day
            .to_zoned(jiff::tz::TimeZone::system())
            .map_err(|error| CliError::new(format!("--since {day}: {error}")))?;
        return Ok(Since::Time(midnight.timestamp().as_second()));
    }
    git::resolve_commit(repo, text)
        .map(Since::Commit)
        .ok_or_else(|| {
            let text = printable(text.as_bytes());
            CliError::new(format!(
                "--since '{text}' is neither a day nor a commit of this repository"
            ))
            .help("write a day as 2026-01-31, or a commit as for git")
        })
}

/// How long an audit that is asked to stop may take to report what it has found.
const GRACE: Duration = Duration::from_secs(20);

/// A flag that is set when the user or the system asks the program to stop. A second signal ends it
/// at once.
fn stop_on_signal() -> Result<&'static AtomicBool, CliError> {
    static STOP: AtomicBool = AtomicBool::new(false);
    ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(Status::Incomplete as i32);
        }
        // A thread may wait for something that never comes.
        thread::spawn(|| {
            thread::sleep(GRACE);
            std::process::exit(Status::Incomplete as i32);
        });
    })
    .map_err(|error| CliError::new(format!("cannot handle signals: {error}")))?;
    Ok(&STOP)
}
