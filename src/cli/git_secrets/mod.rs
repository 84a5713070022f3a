//! Works as git-secrets does when the program is called by that name: the same command lines,
//! configuration, hooks, output and exit statuses; see `docs/from-git-secrets.md`.
//!
//! | file | what it does |
//! |---|---|
//! | `words` | parses the command line, as git parses it for the original |
//! | `failure` | what ends a command early |
//! | `git` | runs git |
//! | `patterns` | reads the patterns from git's configuration and from providers |
//! | `allowed` | reads the allowed patterns |
//! | `inputs` | lists and reads what is scanned |
//! | `lines` | finds and prints the lines |
//! | `aws` | adds what the built-in rules for AWS find |
//! | `scan`, `history`, `hooks` | the commands that scan |
//! | `add`, `install` | the commands that write |

mod add;
mod allowed;
mod aws;
mod failure;
mod git;
mod history;
mod hooks;
mod inputs;
mod install;
mod lines;
mod patterns;
mod scan;
mod words;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;

use failure::Failure;
use words::Words;

/// The name that the program is called by.
const NAME: &str = "git-secrets";

/// Whether the program was called as git-secrets: by its name, or by git as `git secrets`.
pub(super) fn is_name(program: &Path) -> bool {
    program.file_stem().is_some_and(|name| name == NAME)
}

/// The patterns, allowed patterns and providers of git's configuration, as `git config` prints
/// them, for `import`; `None` if there are none.
pub(super) fn configured() -> Option<String> {
    let lines = patterns::Configuration::read().ok()?.lines();
    (!lines.is_empty()).then_some(lines)
}

/// Runs the command that `args` name, and returns the exit status.
pub(super) fn run(args: Vec<OsString>) -> u8 {
    let failure = match words::parse(args).and_then(|words| command(&words)) {
        Ok(()) => return 0,
        Err(failure) => failure,
    };
    if let Some(message) = &failure.message {
        // If standard error is closed, the exit status is still right.
        let _ = writeln!(std::io::stderr(), "{message}");
    }
    failure.status
}

fn command(words: &Words) -> Result<(), Failure> {
    match words.command.as_str() {
        "--scan" => scan::scan(words),
        "--scan-history" => history::scan(),
        "--commit_msg_hook" => hooks::commit_msg(&words.rest),
        "--pre_commit_hook" => hooks::pre_commit(),
        "--prepare_commit_msg_hook" => hooks::prepare_commit_msg(&words.rest),
        "--install" => install::install(words.rest.first(), words.is_forced),
        "--list" => git::configuration(words.is_global)
            .arg("--get-regexp")
            .arg("secrets.*")
            .show(),
        "--add" => add::pattern(words),
        "--add-provider" => add::provider(words),
        "--register-aws" => add::register_aws(words.is_global),
        "--aws-provider" => patterns::print_aws_credentials(words.rest.first()),
        "--" | "-h" | "--help" => words::print_usage(),
        other => {
            let _ = writeln!(std::io::stdout(), "Unknown option: {other}");
            words::print_usage()?;
            Err(Failure::status(words::USAGE))
        }
    }
}
