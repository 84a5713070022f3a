//! Parses the headers of zip archives, also those of zip64.

use std::ops::Range;

use memchr::memmem;

use super::super::number::{self, little};
use super::super::{FIRST, Problem};

/// How a local header begins.
pub(super) const LOCAL: &[u8] = b"PK\x03\x04";

/// How a header of the central directory begins.
const CENTRAL: &[u8] = b"PK\x01\x02";

/// How the record behind the central directory begins, and its length without the comment.
const END: (&[u8], usize) = (b"PK\x05\x06", 22);

/// The longest comment behind the end record.
const MAX_COMMENT: usize = 0xffff;

/// How many end records are taken into account.
const MAX_ENDS: usize = 64;

/// The records of zip64 between the central directory and the end record.
const ZIP64_LOCATOR: (&[u8], usize) = (b"PK\x06\x07", 20);
const ZIP64_END: (&[u8], usize) = (b"PK\x06\x06", 56);

/// A field of 32 bits with this value is in the extra field of zip64.
const IN_ZIP64: u64 = 0xffff_ffff;

/// An entry as one of its headers describes it.
pub(super) struct Entry<'a> {
    /// Where its local header is.
    pub(super) header: usize,
    pub(super) name: &'a [u8],
    pub(super) comment: &'a [u8],
    pub(super) method: u16,
    flags: u64,
    /// Its size in the archive, if the header has it.
    pub(super) packed: Option<u64>,
    /// Its size when it is unpacked, if the header has it.
    pub(super) size: Option<u64>,
}

impl<'a> Entry<'a> {
    /// The entry whose local header is at `at`.
    pub(super) fn local(bytes: &'a [u8], at: usize) -> Option<Self> {
        let fields = bytes.get(at..)?.strip_prefix(LOCAL)?;
        let name_len = number::index(little::<2>(fields, 22)?);
        let extra_len = number::index(little::<2>(fields, 24)?);
        let (name, rest) = fields.get(26..)?.split_at_checked(name_len)?;
        let flags = little::<2>(fields, 2)?;
        let mut sizes = [little::<4>(fields, 18)?, little::<4>(fields, 14)?];
        zip64(rest.get(..extra_len)?, &mut sizes);
        // The sizes follow the content.
        let is_streamed = flags & 8 != 0 && sizes[1] == 0;
        Some(Self {
            header: at,
            name,
            comment: &[],
            method: u16::try_from(little::<2>(fields, 4)?).ok()?,
            flags,
            packed: (!is_streamed).then_some(sizes[1]),
            size: (!is_streamed).then_some(sizes[0]),
        })
    }

    /// The entry whose header in the central directory is at `at`.
    pub(super) fn central(bytes: &'a [u8], at: usize) -> Option<Self> {
        let fields = bytes.get(at..)?.strip_prefix(CENTRAL)?;
        let len = |at| little::<2>(fields, at).map(number::index);
        let (name, rest) = fields.get(42..)?.split_at_checked(len(24)?)?;
        let (extra, rest) = rest.split_at_checked(len(26)?)?;
        let mut sizes = [
            little::<4>(fields, 20)?,
            little::<4>(fields, 16)?,
            little::<4>(fields, 38)?,
        ];
        zip64(extra, &mut sizes);
        Some(Self {
            header: number::index(sizes[2]),
            name,
            comment: rest.get(..len(28)?)?,
            method: u16::try_from(little::<2>(fields, 6)?).ok()?,
            flags: little::<2>(fields, 4)?,
            packed: Some(sizes[1]),
            size: Some(sizes[0]),
        })
    }

    /// How long the header in the central directory is.
    fn central_len(bytes: &'a [u8], at: usize) -> Option<usize> {
        let entry = Self::central(bytes, at)?;
        let extra = number::index(little::<2>(bytes, at + 30)?);
        Some(46 + entry.name.len() + extra + entry.comment.len())
    }

    /// Whether two headers describe the same content.
    pub(super) fn agrees(&self, central: &Self) -> bool {
        let sizes = self.packed.is_none() || self.packed == central.packed;
        sizes && self.method == central.method && self.is_encrypted() == central.is_encrypted()
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.flags & 1 != 0
    }

    /// How long the content in `rest` is if its header does not have its length: up to the next
    /// record. `None` if the content has an end of its own.
    pub(super) fn len_before_record(&self, rest: &[u8]) -> Option<u64> {
        let is_record = |at: &usize| {
            let kind = rest.get(at + 2..at + 4);
            matches!(kind, Some([1, 2] | [3, 4] | [7, 8]))
        };
        let next = || memmem::find_iter(rest, b"PK").find(is_record);
        (self.method != 8).then(|| next().unwrap_or(rest.len()) as u64)
    }
}

/// Where the content of the entry with a local header at `at` begins.
pub(super) fn content_start(bytes: &[u8], at: usize) -> Option<usize> {
    let fields = bytes.get(at..)?.strip_prefix(LOCAL)?;
    let len = little::<2>(fields, 22)? + little::<2>(fields, 24)?;
    Some(at + 30 + number::index(len))
}

/// Replaces each size that is in the extra field of zip64.
fn zip64(mut extra: &[u8], sizes: &mut [u64]) {
    while let (Some(id), Some(len)) = (little::<2>(extra, 0), little::<2>(extra, 2)) {
        let Some((field, rest)) = extra[4..].split_at_checked(number::index(len)) else {
            return;
        };
        extra = rest;
        if id == 1 {
            let large = sizes.iter_mut().filter(|size| **size == IN_ZIP64);
            for (size, at) in large.zip((0..).step_by(8)) {
                *size = little::<8>(field, at).unwrap_or(*size);
            }
            return;
        }
    }
}

/// The central directory.
pub(super) struct Directory {
    /// Where the local header and the central header of each entry are, in order.
    pub(super) entries: Vec<(usize, usize)>,
    /// What it takes of the archive, with the records that follow it.
    pub(super) range: Range<usize>,
}

impl Directory {
    /// Finds the central directory, with about `limit` entries at most, and says what is wrong with
    /// it. Programs disagree on which record at the end counts, and where the directory is that it
    /// names, so the entries of all of them are taken.
    pub(super) fn find(bytes: &[u8], limit: u64) -> (Self, Result<(), Problem>) {
        let mut directory = Self {
            entries: Vec::new(),
            range: bytes.len()..bytes.len(),
        };
        let mut ends = ends(bytes).peekable();
        let Some(&last) = ends.peek() else {
            return (directory, Err(Problem::Truncated));
        };
        directory.range = last..bytes.len().min(last + END.1);
        for end in ends.by_ref().take(MAX_ENDS) {
            if directory.is_in_stored_archive(bytes, end) {
                continue;
            }
            for start in starts(bytes, end) {
                let after = directory.add(bytes, start, limit);
                if end == last && after > start.0 && start.0 < directory.range.start {
                    let is_adjacent = end.saturating_sub(after) <= ZIP64_END.1 + ZIP64_LOCATOR.1;
                    let range_end = if is_adjacent { end + END.1 } else { after };
                    directory.range = start.0..range_end.min(bytes.len());
                }
            }
        }
        let has_entries = little::<4>(bytes, last + 12).is_some_and(|size| size > 0);
        let result = if ends.next().is_some() {
            Err(Problem::corrupt("it has too many end records"))
        } else if has_entries && directory.entries.is_empty() {
            Err(Problem::corrupt("the central directory is missing"))
        } else {
            Ok(())
        };
        directory.entries.sort_unstable();
        directory.entries.dedup();
        (directory, result)
    }

    /// Adds the entries of the directory at a start, and returns where they end.
    fn add(&mut self, bytes: &[u8], (start, base): (usize, usize), limit: u64) -> usize {
        let mut at = start;
        while let Some(len) = Entry::central_len(bytes, at)
            && self.entries.len() as u64 <= limit
        {
            if let Some(entry) = Entry::central(bytes, at) {
                let moved = entry.header.wrapping_add(base);
                let header = match content_start(bytes, moved) {
                    Some(_) => moved,
                    None => entry.header,
                };
                self.entries.push((header, at));
            }
            at += len;
        }
        at
    }

    /// Whether the end record at `end` is that of an archive that is an entry of this one.
    fn is_in_stored_archive(&self, bytes: &[u8], end: usize) -> bool {
        self.entries.iter().any(|&(header, central)| {
            let entry = Entry::central(bytes, central).filter(|entry| entry.method == 0);
            let packed = entry.and_then(|entry| entry.packed).unwrap_or(0);
            let start = content_start(bytes, header).unwrap_or(end);
            start < end
                && ((end - start) as u64) < packed
                && bytes.get(start..).is_some_and(super::is_zip)
        })
    }
}

/// Whether `bytes`, which begin with something else, end with an archive, as programs that unpack
/// themselves do.
pub(in super::super) fn is_at_end(bytes: &[u8]) -> bool {
    let is_last = |end: usize| bytes.get(end..).is_some_and(|rest| rest.starts_with(END.0));
    let exact = bytes.len().checked_sub(END.1).filter(|end| is_last(*end));
    // Only an archive with a comment needs a search, which takes too long for every text.
    let search = || {
        let first = &bytes[..bytes.len().min(FIRST)];
        let may_be_program = first.starts_with(b"#!") || memchr::memchr(0, first).is_some();
        // Most have none, and a search backwards is slow.
        let has_end = may_be_program && memmem::find(&bytes[tail(bytes)..], END.0).is_some();
        has_end.then(|| ends(bytes).next()).flatten()
    };
    exact.or_else(search).is_some_and(|end| {
        let mut starts = starts(bytes, end).into_iter();
        starts.any(|(start, _)| Entry::central_len(bytes, start).is_some())
    })
}

/// Where end records may be, the last one first.
fn ends(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let tail = tail(bytes);
    memmem::rfind_iter(&bytes[tail..], END.0).map(move |at| tail + at)
}

/// Where the part of `bytes` begins in which end records are.
fn tail(bytes: &[u8]) -> usize {
    bytes.len().saturating_sub(END.1 + MAX_COMMENT)
}

/// Where the central directory of the end record at `end` may begin, and what has to be added to
/// the offsets in it: programs count from the beginning of the file, or back from the record, and
/// use the record of zip64 always or if they have to.
fn starts(bytes: &[u8], end: usize) -> Vec<(usize, usize)> {
    let mut starts = Vec::new();
    let mut add = |at: usize, size: Option<u64>, offset: Option<u64>| {
        let (Some(size), Some(offset)) = (size.map(number::index), offset.map(number::index))
        else {
            return;
        };
        for start in [offset, at.wrapping_sub(size)] {
            let found = (start, start.wrapping_sub(offset));
            if !starts.contains(&found) {
                starts.push(found);
            }
        }
    };
    let [size, offset] = [12, 16].map(|field| little::<4>(bytes, end + field));
    add(end, size, offset);
    let locator_at = end.wrapping_sub(ZIP64_LOCATOR.1);
    let locator = bytes.get(locator_at..);
    if let Some(locator) = locator.and_then(|bytes| bytes.strip_prefix(ZIP64_LOCATOR.0)) {
        let declared = little::<8>(locator, 4).map_or(usize::MAX, number::index);
        for at in [declared, locator_at.wrapping_sub(ZIP64_END.1)] {
            let record = bytes.get(at..).unwrap_or_default();
            if let Some(record) = record.strip_prefix(ZIP64_END.0) {
                let [size, offset] = [36, 44].map(|field| little::<8>(record, field));
                add(at, size, offset);
            }
        }
    }
    starts
}
