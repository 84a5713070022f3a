//! Tests the hook library on real repositories: git finds and runs the hooks, and a small script is
//! the program that they call.

#![cfg(unix)]

mod earlier;
mod hook_repo;
mod install;
mod run;
mod script;
mod status;
mod template;
