//! Why hooks could not be installed, taken away or looked at, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use super::{Advice, Scope};
use crate::text::printable_path;

/// An error that names what it is about; [`Error::help`] says the way out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no git, or it could not be started.
    #[error("cannot run git")]
    NoGit(#[source] io::Error),
    /// Git refused an answer.
    #[error("git {command}: {message}")]
    Git {
        /// What it was asked.
        command: String,
        /// What it said.
        message: String,
    },
    /// The folder is inside a `.git` directory, where paths that are relative to the work tree mean
    /// nothing.
    #[error("this is the inside of a git directory, not a work tree")]
    NoWorkTree,
    /// Hooks are switched off by `core.hooksPath`.
    #[error("core.hooksPath is {value:?} in the {scope} git config, so git runs no hooks here")]
    Off {
        /// What it is set to.
        value: String,
        /// Where it is set.
        scope: Scope,
    },
    /// The folder of hooks is shared with other repositories by a setting outside of this one.
    #[error("core.hooksPath is set in the {scope} git config: hooks in {} run in every repository that it applies to",
        printable_path(.path))]
    Shared {
        /// The folder.
        path: PathBuf,
        /// Where it is set.
        scope: Scope,
    },
    /// Another program writes the hooks of this repository.
    #[error("{} runs the hooks of this repository, so nothing was changed", .0.manager)]
    Managed(Box<Advice>),
    /// The place for the hook that was there before is taken.
    #[error("{} is not keysieve's, and {} is already there to be chained", printable_path(.hook), printable_path(.chained))]
    BothThere {
        /// The hook.
        hook: PathBuf,
        /// The one that was kept earlier.
        chained: PathBuf,
    },
    /// Something that is neither a file nor a link stands where a hook belongs.
    #[error("{} is not a file", printable_path(.path))]
    NotAFile {
        /// What stands there.
        path: PathBuf,
    },
    /// Something that is not a folder stands where hooks belong.
    #[error("{} is not a folder, so there can be no hooks in it", printable_path(.path))]
    NotAFolder {
        /// What stands there.
        path: PathBuf,
    },
    /// There is no stub for this hook.
    #[error("there is no keysieve hook named {name:?}; there are {known}")]
    UnknownHook {
        /// The name.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The hook is of no use on a server.
    #[error("{name} runs where commits are made, not where they are pushed to")]
    NotOfServers {
        /// Its name.
        name: &'static str,
    },
    /// The program cannot be written into a hook.
    #[error("{} cannot stand in a hook as the program to run: it must be an absolute path", printable_path(.path))]
    Program {
        /// Its path.
        path: PathBuf,
    },
    /// Templates are of no use: the hooks of new repositories are looked for elsewhere.
    #[error(
        "core.hooksPath is set in the {scope} git config, so git would never look at hooks from a template"
    )]
    DeadTemplate {
        /// Where it is set.
        scope: Scope,
    },
    /// The file system refused.
    #[error("cannot {action} {}", printable_path(.path))]
    Io {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// What to do about it, in lines for a person, where there is something to say.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::NoGit(_) => "install git and put it on PATH".to_owned(),
            Self::NoWorkTree => "name the work tree: the folder that holds .git".to_owned(),
            Self::Off { .. } => "unset core.hooksPath, or set it to a folder for hooks".to_owned(),
            Self::Shared { .. } => "--force does it there, for all of them; or give this repository a folder of its \
                own with `git config --local core.hooksPath \"$(git rev-parse --absolute-git-dir)/hooks\"`"
                .to_owned(),
            Self::Managed(advice) => advice.to_string(),
            Self::BothThere { hook, chained } => format!(
                "make one script of the two, or move one away: {} goes first and then keysieve; {} is what git runs \
                 now",
                printable_path(chained),
                printable_path(hook)
            ),
            Self::DeadTemplate { .. } => {
                "`keysieve hook install --force` in any repository puts the hooks into that folder".to_owned()
            }
            Self::NotOfServers { .. } => "leave out --server, or name pre-receive or update".to_owned(),
            Self::NotAFile { .. } | Self::NotAFolder { .. } => "move it away".to_owned(),
            Self::Git { .. } | Self::UnknownHook { .. } | Self::Program { .. } | Self::Io { .. } => return None,
        };
        Some(help)
    }
}

/// Turns an [`io::Error`] into an [`Error`] that says what was tried with which path.
pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Io {
        action,
        path: path.to_owned(),
        source,
    }
}
