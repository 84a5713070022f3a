//! What was done, one value a step, for the caller to tell.

use crate::text::printable_path;
use std::fmt;
use std::path::PathBuf;

/// Something that was done, or was found to need no doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A folder for hooks was made.
    MadeFolder(PathBuf),
    /// A stub was written where there was no hook.
    Installed(PathBuf),
    /// A stub was written, and the hook that stood there is kept.
    Chained {
        /// The hook.
        hook: PathBuf,
        /// What is kept.
        kept: PathBuf,
        /// Whether it is executable. If not, git did not run it before, and it is not run now.
        runs: bool,
    },
    /// A stub of ours was written anew.
    Refreshed(PathBuf),
    /// The stub that is wanted was there already.
    Already(PathBuf),
    /// A stub of a newer version was left as it is.
    Newer(PathBuf),
    /// A stub was taken away.
    Removed(PathBuf),
    /// A stub was taken away, if it was there, and the hook that had been kept has its name back.
    Restored(PathBuf),
    /// A hook that is not ours was left as it is.
    LeftForeign(PathBuf),
    /// There was nothing to take away.
    Absent(PathBuf),
    /// A file of a template folder was written or taken away.
    Template(PathBuf),
    /// A setting of git was set, or, without a value, unset.
    Configured {
        /// Its name.
        key: &'static str,
        /// What it is now.
        value: Option<PathBuf>,
    },
    /// Something to know.
    Note(String),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MadeFolder(path) => write!(f, "made the folder {}", printable_path(path)),
            Self::Installed(path) => write!(f, "installed {}", printable_path(path)),
            Self::Chained { hook, kept, runs } => {
                let what = if *runs {
                    "runs first"
                } else {
                    "is not executable, so it does not run, as before"
                };
                write!(
                    f,
                    "installed {}; the hook that is kept as {} {what}",
                    printable_path(hook),
                    printable_path(kept)
                )
            }
            Self::Refreshed(path) => write!(f, "brought up to date {}", printable_path(path)),
            Self::Already(path) => write!(f, "already installed {}", printable_path(path)),
            Self::Newer(path) => write!(
                f,
                "left as it is {}: a newer keysieve wrote it",
                printable_path(path)
            ),
            Self::Removed(path) => write!(f, "removed {}", printable_path(path)),
            Self::Restored(path) => {
                write!(
                    f,
                    "put back {}: the hook that was there before keysieve's",
                    printable_path(path)
                )
            }
            Self::LeftForeign(path) => {
                write!(f, "left as it is {}: not keysieve's", printable_path(path))
            }
            Self::Absent(path) => write!(f, "nothing to remove at {}", printable_path(path)),
            Self::Template(path) => write!(f, "template file {}", printable_path(path)),
            Self::Configured {
                key,
                value: Some(value),
            } => {
                write!(
                    f,
                    "set {key} to {} for all your clones",
                    printable_path(value)
                )
            }
            Self::Configured { key, value: None } => write!(f, "unset {key}"),
            Self::Note(text) => write!(f, "note: {text}"),
        }
    }
}
