//! Installs git hooks, removes them, and tests that they stop a key.
//!
//! A client hook runs where commits are made and pushed from, a server hook where they are pushed
//! to: see [`Side`]. [`HOOKS`] has one row for each hook, and installing, removing, testing and
//! running hooks all follow that table. To add a hook, add its row.
//!
//! All hooks are the same file, `hooks/stub.sh`, which takes the name of the hook from its own
//! file name. It has no logic, so a newer program does not need newer hooks. [`install`] writes the
//! path of the program into it. Git itself is asked where hooks belong, because `core.hooksPath`,
//! linked worktrees and bare repositories all change that.
//!
//! **Invariant:** a hook that keysieve did not write is never changed, lost or run from here:
//! [`install`] moves it aside to a name that the stub runs first, [`uninstall`] moves it back, and
//! [`status`] runs only unedited stubs, and frameworks with a configuration that has nothing but
//! keysieve's hook, in a temporary repository.

mod config_scope;
mod error;
mod file;
mod framework;
mod git;
mod hooks_dir;
mod install;
mod manager;
mod self_test;
mod status;
mod step;
mod stub;
mod template;
mod uninstall;
mod update;

pub use config_scope::ConfigScope;
pub use error::HookError;
pub use git::{ConfigValue, Git};
pub use hooks_dir::{HookFile, HooksDir};
pub use install::{InstallRequest, install};
pub use manager::{Manager, ManagerAdvice};
pub use self_test::Liveness;
pub use status::{HookStatus, StatusReport, status};
pub use step::InstallStep;
pub use stub::{Stub, VERSION};
pub use template::{install_template, uninstall_template};
pub use uninstall::uninstall;
pub use update::RefUpdate;

/// The side of a push on which a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Where commits are made and pushed from.
    Client,
    /// Where commits are pushed to.
    Server,
}

/// What git passes to a hook, which determines what the hook scans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookInput {
    /// Nothing that is needed: the hook scans what is staged.
    Index,
    /// The file that holds the commit message, as the first argument.
    MessageFile,
    /// The same for the message of a patch, which is not edited.
    PatchMessageFile,
    /// The remote, as the first argument, and the refs to push on standard input.
    PushedRefs,
    /// The refs to update, on standard input.
    ReceivedRefs,
    /// One ref to update, as three arguments: its name, its old id and its new id.
    RefArguments,
}

/// A git hook that keysieve can install.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Its name, which is also its file name.
    pub name: &'static str,
    /// Where it runs.
    pub side: Side,
    /// What git passes to it.
    pub input: HookInput,
    /// Whether it is installed if no hook is named.
    pub by_default: bool,
    /// Its id in `.pre-commit-hooks.yaml`, for the program on `PATH`; `None` if the pre-commit
    /// framework does not run such hooks.
    pub framework_id: Option<&'static str>,
}

/// Every hook that keysieve can install.
///
/// Two of them are installed only on request: `prepare-commit-msg` runs even with `--no-verify`,
/// which is the user's choice to make, and `update` runs once for each ref, after git has accepted
/// the objects of the push.
#[rustfmt::skip]
pub static HOOKS: [Hook; 9] = [
    Hook::for_patches("applypatch-msg", HookInput::PatchMessageFile),
    Hook::client("commit-msg", HookInput::MessageFile, "keysieve-system-commit-msg"),
    Hook::for_patches("pre-applypatch", HookInput::Index),
    Hook::client("pre-commit", HookInput::Index, "keysieve-system"),
    Hook::client("pre-merge-commit", HookInput::Index, "keysieve-system"),
    Hook::client("pre-push", HookInput::PushedRefs, "keysieve-system-pre-push"),
    Hook::server("pre-receive", HookInput::ReceivedRefs),
    Hook::client("prepare-commit-msg", HookInput::Index, "keysieve-system-prepare-commit-msg")
        .on_request(),
    Hook::server("update", HookInput::RefArguments).on_request(),
];

impl Hook {
    const fn client(name: &'static str, input: HookInput, framework_id: &'static str) -> Self {
        Self {
            name,
            side: Side::Client,
            input,
            by_default: true,
            framework_id: Some(framework_id),
        }
    }

    /// A hook of `git am`.
    const fn for_patches(name: &'static str, input: HookInput) -> Self {
        Self {
            framework_id: None,
            ..Self::client(name, input, "")
        }
    }

    const fn server(name: &'static str, input: HookInput) -> Self {
        Self {
            name,
            side: Side::Server,
            input,
            by_default: true,
            framework_id: None,
        }
    }

    const fn on_request(self) -> Self {
        Self {
            by_default: false,
            ..self
        }
    }

    /// The hooks of a side that are installed if none is named.
    pub fn defaults(side: Side) -> impl Iterator<Item = Self> {
        let hooks = HOOKS.iter().copied();
        hooks.filter(move |hook| hook.side == side && hook.by_default)
    }

    /// The hook with this name.
    ///
    /// # Errors
    ///
    /// [`HookError::UnknownHook`] if it is not in [`HOOKS`].
    pub fn named(name: &str) -> Result<Self, HookError> {
        let found = HOOKS.iter().find(|hook| hook.name == name);
        found.copied().ok_or_else(|| HookError::UnknownHook {
            name: name.to_owned(),
        })
    }

    /// The hooks with these names, or the default hooks of `side` if no name is given.
    ///
    /// # Errors
    ///
    /// [`HookError::UnknownHook`] for an unknown name, [`HookError::NotForServers`] for a hook that
    /// a server would not run.
    pub fn select(names: &[String], side: Side) -> Result<Vec<Self>, HookError> {
        if names.is_empty() {
            return Ok(Self::defaults(side).collect());
        }
        let hooks: Vec<_> = names
            .iter()
            .map(|name| Self::named(name))
            .collect::<Result<_, _>>()?;
        match hooks.iter().find(|hook| hook.side == Side::Client) {
            Some(hook) if side == Side::Server => Err(HookError::NotForServers { name: hook.name }),
            _ => Ok(hooks),
        }
    }

    /// Whether it runs because of a push, and not because of a commit.
    fn is_for_push(self) -> bool {
        match self.input {
            HookInput::Index | HookInput::MessageFile | HookInput::PatchMessageFile => false,
            HookInput::PushedRefs | HookInput::ReceivedRefs | HookInput::RefArguments => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_hooks_are_those_that_need_no_decision() {
        let defaults = |side| {
            Hook::defaults(side)
                .map(|hook| hook.name)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            defaults(Side::Client),
            [
                "applypatch-msg",
                "commit-msg",
                "pre-applypatch",
                "pre-commit",
                "pre-merge-commit",
                "pre-push"
            ]
        );
        assert_eq!(defaults(Side::Server), ["pre-receive"]);
    }

    #[test]
    fn a_server_hook_needs_no_flag_but_a_client_hook_is_refused_on_a_server() {
        assert!(Hook::select(&["update".to_owned()], Side::Client).is_ok());
        assert!(Hook::select(&["pre-push".to_owned()], Side::Server).is_err());
    }

    #[test]
    fn the_error_for_an_unknown_hook_lists_the_known_ones() {
        let error = Hook::named("post-coffee").expect_err("unknown").to_string();
        assert!(
            error.contains("post-coffee") && error.contains("pre-commit"),
            "{error}"
        );
    }

    #[test]
    fn the_pre_commit_manifest_has_every_default_hook() {
        let manifest = include_str!("../../.pre-commit-hooks.yaml");
        let entries: Vec<_> = manifest.split("\n- id: ").collect();
        // The framework runs no hooks of `git am`.
        let hooks = Hook::defaults(Side::Client);
        for (hook, id) in hooks.filter_map(|hook| Some((hook, hook.framework_id?))) {
            for variant in ["-system", "-src", ""] {
                let id = id.replacen("-system", variant, 1);
                let entry = entries
                    .iter()
                    .find(|entry| entry.starts_with(&format!("{id}\n")));
                let entry = entry.unwrap_or_else(|| panic!("no id {id} in the manifest"));
                let stages = entry.lines().find(|line| line.starts_with("  stages: "));
                let stages: Vec<_> = stages
                    .expect("an entry with stages")
                    .split(|c: char| !c.is_ascii_alphabetic() && c != '-')
                    .collect();
                assert!(stages.contains(&hook.name), "{id}: {stages:?}");
                let pass_filenames = !entry.contains("pass_filenames: false");
                assert_eq!(pass_filenames, hook.input == HookInput::MessageFile, "{id}");
            }
        }
    }
}
