//! Feeds content of any length to a worker through one buffer: small content whole, large content
//! in overlapping parts, so that memory is bounded.

use std::io::{self, Read};
use std::ops::{Deref, DerefMut, Range};

use crate::blob::{Blob, Origin, Part};
use crate::rule::MAX_REACH;

use super::Worker;

/// Size of the largest part, in bytes.
const PART: usize = 8 << 20;

/// How many bytes two parts share. No rule looks further than half of it around a match.
const OVERLAP: usize = 128 << 10;
const _: () = assert!(MAX_REACH <= OVERLAP / 2);

/// Bytes that begin at a multiple of 64 in memory.
///
/// The allocator puts a large buffer 16 bytes behind the start of a page. If the kernel reads to
/// there, some AMD processors copy at a quarter of the speed.
#[derive(Debug)]
struct AlignedBytes {
    bytes: Vec<u8>,
    start: usize,
}

/// A buffer that a thread reuses for every blob.
#[derive(Debug)]
pub struct Buffer {
    bytes: AlignedBytes,
    part: usize,
    overlap: usize,
}

impl Default for Buffer {
    fn default() -> Self {
        Self {
            bytes: AlignedBytes::new(128 << 10),
            part: PART,
            overlap: OVERLAP,
        }
    }
}

/// Cuts bytes in memory into parts, as [`Buffer::feed`] does with what it reads.
pub fn parts(bytes: &[u8]) -> impl Iterator<Item = (&[u8], Part)> {
    let mut next = Some((0, 0));
    std::iter::from_fn(move || {
        let (offset, lines) = next.take()?;
        let rest = &bytes[offset..];
        let last = rest.len() <= PART;
        let part = &rest[..rest.len().min(PART)];
        if !last {
            let step = part.len() - OVERLAP;
            next = Some((offset + step, lines + count_lines(&part[..step])));
        }
        let own = own_range(offset, part.len(), last, OVERLAP);
        Some((
            part,
            Part {
                offset,
                lines,
                own,
                last,
            },
        ))
    })
}

fn count_lines(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}

/// The range of a part in which matches are reported: all of it except half of what it shares with
/// each neighbour.
fn own_range(offset: usize, len: usize, last: bool, overlap: usize) -> Range<usize> {
    let half = overlap / 2;
    let start = if offset == 0 { 0 } else { half };
    start..if last { len.max(1) } else { len - half }
}

impl AlignedBytes {
    const ALIGNMENT: usize = 64;

    /// `len` zeros.
    fn new(len: usize) -> Self {
        let bytes = vec![0; len + Self::ALIGNMENT];
        let start = bytes.as_ptr().align_offset(Self::ALIGNMENT);
        Self {
            start: start.min(Self::ALIGNMENT),
            bytes,
        }
    }

    /// Makes it `len` bytes long, which is more than now.
    fn grow(&mut self, len: usize) {
        let mut longer = Self::new(len);
        longer[..self.len()].copy_from_slice(self);
        *self = longer;
    }
}

impl Deref for AlignedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[self.start..][..self.bytes.len() - Self::ALIGNMENT]
    }
}

impl DerefMut for AlignedBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        let len = self.len();
        &mut self.bytes[self.start..][..len]
    }
}

impl Buffer {
    /// Feeds all bytes of `from` to `worker`, as one blob from `origin`.
    ///
    /// # Errors
    /// If `from` cannot be read to its end. The caller then reports the blob as skipped, since only
    /// its first parts were scanned.
    pub fn feed(
        &mut self,
        mut from: impl Read,
        origin: &Origin,
        worker: &mut dyn Worker,
    ) -> io::Result<()> {
        let (mut offset, mut lines, mut held) = (0, 0, 0);
        loop {
            let (len, last) = self.fill(&mut from, held)?;
            let bytes = &self.bytes[..len];
            let part = Part {
                offset,
                lines,
                own: own_range(offset, len, last, self.overlap),
                last,
            };
            worker.blob(Blob {
                bytes,
                origin: origin.clone(),
                previous: None,
                part,
                is_copy: false,
            });
            if last {
                return Ok(());
            }
            let next = len - self.overlap;
            lines += count_lines(&self.bytes[..next]);
            offset += next;
            self.bytes.copy_within(next..len, 0);
            held = self.overlap;
        }
    }

    /// Reads after the first `held` bytes until the end or until a part is full. Returns the length
    /// of the part, and whether it is the last.
    fn fill(&mut self, from: &mut impl Read, held: usize) -> io::Result<(usize, bool)> {
        let mut len = held;
        loop {
            if len == self.bytes.len() {
                if len >= self.part {
                    return Ok((len, false));
                }
                self.bytes.grow((len * 2).min(self.part));
            }
            match from.read(&mut self.bytes[len..]) {
                Ok(0) => return Ok((len, true)),
                Ok(more) => len += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::Skip;

    #[derive(Default)]
    struct Recorder(Vec<(Part, Vec<u8>)>);

    impl Worker for Recorder {
        fn blob(&mut self, blob: Blob<'_>) {
            self.0.push((blob.part, blob.bytes.to_vec()));
        }
        fn skip(&mut self, _: Skip) {}
        fn left_out(&mut self, _: u64) {}
    }

    #[test]
    fn parts_overlap_and_their_own_ranges_are_adjacent() {
        let text: Vec<u8> = (0..1000_u32)
            .flat_map(|n| format!("{n}\n").into_bytes())
            .collect();
        let mut buffer = Buffer {
            bytes: AlignedBytes::new(16),
            part: 256,
            overlap: 64,
        };
        let mut seen = Recorder::default();
        buffer.feed(&text[..], &Origin::Stdin, &mut seen).unwrap();
        assert!(seen.0.len() > 10);
        let mut owned = 0;
        for (part, bytes) in &seen.0 {
            let offset = part.offset;
            assert_eq!(bytes[..], text[offset..offset + bytes.len()]);
            assert_eq!(part.lines, count_lines(&text[..offset]));
            assert_eq!(offset + part.own.start, owned, "own ranges are adjacent");
            owned = offset + part.own.end;
            assert_eq!(part.last, owned == text.len());
        }
        assert_eq!(owned, text.len());
    }

    #[test]
    fn empty_input_is_one_empty_part() {
        let mut seen = Recorder::default();
        Buffer::default()
            .feed(&b""[..], &Origin::Stdin, &mut seen)
            .unwrap();
        assert_eq!(seen.0.len(), 1);
        assert!(seen.0[0].0.last);
    }
}
