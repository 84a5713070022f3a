//! Installs hooks for future clones, in the template folder that git copies into new repositories.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use bstr::ByteSlice;

use super::error::io;
use super::install::write_stubs;
use super::uninstall::remove_stubs;
use super::{ConfigScope, Git, Hook, HookError, HooksDir, InstallRequest, InstallStep};
use crate::text::printable_path;

/// The setting that names the folder.
const KEY: &str = "init.templateDir";

/// The one file of git's own template that tools rely on: they append to it and expect its folder.
const EXCLUDE_NAME: &str = "info/exclude";
const EXCLUDE_TEXT: &str = "# Patterns of files to ignore in this repository only.\n";

/// The template folder of the user.
struct Template {
    git: Git,
    folder: PathBuf,
    /// Where the folder is set; `None` if it is not.
    scope: Option<ConfigScope>,
    // `git` runs here, outside of any repository, so that no repository's settings apply.
    _outside: tempfile::TempDir,
}

fn find(git: &Git, default: &Path) -> Result<Template, HookError> {
    let outside = tempfile::tempdir().map_err(io("create a temporary folder for", default))?;
    let git = git.in_dir(outside.path());
    let setting = git.config_value(KEY)?;
    let setting = setting.filter(|setting| !setting.value.is_empty());
    Ok(Template {
        scope: setting.as_ref().map(|setting| setting.scope),
        folder: match setting {
            Some(setting) => setting.value.to_path_lossy().into_owned(),
            None => default.to_owned(),
        },
        git,
        _outside: outside,
    })
}

/// Installs hooks into the template folder of the user. If none is set, creates `default` and sets
/// it.
///
/// # Errors
///
/// If `core.hooksPath` is set for all repositories, so that git ignores hooks from templates, or if
/// a file or a setting cannot be written.
pub fn install_template(
    git: &Git,
    default: &Path,
    request: &InstallRequest<'_>,
) -> Result<Vec<InstallStep>, HookError> {
    let template = find(git, default)?;
    if let Some(setting) = template.git.config_value("core.hooksPath")? {
        return Err(HookError::UnusedTemplate {
            scope: setting.scope,
        });
    }
    let hooks_dir = HooksDir::of_template(template.folder.join("hooks"));
    let mut steps = write_stubs(&hooks_dir, request)?;
    if template.scope.is_none() {
        steps.extend(add_exclude_file(&template.folder)?);
        let folder = template.folder.as_os_str();
        let args = ["config".as_ref(), "--global".as_ref(), KEY.as_ref(), folder];
        template.git.query(&args)?;
        steps.push(InstallStep::Configured {
            key: KEY,
            value: Some(template.folder),
        });
    }
    steps.push(InstallStep::Note(
        "new clones have the hooks; in an existing repository, run `git init`, which adds hooks \
         that are missing, or `keysieve hook install`"
            .to_owned(),
    ));
    Ok(steps)
}

fn add_exclude_file(folder: &Path) -> Result<Option<InstallStep>, HookError> {
    let path = folder.join(EXCLUDE_NAME);
    if path.exists() {
        return Ok(None);
    }
    fs::create_dir_all(folder.join("info")).map_err(io("create the folder of", &path))?;
    fs::write(&path, EXCLUDE_TEXT).map_err(io("write", &path))?;
    Ok(Some(InstallStep::WroteTemplateFile(path)))
}

/// Removes the stubs from the user's template folder. Removes the folder too, if it is `default`
/// and holds nothing else. Repositories that were made from it keep their hooks.
///
/// # Errors
///
/// If a file cannot be moved, or if the setting cannot be unset.
pub fn uninstall_template(
    git: &Git,
    default: &Path,
    hooks: &[Hook],
) -> Result<Vec<InstallStep>, HookError> {
    let template = find(git, default)?;
    let hooks_dir = HooksDir::of_template(template.folder.join("hooks"));
    let mut steps = remove_stubs(&hooks_dir, hooks)?;
    if template.folder == default
        && remove_if_empty(&template.folder)?
        && template.scope == Some(ConfigScope::Global)
    {
        template
            .git
            .query(&["config", "--global", "--unset", KEY])?;
        steps.push(InstallStep::Configured {
            key: KEY,
            value: None,
        });
    }
    steps.push(InstallStep::Note(format!(
        "repositories that were made from {} keep their hooks: run `keysieve hook uninstall` in \
         each to remove them",
        printable_path(&template.folder)
    )));
    Ok(steps)
}

/// Removes the folder if it holds nothing but what [`install_template`] wrote.
fn remove_if_empty(folder: &Path) -> Result<bool, HookError> {
    let exclude = folder.join(EXCLUDE_NAME);
    if fs::read(&exclude).is_ok_and(|text| text == EXCLUDE_TEXT.as_bytes()) {
        fs::remove_file(&exclude).map_err(io("remove", &exclude))?;
    }
    for part in ["info", "hooks", ""] {
        let path = folder.join(part);
        match fs::remove_dir(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            // Other files are in it: they stay, and so does the setting.
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => return Ok(false),
            Err(error) => return Err(io("remove", &path)(error)),
        }
    }
    Ok(true)
}
