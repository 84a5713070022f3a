//! `keysieve audit`: everything that a repository holds, its whole history first of all.

use std::env;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use bstr::BString;
use clap::Args;
use jiff::civil::Date;
use keysieve::audit::{self, Audit, Audited, Scope, Since};
use keysieve::finding::Status;
use keysieve::git::{self, Repository};
use keysieve::report::Advice;
use keysieve::text::{printable, printable_path};

use super::error::CliError;
use super::output::{REPORT, TIMELINE};
use super::plan::PlanDir;
use super::scan::Common;
use super::settings::Settings;

/// The words of `keysieve audit`.
#[derive(Args, Debug)]
pub(crate) struct AuditArgs {
    /// The repository: a work tree, a directory in it, a bare repository
    #[arg(default_value = ".", value_name = "REPO")]
    repo: PathBuf,
    /// Print when secrets came and went, month by month, instead of the report; in the formats
    /// `human` and `json`
    #[arg(long)]
    timeline: bool,
    /// Also write what a clean-up needs to this directory, and run none of it
    ///
    /// CHECKLIST.md says what to do, in which order; replacements.txt, for `git filter-repo
    /// --replace-text`, holds the secrets in clear, so the directory has to be new or empty, and
    /// outside of the repository.
    #[arg(long, value_name = "DIR")]
    plan: Option<PathBuf>,
    #[command(flatten)]
    scope: ScopeArgs,
    #[command(flatten)]
    memory: MemoryArgs,
    #[command(flatten)]
    common: Common,
}

/// Words that say what is remembered for the next audit.
#[derive(Args, Debug)]
#[command(next_help_heading = "What is remembered")]
struct MemoryArgs {
    /// Read every object, and remember nothing
    #[arg(long)]
    no_cache: bool,
    /// The folder in which it is remembered what packs hold: places and fingerprints, no values
    /// [default: the user's]
    #[arg(long, value_name = "DIR", conflicts_with = "no_cache")]
    cache: Option<PathBuf>,
}

/// Words that say what counts. All objects are read in any case.
#[derive(Args, Debug)]
#[command(next_help_heading = "What counts")]
struct ScopeArgs {
    /// Only what branches, tags and other refs lead to: no stashes, no reflogs, no left-overs
    #[arg(long)]
    reachable: bool,
    /// Only what this ref leads to; may be repeated
    #[arg(long = "ref", value_name = "REF")]
    refs: Vec<String>,
    /// Only what commits brought in that are newer than this day, such as 2026-01-31, or are not
    /// reached from this commit
    #[arg(long, value_name = "DATE|COMMIT")]
    since: Option<String>,
}

impl AuditArgs {
    pub(crate) fn run(self) -> Result<Status, CliError> {
        let form = if self.timeline { TIMELINE } else { REPORT };
        self.common.output.check_form(form)?;
        let here = Path::new(".");
        // Whoever names a repository means that one; who names none stands in one, and git may have
        // said in which.
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
            .settle(repo.work_dir().unwrap_or(&self.repo))?;
        let scope = self.scope.scope(&repo)?;
        let stop = stop_on_signal()?;
        let cache = self.memory.folder(&repo)?;
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
        } = self
            .common
            .output
            .watch(|progress| audit::run(&audit, scanner, policy, progress))?;
        if let Some(error) = cache_error {
            let _ = writeln!(
                io::stderr(),
                "keysieve: what was learned cannot be kept for the next audit: {error}"
            );
        }
        if let Some(plan) = plan {
            plan.write(&outcome)?;
        }
        self.common.output.write_as(
            form,
            &outcome,
            scanner.rules().version(),
            Advice::default(),
        )?;
        Ok(outcome.status())
    }
}

impl MemoryArgs {
    /// The folder to remember in. Never one of the repository's: nothing is written there.
    fn folder(&self, repo: &Repository) -> Result<Option<PathBuf>, CliError> {
        let own = [Some(repo.common_dir()), repo.work_dir()];
        let own: Vec<PathBuf> = own
            .into_iter()
            .flatten()
            .filter_map(|dir| dir.canonicalize().ok())
            .collect();
        let inside = |folder: &Path| {
            let there = folder.ancestors().find_map(|part| part.canonicalize().ok());
            there.is_some_and(|there| own.iter().any(|own| there.starts_with(own)))
        };
        match &self.cache {
            _ if self.no_cache => Ok(None),
            Some(folder) if inside(folder) => {
                let message = format!(
                    "{}: lies in the repository that is looked through",
                    printable_path(folder)
                );
                Err(CliError::new(message).hint("name a folder outside of it, or say --no-cache"))
            }
            Some(folder) => Ok(Some(folder.clone())),
            None => Ok(users_cache().filter(|folder| !inside(folder))),
        }
    }
}

/// Where the user's programs keep what they can do without; see the XDG Base Directory
/// Specification.
fn users_cache() -> Option<PathBuf> {
    let set = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let home = || set("HOME").map(|home| home.join(".cache"));
    set("XDG_CACHE_HOME")
        .or_else(home)
        .or_else(|| set("LOCALAPPDATA"))
        .map(|folder| folder.join("keysieve"))
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

/// A day, or else a commit in any words that git takes.
fn since(repo: &Repository, text: &str) -> Result<Since, CliError> {
    if let Ok(day) = text.parse::<Date>() {
        let zoned = day
            .to_zoned(jiff::tz::TimeZone::system())
            .map_err(|error| CliError::new(error.to_string()))?;
        return Ok(Since::Time(zoned.timestamp().as_second()));
    }
    let wrong = || {
        CliError::new(format!(
            "--since '{}' is no day and no commit of this repository",
            printable(text.as_bytes())
        ))
        .hint("write a day as 2026-01-31, or name a commit as git does")
    };
    repo.resolve_commit(text)
        .map(Since::Commit)
        .ok_or_else(wrong)
}

/// How long an audit that was asked to end may take to tell what it found.
const GRACE: Duration = Duration::from_secs(20);

/// A flag that is set when the user or the system asks the program to end. Asked twice, it ends at
/// once.
fn stop_on_signal() -> Result<&'static AtomicBool, CliError> {
    static STOP: AtomicBool = AtomicBool::new(false);
    ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(Status::Incomplete as i32);
        }
        // Whatever a thread may be waiting for, the end comes.
        thread::spawn(|| {
            thread::sleep(GRACE);
            std::process::exit(Status::Incomplete as i32);
        });
    })
    .map_err(|error| CliError::new(format!("signals cannot be handled: {error}")))?;
    Ok(&STOP)
}
