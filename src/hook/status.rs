//! Whether the hooks are live: where git looks, what stands there, and whether they stop a key.

use std::path::{Path, PathBuf};

use super::self_test::RuleTrace;
use super::{Error, Git, Hook, Manager, Place, Side, Standing, Stub};
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
    /// The side whose hooks were judged.
    pub side: Side,
    /// What stands there, hook by hook: the usual ones of that side, and whatever else there is.
    pub hooks: Vec<HookState>,
    /// Whether a key that is staged, or pushed, is stopped.
    pub verdict: Verdict,
}

/// Whether a key is stopped, as far as it was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was tried, and it is.
    Live,
    /// It is not, and why.
    Dead(String),
    /// It could not be tried, and why.
    Unknown(String),
}

/// Looks at the hooks of the repository that `git` speaks about, and tries those that stop commits
/// and pushes. Without a side, a bare repository is a server.
///
/// `program` is the program that is asking, which is trusted wherever it stands; `carry` names
/// files of the work tree, relative to its top, that the trial needs to come to the same verdict:
/// the configuration.
///
/// # Errors
///
/// Where git cannot say where hooks live, or what stands there cannot be looked at.
pub fn status(
    git: &Git,
    program: &Path,
    carry: &[PathBuf],
    side: Option<Side>,
) -> Result<Report, Error> {
    let place = Place::find(git)?;
    let side = side.unwrap_or(if place.bare {
        Side::Server
    } else {
        Side::Client
    });
    let dead = |place, why: &Error| Report {
        place,
        side,
        hooks: Vec::new(),
        verdict: Verdict::Dead(why.to_string()),
    };
    if let Err(off) = place.check_on() {
        return Ok(dead(place, &off));
    }
    let hooks = match look(&place, side) {
        Ok(hooks) => hooks,
        Err(error @ Error::NotAFolder { .. }) => return Ok(dead(place, &error)),
        Err(error) => return Err(error),
    };
    let verdict = match (Manager::of_folder(&place.folder), side) {
        (Some(manager), Side::Client) => managed(manager, &place.top),
        _ => judge_all(
            &Judge {
                git,
                place: &place,
                program,
                carry,
            },
            side,
        )?,
    };
    Ok(Report {
        place,
        side,
        hooks,
        verdict,
    })
}

fn look(place: &Place, side: Side) -> Result<Vec<HookState>, Error> {
    let mut states = Vec::new();
    for hook in Hook::all() {
        let state = HookState {
            hook,
            path: place.hook(hook),
            standing: place.standing(hook)?,
            kept: place.kept(hook),
        };
        let usual = hook.side() == side && !hook.is_on_request();
        if usual || state.standing != Standing::Missing || state.kept.is_some() {
            states.push(state);
        }
    }
    Ok(states)
}

/// The verdict on a side: that on the hook that everything passes, and on those that stand behind
/// it.
fn judge_all(judge: &Judge<'_>, side: Side) -> Result<Verdict, Error> {
    let ours = |name| {
        Ok::<_, Error>(matches!(
            judge.place.standing(Hook::named(name)?)?,
            Standing::Ours { .. }
        ))
    };
    let names: &[&str] = match side {
        Side::Client if ours("pre-push")? => &["pre-commit", "pre-push"],
        Side::Client => &["pre-commit"],
        Side::Server if !ours("pre-receive")? && ours("update")? => &["update"],
        Side::Server => &["pre-receive"],
    };
    for name in names {
        match judge.hook(Hook::named(name)?)? {
            Verdict::Live => {}
            other => return Ok(other),
        }
    }
    Ok(Verdict::Live)
}

/// What a hook is judged with.
struct Judge<'a> {
    git: &'a Git,
    place: &'a Place,
    program: &'a Path,
    carry: &'a [PathBuf],
}

impl Judge<'_> {
    /// Judges one hook.
    fn hook(&self, hook: Hook) -> Result<Verdict, Error> {
        let place = self.place;
        let path = printable_path(&place.hook(hook));
        let dead = |why: &str| Verdict::Dead(format!("{path} {why}"));
        let install = if hook.side() == Side::Server {
            "keysieve hook install --server"
        } else {
            "keysieve hook install"
        };
        Ok(match place.standing(hook)? {
            Standing::Missing => dead(&format!("is not there: `{install}` puts it there")),
            Standing::NotAFile => dead(&format!("is not a file: move it away, then `{install}`")),
            Standing::Foreign {
                manager: Some(manager),
                ..
            } => managed(manager, &place.top),
            Standing::Foreign { .. } => dead(&format!(
                "is not keysieve's: `{install}` keeps it and runs it first"
            )),
            Standing::Ours {
                executable: false, ..
            } => dead(&format!(
                "is not executable, so git does not run it: `{install}` mends that"
            )),
            Standing::Ours {
                stub:
                    Stub {
                        version,
                        program: None,
                    },
                ..
            } => Verdict::Unknown(format!(
                "{path} (version {version}) was edited or is of another version of keysieve, so it was not run: \
                 `{install}` writes it anew"
            )),
            Standing::Ours {
                stub:
                    Stub {
                        program: Some(runs),
                        ..
                    },
                ..
            } => {
                // What the stub would find on PATH instead may be a part of the repository.
                let Ok(real) = runs.canonicalize() else {
                    return Ok(Verdict::Unknown(format!(
                        "{path} runs {}, which is gone, so it was not run: `{install}` mends that",
                        printable_path(&runs)
                    )));
                };
                // A stub in the work tree may have come with the repository, and so may the program
                // that it names.
                if real.starts_with(&place.top) && runs != self.program {
                    return Ok(Verdict::Unknown(format!(
                        "{path} runs {}, a file of the repository, so it was not run",
                        printable_path(&runs)
                    )));
                }
                RuleTrace {
                    git: self.git,
                    hook,
                    stub: &place.hook(hook),
                    top: &place.top,
                    carry: self.carry,
                }
                .run()?
            }
        })
    }
}

/// The verdict where another program runs the hooks: it cannot be tried without running what the
/// repository says.
fn managed(manager: Manager, top: &Path) -> Verdict {
    let hooks: Vec<_> = Hook::all()
        .filter(|hook| hook.name == "pre-commit")
        .collect();
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
