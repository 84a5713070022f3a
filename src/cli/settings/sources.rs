//! Records where each setting comes from, so that `explain` can say so.

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use keysieve::rule::Confidence;

/// Where the settings of a scan come from.
pub(crate) struct SettingSources {
    pub(crate) report: SettingSource,
    pub(crate) block: SettingSource,
    /// The configuration file that sets the level from which findings are reported.
    pub(crate) report_file: Option<String>,
    /// The one that sets the level from which they block.
    pub(crate) block_file: Option<String>,
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
    configured: impl FnOnce() -> Option<Confidence>,
) -> (Confidence, SettingSource) {
    if let Some(level) = argument {
        return (level, source);
    }
    configured().map_or((default, SettingSource::Default), |level| {
        (level, SettingSource::Config)
    })
}
