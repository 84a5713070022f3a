//! What the installed hooks do when git runs them.

use std::fs;
use std::path::Path;

use keysieve::hook::{InstallStep, Liveness};

use super::hook_repo::{FOREIGN_HOOK, HookRepo, key};
use crate::support::write_script;

#[test]
fn a_commit_with_a_key_is_stopped_and_others_succeed() {
    let repo = HookRepo::new();
    let steps = repo.install(repo.root()).unwrap();
    let installed = InstallStep::Installed(repo.hooks().join("pre-commit"));
    assert!(steps.contains(&installed), "{steps:?}");
    assert!(!repo.commit(repo.root(), &key()), "the first commit");
    assert!(repo.commit(repo.root(), "clean"));
    let calls = repo.calls();
    assert!(calls.contains("hook run pre-commit\n"), "{calls}");
    let message = "hook run commit-msg .git/COMMIT_EDITMSG";
    assert!(calls.contains(message), "{calls}");
    assert!(!repo.commit(repo.root(), &key()));
}

#[test]
fn a_message_with_a_key_is_stopped() {
    let repo = HookRepo::new();
    repo.install(repo.root()).unwrap();
    repo.try_git(repo.root(), &["commit", "--allow-empty", "-qm", &key()])
        .has_status(1);
}

#[test]
fn what_a_chained_hook_stages_is_scanned() {
    let repo = HookRepo::new();
    let adds = format!("#!/bin/sh\necho {} > late; git add late\n", key());
    write_script(repo.hooks().join("pre-commit"), &adds);
    repo.install(repo.root()).unwrap();
    assert!(!repo.commit(repo.root(), "clean"));
}

#[test]
fn a_stub_that_another_tool_renamed_still_knows_its_hook() {
    let repo = HookRepo::new();
    let stub = repo.hooks().join("pre-commit");
    write_script(&stub, FOREIGN_HOOK);
    repo.install(repo.root()).unwrap();
    fs::rename(&stub, repo.hooks().join("pre-commit.legacy")).unwrap();
    write_script(&stub, "#!/bin/sh\nexec \"$0.legacy\" \"$@\"\n");
    assert!(!repo.commit(repo.root(), &key()));
    assert!(repo.commit(repo.root(), "clean"));
    assert!(
        repo.outside("home/other").exists(),
        "the chained hook runs as well"
    );
}

#[test]
fn without_the_program_every_commit_is_refused() {
    let repo = HookRepo::new();
    repo.install(repo.root()).unwrap();
    fs::remove_file(&repo.program).unwrap();
    write_script(repo.root().join("bin/keysieve"), "#!/bin/sh\nexit 0\n");
    let path = std::env::var("PATH").unwrap();
    let inside = repo.root().join("bin");
    for folder in [".", "bin", "./bin", inside.to_str().unwrap()] {
        // A keysieve of the repository must not run, even if PATH leads to it.
        repo.commit_with_path(repo.root(), "clean", &format!("{folder}:{path}"))
            .has_status(1)
            .says("keysieve is not installed");
    }
    assert!(matches!(repo.liveness(), Liveness::Unknown(why) if why.contains("is missing")));
}

#[test]
fn a_missing_program_is_replaced_by_the_one_on_path() {
    let repo = HookRepo::new();
    repo.install_program(repo.root(), Path::new("/gone/keysieve"), false)
        .unwrap();
    let bin = repo.program.parent().unwrap().to_str().unwrap();
    let path = format!("{}:{bin}", std::env::var("PATH").unwrap());
    let commit = |content: &str| repo.commit_with_path(repo.root(), content, &path);
    commit(&key()).has_status(1);
    commit("clean").has_status(0);
}
