//! `keysieve scan` and `keysieve staged`, and what every command that scans has in common.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{env, io};

use clap::Args;
use gix::{ObjectId, ThreadSafeRepository};
use keysieve::engine;
use keysieve::finding::{Outcome, Status};
use keysieve::git;
use keysieve::hook::RefUpdate;
use keysieve::policy::PolicyFiles;
use keysieve::report::Advice;
use keysieve::source::{Files, Message, Source, Staged, Stream};

use super::error::CliError;
use super::hook::Scans;
use super::output::{OutputArgs, Reports};
use super::settings::{self, Reporting, Settings, SettingsArgs};

/// Arguments of `keysieve scan`.
#[derive(Args, Debug)]
pub(crate) struct ScanArgs {
    #[command(flatten)]
    paths: PathArgs,
    #[command(flatten)]
    common: Common,
}

/// Arguments that name files and directories.
#[derive(Args, Debug)]
pub(crate) struct PathArgs {
    /// Files and directories; `-` is standard input
    ///
    /// In a work tree, tracked files and untracked files that are not ignored are scanned;
    /// elsewhere, all files. A path that is given here is always scanned. Binary files are scanned
    /// as well.
    #[arg(default_value = ".", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Also scan files that git ignores, such as a `.env`
    #[arg(long)]
    no_ignore: bool,
}

/// Arguments of `keysieve staged`.
#[derive(Args, Debug)]
pub(crate) struct StagedArgs {
    /// The repository, or a directory in it
    #[arg(default_value = ".", value_name = "REPO")]
    repo: PathBuf,
    #[command(flatten)]
    common: Common,
}

/// Arguments of every command that scans.
#[derive(Args, Debug, Default)]
pub(crate) struct Common {
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

impl ScanArgs {
    pub(crate) fn run(self) -> Result<Status, CliError> {
        let Self { paths, common } = self;
        if !paths.paths.iter().any(|path| path == Path::new("-")) {
            let (source, settings) = paths.resolve(&common.settings, Reporting::Configured)?;
            return common.scan(&source, &settings, Advice::default());
        }
        if paths.paths.len() > 1 {
            return Err(CliError::new(
                "'-' (standard input) cannot be combined with other paths",
            ));
        }
        let settings = common
            .settings
            .resolve(&settings::root_of(Path::new("."))?)?;
        common.scan(&Stream::new(io::stdin()), &settings, Advice::default())
    }
}

impl PathArgs {
    pub(crate) fn new(paths: Vec<PathBuf>, no_ignore: bool) -> Self {
        Self { paths, no_ignore }
    }

    /// The source that reads the paths, and the settings that apply to them.
    pub(crate) fn resolve(
        self,
        args: &SettingsArgs,
        reporting: Reporting,
    ) -> Result<(Files, Settings), CliError> {
        let root = settings::common_root(args, &self.paths)?;
        let mut settings = args.resolve_from(&PolicyFiles::Disk(root.clone()), reporting)?;
        let start = env::current_dir().map_err(|error| {
            CliError::new(format!("cannot determine the current directory: {error}"))
        })?;
        settings.policy = settings
            .policy
            .reached_from(&start, &root.canonicalize().unwrap_or(root));
        let source = Files {
            paths: self.paths,
            ignore_rules: !self.no_ignore,
            max_size: settings.max_size,
            jobs: settings.jobs,
        };
        Ok((source, settings))
    }
}

impl StagedArgs {
    pub(crate) fn run(self) -> Result<Status, CliError> {
        self.common.staged(&self.repo)
    }
}

impl Common {
    /// Scans the changes that the next commit of the repository around `dir` would contain.
    fn staged(&self, dir: &Path) -> Result<Status, CliError> {
        let help = "run it in a repository; 'keysieve scan' scans files outside of one";
        let repo = git::discover(dir).map_err(|error| CliError::from(error).help(help))?;
        let advice = Advice {
            first_commit: git::has_no_commit(&repo),
        };
        let settings = self.settings.resolve(repo.work_dir().unwrap_or(dir))?;
        let source = Staged {
            merging: merging(&repo),
            repo,
            max_size: settings.max_size,
            jobs: settings.jobs,
        };
        self.scan(&source, &settings, advice)
    }

    /// Scans the commit message that the user has written to `file`.
    fn message(&self, file: &Path) -> Result<Status, CliError> {
        let settings = self.settings.resolve(&settings::root_of(Path::new("."))?)?;
        // Git sets this editor for its hooks if no person edits the message; see githooks(5),
        // pre-commit.
        let edited = env::var_os("GIT_EDITOR").is_none_or(|editor| editor != ":");
        let source = Message {
            file: file.to_path_buf(),
            edited,
        };
        self.scan(&source, &settings, Advice::default())
    }

    fn scan(
        &self,
        source: &dyn Source,
        settings: &Settings,
        advice: Advice,
    ) -> Result<Status, CliError> {
        let reports = self.output.reports()?;
        let outcome = scan(&reports, source, settings)?;
        reports.write(&outcome, settings.scanner.rules().version(), advice)?;
        Ok(outcome.status())
    }
}

/// Scans a source, and leaves it to the caller to write the reports.
pub(super) fn scan(
    reports: &Reports<'_>,
    source: &dyn Source,
    settings: &Settings,
) -> Result<Outcome, CliError> {
    let Settings {
        scanner, policy, ..
    } = settings;
    Ok(reports.watch(|progress| engine::run(source, scanner, policy, progress))?)
}

/// The commits of a merge that git is about to make: it passes their ids to its hooks as variables
/// named `GITHEAD_<id>`, before it writes `MERGE_HEAD`. An id that is not a commit here belongs to
/// a merge in another repository; leaving it out only makes fewer secrets count as known.
fn merging(repo: &ThreadSafeRepository) -> Vec<ObjectId> {
    let repo = repo.to_thread_local();
    let mut ids: Vec<_> = env::vars_os()
        .filter_map(|(name, _)| {
            ObjectId::from_hex(name.to_str()?.strip_prefix("GITHEAD_")?.as_bytes()).ok()
        })
        .collect();
    ids.retain(|&id| repo.find_commit(id).is_ok());
    ids.sort_unstable();
    ids
}

/// The scans of hooks: configured by the environment and the configuration file.
pub(crate) struct HookScans;

impl Scans for HookScans {
    fn staged(&self) -> Result<Status, CliError> {
        Common::of_environment()?.staged(Path::new("."))
    }

    fn message(&self, file: &Path) -> Result<Status, CliError> {
        Common::of_environment()?.message(file)
    }

    fn push(&self, remote: Option<&OsStr>, updates: &[RefUpdate]) -> Result<Status, CliError> {
        Common::of_environment()?.push(remote, updates)
    }

    fn receive(&self, updates: &[RefUpdate]) -> Result<Status, CliError> {
        Common::of_environment()?.receive(updates)
    }
}

impl Common {
    /// The arguments when none is given on the command line.
    fn of_environment() -> Result<Self, CliError> {
        #[derive(clap::Parser)]
        struct Bare {
            #[command(flatten)]
            common: Common,
        }
        Ok(<Bare as clap::Parser>::try_parse_from(["keysieve"])?.common)
    }
}
