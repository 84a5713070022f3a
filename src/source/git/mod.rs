//! What a commit, or the next one, changes: shared by all sources that read git's objects.

mod fresh;
mod lost;
mod set;
mod tree;

use std::fmt;

use gix::{ObjectId, Repository};

pub(super) use lost::{Lost, Parent};
pub(super) use set::{At, Candidate, ChangeSet, Step};
pub(super) use tree::{TreeEntry, read_tree};

/// What to say of an object that cannot be read.
fn unreadable(repo: &Repository, id: ObjectId, error: &dyn fmt::Display) -> String {
    if repo.has_object(id) {
        return format!("object {id}: {error}; 'git fsck' tells more");
    }
    let config = repo.config_snapshot();
    let promised = config.string("extensions.partialClone").is_some()
        || repo.remote_names().iter().any(|name| config.boolean(&format!("remote.{name}.promisor")) == Some(true));
    if promised {
        return format!(
            "object {id} is not in this partial clone; 'git fetch --refetch --no-filter' brings all of them"
        );
    }
    format!("object {id} is missing; 'git fsck' tells more")
}
