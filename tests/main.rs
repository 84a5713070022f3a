//! The integration tests, in one binary: the real program, real git, and throw-away repositories that know nothing of
//! the machine they stand on.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod aws;
mod cli;
mod hook;
mod layers;
mod plan;
mod readme;
mod regression;
mod scan;
#[cfg(unix)]
mod staged;
mod support;
#[cfg(unix)]
mod unread;
