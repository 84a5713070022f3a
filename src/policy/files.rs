//! Where the text of policy is read from: the disk, or a commit that is trusted.

use std::io;
use std::path::{Component, Path, PathBuf};

use bstr::{BString, ByteVec as _};

use super::baseline::{self, BASELINE_NAME, Baseline, BaselineError};
use super::config::{self, Config, ConfigError, FILE_NAME, read_at_most, read_text};
use crate::finding::{Change, PolicyChange};
use crate::git::{self, ObjectId, ReadError, Repository};
use crate::text::printable_path;

/// The files that say what is looked for and what is let pass. They are read and nothing else.
#[derive(Debug)]
pub enum PolicyFiles {
    /// Those below a folder.
    Disk(PathBuf),
    /// Those of a commit.
    Commit {
        /// The repository.
        repo: Box<Repository>,
        /// The commit.
        id: ObjectId,
    },
    /// None, as before the very first commit.
    Nothing,
}

impl PolicyFiles {
    /// Those of the commit `id`, or none.
    #[must_use]
    pub fn of_commit(repo: &Repository, id: Option<ObjectId>) -> Self {
        id.map_or(Self::Nothing, |id| Self::Commit {
            repo: Box::new(repo.clone()),
            id,
        })
    }

    /// The text of the file at `path`, seen from the root; `None` where there is none.
    ///
    /// # Errors
    /// Where there is something at the path that cannot be such a file, or that cannot be read.
    pub fn text(&self, path: &Path) -> io::Result<Option<String>> {
        let limit = if path == Path::new(BASELINE_NAME) {
            baseline::MAX_SIZE
        } else {
            config::MAX_SIZE
        };
        match self {
            Self::Nothing => Ok(None),
            Self::Disk(root) => if_there(read_at_most(&root.join(path), limit)),
            Self::Commit { repo, id } => text_in(repo, *id, path, limit),
        }
    }

    /// The file at `path` as errors name it.
    #[must_use]
    pub fn named(&self, path: &Path) -> PathBuf {
        match self {
            Self::Disk(root) => root.join(path),
            Self::Commit { id, .. } => {
                PathBuf::from(format!("{}:{}", id.to_hex_with_len(12), path.display()))
            }
            Self::Nothing => path.to_path_buf(),
        }
    }

    /// The configuration; `None` where there is none.
    ///
    /// # Errors
    /// Everything but its absence.
    pub fn config(&self) -> Result<Option<Config>, ConfigError> {
        let file = self.named(Path::new(FILE_NAME));
        match self.text(Path::new(FILE_NAME)) {
            Ok(text) => text.map(|text| Config::parse(&file, &text)).transpose(),
            Err(source) => Err(ConfigError::Read {
                file: printable_path(&file),
                source,
            }),
        }
    }

    /// The baseline; `None` where there is none.
    ///
    /// # Errors
    /// Everything but its absence.
    pub fn baseline(&self) -> Result<Option<Baseline>, BaselineError> {
        let file = self.named(Path::new(BASELINE_NAME));
        Baseline::of(&file, self.text(Path::new(BASELINE_NAME)))
    }

    /// A file of rules that [`Self::config`] names: how errors name it, and its text.
    pub fn rules(&self, file: &Path) -> (PathBuf, io::Result<String>) {
        match self {
            // The configuration has joined it to its own folder.
            Self::Disk(_) => (file.to_path_buf(), read_text(file)),
            _ => {
                let text = self
                    .text(file)
                    .and_then(|text| text.ok_or_else(|| io::ErrorKind::NotFound.into()));
                (self.named(file), text)
            }
        }
    }

    /// Every file that policy is made of, as far as it is named here: seen from the root.
    fn listed(&self) -> Vec<PathBuf> {
        let rules = self
            .config()
            .ok()
            .flatten()
            .map(|config| config.rules)
            .unwrap_or_default();
        POLICY_FILES
            .iter()
            .map(PathBuf::from)
            .chain(rules)
            .collect()
    }
}

/// The text of a file; `None` where there is no file.
pub(super) fn if_there(text: io::Result<String>) -> io::Result<Option<String>> {
    match text {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        text => text.map(Some),
    }
}

/// The files of policy that lie at the root of a repository.
const POLICY_FILES: [&str; 2] = [FILE_NAME, BASELINE_NAME];

/// The files of policy that are not the same in `before` and `after`, both of commits.
#[must_use]
pub fn changes(before: &PolicyFiles, after: &PolicyFiles) -> Vec<PolicyChange> {
    let mut paths = [before.listed(), after.listed()].concat();
    paths.iter_mut().for_each(|path| {
        *path = path
            .components()
            .filter(|part| *part != Component::CurDir)
            .collect();
    });
    paths.sort();
    paths.dedup();
    let change = |path: PathBuf| {
        let text = |files: &PolicyFiles| files.text(&path).map_err(|error| error.to_string());
        let what = match (text(before), text(after)) {
            (before, after) if before == after => return None,
            (Ok(None), _) => Change::Added,
            (_, Ok(None)) => Change::Removed,
            _ => Change::Changed,
        };
        Some(PolicyChange {
            path: BString::from(Vec::from_path_lossy(&path).into_owned()),
            what,
        })
    };
    paths.into_iter().filter_map(change).collect()
}

/// The text of a file of a commit. What leads out of the repository, or to something else than a
/// file, is an error.
fn text_in(
    repo: &Repository,
    commit: ObjectId,
    path: &Path,
    limit: u64,
) -> io::Result<Option<String>> {
    let inside = path
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !inside {
        return Err(io::Error::other("lies outside the repository"));
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
