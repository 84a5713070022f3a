//! Keeps the unpacking of a blob, with all that is nested in it, within its limits.

use std::cell::{Cell, RefCell};
use std::io::{self, Read};

use super::{Limits, Problem};

/// What is left to spend on a blob. Shared by all readers of a walk, hence the cells.
pub(super) struct Budget {
    pub(super) limits: Limits,
    /// The most bytes that may be produced.
    allowed: u64,
    bytes: Cell<u64>,
    entries: Cell<u64>,
    memory: Cell<u64>,
    /// Whether a reader fails right now: it reports the problem, so those that read from it do not.
    pub(super) failing: Cell<bool>,
    /// Whether the walk is over before its end.
    pub(super) stopped: Cell<bool>,
    /// Why it is over, until that is reported.
    pub(super) cause: RefCell<Option<Problem>>,
}

impl Budget {
    pub(super) fn new(limits: &Limits, len: usize) -> Self {
        let dense = limits.ratio.saturating_mul(len as u64);
        Self {
            limits: *limits,
            allowed: limits.bytes.min(dense.max(limits.free_bytes)),
            bytes: Cell::new(0),
            entries: Cell::new(0),
            memory: Cell::new(0),
            failing: Cell::new(false),
            stopped: Cell::new(false),
            cause: RefCell::new(None),
        }
    }

    /// Ends the walk because of `problem`.
    fn stop(&self, problem: Problem) -> Problem {
        if !self.stopped.replace(true) {
            *self.cause.borrow_mut() = Some(problem.clone());
        }
        problem
    }

    /// An error if the walk is over.
    pub(super) fn check(&self) -> Result<(), Problem> {
        if self.stopped.get() {
            return Err(Problem::corrupt("the walk is over"));
        }
        Ok(())
    }

    /// Counts `len` bytes of work.
    pub(super) fn spend(&self, len: u64) -> Result<(), Problem> {
        let bytes = self.bytes.get().saturating_add(len);
        self.bytes.set(bytes);
        if bytes <= self.allowed {
            return Ok(());
        }
        let (limit, ratio) = (self.limits.bytes, self.limits.ratio);
        Err(self.stop(if self.allowed == limit {
            Problem::TooLarge { limit }
        } else {
            Problem::TooDense { limit: ratio }
        }))
    }

    /// Counts an entry.
    pub(super) fn spend_entry(&self) -> Result<(), Problem> {
        self.check()?;
        let limit = self.limits.entries;
        self.entries.set(self.entries.get() + 1);
        if self.entries.get() <= limit {
            return Ok(());
        }
        Err(self.stop(Problem::TooManyEntries { limit }))
    }

    /// Entries that are left.
    pub(super) fn entries_left(&self) -> u64 {
        self.limits.entries.saturating_sub(self.entries.get())
    }

    /// Uses half of the memory that is left, so that a decompressor in a decompressor has some as
    /// well.
    pub(super) fn window(&self) -> Memory<'_> {
        self.use_memory(self.memory_left() / 2)
    }

    /// Uses `len` bytes of memory, if they are left.
    pub(super) fn reserve(&self, len: u64) -> Result<Memory<'_>, Problem> {
        if len > self.memory_left() {
            return Err(Problem::TooMuchMemory);
        }
        Ok(self.use_memory(len))
    }

    pub(super) fn use_memory(&self, len: u64) -> Memory<'_> {
        self.memory.set(self.memory.get() + len);
        Memory { budget: self, len }
    }

    /// Bytes of memory that are left.
    pub(super) fn memory_left(&self) -> u64 {
        self.limits.memory.saturating_sub(self.memory.get())
    }
}

/// A reader that counts what it reads as work, if asked to, and remembers its first error.
pub(super) struct Guarded<'a> {
    pub(super) reader: &'a mut dyn Read,
    pub(super) budget: &'a Budget,
    pub(super) is_counted: bool,
    pub(super) has_failed: bool,
    /// The problem, if it is not one of the container around.
    pub(super) problem: Option<Problem>,
}

impl Guarded<'_> {
    fn fail(&mut self, error: io::Error) {
        self.has_failed = true;
        if !self.budget.failing.replace(true) {
            // A decoder may have wrapped the error of the budget.
            let cause = self.budget.cause.borrow_mut().take();
            self.problem = Some(cause.unwrap_or_else(|| error.into()));
        }
    }
}

impl Read for Guarded<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.has_failed || self.budget.stopped.get() {
            return Err(io::Error::other("not read any further"));
        }
        let result = self.reader.read(buf).and_then(|len| {
            if self.is_counted {
                self.budget.spend(len as u64)?;
            }
            Ok(len)
        });
        match result {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                self.fail(error);
                Err(io::Error::other("cannot be read"))
            }
            result => result,
        }
    }
}

/// Memory that is used until it is dropped.
pub(super) struct Memory<'a> {
    budget: &'a Budget,
    pub(super) len: u64,
}

impl Memory<'_> {
    pub(super) fn shrink(&mut self, len: u64) {
        let used = self.budget.memory.get();
        self.budget.memory.set(used.saturating_sub(self.len - len));
        self.len = len;
    }
}

impl Drop for Memory<'_> {
    fn drop(&mut self) {
        self.shrink(0);
    }
}
