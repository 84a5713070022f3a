//! What publishes the program agrees with `Cargo.toml`: versions and names. `tests/packaging/run`
//! builds and tries the packages.

use std::fs;
use std::path::Path;

use crate::support::keys::access_key_id;
use crate::support::{Repo, Run};

fn text_of(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_stub_for_pre_commit_requires_the_wheel_of_this_version() {
    let stub = text_of("setup.py");
    let version = env!("CARGO_PKG_VERSION");
    for line in [
        format!("    version=\"{version}\","),
        format!("    install_requires=[\"keysieve=={version}\"],"),
    ] {
        assert!(stub.lines().any(|found| found == line), "no `{line}`");
    }
}

/// The examples of the library, which `cargo test` has built next to the program.
#[test]
fn the_examples_find_what_the_program_finds() {
    let repo = Repo::new();
    repo.add("old.env", format!("id = {}\n", access_key_id(1)))
        .commit("first");
    repo.add("old.env", "nothing\n").commit("second");
    repo.add("new.env", format!("id = {}\n", access_key_id(2)))
        .commit("third");
    repo.add(
        ".keysieve.toml",
        "[[allow]]\npath = [\"new.env\"]\nreason = \"a test\"\n",
    )
    .commit("policy");
    let example = |name: &str| {
        let folder = Path::new(Run::KEYSIEVE).parent().unwrap().join("examples");
        assert!(folder.exists(), "build them: cargo build --examples");
        let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        Run::new(program, repo.root(), repo.sandbox())
    };
    let ran = example("bytes").stdin(format!("\nid = {}\n", access_key_id(2)));
    let ran = ran.status(1);
    ran.says("2:6: medium aws-access-token")
        .never_says(&access_key_id(2));
    let ran = example("repository").status(1);
    assert_eq!(
        ran.stdout(),
        "aws-access-token old.env\n",
        "new.env is allowed"
    );
    let ran = example("repository").args(["/nowhere"]).status(2);
    ran.says("/nowhere");
}
