//! What the tests stand on: throw-away git repositories, runs of the real binary, and keys that
//! open nothing.

pub(crate) mod keys;
mod repo;
mod run;
mod sandbox;
mod selftest;

pub(crate) use repo::Repo;
pub(crate) use run::{Ran, Run};
pub(crate) use sandbox::Sandbox;
