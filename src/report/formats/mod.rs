//! The formats, one file for each.

pub(in crate::report) mod checkstyle;
pub(in crate::report) mod csv;
pub(in crate::report) mod github;
pub(in crate::report) mod github_summary;
pub(in crate::report) mod gitlab;
pub(in crate::report) mod html;
pub(in crate::report) mod human;
pub(in crate::report) mod json;
pub(in crate::report) mod jsonl;
pub(in crate::report) mod junit;
pub(in crate::report) mod markdown;
pub(in crate::report) mod sarif;
pub(in crate::report) mod shape;
