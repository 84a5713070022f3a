//! Proving that the hook is live, without running anything else.

use std::fs;

use keysieve::hook::Verdict;

use super::ground::{OTHER, Sandbox};

#[test]
fn status_tries_the_hook_and_runs_nothing_else() {
    let ground = Sandbox::new();
    assert!(
        matches!(ground.verdict(), Verdict::Dead(_)),
        "nothing is installed"
    );
    for name in [
        "pre-commit",
        "post-commit",
        "prepare-commit-msg",
        "post-index-change",
        "reference-transaction",
    ] {
        ground.script(&ground.hooks().join(name), OTHER);
    }
    assert!(
        matches!(ground.verdict(), Verdict::Dead(_)),
        "a hook that is not ours"
    );
    ground.install(&ground.repo()).unwrap();
    assert_eq!(ground.verdict(), Verdict::Live);
    assert!(
        !ground.dir.path().join("home/other").exists(),
        "no other hook ran"
    );
    let calls = ground.calls();
    let calls: Vec<_> = calls
        .lines()
        .filter_map(|line| line.strip_prefix("hook run ")?.split(' ').next())
        .collect();
    assert_eq!(
        calls,
        ["pre-commit", "pre-commit", "pre-push", "pre-push"],
        "of each, one that passes and one that does not; a push goes to a repository of its own"
    );

    ground.script(&ground.program, "#!/bin/sh\nexit 0\n");
    assert!(
        matches!(ground.verdict(), Verdict::Dead(_)),
        "a program that lets everything pass"
    );
    ground.script(&ground.program, "#!/bin/sh\necho broken >&2\nexit 2\n");
    assert!(
        matches!(ground.verdict(), Verdict::Unknown(why) if why.contains("broken")),
        "one that stops everything"
    );
}

#[test]
fn status_takes_the_configuration_along_and_runs_nothing_of_the_repository() {
    let ground = Sandbox::new();
    ground.install(&ground.repo()).unwrap();
    ground.script(
        &ground.program,
        "#!/bin/sh\n[ -e .keysieve.toml ] || exit 1\n",
    );
    fs::write(ground.repo().join(".keysieve.toml"), "").unwrap();
    assert!(
        matches!(ground.verdict(), Verdict::Dead(_)),
        "with the configuration, this one lets everything pass"
    );

    let evil = ground.repo().join("keysieve");
    ground.script(&evil, OTHER);
    ground.install_by(&ground.repo(), &evil, false).unwrap();
    assert!(matches!(ground.verdict(), Verdict::Unknown(_)));
    let stub = ground.hooks().join("pre-commit");
    ground.script(
        &stub,
        &fs::read_to_string(&stub)
            .unwrap()
            .replace("exec ", "touch \"$HOME/other\"; exec "),
    );
    assert!(
        matches!(ground.verdict(), Verdict::Unknown(_)),
        "an edited stub"
    );
    assert!(!ground.dir.path().join("home/other").exists());
}
