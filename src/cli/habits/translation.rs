//! Translates the options of a scan.

use std::ffi::OsString;

use super::commands::Kind;
use super::flags::{FLAGS, Meaning};
use super::no_equivalent;
use crate::cli::error::CliError;

/// The command line of a scan, taken apart.
pub(super) struct Translation {
    kind: Kind,
    /// Options of ours, with their values.
    options: Vec<OsString>,
    paths: Vec<OsString>,
    range: Option<String>,
    since: Option<String>,
    branch: Option<String>,
    is_staged: bool,
    has_no_git: bool,
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
        Some(match word.split_once('=') {
            Some((name, value)) => Self {
                name,
                joined: Some(value),
            },
            None => Self {
                name: word,
                joined: None,
            },
        })
    }

    /// What it means, if it is another scanner's. Options of one letter are ours after our own
    /// commands.
    fn meaning(&self, kind: Option<Kind>) -> Option<Meaning> {
        if !self.name.starts_with("--") && matches!(kind, Some(Kind::Own(_))) {
            return None;
        }
        let row = FLAGS.iter().find(|(name, _)| *name == self.name)?;
        Some(row.1)
    }
}

/// Whether an option that is typed in front of the command is followed by its value.
pub(super) fn takes_value_in_front(cli: &clap::Command, word: &str) -> bool {
    Typed::new(word).is_some_and(|typed| {
        let is_of_other = typed.meaning(None).is_some_and(has_value);
        typed.joined.is_none() && (is_of_other || is_option_with_value(cli, word))
    })
}

fn has_value(meaning: Meaning) -> bool {
    !matches!(
        meaning,
        Meaning::Always | Meaning::Same(_) | Meaning::Staged | Meaning::NoGit | Meaning::None(_)
    )
}

impl Translation {
    /// # Errors
    /// If an option has no equivalent, or lacks its value.
    pub(super) fn new(
        kind: Kind,
        cli: &clap::Command,
        words: impl Iterator<Item = OsString>,
    ) -> Result<Self, CliError> {
        let mut this = Self {
            kind,
            options: Vec::new(),
            paths: Vec::new(),
            range: None,
            since: None,
            branch: None,
            is_staged: kind == Kind::Staged,
            has_no_git: false,
        };
        let mut words = words;
        while let Some(word) = words.next() {
            let text = word.to_string_lossy().into_owned();
            if text == "--" {
                this.paths.extend(words);
                break;
            }
            let Some(typed) = Typed::new(&text) else {
                this.paths.push(word);
                continue;
            };
            let mut value = || {
                let joined = typed.joined.map(OsString::from);
                let name = typed.name;
                joined
                    .or_else(|| words.next())
                    .ok_or_else(|| CliError::new(format!("'{name}' needs a value")))
            };
            match typed.meaning(Some(kind)) {
                Some(Meaning::None(instead)) => return Err(no_equivalent(typed.name).help(instead)),
                Some(meaning) if has_value(meaning) => this.with_value(meaning, value()?)?,
                Some(meaning) => this.without_value(meaning),
                None => {
                    let has_value = typed.joined.is_none() && is_option_with_value(cli, &text);
                    this.options.push(word);
                    if has_value {
                        this.options.push(value()?);
                    }
                }
            }
        }
        Ok(this)
    }

    fn without_value(&mut self, meaning: Meaning) {
        match meaning {
            Meaning::Same(ours) => self.options.push(ours.into()),
            Meaning::Staged => self.is_staged = true,
            Meaning::NoGit => self.has_no_git = true,
            _ => {}
        }
    }

    fn with_value(&mut self, meaning: Meaning, value: OsString) -> Result<(), CliError> {
        let text = || value.to_string_lossy().into_owned();
        match meaning {
            Meaning::SameWith(ours) => self.options.extend([ours.into(), value]),
            Meaning::Path => self.paths.push(value),
            Meaning::Megabytes => self
                .options
                .extend(["--max-size".into(), (text() + "MB").into()]),
            Meaning::Since => self.since = Some(text()),
            Meaning::Branch => self.branch = Some(text()),
            Meaning::Range => {
                let range = text();
                let mut words = range.split_whitespace();
                match (words.next(), words.next()) {
                    (Some(word), None) if word.contains("..") => self.range = Some(word.into()),
                    (Some("--all" | "--full-history"), _) => {}
                    _ => return Err(no_range(&range)),
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The command line in our words.
    ///
    /// # Errors
    /// If it combines what cannot be combined.
    pub(super) fn words(mut self) -> Result<Vec<OsString>, CliError> {
        for path in &mut self.paths {
            if let Some(local) = path.to_str().and_then(|path| path.strip_prefix("file://")) {
                *path = local.into();
            } else if path.to_str().is_some_and(|path| path.contains("://")) {
                let help = "clone it first, then run 'keysieve audit DIR'";
                return Err(CliError::new("an address is not scanned").help(help));
            }
        }
        let head = self.branch.as_deref().unwrap_or("HEAD");
        let since = self.since.as_ref().map(|base| format!("{base}..{head}"));
        let range = self.range.take().or(since);
        let mut words: Vec<OsString> = Vec::new();
        let mut is_range = false;
        match (self.kind, range) {
            (Kind::Stdin, _) => words.extend(["scan".into(), "-".into()]),
            _ if self.is_staged => words.push("staged".into()),
            (_, Some(range)) => {
                is_range = true;
                words.extend(["gate".into(), range.into()]);
            }
            (Kind::Range, None) => words.push("gate".into()),
            (Kind::Own(command), None) => words.push(command.into()),
            (Kind::History, None) if self.has_no_git => {
                words.extend(["scan".into(), "--no-ignore".into()]);
            }
            (Kind::History, None) => {
                words.push("audit".into());
                if let Some(branch) = &self.branch {
                    words.extend(["--ref".into(), branch.into()]);
                }
            }
            (Kind::Files, None) => words.extend(["scan".into(), "--no-ignore".into()]),
            (Kind::Changes, None) => words.push("scan".into()),
            (Kind::Staged, None) => words.push("staged".into()),
        }
        words.append(&mut self.options);
        if is_range {
            let repos = self.paths.into_iter();
            words.extend(repos.flat_map(|path| ["--repo".into(), path]));
        } else {
            let is_like_option = |path: &OsString| path.to_string_lossy().starts_with('-');
            if self
                .paths
                .iter()
                .any(|path| path != "-" && is_like_option(path))
            {
                words.push("--".into());
            }
            words.append(&mut self.paths);
        }
        Ok(words)
    }
}

/// Whether a scan of ours has an option of this name that takes a value.
fn is_option_with_value(cli: &clap::Command, word: &str) -> bool {
    let is_named = |arg: &&clap::Arg| match word.strip_prefix("--") {
        Some(long) => arg.get_long() == Some(long),
        None => word.len() == 2 && arg.get_short() == word.chars().nth(1),
    };
    let scans = ["scan", "staged", "audit", "gate"];
    scans
        .iter()
        .filter_map(|name| cli.find_subcommand(name))
        .filter_map(|command| command.get_arguments().find(is_named))
        .any(|arg| arg.get_action().takes_values())
}

fn no_range(options: &str) -> CliError {
    CliError::new(format!(
        "the options for git log '{options}' are not a range"
    ))
    .help("use 'keysieve gate A..B', or '--ref' and '--since' of 'keysieve audit'")
}
