//! A catalogue of attacks: each test is one way to blind, disarm or abuse keysieve, as its line of
//! documentation says.

mod bombs;
mod bounds;
mod ci;
mod containers;
mod files;
mod fingerprints;
mod habits;
mod hidden;
mod leaks;
mod merges;
mod novelty;
mod policy;
mod store;
mod trees;
mod trust;
