//! Finds the directory whose configuration and baseline apply to the paths of a scan.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use keysieve::git;
use keysieve::policy::{BASELINE_NAME, FILE_NAME};

use super::{SettingsArgs, replaces};
use crate::cli::error::CliError;

/// The one root of all `paths`. Several roots are an error if they have files that could disagree.
pub(crate) fn common_root(args: &SettingsArgs, paths: &[PathBuf]) -> Result<PathBuf, CliError> {
    let chooses_config = args.no_config || args.config.as_deref().is_some_and(replaces);
    let chooses_baseline = args.no_baseline || args.baseline.is_some();
    let folders: BTreeSet<_> = paths.iter().map(|path| folder_of(path)).collect();
    let mut roots = BTreeSet::new();
    for folder in folders {
        roots.insert(match root_of(folder) {
            // The configuration is chosen, so a repository that cannot be opened does not matter.
            Err(_) if chooses_config => folder.to_path_buf(),
            root => root?,
        });
    }
    for (is_chosen, name, flag) in [
        (chooses_config, FILE_NAME, "config"),
        (chooses_baseline, BASELINE_NAME, "baseline"),
    ] {
        if !is_chosen && roots.len() > 1 && roots.iter().any(|root| root.join(name).exists()) {
            let message = format!(
                "the given paths belong to {} directories with different {name} files",
                roots.len()
            );
            return Err(CliError::new(message).help(format!(
                "scan them one by one, or choose one with --{flag}, or none with --no-{flag}"
            )));
        }
    }
    Ok(roots.pop_first().unwrap_or_else(|| PathBuf::from(".")))
}

/// The directory whose configuration applies to `near`: the root of its work tree or, outside of a
/// repository, the directory itself.
pub(crate) fn root_of(near: &Path) -> Result<PathBuf, CliError> {
    let folder = folder_of(near);
    if !folder.is_dir() {
        // The scan itself reports that the path does not exist.
        return Ok(folder.to_path_buf());
    }
    let repo = git::discover_work_tree(folder)?;
    let root = repo.and_then(|repo| repo.work_dir().map(Path::to_path_buf));
    Ok(root.unwrap_or_else(|| folder.to_path_buf()))
}

/// `path` if it is a directory, or else the directory that contains it.
fn folder_of(path: &Path) -> &Path {
    if path.is_dir() {
        return path;
    }
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}
