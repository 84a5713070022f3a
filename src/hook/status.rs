//! Whether the hook is live: where git looks, what stands there, and whether it stops a key.

use std::path::{Path, PathBuf};

use super::trial::Trial;
use super::{Error, Git, Hook, Manager, Place, Standing, Stub};
use crate::text::printable_path;

/// What stands in the place of one hook.
#[derive(Clone, Debug)]
pub struct HookState {
    /// The hook.
    pub hook: Hook,
    /// Where git looks for it.
    pub path: PathBuf,
    /// What stands there.
    pub standing: Standing,
    /// The hook that is kept beside it, where there is one.
    pub kept: Option<PathBuf>,
}

/// Everything there is to know about the hooks of a repository.
#[derive(Clone, Debug)]
pub struct Report {
    /// Where git looks for hooks.
    pub place: Place,
    /// What stands there, hook by hook.
    pub hooks: Vec<HookState>,
    /// Whether a key that is staged is stopped.
    pub verdict: Verdict,
}

/// Whether a key that is staged is stopped, as far as it was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was tried, and it is.
    Live,
    /// It is not, and why.
    Dead(String),
    /// It could not be tried, and why.
    Unknown(String),
}

/// Looks at the hooks of the repository that `git` speaks about, and tries the one that stops commits.
///
/// `program` is the program that is asking, which is trusted wherever it stands; `carry` names files of the work tree,
/// relative to its top, that the trial needs to come to the same verdict: the configuration.
///
/// # Errors
///
/// Where git cannot say where hooks live, or what stands there cannot be looked at.
pub fn status(git: &Git, program: &Path, carry: &[PathBuf]) -> Result<Report, Error> {
    let place = Place::find(git)?;
    if let Err(off) = place.check_on() {
        return Ok(Report { place, hooks: Vec::new(), verdict: Verdict::Dead(off.to_string()) });
    }
    let look = |hook| {
        let standing = place.standing(hook)?;
        Ok(HookState { hook, path: place.hook(hook), standing, kept: place.kept(hook) })
    };
    let hooks = match Hook::all().map(look).collect::<Result<Vec<_>, Error>>() {
        Ok(hooks) => hooks,
        Err(error @ Error::NotAFolder { .. }) => {
            return Ok(Report { place, hooks: Vec::new(), verdict: Verdict::Dead(error.to_string()) });
        }
        Err(error) => return Err(error),
    };
    let verdict = match Manager::of_folder(&place.folder) {
        Some(manager) => managed(manager, &place.top),
        None => judge(git, &place, program, carry)?,
    };
    Ok(Report { place, hooks, verdict })
}

/// Judges the hook that every commit passes.
fn judge(git: &Git, place: &Place, program: &Path, carry: &[PathBuf]) -> Result<Verdict, Error> {
    let hook = Hook::named("pre-commit")?;
    let path = printable_path(&place.hook(hook));
    let dead = |why: &str| Verdict::Dead(format!("{path} {why}"));
    Ok(match place.standing(hook)? {
        Standing::Missing => dead("is not there: `keysieve hook install` puts it there"),
        Standing::NotAFile => dead("is not a file: move it away, then `keysieve hook install`"),
        Standing::Foreign { manager: Some(manager), .. } => managed(manager, &place.top),
        Standing::Foreign { .. } => dead("is not keysieve's: `keysieve hook install` keeps it and runs it first"),
        Standing::Ours { executable: false, .. } => {
            dead("is not executable, so git does not run it: `keysieve hook install` mends that")
        }
        Standing::Ours { stub: Stub { version, program: None }, .. } => Verdict::Unknown(format!(
            "{path} (version {version}) was edited or is of another version of keysieve, so it was not run: \
             `keysieve hook install` writes it anew"
        )),
        Standing::Ours { stub: Stub { program: Some(runs), .. }, .. } => {
            // What the stub would find on PATH instead may be a part of the repository.
            let Ok(real) = runs.canonicalize() else {
                return Ok(Verdict::Unknown(format!(
                    "{path} runs {}, which is gone, so it was not run: `keysieve hook install` mends that",
                    printable_path(&runs)
                )));
            };
            // A stub in the work tree may have come with the repository, and so may the program that it names.
            if real.starts_with(&place.top) && runs != program {
                return Ok(Verdict::Unknown(format!(
                    "{path} runs {}, a file of the repository, so it was not run",
                    printable_path(&runs)
                )));
            }
            Trial { git, stub: &place.hook(hook), top: &place.top, carry }.run()?
        }
    })
}

/// The verdict where another program runs the hooks: it cannot be tried without running what the repository says.
fn managed(manager: Manager, top: &Path) -> Verdict {
    let hooks: Vec<_> = Hook::all().filter(|hook| hook.name == "pre-commit").collect();
    if manager.mentions_us(top, &hooks) {
        return Verdict::Unknown(format!(
            "{manager} runs the hooks, and its configuration names keysieve; trying it would run everything that it \
             is told to run"
        ));
    }
    Verdict::Dead(format!(
        "{manager} runs the hooks, and its configuration does not name keysieve: `keysieve hook install` says which \
         lines to add"
    ))
}
