//! Where reports go, in which form, and the progress bar while a scan goes on.

use std::cell::OnceCell;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use std::{env, thread};

use clap::{Args, ValueEnum};
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use keysieve::engine::Progress;
use keysieve::finding::Outcome;
use keysieve::report::{self, Advice, Format, Options, Times};
use keysieve::text::printable_path;

use super::error::CliError;
use super::file;
use super::target::{self, FormatParser, Target, Words};

/// Words that say how the outcome is shown.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "How to show it")]
pub(crate) struct OutputArgs {
    /// The form of the report, and its file; may be repeated [default: human]
    ///
    /// Several go to several places: `-f human -f sarif:out.sarif -f html:report.html`; in
    /// `KEYSIEVE_FORMAT`, commas part them. A report without a file, or with the file `-`, goes to
    /// standard output, which takes one report only.
    #[arg(short, long, value_name = "FORMAT[:FILE]", env = "KEYSIEVE_FORMAT", value_parser = FormatParser)]
    format: Vec<Words>,
    /// Write the report to a file; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Show secrets in clear; not in reports that are made for a service
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
    /// When the scan began.
    #[arg(skip)]
    began: OnceCell<jiff::Timestamp>,
}

/// What a report is written for.
struct Page<'o> {
    form: Form,
    outcome: &'o Outcome,
    rules_version: String,
    advice: Advice,
}

/// What is made of an outcome in a format: its report, or something else that not every format can
/// show.
pub(crate) type Form = fn(&Format) -> Option<report::Write>;

/// The report of a format.
pub(crate) const REPORT: Form = |format| Some(format.write);

/// The timeline of a format, if it has one.
pub(crate) const TIMELINE: Form = |format| format.timeline;

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

/// The format that GitHub Actions shows with a job.
const JOB_SUMMARY: &str = "github-summary";

/// How long a scan may take before a progress bar appears.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often the bar is drawn.
const TICK: Duration = Duration::from_millis(100);

impl OutputArgs {
    /// The same words, and what is allowed is listed whatever they say.
    pub(crate) fn with_allowed(self) -> Self {
        Self {
            show_allowed: true,
            ..self
        }
    }

    /// Does `work` with a progress bar beside it, where a person is there to see it.
    pub(crate) fn watch<T>(&self, work: impl FnOnce(&Progress) -> T) -> T {
        self.began.get_or_init(jiff::Timestamp::now);
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

    /// Whether the reports that were asked for can be written at all; to be asked before the work
    /// is done.
    pub(crate) fn check(&self) -> Result<Vec<Target>, CliError> {
        let targets = target::targets(&self.format, self.output.as_deref())?;
        match targets
            .iter()
            .find(|target| self.reveal && target.format.for_upload)
        {
            None => Ok(targets),
            Some(Target { format, .. }) => {
                let message = format!(
                    "--reveal would put secrets in clear into the report '{}'",
                    format.name
                );
                Err(CliError::new(message).hint(
                    "that report is made to be handed to a service: leave out --reveal, or look at the secrets in another format",
                ))
            }
        }
    }

    /// Writes the reports of `outcome`. A report that cannot be written whole is an error: whoever
    /// waits for it must not take half of it for the whole. The others are written all the same.
    pub(crate) fn write(
        &self,
        outcome: &Outcome,
        rules_version: String,
        advice: Advice,
    ) -> Result<(), CliError> {
        self.write_as(REPORT, outcome, rules_version, advice)
    }

    /// Whether every format that was asked for can show `form`; to be asked before the work is
    /// done.
    pub(crate) fn check_form(&self, form: Form) -> Result<(), CliError> {
        match self
            .check()?
            .iter()
            .find(|target| form(target.format).is_none())
        {
            None => Ok(()),
            Some(Target { format, .. }) => {
                let message = format!("the format '{}' cannot show this", format.name);
                Err(CliError::new(message).hint("use 'human' or 'json'"))
            }
        }
    }

    /// Writes what `form` makes of `outcome`.
    pub(crate) fn write_as(
        &self,
        form: Form,
        outcome: &Outcome,
        rules_version: String,
        advice: Advice,
    ) -> Result<(), CliError> {
        let targets = self.check()?;
        let page = Page {
            form,
            outcome,
            rules_version,
            advice,
        };
        let mut faults: Vec<_> = targets
            .iter()
            .filter_map(|target| self.put(target, &page).err())
            .collect();
        faults.extend(self.job_summary(&targets, &page).err());
        CliError::all(faults)
    }

    fn put(&self, Target { format, file }: &Target, page: &Page<'_>) -> Result<(), CliError> {
        let report = (page.form)(format).unwrap_or(format.write);
        let options = self.options(page, file.is_none() && self.in_color());
        let write = |out: &mut dyn Write| report(&options, page.outcome, out);
        match file {
            None => {
                let mut out = BufWriter::new(io::stdout().lock());
                let done = write(&mut out).and_then(|()| out.flush());
                done.map_err(|error| {
                    CliError::new(format!("the report cannot be written: {error}"))
                })
            }
            Some(path) => file::replace(path, &write).map_err(|error| cannot_write(path, &error)),
        }
    }

    /// GitHub Actions shows what is added to this file with the job; there, annotations alone say
    /// too little.
    fn job_summary(&self, targets: &[Target], page: &Page<'_>) -> Result<(), CliError> {
        let has = |name: &str| targets.iter().any(|target| target.format.name == name);
        let file = env::var_os("GITHUB_STEP_SUMMARY")
            .filter(|file| !file.is_empty())
            .map(PathBuf::from);
        let (Some(file), Some(format)) = (file, report::format(JOB_SUMMARY)) else {
            return Ok(());
        };
        if !has("github") || has(JOB_SUMMARY) {
            return Ok(());
        }
        let report = (page.form)(format).unwrap_or(format.write);
        let options = self.options(page, false);
        let write = |out: &mut dyn Write| report(&options, page.outcome, out);
        file::append(&file, &write).map_err(|error| cannot_write(&file, &error))
    }

    fn options(&self, page: &Page<'_>, color: bool) -> Options {
        let ended = jiff::Timestamp::now();
        Options {
            reveal: self.reveal,
            color,
            show_allowed: self.show_allowed,
            show_unused: self.unused,
            rules_version: page.rules_version.clone(),
            version: env!("CARGO_PKG_VERSION"),
            advice: page.advice,
            times: Times {
                began: self.began.get().copied().unwrap_or(ended),
                ended,
            },
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

fn cannot_write(path: &Path, error: &io::Error) -> CliError {
    CliError::new(format!(
        "{}: the report cannot be written: {error}",
        printable_path(path)
    ))
}

/// Draws until the sender is dropped.
fn draw(progress: &Progress, waiting: &mpsc::Receiver<()>) {
    if waiting.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
        return;
    }
    let expected = progress.expected.load(Ordering::Relaxed);
    let (bar, template) = match expected {
        0 => (ProgressBar::new_spinner(), "{spinner} {msg} [{elapsed}]"),
        known => (
            ProgressBar::new(known),
            "{bar:32} {percent}% {msg} [{elapsed}, {eta} left]",
        ),
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    while waiting.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
        let done = progress.blobs.load(Ordering::Relaxed);
        let bytes = report::size(progress.bytes.load(Ordering::Relaxed));
        let found = match progress.found.load(Ordering::Relaxed) {
            0 => String::new(),
            found => format!(", {} found", HumanCount(found)),
        };
        let what = if expected > 0 { "objects" } else { "blobs" };
        bar.set_message(format!(
            "scanned {} {what}, {bytes}{found}",
            HumanCount(done)
        ));
        bar.set_position(done.min(expected));
        bar.tick();
    }
    bar.finish_and_clear();
}
