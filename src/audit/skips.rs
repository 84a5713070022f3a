//! Lists what an audit could not read, which makes it incomplete, and what it left out on purpose.

use bstr::BString;

use super::collected::Collected;
use super::missing;
use crate::blob::{Skip, SkipReason};
use crate::git::Roots;
use crate::git::store::ObjectStore;
use crate::text::slashed;

/// All skips of one repository; `is_stopped` says that the audit was ended early.
pub(super) fn skips(
    store: &ObjectStore,
    roots: &Roots,
    collected: &Collected,
    is_stopped: bool,
) -> Vec<Skip> {
    let mut skips = Vec::new();
    for error in &store.unread {
        skips.push(unreadable(slashed(&error.path), error.problem.clone()));
    }
    for path in &store.leftovers {
        skips.push(Skip {
            path: slashed(path),
            reason: SkipReason::NoObject,
        });
    }
    for unread in &roots.unread {
        skips.push(unreadable(unread.name.clone(), unread.problem.clone()));
    }
    for &(object, problem) in &collected.broken {
        skips.push(unreadable(
            format!("object {}", store.id_of(object)).into(),
            format!("{problem}; run 'git fsck'"),
        ));
    }
    let missing = missing::describe(&collected.missing, roots, store);
    skips.extend(
        missing
            .into_iter()
            .map(|(path, problem)| unreadable(path, problem)),
    );
    if is_stopped {
        skips.push(unreadable(
            "objects".into(),
            "the audit was stopped before all objects were read".to_owned(),
        ));
    }
    skips
}

pub(super) fn unreadable(path: BString, problem: String) -> Skip {
    Skip {
        path,
        reason: SkipReason::Unreadable(problem),
    }
}
