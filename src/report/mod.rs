//! Writes an outcome for people, programs and services, with every secret masked.
//!
//! | module | what it does |
//! |---|---|
//! | `api` | settings of a report, and what a format is |
//! | `formats` | the table of formats, and one file for each |
//! | [`plan`] | the clean-up plan of an audit |
//! | `timeline` | when secrets appeared in history and disappeared |
//! | `safe_text` | masks and escapes what all of these print |

mod api;
mod formats;
pub mod plan;
mod safe_text;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
mod timeline;

pub use api::{About, Format, Options, Screen, Times, Write};
pub use formats::{FORMATS, format};
pub use safe_text::log_text::log_line;
pub use safe_text::words::size;

use crate::finding::Outcome;

/// Returns a function that makes paths and other foreign text printable and masks every value of
/// `outcome` in it.
pub fn masker(outcome: &Outcome) -> impl Fn(&[u8]) -> String {
    let redactor = safe_text::redactor::Redactor::masked(outcome);
    move |text| redactor.text(text)
}
