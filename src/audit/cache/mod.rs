//! Caches what an audit learned of the packs that it read whole: where secrets are (by fingerprint,
//! never by value) and what the trees contain. A pack never changes, so the next audit reads only
//! what is new.
//!
//! A cache is a file in a folder of the user. A damaged one, one of other rules, and one of packs
//! that are missing or changed now are ignored, and everything is read again. The content has a MAC
//! under a key that only the user can read, so a cache that another program wrote cannot hide a
//! secret.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bstr::BString;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::collected::Collected;
use super::container::Container;
use super::context::Context;
use super::found::StoredOccurrence;
use super::missing::MissingReference;
use super::reach::commits::CommitRecord;
use super::tree_diffs::{NamedChild, TreeDiffs};
use crate::engine::Unsearched;
use crate::fs::{Access, PendingFile, read_regular};
use crate::git;
use crate::git::store::{ObjectIndex, PackName};

/// The start of a cache file. It has a new number whenever the layout changes.
const HEAD: &[u8] = b"keysieve audit cache 5\n";

/// The file with the key of the MAC, in the folder of the caches.
const KEY_FILE: &str = "key";

/// The key of the MAC.
type MacKey = [u8; 32];

/// The file in which one repository's audits cache what they learned.
pub struct Cache {
    file: PathBuf,
    mac_key: MacKey,
    /// What else the content depends on: rules, program, reported confidence.
    key: String,
}

/// The content of a cache. Objects are numbered as those of the packs, in the order of the packs.
#[derive(Serialize, Deserialize)]
struct Content<'m> {
    key: Cow<'m, str>,
    packs: Vec<PackName>,
    occurrences: Vec<StoredOccurrence>,
    /// The size of all objects in the packs.
    bytes: u64,
    commits: Vec<CommitRecord>,
    tags: Vec<(ObjectIndex, ObjectIndex)>,
    tree_diffs: TreeDiffs,
    names: Vec<BString>,
    /// Objects that were missing. When one is there, the cache is not complete any more.
    missing: Vec<MissingReference>,
    unsearched: Vec<(ObjectIndex, Unsearched)>,
}

impl Cache {
    /// The cache in `folder` for the repository whose common directory is `repo`; `key` says what
    /// else the content depends on. Creates the folder and the key of the MAC if they are missing.
    ///
    /// # Errors
    /// If the key cannot be read or written, or if other users could have read or written it.
    pub fn open(folder: &Path, repo: &Path, key: &str) -> io::Result<Self> {
        let repo = repo.canonicalize().unwrap_or_else(|_| repo.to_path_buf());
        let digest = Sha256::digest(repo.as_os_str().as_encoded_bytes());
        let name = faster_hex::hex_string(&digest[..16]);
        Ok(Self {
            mac_key: mac_key(folder)?,
            file: folder.join(format!("audit-{name}")),
            key: key.to_owned(),
        })
    }

    /// What is cached, and the packs that it is about; `None` if there is no valid cache for these
    /// rules.
    ///
    /// # Errors
    /// If the cache is damaged, or another program wrote it.
    pub(super) fn load(&self) -> io::Result<Option<(Vec<PackName>, Collected)>> {
        let file = match read_regular(&self.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(refused(&self.file, &format!("cannot be read: {error}"))),
            Ok(file) => file,
        };
        let Some(body) = file.strip_prefix(HEAD) else {
            return Ok(None);
        };
        let content = Content::parse(body, &self.mac_key)
            .ok_or_else(|| refused(&self.file, "is damaged or was not written by keysieve"))?;
        if content.key != self.key {
            return Ok(None);
        }
        let mut collected = Collected {
            commits: content.commits,
            tags: content.tags,
            tree_diffs: content.tree_diffs,
            names: content.names,
            missing: content.missing,
            unsearched: content.unsearched,
            ..Collected::default()
        };
        collected.found.occurrences = content.occurrences;
        collected.found.totals.packed = content.bytes;
        Ok(Some((content.packs, collected)))
    }

    /// Caches what was `collected` of packs, unless all of it is cached or it is not [`cacheable`].
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn save(&self, context: &Context<'_>, collected: &Collected) -> io::Result<()> {
        let has_new_packs = context.store.cached_packs() < context.store.pack_names().len();
        if !has_new_packs || !cacheable(context, collected) {
            return Ok(());
        }
        let end = context.store.first_loose();
        let content = Content {
            key: self.key.as_str().into(),
            packs: context.store.pack_names(),
            ..Content::of_packs(collected, end)
        };
        self.write(&content.to_file(&self.mac_key)?)
    }

    /// Writes the file in one step, readable by its owner only.
    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        PendingFile::write(&self.file, Access::Private, |out| out.write_all(bytes))?.publish()
    }
}

impl Content<'_> {
    /// What was collected of the objects before `end`, which are those in packs.
    fn of_packs(collected: &Collected, end: ObjectIndex) -> Self {
        let TreeDiffs {
            added,
            removed,
            derived,
        } = &collected.tree_diffs;
        Self {
            key: Cow::default(),
            packs: Vec::new(),
            occurrences: only(&collected.found.occurrences, |stored| {
                stored.container.is_object_below(end)
            }),
            bytes: collected.found.totals.packed,
            commits: only(&collected.commits, |commit| commit.number < end),
            tags: only(&collected.tags, |&(tag, target)| tag < end && target < end),
            tree_diffs: TreeDiffs {
                added: only(added, |child| is_in_packs(child, end)),
                removed: only(removed, |child| is_in_packs(child, end)),
                derived: only(derived, |&(base, tree)| base < end && tree < end),
            },
            names: collected.names.clone(),
            missing: only(&collected.missing, |missing| missing.from < end),
            unsearched: only(&collected.unsearched, |&(object, _)| object < end),
        }
    }

    /// Parses what follows [`HEAD`] in a file.
    fn parse(file: &[u8], mac_key: &MacKey) -> Option<Self> {
        let (mac, body) = file.split_first_chunk::<32>()?;
        mac_of(body, mac_key).verify_slice(mac).ok()?;
        postcard::from_bytes(body).ok()
    }

    fn to_file(&self, mac_key: &MacKey) -> io::Result<Vec<u8>> {
        let body = postcard::to_allocvec(self).map_err(io::Error::other)?;
        let mac = mac_of(&body, mac_key).finalize().into_bytes();
        Ok([HEAD, &mac, &body].concat())
    }
}

fn mac_of(body: &[u8], mac_key: &MacKey) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(mac_key).expect("any key length");
    mac.update(body);
    mac
}

/// The key of the MAC in `folder`, which is created if it is missing.
fn mac_key(folder: &Path) -> io::Result<MacKey> {
    let path = folder.join(KEY_FILE);
    let metadata = match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            new_mac_key(&path)?;
            fs::symlink_metadata(&path)?
        }
        metadata => metadata?,
    };
    if !git::is_owned_by_user(folder)? || others_have(0o022, &fs::metadata(folder)?) {
        return Err(refused(
            folder,
            "can be written by other users; run 'chmod go-w' on it",
        ));
    }
    let is_ours = metadata.is_file() && git::is_owned_by_user(&path)?;
    if !is_ours || others_have(0o077, &metadata) {
        return Err(refused(&path, "can be used by other users; delete it"));
    }
    let key = read_regular(&path)?;
    key.try_into()
        .map_err(|_| refused(&path, "is not a key of 32 bytes; delete it"))
}

fn new_mac_key(path: &Path) -> io::Result<()> {
    let mut key = MacKey::default();
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    create_folder(path.parent().unwrap_or(Path::new(".")))?;
    PendingFile::write(path, Access::Private, |out| out.write_all(&key))?.publish()
}

/// Creates a folder that only the user can use, with any umask.
fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// Whether other users have one of these rights. Without modes, a file has the rights of the user's
/// own folder that it is in.
fn others_have(rights: u32, metadata: &fs::Metadata) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & rights != 0;
    #[cfg(not(unix))]
    return (rights, metadata.is_file()) == (0, false);
}

/// The file is not used, and everything is read.
fn refused(file: &Path, why: &str) -> io::Error {
    io::Error::other(format!("{} {why}", file.display()))
}

fn only<T: Clone>(items: &[T], is_wanted: impl Fn(&T) -> bool) -> Vec<T> {
    items
        .iter()
        .filter(|item| is_wanted(item))
        .cloned()
        .collect()
}

fn is_in_packs(&(tree, named): &(ObjectIndex, NamedChild), end: ObjectIndex) -> bool {
    let is_name = matches!(named.child.container(), Container::Name(_));
    tree < end && (is_name || named.child.is_object_below(end))
}

/// Whether what was collected of packs may be cached: it is all that there is to know of them, it
/// can be found again without the cache, and it holds no value.
fn cacheable(context: &Context<'_>, collected: &Collected) -> bool {
    let end = context.store.first_loose();
    is_complete(context, collected)
        && is_closed(collected, end)
        && !holds_values(collected)
        // A large object is not read again, so the value in it could not be restored.
        && !collected.found.in_large
        // The parents of shallow commits were not recorded, and a fetch may bring them.
        && context.shallow.is_empty()
}

/// Whether every pack and every object could be read.
fn is_complete(context: &Context<'_>, collected: &Collected) -> bool {
    context.store.unread.is_empty() && collected.broken.is_empty()
}

/// Whether nothing in a pack leads to an object outside of packs: such a link is not cached, so its
/// object has to be read again next time.
fn is_closed(collected: &Collected, end: ObjectIndex) -> bool {
    let commits_are_closed = collected.commits.iter().all(|commit| {
        commit.number >= end
            || commit
                .parents
                .iter()
                .chain(&commit.tree)
                .all(|&number| number < end)
    });
    let diffs = &collected.tree_diffs;
    let trees_are_closed = diffs
        .added
        .iter()
        .chain(&diffs.removed)
        .all(|child| child.0 >= end || is_in_packs(child, end));
    let tags_are_closed = collected
        .tags
        .iter()
        .all(|&(tag, target)| tag >= end || target < end);
    commits_are_closed && trees_are_closed && tags_are_closed
}

/// Whether a name is a secret: names are cached as they are.
fn holds_values(collected: &Collected) -> bool {
    let mut occurrences = collected.found.occurrences.iter();
    occurrences.any(|stored| matches!(stored.container.container(), Container::Name(_)))
}

#[cfg(test)]
mod tests;
