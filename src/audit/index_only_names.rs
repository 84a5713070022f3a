//! Names that only the index of a work tree lists: those of files that were staged and never
//! committed.

use std::collections::BTreeMap;

use bstr::{BStr, BString, ByteSlice};

use super::Read;
use crate::blob::{Blob, Origin};
use crate::finding::Finding;
use crate::finding::history::{Container, Exposure, History, ObjectPlace, RootRef};
use crate::git::{RootKind, Roots};
use crate::source::{Source, SourceError, Workers, is_searched_name};

/// Feeds each such name once.
pub(super) struct IndexOnlyNames<'a> {
    roots: &'a Roots,
    /// Name, and the first path that ends in it.
    names: BTreeMap<&'a BStr, &'a BStr>,
}

impl<'a> IndexOnlyNames<'a> {
    /// The names in all indexes that are in no tree of which everything was `read`.
    pub(super) fn new(roots: &'a Roots, read: &Read) -> Self {
        let mut names = BTreeMap::new();
        for (path, _) in roots.indexes.iter().flat_map(|index| &index.entries) {
            let mut start = 0;
            for name in path.split(|&byte| byte == b'/') {
                let end = start + name.len();
                let is_read = || {
                    read.names
                        .binary_search_by(|known| known.as_bytes().cmp(name))
                        .is_ok()
                };
                if is_searched_name(name) && !is_read() {
                    names.entry(name.as_bstr()).or_insert(path[..end].as_bstr());
                }
                start = end + 1;
            }
        }
        Self { roots, names }
    }

    /// What is known of a name in which `finding` is.
    pub(super) fn history(&self, finding: &Finding) -> History {
        let path = finding.origin.path();
        let below = |entry: &BString| {
            entry
                .strip_prefix(path.as_bytes())
                .is_some_and(|rest| matches!(rest, [] | [b'/', ..]))
        };
        let indexes = self
            .roots
            .indexes
            .iter()
            .filter(|index| index.entries.iter().any(|(entry, _)| below(entry)));
        let start = finding.place.start;
        History {
            exposure: Exposure::Index,
            in_head: false,
            last: None,
            reached_from: indexes
                .map(|index| RootRef {
                    kind: RootKind::Index,
                    name: index.name.clone(),
                })
                .collect(),
            places: vec![ObjectPlace {
                kind: Container::Name,
                object: None,
                paths: vec![path.to_owned()],
                line: start.line,
                column: start.column,
                encoded: finding.place.encoding.is_some(),
                binary: false,
            }],
            elsewhere: Vec::new(),
        }
    }
}

impl Source for IndexOnlyNames<'_> {
    fn feed<'w>(&self, workers: Workers<'w, '_>) -> Result<(), SourceError> {
        let mut worker = workers();
        for (name, path) in &self.names {
            worker.blob(Blob::whole(
                name,
                Origin::Name {
                    path: (*path).to_owned(),
                    commit: None,
                },
            ));
        }
        Ok(())
    }
}
