//! `keysieve explain`: shows why something is reported or not, and what the policy decided.

mod answer;
mod human;
mod json;
mod target;

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use keysieve::engine::{self, Keep, Progress};
use keysieve::finding::Status;

use super::error::CliError;
use super::redact;
use super::scan::PathArgs;
use super::settings::{Reporting, SettingsArgs};
use answer::{Answer, Decision, Place};
use target::Target;

pub(super) use answer::masked_path;
pub(super) use target::FileLine;

/// Arguments of `keysieve explain`.
#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// A line, a file, or a finding
    ///
    /// A finding is given by its fingerprint: 32 hex digits, as a report or the baseline shows
    /// them. What is in an archive is given as reports show it: `FILE!ENTRY:LINE`.
    #[arg(value_name = "FILE:LINE|FILE|FINGERPRINT")]
    target: PathBuf,
    /// Files and directories to search for a fingerprint
    #[arg(long = "in", value_name = "PATH", num_args = 1.., default_value = ".")]
    paths: Vec<PathBuf>,
    /// Also search files that git ignores
    #[arg(long)]
    no_ignore: bool,
    /// Format of the answer
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For reading
    #[default]
    Human,
    /// One JSON document
    Json,
}

impl ExplainArgs {
    pub(crate) fn run(self) -> Result<Status, CliError> {
        let target = Target::parse(&self.target)?;
        let paths = match &target {
            Target::File(path) | Target::Line(path, _) => vec![path.file.clone()],
            Target::Finding(..) => self.paths,
        };
        let (source, mut settings) =
            PathArgs::new(paths, self.no_ignore).resolve(&self.settings, Reporting::Everything)?;
        settings.policy = settings.policy.with_encrypted_work_tree();
        let outcome = engine::run(
            &source,
            &settings.scanner,
            &settings.policy,
            &Progress::default(),
            Keep::All,
        )?;
        let answer = match target {
            Target::File(path) => Answer::for_file(&settings, &path, None, outcome)?,
            Target::Line(path, line) => Answer::for_file(&settings, &path, Some(line), outcome)?,
            Target::Finding(written) => Answer::for_finding(&settings, written, outcome)?,
        };
        let text = match self.format {
            Format::Human => redact::log(&answer.human()),
            Format::Json => answer.json(),
        };
        io::stdout().write_all(text.as_bytes())?;
        Ok(if answer.places.is_empty() {
            Status::Findings
        } else {
            Status::Clean
        })
    }
}
