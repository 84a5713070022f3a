//! `keysieve merge`: joins the results of many audits into one report.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use keysieve::finding::Status;
use keysieve::fleet::{Fleet, FleetPolicy, Merged};
use keysieve::fs::replace;
use keysieve::policy::{Baseline, PolicyFiles};
use keysieve::report::About;
use keysieve::secret::Salt;
use keysieve::text::printable_path;

use super::baseline::MetadataArgs;
use super::error::CliError;
use super::output::OutputArgs;
use super::redact::message;
use super::settings::{SettingsArgs, Versions, today};
use super::stdin;

/// Arguments of `keysieve merge`.
#[derive(Args, Debug)]
pub(crate) struct MergeArgs {
    /// Files of results; `-` is standard input
    ///
    /// Each line is the result of one repository, as `keysieve-fleet` writes it.
    #[arg(required = true, value_name = "RESULTS")]
    results: Vec<PathBuf>,
    /// List of all repositories: one without a result is incomplete
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Configuration file of the fleet
    ///
    /// The paths of its `[[allow]]` entries begin with the name of a repository, as in
    /// `/team/app/tests/`.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Baseline of the fleet
    ///
    /// Each entry allows one secret in one repository.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Add all findings to the baseline, instead of reporting them
    ///
    /// Creates the file if it does not exist. Entries whose findings are gone are removed if all
    /// results are complete.
    #[arg(long, requires = "baseline")]
    update_baseline: bool,
    #[command(flatten)]
    metadata: MetadataArgs,
    #[command(flatten)]
    output: OutputArgs,
}

impl MergeArgs {
    pub(crate) fn run(self) -> Result<Status, CliError> {
        if self.output.reveals() {
            return Err(CliError::new("--reveal: results do not contain secrets"));
        }
        let reports = self.output.reports()?;
        let settings = SettingsArgs::of_fleet(self.config.clone());
        let settings = settings.resolve_for_others(&PolicyFiles::Nothing)?;
        let baseline = self.load_baseline()?;
        let mut fleet = Fleet::new(FleetPolicy {
            policy: &settings.policy,
            baseline: baseline.as_ref(),
            today: today(),
        });
        for file in &self.results {
            read(file, |name, input| fleet.add_results(name, input))?;
        }
        if let Some(file) = &self.manifest {
            read(file, |name, input| fleet.expect(name, input))?;
        }
        let merged = fleet.finish();
        if merged.outcome.totals.repositories == 0 && merged.outcome.skipped.is_empty() {
            return Err(CliError::new("there are no results: nothing was audited"));
        }
        if let (true, Some(baseline)) = (self.update_baseline, baseline) {
            return self.update(&baseline, &merged);
        }
        let about = About {
            range: "whole histories".to_owned(),
            ..About::default()
        };
        let versions = Versions {
            rules: merged.rules_version,
            policy: merged.policy_version,
        };
        reports.write(&merged.outcome, versions, about)?;
        Ok(merged.outcome.status())
    }

    fn load_baseline(&self) -> Result<Option<Baseline>, CliError> {
        let Some(file) = &self.baseline else {
            return Ok(None);
        };
        match Baseline::load(file)? {
            None if self.update_baseline => {
                let salt = Salt::random()
                    .map_err(|error| CliError::new(format!("cannot get random bytes: {error}")))?;
                Ok(Some(Baseline::new(file, salt)))
            }
            None => {
                let message = format!("{}: file not found", printable_path(file));
                Err(CliError::new(message).help("--update-baseline creates it"))
            }
            baseline => Ok(baseline),
        }
    }

    /// Records all findings. A repository that was not read may still hold what was recorded.
    fn update(self, baseline: &Baseline, merged: &Merged) -> Result<Status, CliError> {
        let metadata = self.metadata.checked()?;
        let is_complete = merged.outcome.status() != Status::Incomplete;
        let update = baseline.updated(&merged.seen, &metadata, |_| is_complete);
        let file = self.baseline.unwrap_or_default();
        let text = update.baseline.text();
        replace(&file, |out| out.write_all(text.as_bytes()))
            .map_err(|error| CliError::new(format!("{}: {error}", printable_path(&file))))?;
        let line = format!(
            "{}: {} entries: {} added, {} gone",
            printable_path(&file),
            update.baseline.entries().len(),
            update.added,
            update.removed
        );
        writeln!(io::stdout(), "{}", message(&line))?;
        Ok(if is_complete {
            Status::Clean
        } else {
            Status::Incomplete
        })
    }
}

/// Calls `take` with the name of a file, and a reader of it.
fn read(
    file: &Path,
    take: impl FnOnce(&str, &mut dyn BufRead) -> io::Result<()>,
) -> Result<(), CliError> {
    if file == Path::new("-") {
        return Ok(take("<stdin>", &mut stdin::open()?.lock())?);
    }
    let name = printable_path(file);
    File::open(file)
        .and_then(|input| take(&name, &mut BufReader::new(input)))
        .map_err(|error| CliError::new(format!("{name}: cannot be read: {error}")))
}
