//! Inflating: entries of packs at once, since their size is known, and what is too large for that
//! as a stream.

use std::io::Read;

use flate2::bufread::ZlibDecoder;
use libdeflater::Decompressor;

use super::Problem;

/// Deflate makes of one byte no more than this many; see RFC 1951 and zlib's "technical details".
const MAX_RATIO: usize = 1032;

/// Inflates whole entries.
pub(super) struct Inflater(Decompressor);

impl Default for Inflater {
    fn default() -> Self {
        Self(Decompressor::new())
    }
}

impl Inflater {
    /// Inflates `packed`, a zlib stream (RFC 1950), which must make exactly `size` bytes, into
    /// `out`.
    pub(super) fn inflate(
        &mut self,
        packed: &[u8],
        size: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        // Whoever claims more than can be in there claims it to have us reserve it.
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

/// `packed`, inflated while it is read.
pub(super) fn stream(packed: &[u8]) -> impl Read + '_ {
    ZlibDecoder::new(packed)
}
