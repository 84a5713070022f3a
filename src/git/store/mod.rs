//! Reads all objects of a repository once each, in the fastest order, for the audit: a pack along
//! its delta trees, so that every entry is inflated once and the spans that a delta adds are known;
//! see gitformat-pack(5).
//!
//! gix-pack opens packs and their indexes and parses entry headers. The rest is ours, since:
//!
//! * `gix_pack::cache::delta::Tree::traverse` hands out decompressed bytes and a depth. The audit
//!   carries its hits over from the base of a delta, so it needs what it computed for that base and
//!   the spans that the delta copies. The traversal also holds every entry in memory (it cannot
//!   stream a large blob) and ends at the first damaged entry; here each one is reported and the
//!   others are read.
//! * `gix_pack::data::delta::apply` is private to its crate, and does not say what it copies.
//! * The loose reader of gix-odb inflates an object into one buffer and leaves the check of its id
//!   to the caller. Here large blobs are streamed, and hashed while they are read.

mod fan_out;
mod forest;
mod inflate;
mod loose;
mod object_store;
mod pack;
mod visit;
mod walk;

pub use gix::objs::Kind;

pub use crate::unpack::delta;

pub(crate) use loose::{is_folder_name, is_temporary};
pub use object_store::ObjectStore;
pub use pack::PackName;
pub use visit::{DeltaBase, Object, ObjectIndex, Problem, StoreError, Visit};
