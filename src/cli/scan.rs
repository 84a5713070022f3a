//! `keysieve scan` and `keysieve staged`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::{env, io};

use clap::Args;
use keysieve::finding::{Outcome, Status};
use keysieve::git::{self, ObjectId, Repository};
use keysieve::hook::RefUpdate;
use keysieve::report::Advice;
use keysieve::source::{Files, Message, Source, Staged, Stream};

use super::error::CliError;
use super::hook::Scans;
use super::output::OutputArgs;
use super::settings::{self, Settings, SettingsArgs};

/// The words of `keysieve scan`.
#[derive(Args, Debug)]
pub(crate) struct ScanArgs {
    #[command(flatten)]
    what: Paths,
    #[command(flatten)]
    common: Common,
}

/// Words for files and directories.
#[derive(Args, Debug)]
pub(crate) struct Paths {
    /// Files and directories; `-` is standard input
    ///
    /// In a work tree, what git tracks and what it neither tracks nor ignores is scanned;
    /// elsewhere, everything. A path that is named here is always scanned. Binary files are scanned
    /// as well.
    #[arg(default_value = ".", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Also scan what git's ignore rules leave out, such as a `.env`
    #[arg(long)]
    no_ignore: bool,
}

/// The words of `keysieve staged`.
#[derive(Args, Debug)]
pub(crate) struct StagedArgs {
    /// The repository, or a directory in it
    #[arg(default_value = ".", value_name = "REPO")]
    repo: PathBuf,
    #[command(flatten)]
    common: Common,
}

/// Words of every command that scans.
#[derive(Args, Debug, Default)]
pub(crate) struct Common {
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

impl ScanArgs {
    pub(crate) fn run(self) -> Result<Status, CliError> {
        let paths = &self.what.paths;
        if !paths.iter().any(|path| path == Path::new("-")) {
            let (source, settings) = self.what.settle(&self.common.settings)?;
            return self.common.scan(&source, &settings, Advice::default());
        }
        if paths.len() > 1 {
            return Err(CliError::new(
                "'-' stands for standard input and goes with no other path",
            ));
        }
        let settings = self
            .common
            .settings
            .settle(&settings::root_of(Path::new("."))?)?;
        self.common
            .scan(&Stream::new(io::stdin()), &settings, Advice::default())
    }
}

impl Paths {
    pub(crate) fn new(paths: Vec<PathBuf>, no_ignore: bool) -> Self {
        Self { paths, no_ignore }
    }

    /// What feeds them, and the settings that hold for them.
    pub(crate) fn settle(self, args: &SettingsArgs) -> Result<(Files, Settings), CliError> {
        let root = settings::common_root(args, &self.paths)?;
        let mut settings = args.settle(&root)?;
        let start = env::current_dir()
            .map_err(|error| CliError::new(format!("the current directory is gone: {error}")))?;
        settings.policy = settings
            .policy
            .reached_from(&start, &root.canonicalize().unwrap_or(root));
        let Settings { max_size, jobs, .. } = settings;
        Ok((
            Files {
                paths: self.paths,
                ignore_rules: !self.no_ignore,
                max_size,
                jobs,
            },
            settings,
        ))
    }
}

impl StagedArgs {
    pub(crate) fn run(self) -> Result<Status, CliError> {
        self.common.staged(&self.repo)
    }
}

impl Common {
    /// Scans what the next commit of the repository around `dir` would add.
    fn staged(&self, dir: &Path) -> Result<Status, CliError> {
        let hint = "run it in a repository; 'keysieve scan' takes files that are in none";
        let repo = git::discover(dir).map_err(|error| CliError::from(error).hint(hint))?;
        let advice = Advice {
            first_commit: repo.has_no_commit(),
        };
        let settings = self.settings.settle(repo.work_dir().unwrap_or(dir))?;
        let source = Staged {
            merging: merging(&repo),
            repo,
            max_size: settings.max_size,
            jobs: settings.jobs,
        };
        self.scan(&source, &settings, advice)
    }

    /// Scans a commit message that is being written.
    fn message(&self, file: &Path) -> Result<Status, CliError> {
        let settings = self.settings.settle(&settings::root_of(Path::new("."))?)?;
        // Git tells its hooks with this editor that no person edits the message; see githooks(5),
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
        let outcome = self.look(source, settings)?;
        self.tell(&outcome, settings, advice)?;
        Ok(outcome.status())
    }

    /// Scans, and says nothing of it.
    pub(super) fn look(
        &self,
        source: &dyn Source,
        settings: &Settings,
    ) -> Result<Outcome, CliError> {
        self.output.check()?;
        let Settings {
            scanner, policy, ..
        } = settings;
        Ok(self
            .output
            .watch(|progress| keysieve::engine::run(source, scanner, policy, progress))?)
    }

    /// Writes the report.
    pub(super) fn tell(
        &self,
        outcome: &Outcome,
        settings: &Settings,
        advice: Advice,
    ) -> Result<(), CliError> {
        self.output
            .write(outcome, settings.scanner.rules().version(), advice)
    }
}

/// The commits of a merge that git is about to make: it names them to its hooks as `GITHEAD_<id>`,
/// before `MERGE_HEAD` is written. What is no commit here belongs to a merge elsewhere, and only
/// has less taken for known.
fn merging(repo: &Repository) -> Vec<ObjectId> {
    let id = |name: OsString| {
        ObjectId::from_hex(name.to_str()?.strip_prefix("GITHEAD_")?.as_bytes()).ok()
    };
    let mut ids: Vec<_> = env::vars_os().filter_map(|(name, _)| id(name)).collect();
    ids.retain(|&id| repo.is_commit(id));
    ids.sort_unstable();
    ids
}

/// What the hooks call: the same scans, as the environment and the configuration file have them.
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
    /// The words as they are when the command line says nothing.
    fn of_environment() -> Result<Self, CliError> {
        #[derive(clap::Parser)]
        struct Bare {
            #[command(flatten)]
            common: Common,
        }
        Ok(<Bare as clap::Parser>::try_parse_from(["keysieve"])?.common)
    }
}
