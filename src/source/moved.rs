//! What a parent has that a change takes away: where renamed files and moved lines come from.

use std::collections::HashMap;
use std::sync::OnceLock;

use bstr::{BStr, ByteSlice};

use crate::git::diff::{Candidate, RemovedFile};
use crate::git::tree::name_of;
use crate::git::{LocalRepository, ObjectId, ObjectKind, read_kind};

type List<'a> = Box<dyn Fn(&LocalRepository) -> Vec<RemovedFile> + Send + Sync + 'a>;

/// What one parent has that a change takes away. Most changes are clean, and then nobody needs to
/// know.
pub(crate) struct Parent<'a> {
    list: List<'a>,
    lost: OnceLock<Vec<RemovedFile>>,
}

/// How many files are compared with a new one to find where it, or a part of it, came from.
const MAX_COMPARED: usize = 100;

/// What is larger, in bytes, is not looked at for lines that moved.
const MAX_SIZE: u64 = 1 << 20;

impl<'a> Parent<'a> {
    /// A parent whose lost files `list` gives when they are asked for.
    pub(crate) fn new(
        list: impl Fn(&LocalRepository) -> Vec<RemovedFile> + Send + Sync + 'a,
    ) -> Self {
        Self {
            list: Box::new(list),
            lost: OnceLock::new(),
        }
    }

    fn lost(&self, repo: &LocalRepository) -> &[RemovedFile] {
        self.lost.get_or_init(|| (self.list)(repo))
    }

    /// The content of the file that `new` most likely is under a new name: the same blob, or the
    /// one with which `bytes` share most, at least half of the longer one, as git has it.
    pub(crate) fn renamed_from(
        &self,
        repo: &LocalRepository,
        new: &Candidate,
        bytes: &[u8],
    ) -> Option<Vec<u8>> {
        let mut gone: Vec<_> = self
            .lost(repo)
            .iter()
            .filter(|lost| lost.now.is_none())
            .collect();
        if gone.iter().any(|lost| lost.id == new.id) {
            return Some(bytes.to_vec());
        }
        // Most files keep their name or at least their ending when they move.
        let ending = |path: &BStr| path.rsplit_once_str(".").map(|(_, ending)| ending.to_vec());
        let likely = |path: &BStr| {
            let new = new.path.as_bstr();
            (name_of(path) != name_of(new), ending(path) != ending(new))
        };
        gone.sort_by_cached_key(|lost| (likely(lost.path.as_bstr()), &lost.path));
        let contents = gone
            .into_iter()
            .take(MAX_COMPARED)
            .filter_map(|lost| content(repo, lost.id));
        let scored = contents.map(|old| (shared_bytes(&old, bytes), old));
        let (shared, old) = scored.max_by_key(|(shared, _)| *shared)?;
        (shared * 2 >= old.len().max(bytes.len())).then_some(old)
    }

    /// The lost files at other paths than `path`, as they were and as they are now: what is missing
    /// in them may have moved. None where too many changed.
    pub(crate) fn replaced(&self, repo: &LocalRepository, path: &BStr) -> Vec<(Vec<u8>, Vec<u8>)> {
        let lost = self.lost(repo);
        if lost.len() > MAX_COMPARED {
            return Vec::new();
        }
        let small = |id: ObjectId| read_kind(repo, id, ObjectKind::Blob, Some(MAX_SIZE)).ok();
        let others = lost.iter().filter(|lost| lost.path != path);
        let versions = others
            .filter_map(|lost| Some((small(lost.id)?, lost.now.map_or(Some(Vec::new()), small)?)));
        versions.collect()
    }
}

/// The content of a blob. One that cannot be read costs a rename or a move, so more is reported,
/// not less.
pub(crate) fn content(repo: &LocalRepository, id: ObjectId) -> Option<Vec<u8>> {
    read_kind(repo, id, ObjectKind::Blob, None).ok()
}

/// Bytes in lines that both texts have.
fn shared_bytes(old: &[u8], new: &[u8]) -> usize {
    let mut counts: HashMap<&[u8], usize> = HashMap::new();
    for line in old.lines_with_terminator() {
        *counts.entry(line).or_default() += 1;
    }
    let shared = new.lines_with_terminator().filter(|line| {
        counts
            .get_mut(line)
            .filter(|count| **count > 0)
            .map(|count| *count -= 1)
            .is_some()
    });
    shared.map(<[u8]>::len).sum()
}
