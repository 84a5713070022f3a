//! The self test of `hook status`, which runs no other hook.

use std::fs;

use keysieve::hook::Liveness;

use super::hook_repo::{FOREIGN_HOOK, HookRepo};
use crate::support::write_script;

#[test]
fn status_tests_the_hooks_and_runs_no_others() {
    let repo = HookRepo::new();
    assert!(
        matches!(repo.liveness(), Liveness::NotLive(_)),
        "nothing is installed"
    );
    for name in [
        "pre-commit",
        "post-commit",
        "prepare-commit-msg",
        "post-index-change",
        "reference-transaction",
    ] {
        write_script(repo.hooks().join(name), FOREIGN_HOOK);
    }
    assert!(
        matches!(repo.liveness(), Liveness::NotLive(_)),
        "a hook that is not ours"
    );
    repo.install(repo.root()).unwrap();
    assert_eq!(repo.liveness(), Liveness::Live);
    assert!(!repo.outside("home/other").exists(), "no other hook ran");
    let calls = repo.calls();
    let calls: Vec<_> = calls
        .lines()
        .filter_map(|line| line.strip_prefix("hook run ")?.split(' ').next())
        .collect();
    assert_eq!(
        calls,
        ["pre-commit", "pre-commit", "pre-push", "pre-push"],
        "each hook is tested without and with a key"
    );

    write_script(&repo.program, "#!/bin/sh\nexit 0\n");
    assert!(
        matches!(repo.liveness(), Liveness::NotLive(_)),
        "a program that refuses nothing"
    );
    write_script(&repo.program, "#!/bin/sh\necho broken >&2\nexit 2\n");
    assert!(
        matches!(repo.liveness(), Liveness::Unknown(why) if why.contains("broken")),
        "a program that refuses everything"
    );
}

#[test]
fn status_uses_the_configuration_and_runs_no_program_of_the_repository() {
    let repo = HookRepo::new();
    repo.install(repo.root()).unwrap();
    write_script(
        &repo.program,
        "#!/bin/sh\n[ -e .keysieve.toml ] || exit 1\n",
    );
    fs::write(repo.root().join(".keysieve.toml"), "").unwrap();
    assert!(
        matches!(repo.liveness(), Liveness::NotLive(_)),
        "the program refuses nothing if the configuration exists"
    );

    let evil = repo.root().join("keysieve");
    write_script(&evil, FOREIGN_HOOK);
    repo.install_program(repo.root(), &evil, false).unwrap();
    assert!(matches!(repo.liveness(), Liveness::Unknown(_)));
    let stub = repo.hooks().join("pre-commit");
    write_script(
        &stub,
        &fs::read_to_string(&stub)
            .unwrap()
            .replace("exec ", "touch \"$HOME/other\"; exec "),
    );
    assert!(
        matches!(repo.liveness(), Liveness::Unknown(_)),
        "an edited stub"
    );
    assert!(!repo.outside("home/other").exists());
}
