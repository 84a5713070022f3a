//! What the repository of a submodule adds to the audit of the one that it lies in: the same, its
//! places below its name.

use bstr::{BStr, BString, ByteSlice};

use crate::blob::Origin;
use crate::finding::history::History;
use crate::finding::{Finding, Outcome};

/// Takes what was found in the submodule `name` into the outcome of the repository around it.
pub(super) fn absorb(outcome: &mut Outcome, inner: Outcome, name: &BStr) {
    let below = |finding: Finding| Finding {
        origin: origin(finding.origin, name),
        history: finding
            .history
            .map(|history| Box::new(below(*history, name))),
        ..finding
    };
    outcome
        .findings
        .extend(inner.findings.into_iter().map(below));
    outcome
        .allowed
        .extend(inner.allowed.into_iter().map(|mut allowed| {
            allowed.finding = below(allowed.finding);
            allowed
        }));
    outcome
        .skipped
        .extend(inner.skipped.into_iter().map(|mut skip| {
            skip.path = named(name, skip.path.as_ref());
            skip
        }));
    outcome.totals.blobs += inner.totals.blobs;
    outcome.totals.objects += inner.totals.objects;
    outcome.totals.bytes += inner.totals.bytes;
}

/// A name of the submodule's repository, such as that of a ref, as the repository around it would
/// say it.
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

fn origin(origin: Origin, name: &BStr) -> Origin {
    match origin {
        Origin::Commit { commit, path, id } => Origin::Commit {
            commit,
            path: joined(name, &path),
            id,
        },
        Origin::Name {
            path,
            commit: Some(commit),
        } => Origin::Name {
            path: joined(name, &path),
            commit: Some(commit),
        },
        Origin::Staged { path, id } => Origin::Staged {
            path: joined(name, &path),
            id,
        },
        Origin::TagText { name: tag, id } => Origin::TagText {
            name: named(name, tag.as_ref()),
            id,
        },
        // What is kept beside objects says already where it lies.
        Origin::Repository { place } if place.starts_with(b".git/") => Origin::Repository { place },
        Origin::Repository { place } => Origin::Repository {
            place: named(name, place.as_ref()),
        },
        other => other,
    }
}

fn below(mut history: History, name: &BStr) -> History {
    for reached in &mut history.reached_from {
        reached.name = named(name, reached.name.as_ref());
    }
    for place in &mut history.places {
        place
            .paths
            .iter_mut()
            .for_each(|path| *path = joined(name, path));
    }
    if let Some(last) = &mut history.last {
        last.path = joined(name, &last.path);
    }
    history
}
