//! The command line: parses arguments, runs a command, and turns its result into an exit status.

mod allow;
mod audit;
mod baseline;
mod error;
mod explain;
mod gate;
mod generate;
mod git_secrets;
mod habits;
mod hook;
mod import;
mod merge;
mod output;
mod plan;
mod progress;
mod push;
mod redact;
mod rules;
mod scan;
mod settings;
mod stdin;
mod target;
#[cfg(unix)]
mod truncated;

use std::ffi::OsString;
use std::io::Write as _;
use std::panic::UnwindSafe;
use std::path::Path;
use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use keysieve::finding::Status;

use error::CliError;

/// Keep secrets out of git repositories
///
/// Exit status: 0 clean, 1 findings that block, 2 incomplete or failed; 2 takes precedence over 1.
#[derive(Parser, Debug)]
#[command(name = "keysieve", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Scan files and directories, or standard input
    #[command(after_long_help = "Examples:
  keysieve scan
  keysieve scan src config.ini
  git show HEAD:config.ini | keysieve scan -")]
    Scan(scan::ScanArgs),
    /// Scan the changes that the next commit would add
    #[command(after_long_help = "Example:
  keysieve staged --format json")]
    Staged(scan::StagedArgs),
    /// Scan the whole history of a repository, reachable or not
    #[command(after_long_help = "Examples:
  keysieve audit
  keysieve audit --format html:report.html ~/work/project
  keysieve audit --plan ~/cleanup")]
    Audit(audit::AuditArgs),
    /// Join the results of many audits into one report
    ///
    /// A secret that several repositories hold is one finding with all its places. A repository
    /// without a result, or with an incomplete one, makes the exit status 2.
    #[command(after_long_help = "Examples:
  keysieve merge results.jsonl --manifest fleet.jsonl
  keysieve merge part-*.jsonl --format html:report.html
  keysieve merge results.jsonl --baseline fleet.json --update-baseline")]
    Merge(merge::MergeArgs),
    /// Scan the commits of a range, such as a pull request or a push
    #[command(after_long_help = "Examples:
  keysieve gate --fetch
  keysieve gate origin/main..HEAD")]
    Gate(gate::GateArgs),
    /// Install, remove and check the hooks that block commits and pushes with secrets
    #[command(after_long_help = "Examples:
  keysieve hook install
  keysieve hook status")]
    Hook(hook::HookArgs),
    /// Allow a finding, with a reason
    #[command(after_long_help = "Examples:
  keysieve allow 0123456789abcdef0123456789abcdef --reason \"a test key\"
  keysieve allow tests/db.env:3 --reason \"a password of the test database\"")]
    Allow(allow::AllowArgs),
    /// Record the known findings, so that only new ones are reported
    ///
    /// The baseline, `.keysieve-baseline.json` at the root of the repository, records known secrets
    /// by salted fingerprints, never by their values. A scan allows them anywhere in the
    /// repository; a different secret in the same place is reported.
    #[command(after_long_help = "Examples:
  keysieve baseline write --reason \"before keysieve\" --owner platform
  keysieve baseline update
  keysieve baseline check")]
    Baseline(baseline::BaselineArgs),
    /// Carry over the allowlists, baselines and rules of other scanners
    ///
    /// Reads the files of betterleaks, detect-secrets, ggshield, git-secrets, gitleaks, kingfisher,
    /// ripsecrets, secretlint, talisman and trufflehog, and adds what they say to
    /// `.keysieve.toml`, `.keysieve-rules.toml` and `.keysieve-baseline.json`. What exists there
    /// stays.
    ///
    /// Exit status: 0 if everything is carried over, 1 if something is not, which is listed, 2 on
    /// an error.
    #[command(after_long_help = "Examples:
  keysieve import --check
  keysieve import gitleaks
  keysieve import trufflehog exclude.txt")]
    Import(import::ImportArgs),
    /// Show why something is reported or not
    ///
    /// Shows which rules looked at a place and why, the result of each of their checks, and the
    /// policy entry that decided. Secrets are masked.
    ///
    /// Exit status: 0 if something was explained, 1 if nothing has the fingerprint, 2 on an error.
    #[command(after_long_help = "Examples:
  keysieve explain config.ini:3
  keysieve explain 0123456789abcdef0123456789abcdef --in src")]
    Explain(explain::ExplainArgs),
    /// List, show and check the rules
    #[command(after_long_help = "Examples:
  keysieve rules list
  keysieve rules check --rules company.toml")]
    Rules(rules::RulesArgs),
    /// Print shell completions or the man page
    #[command(after_long_help = "Example:
  keysieve generate completions bash > ~/.local/share/bash-completion/completions/keysieve")]
    Generate(generate::GenerateArgs),
}

/// Runs the program: keysieve, or git-secrets if it was called by that name.
pub(crate) fn main() -> ExitCode {
    guarded(|| {
        let mut args = std::env::args_os();
        let program = args.next().unwrap_or_default();
        if git_secrets::is_name(Path::new(&program)) {
            return Ok(git_secrets::run(args.collect()));
        }
        run(args.collect())
    })
}

/// Runs the command that the arguments say. Returns the exit status.
fn run(args: Vec<OsString>) -> Result<u8, CliError> {
    let words = std::iter::once("keysieve".into()).chain(habits::translate(args)?);
    let parsed = Cli::command()
        .try_get_matches_from(words)
        .and_then(|matches| Ok((findings_status(&matches), Cli::from_arg_matches(&matches)?)));
    let (findings, command) = match parsed {
        Ok((findings, cli)) => (findings, cli.command),
        Err(error) => return Ok(usage(&error)),
    };
    Ok(match command.run()? {
        Status::Findings => findings,
        status => status as u8,
    })
}

/// The exit status for findings: that of `--exit-code`, for the commands that have it.
fn findings_status(matches: &ArgMatches) -> u8 {
    let command = matches.subcommand().map(|(_, command)| command);
    let status = command.and_then(|command| command.try_get_one("exit_code").ok()?);
    status.copied().unwrap_or(Status::Findings as u8)
}

/// The exit status of `run`, which fails closed if it panics.
fn guarded(run: impl FnOnce() -> Result<u8, CliError> + UnwindSafe) -> ExitCode {
    #[cfg(unix)]
    truncated::exit_with_2();
    // The message of a panic may contain what was scanned; its location does not.
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(
            std::io::stderr(),
            "keysieve: internal error at {place}; this is a bug in keysieve, please report it"
        );
    }));
    let outcome = std::panic::catch_unwind(run)
        .unwrap_or_else(|_| Err(CliError::new("scan aborted; results are incomplete")));
    let status = outcome.unwrap_or_else(|error| {
        // If standard error is closed, the exit status is still right.
        let _ = writeln!(std::io::stderr(), "{error}");
        Status::Incomplete as u8
    });
    ExitCode::from(status)
}

impl Command {
    fn run(self) -> Result<Status, CliError> {
        match self {
            Self::Scan(args) => args.run(),
            Self::Staged(args) => args.run(),
            Self::Audit(args) => args.run(),
            Self::Merge(args) => args.run(),
            Self::Gate(args) => args.run(),
            Self::Hook(args) => hook::run(args),
            Self::Allow(args) => args.run(),
            Self::Baseline(args) => args.run(),
            Self::Import(args) => args.run(),
            Self::Explain(args) => args.run(),
            Self::Rules(args) => args.run(),
            Self::Generate(args) => args.run(Cli::command()),
        }
    }
}

/// Help and version go to standard output with status 0; any other message of clap is a usage
/// error. Both quote arguments and variables: what must not be shown is masked.
fn usage(error: &clap::Error) -> u8 {
    let text = error.to_string();
    let masked = redact::message(&text) + "\n";
    let printed = if text.trim_end() == masked.trim_end() {
        error.print()
    } else if error.use_stderr() {
        std::io::stderr().write_all(masked.as_bytes())
    } else {
        std::io::stdout().write_all(masked.as_bytes())
    };
    match (printed, error.use_stderr()) {
        (Ok(()), false) => Status::Clean as u8,
        _ => Status::Incomplete as u8,
    }
}
