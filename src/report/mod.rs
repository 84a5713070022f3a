//! Reports: one file per format, and the table of them.

use std::io;

use crate::finding::Outcome;

/// Writes an outcome in one format.
pub trait Report {
    /// Writes all of `outcome` to `out`.
    ///
    /// # Errors
    /// Those of `out`.
    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()>;
}
