//! Hooks for future clones: the folder that git copies into every repository it makes.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use bstr::ByteSlice;

use super::error::io;
use super::{Error, Git, Hook, Place, Request, Scope, Step, install, uninstall};
use crate::text::printable_path;

/// The setting that names the folder.
const KEY: &str = "init.templateDir";

/// What git's own template holds that would be missed: tools write to `info/exclude` and expect its
/// folder.
const EXCLUDE: (&str, &str) = (
    "info/exclude",
    "# Patterns of files to ignore in this repository only.\n",
);

/// The folder in use, and whether a setting says so.
struct Found {
    git: Git,
    folder: PathBuf,
    scope: Option<Scope>,
    // Held for as long as git is run in it: outside of any repository, whose settings would not be
    // the user's.
    _nowhere: tempfile::TempDir,
}

fn find(git: &Git, default: &Path) -> Result<Found, Error> {
    let nowhere = tempfile::tempdir().map_err(io("make a temporary folder for", default))?;
    let git = git.elsewhere(nowhere.path());
    let setting = git
        .setting(KEY)?
        .filter(|setting| !setting.value.is_empty());
    let scope = setting.as_ref().map(|setting| setting.scope);
    let folder = setting.map_or_else(
        || default.to_owned(),
        |setting| setting.value.to_path_lossy().into_owned(),
    );
    Ok(Found {
        git,
        folder,
        scope,
        _nowhere: nowhere,
    })
}

/// Installs hooks into the template folder of the user that `git` runs for; where none is set,
/// makes `default` and sets it.
///
/// # Errors
///
/// Where `core.hooksPath` is set for all repositories, so that templates are of no use, and where a
/// file cannot be written or a setting not set.
pub fn install_template(
    git: &Git,
    default: &Path,
    request: &Request<'_>,
) -> Result<Vec<Step>, Error> {
    let found = find(git, default)?;
    if let Some(setting) = found.git.setting("core.hooksPath")? {
        return Err(Error::DeadTemplate {
            scope: setting.scope,
        });
    }
    let mut steps = install::fill(&Place::template(found.folder.join("hooks")), request)?;
    if found.scope.is_none() {
        steps.extend(add_exclude(&found.folder)?);
        let value = found.folder.as_os_str();
        found
            .git
            .ask(&["config".as_ref(), "--global".as_ref(), KEY.as_ref(), value])?;
        steps.push(Step::Configured {
            key: KEY,
            value: Some(found.folder.clone()),
        });
    }
    steps.push(Step::Note(
        "clones made from now on have the hook; a repository that exists gets it by `git init` run in it, if it has \
         no hook of that name, or by `keysieve hook install`"
            .to_owned(),
    ));
    Ok(steps)
}

fn add_exclude(folder: &Path) -> Result<Option<Step>, Error> {
    let path = folder.join(EXCLUDE.0);
    if path.exists() {
        return Ok(None);
    }
    fs::create_dir_all(folder.join("info")).map_err(io("make the folder of", &path))?;
    fs::write(&path, EXCLUDE.1).map_err(io("write", &path))?;
    Ok(Some(Step::Template(path)))
}

/// Takes the stubs out of the user's template folder, and the folder itself away if it is `default`
/// and holds nothing else. Repositories that were made from it keep their hooks.
///
/// # Errors
///
/// Where a file cannot be moved or a setting not unset.
pub fn uninstall_template(git: &Git, default: &Path, hooks: &[Hook]) -> Result<Vec<Step>, Error> {
    let found = find(git, default)?;
    let mut steps = uninstall::empty(&Place::template(found.folder.join("hooks")), hooks)?;
    if found.folder == default
        && remove_if_empty(&found.folder)?
        && found.scope == Some(Scope::Global)
    {
        found.git.ask(&["config", "--global", "--unset", KEY])?;
        steps.push(Step::Configured {
            key: KEY,
            value: None,
        });
    }
    steps.push(Step::Note(format!(
        "repositories that were made from {} keep their hooks: `keysieve hook uninstall` in each takes them away",
        printable_path(&found.folder)
    )));
    Ok(steps)
}

/// Removes the folder if there is nothing in it but what [`install_template`] puts there beside
/// hooks.
fn remove_if_empty(folder: &Path) -> Result<bool, Error> {
    let exclude = folder.join(EXCLUDE.0);
    if fs::read(&exclude).is_ok_and(|text| text == EXCLUDE.1.as_bytes()) {
        fs::remove_file(&exclude).map_err(io("remove", &exclude))?;
    }
    for part in ["info", "hooks", ""] {
        let path = folder.join(part);
        match fs::remove_dir(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            // Somebody else's files: theirs to keep, with the setting.
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => return Ok(false),
            Err(error) => return Err(io("remove", &path)(error)),
        }
    }
    Ok(true)
}
