//! What publishes the program agrees with `Cargo.toml`: versions and names. `tests/packaging/run`
//! builds and tries the packages.

use std::fs;
use std::path::Path;

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
