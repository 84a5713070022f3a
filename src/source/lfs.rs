//! Feeds the files that Git LFS keeps outside of git's objects: what git has instead of such a file
//! is a pointer, a blob with the id and the size of the file.

use std::fs::File;
use std::io::{self, ErrorKind, Read};

use bstr::ByteSlice;
use sha2::{Digest, Sha256};

use super::Worker;
use super::read::Buffer;
use crate::blob::{Origin, SkipReason};
use crate::fs::open_regular;
use crate::git::LocalRepository;

/// A blob that is not shorter than this is not a pointer to Git LFS, in bytes.
const MAX_POINTER: usize = 1024;

/// The versions of pointers that Git LFS reads; the first is the only one that it writes.
const VERSIONS: [&str; 3] = [
    "https://git-lfs.github.com/spec/v1",
    "https://hawser.github.com/spec/v1",
    "http://git-media.io/v/2",
];

/// A pointer; see the specification of Git LFS, `docs/spec.md`.
#[derive(Debug, PartialEq, Eq)]
struct Pointer {
    /// The SHA-256 of the file, in hex.
    id: String,
    /// The size of the file, in bytes.
    size: u64,
}

impl Pointer {
    /// Parses a blob as leniently as Git LFS does: a pointer that only Git LFS recognises would
    /// hide a file.
    fn parse(blob: &[u8]) -> Option<Self> {
        if blob.len() >= MAX_POINTER {
            return None;
        }
        let lines = blob
            .to_str()
            .ok()?
            .trim()
            .lines()
            .filter(|line| !line.is_empty());
        let mut values = lines
            .filter_map(|line| line.split_once(' '))
            .filter(|(key, _)| !key.starts_with("ext-"));
        let mut value = |key| Some(values.next().filter(|(found, _)| *found == key)?.1.trim());
        value("version").filter(|version| VERSIONS.contains(version))?;
        let id = value("oid")?.strip_prefix("sha256:")?.get(..64)?;
        let size = value("size")?.parse().ok()?;
        let is_hex = id.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| Self {
            id: id.to_ascii_lowercase(),
            size,
        })
    }
}

/// Feeds what the blob from `origin` points to, if it is a pointer: the file in the store of Git
/// LFS. All of it counts as new. The error says why it was not, or not all of it, fed.
pub(super) fn feed_target(
    repo: &LocalRepository,
    blob: &[u8],
    origin: &Origin,
    max_size: Option<u64>,
    worker: &mut dyn Worker,
) -> Option<Result<(), SkipReason>> {
    let pointer = Pointer::parse(blob)?;
    Some(feed_file(repo, &pointer, origin, max_size, worker))
}

fn feed_file(
    repo: &LocalRepository,
    pointer: &Pointer,
    origin: &Origin,
    max_size: Option<u64>,
    worker: &mut dyn Worker,
) -> Result<(), SkipReason> {
    let Pointer { id, size } = pointer;
    let unreadable = |problem: &dyn std::fmt::Display| {
        SkipReason::Unreadable(format!("Git LFS object {id}: {problem}"))
    };
    let folder = repo.common_dir().join("lfs/objects");
    let path = folder.join(&id[..2]).join(&id[2..4]).join(id);
    let found = match path.metadata() {
        Ok(data) if data.is_file() => Some(data.len()),
        Ok(_) => return Err(unreadable(&"not a regular file")),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(unreadable(&error)),
    };
    match (found, max_size) {
        (size, Some(limit)) if size.unwrap_or(pointer.size) > limit => {
            return Err(SkipReason::TooLarge { limit });
        }
        // Git LFS stores what is added, so this pointer was only moved, or is of no use to anyone.
        (None, _) if matches!(origin, Origin::Staged { .. }) => {
            return Err(SkipReason::NoLfsObject);
        }
        (None, _) => return Err(unreadable(&SkipReason::NoLfsObject)),
        (Some(found), _) if found != *size => {
            return Err(unreadable(&"not of the size in its pointer"));
        }
        _ => {}
    }
    let file = open_regular(&path).map_err(|error| unreadable(&error))?;
    let feed = |file: &mut Hashed| Buffer::default().feed(file, origin, worker);
    read_verified(file, id.as_bytes(), feed).map_err(|error| unreadable(&error))
}

/// Lets `read` read an object of Git LFS to its end. Fails if that is not what its id says.
pub(super) fn read_verified(
    file: File,
    id: &[u8],
    read: impl FnOnce(&mut Hashed) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = Hashed {
        file,
        digest: Sha256::new(),
    };
    read(&mut file)?;
    if faster_hex::hex_string(&file.digest.finalize()).as_bytes() == id {
        Ok(())
    } else {
        let problem = "its content does not match its id; run 'git lfs fsck'";
        Err(io::Error::other(problem))
    }
}

/// A file whose content is hashed as it is read.
pub(super) struct Hashed {
    file: File,
    digest: Sha256,
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.file.read(buffer)?;
        self.digest.update(&buffer[..len]);
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_lfs_takes_for_a_pointer_is_one() {
        let id = "0f".repeat(32);
        let version = VERSIONS[0];
        let pointer = Some(Pointer {
            id: id.clone(),
            size: 7,
        });
        for text in [
            format!("version {version}\noid sha256:{id}\nsize 7\n"),
            format!("\r\nversion {version}\r\noid sha256:{id}\r\nsize 7"),
            format!(
                "version {}\next-0-a sha256:{id}\n\noid sha256:{id}\nsize 7\n\n",
                VERSIONS[2]
            ),
        ] {
            assert_eq!(Pointer::parse(text.as_bytes()), pointer, "{text}");
        }
        for text in [
            String::new(),
            format!("version {version}\n"),
            format!("oid sha256:{id}\nsize 7\n"),
            format!("version {version}\noid sha256:{}\nsize 7\n", &id[1..]),
            format!(
                "version {version}\noid sha256:{}\nsize 7\n",
                id.replace('f', "g")
            ),
            format!("version {version}\noid sha1:{id}\nsize 7\n"),
            format!("version {version}\noid sha256:{id}\nsize many\n"),
            format!("version {version}\noid sha256:{id}\nsize 7\n{:1024}x", ""),
        ] {
            assert_eq!(Pointer::parse(text.as_bytes()), None, "{text}");
        }
    }
}
