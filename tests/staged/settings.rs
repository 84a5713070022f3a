//! Checks that settings and attributes which change `git diff` or name programs hide no key, and
//! that the programs are not run.

use std::fs;

use super::{COMMIT, guarded, id_line, stopped};
use crate::support::Repo;
use crate::support::keys::access_key_id;

/// A key staged under these settings and attributes is stopped.
#[track_caller]
fn stopped_with(settings: &[(&str, &str)], attributes: &str) {
    let repo = guarded();
    for (key, value) in settings {
        repo.config(key, value);
    }
    if !attributes.is_empty() {
        repo.add(".gitattributes", attributes).commit("attributes");
    }
    let id = access_key_id(20);
    repo.add("app.ini", id_line(&id));
    stopped(&repo, COMMIT, &id).says("app.ini:1:21");
}

#[test]
fn color_always() {
    stopped_with(&[("color.ui", "always"), ("color.diff", "always")], "");
}

#[test]
fn attribute_no_diff() {
    stopped_with(&[], "*.ini -diff\n");
}

#[test]
fn attribute_binary() {
    stopped_with(&[], "*.ini binary\n");
}

#[test]
fn attribute_textconv() {
    stopped_with(
        &[
            ("diff.blank.textconv", "true"),
            ("diff.blank.cachetextconv", "true"),
        ],
        "*.ini diff=blank\n",
    );
}

#[test]
fn attribute_working_tree_encoding() {
    stopped_with(&[], "*.ini text working-tree-encoding=UTF-8 eol=crlf\n");
}

#[test]
fn external_diff() {
    stopped_with(&[("diff.external", "true")], "");
}

#[test]
fn driver_command() {
    stopped_with(&[("diff.blank.command", "true")], "*.ini diff=blank\n");
}

#[test]
fn diff_prefix_context_and_word_regex() {
    let settings = [
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.context", "0"),
        ("diff.wordRegex", "."),
    ];
    stopped_with(&settings, "");
}

#[test]
fn quoting_on_and_off() {
    stopped_with(&[("core.quotePath", "true")], "");
    stopped_with(&[("core.quotePath", "false")], "");
}

#[test]
fn ignored_submodules_and_renames_off() {
    stopped_with(
        &[
            ("diff.ignoreSubmodules", "all"),
            ("diff.renames", "false"),
            ("status.renames", "false"),
        ],
        "",
    );
}

/// A command that creates a file, and the path of that file.
fn tracer(repo: &Repo) -> (String, std::path::PathBuf) {
    let trace = repo.sandbox().root().join("trace");
    (format!("touch '{}' #", trace.display()), trace)
}

#[test]
fn nothing_that_the_repository_names_is_run() {
    let repo = guarded();
    let (command, trace) = tracer(&repo);
    repo.add(".gitattributes", "*.ini diff=trace filter=trace\n")
        .commit("attributes");
    repo.add("app.ini", id_line(&access_key_id(21)));
    for key in [
        "diff.external",
        "diff.trace.textconv",
        "diff.trace.command",
        "filter.trace.clean",
        "filter.trace.smudge",
        "core.fsmonitor",
        "core.pager",
    ] {
        repo.config(key, &command);
    }
    // `git config` itself may start a pager or a monitor.
    let _ = fs::remove_file(&trace);
    repo.keysieve(["staged"]).status(1).says("app.ini:1:21");
    assert!(
        !trace.exists(),
        "a program that the repository names was run"
    );
}

#[test]
fn scanning_writes_nothing() {
    let repo = guarded();
    repo.add("app.ini", id_line(&access_key_id(22)));
    let files = || {
        let names = repo
            .program("find")
            .args([".git", "-type", "f"])
            .status(0)
            .stdout();
        let mut files: Vec<_> = names
            .lines()
            .map(|name| (name.to_owned(), fs::read(repo.path(name)).unwrap()))
            .collect();
        files.sort();
        files
    };
    let before = files();
    repo.keysieve(["staged"]).status(1);
    assert!(files() == before, "something in .git changed");
}
