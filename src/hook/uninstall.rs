//! Uninstalling: our stubs go, the hooks that stood there before come back, and nothing else is
//! touched.

use std::fs;

use super::error::io;
use super::{Error, Git, Hook, Place, Standing, Step};

/// Takes the stubs of `hooks` out of the repository that `git` speaks about.
///
/// # Errors
///
/// Where git cannot say where hooks live, there are stubs in a folder that other repositories share
/// and `force` is not set, or a file cannot be moved.
pub fn uninstall(git: &Git, hooks: &[Hook], force: bool) -> Result<Vec<Step>, Error> {
    let place = Place::find(git)?;
    place.check_on()?;
    for &hook in hooks {
        if matches!(place.standing(hook)?, Standing::Ours { .. }) {
            place.guard(force)?;
        }
    }
    empty(&place, hooks)
}

/// Takes the stubs out of a folder, wherever it is.
pub(super) fn empty(place: &Place, hooks: &[Hook]) -> Result<Vec<Step>, Error> {
    hooks.iter().map(|&hook| take_out(place, hook)).collect()
}

fn take_out(place: &Place, hook: Hook) -> Result<Step, Error> {
    let path = place.hook(hook);
    match (place.standing(hook)?, place.kept(hook)) {
        (Standing::Ours { .. } | Standing::Missing, Some(kept)) => {
            fs::rename(&kept, &path).map_err(io("put back", &path))?;
            Ok(Step::Restored(path))
        }
        (Standing::Ours { .. }, None) => {
            fs::remove_file(&path).map_err(io("remove", &path))?;
            Ok(Step::Removed(path))
        }
        (Standing::Missing, None) => Ok(Step::Absent(path)),
        (Standing::Foreign { .. } | Standing::NotAFile, _) => Ok(Step::LeftForeign(path)),
    }
}
