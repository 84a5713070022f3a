//! Adds the outcome of a submodule's audit to that of the repository around it: paths are below the
//! path at which that has it or, if it is not known, below the name of the submodule.

use bstr::{BStr, BString, ByteSlice};

use crate::blob::Origin;
use crate::finding::history::History;
use crate::finding::{Finding, Outcome};

/// Adds what was found in the submodule `name`, which is shown at `path`, to the outcome of the
/// repository around it.
pub(super) fn absorb(outcome: &mut Outcome, mut inner: Outcome, name: &BStr, path: &BStr) {
    let allowed = inner.allowed.iter_mut().map(|allowed| &mut allowed.finding);
    for finding in inner.findings.iter_mut().chain(allowed) {
        move_below(finding, name, path);
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

/// A path in the submodule at `submodule`, as a path of the repository around it.
pub(super) fn joined(submodule: &BStr, path: &BString) -> BString {
    let separator = if submodule.is_empty() { "" } else { "/" };
    bstr::concat([submodule.as_bytes(), separator.as_bytes(), path]).into()
}

/// Each of `paths` in a submodule below each of the `places` that it has. Without a place nothing
/// is known of the paths, so only what applies everywhere applies to them.
pub(super) fn paths_below(places: &[BString], paths: &[BString]) -> Vec<BString> {
    if places.is_empty() {
        return vec![BString::default()];
    }
    let below = |place: &BString| {
        paths
            .iter()
            .map(|path| joined(place.as_bstr(), path))
            .collect()
    };
    places.iter().flat_map::<Vec<_>, _>(below).collect()
}

fn move_below(finding: &mut Finding, name: &BStr, place: &BStr) {
    match &mut finding.origin {
        Origin::Commit { path, .. }
        | Origin::Name {
            path,
            commit: Some(_),
        }
        | Origin::Staged { path, .. } => *path = joined(place, path),
        Origin::TagText { name: tag, .. } => *tag = named(name, tag.as_ref()),
        // Places in the git directory contain the name of the submodule.
        Origin::Repository { place } if !place.starts_with(b".git/") => {
            *place = named(name, place.as_ref());
        }
        _ => {}
    }
    if let Some(history) = &mut finding.history {
        move_history_below(history, name, place);
    }
}

fn move_history_below(history: &mut History, name: &BStr, place: &BStr) {
    for reached in &mut history.reached_from {
        reached.name = named(name, reached.name.as_ref());
    }
    for path in history.places.iter_mut().flat_map(|place| &mut place.paths) {
        *path = joined(place, path);
    }
    if let Some(last) = &mut history.last {
        last.path = joined(place, &last.path);
    }
}
