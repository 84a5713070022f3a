//! The command line: parses arguments, runs a command, and turns its result into an exit status.

mod allow;
mod audit;
mod baseline;
mod error;
mod explain;
mod gate;
mod generate;
mod hook;
mod output;
mod plan;
mod push;
mod rules;
mod scan;
mod settings;
mod target;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use keysieve::finding::Status;

use error::CliError;

/// Keep secrets out of git repositories
///
/// Exit status: 0 if nothing that blocks was found, 1 if something was found, 2 if the scan is
/// incomplete or failed, whatever else was found.
#[derive(Parser, Debug)]
#[command(name = "keysieve", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Scan files and directories, or standard input
    Scan(scan::ScanArgs),
    /// Scan the changes that the next commit would add
    Staged(scan::StagedArgs),
    /// Scan the whole history of a repository, reachable or not
    Audit(audit::AuditArgs),
    /// Scan the commits of a range, such as a pull request or a push
    Gate(gate::GateArgs),
    /// Install, remove and check the hooks that block commits and pushes with secrets
    Hook(hook::HookArgs),
    /// Allow a finding, with a reason
    Allow(allow::AllowArgs),
    /// Record the known findings, so that only new ones are reported
    Baseline(baseline::BaselineArgs),
    /// Show why something is reported or not: each rule, check and policy decision
    Explain(explain::ExplainArgs),
    /// List, show and check the rules
    Rules(rules::RulesArgs),
    /// Print shell completions or the man page
    Generate(generate::GenerateArgs),
}

/// Runs the program.
pub(crate) fn main() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) => return usage(&error),
    };
    // The message of a panic may contain what was scanned; its location does not.
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(
            std::io::stderr(),
            "keysieve: internal error at {place}; this is a bug in keysieve, please report it"
        );
    }));
    let outcome = std::panic::catch_unwind(|| run(command))
        .unwrap_or_else(|_| Err(CliError::new("scan aborted; results are incomplete")));
    let status = outcome.unwrap_or_else(|error| {
        // If standard error is closed, the exit status is still right.
        let _ = writeln!(std::io::stderr(), "{error}");
        Status::Incomplete
    });
    ExitCode::from(status as u8)
}

fn run(command: Command) -> Result<Status, CliError> {
    match command {
        Command::Scan(args) => args.run(),
        Command::Staged(args) => args.run(),
        Command::Audit(args) => args.run(),
        Command::Gate(args) => args.run(),
        Command::Hook(args) => hook::run(args, &scan::HookScans),
        Command::Allow(args) => args.run(),
        Command::Baseline(args) => args.run(),
        Command::Explain(args) => args.run(),
        Command::Rules(args) => args.run(),
        Command::Generate(args) => args.run(Cli::command()),
    }
}

/// Help and version go to standard output with status 0; any other message of clap is a usage
/// error.
fn usage(error: &clap::Error) -> ExitCode {
    match (error.print(), error.use_stderr()) {
        (Ok(()), false) => ExitCode::SUCCESS,
        _ => ExitCode::from(Status::Incomplete as u8),
    }
}
