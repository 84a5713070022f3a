//! `keysieve hook`: installs, removes and tests hooks, and runs their scans when git calls them.

mod push;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use keysieve::finding::Status;
use keysieve::hook::{
    self, Git, HOOKS, Hook, HookError, HookFile, HookInput, InstallRequest, InstallStep, Liveness,
    RefUpdate, Side, StatusReport,
};
use keysieve::policy::{BASELINE_NAME, FILE_NAME, PolicyFiles};
use keysieve::rule::Confidence;
use keysieve::source::Message;
use keysieve::text::printable_path;

use crate::cli::error::CliError;
use crate::cli::redact::message;
use crate::cli::scan::Common;
use crate::cli::settings;

/// Install, remove and test the hooks that stop a commit or a push with a secret in it.
#[derive(Args, Debug)]
pub(crate) struct HookArgs {
    #[command(subcommand)]
    command: HookCommand,
}

#[derive(Subcommand, Debug)]
enum HookCommand {
    /// Install the hooks into a repository, or for all future clones.
    ///
    /// Where commits are made, these are pre-commit, pre-merge-commit, commit-msg and pre-push, and
    /// for `git am` pre-applypatch and applypatch-msg.
    /// `--hook prepare-commit-msg` adds a hook that runs even with `--no-verify`. On a server
    /// (--server), the hook is pre-receive, or update with `--hook update`.
    ///
    /// An existing hook is kept and runs first. If husky, lefthook or the pre-commit framework
    /// manages the hooks, nothing is changed: the command prints the lines to add to its
    /// configuration, and the exit status is 2.
    #[command(after_long_help = "Examples:
  keysieve hook install
  keysieve hook install --global
  keysieve hook install --server /srv/git/project.git")]
    Install(WriteArgs),
    /// Remove the hooks, and restore those that were there before.
    #[command(after_long_help = "Example:
  keysieve hook uninstall")]
    Uninstall(WriteArgs),
    /// Show the hooks that git runs, and test whether they stop a key.
    ///
    /// Exit status: 0 a test key was stopped, 1 it was not, 2 the hooks could not be tested. A bare
    /// repository is tested as a server.
    #[command(after_long_help = "Example:
  keysieve hook status")]
    Status(StatusArgs),
    /// Run the scan of a hook; the installed hooks call this.
    #[command(after_long_help = "Example:
  keysieve hook run pre-commit")]
    Run(RunArgs),
}

#[derive(Args, Debug)]
struct WriteArgs {
    /// The repository: any folder in it [default: the current one]
    repo: Option<PathBuf>,
    /// For all future clones, in git's template folder
    #[arg(long, conflicts_with = "repo")]
    global: bool,
    /// The hooks of a server, which refuse a push with a secret in it
    #[arg(long, conflicts_with = "global")]
    server: bool,
    /// Also if other repositories share the hooks (`core.hooksPath`), if a link or the setting of
    /// the repository leads out of it, and over the hooks of a newer keysieve
    #[arg(long)]
    force: bool,
    /// Only this hook; may be repeated [default: the usual hooks; for uninstall, all]
    #[arg(long = "hook", value_name = "NAME")]
    hooks: Vec<String>,
}

#[derive(Args, Debug)]
struct StatusArgs {
    /// The repository: any folder in it [default: the current one]
    repo: Option<PathBuf>,
    /// Test the hooks of a server
    #[arg(long)]
    server: bool,
}

#[derive(Args, Debug)]
struct RunArgs {
    /// The name of the hook
    hook: String,
    /// The arguments that git passes to the hook
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

/// The help for a user who runs `keysieve hook run` without what git would pass to it.
const CALLED_BY_GIT: &str = "git passes this when it runs the hook; do not run it by hand";

/// Runs the subcommand.
pub(crate) fn run(args: HookArgs) -> Result<Status, CliError> {
    match args.command {
        HookCommand::Install(args) => install(&args),
        HookCommand::Uninstall(args) => uninstall(&args),
        HookCommand::Status(args) => status(&args),
        HookCommand::Run(args) => run_hook(&args),
    }
}

fn install(args: &WriteArgs) -> Result<Status, CliError> {
    let side = if args.server {
        Side::Server
    } else {
        Side::Client
    };
    let hooks = Hook::select(&args.hooks, side).map_err(with_help)?;
    let program = own_path()?;
    let request = InstallRequest {
        hooks: &hooks,
        program: &program,
        force: args.force,
    };
    let steps = if args.global {
        hook::install_template(&Git::here(), &template_folder()?, &request)
    } else {
        hook::install(&git(args.repo.as_deref()), &request)
    };
    print_steps(&steps.map_err(with_help)?)
}

fn uninstall(args: &WriteArgs) -> Result<Status, CliError> {
    let all = args.hooks.is_empty();
    let hooks = if all {
        let hooks = HOOKS.into_iter();
        hooks
            .filter(|hook| !args.server || hook.side == Side::Server)
            .collect()
    } else {
        Hook::select(&args.hooks, Side::Client).map_err(with_help)?
    };
    let steps = if args.global {
        hook::uninstall_template(&Git::here(), &template_folder()?, &hooks)
    } else {
        hook::uninstall(&git(args.repo.as_deref()), &hooks, args.force)
    };
    let mut steps = steps.map_err(with_help)?;
    // Hooks that were not named and did not exist are only mentioned if none existed.
    let is_removal =
        |step: &InstallStep| matches!(step, InstallStep::Removed(_) | InstallStep::Restored(_));
    if all && steps.iter().any(is_removal) {
        steps.retain(|step| !matches!(step, InstallStep::Absent(_)));
    }
    print_steps(&steps)
}

fn status(args: &StatusArgs) -> Result<Status, CliError> {
    let root = settings::root_of(args.repo.as_deref().unwrap_or(Path::new(".")))?;
    let configs = PolicyFiles::Disk(root.clone()).configs()?;
    // The files of the work tree that decide what is refused.
    let named = configs
        .iter()
        .flat_map(|config| config.rules.iter().chain(&config.extends))
        .filter_map(|file| file.strip_prefix(&root).ok())
        .filter(|file| !file.starts_with(".."));
    let extra_files: Vec<PathBuf> = named
        .chain([FILE_NAME, BASELINE_NAME].map(Path::new))
        .map(Path::to_owned)
        .collect();
    let side = args.server.then_some(Side::Server);
    let git = git(args.repo.as_deref());
    let report = hook::status(&git, &own_path()?, &extra_files, side).map_err(with_help)?;
    let (status, liveness) = match &report.liveness {
        Liveness::Live => {
            let what = match report.side {
                Side::Server => "a push",
                Side::Client => "a commit",
            };
            let text = format!("live: {what} with a test key was stopped");
            (Status::Clean, text)
        }
        Liveness::NotLive(why) => (Status::Findings, format!("not live: {why}")),
        Liveness::Unknown(why) => (Status::Incomplete, format!("not tested: {why}")),
    };
    let mut out = io::stdout().lock();
    let hooks = describe_hooks(&report);
    writeln!(out, "{}", message(&format!("{hooks}{liveness}")))?;
    let block = configs.iter().find_map(|config| {
        let block = config.block.map(|level| level.confidence)?;
        Some((block, message(&config.file)))
    });
    if let Some((block, file)) = block.filter(|(block, _)| *block > Confidence::Medium) {
        writeln!(
            out,
            "note: {file} sets block = \"{block}\": findings below that do not stop a commit, \
             for example an access key id without its secret"
        )?;
    }
    Ok(status)
}

/// Runs the scan of a hook. Settings come from the environment and the configuration file.
fn run_hook(args: &RunArgs) -> Result<Status, CliError> {
    let hook = Hook::named(&args.hook).map_err(with_help)?;
    let common = Common::from_env()?.quieted();
    match (hook.input, args.args.as_slice()) {
        (HookInput::Index, _) => common.staged(Path::new(".")),
        (HookInput::MessageFile | HookInput::PatchMessageFile, [file, ..]) => {
            // Git sets this editor for its hooks if no person edits the message; see githooks(5),
            // pre-commit.
            let has_editor = env::var_os("GIT_EDITOR").is_none_or(|editor| editor != ":");
            common.message(&Message {
                file: file.into(),
                edited: has_editor && hook.input == HookInput::MessageFile,
                people: Git::here().people().map_err(with_help)?,
            })
        }
        // Git passes the remote's name, if it has one, and its address; the pre-commit framework
        // does not.
        (HookInput::PushedRefs, [_, address, ..]) => {
            let updates = push::parse_stdin(RefUpdate::from_pre_push)?;
            common.push(Some(address), &updates)
        }
        (HookInput::PushedRefs, [_]) => Err(missing(hook, "the name and the address of a remote")),
        (HookInput::PushedRefs, []) => push::from_framework(&common),
        (HookInput::ReceivedRefs, _) => {
            common.receive(&push::parse_stdin(RefUpdate::from_pre_receive)?)
        }
        (HookInput::RefArguments, [name, old, new, ..]) => {
            common.receive(&[push::parse_args(name, old, new)?])
        }
        (HookInput::MessageFile | HookInput::PatchMessageFile, []) => {
            Err(missing(hook, "the file with the commit message"))
        }
        (HookInput::RefArguments, _) => Err(missing(hook, "a ref, its old id and its new id")),
    }
}

fn missing(hook: Hook, what: &str) -> CliError {
    CliError::new(format!("{} needs {what}", hook.name)).help(CALLED_BY_GIT)
}

/// Git in the repository that was named, or else in the one that git itself would use.
fn git(repo: Option<&Path>) -> Git {
    repo.map_or_else(Git::here, Git::at)
}

fn with_help(error: HookError) -> CliError {
    let help = error.help();
    let error = CliError::from(error);
    match help {
        Some(help) => error.help(help),
        None => error,
    }
}

fn print_steps(steps: &[InstallStep]) -> Result<Status, CliError> {
    let mut out = io::stdout().lock();
    for step in steps {
        writeln!(out, "{}", message(&step.to_string()))?;
    }
    if env::var_os("GIT_TEMPLATE_DIR").is_some()
        && steps
            .iter()
            .any(|step| matches!(step, InstallStep::Configured { .. }))
    {
        writeln!(
            out,
            "note: GIT_TEMPLATE_DIR is set, and git uses it instead of init.templateDir"
        )?;
    }
    Ok(Status::Clean)
}

/// Where git looks for hooks and what is there, in lines.
fn describe_hooks(report: &StatusReport) -> String {
    let hooks_dir = &report.hooks_dir;
    let folder = printable_path(&hooks_dir.folder);
    let mut text = format!("git looks for hooks in {folder}");
    if let Some(setting) = &hooks_dir.setting {
        let scope = setting.scope;
        text.push_str(&format!(" (core.hooksPath, in the {scope} git config)"));
    }
    text.push('\n');
    for status in &report.hooks {
        let file = describe(&status.file);
        text.push_str(&format!("  {}: {file}\n", status.hook.name));
        if let Some(previous) = &status.previous {
            text.push_str(&format!("    runs first: {}\n", printable_path(previous)));
        }
    }
    text
}

fn describe(file: &HookFile) -> String {
    match file {
        HookFile::Missing => "missing".to_owned(),
        HookFile::NotAFile => "not a file".to_owned(),
        HookFile::Foreign {
            manager: Some(manager),
            ..
        } => format!("written by {manager}"),
        HookFile::Foreign {
            executable: true, ..
        } => "not keysieve's".to_owned(),
        HookFile::Foreign {
            executable: false, ..
        } => "not keysieve's, and not executable".to_owned(),
        HookFile::Ours { stub, executable } => {
            let runs = match &stub.program {
                Some(program) if program.is_file() => format!("runs {}", printable_path(program)),
                Some(program) => {
                    let program = printable_path(program);
                    format!("{program} is missing, so it runs keysieve from PATH")
                }
                None if stub.version == hook::VERSION => "edited".to_owned(),
                None => "from another keysieve".to_owned(),
            };
            let dead = if *executable {
                ""
            } else {
                "; not executable, so git does not run it"
            };
            format!("keysieve's, version {}: {runs}{dead}", stub.version)
        }
    }
}

/// The path under which an upgrade will find this program: a link on PATH, if one leads here,
/// because package managers install each version into a folder of its own.
fn own_path() -> Result<PathBuf, CliError> {
    let exe = env::current_exe()?;
    let real = exe.canonicalize()?;
    let name = format!("keysieve{}", env::consts::EXE_SUFFIX);
    let path = env::var_os("PATH").unwrap_or_default();
    let mut on_path = env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(&name));
    let link = on_path.find(|file| file.canonicalize().is_ok_and(|file| file == real));
    Ok(link.unwrap_or(exe))
}

/// The template folder to create if git has none: next to git's own files in the user's
/// configuration.
fn template_folder() -> Result<PathBuf, CliError> {
    let config = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let config = match config.filter(|path| path.is_absolute()) {
        Some(config) => config,
        None => env::home_dir()
            .ok_or_else(|| CliError::new("there is no home directory").help("set HOME"))?
            .join(".config"),
    };
    Ok(config.join("git").join("template"))
}
