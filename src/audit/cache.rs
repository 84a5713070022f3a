//! What an audit remembers for the next one: of packs that were read whole, the places where
//! secrets stand (by fingerprint, never by value) and what the trees hold. A pack never changes, so
//! the next audit reads only what is new.
//!
//! A cache is a file in a folder of the user's. What is damaged in it, of other rules, or of packs
//! that are not there any more, is ignored, and everything is read again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bstr::BString;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::missing::Reference;
use super::reach::commits::Record;
use super::scan_objects::Place;
use super::scan_trees::TreeDiffs;
use super::{Read, Shared};
use crate::fs::{Access, PendingFile};
use crate::git::store::{ObjectIndex, PackName};

/// What begins a cache: its form. Another form has another number.
const HEAD: &[u8] = b"keysieve audit cache 2\n";

/// Where an audit remembers what it learned.
#[derive(Clone, Debug)]
pub struct Cache {
    file: PathBuf,
    /// What the memory holds for: rules, program, what is reported.
    key: String,
}

/// What is remembered. Numbers are those of the packs' objects, in the order of the packs.
#[derive(Serialize, Deserialize)]
struct Memory<'m> {
    key: std::borrow::Cow<'m, str>,
    packs: Vec<PackName>,
    places: Vec<Place>,
    /// The size of all the packs' objects.
    bytes: u64,
    commits: Vec<Record>,
    tags: Vec<(ObjectIndex, ObjectIndex)>,
    tree_diffs: TreeDiffs,
    names: Vec<BString>,
    /// Objects that were not there. Once one is, the memory does not tell all any more.
    missing: Vec<Reference>,
}

impl Cache {
    /// The cache in `folder` for the repository whose common directory is `repo`; `key` says what
    /// else it depends on.
    #[must_use]
    pub fn new(folder: &Path, repo: &Path, key: &str) -> Self {
        let repo = repo.canonicalize().unwrap_or_else(|_| repo.to_path_buf());
        let digest = Sha256::digest(repo.as_os_str().as_encoded_bytes());
        let name = faster_hex::hex_string(&digest[..16]);
        Self {
            file: folder.join(format!("audit-{name}")),
            key: key.to_owned(),
        }
    }

    /// What was remembered, and the packs it was learned from; nothing where there is no sound
    /// memory of these rules.
    pub(super) fn recall(&self) -> Option<(Vec<PackName>, Read)> {
        let bytes = fs::read(&self.file).ok()?;
        let (digest, body) = bytes.strip_prefix(HEAD)?.split_first_chunk::<32>()?;
        if *digest != *Sha256::digest(body) {
            return None;
        }
        let memory: Memory<'_> = postcard::from_bytes(body)
            .ok()
            .filter(|memory: &Memory<'_>| memory.key == self.key)?;
        let Memory {
            packs,
            places,
            bytes,
            commits,
            tags,
            tree_diffs,
            names,
            missing,
            ..
        } = memory;
        let mut read = Read {
            commits,
            tags,
            tree_diffs,
            names,
            missing,
            ..Read::default()
        };
        read.finds.places = places;
        read.finds.bytes.packed = bytes;
        Some((packs, read))
    }

    /// Remembers of `read` what lies in packs. Where something could not be read, or a secret
    /// stands in the name of a file or in what is too large to be read again, nothing is: what is
    /// remembered must be all there is to know of a pack, be seen again where it is, and hold no
    /// value.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(super) fn remember(&self, shared: &Shared<'_>, read: &Read) -> io::Result<()> {
        let packed = shared.store.first_loose();
        let whole = read.broken.is_empty() && shared.store.unread.is_empty();
        let in_name = read
            .finds
            .places
            .iter()
            .any(|place| shared.name_of(place.object).is_some());
        let commits: Vec<Record> = read
            .commits
            .iter()
            .filter(|commit| commit.number < packed)
            .cloned()
            .collect();
        // A packed commit may follow on one that is not packed yet, and those are not remembered.
        let alone = commits.iter().all(|commit| {
            commit
                .parents
                .iter()
                .chain(&commit.tree)
                .all(|&number| number < packed)
        });
        // Nor are edges from what is packed to what is not, so where there are some, what they come
        // from must be read again.
        let leads_out = |&(tree, mark): &(ObjectIndex, super::scan_trees::Mark)| {
            tree < packed && mark.child >= packed
        };
        let closed = !read
            .tree_diffs
            .added
            .iter()
            .chain(&read.tree_diffs.removed)
            .any(leads_out)
            && read
                .tags
                .iter()
                .all(|&(tag, target)| tag >= packed || target < packed);
        if !closed
            || !whole
            || in_name
            || read.finds.in_large
            || !alone
            || !shared.shallow.is_empty()
        {
            return Ok(());
        }
        let of_packs = |list: &[(ObjectIndex, super::scan_trees::Mark)]| {
            list.iter()
                .filter(|(tree, mark)| *tree < packed && mark.child < packed)
                .copied()
                .collect()
        };
        let tree_diffs = TreeDiffs {
            added: of_packs(&read.tree_diffs.added),
            removed: of_packs(&read.tree_diffs.removed),
            derived: read
                .tree_diffs
                .derived
                .iter()
                .filter(|&&(a, b)| a < packed && b < packed)
                .copied()
                .collect(),
        };
        let memory = Memory {
            key: self.key.as_str().into(),
            packs: shared.store.pack_names(),
            places: read
                .finds
                .places
                .iter()
                .filter(|place| place.object < packed)
                .cloned()
                .collect(),
            bytes: read.finds.bytes.packed,
            commits,
            tags: read
                .tags
                .iter()
                .filter(|&&(tag, target)| tag < packed && target < packed)
                .copied()
                .collect(),
            tree_diffs,
            names: read.names.clone(),
            missing: read
                .missing
                .iter()
                .filter(|missing| missing.from < packed)
                .copied()
                .collect(),
        };
        self.write(&postcard::to_allocvec(&memory).map_err(io::Error::other)?)
    }

    /// Writes the file in one step, for its owner alone.
    fn write(&self, body: &[u8]) -> io::Result<()> {
        let folder = self.file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        PendingFile::write(&self.file, Access::Private, |out| {
            out.write_all(HEAD)?;
            out.write_all(&Sha256::digest(body))?;
            out.write_all(body)
        })?
        .publish()
    }
}
