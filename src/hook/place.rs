//! Where git looks for hooks, and what stands there.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::io;
use super::file::executable;
use super::{Error, Git, Hook, Manager, Setting, Stub};
use crate::text::printable;

/// What is put after the name of a hook that stood there before. The stubs know it too.
const CHAINED: &str = ".keysieve-chained";

/// A folder of hooks, and how git comes to look there.
#[derive(Clone, Debug)]
pub struct Place {
    /// The folder, absolute. It may not be there yet.
    pub folder: PathBuf,
    /// `core.hooksPath`, where that is why.
    pub setting: Option<Setting>,
    /// The top of the work tree, or the repository itself where it is bare: where git runs hooks.
    pub top: PathBuf,
    /// Whether the repository is bare.
    pub bare: bool,
    /// Whether this is a linked worktree, which shares its hooks with the others.
    pub linked: bool,
}

/// What stands in the place of a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Missing,
    /// A stub of ours.
    Ours {
        /// Which one.
        stub: Stub,
        /// Whether git would run it.
        executable: bool,
    },
    /// Somebody else's hook.
    Foreign {
        /// Whether git would run it.
        executable: bool,
        /// The program that wrote it, where it is a known one.
        manager: Option<Manager>,
    },
    /// Something that is not a file.
    NotAFile,
}

impl Place {
    /// Asks git where the hooks of a repository live.
    ///
    /// # Errors
    ///
    /// Where git cannot be run, or there is no repository.
    pub fn find(git: &Git) -> Result<Self, Error> {
        let answer = git.ask(&["rev-parse", "--is-bare-repository", "--is-inside-work-tree"])?;
        let bare = answer.starts_with(b"true");
        if !bare && !answer.ends_with(b"true") {
            return Err(Error::NoWorkTree);
        }
        let top = git.ask_path(&[
            "rev-parse",
            if bare {
                "--absolute-git-dir"
            } else {
                "--show-toplevel"
            },
        ])?;
        let git_dir = git.ask_path(&["rev-parse", "--absolute-git-dir"])?;
        let common = git.ask_path(&["rev-parse", "--git-common-dir"])?;
        let setting = git.setting("core.hooksPath")?;
        let folder = git.ask_path(&["rev-parse", "--git-path", "hooks"])?;
        let linked = !bare && canonical(&git_dir) != canonical(&common);
        Ok(Self {
            folder,
            setting,
            top,
            bare,
            linked,
        })
    }

    /// A folder of hooks that no repository uses yet: that of a template.
    pub(super) fn template(folder: PathBuf) -> Self {
        Self {
            top: folder.clone(),
            folder,
            setting: None,
            bare: true,
            linked: false,
        }
    }

    /// Where a hook stands.
    #[must_use]
    pub fn hook(&self, hook: Hook) -> PathBuf {
        self.folder.join(hook.name)
    }

    /// Where the hook is kept that stood there before.
    #[must_use]
    pub fn chained(&self, hook: Hook) -> PathBuf {
        self.folder.join(format!("{}{CHAINED}", hook.name))
    }

    /// The same, where there is one.
    #[must_use]
    pub fn kept(&self, hook: Hook) -> Option<PathBuf> {
        Some(self.chained(hook)).filter(|path| fs::symlink_metadata(path).is_ok())
    }

    /// What stands in the place of a hook.
    ///
    /// # Errors
    ///
    /// [`Error::NotAFolder`] and [`Error::Io`] where it cannot be looked at.
    pub fn standing(&self, hook: Hook) -> Result<Standing, Error> {
        let path = self.hook(hook);
        match fs::symlink_metadata(&path) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Standing::Missing),
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                return Err(Error::NotAFolder {
                    path: self.folder.clone(),
                });
            }
            Err(error) => return Err(io("look at", &path)(error)),
        }
        // Through links: it is what they lead to that git runs.
        let Ok(meta) = fs::metadata(&path) else {
            return Ok(Standing::Foreign {
                executable: false,
                manager: None,
            });
        };
        if !meta.is_file() {
            return Ok(Standing::NotAFile);
        }
        let text = fs::read(&path).map_err(io("read", &path))?;
        let executable = executable(&meta);
        Ok(match Stub::read(hook, &text) {
            Some(stub) => Standing::Ours { stub, executable },
            None => Standing::Foreign {
                executable,
                manager: Manager::of_hook(&text),
            },
        })
    }

    /// The error of there being no place for hooks, because they are switched off.
    pub(super) fn check_on(&self) -> Result<(), Error> {
        match &self.setting {
            // Git itself knows nothing of switching hooks off: with either value it just finds
            // none.
            Some(setting) if setting.value.is_empty() || setting.value == "/dev/null" => {
                Err(Error::Off {
                    value: printable(&setting.value),
                    scope: setting.scope,
                })
            }
            _ => Ok(()),
        }
    }

    /// The error of touching a folder that other repositories use as well, which takes more than a
    /// request.
    pub(super) fn guard(&self, force: bool) -> Result<(), Error> {
        match &self.setting {
            Some(setting) if !setting.scope.is_own() && !force => Err(Error::Shared {
                path: self.folder.clone(),
                scope: setting.scope,
            }),
            _ => Ok(()),
        }
    }

    /// Whether the folder is a part of the work tree, so that its hooks are files like any other.
    pub(super) fn is_in_work_tree(&self) -> bool {
        let git_dir = |path: &Path| path.components().any(|part| part.as_os_str() == ".git");
        !self.bare
            && self
                .folder
                .strip_prefix(&self.top)
                .is_ok_and(|inside| !git_dir(inside))
    }
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
