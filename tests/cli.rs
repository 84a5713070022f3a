//! The command line: help, rules, what is generated, and the hooks from end to end.

use crate::support::{Ran, Repo, Run, Sandbox};

mod generate;
#[cfg(unix)]
mod hooks;
mod rules;

#[track_caller]
fn run(args: &[&str]) -> Ran {
    let sandbox = Sandbox::new();
    Run::new(Run::KEYSIEVE, sandbox.root(), &sandbox)
        .args(args)
        .run()
}

const COMMANDS: [&[&str]; 22] = [
    &[],
    &["scan"],
    &["staged"],
    &["merge"],
    &["hook"],
    &["hook", "install"],
    &["hook", "uninstall"],
    &["hook", "status"],
    &["hook", "run"],
    &["allow"],
    &["baseline"],
    &["baseline", "write"],
    &["baseline", "update"],
    &["baseline", "check"],
    &["explain"],
    &["rules"],
    &["rules", "list"],
    &["rules", "show"],
    &["rules", "check"],
    &["generate"],
    &["generate", "completions"],
    &["generate", "man"],
];

#[test]
fn every_command_has_help() {
    for words in COMMANDS {
        for help in ["--help", "-h"] {
            let ran = run(&[words, &[help]].concat());
            ran.has_status(0);
            assert!(
                ran.stdout().contains("Usage: keysieve"),
                "{words:?}: {}",
                ran.text()
            );
            assert!(ran.stderr().is_empty());
        }
    }
}

#[test]
fn every_command_refuses_an_option_that_it_does_not_know() {
    for words in COMMANDS.iter().filter(|words| **words != ["hook", "run"]) {
        let ran = run(&[words, &["--no-such-option"][..]].concat());
        ran.has_status(2);
        assert!(ran.stdout().is_empty(), "{words:?}: {}", ran.text());
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    for word in ["--version", "-V"] {
        let ran = run(&[word]);
        ran.has_status(0);
        assert_eq!(
            ran.stdout(),
            format!("keysieve {}\n", env!("CARGO_PKG_VERSION"))
        );
    }
}

#[test]
fn calling_without_a_command_is_an_error() {
    run(&[]).has_status(2).says("Usage: keysieve");
    run(&["no-such-command"]).has_status(2);
    run(&["hook"]).has_status(2);
}

#[test]
fn staged_outside_of_a_repository_is_a_failure() {
    run(&["staged"])
        .has_status(2)
        .says("not in a git repository");
    let repo = Repo::new();
    repo.keysieve(["staged", "nowhere"]).status(2);
    repo.keysieve(["staged"]).status(0);
}
