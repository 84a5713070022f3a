//! Reads trees: the one iterator over the entries of a raw tree.

use std::cmp::Ordering;

use bstr::{BStr, ByteSlice};

use super::commit::read_links;
use super::diff::budget::Budget;
use super::read::corrupt;
use super::{HashKind, LocalRepository, ObjectId, ObjectKind, Oid, ReadError, read_kind};

/// What an entry of a tree or an index is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum EntryKind {
    /// A directory.
    Tree,
    /// A file.
    File,
    /// A symbolic link.
    Link,
    /// The commit of a submodule, which is in another repository.
    Submodule,
}

impl EntryKind {
    /// What an entry with this mode is. As for git, what is no directory, file or link is a
    /// submodule; see gitformat-index(5).
    pub(crate) const fn of_mode(mode: u32) -> Self {
        match mode & 0o170_000 {
            0o040_000 => Self::Tree,
            0o100_000 => Self::File,
            0o120_000 => Self::Link,
            _ => Self::Submodule,
        }
    }

    /// The kind of the object that the entry refers to; `None` if that is in another repository.
    pub(crate) const fn object(self) -> Option<ObjectKind> {
        match self {
            Self::Tree => Some(ObjectKind::Tree),
            Self::File | Self::Link => Some(ObjectKind::Blob),
            Self::Submodule => None,
        }
    }
}

/// An object id with what the entry says that it is. The same id can be a file in one tree and a
/// submodule, whose content is not scanned, in another, so ids are not compared without the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TypedId {
    pub(crate) kind: EntryKind,
    pub(crate) id: ObjectId,
}

impl TypedId {
    /// The id, if it is that of a blob of this repository: of a file or a link.
    pub(crate) fn blob(self) -> Option<ObjectId> {
        (self.kind.object() == Some(ObjectKind::Blob)).then_some(self.id)
    }

    /// The id, if it is that of a tree.
    pub(crate) fn tree(self) -> Option<ObjectId> {
        (self.kind == EntryKind::Tree).then_some(self.id)
    }
}

/// An entry of a tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TreeEntry<'t> {
    pub(crate) kind: EntryKind,
    pub(crate) name: &'t BStr,
    pub(crate) id: &'t Oid,
}

impl<'t> TreeEntry<'t> {
    /// The id of the entry with its kind.
    pub(crate) fn typed_id(&self) -> TypedId {
        TypedId {
            kind: self.kind,
            id: self.id.to_owned(),
        }
    }

    /// The entry at the start of `bytes`, and its length.
    fn parse(bytes: &'t [u8], hash_len: usize) -> Option<(Self, usize)> {
        let blank = memchr::memchr(b' ', bytes.get(..8.min(bytes.len()))?)?;
        let end = blank + memchr::memchr(0, &bytes[blank..])?;
        let octal = |mode: u32, digit: &u8| {
            matches!(digit, b'0'..=b'7').then(|| mode << 3 | u32::from(digit - b'0'))
        };
        let mode = bytes[..blank]
            .iter()
            .try_fold(0, octal)
            .filter(|_| blank > 0)?;
        let id = bytes.get(end + 1..end + 1 + hash_len)?;
        let entry = Self {
            kind: EntryKind::of_mode(mode),
            name: bytes[blank + 1..end].as_bstr(),
            id: Oid::from_bytes_unchecked(id),
        };
        Some((entry, end + 1 + hash_len))
    }

    /// The order of entries in a tree: by name, with a slash after the names of directories.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        let next = |entry: &Self, at: usize| match entry.name.get(at) {
            None if entry.kind == EntryKind::Tree => Some(b'/'),
            byte => byte.copied(),
        };
        let common = self.name.len().min(other.name.len());
        self.name[..common]
            .cmp(&other.name[..common])
            .then_with(|| next(self, common).cmp(&next(other, common)))
    }
}

/// A raw tree has bytes that are not an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed tree")]
pub(crate) struct MalformedTree;

/// The entries of a raw tree, in its order. Ends after an error.
#[derive(Clone, Debug)]
pub(crate) struct TreeEntries<'t> {
    bytes: &'t [u8],
    at: usize,
    hash_len: usize,
}

impl<'t> TreeEntries<'t> {
    pub(crate) fn new(bytes: &'t [u8], hash: HashKind) -> Self {
        Self {
            bytes,
            at: 0,
            hash_len: hash.len_in_bytes(),
        }
    }

    /// Where the next entry begins, in bytes.
    pub(crate) const fn offset(&self) -> usize {
        self.at
    }

    /// Whether all entries were taken.
    pub(crate) const fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Goes on with the entry that begins at `offset`.
    pub(crate) const fn seek(&mut self, offset: usize) {
        self.at = offset;
    }
}

impl<'t> Iterator for TreeEntries<'t> {
    type Item = Result<TreeEntry<'t>, MalformedTree>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        let Some((entry, len)) = TreeEntry::parse(rest, self.hash_len) else {
            self.at = self.bytes.len();
            return Some(Err(MalformedTree));
        };
        self.at += len;
        Some(Ok(entry))
    }
}

/// A tree in memory, whose errors name it.
#[derive(Debug)]
pub(crate) struct Tree {
    id: ObjectId,
    bytes: Vec<u8>,
}

impl Tree {
    /// Reads the tree `id`.
    pub(crate) fn read(repo: &LocalRepository, id: ObjectId) -> Result<Self, ReadError> {
        let bytes = read_kind(repo, id, ObjectKind::Tree, None)?;
        Ok(Self { id, bytes })
    }

    /// Reads the tree `id`, as far as the `budget` allows.
    pub(crate) fn read_within(
        repo: &LocalRepository,
        id: ObjectId,
        budget: &mut Budget,
    ) -> Result<Self, ReadError> {
        let tree = Self::read(repo, id)?;
        budget.pay_object(id, tree.bytes.len());
        budget.check()?;
        Ok(tree)
    }

    pub(crate) const fn id(&self) -> ObjectId {
        self.id
    }

    /// The entries, in the tree's order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Result<TreeEntry<'_>, ReadError>> {
        let entries = TreeEntries::new(&self.bytes, self.id.kind());
        entries.map(|entry| entry.map_err(|error| corrupt(self.id, &error)))
    }

    /// The entry with this name.
    fn find(&self, name: &[u8]) -> Result<Option<TreeEntry<'_>>, ReadError> {
        for entry in self.entries() {
            let entry = entry?;
            if entry.name == name {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }
}

/// Reads the file at `path` of the commit `id`, unless it has more bytes than `limit`; `None` if
/// the commit has nothing there.
///
/// # Errors
/// If an object on the way cannot be read, or something else than a file is at the path.
pub fn read_file(
    repo: &LocalRepository,
    id: ObjectId,
    path: &[u8],
    limit: u64,
) -> Result<Option<Vec<u8>>, ReadError> {
    let mut at = read_links(repo, id)?.tree;
    let mut names = path.split_str("/").peekable();
    while let Some(name) = names.next() {
        let tree = Tree::read(repo, at)?;
        let Some(entry) = tree.find(name)? else {
            return Ok(None);
        };
        at = entry.id.to_owned();
        match (entry.kind, names.peek()) {
            (EntryKind::Tree, Some(_)) => {}
            (EntryKind::File, None) => {
                return read_kind(repo, at, ObjectKind::Blob, Some(limit)).map(Some);
            }
            (_, None) => return Err(ReadError::NotAFile(at)),
            (_, Some(_)) => return Ok(None),
        }
    }
    Ok(None)
}

/// The last name of a path.
pub(crate) fn name_of(path: &BStr) -> &BStr {
    path.rsplit_once_str("/")
        .map_or(path, |(_, name)| name.as_bstr())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(entries: &[(&str, &str)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (mode, name) in entries {
            bytes.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            bytes.extend_from_slice(&[7; 20]);
        }
        bytes
    }

    #[test]
    fn entries_have_kinds_names_and_offsets() {
        let bytes = tree(&[
            ("100755", "run"),
            ("40000", "src"),
            ("120000", "link"),
            ("160000", "lib"),
        ]);
        let mut entries = TreeEntries::new(&bytes, HashKind::Sha1);
        assert_eq!(entries.next().unwrap().unwrap().kind, EntryKind::File);
        let second = entries.offset();
        let kinds: Vec<_> = entries.clone().map(|entry| entry.unwrap().kind).collect();
        assert_eq!(
            kinds,
            [EntryKind::Tree, EntryKind::Link, EntryKind::Submodule]
        );
        entries.next();
        entries.seek(second);
        assert_eq!(entries.next().unwrap().unwrap().name, "src");
        assert!(!entries.is_done());
    }

    #[test]
    fn malformed_entries_end_the_tree_with_an_error() {
        let whole = tree(&[("100644", "a")]);
        for bytes in [
            &whole[..whole.len() - 1],
            b"100648 a\0aaaaaaaaaaaaaaaaaaaa",
            b" a\0aaaaaaaaaaaaaaaaaaaa",
            b"100644 a",
            b"10064400 a\0aaaaaaaaaaaaaaaaaaaa",
        ] {
            let entries: Vec<_> = TreeEntries::new(bytes, HashKind::Sha1).collect();
            assert!(
                matches!(entries[..], [Err(MalformedTree)]),
                "{:?}",
                bytes.as_bstr()
            );
        }
        assert!(TreeEntries::new(b"", HashKind::Sha1).next().is_none());
    }

    #[test]
    fn directories_are_ordered_as_if_their_names_ended_in_a_slash() {
        let bytes = tree(&[("100644", "a.c"), ("40000", "a"), ("100644", "a0")]);
        let entries: Vec<_> = TreeEntries::new(&bytes, HashKind::Sha1)
            .map(Result::unwrap)
            .collect();
        assert!(entries.is_sorted_by(|a, b| a.order(b) == Ordering::Less));
    }
}
