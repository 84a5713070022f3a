//! The test harness: temporary git repositories, runs of the real program, and fake keys.

pub(crate) mod keys;
mod repo;
mod run;
mod sandbox;
mod selftest;

pub(crate) use repo::Repo;
pub(crate) use run::{Ran, Run};
pub(crate) use sandbox::Sandbox;
