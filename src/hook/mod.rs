//! Wiring into git: writing hooks where git looks for them, taking them away again, and proving
//! that they are live.
//!
//! A hook stands where commits are made, on the [`Side::Client`], or where they are pushed to, on
//! the [`Side::Server`]; each side has hooks that are installed unless others are named.
//!
//! The stubs of `hooks/` hold no logic, so a newer program makes every hook newer; what they need
//! is the path of the program, written into them by [`install`]. Where hooks live is asked of git
//! itself, never guessed: `core.hooksPath`, linked worktrees and bare repositories are git's to
//! explain.
//!
//! **Invariant:** a hook that is not ours is never changed, lost or run from here: [`install`]
//! moves it aside under a name that the stub runs first, [`uninstall`] moves it back, [`status`]
//! runs nothing but a stub of ours, in a repository of its own.

mod error;
mod file;
mod git;
mod install;
mod manager;
mod place;
mod self_test;
mod status;
mod step;
mod stub;
mod template;
mod uninstall;
mod update;

pub use error::Error;
pub use git::{Git, Scope, Setting};
pub use install::{Request, install};
pub use manager::{Advice, Manager};
pub use place::{Place, Standing};
pub use status::{HookState, Report, Verdict, status};
pub use step::Step;
pub use stub::{Stub, VERSION};
pub use template::{install_template, uninstall_template};
pub use uninstall::uninstall;
pub use update::RefUpdate;

/// The stubs of `hooks/`: name and content, put there by the build script.
static TABLE: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/hooks.rs"));

/// The side of a push that a hook stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Where commits are made and pushed from.
    Client,
    /// Where they are pushed to.
    Server,
}

/// The hooks that git runs for whoever receives a push; all others run for whoever commits and
/// pushes.
const SERVER: [&str; 2] = ["pre-receive", "update"];

/// Hooks that are installed only if they are named. `prepare-commit-msg` runs under `--no-verify`
/// as well, which is for the user to say, and `update` runs once a ref, when the objects of the
/// push are in the repository already.
const ON_REQUEST: [&str; 2] = ["prepare-commit-msg", "update"];

/// A hook of git that keysieve has a stub for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Its name, which is that of its file.
    pub name: &'static str,
    template: &'static str,
}

impl Hook {
    /// Every hook there is a stub for.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE
            .iter()
            .map(|&(name, template)| Self { name, template })
    }

    /// The hooks of a side that are installed unless others are named.
    pub fn usual(side: Side) -> impl Iterator<Item = Self> {
        Self::all().filter(move |hook| hook.side() == side && !hook.is_on_request())
    }

    /// The side that it stands on.
    #[must_use]
    pub fn side(self) -> Side {
        if SERVER.contains(&self.name) {
            Side::Server
        } else {
            Side::Client
        }
    }

    /// Whether it is installed only if it is named.
    #[must_use]
    pub fn is_on_request(self) -> bool {
        ON_REQUEST.contains(&self.name)
    }

    /// The hook of that name.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownHook`] where there is no stub for it.
    pub fn named(name: &str) -> Result<Self, Error> {
        Self::all()
            .find(|hook| hook.name == name)
            .ok_or_else(|| Error::UnknownHook {
                name: name.to_owned(),
                known: Self::all()
                    .map(|hook| hook.name)
                    .collect::<Vec<_>>()
                    .join(", "),
            })
    }

    /// The hooks of those names; where none is named, the usual ones of `side`.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownHook`] where there is no stub for one of them, [`Error::NotOfServers`] where
    /// a server would not run it.
    pub fn chosen(names: &[String], side: Side) -> Result<Vec<Self>, Error> {
        if names.is_empty() {
            return Ok(Self::usual(side).collect());
        }
        let named = |name: &String| match Self::named(name)? {
            hook if side == Side::Server && hook.side() != side => {
                Err(Error::NotOfServers { name: hook.name })
            }
            hook => Ok(hook),
        };
        names.iter().map(named).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stub_is_a_whole_stub_of_this_version() {
        assert!(Hook::all().any(|hook| hook.name == "pre-commit"));
        for hook in Hook::all() {
            let stub = Stub::read(hook, hook.template.as_bytes()).expect("has the id line");
            assert_eq!(stub.version, VERSION, "{}", hook.name);
            assert!(
                stub.program.is_some(),
                "{} has the place of the program",
                hook.name
            );
        }
    }

    #[test]
    fn every_hook_that_is_told_apart_has_a_stub() {
        for name in SERVER.iter().chain(&ON_REQUEST) {
            assert!(Hook::named(name).is_ok(), "{name}");
        }
        let usual = |side| Hook::usual(side).map(|hook| hook.name).collect::<Vec<_>>();
        assert_eq!(
            usual(Side::Client),
            ["commit-msg", "pre-commit", "pre-merge-commit", "pre-push"]
        );
        assert_eq!(usual(Side::Server), ["pre-receive"]);
        assert!(
            Hook::named("ci").is_err(),
            "what is to be copied is no hook"
        );
        assert!(
            Hook::chosen(&["update".to_owned()], Side::Client).is_ok(),
            "the name says which side is meant"
        );
        assert!(Hook::chosen(&["pre-push".to_owned()], Side::Server).is_err());
    }

    #[test]
    fn unknown_hooks_are_named_in_the_error() {
        let error = Hook::named("post-coffee")
            .expect_err("no such hook")
            .to_string();
        assert!(
            error.contains("post-coffee") && error.contains("pre-commit"),
            "{error}"
        );
    }
}
