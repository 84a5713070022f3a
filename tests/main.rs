//! Runs the integration tests in one binary: the real program and real git on temporary
//! repositories that do not depend on the machine.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod allow;
#[cfg(unix)]
mod attacks;
#[cfg(unix)]
mod audit;
mod aws;
mod baseline;
mod cli;
mod encodings;
#[cfg(unix)]
mod encrypted;
mod explain;
mod gate;
#[cfg(unix)]
mod git_dir;
#[cfg(unix)]
mod git_secrets;
mod golden;
mod habits;
mod hook;
mod import;
#[cfg(unix)]
mod layered_policy;
mod layers;
mod merge;
mod names;
#[cfg(unix)]
mod old_git;
mod packages;
mod plan;
mod quality;
mod readme;
mod regression;
#[cfg(unix)]
mod roots;
mod scan;
mod schema;
mod server;
#[cfg(unix)]
mod staged;
mod strings;
mod support;
mod templates;
#[cfg(target_os = "linux")]
mod terminal;
#[cfg(unix)]
mod unpack;
#[cfg(unix)]
mod unread;
