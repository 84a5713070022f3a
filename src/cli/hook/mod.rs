//! `keysieve hook`: installing the hooks, taking them away, proving that they are live, and what
//! they call.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use keysieve::finding::Status;
use keysieve::hook::{
    self, Git, Hook, HookState, RefUpdate, Report, Request, Side, Standing, Step, Verdict,
};
use keysieve::policy::{BASELINE_NAME, Config, FILE_NAME};
use keysieve::rule::Confidence;
use keysieve::text::printable_path;

mod push;

use crate::cli::error::CliError;
use crate::cli::settings;

/// Install, remove and check the hooks that stop a commit or a push with a secret in it.
#[derive(Args, Debug)]
pub(crate) struct HookArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// Install the hooks into a repository, or for all future clones.
    ///
    /// Where commits are made: pre-commit, pre-merge-commit, commit-msg and pre-push, and by --hook
    /// prepare-commit-msg, which `--no-verify` does not hold off. With --server, where they are
    /// pushed to: pre-receive, or update by --hook.
    ///
    /// A hook that is there already is kept and runs first. Where husky, lefthook or the pre-commit
    /// framework owns the hooks, nothing is changed: the lines to add to its configuration are
    /// printed, and the exit status is 2.
    Install(WriteArgs),
    /// Remove the hooks, and put back those that stood there before.
    Uninstall(WriteArgs),
    /// Say where git looks for hooks and what stands there, and try whether a key is stopped.
    ///
    /// The exit status is 0 if it is, 1 if it is not, and 2 if it could not be tried. A bare
    /// repository is taken for a server.
    Status(StatusArgs),
    /// Do what a hook does; the hooks call this.
    Run(RunArgs),
}

#[derive(Args, Debug)]
struct WriteArgs {
    /// The repository: any folder in it [default: the current one]
    repo: Option<PathBuf>,
    /// For all future clones, by way of git's template folder
    #[arg(long, conflicts_with = "repo")]
    global: bool,
    /// The hooks of a server: a push with a secret in it is refused
    #[arg(long, conflicts_with = "global")]
    server: bool,
    /// Also where `core.hooksPath` makes other repositories share the hooks, and over those of a
    /// newer keysieve
    #[arg(long)]
    force: bool,
    /// Only this hook; may be repeated [default: the usual ones; to uninstall, all]
    #[arg(long = "hook", value_name = "NAME")]
    hooks: Vec<String>,
}

#[derive(Args, Debug)]
struct StatusArgs {
    /// The repository: any folder in it [default: the current one]
    repo: Option<PathBuf>,
    /// Judge the hooks of a server
    #[arg(long)]
    server: bool,
}

#[derive(Args, Debug)]
struct RunArgs {
    /// The name of the hook
    hook: String,
    /// What git calls the hook with
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

/// What to tell who calls a hook by hand.
const AS_A_HOOK: &str = "git says which: this is meant to be called as a hook";

/// The scans that hooks are made of.
pub(crate) trait Scans {
    /// Scans what the next commit would add.
    fn staged(&self) -> Result<Status, CliError>;
    /// Scans a commit message that is being written.
    fn message(&self, file: &Path) -> Result<Status, CliError>;
    /// Scans what a push takes to a remote, named or by its address, that has not got it; without
    /// one, what no remote has.
    fn push(&self, remote: Option<&OsStr>, updates: &[RefUpdate]) -> Result<Status, CliError>;
    /// Scans what a push brings here.
    fn receive(&self, updates: &[RefUpdate]) -> Result<Status, CliError>;
}

/// Does what the command line asks for.
pub(crate) fn run(args: HookArgs, scans: &dyn Scans) -> Result<Status, CliError> {
    match args.action {
        Action::Install(args) => install(&args),
        Action::Uninstall(args) => uninstall(&args),
        Action::Status(args) => status(&args),
        Action::Run(args) => call(&args, scans, &mut io::stdin().lock()),
    }
}

fn install(args: &WriteArgs) -> Result<Status, CliError> {
    let side = if args.server {
        Side::Server
    } else {
        Side::Client
    };
    let hooks = Hook::chosen(&args.hooks, side).map_err(hook_error)?;
    let program = own_path()?;
    let request = Request {
        hooks: &hooks,
        program: &program,
        force: args.force,
    };
    let steps = if args.global {
        hook::install_template(&Git::here(), &template_folder()?, &request).map_err(hook_error)?
    } else {
        hook::install(&git(args.repo.as_deref()), &request).map_err(hook_error)?
    };
    tell(&steps)
}

fn uninstall(args: &WriteArgs) -> Result<Status, CliError> {
    let all = args.hooks.is_empty();
    let hooks = match all {
        true => Hook::all()
            .filter(|hook| !args.server || hook.side() == Side::Server)
            .collect(),
        false => Hook::chosen(&args.hooks, Side::Client).map_err(hook_error)?,
    };
    let mut steps = if args.global {
        hook::uninstall_template(&Git::here(), &template_folder()?, &hooks).map_err(hook_error)?
    } else {
        hook::uninstall(&git(args.repo.as_deref()), &hooks, args.force).map_err(hook_error)?
    };
    // Of hooks that nobody named, only those that were there are worth a line; unless there was
    // none at all.
    if all
        && steps
            .iter()
            .any(|step| matches!(step, Step::Removed(_) | Step::Restored(_)))
    {
        steps.retain(|step| !matches!(step, Step::Absent(_)));
    }
    tell(&steps)
}

fn status(args: &StatusArgs) -> Result<Status, CliError> {
    let root = settings::root_of(args.repo.as_deref().unwrap_or(Path::new(".")))?;
    let config = Config::load(&root.join(FILE_NAME))?.unwrap_or_default();
    // Files of the work tree that decide what is refused, so that the trial needs them.
    let rules = config
        .rules
        .iter()
        .filter_map(|file| file.strip_prefix(&root).ok().map(Path::to_path_buf));
    let carry: Vec<PathBuf> = rules
        .chain([FILE_NAME, BASELINE_NAME].map(PathBuf::from))
        .collect();
    let side = args.server.then_some(Side::Server);
    let report =
        hook::status(&git(args.repo.as_deref()), &own_path()?, &carry, side).map_err(hook_error)?;
    let what = if report.side == Side::Server {
        "a push"
    } else {
        "a commit"
    };
    let (status, verdict) = match &report.verdict {
        Verdict::Live => (
            Status::Clean,
            format!("live: {what} with a test key was stopped"),
        ),
        Verdict::Dead(why) => (Status::Findings, format!("not live: {why}")),
        Verdict::Unknown(why) => (Status::Incomplete, format!("not known to be live: {why}")),
    };
    let mut out = io::stdout().lock();
    describe(&report, &mut out)?;
    writeln!(out, "{verdict}")?;
    if let Some(block) = config.block.filter(|block| *block > Confidence::Medium) {
        writeln!(
            out,
            "note: {FILE_NAME} lets everything below {block} pass, a lone access key id among it"
        )?;
    }
    Ok(status)
}

fn call(args: &RunArgs, scans: &dyn Scans, input: &mut dyn Read) -> Result<Status, CliError> {
    match (args.hook.as_str(), args.args.as_slice()) {
        ("pre-commit" | "pre-merge-commit" | "prepare-commit-msg", _) => scans.staged(),
        ("commit-msg", [file, ..]) => scans.message(Path::new(file)),
        ("commit-msg", []) => {
            Err(CliError::new("commit-msg needs the file that holds the message").help(AS_A_HOOK))
        }
        // Git names the remote; nobody else does.
        ("pre-push", [remote, ..]) => {
            scans.push(Some(remote), &push::told(input, RefUpdate::of_push)?)
        }
        ("pre-push", []) => push::from_variables(scans),
        ("pre-receive", _) => scans.receive(&push::told(input, RefUpdate::of_receive)?),
        ("update", [name, old, new, ..]) => scans.receive(&[push::asked(name, old, new)?]),
        ("update", _) => {
            Err(CliError::new("update needs a ref, its old id and its new one").help(AS_A_HOOK))
        }
        (name, _) => Err(match Hook::named(name) {
            Ok(hook) => CliError::new(format!(
                "this keysieve has no scan for the hook {}",
                hook.name
            )),
            Err(error) => hook_error(error),
        }),
    }
}

/// The repository that was named; without a name, the one that git would take.
fn git(repo: Option<&Path>) -> Git {
    repo.map_or_else(Git::here, Git::at)
}

fn hook_error(error: hook::Error) -> CliError {
    let help = error.help();
    let error = CliError::from(error);
    match help {
        Some(help) => error.help(help),
        None => error,
    }
}

fn tell(steps: &[Step]) -> Result<Status, CliError> {
    let mut out = io::stdout().lock();
    for step in steps {
        writeln!(out, "{step}")?;
    }
    if env::var_os("GIT_TEMPLATE_DIR").is_some()
        && steps
            .iter()
            .any(|step| matches!(step, Step::Configured { .. }))
    {
        writeln!(
            out,
            "note: GIT_TEMPLATE_DIR is set, and git takes it before init.templateDir"
        )?;
    }
    Ok(Status::Clean)
}

fn describe(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let place = &report.place;
    write!(
        out,
        "git looks for hooks in {}",
        printable_path(&place.folder)
    )?;
    match &place.setting {
        Some(setting) => writeln!(
            out,
            " (core.hooksPath, in the {} git config)",
            setting.scope
        )?,
        None => writeln!(out)?,
    }
    for state in &report.hooks {
        writeln!(out, "  {}: {}", state.hook.name, standing(state))?;
        if let Some(kept) = &state.kept {
            writeln!(out, "    chained: {}", printable_path(kept))?;
        }
    }
    Ok(())
}

fn standing(state: &HookState) -> String {
    match &state.standing {
        Standing::Missing => "missing".to_owned(),
        Standing::NotAFile => "not a file".to_owned(),
        Standing::Foreign {
            manager: Some(manager),
            ..
        } => format!("written by {manager}"),
        Standing::Foreign {
            executable: true, ..
        } => "not keysieve's".to_owned(),
        Standing::Foreign {
            executable: false, ..
        } => "not keysieve's, and not executable".to_owned(),
        Standing::Ours { stub, executable } => {
            let runs = match &stub.program {
                Some(program) if program.is_file() => format!("runs {}", printable_path(program)),
                Some(program) => {
                    format!("{} is gone, so it looks on PATH", printable_path(program))
                }
                None => "edited, or of another version of keysieve".to_owned(),
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

/// The path of this program that outlives an upgrade: the name on PATH that leads here, for package
/// managers keep a link there and give each version a folder of its own.
fn own_path() -> Result<PathBuf, CliError> {
    let exe = env::current_exe()?;
    let real = exe.canonicalize()?;
    let name = format!("keysieve{}", env::consts::EXE_SUFFIX);
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(&name))
        .find(|candidate| {
            candidate
                .canonicalize()
                .is_ok_and(|candidate| candidate == real)
        });
    Ok(on_path.unwrap_or(exe))
}

/// Where the template folder goes if git has none yet: beside git's own files in the user's
/// configuration.
fn template_folder() -> Result<PathBuf, CliError> {
    let config = match env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
    {
        Some(config) => config,
        None => env::home_dir()
            .ok_or_else(|| CliError::new("there is no home directory").help("set HOME"))?
            .join(".config"),
    };
    Ok(config.join("git").join("template"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers with a status of its own for each scan.
    struct Fake;

    impl Scans for Fake {
        fn staged(&self) -> Result<Status, CliError> {
            Ok(Status::Findings)
        }

        fn message(&self, file: &Path) -> Result<Status, CliError> {
            if file == Path::new("--msg") {
                Ok(Status::Clean)
            } else {
                Ok(Status::Incomplete)
            }
        }

        fn push(&self, _: Option<&OsStr>, _: &[RefUpdate]) -> Result<Status, CliError> {
            Ok(Status::Findings)
        }

        fn receive(&self, updates: &[RefUpdate]) -> Result<Status, CliError> {
            if updates.is_empty() {
                Ok(Status::Clean)
            } else {
                Ok(Status::Findings)
            }
        }
    }

    #[derive(clap::Parser)]
    struct Words {
        #[command(flatten)]
        hook: HookArgs,
    }

    fn answer(words: &[&str]) -> Result<Status, CliError> {
        let words = ["keysieve", "run"].iter().chain(words);
        match <Words as clap::Parser>::try_parse_from(words)
            .expect("good words")
            .hook
            .action
        {
            Action::Run(args) => call(&args, &Fake, &mut io::empty()),
            other => panic!("{other:?}"),
        }
    }

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    #[test]
    fn each_hook_runs_its_scan() {
        assert_eq!(answer(&["pre-commit"]).expect("a scan"), Status::Findings);
        assert_eq!(
            answer(&["commit-msg", "--msg"]).expect("a scan"),
            Status::Clean,
            "words of git are not ours"
        );
    }

    #[test]
    fn a_hook_that_scans_nothing_is_an_error() {
        for words in [
            &["commit-msg"][..],
            &["post-coffee"],
            &["update", "refs/heads/main"],
            &["update", "a", "b", A],
        ] {
            assert!(answer(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn every_stub_has_a_scan() {
        for hook in Hook::all() {
            assert!(
                answer(&[hook.name, "refs/heads/main", A, A]).is_ok(),
                "{}",
                hook.name
            );
        }
    }
}
