//! What git does with the stubs once they are there.

use std::fs;
use std::path::Path;
use std::process::Command;

use keysieve::hook::{Step, Verdict};

use super::ground::{OTHER, Sandbox, key, text};

#[test]
fn a_commit_with_a_key_is_stopped_and_others_go_through() {
    let ground = Sandbox::new();
    let steps = ground.install(&ground.repo()).unwrap();
    assert!(
        steps.contains(&Step::Installed(ground.hooks().join("pre-commit"))),
        "{steps:?}"
    );
    assert!(
        !ground.commit(&ground.repo(), &key()),
        "the very first commit, with a key"
    );
    assert!(ground.commit(&ground.repo(), "clean"));
    assert!(
        ground.calls().contains("hook run pre-commit\n"),
        "{}",
        ground.calls()
    );
    assert!(
        ground
            .calls()
            .contains("hook run commit-msg .git/COMMIT_EDITMSG"),
        "{}",
        ground.calls()
    );
    assert!(!ground.commit(&ground.repo(), &key()));
}

#[test]
fn a_message_with_a_key_is_stopped() {
    let ground = Sandbox::new();
    ground.install(&ground.repo()).unwrap();
    let output = ground.run_git(&ground.repo(), &["commit", "--allow-empty", "-qm", &key()]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
}

#[test]
fn a_chained_hook_may_still_change_what_is_committed() {
    let ground = Sandbox::new();
    let adds = format!("#!/bin/sh\necho {} > late; git add late\n", key());
    ground.script(&ground.hooks().join("pre-commit"), &adds);
    ground.install(&ground.repo()).unwrap();
    assert!(
        !ground.commit(&ground.repo(), "clean"),
        "what it staged was scanned"
    );
}

#[test]
fn moved_aside_by_another_tool_the_stub_still_knows_its_hook() {
    let ground = Sandbox::new();
    ground.script(&ground.hooks().join("pre-commit"), OTHER);
    ground.install(&ground.repo()).unwrap();
    let stub = ground.hooks().join("pre-commit");
    fs::rename(&stub, ground.hooks().join("pre-commit.legacy")).unwrap();
    ground.script(&stub, "#!/bin/sh\nexec \"$0.legacy\" \"$@\"\n");
    assert!(!ground.commit(&ground.repo(), &key()));
    assert!(ground.commit(&ground.repo(), "clean"));
    assert!(
        ground.dir.path().join("home/other").exists(),
        "the chained hook runs as well"
    );
}

#[test]
fn without_the_program_nothing_passes() {
    let ground = Sandbox::new();
    ground.install(&ground.repo()).unwrap();
    fs::remove_file(&ground.program).unwrap();
    ground.script(&ground.repo().join("bin/keysieve"), "#!/bin/sh\nexit 0\n");
    fs::write(ground.repo().join("file"), "clean").unwrap();
    ground.git(&["add", "file"]);
    let path = std::env::var("PATH").unwrap();
    let inside = ground.repo().join("bin");
    for folder in [".", "bin", "./bin", inside.to_str().unwrap()] {
        let mut git = Command::new("git");
        git.current_dir(ground.repo()).args([
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "commit",
            "-qm",
            "x",
        ]);
        git.envs(ground.env());
        git.env("PATH", format!("{folder}:{path}"));
        let output = git.output().unwrap();
        assert!(
            !output.status.success(),
            "a program of the repository ran, by PATH {folder}"
        );
        assert!(
            text(&output).contains("keysieve is not installed"),
            "{}",
            text(&output)
        );
    }
    assert!(matches!(ground.verdict(), Verdict::Unknown(why) if why.contains("is gone")));
}

#[test]
fn a_program_that_went_is_looked_for_on_path() {
    let ground = Sandbox::new();
    ground
        .install_by(&ground.repo(), Path::new("/gone/keysieve"), false)
        .unwrap();
    let git = |key: &str| {
        fs::write(ground.repo().join("file"), key).unwrap();
        ground.git(&["add", "file"]);
        let bin = ground.program.parent().unwrap().to_str().unwrap();
        let path = format!("{}:{bin}", std::env::var("PATH").unwrap());
        let mut git = Command::new("git");
        git.current_dir(ground.repo()).args([
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "commit",
            "-qm",
            "x",
        ]);
        git.envs(ground.env())
            .env("PATH", path)
            .status()
            .unwrap()
            .success()
    };
    assert!(!git(&key()));
    assert!(git("clean"));
}
