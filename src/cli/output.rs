//! Where reports go, in which form, and the progress bar while a scan goes on.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use std::{env, thread};

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, ValueEnum};
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use keysieve::conduct::Progress;
use keysieve::finding::Outcome;
use keysieve::report::{self, Advice, FORMATS, Make, Options};
use keysieve::text::printable_path;

use super::fault::Fault;

/// Words that say how the outcome is shown.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "How to show it")]
pub(crate) struct OutputArgs {
    /// The form of the report [default: human]
    #[arg(short, long, value_name = "FORMAT", env = "KEYSIEVE_FORMAT",
          value_parser = PossibleValuesParser::new(FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.about))))]
    format: Option<String>,
    /// Write the report to a file; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Show secrets in clear
    #[arg(long)]
    reveal: bool,
    /// List what was allowed, and by what
    #[arg(long)]
    show_allowed: bool,
    /// List the `[[allow]]` entries that let nothing pass
    #[arg(long)]
    unused: bool,
    /// When to use colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    color: Color,
    /// Never use colour; the same as `--color never`
    #[arg(long, conflicts_with = "color")]
    no_color: bool,
    /// Show no progress bar
    #[arg(long)]
    no_progress: bool,
}

/// What is made of an outcome in the format of a name: its report, or something else that not every format can show.
pub(crate) type Form = fn(&str) -> Option<Make>;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How long a scan may take before a progress bar appears.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often the bar is drawn.
const TICK: Duration = Duration::from_millis(100);

impl OutputArgs {
    /// Does `work` with a progress bar beside it, where a person is there to see it.
    pub(crate) fn watch<T>(&self, work: impl FnOnce(&Progress) -> T) -> T {
        let progress = Progress::default();
        if self.no_progress || !io::stderr().is_terminal() {
            return work(&progress);
        }
        let (done, waiting) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let shown = &progress;
            scope.spawn(move || draw(shown, &waiting));
            let outcome = work(&progress);
            drop(done);
            outcome
        })
    }

    /// Writes the report of `outcome`. A report that cannot be written whole is an error: whoever waits for it must not
    /// take half of it for the whole.
    pub(crate) fn write(&self, outcome: &Outcome, rules_version: String, advice: Advice) -> Result<(), Fault> {
        self.write_as(report::report, outcome, rules_version, advice)
    }

    /// What `form` makes of the format that was asked for; to be asked before the work is done.
    pub(crate) fn check(&self, form: Form) -> Result<Make, Fault> {
        let name = self.format.as_deref().unwrap_or(FORMATS[0].name);
        form(name)
            .ok_or_else(|| Fault::new(format!("the format '{name}' cannot show this")).hint("use 'human' or 'json'"))
    }

    /// Writes what `form` makes of `outcome`.
    pub(crate) fn write_as(
        &self,
        form: Form,
        outcome: &Outcome,
        rules_version: String,
        advice: Advice,
    ) -> Result<(), Fault> {
        let make = self.check(form)?;
        let file = self.output.as_deref().filter(|path| *path != Path::new("-"));
        let report = make(Options {
            reveal: self.reveal,
            color: file.is_none() && self.in_color(),
            show_allowed: self.show_allowed,
            show_unused: self.unused,
            rules_version,
            version: env!("CARGO_PKG_VERSION"),
            advice,
        });
        let write = |out: &mut dyn Write| report.write(outcome, out).and_then(|()| out.flush());
        match file {
            None => write(&mut BufWriter::new(io::stdout().lock()))
                .map_err(|error| Fault::new(format!("the report cannot be written: {error}"))),
            Some(path) => File::create(path).and_then(|file| write(&mut BufWriter::new(file))).map_err(|error| {
                Fault::new(format!("{}: the report cannot be written: {error}", printable_path(path)))
            }),
        }
    }

    /// See <https://no-color.org> for `NO_COLOR`.
    fn in_color(&self) -> bool {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let dumb = set("TERM").is_some_and(|term| term == "dumb");
                !self.no_color && io::stdout().is_terminal() && set("NO_COLOR").is_none() && !dumb
            }
        }
    }
}

/// Draws until the sender is dropped.
fn draw(progress: &Progress, waiting: &mpsc::Receiver<()>) {
    if waiting.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
        return;
    }
    let expected = progress.expected.load(Ordering::Relaxed);
    let (bar, template) = match expected {
        0 => (ProgressBar::new_spinner(), "{spinner} {msg} [{elapsed}]"),
        known => (ProgressBar::new(known), "{bar:32} {percent}% {msg} [{elapsed}, {eta} left]"),
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    while waiting.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
        let done = progress.blobs.load(Ordering::Relaxed);
        let bytes = HumanBytes(progress.bytes.load(Ordering::Relaxed));
        let found = match progress.found.load(Ordering::Relaxed) {
            0 => String::new(),
            found => format!(", {} found", HumanCount(found)),
        };
        let what = if expected > 0 { "objects" } else { "blobs" };
        bar.set_message(format!("scanned {} {what}, {bytes}{found}", HumanCount(done)));
        bar.set_position(done.min(expected));
        bar.tick();
    }
    bar.finish_and_clear();
}
