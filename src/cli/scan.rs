//! `keysieve scan` and `keysieve staged`, and what every command that scans has in common.

use std::env;
use std::path::{Path, PathBuf};

use clap::{Args, FromArgMatches as _};
use keysieve::engine::{self, Keep};
use keysieve::finding::{Outcome, Status};
use keysieve::git::{self, ObjectId, Repository};
use keysieve::policy::PolicyFiles;
use keysieve::report::About;
use keysieve::source::{Files, Message, Source, Staged, Stdin};
use keysieve::text::printable_path;

use super::error::CliError;
use super::output::{OutputArgs, Reports};
use super::settings::{self, Reporting, Settings, SettingsArgs};
use super::stdin;

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
            let first = paths.paths.first().map(|path| Path::new(".").join(path));
            let folder = first
                .as_deref()
                .and_then(|path| path.ancestors().find(|at| at.is_dir()));
            let repo = folder.and_then(|folder| git::discover_work_tree(folder).ok()?);
            let about = repo.map_or_else(About::default, |repo| about(&repo, "files"));
            let (mut source, settings) = paths.resolve(&common.settings, Reporting::Configured)?;
            source.reports = common.output.files()?;
            return common.scan(&source, &settings, about);
        }
        if paths.paths.len() > 1 {
            return Err(CliError::new(
                "'-' (standard input) cannot be combined with other paths",
            ));
        }
        let settings = common
            .settings
            .resolve(&settings::root_of(Path::new("."))?)?;
        common.scan(&Stdin::new(stdin::open()?), &settings, About::default())
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
            .with_paths_from(&start, &root.canonicalize().unwrap_or(root));
        let source = Files {
            paths: self.paths,
            ignore_rules: !self.no_ignore,
            reports: Vec::new(),
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
    pub(super) fn staged(&self, dir: &Path) -> Result<Status, CliError> {
        let help = "run it in a repository; 'keysieve scan' scans files outside of one";
        let repo = git::discover(dir).map_err(|error| CliError::from(error).help(help))?;
        let about = about(&repo, "staged changes");
        let settings = self.settings.resolve(repo.work_dir().unwrap_or(dir))?;
        let source = staged_source(repo, &settings);
        self.scan(&source, &settings, about)
    }

    /// Scans the commit message that the user has written to `file`, and who the commit will name.
    pub(super) fn message(&self, source: &Message) -> Result<Status, CliError> {
        let settings = self.settings.resolve(&settings::root_of(Path::new("."))?)?;
        self.scan(source, &settings, About::default())
    }

    fn scan(
        &self,
        source: &dyn Source,
        settings: &Settings,
        about: About,
    ) -> Result<Status, CliError> {
        let reports = self.output.reports()?;
        let outcome = scan(&reports, source, settings)?;
        reports.write(&outcome, settings.versions(), about)?;
        Ok(outcome.status())
    }
}

/// What a report says about a scan of `range` of `repo`.
pub(super) fn about(repo: &Repository, range: &str) -> About {
    let folder = repo.work_dir().unwrap_or(repo.git_dir());
    let folder = folder.canonicalize().unwrap_or_default();
    let commit = repo.head().map(|id| id.to_hex_with_len(12).to_string());
    About {
        first_commit: repo.has_no_commit(),
        repository: folder
            .file_name()
            .map_or(String::new(), |name| printable_path(Path::new(name))),
        branch: git::branch(repo).unwrap_or_default(),
        commit: commit.unwrap_or_default(),
        range: range.to_owned(),
    }
}

/// The changes that the next commit of `repo` would add.
pub(super) fn staged_source(repo: Repository, settings: &Settings) -> Staged {
    Staged {
        merging: merging(&repo),
        repo,
        max_size: settings.max_size,
        jobs: settings.jobs,
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
    Ok(reports
        .watch(|progress| engine::run(source, scanner, policy, progress, Keep::FOR_REPORT))?)
}

/// The commits of a merge that git is about to make: it passes their ids to its hooks as variables
/// named `GITHEAD_<id>`, before it writes `MERGE_HEAD`. An id that is not a commit here belongs to
/// a merge in another repository; leaving it out only makes fewer secrets count as known.
fn merging(repo: &Repository) -> Vec<ObjectId> {
    let mut ids: Vec<_> = env::vars_os()
        .filter_map(|(name, _)| {
            ObjectId::from_hex(name.to_str()?.strip_prefix("GITHEAD_")?.as_bytes()).ok()
        })
        .collect();
    ids.retain(|&id| repo.is_commit(id));
    ids.sort_unstable();
    ids
}

impl Common {
    /// Prints nothing if there is nothing to report.
    pub(super) fn quieted(self) -> Self {
        Self {
            output: self.output.quieted(),
            ..self
        }
    }

    /// The arguments that only the environment gives, for the hooks.
    pub(super) fn from_env() -> Result<Self, CliError> {
        let command = Self::augment_args(clap::Command::new("keysieve"));
        let matches = command.try_get_matches_from(["keysieve"])?;
        Ok(Self::from_arg_matches(&matches)?)
    }
}
