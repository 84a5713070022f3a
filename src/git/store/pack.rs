//! A pack and its index: where its entries lie, what they are made from, and their bytes.

use std::path::Path;
use std::sync::OnceLock;

use gix::hash::{Kind as HashKind, oid};
use gix::odb::pack::data::entry::Header;
use gix::odb::pack::{data, index};
use gix::progress::Discard;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::forest::{EntryBase, Forest};
use super::{Kind, Problem, StoreError};

/// A pack with its index.
pub struct Pack {
    data: data::File,
    index: index::File,
    directory: Directory,
    layout: OnceLock<Layout>,
}

/// Where the entries of a pack lie. Made when the first is read: of a pack that is known already
/// none is.
struct Layout {
    /// Where each entry begins, in the order of the pack, and where the last one ends.
    offsets: Vec<u64>,
    /// The number of each entry in the index, which is in the order of ids.
    order: Vec<u32>,
    forest: Forest,
}

/// What tells a pack from all others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackName {
    /// The checksum at its end, which covers all that it holds, in hex.
    checksum: String,
    /// Its size, in bytes.
    size: u64,
    /// How many objects it holds.
    objects: u32,
}

/// An entry, read as far as its header.
pub(super) struct Entry<'p> {
    /// What it holds, compressed.
    pub(super) packed: &'p [u8],
    /// How long that is in clear, in bytes.
    pub(super) size: usize,
}

impl Pack {
    /// Opens the pack of the index at `path`.
    ///
    /// # Errors
    /// Where one of the two is missing, is no such file, or does not fit the other.
    pub fn open(path: &Path, hash: HashKind) -> Result<Self, StoreError> {
        let fail = |path: &Path, problem: String| StoreError {
            path: path.to_path_buf(),
            problem,
        };
        let index = index::File::at(path, hash).map_err(|error| fail(path, error.to_string()))?;
        index
            .verify_checksum(&mut Discard, &std::sync::atomic::AtomicBool::new(false))
            .map_err(|error| fail(path, format!("the index of the pack is damaged: {error}")))?;
        let pack = path.with_extension("pack");
        let data = data::File::at(&pack, hash).map_err(|error| fail(&pack, error.to_string()))?;
        if data.num_objects() != index.num_objects() {
            return Err(fail(
                &pack,
                "the pack and its index do not hold the same number of objects".to_owned(),
            ));
        }
        let offsets = || (0..index.num_objects()).map(|number| index.pack_offset_at_index(number));
        let (first, last) = (offsets().min(), offsets().max());
        if last.is_some_and(|offset| offset >= data.pack_end() as u64)
            || first.is_some_and(|offset| offset < HEAD)
        {
            return Err(fail(
                &pack,
                "the pack is shorter than its index says: it was cut off".to_owned(),
            ));
        }
        let directory = Directory::new(index.num_objects(), |number| index.oid_at_index(number));
        Ok(Self {
            data,
            index,
            directory,
            layout: OnceLock::new(),
        })
    }

    fn layout(&self) -> &Layout {
        self.layout.get_or_init(|| {
            let mut places: Vec<(u64, u32)> = (0..self.len())
                .map(|number| (self.index.pack_offset_at_index(number), number))
                .collect();
            places.par_sort_unstable();
            let end = self.data.pack_end() as u64;
            let offsets: Vec<u64> = places
                .iter()
                .map(|&(offset, _)| offset)
                .chain([end])
                .collect();
            let order = places.into_iter().map(|(_, number)| number).collect();
            let said: Vec<EntryBase> = (0..self.len())
                .into_par_iter()
                .map(|entry| self.said(&offsets, entry as usize))
                .collect();
            let forest = Forest::new(&said, |entry| offsets[entry + 1] - offsets[entry] + 64);
            Layout {
                offsets,
                order,
                forest,
            }
        })
    }

    pub(super) fn forest(&self) -> &Forest {
        &self.layout().forest
    }

    /// What tells it from all others.
    #[must_use]
    pub fn name(&self) -> PackName {
        PackName {
            checksum: self.data.checksum().to_string(),
            size: self.size(),
            objects: self.len(),
        }
    }

    /// How many objects it holds.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.index.num_objects()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The size of the pack, in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.data.data_len() as u64
    }

    /// The pack's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.data.path()
    }

    /// The id of an object, by its number in the order of ids.
    #[must_use]
    pub fn id(&self, number: u32) -> &oid {
        self.index.oid_at_index(number)
    }

    /// The number of an object in the order of ids.
    #[must_use]
    pub fn number_of(&self, id: &oid) -> Option<u32> {
        let candidates = self.directory.candidates(id);
        candidates
            .into_iter()
            .find(|&number| same_id(self.id(number), id))
    }

    /// The number, in the order of ids, of the entry at a position in the pack.
    pub(super) fn number_at(&self, entry: u32) -> u32 {
        self.layout().order[entry as usize]
    }

    /// The entry at a position in the pack, its bytes checked against the index.
    pub(super) fn entry(&self, entry: u32) -> Result<Entry<'_>, Problem> {
        let Layout { offsets, order, .. } = self.layout();
        let entry = entry as usize;
        let bytes = self.bytes(offsets, entry).ok_or(Problem::Header)?;
        let known = self.index.crc32_at_index(order[entry]);
        if known.is_some_and(|known| known != crc32fast::hash(bytes)) {
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

    /// What the entry's header says it is made from.
    fn said(&self, offsets: &[u64], entry: usize) -> EntryBase {
        let Some(header) = self.header(offsets, entry) else {
            return EntryBase::Broken;
        };
        let at = |offset: u64| offsets[..offsets.len() - 1].binary_search(&offset).ok();
        let base = match header.header {
            Header::Commit => return EntryBase::Base(Kind::Commit),
            Header::Tree => return EntryBase::Base(Kind::Tree),
            Header::Blob => return EntryBase::Base(Kind::Blob),
            Header::Tag => return EntryBase::Base(Kind::Tag),
            Header::OfsDelta { base_distance } => {
                Header::verified_base_pack_offset(offsets[entry], base_distance).and_then(at)
            }
            Header::RefDelta { base_id } => self
                .number_of(&base_id)
                .and_then(|number| at(self.index.pack_offset_at_index(number))),
        };
        base.and_then(|base| u32::try_from(base).ok())
            .map_or(EntryBase::Broken, EntryBase::Delta)
    }
}

/// Length of a pack's head: its signature, its version and its number of entries, four bytes each.
const HEAD: u64 = 12;

/// Which numbers the ids with the same first bits have. Every entry of every tree is looked up, and
/// ids are spread evenly: so the bits say where to look, and one or two ids are compared instead of
/// twenty.
#[derive(Debug)]
struct Directory {
    /// How many bits of an id's first 32 are left out.
    shift: u32,
    /// For each value of the bits the first number that has it or a higher one; one more than there
    /// are values.
    starts: Vec<u32>,
}

impl Directory {
    fn new<'i>(len: u32, id: impl Fn(u32) -> &'i oid) -> Self {
        let shift = len.leading_zeros().saturating_sub(1).clamp(4, 24);
        let mut starts = Vec::with_capacity((1 << (32 - shift)) + 1);
        for number in 0..len {
            let value = first_bits(id(number)) >> shift;
            while starts.len() <= value as usize {
                starts.push(number);
            }
        }
        starts.resize((1 << (32 - shift)) + 1, len);
        Self { shift, starts }
    }

    fn candidates(&self, id: &oid) -> std::ops::Range<u32> {
        let value = (first_bits(id) >> self.shift) as usize;
        self.starts[value]..self.starts[value + 1]
    }
}

/// Whether two ids are the same: sixteen bytes at a time, without a call.
fn same_id(a: &oid, b: &oid) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let head = |id: &[u8]| id.first_chunk().map(|head| u128::from_ne_bytes(*head));
    head(a) == head(b) && a.get(16..) == b.get(16..)
}

fn first_bits(id: &oid) -> u32 {
    id.as_bytes()
        .first_chunk()
        .map_or(0, |head| u32::from_be_bytes(*head))
}
