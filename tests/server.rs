//! Pushes as git has them: from a clone with hooks, to a server with hooks, through the real
//! program.

#![cfg(unix)]

mod ground;
mod merge;
mod policy;
mod push;
mod receive;
mod refs;
mod same_text;
