//! Feeds the files of a git directory to one worker, and the ref names that they contain.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use bstr::{BString, ByteSlice};

use crate::blob::{Origin, SkipReason};
use crate::fs::read_regular;
use crate::git::{HashKind, PackedLine, leading_id, packed_lines};

use super::super::Worker;
use super::super::feeder::Feeder;
use super::super::lfs::read_verified;
use super::listing::{GitDirFile, Treatment};

/// Size of the largest `packed-refs` that is parsed, in bytes. A larger one is fed as it is.
const MAX_PACKED_REFS: u64 = 256 << 20;

/// Feeds one worker.
pub(super) struct GitDirFeeder<'a, 'w> {
    pub(super) feeder: Feeder<'w>,
    hash: HashKind,
    /// Names of refs that have a file, each with the place that reports show.
    ref_names: &'a BTreeSet<(BString, BString)>,
}

impl<'a, 'w> GitDirFeeder<'a, 'w> {
    pub(super) fn new(
        max_size: Option<u64>,
        hash: HashKind,
        ref_names: &'a BTreeSet<(BString, BString)>,
        worker: Box<dyn Worker + 'w>,
    ) -> Self {
        Self {
            feeder: Feeder::new(max_size, worker),
            hash,
            ref_names,
        }
    }

    /// Feeds the names of refs that have a file.
    pub(super) fn feed_ref_names(&mut self) {
        for (name, place) in self.ref_names {
            self.feeder.text(name, origin(place));
        }
    }

    /// Feeds a file, or skips it if it cannot be read.
    pub(super) fn feed(&mut self, file: &GitDirFile) {
        use Treatment::{Content, Directory, LfsObject, Link, NameAndContent, PackedRefs, Ref};
        let (path, place) = (&file.path, &file.place);
        if matches!(file.treatment, NameAndContent | Directory | Link) {
            self.feeder.name(path, place.clone());
        }
        let outcome = match file.treatment {
            Directory => Ok(()),
            Link => self.feeder.link(path, origin(place)),
            Ref if self.has_only_an_id(path) => Ok(()),
            PackedRefs => self.feed_packed_refs(path, place),
            LfsObject => self.feed_lfs_object(path, place),
            NameAndContent | Content | Ref => self.feeder.file(path, &origin(place)),
        };
        match outcome {
            Ok(()) => {}
            // Deleted since it was listed, such as a lock.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                let reason = SkipReason::Unreadable(error.to_string());
                self.feeder.skip(place.clone(), reason);
            }
        }
    }

    fn feed_lfs_object(&mut self, path: &Path, place: &BString) -> io::Result<()> {
        let origin = origin(place);
        let id = path.file_name().unwrap_or_default().as_encoded_bytes();
        match self.feeder.open(path, &origin)? {
            Some(file) => read_verified(file, id, |file| self.feeder.read(file, &origin)),
            None => Ok(()),
        }
    }

    fn has_only_an_id(&self, path: &Path) -> bool {
        let longest = self.hash.len_in_hex() as u64 + 2;
        fs::metadata(path).is_ok_and(|data| data.len() <= longest)
            && read_regular(path).is_ok_and(|text| {
                leading_id(&text, self.hash)
                    .is_some_and(|(_, rest)| rest.iter().all(u8::is_ascii_whitespace))
            })
    }

    /// Feeds the names of refs that have no file, and all lines that are not refs, with their line
    /// numbers.
    fn feed_packed_refs(&mut self, path: &Path, place: &BString) -> io::Result<()> {
        let len = fs::metadata(path)?.len();
        let too_large = self.feeder.max_size.is_some_and(|limit| len > limit);
        if too_large || len > MAX_PACKED_REFS {
            return self.feeder.file(path, &origin(place));
        }
        let text = read_regular(path)?;
        let mut rest = Vec::new();
        for (line, parsed) in text.lines().zip(packed_lines(&text, self.hash)) {
            match parsed {
                PackedLine::Ref { name, .. } => {
                    let name = name.to_owned();
                    if !self.ref_names.contains(&(name.clone(), name.clone())) {
                        self.feeder.text(&name, origin(&name));
                    }
                }
                PackedLine::Peeled => {}
                PackedLine::Comment | PackedLine::Malformed => rest.extend_from_slice(line),
            }
            rest.push(b'\n');
        }
        self.feeder.read(rest.as_slice(), &origin(place))
    }
}

fn origin(place: &BString) -> Origin {
    Origin::Repository {
        place: place.clone(),
    }
}
