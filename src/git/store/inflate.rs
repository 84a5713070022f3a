//! Inflates the entries of packs: at once if they fit in memory, since their size is known, and as
//! a stream otherwise.

use std::io::{self, Read};

use flate2::bufread::ZlibDecoder;
use libdeflater::Decompressor;

use super::visit::Problem;

/// The highest ratio that deflate can reach; see RFC 1951 and zlib's "technical details".
const MAX_RATIO: usize = 1032;

/// Inflates whole entries.
#[derive(Default)]
pub(super) struct Inflater(Decompressor);

impl Inflater {
    /// Inflates `packed`, a zlib stream (RFC 1950) of exactly `size` bytes, into `out`.
    pub(super) fn inflate(
        &mut self,
        packed: &[u8],
        size: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        // A size beyond deflate's maximum ratio only serves to force a huge allocation.
        if size > packed.len().saturating_mul(MAX_RATIO) {
            return Err(Problem::Inflate);
        }
        out.resize(size, 0);
        match self.0.zlib_decompress(packed, out) {
            Ok(len) if len == size => Ok(()),
            _ => Err(Problem::Inflate),
        }
    }
}

/// Inflates `packed` while it is read, and fails if that does not give exactly `size` bytes.
pub(super) fn stream(packed: &[u8], size: usize) -> impl Read + '_ {
    ExactReader::new(ZlibDecoder::new(packed), size)
}

/// Reads exactly as many bytes as were declared, and fails if there are more or fewer.
pub(super) struct ExactReader<R> {
    from: R,
    left: usize,
}

impl<R> ExactReader<R> {
    pub(super) fn new(from: R, size: usize) -> Self {
        Self { from, left: size }
    }
}

impl<R: Read> Read for ExactReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.from.read(buffer)?;
        let is_short = len == 0 && self.left > 0 && !buffer.is_empty();
        if is_short || len > self.left {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "size does not match the object's header",
            ));
        }
        self.left -= len;
        Ok(len)
    }
}
