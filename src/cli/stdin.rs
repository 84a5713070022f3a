//! Opens standard input for the commands that scan what they read from it.

use std::fs::{self, File};
use std::io;

use super::error::CliError;

/// Standard input.
///
/// # Errors
/// If it is closed, or `/dev/null`, which Rust puts in the place of closed input: a command that
/// was given nothing to look at must not pass.
pub(super) fn open() -> Result<io::Stdin, CliError> {
    if is_null() {
        let error =
            CliError::new("standard input is closed or /dev/null: there is nothing to scan");
        return Err(error.help("pass the input with '|' or '<'"));
    }
    Ok(io::stdin())
}

#[cfg(unix)]
fn is_null() -> bool {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::MetadataExt as _;
    let input = io::stdin().as_fd().try_clone_to_owned().map(File::from);
    let input = input.and_then(|input| input.metadata());
    match (input, fs::metadata("/dev/null")) {
        (Ok(input), Ok(null)) => (input.rdev(), input.ino()) == (null.rdev(), null.ino()),
        (Err(_), _) => true,
        (Ok(_), Err(_)) => false,
    }
}

#[cfg(not(unix))]
fn is_null() -> bool {
    false
}
