//! Removes our stubs and restores the hooks that were there before. Nothing else is changed.

use std::fs;

use super::error::io;
use super::{Git, Hook, HookError, HookFile, HooksDir, InstallStep};

/// Removes the stubs of `hooks` from the repository of `git`.
///
/// # Errors
///
/// If git cannot say where hooks belong, if stubs are in a folder that other repositories share, or
/// outside of the repository behind a link, and `force` is not set, or if a file cannot be moved.
pub fn uninstall(git: &Git, hooks: &[Hook], force: bool) -> Result<Vec<InstallStep>, HookError> {
    let hooks_dir = HooksDir::find(git)?;
    hooks_dir.check_enabled()?;
    for &hook in hooks {
        if matches!(hooks_dir.inspect(hook)?, HookFile::Ours { .. }) {
            hooks_dir.check_not_shared(force)?;
            hooks_dir.check_inside(force)?;
        }
    }
    remove_stubs(&hooks_dir, hooks)
}

/// Removes the stubs from a folder.
pub(super) fn remove_stubs(
    hooks_dir: &HooksDir,
    hooks: &[Hook],
) -> Result<Vec<InstallStep>, HookError> {
    let hooks = hooks.iter();
    hooks.map(|&hook| remove_stub(hooks_dir, hook)).collect()
}

fn remove_stub(hooks_dir: &HooksDir, hook: Hook) -> Result<InstallStep, HookError> {
    let path = hooks_dir.path_of(hook);
    match (hooks_dir.inspect(hook)?, hooks_dir.previous_hook(hook)) {
        (HookFile::Ours { .. } | HookFile::Missing, Some(previous)) => {
            fs::rename(&previous, &path).map_err(io("restore", &path))?;
            Ok(InstallStep::Restored(path))
        }
        (HookFile::Ours { .. }, None) => {
            fs::remove_file(&path).map_err(io("remove", &path))?;
            Ok(InstallStep::Removed(path))
        }
        (HookFile::Missing, None) => Ok(InstallStep::Absent(path)),
        (HookFile::Foreign { .. } | HookFile::NotAFile, _) => Ok(InstallStep::KeptForeign(path)),
    }
}
