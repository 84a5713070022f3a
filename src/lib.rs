//! keysieve keeps secrets out of git repositories: it scans files and what is staged, audits whole
//! repositories, gates ranges of commits, and installs the hooks that run it.
//!
//! A program that uses the library starts with [`Keysieve`]; `docs/examples/` has two that run.
//!
//! # Architecture
//!
//! In one sentence: **a source turns every input into blobs, the scanner finds matches in them, the
//! engine turns matches into findings, policy judges the findings, a report shows them, and nothing
//! is skipped in silence.**
//!
//! ```text
//!            Source ──Blob──▶ Scanner ──Match──▶ Engine ──Finding──▶ Policy ──▶ Outcome ──▶ Report
//! ```
//!
//! | layer | modules | what they do |
//! |---|---|---|
//! | 0 | [`text`], [`secret`], [`fs`] | locate bytes by span, line and column; wrap values that must not be printed by accident; replace files atomically |
//! | 1 | [`blob`], [`rule`], [`unpack`] | define what is scanned and where it came from; define what is searched for; unpack containers such as archives |
//! | 2 | [`git`] | reads git repositories; no other module does |
//! | 3 | [`scan`], [`source`], [`hook`], [`ci`] | find matches in bytes; list files and git objects as blobs; install git hooks; read the variables of CI systems. They do not know each other |
//! | 4 | [`finding`] | defines findings, the outcome of a run and its exit status |
//! | 5 | [`policy`], [`report`] | decide what to do about a finding; write reports. They do not know each other |
//! | 6 | [`engine`], [`fleet`] | runs a source, a scanner and a policy, and builds findings from matches; joins the results of many repositories. They do not know each other |
//! | 7 | [`audit`] | scans the whole history of a repository with the engine |
//! | 8 | [`api`] | scans bytes, directories and histories in a few lines, for programs |
//! | 9 | `cli`, `main.rs` | parse the command line, and alone print, exit and read the environment |
//!
//! To read the code in order: [`blob`] (what is scanned), [`rule`] (what is searched for), [`scan`]
//! (how it is found), [`source`] (where blobs come from), [`engine`] (how it all runs), then
//! [`git::store`] and [`audit`] (the same for millions of versions at once).
//!
//! # Adding things
//!
//! Each addition touches one place:
//!
//! - a provider: one file in `patterns/`;
//! - a check that a pattern cannot express: a function and its row in [`rule::check::CHECKS`];
//! - a report format: one function in [`report`] and its row in the table there;
//! - a container: one file in [`unpack`] and its row in the table there;
//! - a CI system: one file in [`ci`] and its row in the table there;
//! - a source: one file in [`source`] and its command in `cli`;
//! - a git hook: its row in the table of [`hook`].
//!
//! `build.rs` embeds the files of `patterns/` and `hooks/`. `hooks/ci/` has templates to copy.
//!
//! # Invariants
//!
//! **Invariant:** a module knows only lower layers. `tests/layers.rs` compares the imports with the
//! table above.
//!
//! **Invariant:** fail closed. If something in scope cannot be read, it becomes a [`blob::Skip`]
//! whose reason [is a failure](blob::SkipReason::is_failure), and [`finding::Outcome::status`] is
//! then *incomplete*, which takes precedence over findings.
//!
//! **Invariant:** no secret leaves unmasked, except on request. [`secret::Secret`] masks its value
//! in `Debug` and `Display`; code frames are masked before they are stored, including unknown words
//! that look like secrets; errors quote nothing from the files that they are about.
//!
//! **Invariant:** scanning writes nothing to a repository and runs nothing that it names. Git is
//! read as objects and as the index, never as the output of `git diff` or `git log`, so no setting
//! or attribute can hide anything.
//!
//! **Invariant:** the content of an object matches its id. [`git::read`] verifies it, for blobs,
//! trees, commits and tags alike. An audit compares loose objects, and of packs what it names in
//! reports; it verifies the CRC-32 of every entry.
//!
//! **Invariant:** a change cannot vouch for itself. Policy and *already known* come from what was
//! accepted before, never from the commits that are judged.
//!
//! **Invariant:** a match depends only on its window. A rule limits how far around a keyword it
//! matches, and what needs a whole blob, such as pairing an id with its secret, works on the
//! blob's matches. So large blobs can be scanned in parts.
//!
//! **Invariant:** matches follow from a text and its prefilter hits, and hits carry over if a text
//! copies parts of an older one ([`scan::Scanner::hits_after`]). So an audit, which searches only
//! the new parts of each version, finds what a scan of each whole version finds.
//!
//! **Invariant:** the same text gives the same findings on the same lines in every command.
//!
//! **Invariant:** time is linear in the bytes, and memory is bounded. Regular expressions are those
//! of the `regex` crate, overlapping windows are searched once, and no work is done for every pair
//! of findings.
//!
//! **Invariant:** the library never prints, exits or reads the environment, except for git's own
//! variables, which gix reads as git does.
//!
//! **Invariant:** the same input gives the same output. Sources may use any number of threads:
//! outcomes are sorted.

#![deny(
    clippy::disallowed_methods,
    clippy::exit,
    clippy::print_stderr,
    clippy::print_stdout
)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "in a test a panic is the report")
)]

pub mod api;
pub mod audit;
pub mod blob;
pub mod ci;
pub mod engine;
pub mod finding;
pub mod fleet;
pub mod fs;
pub mod git;
pub mod hook;
pub mod policy;
pub mod report;
pub mod rule;
pub mod scan;
pub mod secret;
pub mod source;
pub mod text;
pub mod unpack;

pub use api::Keysieve;
