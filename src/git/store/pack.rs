//! Opens a pack with its index, for the walk along its delta trees: the positions of its entries,
//! their bases, and their bytes.

use std::fmt::Display;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use gix::hash::{Kind as HashKind, oid};
use gix::odb::pack::data::entry::Header;
use gix::odb::pack::{data, index};
use gix::progress::Discard;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Kind;
use super::fan_out::FanOut;
use super::forest::{EntryBase, Forest};
use super::visit::{Problem, StoreError};

/// Length of a pack's header, in bytes: its signature, its version and its number of entries.
const HEADER: u64 = 12;

/// A pack with its index.
pub(super) struct Pack {
    data: data::File,
    index: index::File,
    fan_out: FanOut,
    modified: Option<u64>,
    /// Computed when the first entry is read: no entry of a cached pack is.
    layout: OnceLock<Layout>,
}

/// The positions of a pack's entries.
struct Layout {
    /// The offset of each entry, in the order of the pack, and the end of the last one.
    offsets: Vec<u64>,
    /// The number of each entry in the index, which is in the order of ids.
    order: Vec<u32>,
    /// The CRC-32 of each entry, in the order of the pack, in which they are read: the index has
    /// them in the order of ids. The first version of the index has none.
    checksums: Option<Vec<u32>>,
    forest: Forest,
}

/// Identifies a pack in the cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackName {
    /// The checksum at its end, which covers its whole content, in hex.
    checksum: String,
    /// Its size, in bytes.
    size: u64,
    /// How many objects it has.
    objects: u32,
    /// When it was last changed, in nanoseconds since 1970. A pack in which bytes were changed has
    /// the same checksum and size.
    modified: Option<u64>,
}

/// An entry, its header parsed.
pub(super) struct Entry<'p> {
    /// Its data, compressed.
    pub(super) packed: &'p [u8],
    /// Size of the decompressed data, in bytes, as the header declares it.
    pub(super) size: usize,
}

fn modified(path: &Path) -> Option<u64> {
    let time = path.metadata().ok()?.modified().ok()?;
    let age = time.duration_since(std::time::UNIX_EPOCH).ok()?;
    u64::try_from(age.as_nanos()).ok()
}

impl Pack {
    /// Opens the pack of the index at `path`.
    ///
    /// # Errors
    /// If one of the two is missing or damaged, or they do not belong together.
    pub(super) fn open(path: &Path, hash: HashKind) -> Result<Self, StoreError> {
        let index = index::File::at(path, hash).map_err(|error| StoreError::new(path, error))?;
        let ids = || FanOut::new(index.num_objects(), |number| index.oid_at_index(number));
        let stop = AtomicBool::new(false);
        let (verified, fan_out) = rayon::join(|| index.verify_checksum(&mut Discard, &stop), ids);
        let corrupt =
            |problem: &dyn Display| StoreError::new(path, format!("corrupt pack index: {problem}"));
        verified.map_err(|error| corrupt(&error))?;
        let fan_out = fan_out.ok_or_else(|| corrupt(&"its ids are not sorted"))?;
        let path = &path.with_extension("pack");
        // Before the file is opened: a later change must give another time.
        let modified = modified(path);
        let data = data::File::at(path, hash).map_err(|error| StoreError::new(path, error))?;
        if data.num_objects() != index.num_objects() {
            let problem = "the pack and its index disagree on the number of objects";
            return Err(StoreError::new(path, problem));
        }
        let inside = HEADER..data.pack_end() as u64;
        if (0..index.num_objects())
            .any(|number| !inside.contains(&index.pack_offset_at_index(number)))
        {
            let problem = "the pack is truncated: its index has offsets past its end";
            return Err(StoreError::new(path, problem));
        }
        Ok(Self {
            data,
            index,
            fan_out,
            modified,
            layout: OnceLock::new(),
        })
    }

    /// The delta trees of the pack.
    pub(super) fn forest(&self) -> &Forest {
        &self.layout().forest
    }

    /// Identifies the pack.
    pub(super) fn name(&self) -> PackName {
        PackName {
            checksum: self.data.checksum().to_string(),
            size: self.size(),
            objects: self.len(),
            modified: self.modified,
        }
    }

    /// How many objects it has.
    pub(super) fn len(&self) -> u32 {
        self.index.num_objects()
    }

    /// The size of the pack, in bytes.
    pub(super) fn size(&self) -> u64 {
        self.data.data_len() as u64
    }

    /// The pack's file.
    pub(super) fn path(&self) -> &Path {
        self.data.path()
    }

    /// The id of an object, by its number in the order of ids.
    pub(super) fn id(&self, number: u32) -> &oid {
        self.index.oid_at_index(number)
    }

    /// The number of an object in the order of ids.
    pub(super) fn number_of(&self, id: &oid) -> Option<u32> {
        self.fan_out.find(id, |number| self.id(number))
    }

    /// The number, in the order of ids, of the entry at a position in the pack.
    pub(super) fn number_at(&self, entry: u32) -> u32 {
        self.layout().order[entry as usize]
    }

    /// Reads the entry at a position in the pack, and verifies its bytes against the index.
    pub(super) fn entry(&self, entry: u32) -> Result<Entry<'_>, Problem> {
        let Layout {
            offsets, checksums, ..
        } = self.layout();
        let entry = entry as usize;
        let bytes = self.bytes(offsets, entry).ok_or(Problem::Header)?;
        let expected = checksums.as_ref().map(|checksums| checksums[entry]);
        if expected.is_some_and(|expected| expected != crc32fast::hash(bytes)) {
            return Err(Problem::Checksum);
        }
        let header = self.header(offsets, entry).ok_or(Problem::Header)?;
        let start =
            usize::try_from(header.data_offset - offsets[entry]).map_err(|_| Problem::Header)?;
        Ok(Entry {
            packed: bytes.get(start..).ok_or(Problem::Header)?,
            size: usize::try_from(header.decompressed_size).map_err(|_| Problem::Inflate)?,
        })
    }

    fn layout(&self) -> &Layout {
        self.layout.get_or_init(|| self.read_layout())
    }

    fn read_layout(&self) -> Layout {
        let mut positions: Vec<(u64, u32)> = (0..self.len())
            .map(|number| (self.index.pack_offset_at_index(number), number))
            .collect();
        positions.par_sort_unstable();
        let mut offsets: Vec<u64> = positions.iter().map(|&(offset, _)| offset).collect();
        offsets.push(self.data.pack_end() as u64);
        let bases: Vec<EntryBase> = (0..positions.len())
            .into_par_iter()
            .map(|entry| self.base(&offsets, entry))
            .collect();
        let forest = Forest::new(&bases, |entry| offsets[entry + 1] - offsets[entry] + 64);
        let order: Vec<u32> = positions.into_iter().map(|(_, number)| number).collect();
        let checksums = order
            .iter()
            .map(|&number| self.index.crc32_at_index(number));
        Layout {
            offsets,
            checksums: checksums.collect(),
            order,
            forest,
        }
    }

    fn bytes(&self, offsets: &[u64], entry: usize) -> Option<&[u8]> {
        self.data.entry_slice(offsets[entry]..offsets[entry + 1])
    }

    fn header(&self, offsets: &[u64], entry: usize) -> Option<data::Entry> {
        data::Entry::from_bytes(
            self.bytes(offsets, entry)?,
            offsets[entry],
            self.index.object_hash(),
        )
        .ok()
    }

    /// The base that an entry's header names.
    fn base(&self, offsets: &[u64], entry: usize) -> EntryBase {
        let Some(header) = self.header(offsets, entry) else {
            return EntryBase::Broken;
        };
        let base = match header.header {
            Header::Commit => return EntryBase::Whole(Kind::Commit),
            Header::Tree => return EntryBase::Whole(Kind::Tree),
            Header::Blob => return EntryBase::Whole(Kind::Blob),
            Header::Tag => return EntryBase::Whole(Kind::Tag),
            Header::OfsDelta { base_distance } => {
                Header::verified_base_pack_offset(offsets[entry], base_distance)
                    .and_then(|offset| position_near_end(&offsets[..entry], offset))
            }
            Header::RefDelta { base_id } => self
                .number_of(&base_id)
                .map(|number| self.index.pack_offset_at_index(number))
                .and_then(|offset| offsets[..offsets.len() - 1].binary_search(&offset).ok()),
        };
        base.and_then(|base| u32::try_from(base).ok())
            .map_or(EntryBase::Broken, EntryBase::Delta)
    }
}

/// The position of an offset, which most often is among the last.
fn position_near_end(offsets: &[u64], offset: u64) -> Option<usize> {
    let mut step = 16;
    let mut low = offsets.len().saturating_sub(step);
    while low > 0 && offsets[low] > offset {
        step *= 4;
        low = offsets.len().saturating_sub(step);
    }
    let position = offsets[low..].binary_search(&offset).ok()?;
    Some(low + position)
}
