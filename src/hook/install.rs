//! Installs a stub for each hook. A hook that is there already is kept, and the stub runs it first.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::error::io;
use super::file::{self, Ready};
use super::framework;
use super::{
    Git, HOOKS, Hook, HookError, HookFile, HooksDir, InstallStep, Manager, Side, Stub, VERSION,
};
use crate::text::printable_path;

/// What to install.
#[derive(Clone, Copy, Debug)]
pub struct InstallRequest<'a> {
    /// The hooks.
    pub hooks: &'a [Hook],
    /// The program that they run: an absolute path.
    pub program: &'a Path,
    /// Whether to install into a folder that other repositories share or that a link of this one
    /// leads to, and to replace stubs of a newer keysieve.
    pub force: bool,
}

/// Installs hooks into the repository of `git`.
///
/// All hooks are checked first: if one of them cannot be installed, none is.
///
/// # Errors
///
/// If git cannot say where hooks belong, if another program manages them, if the folder is shared
/// with other repositories or outside of the repository behind a link, or if a file cannot be
/// written.
pub fn install(git: &Git, request: &InstallRequest<'_>) -> Result<Vec<InstallStep>, HookError> {
    let hooks_dir = HooksDir::find(git)?;
    hooks_dir.check_enabled()?;
    if let Some(manager) = Manager::that_owns(&hooks_dir.folder) {
        return Err(managed(manager, &hooks_dir, request));
    }
    hooks_dir.check_not_shared(request.force)?;
    hooks_dir.check_inside(request.force)?;
    let hooks = with_installed(&hooks_dir, request.hooks);
    let request = InstallRequest {
        hooks: &hooks,
        ..*request
    };
    check_framework(&hooks_dir, &request)?;
    let mut steps = match write_stubs(&hooks_dir, &request) {
        Err(HookError::Managed(advice)) if advice.lines.is_empty() => {
            let manager = advice.manager;
            return Ok(vec![InstallStep::Note(format!(
                "{manager} runs keysieve for all these hooks already, so nothing was changed; \
                 `keysieve hook status` tries a key"
            ))]);
        }
        steps => steps?,
    };
    let notes = notes(&hooks_dir, request.hooks);
    steps.extend(notes.into_iter().map(InstallStep::Note));
    Ok(steps)
}

/// Refuses hooks of keysieve's own if a framework is configured to run keysieve but has not written
/// its hooks yet: when it does, it keeps ours and runs them too, so each finding would be shown
/// twice.
fn check_framework(hooks_dir: &HooksDir, request: &InstallRequest<'_>) -> Result<(), HookError> {
    let manager = Manager::configured(&hooks_dir.top);
    let Some((manager, program)) = manager.and_then(|found| Some((found, found.framework()?)))
    else {
        return Ok(());
    };
    let has_written = |hook: &Hook| {
        let file = hooks_dir.inspect(*hook);
        matches!(
            file,
            Ok(HookFile::Foreign {
                manager: Some(_),
                ..
            })
        )
    };
    let present = manager.has(&hooks_dir.top, request.hooks);
    if request.force || hooks_dir.bare || present.is_empty() || present.iter().any(has_written) {
        return Ok(());
    }
    Err(HookError::FrameworkNotInstalled {
        manager,
        command: framework::install_command(program, &present),
    })
}

/// The requested hooks, and those that were installed before: a stub of an earlier version would
/// otherwise stay as it is, and run a program that was replaced.
fn with_installed(hooks_dir: &HooksDir, requested: &[Hook]) -> Vec<Hook> {
    let is_ours = |hook: Hook| matches!(hooks_dir.inspect(hook), Ok(HookFile::Ours { .. }));
    let others = HOOKS
        .into_iter()
        .filter(|hook| !requested.contains(hook) && is_ours(*hook));
    requested.iter().copied().chain(others).collect()
}

/// Installs hooks into a folder.
pub(super) fn write_stubs(
    hooks_dir: &HooksDir,
    request: &InstallRequest<'_>,
) -> Result<Vec<InstallStep>, HookError> {
    let changes = request
        .hooks
        .iter()
        .map(|&hook| plan(hooks_dir, hook, request))
        .collect::<Result<Vec<_>, _>>()?;
    let stub = Stub::render(request.program)?;
    let folder = &hooks_dir.folder;
    let mut steps = Vec::new();
    if !folder.is_dir() {
        fs::create_dir_all(folder).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists | ErrorKind::NotADirectory => HookError::NotAFolder {
                path: folder.clone(),
            },
            _ => io("create the folder", folder)(error),
        })?;
        steps.push(InstallStep::CreatedFolder(folder.clone()));
    }
    for (change, &hook) in changes.into_iter().zip(request.hooks) {
        steps.push(change.apply(hooks_dir, hook, &stub)?);
    }
    Ok(steps)
}

/// What to do at the path of one hook.
enum Change {
    /// Nothing, for the reason in the step.
    Nothing(InstallStep),
    /// Write the stub where nothing is.
    Create,
    /// Replace one of our stubs.
    Replace,
    /// Keep the foreign hook and write the stub.
    Chain,
}

fn plan(
    hooks_dir: &HooksDir,
    hook: Hook,
    request: &InstallRequest<'_>,
) -> Result<Change, HookError> {
    let path = hooks_dir.path_of(hook);
    match hooks_dir.inspect(hook)? {
        HookFile::Missing => Ok(Change::Create),
        HookFile::NotAFile => Err(HookError::NotAFile { path }),
        HookFile::Ours { stub, .. } if stub.version > VERSION && !request.force => {
            Ok(Change::Nothing(InstallStep::KeptNewer(path)))
        }
        HookFile::Ours { stub, executable } => {
            if executable && stub.program.as_deref() == Some(request.program) {
                Ok(Change::Nothing(InstallStep::AlreadyInstalled(path)))
            } else {
                Ok(Change::Replace)
            }
        }
        HookFile::Foreign {
            manager: Some(manager),
            ..
        } => Err(managed(manager, hooks_dir, request)),
        HookFile::Foreign { .. } => match hooks_dir.previous_hook(hook) {
            Some(chained) => Err(HookError::TwoForeignHooks {
                hook: path,
                chained,
            }),
            None => Ok(Change::Chain),
        },
    }
}

impl Change {
    fn apply(
        self,
        hooks_dir: &HooksDir,
        hook: Hook,
        stub: &[u8],
    ) -> Result<InstallStep, HookError> {
        let path = hooks_dir.path_of(hook);
        let chained = hooks_dir.chained_path(hook);
        if let Self::Nothing(step) = self {
            return Ok(step);
        }
        // The stub is written before anything is moved, because writing is what fails most often.
        let ready = Ready::new(&path, stub)?;
        if matches!(self, Self::Chain) {
            file::keep_as(&path, &chained)?;
        }
        if let Err(error) = ready.put(&path) {
            if matches!(self, Self::Chain) {
                // Undo the move. If that fails too, the first error is still the one to report.
                let _ = fs::rename(&chained, &path);
            }
            return Err(error);
        }
        Ok(match (self, hooks_dir.previous_hook(hook)) {
            (Self::Replace, _) => InstallStep::Updated(path),
            (_, Some(previous)) => InstallStep::Chained {
                hook: path,
                runs: fs::metadata(&previous).is_ok_and(|meta| file::executable(&meta)),
                previous,
            },
            (_, None) => InstallStep::Installed(path),
        })
    }
}

fn managed(manager: Manager, hooks_dir: &HooksDir, request: &InstallRequest<'_>) -> HookError {
    HookError::Managed(Box::new(manager.advice(&hooks_dir.top, request.hooks)))
}

/// What the user should know about the folder and the hooks that are in it now.
fn notes(hooks_dir: &HooksDir, hooks: &[Hook]) -> Vec<String> {
    let folder = printable_path(&hooks_dir.folder);
    let mut notes = Vec::new();
    if hooks_dir.bare && hooks.iter().all(|hook| hook.side == Side::Client) {
        notes.push(
            "the repository is bare: these hooks run in its worktrees only; to scan what is \
             pushed to it, run `keysieve hook install --server`"
                .to_owned(),
        );
    }
    if hooks.iter().any(|hook| hook.name == "update") {
        notes.push(
            "update runs after git has accepted the objects of a push: what it refuses stays in \
             the repository until the next garbage collection; pre-receive leaves nothing behind"
                .to_owned(),
        );
    }
    if let Some(setting) = hooks_dir.shared_setting() {
        notes.push(format!(
            "core.hooksPath in the {} git config makes other repositories use {folder} too",
            setting.scope
        ));
    }
    if hooks_dir.linked {
        notes.push(
            "this is a linked worktree: all worktrees of the repository share these hooks"
                .to_owned(),
        );
    }
    if hooks_dir.is_in_work_tree() {
        notes.push(format!(
            "{folder} is in the work tree: if the hooks are committed, every clone needs keysieve"
        ));
    }
    if !hooks_dir.bare
        && let Some(manager) = Manager::configured(&hooks_dir.top)
    {
        notes.push(format!(
            "the repository has a configuration of {manager}: if it takes over the hooks, run \
             `keysieve hook install` again for the lines to add there"
        ));
    }
    notes
}
