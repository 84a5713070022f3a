//! Describes what an installation or a removal did, one value for each step, for the caller to
//! print.

use std::fmt;
use std::path::PathBuf;

use crate::text::printable_path;

/// Something that was done, or turned out to be unnecessary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstallStep {
    /// A folder for hooks was created.
    CreatedFolder(PathBuf),
    /// A stub was written where no hook was.
    Installed(PathBuf),
    /// A stub was written, and the hook that was there is kept.
    Chained {
        /// The stub.
        hook: PathBuf,
        /// Where the other hook is kept.
        previous: PathBuf,
        /// Whether the other hook is executable. If not, git did not run it before, and the stub
        /// does not run it now.
        runs: bool,
    },
    /// One of our stubs was replaced.
    Updated(PathBuf),
    /// The requested stub was installed before.
    AlreadyInstalled(PathBuf),
    /// A stub of a newer version was not changed.
    KeptNewer(PathBuf),
    /// A stub was removed.
    Removed(PathBuf),
    /// A stub was removed, if there was one, and the hook that was kept has its name back.
    Restored(PathBuf),
    /// A hook that is not ours was not changed.
    KeptForeign(PathBuf),
    /// There was nothing to remove.
    Absent(PathBuf),
    /// A file of a template folder was written.
    WroteTemplateFile(PathBuf),
    /// A git setting was set or, without a value, unset.
    Configured {
        /// Its name.
        key: &'static str,
        /// Its new value.
        value: Option<PathBuf>,
    },
    /// Something that the user should know.
    Note(String),
}

impl fmt::Display for InstallStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreatedFolder(path) => write!(f, "created the folder {}", printable_path(path)),
            Self::Installed(path) => write!(f, "installed {}", printable_path(path)),
            Self::Chained {
                hook,
                previous,
                runs,
            } => {
                let what = if *runs {
                    "runs first"
                } else {
                    "is not executable, so it still does not run"
                };
                let (hook, previous) = (printable_path(hook), printable_path(previous));
                write!(
                    f,
                    "installed {hook}; the previous hook, now {previous}, {what}"
                )
            }
            Self::Updated(path) => write!(f, "updated {}", printable_path(path)),
            Self::AlreadyInstalled(path) => {
                write!(f, "already installed {}", printable_path(path))
            }
            Self::KeptNewer(path) => write!(
                f,
                "not changed {}: a newer keysieve wrote it; --force replaces it",
                printable_path(path)
            ),
            Self::Removed(path) => write!(f, "removed {}", printable_path(path)),
            Self::Restored(path) => {
                write!(f, "restored the previous hook {}", printable_path(path))
            }
            Self::KeptForeign(path) => {
                let path = printable_path(path);
                write!(f, "not changed {path}: keysieve did not write it")
            }
            Self::Absent(path) => write!(f, "nothing to remove at {}", printable_path(path)),
            Self::WroteTemplateFile(path) => {
                write!(f, "wrote the template file {}", printable_path(path))
            }
            Self::Configured { key, value } => match value {
                Some(value) => {
                    write!(
                        f,
                        "set {key} to {} for all new clones",
                        printable_path(value)
                    )
                }
                None => write!(f, "unset {key}"),
            },
            Self::Note(text) => write!(f, "note: {text}"),
        }
    }
}
