//! Hooks from end to end: the program installs them, and git runs them.

use keysieve::hook::{HOOKS, HookInput};

use crate::support::keys::{access_key_id, seeded_id_line};
use crate::support::{Ran, Repo, Run, write_script};

/// A repository with one commit and the hooks.
fn guarded() -> Repo {
    let repo = Repo::new();
    repo.add("readme", "hello\n").commit("first");
    repo.keysieve(["hook", "install"])
        .status(0)
        .says("pre-commit")
        .says("commit-msg");
    repo
}

#[test]
fn a_commit_with_a_key_is_stopped_until_it_is_unstaged() {
    let repo = guarded();
    repo.add("a", seeded_id_line(1));
    repo.try_git(["commit", "-m", "next"])
        .has_status(1)
        .says("a:1:6")
        .never_says(&access_key_id(1));
    repo.git(["restore", "--staged", "a"]);
    repo.add("b", "clean\n");
    repo.git(["commit", "-m", "next"]);
}

#[test]
fn a_commit_with_an_allowed_key_succeeds() {
    let repo = guarded();
    repo.add("a", seeded_id_line(1));
    let report = repo.keysieve(["staged", "-f", "json"]).status(1).json();
    let print = report["findings"][0]["fingerprint"].as_str().unwrap();
    repo.keysieve(["allow", print, "--reason", "a fixture"])
        .status(0);
    repo.git(["commit", "-m", "next"]);
}

#[test]
fn a_key_in_the_message_is_stopped() {
    let repo = guarded();
    repo.add("a", "clean\n");
    let message = format!("rotate\n\nthe old one was {}", access_key_id(1));
    repo.try_git(["commit", "-m", &message])
        .has_status(1)
        .never_says(&access_key_id(1));
    repo.git(["commit", "-m", "rotate"]);
}

/// Commits with an editor that writes this above the text of git.
fn commit_by_editor(repo: &Repo, message: &str, args: &[&str]) -> Ran {
    let editor = format!(
        "f() {{ printf '%s\\n' '{message}' | cat - \"$1\" > \"$1.new\" && \
         mv \"$1.new\" \"$1\"; }}; f"
    );
    repo.program("git")
        .args(["commit"])
        .args(args)
        .env("GIT_EDITOR", editor)
        .run()
}

#[test]
fn a_removed_key_in_the_diff_below_the_scissors_is_not_part_of_the_message() {
    let repo = guarded();
    repo.add("a", seeded_id_line(1)).commit("before the hook");
    repo.add("a", "clean\n");
    commit_by_editor(&repo, "clean up", &["-v"]).has_status(0);
    repo.add("a", "cleaner\n");
    commit_by_editor(&repo, &seeded_id_line(2), &["-v"]).has_status(1);
}

#[test]
fn scissors_in_a_message_without_an_editor_hide_nothing() {
    let repo = guarded();
    repo.add("a", "clean\n");
    let scissors = "# ------------------------ >8 ------------------------";
    let message = format!("subject\n{scissors}\n{}", seeded_id_line(1));
    repo.try_git(["commit", "-m", &message])
        .has_status(1)
        .never_says(&access_key_id(1));
}

#[test]
fn status_reports_live_hooks_and_removed_hooks() {
    let repo = guarded();
    repo.keysieve(["hook", "status"])
        .status(0)
        .says("live: a commit with a test key was stopped");
    repo.keysieve(["hook", "uninstall"]).status(0);
    repo.keysieve(["hook", "status"]).status(1).says("not live");
    repo.add("a", seeded_id_line(1));
    repo.git(["commit", "-m", "next"]);
}

#[test]
fn an_existing_hook_is_kept_and_restored() {
    let repo = Repo::new();
    let hook = repo.path(".git/hooks/pre-commit");
    let text = "#!/bin/sh\necho ran the other\n";
    write_script(&hook, text);
    repo.keysieve(["hook", "install"]).status(0);
    repo.add("a", seeded_id_line(1));
    repo.try_git(["commit", "-m", "x"])
        .has_status(1)
        .says("ran the other");
    repo.keysieve(["hook", "install"]).status(0);
    repo.keysieve(["hook", "uninstall"]).status(0);
    assert_eq!(std::fs::read_to_string(&hook).unwrap(), text);
}

#[test]
fn a_broken_configuration_stops_the_commit() {
    let repo = guarded();
    repo.write(".keysieve.toml", "nonsense").add("a", "clean\n");
    repo.try_git(["commit", "-m", "next"])
        .has_status(1)
        .says(".keysieve.toml:1: ");
}

#[test]
fn install_takes_a_repository_and_fails_outside_of_one() {
    let repo = Repo::new();
    let place = repo.root().to_str().unwrap().to_owned();
    let run = |args: &[&str]| {
        Run::new(Run::KEYSIEVE, repo.sandbox().root(), repo.sandbox())
            .args(args)
            .run()
    };
    run(&["hook", "install"]).has_status(2);
    run(&["hook", "install", &place]).has_status(0);
    run(&["hook", "status", &place]).has_status(0);
    run(&["hook", "install", "--hook", "post-coffee", &place]).has_status(2);
}

#[test]
fn future_clones_get_the_hooks_from_the_template() {
    let repo = Repo::new();
    repo.keysieve(["hook", "install", "--global"])
        .status(0)
        .says("git init");
    repo.git(["init", "--quiet", "../later"]);
    let later = repo.sandbox().root().join("later");
    std::fs::write(later.join("a"), seeded_id_line(1)).unwrap();
    let git = |args: &[&str]| Run::new("git", &later, repo.sandbox()).args(args).run();
    git(&["add", "a"]).has_status(0);
    git(&["commit", "-m", "x"])
        .has_status(1)
        .never_says(&access_key_id(1));
}

/// A repository whose index, message file and last commit each have a key.
fn with_keys() -> Repo {
    let repo = Repo::new();
    repo.add("a", seeded_id_line(1)).commit("first");
    repo.add("b", seeded_id_line(2))
        .write("--msg", seeded_id_line(3));
    repo
}

#[test]
fn every_hook_runs_its_scan() {
    let repo = with_keys();
    let (new, zero) = (repo.git(["rev-parse", "HEAD"]), "0".repeat(40));
    let name = "refs/heads/main";
    for hook in HOOKS {
        let run = repo.keysieve(["hook", "run", hook.name]);
        let (run, place) = match hook.input {
            HookInput::Index => (run, "b:1:6"),
            // The file's name is not an option of keysieve.
            HookInput::MessageFile | HookInput::PatchMessageFile => {
                (run.args(["--msg"]), "--msg:1:6")
            }
            HookInput::PushedRefs => {
                let line = format!("HEAD {new} {name} {zero}\n");
                (run.args(["origin", "address"]).stdin(line), "a:1:6")
            }
            HookInput::ReceivedRefs => {
                // The repository already has the objects, but no ref leads to them.
                repo.git(["update-ref", "--no-deref", "-d", name]);
                (run.stdin(format!("{zero} {new} {name}\n")), "a:1:6")
            }
            HookInput::RefArguments => (run.args([name, &zero, &new]), "a:1:6"),
        };
        run.status(1).says(place);
    }
}

#[test]
fn a_hook_without_its_arguments_is_an_error() {
    let repo = with_keys();
    for words in [
        &["commit-msg"][..],
        &["post-coffee"],
        &["update", "refs/heads/main"],
        &["update", "a", "b", "c"],
    ] {
        repo.keysieve(["hook", "run"].iter().chain(words)).status(2);
    }
}

/// Git removes the comment line from the message that it commits.
#[test]
fn a_marker_on_a_line_that_git_removes_does_not_count() {
    let repo = Repo::new();
    repo.keysieve(["hook", "install"]).status(0);
    for (above, behind, status) in [("# keysieve:allow\n", "", 1), ("", " keysieve:allow", 0)] {
        let key = seeded_id_line(4);
        let message = format!("subject\n\n{above}{}{behind}\n", key.trim_end());
        repo.write("message", message);
        let commit = [
            "commit",
            "-qF",
            "message",
            "--allow-empty",
            "--cleanup=strip",
        ];
        repo.try_git(commit).has_status(status);
    }
}

#[test]
fn a_patch_with_a_key_in_its_text_or_its_message_is_not_applied() {
    let scissors = "# ------------------------ >8 ------------------------";
    let in_message = format!("clean\n\n{scissors}\n{}", seeded_id_line(5));
    for (message, content, status) in [
        ("clean", seeded_id_line(5).as_str(), 1),
        (&in_message, "clean\n", 1),
        ("clean", "clean\n", 0),
    ] {
        let repo = Repo::new();
        repo.add("first", "clean\n").commit("first");
        repo.add("second", content).commit(message);
        repo.write("patch", repo.git(["format-patch", "--stdout", "HEAD~"]));
        repo.git(["reset", "-q", "--hard", "HEAD~"]);
        repo.keysieve(["hook", "install"]).status(0);
        repo.try_git(["am", "-q", "patch"]).has_status(status);
    }
}
