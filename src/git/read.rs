//! Reads objects, and says why one cannot be read.

use std::fmt;
use std::path::PathBuf;

use gix::{ObjectId, Repository};

use crate::text::printable_path;

/// Why what a repository holds cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The index, which holds what is staged, cannot be read.
    #[error("{}: the index cannot be read: {problem}", printable_path(path))]
    Index {
        /// The index file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// An object that is needed to know what changed is missing or damaged.
    #[error("object {id} cannot be read: {problem}; 'git fsck' tells more")]
    Object {
        /// Id of the object, in hex, or the name that leads to it.
        id: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An object that a clone without all objects does not have, or that is lost.
    #[error("{0}")]
    NotHere(String),
}

/// What to say of an object that cannot be read.
pub fn unreadable(repo: &Repository, id: ObjectId, error: &dyn fmt::Display) -> String {
    if repo.has_object(id) {
        return format!("object {id}: {error}; 'git fsck' tells more");
    }
    if super::is_partial(repo) {
        return format!(
            "object {id} is not in this partial clone; 'git fetch --refetch --no-filter' brings all of them"
        );
    }
    format!("object {id} is missing; 'git fsck' tells more")
}
