//! Makes a scanner and a policy from the command line, the environment and the configuration files:
//! flags win over the environment, the environment over the files, the files over the defaults.

mod foreign;
mod layers;
mod root;
mod sources;

use std::path::{Path, PathBuf};
use std::{env, io, thread};

use clap::Args;
use keysieve::policy::{BASELINE_NAME, Baseline, Config, Level, Policy, PolicyFiles, read_text};
use keysieve::rule::{Confidence, RuleSet};
use keysieve::scan::Scanner;
use keysieve::text::printable_path;

pub(crate) use root::{common_root, root_of};
pub(crate) use sources::{SettingSource, SettingSources};

use super::error::CliError;
use layers::Layer;
pub(crate) use layers::replaces;
use sources::{ArgSources, level};

/// Arguments that say what is searched for and what is allowed.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Rules and policy")]
pub(crate) struct SettingsArgs {
    // First: clap removes the values of the other fields from its matches one by one.
    #[command(flatten)]
    sources: ArgSources,
    /// Configuration file
    ///
    /// It takes the place of `.keysieve.toml` at the root of the repository; with `+` in front of
    /// the name it is added and wins over it. `keysieve/config.toml` in your configuration folder
    /// is always added, except in `gate` and `pre-receive`, which judge the changes of others.
    #[arg(short, long, value_name = "[+]FILE", env = "KEYSIEVE_CONFIG")]
    config: Option<PathBuf>,
    /// Do not read a configuration file
    #[arg(long)]
    no_config: bool,
    /// Baseline file
    ///
    /// The default is `.keysieve-baseline.json` at the root of the repository.
    #[arg(long, value_name = "FILE", env = "KEYSIEVE_BASELINE")]
    baseline: Option<PathBuf>,
    /// Do not read a baseline
    #[arg(long)]
    no_baseline: bool,
    /// Add the rules of a file; may be repeated
    ///
    /// `KEYSIEVE_RULES` lists such files, separated as in `PATH`.
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
    /// Lowest confidence to report [default: low]
    ///
    /// One of low, medium, high and certain.
    #[arg(long, value_name = "CONFIDENCE", env = "KEYSIEVE_REPORT")]
    report: Option<Confidence>,
    /// Lowest confidence to fail for [default: medium]
    ///
    /// Exit with 1 if a finding has at least this confidence: low, medium, high or certain.
    #[arg(long, value_name = "CONFIDENCE", env = "KEYSIEVE_BLOCK")]
    block: Option<Confidence>,
    /// Largest file to scan, such as 64MiB
    ///
    /// Larger files are skipped and listed. There is no limit by default.
    #[arg(
        long,
        value_name = "SIZE",
        env = "KEYSIEVE_MAX_SIZE",
        value_parser = keysieve::policy::parse_size
    )]
    max_size: Option<u64>,
    /// Number of threads
    ///
    /// The default is one for each processor.
    #[arg(short, long, value_name = "N", env = "KEYSIEVE_JOBS")]
    jobs: Option<std::num::NonZero<usize>>,
}

/// For a user who names a file of another scanner.
const IMPORT: &str = "if it is a file of another scanner, 'keysieve import FILE' carries it over";

/// More threads than this only use memory.
const MAX_JOBS: usize = 256;

/// What a scan needs.
pub(crate) struct Settings {
    pub(crate) scanner: Scanner,
    pub(crate) policy: Policy,
    /// The confidence from which the user wants findings to be reported. The policy may report
    /// more, see [`Reporting`].
    pub(crate) report: Confidence,
    pub(crate) max_size: Option<u64>,
    pub(crate) jobs: usize,
    pub(crate) sources: SettingSources,
}

/// What identifies the rules and the policy in reports.
pub(crate) struct Versions {
    pub(crate) rules: String,
    pub(crate) policy: String,
}

impl Settings {
    pub(crate) fn versions(&self) -> Versions {
        Versions {
            rules: self.scanner.rules().version(),
            policy: self.policy.version(self.max_size),
        }
    }
}

/// Which findings the policy reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reporting {
    /// Those that the user wants reported.
    Configured,
    /// All of them, at any confidence.
    Everything,
}

impl SettingsArgs {
    /// The arguments of a command that scans with the rules of a configuration file, which need not
    /// exist yet: `config`, or that of the repository.
    pub(crate) fn with_rules_of(config: Option<PathBuf>) -> Self {
        Self {
            no_config: config
                .as_deref()
                .is_some_and(|config| replaces(config) && !config.exists()),
            config,
            no_baseline: true,
            ..Self::default()
        }
    }

    /// The arguments of a command that judges the results of other scans.
    pub(crate) fn of_fleet(config: Option<PathBuf>) -> Self {
        Self {
            config,
            no_baseline: true,
            ..Self::default()
        }
    }

    /// The settings for a scan of the repository, or the directory, at `root`.
    pub(crate) fn resolve(&self, root: &Path) -> Result<Settings, CliError> {
        self.resolve_from(
            &PolicyFiles::Disk(root.to_path_buf()),
            Reporting::Configured,
        )
    }

    /// The settings that `files` contain, unless a flag or a variable says otherwise. The user's
    /// own file counts too, because this user decides.
    pub(crate) fn resolve_from(
        &self,
        files: &PolicyFiles,
        reporting: Reporting,
    ) -> Result<Settings, CliError> {
        let mut layers = self.repository_layers(files)?;
        layers.extend(self.user_layers()?);
        self.resolve_layers(files, layers, reporting)
    }

    /// The same for a command that judges what others change: the user's own file does not count.
    /// On a server, it is a file of the user who pushes.
    pub(crate) fn resolve_for_others(&self, files: &PolicyFiles) -> Result<Settings, CliError> {
        let layers = self.repository_layers(files)?;
        self.resolve_layers(files, layers, Reporting::Configured)
    }

    fn repository_layers(&self, files: &PolicyFiles) -> Result<Vec<Layer>, CliError> {
        let layers = self.layers(files)?;
        if layers.is_empty() && !self.no_config {
            foreign::mention(files);
        }
        Ok(layers)
    }

    fn resolve_layers(
        &self,
        files: &PolicyFiles,
        layers: Vec<Layer>,
        reporting: Reporting,
    ) -> Result<Settings, CliError> {
        let configs = || layers.iter().map(|layer| &layer.config);
        let rules = self.rule_set(files, &layers)?;
        let find = |level: fn(&Config) -> Option<Level>| {
            configs().find_map(|config| Some((level(config)?, &config.file)))
        };
        let [report_set, block_set] = [find(|config| config.report), find(|config| config.block)];
        let report = level(
            self.report,
            self.sources.report,
            Confidence::Low,
            report_set,
        );
        let block = level(
            self.block,
            self.sources.block,
            Confidence::Medium,
            block_set,
        );
        let place = |(level, file): (Level, &String)| format!("{file}:{}", level.line);
        let sources = SettingSources {
            report: report.1,
            block: block.1,
            report_place: report_set.map(place),
            block_place: block_set.map(place),
            config: self.main_file(&layers),
            configs: configs().map(|config| config.file.clone()).collect(),
        };
        let max_size = self
            .max_size
            .or_else(|| configs().find_map(|config| config.max_size));
        let lowest = match reporting {
            Reporting::Configured => report.0,
            Reporting::Everything => Confidence::Low,
        };
        let mut policy = Policy::new(lowest, block.0, &rules);
        for Layer { config, .. } in layers {
            policy = policy.with_entries(config, &rules, today())?;
        }
        if let Some(baseline) = self.load_baseline(files)? {
            policy = policy.with_baseline(baseline, today());
        }
        Ok(Settings {
            scanner: Scanner::new(rules)?,
            policy,
            report: report.0,
            max_size,
            jobs: self.threads(),
            sources,
        })
    }

    /// The built-in rules, then those of the configuration files, the weakest first, of
    /// `KEYSIEVE_RULES` and of `--rules`.
    fn rule_set(&self, files: &PolicyFiles, layers: &[Layer]) -> Result<RuleSet, CliError> {
        let mut rules = RuleSet::builtin()?;
        for Layer { config, is_named } in layers.iter().rev() {
            if *is_named {
                // The user names this configuration, so it may name any file.
                add_rules(&mut rules, &config.rules)?;
                continue;
            }
            for file in &config.rules {
                let (name, text) = files.rules(file);
                add_text(&mut rules, &name, text)?;
            }
        }
        let variable = env::var_os("KEYSIEVE_RULES").unwrap_or_default();
        for file in env::split_paths(&variable).filter(|file| !file.as_os_str().is_empty()) {
            add_rules(&mut rules, [&file])?;
        }
        add_rules(&mut rules, &self.rules)?;
        Ok(rules)
    }

    fn threads(&self) -> usize {
        self.jobs
            .map_or_else(
                || thread::available_parallelism().map_or(1, Into::into),
                Into::into,
            )
            .min(MAX_JOBS)
    }
}

/// The baseline.
impl SettingsArgs {
    /// The baseline of a repository, or a directory, at `root`; it may not exist.
    pub(crate) fn baseline_file(&self, root: &Path) -> PathBuf {
        self.baseline
            .clone()
            .unwrap_or_else(|| root.join(BASELINE_NAME))
    }

    /// The same settings without a baseline; an error if `--no-baseline` is given already.
    pub(crate) fn without_baseline(self) -> Result<Self, CliError> {
        if self.no_baseline {
            return Err(
                CliError::new("--no-baseline cannot be used with this command")
                    .help("name another file with --baseline"),
            );
        }
        Ok(Self {
            no_baseline: true,
            ..self
        })
    }

    fn load_baseline(&self, files: &PolicyFiles) -> Result<Option<Baseline>, CliError> {
        if self.no_baseline {
            return Ok(None);
        }
        let Some(file) = &self.baseline else {
            return Ok(files.baseline()?);
        };
        let create = "create one with 'keysieve baseline write'";
        Baseline::load(file)
            .map_err(|error| CliError::from(error).help(IMPORT))?
            .ok_or_else(|| not_found(file).help(create))
            .map(Some)
    }
}

/// Today's date in the local time zone.
pub(crate) fn today() -> jiff::civil::Date {
    jiff::Zoned::now().date()
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
    let name = printable_path(file);
    let text = text.map_err(|error| CliError::new(format!("{name}: {error}")))?;
    rules.extend(&name, &text)?;
    Ok(())
}

fn not_found(file: &Path) -> CliError {
    CliError::new(format!("{}: file not found", printable_path(file)))
}
