//! What the hooks of a push are told: by git on standard input or in words, by the pre-commit
//! framework in variables.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write as _};
use std::path::Path;

use bstr::ByteSlice as _;
use keysieve::finding::Status;
use keysieve::git;
use keysieve::hook::RefUpdate;

use super::{AS_A_HOOK, Scans};
use crate::cli::error::CliError;

/// The pre-commit framework reads what git says itself, and hands on the first ref of the push in
/// variables. Run by hand, it says nothing: then it is about what HEAD has and no remote does.
pub(super) fn from_variables(scans: &dyn Scans) -> Result<Status, CliError> {
    let said = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let repo = git::discover(Path::new("."))?;
    let id = |name: &OsStr| {
        git::resolve(&repo, name.as_encoded_bytes().as_bstr()).ok_or_else(|| {
            CliError::new(format!(
                "{} names no commit of this repository",
                name.display()
            ))
        })
    };
    let new = said("PRE_COMMIT_TO_REF").or_else(|| said("PRE_COMMIT_LOCAL_BRANCH"));
    let new = id(new.as_deref().unwrap_or(OsStr::new("HEAD")))?;
    // What the framework takes for the start of the push is on the remote already.
    let old = said("PRE_COMMIT_FROM_REF")
        .map(|name| id(&name))
        .transpose()?;
    let name = said("PRE_COMMIT_REMOTE_BRANCH").unwrap_or_else(|| OsString::from("HEAD"));
    let update = RefUpdate {
        name: name.as_encoded_bytes().into(),
        old,
        new: Some(new),
    };
    scans.push(said("PRE_COMMIT_REMOTE_NAME").as_deref(), &[update])
}

/// What git says on standard input, one ref a line.
pub(super) fn told(
    input: &mut dyn Read,
    read: fn(&[u8]) -> Option<RefUpdate>,
) -> Result<Vec<RefUpdate>, CliError> {
    let mut text = Vec::new();
    input
        .read_to_end(&mut text)
        .map_err(|error| CliError::new(format!("standard input cannot be read: {error}")))?;
    if text.is_empty() {
        // So it is where a push has nothing to do, and where something between git and here
        // swallowed it.
        let _ = writeln!(
            io::stderr(),
            "keysieve: git names no ref that is pushed, so nothing was scanned"
        );
    }
    let update = |line: &[u8]| read(line).ok_or_else(|| misunderstood(&line.as_bstr().to_string()));
    text.lines().map(update).collect()
}

/// The one ref that git calls `update` for.
pub(super) fn asked(name: &OsStr, old: &OsStr, new: &OsStr) -> Result<RefUpdate, CliError> {
    let [name, old, new] = [name, old, new].map(OsStr::as_encoded_bytes);
    RefUpdate::new(name, old, new).ok_or_else(|| {
        misunderstood(
            &[name, old, new]
                .map(|word| word.as_bstr().to_string())
                .join(" "),
        )
    })
}

fn misunderstood(text: &str) -> CliError {
    CliError::new(format!("'{text}' says of no ref what it is to be")).help(AS_A_HOOK)
}
