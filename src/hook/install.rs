//! Installing: one stub a hook, with the hook that stood there kept and chained.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::error::io;
use super::file::{self, Ready};
use super::{Error, Git, Hook, Manager, Place, Side, Standing, Step, Stub, VERSION};
use crate::text::printable_path;

/// What is to be installed.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Which hooks.
    pub hooks: &'a [Hook],
    /// The program that they run: an absolute path.
    pub program: &'a Path,
    /// Whether to install into a folder that other repositories share, and over stubs of a newer
    /// keysieve.
    pub force: bool,
}

/// Installs hooks into the repository that `git` speaks about.
///
/// Looks at everything first: where one of the hooks cannot be installed, none is.
///
/// # Errors
///
/// Where git cannot say where hooks live, another program owns them, the folder is shared with
/// other repositories, or a file cannot be written.
pub fn install(git: &Git, request: &Request<'_>) -> Result<Vec<Step>, Error> {
    let place = Place::find(git)?;
    place.check_on()?;
    if let Some(manager) = Manager::of_folder(&place.folder) {
        return Err(Error::Managed(Box::new(
            manager.advice(&place.top, request.hooks),
        )));
    }
    place.guard(request.force)?;
    let mut steps = fill(&place, request)?;
    steps.extend(notes(&place, request.hooks));
    Ok(steps)
}

/// Installs hooks into a folder, wherever it is.
pub(super) fn fill(place: &Place, request: &Request<'_>) -> Result<Vec<Step>, Error> {
    let plans = request
        .hooks
        .iter()
        .map(|&hook| plan(place, hook, request))
        .collect::<Result<Vec<_>, _>>()?;
    let mut steps = Vec::new();
    if !place.folder.is_dir() {
        fs::create_dir_all(&place.folder).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists | ErrorKind::NotADirectory => Error::NotAFolder {
                path: place.folder.clone(),
            },
            _ => io("make the folder", &place.folder)(error),
        })?;
        steps.push(Step::MadeFolder(place.folder.clone()));
    }
    for plan in plans {
        steps.push(plan.carry_out(place)?);
    }
    Ok(steps)
}

/// What to do about one hook.
struct Plan {
    hook: Hook,
    text: Vec<u8>,
    action: Action,
}

enum Action {
    /// Only say something.
    Say(Step),
    /// Write where nothing stands.
    Write,
    /// Write in place of an older one of ours.
    Refresh,
    /// Write, and keep what stands there.
    Chain,
}

fn plan(place: &Place, hook: Hook, request: &Request<'_>) -> Result<Plan, Error> {
    let text = Stub::render(hook, request.program)?;
    let path = place.hook(hook);
    let action = match place.standing(hook)? {
        Standing::Missing => Action::Write,
        Standing::Ours { stub, .. } if stub.version > VERSION && !request.force => {
            Action::Say(Step::Newer(path))
        }
        Standing::Ours {
            stub,
            executable: true,
        } if stub.program.as_deref() == Some(request.program) => Action::Say(Step::Already(path)),
        Standing::Ours { .. } => Action::Refresh,
        Standing::NotAFile => return Err(Error::NotAFile { path }),
        Standing::Foreign {
            manager: Some(manager),
            ..
        } => {
            return Err(Error::Managed(Box::new(
                manager.advice(&place.top, request.hooks),
            )));
        }
        Standing::Foreign { .. } => match place.kept(hook) {
            Some(chained) => {
                return Err(Error::BothThere {
                    hook: path,
                    chained,
                });
            }
            None => Action::Chain,
        },
    };
    Ok(Plan { hook, text, action })
}

impl Plan {
    fn carry_out(self, place: &Place) -> Result<Step, Error> {
        let path = place.hook(self.hook);
        let chained = place.chained(self.hook);
        if let Action::Say(step) = self.action {
            return Ok(step);
        }
        // Written before anything is moved: most of what can go wrong has then gone wrong.
        let ready = Ready::new(&path, &self.text)?;
        if matches!(self.action, Action::Chain) {
            file::keep_as(&path, &chained)?;
        }
        if let Err(error) = ready.put(&path) {
            if matches!(self.action, Action::Chain) {
                // Back to what was there; the first error is the one to tell.
                let _ = fs::rename(&chained, &path);
            }
            return Err(error);
        }
        Ok(match (self.action, place.kept(self.hook)) {
            (Action::Refresh, _) => Step::Refreshed(path),
            (_, Some(kept)) => {
                let runs = fs::metadata(&kept).is_ok_and(|meta| file::executable(&meta));
                Step::Chained {
                    hook: path,
                    kept,
                    runs,
                }
            }
            (_, None) => Step::Installed(path),
        })
    }
}

/// What to know about the place where the hooks are now.
fn notes(place: &Place, hooks: &[Hook]) -> Vec<Step> {
    let mut notes = Vec::new();
    if place.bare && hooks.iter().all(|hook| hook.side() == Side::Client) {
        notes.push(
            "the repository is bare: these hooks run in worktrees of it; what is pushed to it is scanned by those of \
             `keysieve hook install --server`"
                .to_owned(),
        );
    }
    if hooks.iter().any(|hook| hook.name == "update") {
        notes.push(
            "update runs when the objects of a push are in the repository already: what it refuses stays there until \
             git clears it away, which pre-receive does at once"
                .to_owned(),
        );
    }
    if let Some(setting) = place
        .setting
        .as_ref()
        .filter(|setting| !setting.scope.is_own())
    {
        let folder = printable_path(&place.folder);
        notes.push(format!(
            "core.hooksPath leads every repository to {folder}, by the {} git config",
            setting.scope
        ));
    }
    if place.linked {
        notes.push(
            "this is a linked worktree: the hooks are those of all worktrees of the repository"
                .to_owned(),
        );
    }
    if place.is_in_work_tree() {
        let folder = printable_path(&place.folder);
        notes.push(format!(
            "{folder} is in the work tree: who commits the hooks asks every clone to have keysieve"
        ));
    }
    if let Some(manager) = Manager::configured(&place.top).filter(|_| !place.bare) {
        notes.push(format!(
            "there is a configuration of {manager}: should it take over the hooks, run this again and it will say \
             which lines to add there"
        ));
    }
    notes.into_iter().map(Step::Note).collect()
}
