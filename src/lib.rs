//! keysieve keeps secrets out of git repositories: a scanner of files, of what is staged and of what git stores.
//!
//! # Architecture
//!
//! One sentence: **everything is a blob, and the spans of it that are new; a source yields blobs, the scanner finds
//! matches in them, policy judges the findings, a report shows them, and nothing is ever skipped in silence.**
//!
//! ```text
//!            Source ──Blob──▶ Scanner ──Match──▶ Finding ──▶ Policy ──▶ Outcome ──▶ Report ──▶ exit status
//! ```
//!
//! | layer | modules | what they are |
//! |---|---|---|
//! | 0 | [`text`], [`secret`] | places in bytes; values that cannot be printed by accident |
//! | 1 | [`blob`], [`rule`], [`repo`] | what is scanned, what is looked for, the repository it stands in |
//! | 2 | [`scan`], [`source`], [`hook`] | finding matches in bytes; reading files and git; wiring into git. They never know each other |
//! | 3 | [`finding`] | what a scan says |
//! | 4 | [`policy`], [`report`] | what to do about a finding; how to show it. They never know each other |
//! | 5 | [`conduct`] | feeds blobs to scanners, judges, gathers, sorts |
//! | 6 | `cli`, `main.rs` | words of the command line; the only place that prints, exits or reads the environment |
//!
//! **Invariant:** a module knows only lower layers. `tests/layers.rs` reads the imports and holds them to this table.
//!
//! **Invariant:** fail closed. What was in scope and could not be read is a [`blob::Skip`] whose reason
//! [is a failure](blob::SkipReason::is_failure), and [`finding::Outcome::status`] then says so, whatever else was found.
//!
//! **Invariant:** no secret leaves in clear. Values live in [`secret::Secret`], whose `Debug` and `Display` mask them;
//! code frames are masked before they are kept.
//!
//! **Invariant:** git is read as objects and as the index, never as the text of `git diff` or `git log`, so no setting or
//! attribute can hide anything; and nothing that a repository names is ever run.
//!
//! **Invariant:** the library never prints, exits or reads the environment.
//!
//! **Invariant:** same input, same output. Sources may use as many threads as they like: outcomes are sorted.

#![deny(clippy::print_stdout, clippy::print_stderr, clippy::exit)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "in a test a panic is the report"))]

pub mod blob;
pub mod conduct;
pub mod finding;
pub mod hook;
pub mod policy;
pub mod repo;
pub mod report;
pub mod rule;
pub mod scan;
pub mod secret;
pub mod source;
pub mod text;
