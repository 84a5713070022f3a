//! Command lines of other scanners, and names of files in them, that pass without a look.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::Repo;
use crate::support::keys::access_key_id;

/// Programs such as lint-staged pass the names of files, among them that of a file `version`.
#[test]
fn a_file_called_version_prints_no_version_instead_of_a_scan() {
    let repo = Repo::new();
    repo.write("version", access_key_id(1))
        .write("src/a", "nothing\n")
        .write("b.env", access_key_id(2));
    for option in [&[][..], &["-q"], &["--maskSecrets"], &["--no-banner"]] {
        for files in [
            &["version"][..],
            &["version", "b.env"],
            &["version", "removed.env", "b.env"],
            &["version", "src", "b.env"],
        ] {
            let ran = repo.keysieve(option.iter().chain(files)).status(2);
            assert_eq!(ran.stdout(), "", "{option:?} {files:?}");
        }
    }
    fs::remove_file(repo.path("version")).unwrap();
    repo.keysieve(["version", "b.env"]).status(2);
    repo.keysieve(["version", "--no-banner"])
        .run()
        .never_says("a file");
    repo.keysieve(["version"]).status(0).says("keysieve ");
}

/// Git lists a link to nowhere, a link to a folder and a submodule like files.
#[test]
fn a_link_or_a_submodule_called_like_an_option_is_no_option() {
    for name in [
        "--exit-code=0",
        "--help",
        "--block=certain",
        "--report=certain",
        "-q",
    ] {
        let repo = Repo::new();
        repo.write("a.env", access_key_id(1));
        let attempt = || {
            let words = [&["scan", name, "a.env"][..], &[name, "a.env"]];
            for words in words {
                repo.keysieve(words)
                    .status(2)
                    .says("is an option and a file");
            }
        };
        symlink("nowhere", repo.path(name)).unwrap();
        attempt();
        fs::remove_file(repo.path(name)).unwrap();
        symlink(".", repo.path(name)).unwrap();
        attempt();
        fs::remove_file(repo.path(name)).unwrap();
        fs::create_dir(repo.path(name)).unwrap();
        attempt();
    }
}

/// Values that switch an option off, or mean no limit, in the program that has it.
#[test]
fn no_value_of_an_option_makes_a_scan_narrower_than_it_was() {
    let repo = Repo::new();
    repo.add("a", "nothing\n").commit("first");
    repo.add("b.env", access_key_id(1)).commit("second");
    repo.git(["rm", "--quiet", "b.env"]);
    repo.commit("third");
    for words in [
        &["detect", "--no-git=false"][..],
        &["detect", "--no-git=0"],
        &["git", "--staged=false"],
        &["git", "--staged=false", "--pre-commit=false"],
        &["git", "--max-target-megabytes", "0"],
        &["git", "--max-target-megabytes=-1"],
        &["git", "--log-opts=-1 -2"],
        &["git", "--log-opts=-1", "--log-opts=-2"],
        &["git", "--log-opts=HEAD~1..HEAD", "--log-opts="],
        &["secret", "scan", "repo", "--exit-zero=false", "."],
    ] {
        repo.keysieve(words).status(1);
    }
    repo.write("a", access_key_id(2));
    repo.keysieve(["git", "--pre-commit"]).status(1);
    repo.keysieve(["git", "--pre-commit", "--staged"]).status(0);
    repo.keysieve(["git", "--pre-commit", "--log-opts=HEAD~1..HEAD"])
        .status(2);
    repo.keysieve(["dir", "--max-target-megabytes", "0"])
        .status(1);
}
