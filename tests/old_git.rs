//! The oldest git that hooks support is 2.20: a git that refuses every newer option that keysieve
//! has used or could use.

use crate::support::keys::access_key_id;
use crate::support::{Repo, Run, write_script};

/// A folder for `PATH` with a git that refuses options as old versions do: status 129 and a usage.
fn old_git(repo: &Repo) -> String {
    let path = std::env::var("PATH").unwrap();
    let bin = repo.sandbox().root().join("old");
    std::fs::create_dir_all(&bin).unwrap();
    write_script(
        bin.join("git"),
        &format!(
            "#!/bin/sh\n\
             for word; do\n\
             case $word in\n\
             --show-scope | --fixed-value | --path-format=* | --initial-branch* | --ref-format=* | \
             --config-env* | --end-of-options | --show-object-format | --shared-index-path=*)\n\
             echo \"error: unknown option \\`$word'\" >&2\n\
             exit 129\n\
             esac\n\
             done\n\
             PATH='{path}' exec git \"$@\"\n"
        ),
    );
    format!("{}:{path}", bin.display())
}

fn keysieve(repo: &Repo, args: &[&str]) -> Run {
    repo.keysieve(args).env("PATH", old_git(repo))
}

#[test]
fn hooks_are_installed_tested_and_removed() {
    let repo = Repo::new();
    keysieve(&repo, &["hook", "install"]).status(0);
    keysieve(&repo, &["hook", "status"]).status(0);
    repo.write("a", format!("id = {}\n", access_key_id(1)));
    repo.git(["add", "a"]);
    repo.program("git")
        .env("PATH", old_git(&repo))
        .args(["commit", "--quiet", "--message", "first"])
        .status(1);
    keysieve(&repo, &["hook", "uninstall"]).status(0);
    assert!(!repo.path(".git/hooks/pre-commit").exists());
}

/// Only a hooks folder of the repository itself may be written to.
#[test]
fn the_scope_of_a_setting_is_that_of_the_file_that_has_it() {
    let repo = Repo::new();
    let own = repo.path(".git/own");
    let own = own.to_str().unwrap();
    repo.git(["config", "core.hooksPath", own]);
    keysieve(&repo, &["hook", "install"]).status(0);
    assert!(repo.path(".git/own/pre-commit").exists());

    let other = Repo::new();
    let shared = other.sandbox().root().join("shared");
    let setting = shared.to_str().unwrap();
    other.git(["config", "--global", "core.hooksPath", setting]);
    let new = other.keysieve(["hook", "install"]).status(2).stderr();
    let old = keysieve(&other, &["hook", "install"]).status(2).stderr();
    assert_eq!(new, old);
    assert!(old.contains("global"), "{old}");
}
