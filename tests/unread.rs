//! Checks that a tracked file which cannot be read makes `keysieve scan` exit 2.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::Repo;

/// A folder without search permission has the same effect, but root can read it, and CI often runs
/// as root.
#[test]
fn a_tracked_file_below_an_ignored_symlink_cycle_exits_2() {
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
