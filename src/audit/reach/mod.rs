//! Finds which commits, paths and refs lead to an object.

pub(super) mod commits;
pub(super) mod holders;
pub(super) mod paths;
pub(super) mod trace;
