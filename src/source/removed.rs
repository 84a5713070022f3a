//! Finds what a change removes or replaces in a parent: where renamed files and moved lines come
//! from.

use std::collections::HashMap;
use std::sync::OnceLock;

use bstr::{BStr, ByteSlice};

use crate::blob::OldVersion;
use crate::git::diff::index::Removed;
use crate::git::diff::trees::{self, Difference};
use crate::git::diff::{Candidate, RemovedFile, index};
use crate::git::tree::{TypedId, name_of};
use crate::git::{LocalRepository, ObjectId, ObjectKind, ReadError, read_kind};

/// How a parent differs from the change.
pub(super) enum ParentDiff {
    /// Two trees, which are compared when they have to be; the first commit has no old one.
    Trees {
        old: Option<ObjectId>,
        new: ObjectId,
    },
    /// What the index removes and replaces.
    Index {
        removed: Vec<Removed>,
        replaced: Vec<RemovedFile>,
    },
}

/// A parent of a change, and which of its files the change removes or replaces: these are listed
/// only when something was found.
pub(super) struct Parent {
    diff: ParentDiff,
    removed: OnceLock<Vec<RemovedFile>>,
}

/// How many files are compared with a new one to find where it, or a part of it, came from.
const MAX_COMPARED: usize = 100;

/// Larger files, in bytes, are not searched for lines that moved.
const MAX_SIZE: u64 = 1 << 20;

impl Parent {
    pub(super) const fn new(diff: ParentDiff) -> Self {
        Self {
            diff,
            removed: OnceLock::new(),
        }
    }

    fn removed(&self, repo: &LocalRepository) -> &[RemovedFile] {
        self.removed.get_or_init(|| match &self.diff {
            ParentDiff::Index { removed, replaced } => {
                index::removed_files(repo, removed, replaced)
            }
            ParentDiff::Trees { old: None, .. } => Vec::new(),
            // If a tree cannot be read, a move is not seen, so more is reported, not less.
            ParentDiff::Trees {
                old: Some(old),
                new,
            } => {
                let Difference { found, unread, .. } = trees::not_in(repo, *old, &[Some(*new)]);
                let found = unread.is_empty().then_some(found);
                let found = found.into_iter().flatten();
                found.map(RemovedFile::from).collect()
            }
        })
    }

    /// About how many bytes a search for what was renamed goes through.
    pub(super) fn work(&self) -> usize {
        self.removed.get().map_or(0, |removed| removed.len() * 64)
    }

    /// The content of the file that `new` most likely is under a new name: the same blob, or the
    /// one with which `bytes` share most, at least half of the longer one, as for git.
    pub(super) fn renamed_from(
        &self,
        reader: Reader<'_>,
        new: &Candidate,
        bytes: &[u8],
    ) -> Option<OldVersion> {
        let removed = self.removed(reader.repo).iter();
        let mut gone: Vec<_> = removed
            .filter(|file| file.now.is_none() && file.entry.kind == new.entry.kind)
            .collect();
        if let Some(same) = gone.iter().find(|file| file.entry == new.entry) {
            let (path, bytes) = (same.path.clone(), bytes.to_vec());
            return Some(OldVersion { path, bytes });
        }
        // Most files keep their name or at least their extension when they move.
        let path = new.path.as_bstr();
        gone.sort_by_cached_key(|file| {
            let old = file.path.as_bstr();
            let differs = (
                name_of(old) != name_of(path),
                extension(old) != extension(path),
            );
            (differs, &file.path)
        });
        let contents = gone
            .into_iter()
            .take(MAX_COMPARED)
            .filter_map(|file| reader.version(file.path.as_bstr(), file.entry).ok()?);
        let scored = contents.map(|old| (shared_bytes(&old.bytes, bytes), old));
        let (shared, old) = scored.max_by_key(|(shared, _)| *shared)?;
        (shared * 2 >= old.bytes.len().max(bytes.len())).then_some(old)
    }

    /// The removed files at other paths than `path`, as they were and as they are now: what is
    /// missing in them may have moved. Empty if too many files changed.
    pub(super) fn replaced(&self, reader: Reader<'_>, path: &BStr) -> Vec<(OldVersion, Vec<u8>)> {
        let removed = self.removed(reader.repo);
        if removed.len() > MAX_COMPARED {
            return Vec::new();
        }
        let small = Reader {
            max_size: Some(reader.max_size.map_or(MAX_SIZE, |max| max.min(MAX_SIZE))),
            ..reader
        };
        removed
            .iter()
            .filter(|file| file.path != path)
            .filter_map(|file| {
                let before = small.version(file.path.as_bstr(), file.entry).ok()??;
                // What a submodule replaces is gone.
                let after = match file.now.and_then(TypedId::blob) {
                    Some(id) => small.blob(id).ok()??,
                    None => Vec::new(),
                };
                Some((before, after))
            })
            .collect()
    }
}

fn extension(path: &BStr) -> Option<&[u8]> {
    path.rsplit_once_str(".").map(|(_, extension)| extension)
}

/// Bytes in lines that both texts have.
fn shared_bytes(old: &[u8], new: &[u8]) -> usize {
    let mut counts: HashMap<&[u8], usize> = HashMap::new();
    for line in old.lines_with_terminator() {
        *counts.entry(line).or_default() += 1;
    }
    let mut shared = 0;
    for line in new.lines_with_terminator() {
        if let Some(count) = counts.get_mut(line).filter(|count| **count > 0) {
            *count -= 1;
            shared += line.len();
        }
    }
    shared
}

/// Reads previous content as it was scanned: within the size limit of the run.
#[derive(Clone, Copy)]
pub(super) struct Reader<'r> {
    pub(super) repo: &'r LocalRepository,
    pub(super) max_size: Option<u64>,
}

impl Reader<'_> {
    /// What an entry held at `path`; `None` if it was not scanned there: a submodule, or a file
    /// above the size limit.
    pub(super) fn version(
        self,
        path: &BStr,
        entry: TypedId,
    ) -> Result<Option<OldVersion>, ReadError> {
        let Some(id) = entry.blob() else {
            return Ok(None);
        };
        let path = path.to_owned();
        let bytes = self.blob(id)?;
        Ok(bytes.map(|bytes| OldVersion { path, bytes }))
    }

    /// The content of a blob; `None` if it is above the size limit.
    fn blob(self, id: ObjectId) -> Result<Option<Vec<u8>>, ReadError> {
        match read_kind(self.repo, id, ObjectKind::Blob, self.max_size) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(ReadError::TooLarge { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
