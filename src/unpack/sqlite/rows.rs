//! Reads the records of a table of SQLite as text, one value on a line.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::io::{self, Read};
use std::{iter, vec};

use super::super::number;
use super::super::walk::FormatOf;
use super::pages::{Cell, Pages, varint};

/// A shorter value is read again from each index.
const MIN_REPEATED: usize = 16;

/// How many values are compared with those of indexes.
const MAX_SEEN: usize = 1 << 20;

/// How many bytes of values that are containers are put aside, about, until they are taken.
const MAX_CONTAINERS: usize = 16 << 20;

/// What all tables of a database share.
pub(super) struct Context<'a> {
    pub(super) pages: Pages<'a>,
    pub(super) format_of: FormatOf,
    /// Hashes of values that were read, which indexes repeat.
    pub(super) seen: HashSet<u64>,
}

/// The texts of a table.
pub(super) struct Rows<'c, 'a> {
    context: &'c mut Context<'a>,
    pages: vec::IntoIter<usize>,
    /// What is left of the current page.
    cells: vec::IntoIter<Cell<'a>>,
    /// Whether values that were read before are left out.
    is_index: bool,
    text: Vec<u8>,
    at: usize,
    /// Values that are containers, and were not taken so far.
    pub(super) containers: Vec<Vec<u8>>,
}

impl<'c, 'a> Rows<'c, 'a> {
    pub(super) fn new(context: &'c mut Context<'a>, pages: Vec<usize>, is_index: bool) -> Self {
        Self {
            context,
            pages: pages.into_iter(),
            cells: Vec::new().into_iter(),
            is_index,
            text: Vec::new(),
            at: 0,
            containers: Vec::new(),
        }
    }

    /// Whether all values were read.
    pub(super) fn is_done(&self) -> bool {
        self.pages.len() + self.cells.len() == 0 && self.at == self.text.len()
    }

    /// Whether the values that are containers have to be taken first.
    fn is_full(&self) -> bool {
        self.containers.iter().map(Vec::len).sum::<usize>() > MAX_CONTAINERS
    }

    fn record(&mut self, record: &[u8]) {
        for (kind, value) in values(record) {
            match kind {
                Kind::Number => {}
                Kind::Blob => self.value(value),
                Kind::Text => self.value(&self.context.pages.utf8(value)),
            }
        }
    }

    fn value(&mut self, value: &[u8]) {
        if value.is_empty() {
            return;
        }
        if value.len() >= MIN_REPEATED {
            let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(value);
            let seen = &mut self.context.seen;
            if self.is_index && seen.contains(&hash) {
                return;
            }
            if !self.is_index && seen.len() < MAX_SEEN {
                seen.insert(hash);
            }
        }
        if (self.context.format_of)(value).is_some() {
            self.containers.push(value.to_vec());
            return;
        }
        self.text.extend_from_slice(value);
        self.text.push(b'\n');
    }
}

impl Read for Rows<'_, '_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() {
            self.text.clear();
            self.at = 0;
            if self.is_full() {
                return Ok(0);
            }
            if let Some(cell) = self.cells.next() {
                let record = self.context.pages.record(&cell);
                self.record(&record);
            } else if let Some(page) = self.pages.next() {
                self.cells = self.context.pages.cells(page).into_iter();
            } else {
                return Ok(0);
            }
        }
        let len = buf.len().min(self.text.len() - self.at);
        buf[..len].copy_from_slice(&self.text[self.at..self.at + len]);
        self.at += len;
        Ok(len)
    }
}

/// What a value is.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Number,
    Blob,
    Text,
}

/// The values of a record.
pub(super) fn values(record: &[u8]) -> impl Iterator<Item = (Kind, &[u8])> {
    let start = varint(record).map_or(0, |(len, _)| number::index(len));
    let (header, mut rest) = record.split_at_checked(start).unwrap_or_default();
    let mut types = varint(header).map_or(header, |(_, types)| types);
    iter::from_fn(move || {
        let (code, next) = varint(types)?;
        types = next;
        let (kind, len) = match code {
            0..=4 => (Kind::Number, code),
            5 => (Kind::Number, 6),
            6 | 7 => (Kind::Number, 8),
            8..=11 => (Kind::Number, 0),
            _ if code % 2 == 0 => (Kind::Blob, (code - 12) / 2),
            _ => (Kind::Text, (code - 13) / 2),
        };
        // The record may be cut short.
        let (value, next) = rest.split_at(number::index(len).min(rest.len()));
        rest = next;
        Some((kind, value))
    })
}
