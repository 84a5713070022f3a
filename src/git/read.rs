//! The one way to read an object: limited in size, verified against its id, and with one error for
//! each cause.

use std::path::PathBuf;

use super::repository::MAX_OBJECT;
use super::{LocalRepository, ObjectId, ObjectKind};
use crate::blob::SkipReason;
use crate::text::printable_path;

/// An object whose content was verified against its id.
#[derive(Debug)]
pub struct Object {
    /// Its kind.
    pub kind: ObjectKind,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Why something in a repository cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The index, which holds what is staged, cannot be read.
    #[error("{}: the index cannot be read: {problem}", printable_path(path))]
    Index {
        /// The index file.
        path: PathBuf,
        /// Why it cannot be read.
        problem: String,
    },
    /// A ref or a file such as `MERGE_HEAD` does not lead to an object.
    #[error("{name} cannot be resolved to an object: {problem}; run 'git fsck'")]
    Ref {
        /// Its name.
        name: &'static str,
        /// Why it cannot be resolved.
        problem: String,
    },
    /// The object is missing.
    #[error("object {0} is missing; run 'git fsck'")]
    Missing(ObjectId),
    /// The object is missing because the clone is partial.
    #[error(
        "object {0} is not in this partial clone; \
         run 'git fetch --refetch --no-filter' to get all objects"
    )]
    NotFetched(ObjectId),
    /// The object cannot be decoded.
    #[error("object {id} is corrupt: {problem}; run 'git fsck'")]
    Corrupt {
        /// Its id.
        id: ObjectId,
        /// Why it cannot be decoded.
        problem: String,
    },
    /// Someone who can write to the store may have put something harmless in the place of what
    /// git would push.
    #[error("the content of object {0} does not match its id; run 'git fsck'")]
    Mismatch(ObjectId),
    /// The object is larger than any that is read.
    #[error(
        "object {id} has {size} bytes, more than the {MAX_OBJECT} that can be read; \
         set 'max-size' to skip such files"
    )]
    Huge {
        /// Its id.
        id: ObjectId,
        /// Its size, in bytes.
        size: u64,
    },
    /// The object is larger than the caller's limit.
    #[error("object {id} is larger than the limit of {limit} bytes")]
    TooLarge {
        /// Its id.
        id: ObjectId,
        /// The limit, in bytes.
        limit: u64,
    },
    /// A tree has something else than a file at the path.
    #[error("object {0} is not a file")]
    NotAFile(ObjectId),
    /// Directories repeat each other, or are so deep, that the paths take far more than the trees.
    #[error("too many paths for the size of the trees, since directories or files repeat")]
    TooManyPaths,
    /// The object is of another kind than what refers to it says.
    #[error("object {id} is a {found}, not a {expected}; run 'git fsck'")]
    Kind {
        /// Its id.
        id: ObjectId,
        /// Its kind.
        found: ObjectKind,
        /// The kind that it should have.
        expected: ObjectKind,
    },
}

impl From<ReadError> for SkipReason {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::TooLarge { limit, .. } => Self::TooLarge { limit },
            ReadError::TooManyPaths => Self::TooManyPaths,
            error => Self::Unreadable(error.to_string()),
        }
    }
}

/// Reads the object `id`, unless it has more bytes than `limit`: the size comes from the object's
/// header, before any of its content is decompressed.
///
/// # Errors
/// If the object is missing, too large or corrupt, or its content does not match its id.
pub fn read(repo: &LocalRepository, id: ObjectId, limit: Option<u64>) -> Result<Object, ReadError> {
    if let Some(limit) = limit
        && header(repo, id)?.size() > limit
    {
        return Err(ReadError::TooLarge { id, limit });
    }
    let object = repo
        .0
        .try_find_object(id)
        .map_err(|error| match header(repo, id) {
            Ok(header) if header.size() > MAX_OBJECT => ReadError::Huge {
                id,
                size: header.size(),
            },
            _ => corrupt(id, &error),
        })?;
    let gix::ObjectDetached {
        kind, data: bytes, ..
    } = object.ok_or_else(|| missing(repo, id))?.detach();
    if has_id(kind, &bytes, id) {
        Ok(Object { kind, bytes })
    } else {
        Err(ReadError::Mismatch(id))
    }
}

/// Whether `id` is that of an object of this kind and content.
pub(crate) fn has_id(kind: ObjectKind, bytes: &[u8], id: ObjectId) -> bool {
    gix::objs::compute_hash(id.kind(), kind, bytes).is_ok_and(|found| found == id)
}

/// Reads the content of the object `id` of this kind; see [`read`].
///
/// # Errors
/// Those of [`read`], and if the object is of another kind.
pub fn read_kind(
    repo: &LocalRepository,
    id: ObjectId,
    expected: ObjectKind,
    limit: Option<u64>,
) -> Result<Vec<u8>, ReadError> {
    let Object { kind: found, bytes } = read(repo, id, limit)?;
    if found == expected {
        Ok(bytes)
    } else {
        Err(ReadError::Kind {
            id,
            found,
            expected,
        })
    }
}

/// The kind that the header of the object `id` has. It is not verified: to act on it, read the
/// object.
///
/// # Errors
/// If the object is missing or its header is corrupt.
pub fn kind_of(repo: &LocalRepository, id: ObjectId) -> Result<ObjectKind, ReadError> {
    Ok(header(repo, id)?.kind())
}

/// Checks that the commit of a submodule entry is one, as far as the repository has it: any other
/// object could be fetched from here by its id, but is no part of a submodule.
///
/// # Errors
/// If the repository has another object with this id.
pub(crate) fn check_gitlink(repo: &LocalRepository, id: ObjectId) -> Result<(), ReadError> {
    let expected = ObjectKind::Commit;
    match kind_of(repo, id) {
        Err(ReadError::Missing(_) | ReadError::NotFetched(_)) => Ok(()),
        Ok(found) if found == expected => Ok(()),
        Ok(found) => Err(ReadError::Kind {
            id,
            found,
            expected,
        }),
        Err(error) => Err(error),
    }
}

fn header(repo: &LocalRepository, id: ObjectId) -> Result<gix::odb::find::Header, ReadError> {
    let header = repo
        .0
        .try_find_header(id)
        .map_err(|error| corrupt(id, &error))?;
    header.ok_or_else(|| missing(repo, id))
}

fn missing(repo: &LocalRepository, id: ObjectId) -> ReadError {
    if repo.is_partial() {
        ReadError::NotFetched(id)
    } else {
        ReadError::Missing(id)
    }
}

pub(super) fn corrupt(id: ObjectId, error: &dyn std::fmt::Display) -> ReadError {
    ReadError::Corrupt {
        id,
        problem: error.to_string(),
    }
}
