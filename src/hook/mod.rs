//! Wiring into git: writing hooks where git looks for them, taking them away again, and proving that they are live.
//!
//! The stubs of `hooks/` hold no logic, so a newer program makes every hook newer; what they need is the path of the
//! program, written into them by [`install`]. Where hooks live is asked of git itself, never guessed: `core.hooksPath`,
//! linked worktrees and bare repositories are git's to explain.
//!
//! **Invariant:** a hook that is not ours is never changed, lost or run from here: [`install`] moves it aside under a
//! name that the stub runs first, [`uninstall`] moves it back, [`status`] runs nothing but a stub of ours, in a
//! repository of its own.

mod error;
mod file;
mod git;
mod install;
mod manager;
mod place;
mod status;
mod step;
mod stub;
mod template;
mod trial;
mod uninstall;

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

/// The stubs of `hooks/`: name and content, put there by the build script.
static TABLE: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/hooks.rs"));

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
        TABLE.iter().map(|&(name, template)| Self { name, template })
    }

    /// The hook of that name.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownHook`] where there is no stub for it.
    pub fn named(name: &str) -> Result<Self, Error> {
        Self::all().find(|hook| hook.name == name).ok_or_else(|| Error::UnknownHook {
            name: name.to_owned(),
            known: Self::all().map(|hook| hook.name).collect::<Vec<_>>().join(", "),
        })
    }

    /// The hooks of those names; every hook where none is named.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownHook`] where there is no stub for one of them.
    pub fn chosen(names: &[String]) -> Result<Vec<Self>, Error> {
        if names.is_empty() {
            return Ok(Self::all().collect());
        }
        names.iter().map(|name| Self::named(name)).collect()
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
            assert!(stub.program.is_some(), "{} has the place of the program", hook.name);
        }
    }

    #[test]
    fn unknown_hooks_are_named_in_the_error() {
        let error = Hook::named("post-coffee").expect_err("no such hook").to_string();
        assert!(error.contains("post-coffee") && error.contains("pre-commit"), "{error}");
    }
}
