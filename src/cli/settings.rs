//! From flags, environment and configuration file to a scanner and a policy: flags win over the environment, the
//! environment over the file, the file over the defaults.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use keysieve::policy::{Config, FILE_NAME, Policy};
use keysieve::repo;
use keysieve::rule::{Confidence, RuleSet};
use keysieve::scan::Scanner;
use keysieve::text::printable;

use super::fault::Fault;

/// Words that say what is looked for and what is let pass.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "What to find")]
pub(crate) struct SettingsArgs {
    /// Read this configuration instead of `.keysieve.toml` at the root of the repository
    #[arg(short, long, value_name = "FILE", env = "KEYSIEVE_CONFIG")]
    config: Option<PathBuf>,
    /// Read no configuration file
    #[arg(long, conflicts_with = "config")]
    no_config: bool,
    /// Add the rules of a file; may be repeated
    #[arg(long, value_name = "FILE", env = "KEYSIEVE_RULES", value_delimiter = ',')]
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

/// What a scan needs.
pub(crate) struct Settings {
    pub(crate) scanner: Scanner,
    pub(crate) policy: Policy,
    pub(crate) max_size: Option<u64>,
    pub(crate) jobs: usize,
}

impl SettingsArgs {
    /// The settings for a scan of the repository, or the directory, at `root`.
    pub(crate) fn settle(&self, root: &Path) -> Result<Settings, Fault> {
        let config = self.configuration(root)?;
        let mut rules = RuleSet::builtin()?;
        let of_config = config.iter().flat_map(|config| &config.rules);
        add_rules(&mut rules, of_config.chain(&self.rules))?;
        let of_config = |pick: fn(&Config) -> Option<Confidence>| config.as_ref().and_then(pick);
        let report = self.report.or(of_config(|config| config.report)).unwrap_or(Confidence::Low);
        let block = self.block.or(of_config(|config| config.block)).unwrap_or(Confidence::Medium);
        let max_size = self.max_size.or(config.as_ref().and_then(|config| config.max_size));
        let mut policy = Policy::new(report, block, &rules);
        if let Some(config) = config {
            policy = policy.with_entries(config, &rules, jiff::Zoned::now().date())?;
        }
        let processors = || std::thread::available_parallelism().map_or(1, Into::into);
        let jobs = self.jobs.map_or_else(processors, Into::into);
        Ok(Settings { scanner: Scanner::new(rules)?, policy, max_size, jobs })
    }

    fn configuration(&self, root: &Path) -> Result<Option<Config>, Fault> {
        if self.no_config {
            return Ok(None);
        }
        match &self.config {
            None => Ok(Config::load(&root.join(FILE_NAME))?),
            Some(file) => {
                let missing = || Fault::new(format!("{}: there is no such file", shown(file)));
                Config::load(file)?.ok_or_else(missing).map(Some)
            }
        }
    }
}

/// Where the configuration of `near` lies: the root of its work tree, or, outside of any, the directory itself.
pub(crate) fn root_of(near: &Path) -> Result<PathBuf, Fault> {
    let dir = match near.is_dir() {
        true => near,
        false => near.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")),
    };
    if !dir.is_dir() {
        // The scan itself says that the path does not exist.
        return Ok(dir.to_path_buf());
    }
    let repo = repo::discover_work_tree(dir)?;
    let root = repo.and_then(|repo| repo.work_dir().map(Path::to_path_buf));
    Ok(root.unwrap_or_else(|| dir.to_path_buf()))
}

/// Adds the rules of some files to `rules`.
pub(crate) fn add_rules<'f>(rules: &mut RuleSet, files: impl IntoIterator<Item = &'f PathBuf>) -> Result<(), Fault> {
    for file in files {
        let text = fs::read_to_string(file).map_err(|error| Fault::new(format!("{}: {error}", shown(file))))?;
        rules.extend(&shown(file), &text)?;
    }
    Ok(())
}

fn shown(path: &Path) -> String {
    printable(path.to_string_lossy().as_bytes())
}
