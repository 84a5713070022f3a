//! `keysieve scan` where a tracked file cannot be looked at: never a pass.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::Repo;

/// No permission to search its folder comes out the same, but root, whom CI often runs as, always
/// has it.
#[test]
fn a_tracked_file_that_an_ignore_rule_hides_and_nobody_can_reach() {
    let repo = Repo::new();
    repo.add("hidden/app.ini", "clean\n")
        .add(".gitignore", "hidden\n");
    repo.keysieve(["scan"]).status(0);
    fs::remove_dir_all(repo.path("hidden")).unwrap();
    symlink("hidden", repo.path("hidden")).unwrap();
    repo.keysieve(["scan"])
        .status(2)
        .says("hidden/app.ini: cannot be read");
    fs::remove_file(repo.path("hidden")).unwrap();
    repo.keysieve(["scan"]).status(0);
    fs::write(repo.path("hidden"), "a file where the folder was\n").unwrap();
    repo.keysieve(["scan"]).status(0);
}
