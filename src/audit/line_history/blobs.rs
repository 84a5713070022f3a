//! Searches every blob once, and keeps what decides whether a commit changes a matching line.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read};

use super::HistoryPatterns;
use crate::git::store::{DeltaBase, Kind, Object, ObjectIndex, ObjectStore, Problem, Visit};

/// How many bytes at the start of a file decide for git whether it is binary.
const BINARY_PREFIX: usize = 8000;

/// Whether git takes a file that begins with `bytes` for binary if no attribute decides it.
#[must_use]
pub fn is_binary(bytes: &[u8]) -> bool {
    memchr::memchr(0, &bytes[..bytes.len().min(BINARY_PREFIX)]).is_some()
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

    fn search(&mut self, number: ObjectIndex, bytes: &[u8]) {
        if is_binary(bytes) {
            return;
        }
        let mut found: Option<BlobLines> = None;
        for line in self.patterns.changed.lines(bytes) {
            let lines = found.get_or_insert(BlobLines {
                sequence: 0,
                is_reported: false,
            });
            lines.sequence = self.hash.hash_one((lines.sequence, line.text));
            lines.is_reported |= self.patterns.reported.lines(line.text).next().is_some();
        }
        if let Some(lines) = found {
            self.found.insert(self.store.canonical(number), lines);
        }
    }
}

impl Visit for BlobSearcher<'_> {
    type State = ();

    fn object(&mut self, object: Object<'_>, _: Option<DeltaBase<'_, ()>>) {
        if object.kind == Kind::Blob {
            self.search(object.number, object.bytes);
        }
    }

    fn stream(&mut self, number: ObjectIndex, content: &mut dyn Read) -> io::Result<()> {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        self.search(number, &bytes);
        Ok(())
    }

    fn broken(&mut self, number: ObjectIndex, problem: Problem) {
        self.broken.get_or_insert((number, problem));
    }
}
