//! Reads the command lines that people type by habit, those of other scanners, as ours.
//! `docs/from-other-scanners.md` lists them.

mod commands;
mod flags;
mod translation;

use std::ffi::OsString;
use std::path::Path;

use clap::CommandFactory as _;

use super::error::CliError;
use commands::{Kind, WORDS, Word};
use flags::LEAKS;
use translation::Translation;

/// What `args`, which follow the name of the program, are in our words.
///
/// # Errors
/// If a word or an option has no equivalent; the error says what to use instead.
pub(super) fn translate(args: Vec<OsString>) -> Result<Vec<OsString>, CliError> {
    let cli = super::Cli::command();
    let is_ours = |word: &str| cli.find_subcommand(word).is_some() || word == "help";
    let at = command_at(&args, &cli);
    let command = at.and_then(|at| args[at].to_str());
    if command.is_some_and(|word| is_ours(word) && commands::scans().all(|scan| scan != word)) {
        return Ok(args);
    }
    let mut options = args.iter().take_while(|word| *word != "--");
    if let Some(word) = options.find(|word| is_option(word) && exists(word)) {
        return Err(ambiguous(word, "an option"));
    }
    let Some(at) = at else {
        return Ok(args);
    };
    let Some((word, meaning)) = known(&args[at..]) else {
        let first = args[at].to_string_lossy();
        let is_path = || first.contains(['/', '\\']) || Path::new(&args[at]).exists();
        return if is_ours(&first) {
            Ok(args)
        } else if first == "-" || first == "--" || is_path() {
            Translation::new(Kind::Own("scan"), &[], &cli, args.into_iter())?.words()
        } else {
            Err(unknown(&first, &cli))
        };
    };
    // What is in front of the command belongs to it.
    let (before, after) = (&args[..at], &args[at + word.split(' ').count()..]);
    let rest = || before.iter().chain(after);
    let mut others = rest().filter(|word| !is_option(word));
    if !is_ours(word) && is_file(&args[at]) && others.clone().all(exists) {
        return Err(ambiguous(&args[at], "a command"));
    }
    match meaning {
        Word::Scan(kind, options) => {
            Translation::new(kind, options, &cli, rest().cloned())?.words()
        }
        // It would print the version, and pass without having looked at files.
        Word::Same(["--version"]) if others.next().is_some() => Err(CliError::new(format!(
            "'{word}' is a command without arguments"
        ))
        .help(format!("write './{word}' for a file of this name"))),
        Word::Same(words) => {
            let words = words.iter().map(OsString::from);
            Ok(words.chain(rest().cloned()).collect())
        }
        Word::Unsupported(instead) => Err(no_equivalent(word).help(instead)),
    }
}

/// Where the command is: the first word that is neither an option nor the value of one.
fn command_at(args: &[OsString], cli: &clap::Command) -> Option<usize> {
    let mut at = 0;
    while let Some(word) = args.get(at) {
        let text = word.to_string_lossy();
        if !text.starts_with('-') || text == "-" || text == "--" || known(&args[at..]).is_some() {
            return Some(at);
        }
        at += if translation::takes_value_in_front(LEAKS, cli, &text) {
            2
        } else {
            1
        };
    }
    None
}

/// The first of the known words that `args` begin with.
fn known(args: &[OsString]) -> Option<(&'static str, Word)> {
    let begins = |words: &&(&str, Word)| {
        let mut words = words.0.split(' ').enumerate();
        words.all(|(at, word)| args.get(at).is_some_and(|arg| arg == word))
    };
    WORDS.iter().find(begins).copied()
}

fn is_option(word: &OsString) -> bool {
    word != "-" && word.to_string_lossy().starts_with('-')
}

/// Whether git could list it as a changed file: also a link to nowhere, and a submodule's folder.
fn exists(word: &OsString) -> bool {
    Path::new(word).symlink_metadata().is_ok()
}

/// The same without folders, whose names are often those of commands.
fn is_file(word: &OsString) -> bool {
    let data = Path::new(word).symlink_metadata();
    data.is_ok_and(|data| !data.is_dir())
}

/// Programs pass the names of files that anyone can choose: such a file must not pass unread, nor
/// change what the scan of another one does.
fn ambiguous(word: &OsString, what: &str) -> CliError {
    let word = word.display();
    CliError::new(format!("'{word}' is {what} and a file")).help(format!(
        "write './{word}' for the file, and 'keysieve scan -- FILE...' in scripts"
    ))
}

fn no_equivalent(word: &str) -> CliError {
    CliError::new(format!("'{word}' has no equivalent in keysieve"))
}

/// A word that is neither a command nor a file. A command that is one slip away is named.
fn unknown(word: &str, cli: &clap::Command) -> CliError {
    let similar = cli
        .get_subcommands()
        .map(clap::Command::get_name)
        .find(|name| strsim::osa_distance(word, name) * 3 < name.len());
    let error = CliError::new(format!("'{word}' is neither a command nor a file"));
    match similar {
        Some(name) => error.help(format!("did you mean 'keysieve {name}'?")),
        None => error.help("'keysieve --help' lists the commands"),
    }
}
