//! Counts what a run has done so far, for a progress bar in another thread.

use std::sync::atomic::{AtomicU64, Ordering};

/// How far a run has come; may be read while it runs.
#[derive(Debug, Default)]
pub struct Progress {
    /// Blobs scanned.
    pub blobs: AtomicU64,
    /// Bytes in them.
    pub bytes: AtomicU64,
    /// How many blobs there are; 0 if that is not known.
    pub expected: AtomicU64,
    /// Matches found, before the policy judges them.
    pub found: AtomicU64,
}

impl Progress {
    /// Counts a blob that is scanned to its end.
    pub fn add_blob(&self) {
        self.blobs.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts scanned bytes.
    pub fn add_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts matches.
    pub fn add_found(&self, matches: usize) {
        self.found.fetch_add(matches as u64, Ordering::Relaxed);
    }

    /// Adds to the number of blobs that will be scanned.
    pub fn expect(&self, blobs: usize) {
        self.expected.fetch_add(blobs as u64, Ordering::Relaxed);
    }
}
