//! What a commit, or the next one, changes: shared by all sources that read git's objects.

mod compare;
mod fresh;
mod lost;
mod said;
mod set;
mod tree;

use std::fmt;

use gix::{ObjectId, Repository};

use crate::repo;

pub(super) use compare::not_in;
pub(super) use lost::{Lost, Parent};
pub(super) use said::{commit_info, commit_text, tag_text};
pub(super) use set::{At, Candidate, ChangeSet, Step};
pub(super) use tree::{TreeEntry, read_tree};

/// What to say of an object that cannot be read.
fn unreadable(repo: &Repository, id: ObjectId, error: &dyn fmt::Display) -> String {
    if repo.has_object(id) {
        return format!("object {id}: {error}; 'git fsck' tells more");
    }
    if repo::is_partial(repo) {
        return format!(
            "object {id} is not in this partial clone; 'git fetch --refetch --no-filter' brings all of them"
        );
    }
    format!("object {id} is missing; 'git fsck' tells more")
}
