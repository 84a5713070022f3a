//! Reads the pages of SQLite databases, and the records in them.

use std::borrow::Cow;
use std::mem;

use super::super::number::{self, big};

/// Length of the header of the file, which is on the first page.
const FILE_HEADER: usize = 100;

/// The largest record that is put together.
const MAX_RECORD: usize = 32 << 20;

/// Kinds of pages.
const INDEX_INTERIOR: u8 = 2;
const TABLE_INTERIOR: u8 = 5;
const INDEX_LEAF: u8 = 10;
const TABLE_LEAF: u8 = 13;

/// A cell of a page.
pub(super) struct Cell<'a> {
    page: &'a [u8],
    kind: u8,
    at: usize,
}

/// The pages of a database.
#[derive(Clone)]
pub(super) struct Pages<'a> {
    bytes: &'a [u8],
    size: usize,
    /// Bytes of a page that SQLite uses itself.
    usable: usize,
    /// How a unit of text is read, if text is UTF-16.
    utf16_unit: Option<fn([u8; 2]) -> u16>,
    /// Pages that were read, so that none is read twice.
    used: Vec<bool>,
    /// Bytes of the current page that no record has yet.
    left: usize,
    /// Whether a page that is in use is not valid.
    pub(super) is_damaged: bool,
    /// Whether a record is too large to be in memory. Its pages count as not read.
    pub(super) is_too_large: bool,
}

impl<'a> Pages<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let size = match number::index(big::<2>(bytes, 16)?) {
            1 => 1 << 16,
            size => size,
        };
        let usable = size.checked_sub(usize::from(*bytes.get(20)?))?;
        let utf16_unit: Option<fn([u8; 2]) -> u16> = match big::<4>(bytes, 56)? {
            2 => Some(u16::from_le_bytes),
            3 => Some(u16::from_be_bytes),
            _ => None,
        };
        // The smallest size that the format allows.
        (size.is_power_of_two() && usable >= 480).then(|| Self {
            bytes,
            size,
            usable,
            utf16_unit,
            used: vec![false; bytes.len().div_ceil(size) + 1],
            left: 0,
            is_damaged: false,
            is_too_large: false,
        })
    }

    /// A text as UTF-8.
    pub(super) fn utf8<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        let Some(unit) = self.utf16_unit else {
            return Cow::Borrowed(text);
        };
        let units = text.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        let chars = char::decode_utf16(units);
        let text: String = chars.map(|char| char.unwrap_or('\u{fffd}')).collect();
        Cow::Owned(text.into_bytes())
    }

    /// Whether pages are missing at the end.
    pub(super) fn is_truncated(&self) -> bool {
        let count = big::<4>(self.bytes, 28).map_or(0, number::index);
        // Old programs did not keep the count.
        let is_valid = self.bytes.get(24..28) == self.bytes.get(92..96);
        is_valid && count.saturating_mul(self.size) > self.bytes.len()
    }

    /// The content of page `number`, counted from one.
    fn page(&self, number: usize) -> Option<&'a [u8]> {
        let start = number.checked_sub(1)?.checked_mul(self.size)?;
        let page = self.bytes.get(start..)?;
        Some(&page[..page.len().min(self.usable)])
    }

    /// Uses a page, unless it is used already.
    fn take(&mut self, number: usize) -> Option<&'a [u8]> {
        let page = self.page(number)?;
        let used = self.used.get_mut(number)?;
        (!mem::replace(used, true)).then_some(page)
    }

    /// The pages of the tree with this root, in order.
    pub(super) fn tree(&mut self, root: usize) -> Vec<usize> {
        let mut found = Vec::new();
        let mut open: Vec<_> = self
            .take(root)
            .map(|page| (root, page))
            .into_iter()
            .collect();
        self.is_damaged |= open.is_empty();
        while let Some((number, page)) = open.pop() {
            found.push(number);
            let start = header_start(number);
            match page.get(start) {
                Some(&(INDEX_INTERIOR | TABLE_INTERIOR)) => {
                    let first = open.len();
                    let cells = cells(page, start).chain([start + 8]);
                    for child in cells.filter_map(|cell| big::<4>(page, cell)) {
                        let child = number::index(child);
                        match self.take(child) {
                            Some(page) => open.push((child, page)),
                            None => self.is_damaged = true,
                        }
                    }
                    open[first..].reverse();
                }
                Some(&(INDEX_LEAF | TABLE_LEAF)) => {}
                _ => self.is_damaged = true,
            }
        }
        found
    }

    /// Pages with records that are in no tree.
    pub(super) fn unused_leaves(&mut self) -> Vec<usize> {
        let all = 1..self.used.len();
        let is_leaf = |number: &usize| {
            let kind = self.page(*number).and_then(|page| page.first());
            !self.used[*number] && matches!(kind, Some(&(INDEX_LEAF | TABLE_LEAF)))
        };
        all.filter(is_leaf).collect()
    }

    /// What is on the pages that were not read.
    pub(super) fn unused(&self) -> impl Iterator<Item = &'a [u8]> {
        let unused = (1..self.used.len()).filter(|number| !self.used[*number]);
        unused.filter_map(|number| self.page(number))
    }

    /// The cells of a page that have a record.
    pub(super) fn cells(&mut self, number: usize) -> Vec<Cell<'a>> {
        let (Some(page), Some(used)) = (self.page(number), self.used.get_mut(number)) else {
            return Vec::new();
        };
        *used = true;
        self.left = page.len();
        let start = header_start(number);
        let kind = page.get(start).copied().unwrap_or_default();
        if !matches!(kind, INDEX_INTERIOR | INDEX_LEAF | TABLE_LEAF) {
            return Vec::new();
        }
        cells(page, start)
            .map(|at| Cell { page, kind, at })
            .collect()
    }

    /// The record of a cell, with what is on overflow pages.
    pub(super) fn record(&mut self, cell: &Cell<'a>) -> Cow<'a, [u8]> {
        let record = self.read_record(cell);
        self.is_damaged |= record.is_none();
        record.unwrap_or_default()
    }

    fn read_record(&mut self, cell: &Cell<'a>) -> Option<Cow<'a, [u8]>> {
        let Cell { page, kind, at } = *cell;
        // The number of the left child.
        let start = at + if kind == INDEX_INTERIOR { 4 } else { 0 };
        let cell = page.get(start..)?;
        let (len, mut rest) = varint(cell)?;
        if kind == TABLE_LEAF {
            rest = varint(rest)?.1;
        }
        let len = number::index(len);
        let local = self.local_len(len, kind == TABLE_LEAF);
        let (local, rest) = rest.split_at_checked(local)?;
        // Cells that are on top of each other would take far more time than there are bytes.
        self.left = self.left.checked_sub(local.len())?;
        self.is_too_large |= len > MAX_RECORD;
        if local.len() == len || len > MAX_RECORD {
            return Some(Cow::Borrowed(local));
        }
        let mut record = local.to_vec();
        let mut next = big::<4>(rest, 0)?;
        while record.len() < len {
            let Some(page) = self.take(number::index(next)) else {
                self.is_damaged = true;
                break;
            };
            let content = page.get(4..).unwrap_or_default();
            record.extend_from_slice(&content[..content.len().min(len - record.len())]);
            next = big::<4>(page, 0).unwrap_or(0);
        }
        Some(Cow::Owned(record))
    }

    /// How much of a record of `len` bytes is in its cell.
    fn local_len(&self, len: usize, is_table: bool) -> usize {
        let usable = self.usable;
        let max = if is_table {
            usable - 35
        } else {
            (usable - 12) * 64 / 255 - 23
        };
        if len <= max {
            return len;
        }
        let min = (usable - 12) * 32 / 255 - 23;
        let local = min + (len - min) % (usable - 4);
        if local <= max { local } else { min }
    }
}

/// Where the header of a page is.
fn header_start(number: usize) -> usize {
    if number == 1 { FILE_HEADER } else { 0 }
}

/// Where the cells of a page are, in the order of the tree.
fn cells(page: &[u8], start: usize) -> impl Iterator<Item = usize> {
    let is_interior = matches!(page.get(start), Some(&(INDEX_INTERIOR | TABLE_INTERIOR)));
    let list = start + if is_interior { 12 } else { 8 };
    let count = big::<2>(page, start + 3).map_or(0, number::index);
    (0..count).map_while(move |index| big::<2>(page, list + 2 * index).map(number::index))
}

/// A number of up to nine bytes, and what follows it.
pub(super) fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (index, &byte) in bytes.iter().enumerate().take(9) {
        if index == 8 {
            return Some((number << 8 | u64::from(byte), &bytes[9..]));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            return Some((number, &bytes[index + 1..]));
        }
    }
    None
}
