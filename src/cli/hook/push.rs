//! Reads which refs a push updates: from git, on standard input or as arguments, or from the
//! variables of the pre-commit framework.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write as _};
use std::path::Path;

use bstr::ByteSlice as _;
use keysieve::finding::Status;
use keysieve::git;
use keysieve::hook::RefUpdate;

use super::CALLED_BY_GIT;
use crate::cli::error::CliError;
use crate::cli::scan::Common;
use crate::cli::stdin;

/// Scans the push that the pre-commit framework describes. It reads standard input itself and
/// passes only the first ref on, in variables. If it is run by hand, it sets none of them: then
/// this scans what `HEAD` has and no remote does.
pub(super) fn from_framework(common: &Common) -> Result<Status, CliError> {
    let repo = git::discover(Path::new("."))?;
    let resolve = |name: OsString| {
        repo.resolve(name.as_encoded_bytes().as_bstr())
            .ok_or_else(|| {
                let name = name.display();
                CliError::new(format!("'{name}' is not a commit of this repository"))
            })
    };
    let new = variable("PRE_COMMIT_TO_REF").or_else(|| variable("PRE_COMMIT_LOCAL_BRANCH"));
    let new = resolve(new.unwrap_or_else(|| "HEAD".into()))?;
    // If it knows the remote by name only, nothing is known of the address.
    let address = variable("PRE_COMMIT_REMOTE_URL").or_else(|| variable("PRE_COMMIT_REMOTE_NAME"));
    let is_known = match &address {
        Some(address) => {
            git::ids_at_address(&repo, address.as_encoded_bytes().as_bstr())?.is_some()
        }
        None => true,
    };
    // The framework starts at a commit that the tracking refs of the remote lead to. It does not
    // compare the address that they were fetched from.
    let old = variable("PRE_COMMIT_FROM_REF").filter(|_| is_known);
    let old = old.map(resolve).transpose()?;
    let name = variable("PRE_COMMIT_REMOTE_BRANCH").unwrap_or_else(|| "HEAD".into());
    let update = RefUpdate {
        name: name.as_encoded_bytes().into(),
        old,
        new: Some(new),
    };
    common.push(address.as_deref(), &[update])
}

fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// Parses the lines that git writes to standard input, one for each ref.
pub(super) fn parse_stdin(
    parse_line: fn(&[u8]) -> Option<RefUpdate>,
) -> Result<Vec<RefUpdate>, CliError> {
    let mut text = Vec::new();
    stdin::open()?
        .lock()
        .read_to_end(&mut text)
        .map_err(|error| CliError::new(format!("cannot read standard input: {error}")))?;
    if text.is_empty() {
        // A push with nothing to do looks like this, but so does one whose list of refs was
        // swallowed on its way here. If standard error is closed, there is no one to read it.
        let _ = writeln!(
            io::stderr(),
            "keysieve: git listed no refs to push, so nothing was scanned"
        );
    }
    text.lines()
        .map(|line| parse_line(line).ok_or_else(|| not_an_update(line)))
        .collect()
}

/// Parses the arguments of `update`, which git runs once for each ref.
pub(super) fn parse_args(name: &OsStr, old: &OsStr, new: &OsStr) -> Result<RefUpdate, CliError> {
    let [name, old, new] = [name, old, new].map(OsStr::as_encoded_bytes);
    RefUpdate::new(name, old, new).ok_or_else(|| not_an_update(&[name, old, new].join(&b" "[..])))
}

fn not_an_update(text: &[u8]) -> CliError {
    CliError::new(format!("'{}' is not a ref update", text.as_bstr())).help(CALLED_BY_GIT)
}
