//! keysieve keeps secrets out of git repositories: a scanner of files and of what is staged, an
//! audit of whole repositories, a gate on ranges of commits, and the hooks that call it.
//!
//! # Architecture
//!
//! One sentence: **everything is a blob, and the spans of it that are new; a source yields blobs,
//! the scanner finds matches in them, policy judges the findings, a report shows them, and nothing
//! is ever skipped in silence.**
//!
//! ```text
//!            Source ──Blob──▶ Scanner ──Match──▶ Finding ──▶ Policy ──▶ Outcome ──▶ Report ──▶ exit status
//! ```
//!
//! | layer | modules | what they are |
//! |---|---|---|
//! | 0 | [`text`], [`secret`], [`fs`] | places in bytes; values that cannot be printed by accident; files that are replaced atomically |
//! | 1 | [`blob`], [`rule`] | what is scanned and where it came from; what is searched for |
//! | 2 | [`git`] | the only module that reads git repositories |
//! | 3 | [`scan`], [`source`], [`hook`], [`ci`] | finds matches in bytes; feeds files and git as blobs; wires into git; reads what CI systems say. They do not know each other |
//! | 4 | [`finding`] | what a scan says |
//! | 5 | [`policy`], [`report`] | what to do about a finding; how to show it. They never know each other |
//! | 6 | [`engine`] | feeds blobs to scanners, judges, gathers, sorts |
//! | 7 | [`audit`] | the conductor of a whole history |
//! | 8 | `cli`, `main.rs` | words of the command line; the only place that prints, exits or reads the environment |
//!
//! To read it in order: [`blob`] (what is scanned), [`rule`] (what is looked for), [`scan`] (how it
//! is found), [`source`] (where blobs come from), [`engine`] (how it all runs), [`git::store`] and
//! [`audit`] (the same for millions of versions at once).
//!
//! Beside `src/` lie `patterns/`, the rules, one file a provider, and `hooks/`, the stubs that git
//! runs, one file a hook, and in `hooks/ci/` what is to be copied; `build.rs` embeds patterns and
//! stubs, so adding one is adding one file. A report is one file in [`report`] and its line in the
//! table there; a check is a function and its line in [`rule::check::CHECKS`].
//!
//! **Invariant:** a module knows only lower layers. `tests/layers.rs` reads the imports and holds
//! them to this table.
//!
//! **Invariant:** fail closed. What was in scope and could not be read is a [`blob::Skip`] whose
//! reason [is a failure](blob::SkipReason::is_failure), and [`finding::Outcome::status`] then says
//! so, whatever else was found.
//!
//! **Invariant:** what was found leaves in clear only on demand. Values live in [`secret::Secret`],
//! whose `Debug` and `Display` mask them; code frames are masked before they are kept, unknown
//! words that look like secrets among them; errors quote nothing from the files they are about.
//!
//! **Invariant:** git is read as objects and as the index, never as the text of `git diff` or `git
//! log`, so no setting or attribute can hide anything; and nothing that a repository names is ever
//! run.
//!
//! **Invariant:** a verdict depends on its window only: a rule says how far around a keyword it
//! looks, and what spans a whole blob, such as joining an id with its secret, works on the blob's
//! matches. So large blobs are scanned in parts.
//!
//! **Invariant:** what is found follows from a text and its strikes, and strikes ride along where a
//! text is taken over from an older one ([`scan::Scanner::hits_after`]). So an audit, which
//! searches a version only where it is new, finds what a scan of each version by itself would find.
//!
//! **Invariant:** linear time. Regular expressions are those of the `regex` crate, windows that
//! overlap are searched once, and nothing is done for every pair of findings.
//!
//! **Invariant:** the library never prints or exits, and reads of the environment only git's own
//! variables, as git does.
//!
//! **Invariant:** same input, same output. Sources may use as many threads as they like: outcomes
//! are sorted.

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

pub mod audit;
pub mod blob;
pub mod ci;
pub mod engine;
pub mod finding;
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
