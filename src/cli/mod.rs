//! The command line: words in, reports and an exit status out.

mod allow;
mod audit;
mod baseline;
mod error;
mod explain;
mod file;
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
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use keysieve::finding::Status;

use error::CliError;

/// Keeps secrets out of git repositories: AWS credentials first of all.
///
/// Exit status: 0 where everything in scope was read and nothing that blocks was found, 1 where
/// something was found, 2 where the run was not completed, whatever was found until then.
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
    /// Scan what the next commit would add
    Staged(scan::StagedArgs),
    /// Find every secret that a repository holds: in its whole history and everything beside it
    Audit(audit::AuditArgs),
    /// Judge the commits of a range, as a pull request or a push brings them
    Gate(gate::GateArgs),
    /// Install, remove and check the hooks that stop a commit with a secret in it
    Hook(hook::HookArgs),
    /// Let a finding pass, with the reason
    Allow(allow::AllowArgs),
    /// Write down what is known already, so that only what is new is reported
    Baseline(baseline::BaselineArgs),
    /// Say why something is found or is not: what each rule and check said, and what policy made of
    /// it
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
    // What a panic has to say may hold what was scanned. Where it happened does not.
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(
            std::io::stderr(),
            "keysieve: this is a mistake in keysieve, at {place}; please report it"
        );
    }));
    let outcome = std::panic::catch_unwind(|| run(command)).unwrap_or_else(|_| {
        Err(CliError::new(
            "the run was not completed, so nothing is known of what was not read",
        ))
    });
    let status = outcome.unwrap_or_else(|error| {
        // Where standard error is closed as well, the exit status still says it.
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
        Command::Hook(args) => hook::run(args),
        Command::Allow(args) => allow::run(args, &settings::root_of(Path::new("."))?),
        Command::Baseline(args) => args.run(),
        Command::Explain(args) => args.run(),
        Command::Rules(args) => args.run(),
        Command::Generate(args) => args.run(&mut Cli::command()),
    }
}

/// Help and version go to standard output and are a success; anything else that clap has to say is
/// a mistake.
fn usage(error: &clap::Error) -> ExitCode {
    match (error.print(), error.use_stderr()) {
        (Ok(()), false) => ExitCode::SUCCESS,
        _ => ExitCode::from(Status::Incomplete as u8),
    }
}
