//! Searches a text 64 bytes at a time, on processors with AVX-512; others have no such search.

#[cfg(target_arch = "x86_64")]
pub(super) mod avx512;
#[cfg(target_arch = "x86_64")]
mod teddy;

#[cfg(target_arch = "x86_64")]
pub(super) use avx512::is_supported;
#[cfg(target_arch = "x86_64")]
pub(super) use teddy::Teddy;

/// How many bytes a vector has.
#[cfg(target_arch = "x86_64")]
pub(super) const BLOCK: usize = 64;

/// How many bytes of a literal Teddy looks up.
pub(super) const LOOKED_UP: usize = 4;

/// How many sets of literals Teddy has. A place passes if one set has each of its bytes.
pub(super) const BUCKETS: usize = 16;

/// Other processors have no such search.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn is_supported() -> bool {
    false
}

/// The search that other processors do not have.
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
