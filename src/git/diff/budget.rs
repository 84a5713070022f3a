//! Bounds what comparing trees costs by the size of these trees: trees whose entries all name the
//! same tree hold more paths than any memory can.

use std::collections::HashSet;

use crate::git::{ObjectId, ReadError};

/// What may be spent on top of what is earned, in bytes.
const ALLOWANCE: usize = 256 << 20;

/// What each byte of an object earns that is met for the first time. An entry of a tree has about
/// 35 bytes, so this pays for a path of some hundred bytes.
const EARNED: usize = 16;

/// What a path costs in addition to its length: about the memory that a change takes.
const PATH_COST: usize = 128;

/// What may be spent for what a commit's many parents have in place of its files, in bytes.
const MAX_OTHERS: usize = 128 << 20;

/// What was read and listed so far, and what the objects allow.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    seen: HashSet<ObjectId>,
    spent: usize,
    earned: usize,
    /// How much of what was spent was for paths.
    paths: usize,
    /// What the entries of other trees take.
    others: usize,
}

impl Budget {
    /// Pays for an object of `len` bytes that was read.
    pub(crate) fn pay_object(&mut self, id: ObjectId, len: usize) {
        self.spent = self.spent.saturating_add(len);
        if self.seen.insert(id) {
            self.earned = self.earned.saturating_add(len.saturating_mul(EARNED));
        }
    }

    /// Pays for a path of `len` bytes that is listed.
    pub(crate) const fn pay_path(&mut self, len: usize) {
        self.spent = self.spent.saturating_add(PATH_COST + len);
        self.paths = self.paths.saturating_add(PATH_COST + len);
    }

    /// Pays for entries of other trees that are kept, by their bytes.
    pub(crate) const fn pay_others(&mut self, bytes: usize) {
        self.others = self.others.saturating_add(bytes);
    }

    /// Takes back what was paid for entries that are no longer kept.
    pub(crate) const fn return_others(&mut self, bytes: usize) {
        self.others = self.others.saturating_sub(bytes);
    }

    /// What counts of a change among many: the memory of its paths or, if that is more, what was
    /// spent on top of what was earned.
    pub(crate) fn cost(&self) -> usize {
        self.paths.max(self.spent.saturating_sub(self.earned)) + self.others
    }

    /// Whether more was spent than the objects allow.
    pub(crate) const fn is_exceeded(&self) -> bool {
        self.spent > self.earned.saturating_add(ALLOWANCE) || self.others > MAX_OTHERS
    }

    /// # Errors
    /// If more was spent than the objects allow.
    pub(crate) const fn check(&self) -> Result<(), ReadError> {
        if self.is_exceeded() {
            Err(ReadError::TooManyPaths)
        } else {
            Ok(())
        }
    }
}
