//! Bounds the content of an entry in a stream, for tar, ar and cpio.

use std::io::{self, Read};

use super::peek::Peek;
use super::walk::Walk;
use super::{Problem, number};

/// The content of an entry, which has exactly `left` bytes: fewer are an error.
pub(super) struct Exact<'i, 'r> {
    input: &'i mut Peek<'r>,
    left: u64,
    has_failed: bool,
}

impl<'i, 'r> Exact<'i, 'r> {
    pub(super) fn new(input: &'i mut Peek<'r>, left: u64) -> Self {
        Self {
            input,
            left,
            has_failed: false,
        }
    }

    /// Passes the content on as the entry `name`, after `prefix`, and reads what the sink left of
    /// it. Returns whether it was complete; if not, that is reported.
    pub(super) fn pass_to(
        mut self,
        walk: &mut Walk<'_>,
        name: &[u8],
        prefix: &[u8],
    ) -> Result<bool, Problem> {
        walk.entry(name, &mut prefix.chain(&mut self))?;
        if !self.has_failed {
            io::copy(&mut self, &mut io::sink())?;
        }
        Ok(!self.has_failed)
    }
}

impl Read for Exact<'_, '_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 || buf.is_empty() {
            return Ok(0);
        }
        let len = buf.len().min(number::index(self.left));
        let result = match self.input.read(&mut buf[..len]) {
            Ok(0) => Err(Problem::Truncated.into()),
            result => result,
        };
        match &result {
            Ok(len) => self.left -= *len as u64,
            Err(_) => self.has_failed = true,
        }
        result
    }
}
