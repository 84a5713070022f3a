//! Writes reports to where the user wants them, and shows progress during a scan.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::mpsc;
use std::{env, thread};

use anstream::{AutoStream, ColorChoice};
use clap::{Args, ValueEnum};
use keysieve::engine::Progress;
use keysieve::finding::Outcome;
use keysieve::fs;
use keysieve::report::{self, About, Format, Options, Screen, Times};
use keysieve::text::printable_path;

use super::error::CliError;
use super::progress;
use super::settings::Versions;
use super::target::{self, FormatParser, FormatSpec, Target};

/// Arguments that say how the outcome is shown.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Format of the report, and its file; repeatable [default: human]
    ///
    /// Several reports can be written at once: `-f human -f sarif:out.sarif -f html:report.html`.
    /// In `KEYSIEVE_FORMAT`, commas separate them. A report without a file, or with the file `-`,
    /// goes to standard output; only one report can.
    #[arg(
        short,
        long,
        value_name = "FORMAT[:FILE]",
        env = "KEYSIEVE_FORMAT",
        value_parser = FormatParser
    )]
    format: Vec<FormatSpec>,
    /// Write the report to this file; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Show secrets unmasked
    ///
    /// Not possible in reports that are made for upload, such as SARIF.
    #[arg(long)]
    reveal: bool,
    /// List allowed findings, and what allows each
    #[arg(long)]
    show_allowed: bool,
    /// List `[[allow]]` entries that allow nothing
    #[arg(long)]
    unused: bool,
    /// Print nothing if there is nothing to report
    #[arg(short, long)]
    quiet: bool,
    /// Print all that is known: `--full --show-allowed --unused`, and what identifies the rules and
    /// the policy
    #[arg(short, long, conflicts_with = "quiet")]
    verbose: bool,
    /// Show the line and the notes of each finding, even if there are many
    #[arg(long)]
    full: bool,
    /// Exit status for findings that block [default: 1]
    ///
    /// With 0, findings are reported and block nothing. An incomplete scan exits with 2 all the
    /// same.
    #[arg(long, value_name = "N")]
    exit_code: Option<u8>,
    /// When to use colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    color: Color,
    /// Never use colour; the same as `--color never`
    #[arg(long, conflicts_with = "color")]
    no_color: bool,
    /// Do not show a progress bar
    #[arg(long)]
    no_progress: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal, unless `NO_COLOR` or `CLICOLOR=0` is set; always if `CLICOLOR_FORCE` or
    /// `FORCE_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What a report shows of an outcome; `None` for formats that cannot show it.
pub(crate) type View = fn(&Format) -> Option<report::Write>;

/// The findings: every format shows them.
pub(crate) const FINDINGS: View = |format| Some(format.write);

/// The timeline of an audit.
pub(crate) const TIMELINE: View = |format| format.timeline;

/// The reports of a run, checked before it begins and written when it has ended.
pub(crate) struct Reports<'a> {
    args: &'a OutputArgs,
    view: View,
    targets: Vec<Target>,
    show_allowed: bool,
    began: jiff::Timestamp,
}

/// The content of reports.
struct Content<'o> {
    outcome: &'o Outcome,
    versions: Versions,
    about: About,
}

/// The format that GitHub Actions shows with a job.
const JOB_SUMMARY: &str = "github-summary";

impl OutputArgs {
    /// Checks that the requested reports can be written, before a scan spends its time.
    pub(crate) fn reports(&self) -> Result<Reports<'_>, CliError> {
        self.reports_of(FINDINGS)
    }

    /// Checks that every requested format can show `view`.
    pub(crate) fn reports_of(&self, view: View) -> Result<Reports<'_>, CliError> {
        let targets = target::targets(&self.format, self.output.as_deref())?;
        for Target { format, .. } in &targets {
            let name = format.name;
            if self.reveal && format.for_upload {
                let message = format!("--reveal cannot be used with the report '{name}'");
                let help = "that report is made for upload: leave out --reveal, \
                            or reveal secrets in another format";
                return Err(CliError::new(message).help(help));
            }
            if view(format).is_none() {
                let message = format!("the format '{name}' cannot show this");
                return Err(CliError::new(message).help("use 'human' or 'json'"));
            }
        }
        Ok(Reports {
            args: self,
            view,
            targets,
            show_allowed: self.show_allowed || self.verbose,
            began: jiff::Timestamp::now(),
        })
    }

    /// Whether secrets are shown unmasked.
    pub(crate) fn reveals(&self) -> bool {
        self.reveal
    }

    /// Prints nothing if there is nothing to report, as the hooks do.
    pub(crate) fn quieted(self) -> Self {
        Self {
            quiet: true,
            ..self
        }
    }

    /// Whether only what is found is printed.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// The existing files that the reports replace, without links in them.
    pub(crate) fn files(&self) -> Result<Vec<PathBuf>, CliError> {
        let targets = target::targets(&self.format, self.output.as_deref())?;
        let files = targets.into_iter().filter_map(|target| target.file);
        Ok(files.filter_map(|file| file.canonicalize().ok()).collect())
    }

    fn is_colored(&self) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                // anstream takes every value for a yes, and does not know FORCE_COLOR.
                let is_set = |name| env::var_os(name).filter(|value| !value.is_empty());
                let is_unforced = is_set("CLICOLOR_FORCE").is_some_and(|value| value == "0");
                let is_forced = is_set("FORCE_COLOR").is_some_and(|value| value != "0")
                    && is_set("NO_COLOR").is_none();
                !self.no_color
                    && (is_forced
                        || (!is_unforced || io::stdout().is_terminal())
                            && AutoStream::choice(&io::stdout()) != ColorChoice::Never)
            }
        }
    }
}

impl Reports<'_> {
    /// Lists what is allowed even without `--show-allowed`.
    pub(crate) fn with_allowed(self) -> Self {
        Self {
            show_allowed: true,
            ..self
        }
    }

    /// Does `work`, with a progress bar if standard error is a terminal.
    pub(crate) fn watch<T>(&self, work: impl FnOnce(&Progress) -> T) -> T {
        let progress = Progress::default();
        if self.args.no_progress || !io::stderr().is_terminal() {
            return work(&progress);
        }
        let (done, waiting) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let shared = &progress;
            scope.spawn(move || progress::draw(shared, &waiting));
            let result = work(&progress);
            drop(done);
            result
        })
    }

    /// Writes the reports of `outcome`. A report that cannot be written completely is an error, so
    /// that a part is never taken for the whole; the other reports are written all the same.
    pub(crate) fn write(
        &self,
        outcome: &Outcome,
        versions: Versions,
        about: About,
    ) -> Result<(), CliError> {
        let content = Content {
            outcome,
            versions,
            about,
        };
        let mut errors: Vec<_> = self
            .targets
            .iter()
            .filter_map(|target| self.write_to(target, &content).err())
            .collect();
        errors.extend(self.append_job_summary(&content).err());
        CliError::join(errors)
    }

    fn write_to(&self, target: &Target, content: &Content<'_>) -> Result<(), CliError> {
        let Target { format, file } = target;
        let Some(path) = file else {
            let stdout = io::stdout();
            let width = stdout
                .is_terminal()
                .then(|| terminal_size::terminal_size_of(&stdout))
                .flatten();
            let screen = Screen {
                color: self.args.is_colored(),
                width: width.map(|(width, _)| width.0.into()),
                ..self.screen()
            };
            return self
                .print(format, content, screen)
                .map_err(|error| CliError::new(format!("the report cannot be written: {error}")));
        };
        check_folder(path)?;
        fs::replace(path, |out| self.render(format, content, self.screen(), out))
            .map_err(|error| cannot_write(path, &error))
    }

    fn print(&self, format: &Format, content: &Content<'_>, screen: Screen) -> io::Result<()> {
        let stdout = io::stdout().lock();
        if screen.color {
            // Consoles of Windows that do not understand colour codes get its calls instead.
            let mut out = BufWriter::new(AutoStream::always(stdout));
            self.render(format, content, screen, &mut out)?;
            return out.flush();
        }
        let mut out = BufWriter::new(stdout);
        self.render(format, content, screen, &mut out)?;
        out.flush()
    }

    /// GitHub Actions shows what is appended to this file with the job: annotations alone have too
    /// little room.
    fn append_job_summary(&self, content: &Content<'_>) -> Result<(), CliError> {
        let file = env::var_os("GITHUB_STEP_SUMMARY").filter(|file| !file.is_empty());
        let (Some(file), Some(format)) = (file, report::format(JOB_SUMMARY)) else {
            return Ok(());
        };
        if !self.writes("github") || self.writes(JOB_SUMMARY) {
            return Ok(());
        }
        let path = Path::new(&file);
        check_folder(path)?;
        if path.is_symlink() {
            return Err(cannot_write(
                path,
                &io::Error::other("it is a symbolic link"),
            ));
        }
        // In one piece, so that other writers cannot come between.
        let mut text = Vec::new();
        self.render(format, content, self.screen(), &mut text)
            .and_then(|()| {
                let mut options = File::options();
                options.append(true).create(true);
                options.open(path)?.write_all(&text)
            })
            .map_err(|error| cannot_write(path, &error))
    }

    /// The layout of a report that goes to a file.
    fn screen(&self) -> Screen {
        Screen {
            quiet: self.args.quiet,
            full: self.args.full || self.args.verbose,
            versions: self.args.verbose,
            ..Screen::default()
        }
    }

    fn writes(&self, format: &str) -> bool {
        self.targets
            .iter()
            .any(|target| target.format.name == format)
    }

    /// Writes the view of `content` in `format` to `out`.
    fn render(
        &self,
        format: &Format,
        content: &Content<'_>,
        screen: Screen,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let write = (self.view)(format).unwrap_or(format.write);
        let options = Options {
            reveal: self.args.reveal,
            screen,
            show_allowed: self.show_allowed,
            show_unused: self.args.unused || self.args.verbose,
            rules_version: content.versions.rules.clone(),
            policy_version: content.versions.policy.clone(),
            version: env!("CARGO_PKG_VERSION"),
            about: content.about.clone(),
            times: Times {
                began: self.began,
                ended: jiff::Timestamp::now(),
            },
        };
        write(&options, content.outcome, out)
    }
}

/// Refuses a file in a folder that is, or is below, a link out of the current folder or out of a
/// repository, or into a git directory: such a link could have come with a checkout.
fn check_folder(path: &Path) -> Result<(), CliError> {
    let (Ok(here), Ok(full)) = (env::current_dir(), std::path::absolute(path)) else {
        return Ok(());
    };
    let mut written = PathBuf::new();
    for part in full.components() {
        match part {
            Component::ParentDir => {
                written.pop();
            }
            part => written.push(part),
        }
    }
    let Some(folder) = full.parent().and_then(|folder| folder.canonicalize().ok()) else {
        return Ok(());
    };
    let leads_out = |top: &Path| {
        let is_top = *top == here || top.join(".git").exists();
        is_top && top.canonicalize().is_ok_and(|top| !folder.starts_with(top))
    };
    let is_git = |path: &Path| path.components().any(|part| part.as_os_str() == ".git");
    if is_git(&folder) && !is_git(&written) {
        let message = format!("{} is in a link to a git directory", printable_path(path));
        return Err(CliError::new(message));
    }
    if let Some(top) = written.ancestors().skip(1).find(|top| leads_out(top)) {
        let (file, top) = (printable_path(path), printable_path(top));
        let message = format!("{file} is in a symbolic link that leads out of {top}");
        return Err(CliError::new(message).help("name the folder that the link leads to"));
    }
    Ok(())
}

fn cannot_write(path: &Path, error: &io::Error) -> CliError {
    CliError::new(format!(
        "{}: the report cannot be written: {error}",
        printable_path(path)
    ))
}
