//! Defines what the store hands to its readers: objects, the bases of their deltas, and the
//! problems that keep an object from being read.

use std::fmt::Display;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::Kind;
use super::delta::DeltaError;
use crate::text::{Copied, printable_path};

/// Size of the largest object that is held in memory, in bytes. Git does not store anything larger
/// than core.bigFileThreshold, 512 MiB by default, as a delta.
pub(super) const MAX_HELD: usize = 512 << 20;

/// Blobs larger than this, in bytes, are streamed if they are no delta base.
pub(super) const STREAMED: usize = 32 << 20;

/// Why a pack or a directory of objects cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem}", printable_path(path))]
pub struct StoreError {
    /// The pack, its index, or the directory.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: String,
}

impl StoreError {
    pub(super) fn new(path: &Path, problem: impl Display) -> Self {
        Self {
            path: path.to_path_buf(),
            problem: problem.to_string(),
        }
    }
}

/// The number of an object among all objects of an [`ObjectStore`](super::ObjectStore).
pub type ObjectIndex = u32;

/// Receives the objects of a store as they are read.
pub trait Visit {
    /// What is kept for an object while the deltas based on it are read.
    type State;

    /// Receives an object, and the base of its delta if it is stored as one.
    fn object(
        &mut self,
        object: Object<'_>,
        base: Option<DeltaBase<'_, Self::State>>,
    ) -> Self::State;

    /// Receives a blob that is too large to be held in memory.
    ///
    /// # Errors
    /// If `content` cannot be read.
    fn stream(&mut self, number: ObjectIndex, content: &mut dyn Read) -> std::io::Result<()>;

    /// Receives an object that cannot be read.
    fn broken(&mut self, number: ObjectIndex, problem: Problem);
}

/// An object, decompressed.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// Its number.
    pub number: ObjectIndex,
    /// Its kind.
    pub kind: Kind,
    /// Its content.
    pub bytes: &'a [u8],
    /// Whether deltas are based on it, so that the state returned for it will be used.
    pub is_base: bool,
}

/// The base of an object that is stored as a delta.
#[derive(Debug)]
pub struct DeltaBase<'a, S> {
    /// The number of the base object.
    pub number: ObjectIndex,
    /// What the visitor returned for it.
    pub state: &'a S,
    /// The spans that the delta copies from it.
    pub copied: &'a [Copied],
}

/// Why an object cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Problem {
    /// The header of a pack entry or of a loose object cannot be parsed.
    #[error("corrupt object header")]
    Header,
    /// The pack's index has another checksum for the entry.
    #[error("CRC-32 mismatch between the pack and its index")]
    Checksum,
    /// It cannot be decompressed, or does not have the declared size.
    #[error("cannot be decompressed")]
    Inflate,
    /// It is stored as a delta that cannot be applied.
    #[error("{0}")]
    Delta(#[from] DeltaError),
    /// The base of its delta is missing, broken, or based on the object itself.
    #[error("its delta base cannot be read")]
    Base,
    /// It is too large to be held in memory, and cannot be streamed.
    #[error(
        "larger than {} MiB and stored as a delta (or not a blob); \
         run 'git repack -adF' to store it whole",
        MAX_HELD >> 20
    )]
    TooLarge,
    /// It is not a list of names and ids, as a tree is.
    #[error("malformed tree object")]
    Tree,
    /// It is a tree in which an entry for a file names a tree.
    #[error("tree object with a directory under the mode of a file")]
    EntryKind,
    /// There is more in the file of a loose object than the object.
    #[error("the file has bytes after the end of the object")]
    Trailing,
    /// The content of a loose object does not hash to its name.
    #[error("content does not match its object id")]
    IdMismatch,
}
