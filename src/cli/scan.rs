//! `keysieve scan` and `keysieve staged`.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use keysieve::finding::Status;
use keysieve::source::{Files, Message, Source, Staged, Stream};

use super::fault::Fault;
use super::output::{Output, OutputArgs};
use super::settings::{Settings, SettingsArgs};

/// The words of `keysieve scan`.
#[derive(Args, Debug)]
pub(crate) struct ScanArgs {
    /// Files and directories; `-` is standard input
    ///
    /// In a work tree, what git tracks and what it neither tracks nor ignores is scanned; elsewhere, everything. A path that
    /// is named here is always scanned. Binary files are scanned as well.
    #[arg(default_value = ".", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Also scan what git's ignore rules leave out, such as a `.env`
    #[arg(long)]
    no_ignore: bool,
    #[command(flatten)]
    common: Common,
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
    settings: SettingsArgs,
    #[command(flatten)]
    output: OutputArgs,
}

impl ScanArgs {
    pub(crate) fn run(self) -> Result<Status, Fault> {
        let first = self.paths.first().map_or(Path::new("."), PathBuf::as_path);
        let stdin = self.paths.iter().any(|path| path == Path::new("-"));
        if stdin && self.paths.len() > 1 {
            return Err(Fault::new("'-' stands for standard input and goes with no other path"));
        }
        let settings = Settings::new(&self.common.settings, if stdin { Path::new(".") } else { first })?;
        if stdin {
            return scan(&Stream::new(io::stdin()), &settings, &self.common.output);
        }
        let source = Files {
            paths: self.paths,
            ignore_rules: !self.no_ignore,
            max_size: settings.max_size,
            jobs: settings.jobs,
        };
        scan(&source, &settings, &self.common.output)
    }
}

impl StagedArgs {
    pub(crate) fn run(self) -> Result<Status, Fault> {
        let settings = Settings::new(&self.common.settings, &self.repo)?;
        let source = Staged { dir: self.repo, max_size: settings.max_size, jobs: settings.jobs };
        scan(&source, &settings, &self.common.output)
    }
}

fn scan(source: &dyn Source, settings: &Settings, output: &OutputArgs) -> Result<Status, Fault> {
    let output = Output::new(output, settings)?;
    let outcome =
        output.watch(|progress| keysieve::conduct::run(source, &settings.scanner, &settings.policy, progress))?;
    output.write(&outcome)?;
    Ok(outcome.status())
}
