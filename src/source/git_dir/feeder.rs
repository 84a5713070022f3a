//! Feeding what a git directory holds to one worker.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

use bstr::{BString, ByteSlice, ByteVec};

use crate::blob::{Blob, Origin, Skip, SkipReason};
use crate::git::{HashKind, PackedLine, leading_id, packed_lines};

use super::super::read::Buffer;
use super::super::{MIN_NAME, Worker};
use super::list::{Item, Kind};

/// A longer `packed-refs`, in bytes, is fed as it is: nobody has so many refs.
const MAX_PACKED: u64 = 256 << 20;

/// Feeds to one worker.
pub(super) struct Feeder<'a, 'w> {
    buffer: Buffer,
    max_size: Option<u64>,
    hash: HashKind,
    /// Names of refs that have a file, and their places.
    names: &'a BTreeSet<(BString, BString)>,
    pub(super) worker: Box<dyn Worker + 'w>,
}

impl<'a, 'w> Feeder<'a, 'w> {
    pub(super) fn new(
        max_size: Option<u64>,
        hash: HashKind,
        names: &'a BTreeSet<(BString, BString)>,
        worker: Box<dyn Worker + 'w>,
    ) -> Self {
        Self {
            buffer: Buffer::default(),
            max_size,
            hash,
            names,
            worker,
        }
    }

    /// Feeds the names of refs that have a file.
    pub(super) fn names(&mut self) {
        for (name, place) in self.names {
            self.worker.blob(Blob::whole(
                name,
                Origin::Repository {
                    place: place.clone(),
                },
            ));
        }
    }

    pub(super) fn item(&mut self, item: &Item) {
        if matches!(item.kind, Kind::File | Kind::Directory | Kind::Link) {
            self.name(item);
        }
        let outcome = match item.kind {
            Kind::Directory => Ok(()),
            Kind::Link => self.link(item),
            Kind::Ref if self.is_just_an_id(&item.path) => Ok(()),
            Kind::Packed => self.packed(item),
            Kind::File | Kind::Content | Kind::Ref => self.file(item),
        };
        match outcome {
            Ok(()) => {}
            // Gone in this very moment, as locks and what git is working on come and go.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                let reason = SkipReason::Unreadable(error.to_string());
                self.worker.skip(Skip {
                    path: item.place.clone(),
                    reason,
                });
            }
        }
    }

    fn name(&mut self, item: &Item) {
        if let Some(name) = item.path.file_name().filter(|name| name.len() >= MIN_NAME) {
            let name = Vec::from_os_str_lossy(name);
            self.worker.blob(Blob::whole(
                &name,
                Origin::Name {
                    path: item.place.clone(),
                    commit: None,
                },
            ));
        }
    }

    fn file(&mut self, item: &Item) -> io::Result<()> {
        let file = File::open(&item.path)?;
        if let Some(limit) = self.max_size
            && file.metadata()?.len() > limit
        {
            self.worker.skip(Skip {
                path: item.place.clone(),
                reason: SkipReason::TooLarge { limit },
            });
            return Ok(());
        }
        let origin = Origin::Repository {
            place: item.place.clone(),
        };
        self.buffer.feed(file, &origin, self.worker.as_mut())
    }

    fn link(&mut self, item: &Item) -> io::Result<()> {
        let target = fs::read_link(&item.path)?;
        let origin = Origin::Repository {
            place: item.place.clone(),
        };
        self.worker
            .blob(Blob::whole(&Vec::from_path_lossy(&target), origin));
        Ok(())
    }

    fn is_just_an_id(&self, path: &Path) -> bool {
        let longest = self.hash.len_in_hex() as u64 + 2;
        fs::metadata(path).is_ok_and(|data| data.len() <= longest)
            && fs::read(path).is_ok_and(|text| {
                leading_id(&text, self.hash)
                    .is_some_and(|(_, rest)| rest.iter().all(u8::is_ascii_whitespace))
            })
    }

    /// Names without a file, and whatever else there is, on its own line.
    fn packed(&mut self, item: &Item) -> io::Result<()> {
        let len = fs::metadata(&item.path)?.len();
        if len > self.max_size.unwrap_or(MAX_PACKED).min(MAX_PACKED) {
            return self.file(item);
        }
        let text = fs::read(&item.path)?;
        let mut rest = Vec::new();
        for (line, parsed) in text.lines().zip(packed_lines(&text, self.hash)) {
            match parsed {
                PackedLine::Ref { name, .. } => {
                    let name = name.to_owned();
                    if !self.names.contains(&(name.clone(), name.clone())) {
                        self.worker.blob(Blob::whole(
                            &name,
                            Origin::Repository {
                                place: name.clone(),
                            },
                        ));
                    }
                }
                PackedLine::Peeled => {}
                PackedLine::Comment | PackedLine::Other => rest.extend_from_slice(line),
            }
            rest.push(b'\n');
        }
        self.buffer.feed(
            rest.as_slice(),
            &Origin::Repository {
                place: item.place.clone(),
            },
            self.worker.as_mut(),
        )
    }
}
