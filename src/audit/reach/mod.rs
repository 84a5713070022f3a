//! Finds which commits, paths and refs lead to an object.

pub(super) mod commits;
mod lists;
pub(super) mod paths;
pub(super) mod reverse_index;
pub(super) mod starting_points;
pub(super) mod trace;
