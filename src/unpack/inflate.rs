//! Inflates deflate and zlib streams for the formats that contain them.

use std::io::{self, BufRead, Read};

use flate2::{Decompress, FlushDecompress, Status};

use super::Problem;

/// What a deflate or zlib stream inflates to. Unlike the readers of `flate2`, it reports a stream
/// that is truncated, and returns what precedes an error.
pub(super) struct Inflate<R> {
    input: R,
    state: Decompress,
    has_ended: bool,
    is_corrupt: bool,
}

impl<R: BufRead> Inflate<R> {
    /// A stream without a header.
    pub(super) fn raw(input: R) -> Self {
        Self::new(input, false)
    }

    /// A stream with the header and checksum of zlib.
    pub(super) fn zlib(input: R) -> Self {
        Self::new(input, true)
    }

    fn new(input: R, zlib: bool) -> Self {
        Self {
            input,
            state: Decompress::new(zlib),
            has_ended: false,
            is_corrupt: false,
        }
    }

    /// How many bytes it read and produced.
    pub(super) fn totals(&self) -> (u64, u64) {
        (self.state.total_in(), self.state.total_out())
    }

    /// What follows the stream, once it was read to its end.
    pub(super) fn into_inner(self) -> R {
        self.input
    }
}

impl<R: BufRead> Read for Inflate<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while !self.has_ended && !self.is_corrupt {
            let input = self.input.fill_buf()?;
            let is_empty = input.is_empty();
            let (old_in, old_out) = (self.state.total_in(), self.state.total_out());
            let status = self.state.decompress(input, buf, FlushDecompress::None);
            let (new_in, new_out) = self.totals();
            let consumed = usize::try_from(new_in - old_in).unwrap_or(usize::MAX);
            let len = usize::try_from(new_out - old_out).unwrap_or(usize::MAX);
            self.input.consume(consumed);
            match status {
                Ok(Status::StreamEnd) => self.has_ended = true,
                Ok(_) if len == 0 && is_empty => return Err(Problem::Truncated.into()),
                Ok(_) if len > 0 || consumed > 0 => {}
                Ok(_) | Err(_) => self.is_corrupt = true,
            }
            if len > 0 || buf.is_empty() {
                return Ok(len);
            }
        }
        if self.is_corrupt {
            return Err(Problem::corrupt("cannot be decompressed").into());
        }
        Ok(0)
    }
}

/// Whether `first`, the first bytes of a stream or all of it, is the beginning of a zlib stream.
/// The two bytes of the header are too few to tell, so what follows is inflated.
pub(super) fn is_zlib(first: &[u8], is_all: bool) -> bool {
    let [method, flags, ..] = *first else {
        return false;
    };
    let check = u16::from_be_bytes([method, flags]);
    if method & 0x0f != 8 || method >> 4 > 7 || check % 31 != 0 || flags & 0x20 != 0 {
        return false;
    }
    let mut stream = Inflate::zlib(first);
    let result = io::copy(&mut stream, &mut io::sink());
    stream.totals().1 > 0 && (result.is_ok() || (!is_all && !stream.is_corrupt))
}
