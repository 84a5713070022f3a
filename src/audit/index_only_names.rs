//! Feeds the names that only the index of a work tree contains: those of files that were staged and
//! never committed.

use std::collections::BTreeMap;

use bstr::{BStr, BString, ByteSlice};

use super::collected::Collected;
use crate::blob::{Blob, Origin};
use crate::finding::history::{Container, Exposure, History, ObjectPlace, RootRef};
use crate::finding::{Finding, Outcome};
use crate::git::{IndexRoot, RootKind, Roots};
use crate::source::{Source, SourceError, Workers, is_searched_name};

/// Feeds each such name once.
pub(super) struct IndexOnlyNames<'a> {
    roots: &'a Roots,
    /// Each name, and the first path that ends in it.
    names: BTreeMap<&'a BStr, &'a BStr>,
}

impl<'a> IndexOnlyNames<'a> {
    /// The names in all indexes that no tree contains.
    pub(super) fn new(roots: &'a Roots, collected: &Collected) -> Self {
        let mut names = BTreeMap::new();
        for (path, _) in roots.indexes.iter().flat_map(|index| &index.entries) {
            let mut start = 0;
            for name in path.split(|&byte| byte == b'/') {
                let end = start + name.len();
                if is_searched_name(name) && !is_in_a_tree(name, collected) {
                    names.entry(name.as_bstr()).or_insert(path[..end].as_bstr());
                }
                start = end + 1;
            }
        }
        Self { roots, names }
    }

    /// Adds to the findings and the allowed findings of `outcome` in which indexes they are.
    pub(super) fn add_histories(&self, outcome: &mut Outcome) {
        let allowed = outcome.allowed.iter_mut();
        let allowed = allowed.map(|allowed| &mut allowed.finding);
        for finding in outcome.findings.iter_mut().chain(allowed) {
            finding.history = Some(Box::new(self.history(finding)));
        }
    }

    fn history(&self, finding: &Finding) -> History {
        let path = finding.origin.path();
        let indexes = self.roots.indexes.iter();
        let start = finding.place.start;
        History {
            exposure: Exposure::Index,
            in_head: false,
            last: None,
            reached_from: indexes
                .filter(|index| has_path(index, path))
                .map(|index| RootRef {
                    kind: RootKind::Index,
                    name: index.name.clone(),
                })
                .collect(),
            places: vec![ObjectPlace {
                kind: Container::Name,
                object: None,
                paths: vec![path.to_owned()],
                inside: None,
                line: start.line,
                column: start.column,
                encoded: finding.place.encoding.is_some(),
                binary: false,
            }],
            elsewhere: Vec::new(),
            repositories: Vec::new(),
        }
    }
}

fn is_in_a_tree(name: &[u8], collected: &Collected) -> bool {
    let names = &collected.names;
    names
        .binary_search_by(|known| known.as_bytes().cmp(name))
        .is_ok()
}

/// Whether an index has an entry with this path, or below it.
fn has_path(index: &IndexRoot, path: &BStr) -> bool {
    index.entries.iter().any(|(entry, _): &(BString, _)| {
        let rest = entry.strip_prefix(path.as_bytes());
        rest.is_some_and(|rest| matches!(rest, [] | [b'/', ..]))
    })
}

impl Source for IndexOnlyNames<'_> {
    fn feed<'w>(&self, workers: Workers<'w, '_>) -> Result<(), SourceError> {
        let mut worker = workers();
        for (name, path) in &self.names {
            let path = (*path).to_owned();
            worker.blob(Blob::whole(name, Origin::Name { path, commit: None }));
        }
        Ok(())
    }
}
