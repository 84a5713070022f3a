//! From flags, environment and configuration file to a scanner and a policy: flags win over the
//! environment, the environment over the file, the file over the defaults.

use std::path::{Path, PathBuf};
use std::{env, io};

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use keysieve::git;
use keysieve::policy::{
    BASELINE_NAME, Baseline, Config, FILE_NAME, Policy, PolicyFiles, read_text,
};
use keysieve::rule::{Confidence, RuleSet};
use keysieve::scan::Scanner;
use keysieve::text::printable_path;

use super::error::CliError;

/// Words that say what is looked for and what is let pass.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "What to find")]
pub(crate) struct SettingsArgs {
    // Before the words themselves, which are taken out of clap's hands one by one.
    #[command(flatten)]
    layers: Layers,
    /// Read this configuration instead of `.keysieve.toml` at the root of the repository
    #[arg(short, long, value_name = "FILE", env = "KEYSIEVE_CONFIG")]
    config: Option<PathBuf>,
    /// Read no configuration file
    #[arg(long)]
    no_config: bool,
    /// Let pass what this baseline knows, instead of `.keysieve-baseline.json` at the root of the
    /// repository
    #[arg(long, value_name = "FILE", env = "KEYSIEVE_BASELINE")]
    baseline: Option<PathBuf>,
    /// Read no baseline
    #[arg(long)]
    no_baseline: bool,
    /// Add the rules of a file; may be repeated
    ///
    /// `KEYSIEVE_RULES` names such files as `PATH` names folders.
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
    /// Report findings from this confidence on: low, medium, high or certain [default: low]
    #[arg(long, value_name = "CONFIDENCE", env = "KEYSIEVE_REPORT")]
    report: Option<Confidence>,
    /// Fail from this confidence on [default: medium]
    #[arg(long, value_name = "CONFIDENCE", env = "KEYSIEVE_BLOCK")]
    block: Option<Confidence>,
    /// Skip what is larger, such as 64MiB [default: no limit]
    #[arg(long, value_name = "SIZE", env = "KEYSIEVE_MAX_SIZE", value_parser = keysieve::policy::parse_size)]
    max_size: Option<u64>,
    /// How many threads scan [default: one for each processor]
    #[arg(short, long, value_name = "N", env = "KEYSIEVE_JOBS")]
    jobs: Option<std::num::NonZero<usize>>,
}

/// More threads than this only take memory.
const MAX_JOBS: usize = 256;

/// What a scan needs.
pub(crate) struct Settings {
    pub(crate) scanner: Scanner,
    pub(crate) policy: Policy,
    pub(crate) max_size: Option<u64>,
    pub(crate) jobs: usize,
    pub(crate) origins: Origins,
}

/// Where settings come from, to be told.
pub(crate) struct Origins {
    pub(crate) report: Layer,
    pub(crate) block: Layer,
    /// The configuration file.
    pub(crate) config: Option<String>,
}

/// What set a setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Layer {
    /// Nobody, so it is as it always is.
    #[default]
    Default,
    /// The configuration file.
    Config,
    /// A variable of the environment.
    Environment,
    /// The command line.
    Flag,
}

/// What set the words of the command line that the environment may set as well.
#[derive(Debug, Default)]
struct Layers {
    report: Layer,
    block: Layer,
}

impl Args for Layers {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}

impl FromArgMatches for Layers {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let layer = |word: &str| match matches.value_source(word) {
            Some(ValueSource::CommandLine) => Layer::Flag,
            Some(ValueSource::EnvVariable) => Layer::Environment,
            _ => Layer::Default,
        };
        Ok(Self {
            report: layer("report"),
            block: layer("block"),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl SettingsArgs {
    /// The settings for a scan of the repository, or the directory, at `root`.
    pub(crate) fn settle(&self, root: &Path) -> Result<Settings, CliError> {
        self.settle_by(&PolicyFiles::Disk(root.to_path_buf()))
    }

    /// The settings as these files have them, where no flag names others.
    pub(crate) fn settle_by(&self, files: &PolicyFiles) -> Result<Settings, CliError> {
        let config = self.configuration(files)?;
        let mut rules = RuleSet::builtin()?;
        let of_files = config.as_ref().filter(|_| self.config.is_none());
        if let (Some(config), PolicyFiles::Disk(root)) = (of_files, files) {
            stay_below(root, config)?;
        }
        for file in of_files.iter().flat_map(|config| &config.rules) {
            let (name, text) = files.rules(file);
            add_text(&mut rules, &name, text)?;
        }
        let of_environment: Vec<_> = env::var_os("KEYSIEVE_RULES")
            .iter()
            .flat_map(env::split_paths)
            .filter(|file| !file.as_os_str().is_empty())
            .collect();
        let of_config = config
            .iter()
            .filter(|_| self.config.is_some())
            .flat_map(|config| &config.rules);
        add_rules(
            &mut rules,
            of_config.chain(&of_environment).chain(&self.rules),
        )?;
        let level =
            |word: Option<Confidence>, layer, pick: fn(&Config) -> Option<Confidence>, default| {
                let of_config = config
                    .as_ref()
                    .and_then(pick)
                    .map(|level| (level, Layer::Config));
                word.map(|level| (level, layer))
                    .or(of_config)
                    .unwrap_or((default, Layer::Default))
            };
        let (report, of_report) = level(
            self.report,
            self.layers.report,
            |config| config.report,
            Confidence::Low,
        );
        let (block, of_block) = level(
            self.block,
            self.layers.block,
            |config| config.block,
            Confidence::Medium,
        );
        let file = config.as_ref().map(|config| config.file.clone());
        let origins = Origins {
            report: of_report,
            block: of_block,
            config: file,
        };
        let max_size = self
            .max_size
            .or(config.as_ref().and_then(|config| config.max_size));
        let mut policy = Policy::new(report, block, &rules);
        if let Some(config) = config {
            policy = policy.with_entries(config, &rules, today())?;
        }
        if let Some(baseline) = self.known(files)? {
            policy = policy.with_baseline(baseline, today());
        }
        let processors = || std::thread::available_parallelism().map_or(1, Into::into);
        let jobs = self.jobs.map_or_else(processors, Into::into).min(MAX_JOBS);
        Ok(Settings {
            scanner: Scanner::new(rules)?,
            policy,
            max_size,
            jobs,
            origins,
        })
    }

    fn configuration(&self, files: &PolicyFiles) -> Result<Option<Config>, CliError> {
        if self.no_config {
            return Ok(None);
        }
        match &self.config {
            None => Ok(files.config()?),
            Some(file) => {
                let missing =
                    || CliError::new(format!("{}: there is no such file", printable_path(file)));
                Config::load(file)?.ok_or_else(missing).map(Some)
            }
        }
    }
}

/// The baseline.
impl SettingsArgs {
    /// The file for a repository, or a directory, at `root`; whether it is there or not.
    pub(crate) fn baseline_file(&self, root: &Path) -> PathBuf {
        self.baseline
            .clone()
            .unwrap_or_else(|| root.join(BASELINE_NAME))
    }

    /// The same settings without a baseline; an error where somebody asked for that already.
    pub(crate) fn without_baseline(self) -> Result<Self, CliError> {
        if self.no_baseline {
            return Err(CliError::new("--no-baseline makes no sense here")
                .hint("name another file with --baseline"));
        }
        Ok(Self {
            no_baseline: true,
            ..self
        })
    }

    /// The one that somebody named, or else that of these files.
    fn known(&self, files: &PolicyFiles) -> Result<Option<Baseline>, CliError> {
        if self.no_baseline {
            return Ok(None);
        }
        let Some(file) = &self.baseline else {
            return Ok(files.baseline()?);
        };
        let missing = || {
            let missing = format!("{}: there is no such file", printable_path(file));
            CliError::new(missing).hint("`keysieve baseline write` makes one")
        };
        Baseline::load(file)?.ok_or_else(missing).map(Some)
    }
}

/// The day that it is here.
pub(crate) fn today() -> jiff::civil::Date {
    jiff::Zoned::now().date()
}

/// A repository may name rules of its own, and no other files of whoever scans it.
fn stay_below(root: &Path, config: &Config) -> Result<(), CliError> {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
    let outside = |file: &&PathBuf| {
        file.canonicalize()
            .is_ok_and(|file| !file.starts_with(&root))
    };
    match config.rules.iter().find(outside) {
        None => Ok(()),
        Some(file) => Err(CliError::new(format!(
            "{}: its rules = [\"{}\"] lies outside the repository",
            config.file,
            printable_path(file)
        ))
        .hint("name it with --rules or KEYSIEVE_RULES instead")),
    }
}

/// The one root of all `paths`; several are an error where it would matter whose configuration
/// counts.
pub(crate) fn common_root(args: &SettingsArgs, paths: &[PathBuf]) -> Result<PathBuf, CliError> {
    let mut folders: Vec<&Path> = paths.iter().map(|path| folder_of(path)).collect();
    folders.sort_unstable();
    folders.dedup();
    let own_word = args.no_config || args.config.is_some();
    let own_baseline = args.no_baseline || args.baseline.is_some();
    let root = |folder: &Path| match root_of(folder) {
        // Who names the configuration, or none, does not need the repository to be one.
        Err(_) if own_word => Ok(folder.to_path_buf()),
        root => root,
    };
    let mut roots = folders
        .into_iter()
        .map(root)
        .collect::<Result<Vec<_>, _>>()?;
    roots.sort();
    roots.dedup();
    let several = |own_word: bool, name: &str| {
        roots.len() > 1 && !own_word && roots.iter().any(|root| root.join(name).exists())
    };
    for (own_word, name, word) in [
        (own_word, FILE_NAME, "config"),
        (own_baseline, BASELINE_NAME, "baseline"),
    ] {
        if several(own_word, name) {
            let places = roots.len();
            return Err(CliError::new(format!(
                "the paths lie in {places} places, and not one {name} holds for all"
            ))
            .hint(format!(
                "scan them one by one, or name one with --{word}, or none with --no-{word}"
            )));
        }
    }
    Ok(roots
        .into_iter()
        .next()
        .unwrap_or_else(|| PathBuf::from(".")))
}

/// The folder that `path` is, or lies in.
fn folder_of(path: &Path) -> &Path {
    if path.is_dir() {
        return path;
    }
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Where the configuration of `near` lies: the root of its work tree, or, outside of any, the
/// directory itself.
pub(crate) fn root_of(near: &Path) -> Result<PathBuf, CliError> {
    let dir = folder_of(near);
    if !dir.is_dir() {
        // The scan itself says that the path does not exist.
        return Ok(dir.to_path_buf());
    }
    let repo = git::discover_work_tree(dir)?;
    let root = repo.and_then(|repo| repo.work_dir().map(Path::to_path_buf));
    Ok(root.unwrap_or_else(|| dir.to_path_buf()))
}

/// Adds the rules of some files to `rules`.
pub(crate) fn add_rules<'f>(
    rules: &mut RuleSet,
    files: impl IntoIterator<Item = &'f PathBuf>,
) -> Result<(), CliError> {
    files
        .into_iter()
        .try_for_each(|file| add_text(rules, file, read_text(file)))
}

fn add_text(rules: &mut RuleSet, file: &Path, text: io::Result<String>) -> Result<(), CliError> {
    let text = text.map_err(|error| CliError::new(format!("{}: {error}", printable_path(file))))?;
    rules.extend(&printable_path(file), &text)?;
    Ok(())
}
