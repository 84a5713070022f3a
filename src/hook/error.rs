//! Errors of installing, removing and testing hooks, with what to do about each.

use std::io;
use std::path::{Path, PathBuf};

use super::{ConfigScope, HOOKS, Manager, ManagerAdvice};
use crate::text::printable_path;

/// An error that names what it is about; [`HookError::help`] says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// Git is not installed or could not be started.
    #[error("cannot run git")]
    NoGit(#[source] io::Error),
    /// Git failed.
    #[error("git {command}: {message}")]
    Git {
        /// Its arguments.
        command: String,
        /// What it printed.
        message: String,
    },
    /// The folder is inside a `.git` directory, where paths relative to the work tree have no
    /// meaning.
    #[error("not a work tree: the folder is inside a git directory")]
    NoWorkTree,
    /// `core.hooksPath` disables hooks.
    #[error("core.hooksPath is {value:?} in the {scope} git config, so git runs no hooks here")]
    Disabled {
        /// Its value.
        value: String,
        /// Where it is set.
        scope: ConfigScope,
    },
    /// Other repositories use the same folder of hooks, because of a setting that is not in this
    /// repository.
    #[error(
        "core.hooksPath is set in the {scope} git config: hooks in {} run in every repository \
         that it applies to",
        printable_path(.path)
    )]
    Shared {
        /// The folder.
        path: PathBuf,
        /// Where it is set.
        scope: ConfigScope,
    },
    /// The folder of hooks is behind a link that could have come with a checkout.
    #[error(
        "{} is a symbolic link that leads out of the repository, to {}",
        printable_path(.link),
        printable_path(.target)
    )]
    LeadsOut {
        /// The link.
        link: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// The repository's own configuration names a folder of hooks that is not in it.
    #[error(
        "core.hooksPath in the {scope} git config leads out of the repository, to {}",
        printable_path(.path)
    )]
    Outside {
        /// The folder.
        path: PathBuf,
        /// Where it is set.
        scope: ConfigScope,
    },
    /// Another program writes the hooks of this repository.
    #[error("{} runs the hooks of this repository, so nothing was changed", .0.manager)]
    Managed(Box<ManagerAdvice>),
    /// A framework is configured to run keysieve, and has not written its hooks yet.
    #[error(
        "the configuration of {manager} runs keysieve already, but its hooks are not installed"
    )]
    FrameworkNotInstalled {
        /// The framework.
        manager: Manager,
        /// The command that writes its hooks.
        command: String,
    },
    /// A foreign hook cannot be moved aside, because an earlier one is kept under that name.
    #[error(
        "{} is not keysieve's hook, and {} already exists, so it cannot be kept under that name",
        printable_path(.hook),
        printable_path(.chained)
    )]
    TwoForeignHooks {
        /// The hook.
        hook: PathBuf,
        /// The hook that was kept earlier.
        chained: PathBuf,
    },
    /// The path of a hook is neither a file nor a link.
    #[error("{} is not a file", printable_path(.path))]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The path of the folder for hooks is not a folder.
    #[error("{} is not a folder, so it cannot hold hooks", printable_path(.path))]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// The hook is not in [`HOOKS`].
    #[error("unknown hook {name:?}; the hooks are {}", HOOKS.map(|hook| hook.name).join(", "))]
    UnknownHook {
        /// The name.
        name: String,
    },
    /// A server does not run this hook.
    #[error("{name} runs where commits are made, not on a server")]
    NotForServers {
        /// Its name.
        name: &'static str,
    },
    /// The program cannot be written into a hook.
    #[error("a hook cannot run {}: the program needs an absolute path", printable_path(.path))]
    Program {
        /// Its path.
        path: PathBuf,
    },
    /// Git would not run hooks from a template, because it looks for hooks elsewhere.
    #[error(
        "core.hooksPath is set in the {scope} git config, so git ignores hooks from a template"
    )]
    UnusedTemplate {
        /// Where it is set.
        scope: ConfigScope,
    },
    /// The file system refused.
    #[error("cannot {action} {}", printable_path(.path))]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
}

impl HookError {
    /// What the user can do about it, if there is something.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::Managed(advice) => return Some(advice.to_string()),
            Self::FrameworkNotInstalled { command, .. } => {
                return Some(format!(
                    "run `{command}`; --force installs keysieve's own hooks, and if both are \
                     installed, each finding is shown twice"
                ));
            }
            Self::TwoForeignHooks { hook, chained } => {
                let (hook, chained) = (printable_path(hook), printable_path(chained));
                return Some(format!(
                    "merge the two scripts, or move one away: {chained} would run before \
                     keysieve, and {hook} is the hook that git runs now"
                ));
            }
            Self::NoGit(_) => "install git and put it on PATH",
            Self::NoWorkTree => "name the work tree: the folder that holds .git",
            Self::Disabled { .. } => "unset core.hooksPath, or set it to a folder for hooks",
            Self::Shared { .. } => {
                "--force changes the hooks of all these repositories; to give this repository its \
                 own, run `git config --local core.hooksPath \
                 \"$(git rev-parse --absolute-git-dir)/hooks\"`"
            }
            Self::LeadsOut { .. } => {
                "replace the link by a folder; --force installs the hooks where the link leads"
            }
            Self::Outside { .. } => {
                "if you set it, --force installs the hooks there; if not, `git config --local \
                 --unset core.hooksPath`"
            }
            Self::UnusedTemplate { .. } => {
                "`keysieve hook install --force` in any repository installs the hooks into that \
                 folder"
            }
            Self::NotForServers { .. } => "omit --server, or name pre-receive or update",
            Self::NotAFile { .. } | Self::NotAFolder { .. } => "move it away",
            Self::Git { .. }
            | Self::UnknownHook { .. }
            | Self::Program { .. }
            | Self::Io { .. } => return None,
        };
        Some(help.to_owned())
    }
}

/// Turns an [`io::Error`] into a [`HookError`] that says what was tried on which path.
pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> HookError {
    move |source| HookError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}
