//! From flags, environment and configuration file to a scanner and a policy.

use std::path::{Path, PathBuf};

use clap::Args;
use keysieve::policy::Policy;
use keysieve::repo;
use keysieve::rule::{Confidence, RuleSet};
use keysieve::scan::Scanner;

use super::fault::Fault;

/// Words that say what is looked for and what is let pass.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "What to find")]
pub(crate) struct SettingsArgs {
    /// Add the rules of a file
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
    /// Report findings from this confidence on: low, medium, high or certain [default: low]
    #[arg(long, value_name = "CONFIDENCE", env = "KEYSIEVE_REPORT")]
    report: Option<Confidence>,
    /// Fail from this confidence on [default: medium]
    #[arg(long, value_name = "CONFIDENCE", env = "KEYSIEVE_BLOCK")]
    block: Option<Confidence>,
    /// How many threads scan [default: one for each processor]
    #[arg(short, long, value_name = "N", env = "KEYSIEVE_JOBS")]
    jobs: Option<usize>,
}

/// What a scan needs.
pub(crate) struct Settings {
    pub(crate) scanner: Scanner,
    pub(crate) policy: Policy,
    pub(crate) max_size: Option<u64>,
    pub(crate) jobs: usize,
}

impl Settings {
    pub(crate) fn new(args: &SettingsArgs, near: &Path) -> Result<Self, Fault> {
        let mut rules = RuleSet::builtin()?;
        let jobs = args.jobs.or_else(|| std::thread::available_parallelism().ok().map(Into::into)).unwrap_or(1);
        Ok(Self {
            scanner: Scanner::new(rules)?,
            policy: Policy {
                report: args.report.unwrap_or(Confidence::Low),
                block: args.block.unwrap_or(Confidence::Medium),
            },
            max_size: None,
            jobs,
        })
    }
}
