//! Hooks that an earlier version installed: they still work, and are recognised and replaced.

use std::fs;

use keysieve::hook::{HOOKS, InstallStep, Liveness, Stub, VERSION};

use super::hook_repo::{FOREIGN_HOOK, HookRepo, key};
use crate::support::write_script;

/// The stub of version 2, without most of its comments.
const VERSION_2: &str = r#"#!/bin/sh
# keysieve hook 2
# Written by `keysieve hook install`, taken away by `keysieve hook uninstall`.

hook=${0##*/}
hook=${hook%%.*}

chained=${0%/*}/$hook.keysieve-chained
said=
if [ -x "$chained" ]; then
    case $hook in pre-push | pre-receive) said=$(cat) ;; esac
    if [ -n "$said" ]; then
        printf '%s\n' "$said" 2>/dev/null | "$chained" "$@" || exit
    else
        "$chained" "$@" || exit
    fi
fi

keysieve='@KEYSIEVE@'
if [ ! -x "$keysieve" ]; then
    keysieve=$(command -v keysieve)
    case $keysieve in "$PWD"/*) keysieve='' ;; esac
fi
case $keysieve in
    /* | [A-Za-z]:*)
        [ -n "$said" ] || exec "$keysieve" hook run "$hook" "$@"
        printf '%s\n' "$said" | "$keysieve" hook run "$hook" "$@"
        exit
        ;;
esac

cat >&2 <<END
keysieve: refused by the $hook hook: keysieve is not installed, so nothing was scanned.
  help: install it again, or take the hook away: rm '$0'
END
exit 2
"#;

/// A repository whose pre-commit hook is of version 2 and runs another hook first.
fn with_version_2() -> HookRepo {
    let repo = HookRepo::new();
    let program = repo.program.to_str().unwrap().replace('\'', r"'\''");
    let stub = VERSION_2.replace("@KEYSIEVE@", &program);
    write_script(repo.hooks().join("pre-commit"), &stub);
    let kept = repo.hooks().join("pre-commit.keysieve-chained");
    write_script(kept, FOREIGN_HOOK);
    repo
}

#[test]
fn an_earlier_hook_still_runs_with_the_hook_that_it_keeps() {
    let repo = with_version_2();
    assert!(!repo.commit(repo.root(), &key()));
    assert!(repo.commit(repo.root(), "clean"));
    assert!(repo.outside("home/other").exists());
}

#[test]
fn an_earlier_hook_is_recognised_but_not_run_by_status() {
    let repo = with_version_2();
    let stub = fs::read(repo.hooks().join("pre-commit")).unwrap();
    assert_eq!(Stub::parse(&stub).unwrap().version, 2);
    let Liveness::Unknown(why) = repo.liveness() else {
        panic!("a hook with an unknown text was run")
    };
    let versions = format!("hook version 2, not {VERSION}");
    assert!(
        why.contains(&versions) && why.contains("hook install"),
        "{why}"
    );
    assert_eq!(repo.calls(), "");
}

#[test]
fn installing_updates_an_earlier_hook_and_keeps_the_other_one() {
    let repo = with_version_2();
    let hook = repo.hooks().join("pre-commit");
    let steps = repo.install(repo.root()).unwrap();
    assert!(
        steps.contains(&InstallStep::Updated(hook.clone())),
        "{steps:?}"
    );
    assert_eq!(
        Stub::parse(&fs::read(hook).unwrap()).unwrap().version,
        VERSION
    );
    assert_eq!(repo.liveness(), Liveness::Live);
    assert!(repo.commit(repo.root(), "clean"));
    assert!(repo.outside("home/other").exists());
}

#[test]
fn installing_updates_earlier_hooks_that_were_installed_on_request() {
    let repo = HookRepo::new();
    let hook = repo.hooks().join("prepare-commit-msg");
    write_script(&hook, VERSION_2);
    repo.install(repo.root()).unwrap();
    let stub = Stub::parse(&fs::read(hook).unwrap()).unwrap();
    assert_eq!(stub.version, VERSION);
    assert!(!repo.hooks().join("update").exists());
}

#[test]
fn an_earlier_hook_of_each_name_is_removed() {
    let repo = HookRepo::new();
    for hook in HOOKS {
        write_script(repo.hooks().join(hook.name), VERSION_2);
    }
    repo.uninstall(repo.root()).unwrap();
    assert_eq!(repo.hook_names(), [""; 0]);

    let repo = with_version_2();
    let hook = repo.hooks().join("pre-commit");
    let steps = repo.uninstall(repo.root()).unwrap();
    assert!(
        steps.contains(&InstallStep::Restored(hook.clone())),
        "{steps:?}"
    );
    assert_eq!(fs::read_to_string(hook).unwrap(), FOREIGN_HOOK);
}
