//! Searches every blob once, and keeps what decides whether a commit changes a matching line.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read};
use std::ops::Range;

use memchr::{memchr, memrchr};

use super::HistoryPatterns;
use crate::git::store::{DeltaBase, Kind, Object, ObjectIndex, ObjectStore, Problem, Visit};
use crate::text::Span;

/// How many bytes at the start of a file decide for git whether it is binary.
const BINARY_PREFIX: usize = 8000;

/// Whether git takes a file that begins with `bytes` for binary if no attribute decides it.
#[must_use]
pub fn is_binary(bytes: &[u8]) -> bool {
    memchr(0, &bytes[..bytes.len().min(BINARY_PREFIX)]).is_some()
}

/// The matching lines of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlobLines {
    /// A hash of their texts, in order: it changes if a line is added, removed or edited.
    pub(super) sequence: u64,
    /// Whether some of them are reported.
    pub(super) is_reported: bool,
}

/// One thread's search.
pub(super) struct BlobSearcher<'a> {
    patterns: HistoryPatterns<'a>,
    store: &'a ObjectStore,
    hash: &'a RandomState,
    pub(super) found: HashMap<ObjectIndex, BlobLines>,
    /// The first object that cannot be read.
    pub(super) broken: Option<(ObjectIndex, Problem)>,
}

impl<'a> BlobSearcher<'a> {
    pub(super) fn new(
        patterns: HistoryPatterns<'a>,
        store: &'a ObjectStore,
        hash: &'a RandomState,
    ) -> Self {
        Self {
            patterns,
            store,
            hash,
            found: HashMap::new(),
            broken: None,
        }
    }

    /// The matching lines of a text.
    fn lines(&self, bytes: &[u8]) -> Vec<Span> {
        let mut lines = Vec::new();
        self.search(bytes, 0..bytes.len(), &mut lines);
        lines
    }

    /// The matching lines of a text that was made from `base`: only lines that are not copied as a
    /// whole, between two line feeds, are searched.
    fn lines_after(&self, bytes: &[u8], base: &DeltaBase<'_, Vec<Span>>) -> Vec<Span> {
        let mut lines = Vec::new();
        let mut searched = 0;
        for copy in base.copied {
            let text = copy.target().of(bytes);
            let (Some(first), Some(last)) = (memchr(b'\n', text), memrchr(b'\n', text)) else {
                continue;
            };
            let start = copy.to + first + 1;
            let (from, end) = (copy.from + first + 1, copy.from + last);
            self.search(bytes, searched..start, &mut lines);
            let known = &base.state[base.state.partition_point(|line| line.start < from)..];
            let known = known.iter().take_while(|line| line.end <= end);
            let moved = |at: usize| at - from + start;
            lines.extend(known.map(|line| Span::new(moved(line.start), moved(line.end))));
            searched = copy.to + last + 1;
        }
        self.search(bytes, searched..bytes.len(), &mut lines);
        lines
    }

    /// Adds the matching lines of a part of a text that begins and ends between lines.
    fn search(&self, bytes: &[u8], part: Range<usize>, lines: &mut Vec<Span>) {
        let start = part.start;
        for line in self.patterns.changed.lines(&bytes[part]) {
            let start = start + line.start;
            lines.push(Span::new(start, start + line.text.len()));
        }
    }

    /// Keeps what a blob has, unless git takes it for binary.
    fn keep(&mut self, number: ObjectIndex, bytes: &[u8], lines: &[Span]) {
        if lines.is_empty() || is_binary(bytes) {
            return;
        }
        let mut found = BlobLines {
            sequence: 0,
            is_reported: false,
        };
        for line in lines.iter().map(|line| line.of(bytes)) {
            found.sequence = self.hash.hash_one((found.sequence, line));
            found.is_reported |= self.patterns.reported.lines(line).next().is_some();
        }
        self.found.insert(self.store.canonical(number), found);
    }
}

impl Visit for BlobSearcher<'_> {
    /// The matching lines.
    type State = Vec<Span>;

    fn object(&mut self, object: Object<'_>, base: Option<DeltaBase<'_, Vec<Span>>>) -> Vec<Span> {
        let lines = match base {
            _ if object.kind != Kind::Blob => Vec::new(),
            Some(base) => self.lines_after(object.bytes, &base),
            None => self.lines(object.bytes),
        };
        self.keep(object.number, object.bytes, &lines);
        lines
    }

    fn stream(&mut self, number: ObjectIndex, content: &mut dyn Read) -> io::Result<()> {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        let lines = self.lines(&bytes);
        self.keep(number, &bytes, &lines);
        Ok(())
    }

    fn broken(&mut self, number: ObjectIndex, problem: Problem) {
        self.broken.get_or_insert((number, problem));
    }
}
