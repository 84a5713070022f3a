//! Reads the files of policy from disk or from a trusted commit.

use std::io;
use std::path::{Component, Path, PathBuf};

use bstr::ByteVec as _;

use super::baseline::{BASELINE_NAME, Baseline, BaselineError};
use super::config::{Config, FILE_NAME};
use super::error::ConfigError;
use super::import::FORMATS;
use super::layers::{self, Layers};
use super::read::{MAX_BASELINE_SIZE, MAX_CONFIG_SIZE, if_exists, read_bounded, read_text};
use crate::finding::{Change, PolicyChange};
use crate::git::{self, ObjectId, ReadError, Repository};
use crate::text::{printable_path, slashed};

/// The source of the files that decide what is reported and what is allowed. They are only read,
/// never run.
#[derive(Debug)]
pub enum PolicyFiles {
    /// The files of a folder.
    Disk(PathBuf),
    /// The files of a commit.
    Commit {
        /// The repository.
        repo: Box<Repository>,
        /// The commit.
        id: ObjectId,
    },
    /// No files, as before the first commit.
    Nothing,
}

impl PolicyFiles {
    /// The files of the commit `id`, or no files.
    #[must_use]
    pub fn of_commit(repo: &Repository, id: Option<ObjectId>) -> Self {
        id.map_or(Self::Nothing, |id| Self::Commit {
            repo: Box::new(repo.clone()),
            id,
        })
    }

    /// The text of the file at `path`, relative to the root; `None` if it does not exist.
    ///
    /// # Errors
    /// If it exists but is not a regular file, is too large, or cannot be read.
    pub fn text(&self, path: &Path) -> io::Result<Option<String>> {
        let limit = if path == Path::new(BASELINE_NAME) {
            MAX_BASELINE_SIZE
        } else {
            MAX_CONFIG_SIZE
        };
        match self {
            Self::Nothing => Ok(None),
            Self::Disk(root) => if_exists(read_bounded(&root.join(path), limit)),
            Self::Commit { repo, id } => text_in(repo, *id, path, limit),
        }
    }

    /// How errors name the file at `path`.
    #[must_use]
    pub fn display_path(&self, path: &Path) -> PathBuf {
        match self {
            Self::Disk(root) => root.join(path),
            Self::Commit { id, .. } => {
                PathBuf::from(format!("{}:{}", id.to_hex_with_len(12), path.display()))
            }
            Self::Nothing => path.to_path_buf(),
        }
    }

    /// The configuration, and the files that it extends: the strongest first. Empty if the file
    /// does not exist. All are read from the same folder or commit.
    ///
    /// # Errors
    /// If one of them cannot be read, or is not valid.
    pub fn configs(&self) -> Result<Vec<Config>, ConfigError> {
        layers::read(self, &self.full_path(Path::new(FILE_NAME)))
    }

    /// How the configuration names the file at `path`.
    fn full_path(&self, path: &Path) -> PathBuf {
        match self {
            Self::Disk(root) => root.join(path),
            _ => path.to_path_buf(),
        }
    }

    /// The baseline; `None` if the file does not exist.
    ///
    /// # Errors
    /// If it exists but cannot be read, or is not valid.
    pub fn baseline(&self) -> Result<Option<Baseline>, BaselineError> {
        let path = Path::new(BASELINE_NAME);
        Baseline::from_read(&self.display_path(path), self.text(path))
    }

    /// The file of another tool that is there although no policy of this program is.
    #[must_use]
    pub fn unread(&self) -> Option<&'static str> {
        let is_there = |name: &str| match self {
            Self::Disk(root) => root.join(name).is_file(),
            _ => matches!(self.text(Path::new(name)), Ok(Some(_))),
        };
        if [FILE_NAME, BASELINE_NAME].into_iter().any(is_there) {
            return None;
        }
        let mut names = FORMATS
            .iter()
            .flat_map(|format| format.names.iter().copied());
        names.find(|name| is_there(name))
    }

    /// A rule file that a configuration names: how errors name it, and its text. A repository may
    /// name files of its own, but not other files of the user who scans it.
    pub fn rules(&self, file: &Path) -> (PathBuf, io::Result<String>) {
        match self {
            // The path was joined to the folder of the configuration.
            Self::Disk(root) => {
                let leads_out = file.canonicalize().is_ok_and(|file| {
                    let root = root.canonicalize();
                    root.is_ok_and(|root| !file.starts_with(root))
                });
                let text = if leads_out {
                    Err(outside())
                } else {
                    read_text(file)
                };
                (file.to_path_buf(), text)
            }
            _ => {
                let text = self
                    .text(file)
                    .and_then(|text| text.ok_or_else(|| io::ErrorKind::NotFound.into()));
                (self.display_path(file), text)
            }
        }
    }

    /// The paths of all policy files that exist or are named here, relative to the root.
    fn paths(&self) -> impl Iterator<Item = PathBuf> {
        // A configuration that is not valid names no other files. It is listed itself.
        let configs = self.configs().unwrap_or_default();
        let named = configs
            .into_iter()
            .flat_map(|config| [config.extends, config.rules]);
        [FILE_NAME, BASELINE_NAME]
            .map(PathBuf::from)
            .into_iter()
            .chain(named.flatten())
    }
}

/// A repository may extend files of its own, but not other files of the user who scans it.
impl Layers for PolicyFiles {
    fn read(&self, path: &Path) -> Result<Option<Config>, ConfigError> {
        let folder = path.parent().unwrap_or(Path::new(""));
        match self {
            Self::Disk(_) => Config::load(path),
            _ => Config::from_read(&self.display_path(path), folder, self.text(path)),
        }
    }

    fn may_extend(&self, path: &Path) -> bool {
        match self {
            Self::Disk(root) => {
                path.strip_prefix(root).is_ok_and(is_inside) && leads_to(path, root)
            }
            _ => is_inside(path),
        }
    }

    /// The same for a folder and a commit, so that a report depends on neither.
    fn name(&self, path: &Path) -> String {
        let relative = match self {
            Self::Disk(root) => path.strip_prefix(root).unwrap_or(path),
            _ => path,
        };
        printable_path(relative)
    }
}

/// Whether no link on the way to `path` leads out of `root`. If it does not exist, it is reported
/// as missing.
fn leads_to(path: &Path, root: &Path) -> bool {
    path.canonicalize().map_or(true, |path| {
        root.canonicalize().is_ok_and(|root| path.starts_with(root))
    })
}

/// The policy files of `before` that differ in `after`, both of commits, and those of the default
/// names. What only `after` names is new, and so is the text of a listed file that names it: that
/// policy is the author's, and to read all of it could take any time and memory.
#[must_use]
pub fn changes(before: &PolicyFiles, after: &PolicyFiles) -> Vec<PolicyChange> {
    let mut paths: Vec<PathBuf> = before
        .paths()
        .map(|path| {
            let parts = path.components();
            parts.filter(|part| *part != Component::CurDir).collect()
        })
        .collect();
    paths.sort();
    paths.dedup();
    paths
        .iter()
        .filter_map(|path| {
            // Two errors with the same text are not a change.
            let [before, after] =
                [before, after].map(|files| files.text(path).map_err(|error| error.to_string()));
            let what = match (before, after) {
                (before, after) if before == after => return None,
                (Ok(None), _) => Change::Added,
                (_, Ok(None)) => Change::Removed,
                _ => Change::Changed,
            };
            Some(PolicyChange {
                path: slashed(path),
                what,
            })
        })
        .collect()
}

/// Whether a path that is relative to the root does not lead out of it.
fn is_inside(path: &Path) -> bool {
    path.components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

fn outside() -> io::Error {
    io::Error::other("outside of the repository; name the file with --rules or KEYSIEVE_RULES")
}

/// The text of a file of a commit. A path that leads out of the repository, or to something else
/// than a file, is an error.
fn text_in(
    repo: &Repository,
    commit: ObjectId,
    path: &Path,
    limit: u64,
) -> io::Result<Option<String>> {
    if !is_inside(path) {
        return Err(outside());
    }
    let names = path.components().filter(|part| *part != Component::CurDir);
    let names = names.map(|name| Vec::from_os_str_lossy(name.as_os_str()));
    let path = bstr::join("/", names);
    match git::read_file(&repo.local(), commit, &path, limit) {
        Ok(None) => Ok(None),
        Ok(Some(text)) => String::from_utf8(text)
            .map(Some)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)),
        Err(ReadError::TooLarge { .. } | ReadError::NotAFile { .. }) => Err(io::Error::other(
            format!("not a regular file of at most {limit} bytes"),
        )),
        Err(error) => Err(io::Error::other(error)),
    }
}
