//! Hooks in real repositories: git says where they live and runs them; a small script stands for
//! the program.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod ground;
mod install;
mod run;
mod script;
mod status;
mod template;
