//! Translates the options of a scan.

use std::ffi::OsString;
use std::path::Path;

use super::commands::{self, Kind};
use super::flags::{CLONE, FLAGS, Meaning, Options};
use super::no_equivalent;
use crate::cli::error::CliError;

/// The command line of a scan, taken apart.
pub(super) struct Translation<'a> {
    kind: Kind,
    /// The options that have another meaning in this scanner than in [`FLAGS`].
    options: &'static Options,
    cli: &'a clap::Command,
    /// What follows the command, in the order in which it was typed.
    parts: Vec<Part>,
    scope: Scope,
    has_no_git: bool,
    /// The report file of a scanner that takes the format from its name.
    report: Option<OsString>,
}

/// A word of ours.
enum Part {
    /// An option, or the value of one.
    Option(OsString),
    Path(OsString),
}

/// What the options say is to be scanned.
#[derive(Default)]
struct Scope {
    range: Option<String>,
    since: Option<String>,
    branch: Option<String>,
    is_staged: bool,
    is_pre_commit: bool,
}

/// An option that was typed, and its value if it is joined to it.
struct Typed<'a> {
    name: &'a str,
    joined: Option<&'a str>,
}

impl<'a> Typed<'a> {
    fn new(word: &'a str) -> Option<Self> {
        if !word.starts_with('-') || word == "-" {
            return None;
        }
        let (name, joined) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        Some(Self { name, joined })
    }

    /// What it means, if it is another scanner's.
    fn meaning(&self, options: &Options) -> Option<Meaning> {
        let mut rows = options.iter().chain(FLAGS);
        Some(rows.find(|(name, _)| *name == self.name)?.1)
    }
}

/// Whether an option that is typed in front of the command is followed by its value.
pub(super) fn takes_value_in_front(options: &Options, cli: &clap::Command, word: &str) -> bool {
    Typed::new(word).is_some_and(|typed| {
        typed.joined.is_none()
            && match typed.meaning(options) {
                Some(meaning) => meaning.has_value(),
                None => is_option_with_value(cli, word),
            }
    })
}

impl<'a> Translation<'a> {
    /// # Errors
    /// If an option has no equivalent, or lacks its value.
    pub(super) fn new(
        kind: Kind,
        options: &'static Options,
        cli: &'a clap::Command,
        words: impl Iterator<Item = OsString>,
    ) -> Result<Self, CliError> {
        let mut this = Self {
            kind,
            options,
            cli,
            parts: Vec::new(),
            scope: Scope {
                is_staged: kind == Kind::Staged,
                ..Scope::default()
            },
            has_no_git: false,
            report: None,
        };
        let mut words = words;
        while let Some(word) = words.next() {
            if word == "--" {
                this.parts.extend(words.by_ref().map(Part::Path));
            } else {
                this.read(word, &mut words)?;
            }
        }
        Ok(this)
    }

    /// Reads a word and, if it is an option with a value, the next one.
    fn read(
        &mut self,
        word: OsString,
        words: &mut impl Iterator<Item = OsString>,
    ) -> Result<(), CliError> {
        let text = word.to_string_lossy().into_owned();
        let Some(typed) = Typed::new(&text) else {
            self.parts.push(Part::Path(word));
            return Ok(());
        };
        let value = |words: &mut dyn Iterator<Item = OsString>| {
            let joined = typed.joined.map(OsString::from);
            let name = typed.name;
            joined
                .or_else(|| words.next())
                .ok_or_else(|| CliError::new(format!("'{name}' needs a value")))
        };
        match typed.meaning(self.options) {
            Some(Meaning::Unsupported(instead)) => Err(no_equivalent(typed.name).help(instead)),
            Some(meaning) if meaning.has_value() => self.with_value(meaning, value(words)?),
            Some(meaning) => {
                // Programs in Go take `--no-git=false`.
                let is_off =
                    |text| matches!(text, "" | "0" | "f" | "F" | "false" | "False" | "FALSE");
                if !typed.joined.is_some_and(is_off) {
                    self.without_value(meaning);
                }
                Ok(())
            }
            None => {
                self.parts.push(Part::Option(word));
                if typed.joined.is_none() && is_option_with_value(self.cli, &text) {
                    self.parts.push(Part::Option(value(words)?));
                }
                Ok(())
            }
        }
    }

    fn option(&mut self, words: impl IntoIterator<Item = OsString>) {
        self.parts.extend(words.into_iter().map(Part::Option));
    }

    fn without_value(&mut self, meaning: Meaning) {
        match meaning {
            Meaning::Same(ours) => self.option([ours.into()]),
            Meaning::Staged => self.scope.is_staged = true,
            Meaning::PreCommit => self.scope.is_pre_commit = true,
            Meaning::NoGit => self.has_no_git = true,
            _ => {}
        }
    }

    fn with_value(&mut self, meaning: Meaning, value: OsString) -> Result<(), CliError> {
        let text = value.to_string_lossy().into_owned();
        match meaning {
            Meaning::SameWith(ours) => self.option([ours.into(), value]),
            Meaning::Report => self.report = Some(value),
            Meaning::Path => self.parts.push(Part::Path(value)),
            // There, 0 is no limit.
            Meaning::Megabytes if text.parse::<f64>().is_ok_and(|size| size <= 0.0) => {}
            Meaning::Megabytes => self.option(["--max-size".into(), (text + "MB").into()]),
            // A variable of a CI system that is not set must not make an empty range.
            Meaning::Since => self.scope.since = Some(text).filter(|text| !text.is_empty()),
            Meaning::Branch => self.scope.branch = Some(text).filter(|text| !text.is_empty()),
            Meaning::LogOptions => self.scope.read_log_options(&text)?,
            _ => {}
        }
        Ok(())
    }

    /// The command line in our words.
    ///
    /// # Errors
    /// If it combines what cannot be combined.
    pub(super) fn words(mut self) -> Result<Vec<OsString>, CliError> {
        self.resolve_paths()?;
        if let Some(file) = self.report.take() {
            if !self.names_a_format() {
                let format = format_of(Path::new(&file));
                self.option(["--format".into(), format.into()]);
            }
            self.option(["--output".into(), file]);
        }
        let mut words = self.command()?;
        // What was a path in a command for histories is the repository of a range.
        let has_ranges = matches!(self.kind, Kind::Range | Kind::Own("gate"));
        let is_repo = words[0] == "gate" && !has_ranges;
        for part in self.parts {
            match part {
                Part::Path(path) if is_repo => {
                    words.extend(["--repo".into(), path]);
                }
                Part::Path(path) => {
                    let is_like_option = path != "-" && path.to_string_lossy().starts_with('-');
                    if is_like_option && !words.iter().any(|word| word == "--") {
                        words.push("--".into());
                    }
                    words.push(path);
                }
                Part::Option(word) => words.push(word),
            }
        }
        Ok(words)
    }

    /// Makes paths of addresses of this machine.
    fn resolve_paths(&mut self) -> Result<(), CliError> {
        for part in &mut self.parts {
            let Part::Path(path) = part else {
                continue;
            };
            let Some(text) = path.to_str() else {
                continue;
            };
            if let Some(local) = text.strip_prefix("file://") {
                *path = local.into();
            } else if text.contains("://") || self.kind == Kind::History && is_remote(text) {
                return Err(CliError::new("an address is not scanned").help(CLONE));
            } else if self.kind == Kind::Own("audit") && Path::new(text).is_file() {
                let help = "'keysieve scan FILE' scans a file; 'keysieve import FILE' carries over \
                            a baseline of detect-secrets";
                return Err(CliError::new(format!("{text} is not a repository")).help(help));
            }
        }
        Ok(())
    }

    fn names_a_format(&self) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Option(word) => {
                let word = word.to_string_lossy();
                word.starts_with("--format") || word.starts_with("-f")
            }
            Part::Path(_) => false,
        })
    }

    /// The command of ours, with what it scans. Nothing that the options ask for is left out: a
    /// scan must not pass without having looked.
    fn command(&self) -> Result<Vec<OsString>, CliError> {
        let Scope {
            range,
            since,
            branch,
            is_staged,
            is_pre_commit,
        } = &self.scope;
        let range = match (range, since) {
            (Some(range), None) if branch.is_none() => Some(range.clone()),
            (None, Some(base)) => {
                let head = branch.as_deref().unwrap_or("HEAD");
                Some(format!("{base}..{head}"))
            }
            (None, None) => None,
            _ => return Err(contradiction()),
        };
        let is_history = self.kind != Kind::Stdin && !self.has_no_git;
        let is_uncommitted = *is_staged || *is_pre_commit;
        let words: Vec<&str> = match (range.as_deref(), branch.as_deref()) {
            (None, None) if *is_staged && is_history => vec!["staged"],
            (None, None) if *is_pre_commit && is_history => vec!["scan"],
            (None, None) if !is_uncommitted => self.kind.words(self.has_no_git),
            (Some(range), _) if is_history && !is_uncommitted && self.kind != Kind::Range => {
                vec!["gate", range]
            }
            (None, Some(branch)) if is_history && !is_uncommitted && self.kind.may_be_audit() => {
                vec!["audit", "--ref", branch]
            }
            _ => return Err(contradiction()),
        };
        Ok(words.into_iter().map(OsString::from).collect())
    }
}

impl Scope {
    /// Reads options for `git log`. Options that only leave out commits are ignored: more is
    /// scanned.
    fn read_log_options(&mut self, options: &str) -> Result<(), CliError> {
        const HARMLESS: [&str; 5] = [
            "--no-merges",
            "--first-parent",
            "--full-history",
            "-p",
            "-U0",
        ];
        // The last `--log-opts` counts.
        (self.range, self.branch) = (None, None);
        let words = options.split_whitespace();
        let mut words: Vec<_> = words.filter(|word| !HARMLESS.contains(word)).collect();
        let count = |word: &str| {
            let digits = word.strip_prefix('-')?.trim_start_matches('n');
            digits.parse::<u32>().ok()
        };
        let number = words.iter().rev().find_map(|word| count(word));
        words.retain(|word| count(word).is_none());
        let is_rev = |rev: &str| !rev.starts_with(['-', '^']);
        match (number, words.as_slice()) {
            (None, [] | ["--all"]) => {}
            (None, [range]) if range.contains("..") && is_rev(range) => {
                self.range = Some((*range).to_owned());
            }
            (None, [rev]) if is_rev(rev) => self.branch = Some((*rev).to_owned()),
            (Some(number), []) => self.range = Some(format!("HEAD~{number}..HEAD")),
            (Some(number), [rev]) if is_rev(rev) && !rev.contains("..") => {
                self.range = Some(format!("{rev}~{number}..{rev}"));
            }
            _ => {
                let message = format!("the options for git log '{options}' are not a range");
                let help = "use 'keysieve gate A..B', or '--ref' and '--since' of 'keysieve audit'";
                return Err(CliError::new(message).help(help));
            }
        }
        Ok(())
    }
}

fn contradiction() -> CliError {
    let message = "the options contradict each other in what is to be scanned";
    let help = "use 'keysieve staged', 'keysieve gate A..B' or 'keysieve audit --ref REF'";
    CliError::new(message).help(help)
}

/// Whether an address has the form `user@host:path`.
fn is_remote(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(host, _)| host.contains('@') && !host.contains('/'))
}

/// The format that gitleaks writes to a file of this name.
fn format_of(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => "csv",
        Some("sarif") => "sarif",
        Some("xml") => "junit",
        _ => "json",
    }
}

/// Whether `word` is an option of a scan of ours that is followed by its value: `--format`, `-f`,
/// or the last letter of `-qf`.
fn is_option_with_value(cli: &clap::Command, word: &str) -> bool {
    let commands = || commands::scans().filter_map(|name| cli.find_subcommand(name));
    let takes_value = |is_named: &dyn Fn(&clap::Arg) -> bool| {
        let mut args = commands().flat_map(clap::Command::get_arguments);
        args.any(|arg| is_named(arg) && arg.get_action().takes_values())
    };
    if let Some(long) = word.strip_prefix("--") {
        return takes_value(&|arg| arg.get_long() == Some(long));
    }
    // What follows the first letter with a value is the value.
    let letters = word.get(1..).unwrap_or_default();
    let first = letters.find(|letter| takes_value(&|arg| arg.get_short() == Some(letter)));
    first.is_some_and(|at| letters[at..].chars().count() == 1)
}
