//! Adds the outcome of a submodule's audit to that of the repository around it: paths are below the
//! name of the submodule.

use bstr::{BStr, BString, ByteSlice};

use crate::blob::Origin;
use crate::finding::history::History;
use crate::finding::{Finding, Outcome};

/// Adds what was found in the submodule `name` to the outcome of the repository around it.
pub(super) fn absorb(outcome: &mut Outcome, mut inner: Outcome, name: &BStr) {
    let allowed = inner.allowed.iter_mut().map(|allowed| &mut allowed.finding);
    for finding in inner.findings.iter_mut().chain(allowed) {
        move_below(finding, name);
    }
    for skip in &mut inner.skipped {
        skip.path = named(name, skip.path.as_ref());
    }
    outcome.merge(inner);
}

/// A name in the submodule's repository, such as that of a ref, for the repository around it.
pub(super) fn named(submodule: &BStr, name: &BStr) -> BString {
    let colon = if name.is_empty() { "" } else { ": " };
    bstr::concat([
        b"submodule ",
        submodule.as_bytes(),
        colon.as_bytes(),
        name.as_bytes(),
    ])
    .into()
}

/// A path in the submodule, as a path of the repository around it.
pub(super) fn joined(submodule: &BStr, path: &BString) -> BString {
    bstr::concat([submodule.as_bytes(), b"/", path]).into()
}

fn move_below(finding: &mut Finding, name: &BStr) {
    match &mut finding.origin {
        Origin::Commit { path, .. }
        | Origin::Name {
            path,
            commit: Some(_),
        }
        | Origin::Staged { path, .. } => *path = joined(name, path),
        Origin::TagText { name: tag, .. } => *tag = named(name, tag.as_ref()),
        // Places in the git directory contain the name of the submodule.
        Origin::Repository { place } if !place.starts_with(b".git/") => {
            *place = named(name, place.as_ref());
        }
        _ => {}
    }
    if let Some(history) = &mut finding.history {
        move_history_below(history, name);
    }
}

fn move_history_below(history: &mut History, name: &BStr) {
    for reached in &mut history.reached_from {
        reached.name = named(name, reached.name.as_ref());
    }
    for path in history.places.iter_mut().flat_map(|place| &mut place.paths) {
        *path = joined(name, path);
    }
    if let Some(last) = &mut history.last {
        last.path = joined(name, &last.path);
    }
}
