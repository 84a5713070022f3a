//! Finds the folder in which git looks for hooks, and says which hook files are in it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use super::error::io;
use super::file::executable;
use super::{ConfigValue, Git, Hook, HookError, Manager, Stub};
use crate::text::printable;

/// The suffix of a hook that was there before ours. The stub uses it too.
const CHAINED: &str = ".keysieve-chained";

/// A folder of hooks, and why git looks there.
#[derive(Clone, Debug)]
pub struct HooksDir {
    /// The folder, absolute. It may not exist yet.
    pub folder: PathBuf,
    /// `core.hooksPath`, if it is set.
    pub setting: Option<ConfigValue>,
    /// The directory in which git runs hooks: the top of the work tree, or a bare repository.
    pub top: PathBuf,
    /// Whether the repository is bare.
    pub bare: bool,
    /// Whether this is a linked worktree, which shares its hooks with the others.
    pub linked: bool,
    /// The work trees and the git directories of the repository, resolved.
    own: Vec<PathBuf>,
}

/// What is at the path of a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookFile {
    /// Nothing.
    Missing,
    /// One of our stubs.
    Ours {
        /// The stub.
        stub: Stub,
        /// Whether git would run it.
        executable: bool,
    },
    /// A hook that keysieve did not write.
    Foreign {
        /// Whether git would run it.
        executable: bool,
        /// The hook manager that wrote it, if it is a known one.
        manager: Option<Manager>,
    },
    /// Something that is not a file.
    NotAFile,
}

impl HooksDir {
    /// Asks git where the hooks of a repository belong.
    ///
    /// # Errors
    ///
    /// If git cannot be run, or if there is no repository.
    pub fn find(git: &Git) -> Result<Self, HookError> {
        let answer = git.query(&["rev-parse", "--is-bare-repository", "--is-inside-work-tree"])?;
        let bare = answer.starts_with(b"true");
        if !bare && !answer.ends_with(b"true") {
            return Err(HookError::NoWorkTree);
        }
        let git_dir = git.query_path(&["rev-parse", "--absolute-git-dir"])?;
        let common = git.query_path(&["rev-parse", "--git-common-dir"])?;
        let (git_dir, common) = (canonical(&git_dir), canonical(&common));
        let linked = !bare && git_dir != common;
        let top = if bare {
            git_dir.clone()
        } else {
            git.query_path(&["rev-parse", "--show-toplevel"])?
        };
        let mut own = vec![canonical(&top), git_dir];
        // The main work tree, which linked ones share their hooks with.
        own.extend(
            common
                .parent()
                .filter(|_| common.ends_with(".git"))
                .map(Path::to_owned),
        );
        own.push(common);
        Ok(Self {
            setting: git.config_value("core.hooksPath")?,
            folder: git.query_path(&["rev-parse", "--git-path", "hooks"])?,
            own,
            top,
            bare,
            linked,
        })
    }

    /// The folder of hooks of a template, which no repository uses yet.
    pub(super) fn of_template(folder: PathBuf) -> Self {
        Self {
            top: folder.clone(),
            folder,
            setting: None,
            bare: true,
            linked: false,
            own: Vec::new(),
        }
    }

    /// The path of a hook.
    #[must_use]
    pub fn path_of(&self, hook: Hook) -> PathBuf {
        self.folder.join(hook.name)
    }

    /// The path to which a foreign hook is moved.
    #[must_use]
    pub fn chained_path(&self, hook: Hook) -> PathBuf {
        self.folder.join(format!("{}{CHAINED}", hook.name))
    }

    /// The same, if something is there.
    #[must_use]
    pub fn previous_hook(&self, hook: Hook) -> Option<PathBuf> {
        Some(self.chained_path(hook)).filter(|path| fs::symlink_metadata(path).is_ok())
    }

    /// Reads what is at the path of a hook.
    ///
    /// # Errors
    ///
    /// [`HookError::NotAFolder`] and [`HookError::Io`] if it cannot be read.
    pub fn inspect(&self, hook: Hook) -> Result<HookFile, HookError> {
        let path = self.path_of(hook);
        match fs::symlink_metadata(&path) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(HookFile::Missing),
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                return Err(HookError::NotAFolder {
                    path: self.folder.clone(),
                });
            }
            Err(error) => return Err(io("inspect", &path)(error)),
        }
        // This follows links, because git runs the target of a link.
        let Ok(meta) = fs::metadata(&path) else {
            return Ok(HookFile::Foreign {
                executable: false,
                manager: None,
            });
        };
        if !meta.is_file() {
            return Ok(HookFile::NotAFile);
        }
        let text = fs::read(&path).map_err(io("read", &path))?;
        let executable = executable(&meta);
        Ok(match Stub::parse(&text) {
            Some(stub) => HookFile::Ours { stub, executable },
            None => HookFile::Foreign {
                executable,
                manager: Manager::that_wrote(&text),
            },
        })
    }

    /// Fails if `core.hooksPath` disables hooks.
    pub(super) fn check_enabled(&self) -> Result<(), HookError> {
        match &self.setting {
            // Git has no setting that disables hooks: with these values it finds none.
            Some(setting) if setting.value.is_empty() || setting.value == "/dev/null" => {
                Err(HookError::Disabled {
                    value: printable(&setting.value),
                    scope: setting.scope,
                })
            }
            _ => Ok(()),
        }
    }

    /// Fails if other repositories use the folder as well, unless `force` is set.
    pub(super) fn check_not_shared(&self, force: bool) -> Result<(), HookError> {
        match self.shared_setting() {
            Some(setting) if !force => Err(HookError::Shared {
                path: self.folder.clone(),
                scope: setting.scope,
            }),
            _ => Ok(()),
        }
    }

    /// Fails if the repository itself leads the hooks out of it, unless `force` is set: a copy of a
    /// repository could have come with such a link or setting, to have a file of the user replaced.
    ///
    /// # Errors
    ///
    /// [`HookError::LeadsOut`] and [`HookError::Outside`].
    pub fn check_inside(&self, force: bool) -> Result<(), HookError> {
        let is_own = |path: &Path| self.is_own(path);
        let mut links = self.folder.ancestors().filter(|path| path.is_symlink());
        let leads_out = |link: &&Path| {
            let folder = link.parent().and_then(|folder| folder.canonicalize().ok());
            // A link without a target could get one.
            let target = link.canonicalize();
            folder.is_some_and(|folder| is_own(&folder)) && !target.is_ok_and(|to| is_own(&to))
        };
        match links.find(leads_out) {
            Some(link) if !force => Err(HookError::LeadsOut {
                link: link.to_owned(),
                target: fs::read_link(link).unwrap_or_default(),
            }),
            None if !force => self.check_setting_inside(),
            _ => Ok(()),
        }
    }

    /// Fails if the repository's own configuration names a folder that is not in it.
    fn check_setting_inside(&self) -> Result<(), HookError> {
        let setting = self.setting.as_ref();
        let Some(setting) = setting.filter(|setting| setting.scope.is_in_repository()) else {
            return Ok(());
        };
        // The folder may not exist yet.
        let existing = self.folder.ancestors().find(|path| path.exists());
        let existing = existing.unwrap_or(Path::new("/"));
        let missing = self.folder.strip_prefix(existing).unwrap_or(&self.folder);
        let leads_up = missing
            .components()
            .any(|part| part == Component::ParentDir);
        if self.is_own(&canonical(existing)) && !leads_up {
            return Ok(());
        }
        Err(HookError::Outside {
            path: self.folder.clone(),
            scope: setting.scope,
        })
    }

    fn is_own(&self, path: &Path) -> bool {
        self.own.iter().any(|own| path.starts_with(own))
    }

    /// The value of `core.hooksPath`, if it also applies to other repositories.
    pub(super) fn shared_setting(&self) -> Option<&ConfigValue> {
        self.setting
            .as_ref()
            .filter(|setting| !setting.scope.is_in_repository())
    }

    /// Whether the folder is part of the work tree, so that its hooks can be committed.
    pub(super) fn is_in_work_tree(&self) -> bool {
        match self.folder.strip_prefix(&self.top) {
            Ok(inside) => !self.bare && !inside.components().any(|part| part.as_os_str() == ".git"),
            Err(_) => false,
        }
    }
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
