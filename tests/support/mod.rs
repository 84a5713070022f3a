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
///
/// Another process writes it. A file that this process has open is also open, for a moment, in every
/// process that a test on another thread starts, and a file that is open for writing cannot be run.
#[cfg(unix)]
#[track_caller]
pub(crate) fn write_script(path: impl AsRef<std::path::Path>, text: &str) {
    let path = path.as_ref();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let script = "printf %s \"$2\" > \"$1\" && chmod 755 -- \"$1\"";
    sh(script, &[path.as_ref(), text.as_ref()]);
}

/// Replaces the files in `folder`, which this process has written, by copies that can be run. See
/// [`write_script`].
#[cfg(unix)]
#[track_caller]
pub(crate) fn renew_scripts(folder: &std::path::Path) {
    let script = "cd -- \"$1\" && for file in *; do
        if [ -f \"$file\" ] && [ ! -L \"$file\" ]; then
            cp -p -- \"$file\" .copy && mv -f .copy \"$file\" || exit
        fi
    done";
    sh(script, &[folder.as_ref()]);
}

#[cfg(unix)]
#[track_caller]
fn sh(script: &str, args: &[&std::ffi::OsStr]) {
    let mut command = std::process::Command::new("/bin/sh");
    let status = command.args(["-c", script, "sh"]).args(args).status();
    assert!(status.unwrap().success(), "{command:?}");
}
