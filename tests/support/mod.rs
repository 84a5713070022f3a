//! The test harness: temporary git repositories, runs of the real program, and fake keys.

pub(crate) mod archive;
pub(crate) mod keys;
mod repo;
mod run;
mod sandbox;
mod selftest;

pub(crate) use repo::Repo;
pub(crate) use run::{Ran, Run};
pub(crate) use sandbox::Sandbox;

/// Writes an executable file and the folders that it needs.
#[cfg(unix)]
#[track_caller]
pub(crate) fn write_script(path: impl AsRef<std::path::Path>, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = path.as_ref();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}
