//! Reads git repositories for the rest of the program: the only module that imports gix.
//!
//! Objects are read by [`read`], which verifies each against its id; commits, tags and trees are
//! taken apart here. Other modules hold a [`Repository`] and cannot reach the gix type inside it.

pub(crate) mod commit;
pub(crate) mod diff;
pub mod index;
mod layout;
mod quarantine;
pub mod range;
mod read;
mod refs;
mod reftable;
mod repository;
mod roots;
mod special;
pub mod store;
mod tips;
mod topology;
pub(crate) mod tree;

pub use gix::ObjectId;
pub use gix::hash::{Kind as HashKind, oid as Oid};
pub use gix::objs::Kind as ObjectKind;
pub use gix::sec::identity::is_path_owned_by_current_user as is_owned_by_user;

pub use commit::resolve_commit;
pub use layout::{is_repository, submodule_repositories, worktrees};
pub(crate) use quarantine::unreached;
pub use quarantine::{WithObjects, with_objects};
pub use read::{Object, ReadError, kind_of, read, read_kind};
pub(crate) use read::{check_gitlink, has_id};
pub use refs::Unread;
pub(crate) use refs::{PackedLine, leading_id, packed_lines};
pub(crate) use reftable::RefDir;
pub use repository::{
    LocalRepository, RepoError, Repository, check_refs, discover, discover_work_tree, is_store,
    open, open_git_dir, store_of,
};
pub use roots::{IndexRoot, Promisor, Root, RootKind, Roots, display_name, roots};
pub use tips::{branch, ids_at_address, ids_of_refs, ids_of_remotes};
pub use topology::topological_order;
pub use tree::read_file;
