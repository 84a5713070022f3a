//! The objects of a repository, each read once and in the order that is quickest: a pack's along
//! its delta trees, so that every entry is inflated once and what a delta adds is known; see
//! gitformat-pack(5).

pub mod delta;
mod forest;
mod inflate;
mod loose;
mod object_store;
mod pack;
mod walk;

use std::io::Read;
use std::path::PathBuf;

pub use gix::objs::Kind;

use crate::text::{Copied, printable_path};
use delta::DeltaError;

pub use loose::Loose;
pub use object_store::Store;
pub use pack::{Pack, PackName};
pub use walk::{Scratch, walk};

/// Why something where objects are kept cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem}", printable_path(path))]
pub struct StoreError {
    /// A pack, its index, or a folder of objects.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: String,
}

/// An object, by its place among all objects of a [`Store`].
pub type ObjectIndex = u32;

/// Takes the objects of a store as they are read.
pub trait Visit {
    /// What is kept of an object while those that are made from it are read.
    type State;

    /// An object, and, where it was made from another, what was kept of that and what was taken
    /// over from it.
    fn object(&mut self, object: Object<'_>, base: Option<Base<'_, Self::State>>) -> Self::State;

    /// A blob too large to be held at once.
    ///
    /// # Errors
    /// Those of reading it.
    fn stream(&mut self, number: ObjectIndex, content: &mut dyn Read) -> std::io::Result<()>;

    /// An object that cannot be read.
    fn broken(&mut self, number: ObjectIndex, problem: Problem);
}

/// An object in clear.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// Its number.
    pub number: ObjectIndex,
    /// What it is.
    pub kind: Kind,
    /// Its content.
    pub bytes: &'a [u8],
    /// Whether others are made from it, so that what is kept of it will be asked for.
    pub is_base: bool,
}

/// What an object was made from.
#[derive(Debug)]
pub struct Base<'a, S> {
    /// The number of that object.
    pub number: ObjectIndex,
    /// What was kept of it.
    pub state: &'a S,
    /// The stretches that were taken over from it.
    pub copied: &'a [Copied],
}

/// Why an object cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Problem {
    /// An entry of a pack does not begin as one does.
    #[error("its entry in the pack does not begin as one")]
    Header,
    /// The index of the pack knows another checksum.
    #[error("its bytes in the pack are not those that the pack's index knows")]
    Checksum,
    /// It cannot be decompressed, or not to the size that it should have.
    #[error("it cannot be decompressed")]
    Inflate,
    /// A delta that is none.
    #[error("{0}")]
    Delta(#[from] DeltaError),
    /// It is made from an object that is missing, broken, or made from it in turn.
    #[error("the object that it is a delta of cannot be read")]
    Base,
    /// It is too large to be held: a delta, or no blob. Git writes no deltas of objects that large.
    #[error("it is larger than {} MiB, and a delta or no blob; 'git repack -adF' makes whole objects of large deltas", walk::MAX_HELD >> 20)]
    TooLarge,
    /// A tree whose entries are none.
    #[error("it is no list of names and ids, as a tree is")]
    Tree,
    /// A loose object that is not what its name says.
    #[error("its content is not what its id says")]
    OtherId,
}
