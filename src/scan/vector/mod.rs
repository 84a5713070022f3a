//! Searches that read 64 bytes at once, on processors that can.

#[cfg(target_arch = "x86_64")]
pub(super) mod avx512;
#[cfg(target_arch = "x86_64")]
mod teddy;

#[cfg(target_arch = "x86_64")]
pub(super) use teddy::Teddy;

/// How many bytes of a literal Teddy looks up.
pub(super) const LEN: usize = 4;

/// How many sets of literals Teddy has. A place passes if one set has each of its bytes.
pub(super) const BUCKETS: usize = 16;

/// There is none for other processors.
#[cfg(not(target_arch = "x86_64"))]
#[derive(Debug)]
pub(super) enum Teddy {}

#[cfg(not(target_arch = "x86_64"))]
impl Teddy {
    pub(super) fn new<'a>(_: impl IntoIterator<Item = (usize, &'a [u8])>) -> Option<Self> {
        None
    }

    pub(super) fn search(&self, _: &[u8], _: std::ops::Range<usize>, _: impl FnMut(usize)) {
        match *self {}
    }
}
