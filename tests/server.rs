//! Tests pushes from a clone with hooks and to a server with hooks, with the real program.

#![cfg(unix)]

mod merge;
pub(crate) mod pair;
mod policy;
mod push;
mod receive;
mod refs;
mod same_text;
