//! Records where each setting comes from, so that `explain` can say so.

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use keysieve::policy::Level;
use keysieve::rule::Confidence;

/// Where the settings of a scan come from.
pub(crate) struct SettingSources {
    pub(crate) report: SettingSource,
    pub(crate) block: SettingSource,
    /// The configuration file and line that set the level from which findings are reported.
    pub(crate) report_place: Option<String>,
    /// Those that set the level from which they block.
    pub(crate) block_place: Option<String>,
    /// The configuration file of the repository, or the one that takes its place.
    pub(crate) config: Option<String>,
    /// All configuration files, the strongest first.
    pub(crate) configs: Vec<String>,
}

/// Where a setting comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SettingSource {
    /// The built-in default.
    #[default]
    Default,
    /// The configuration file.
    Config,
    /// A variable of the environment.
    Environment,
    /// The command line.
    Flag,
}

/// The sources of the arguments that a variable can set as well.
#[derive(Debug, Default)]
pub(super) struct ArgSources {
    pub(super) report: SettingSource,
    pub(super) block: SettingSource,
}

impl Args for ArgSources {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}

impl FromArgMatches for ArgSources {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self {
            report: source_of(matches, "report"),
            block: source_of(matches, "block"),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn source_of(matches: &ArgMatches, argument: &str) -> SettingSource {
    match matches.value_source(argument) {
        Some(ValueSource::CommandLine) => SettingSource::Flag,
        Some(ValueSource::EnvVariable) => SettingSource::Environment,
        _ => SettingSource::Default,
    }
}

/// A confidence level and where it comes from: the argument, else the configuration, else the
/// default.
pub(super) fn level(
    argument: Option<Confidence>,
    source: SettingSource,
    default: Confidence,
    configured: Option<(Level, &String)>,
) -> (Confidence, SettingSource) {
    match (argument, configured) {
        (Some(level), _) => (level, source),
        (None, Some((level, _))) => (level.confidence, SettingSource::Config),
        (None, None) => (default, SettingSource::Default),
    }
}
