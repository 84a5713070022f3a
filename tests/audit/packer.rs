//! Writes packs, valid or not, which git would not write.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use gix::ObjectId;
use gix::hash::Kind as Hash;
use keysieve::git::store::Kind;

use crate::support::Repo;

/// One instruction of a delta.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// From where, and how many bytes.
    Copy(usize, usize),
    Insert(Vec<u8>),
}

/// The delta of a base that is `base_len` bytes long.
pub(super) fn delta(base_len: usize, steps: &[Step]) -> Vec<u8> {
    let size = |step: &Step| match step {
        Step::Copy(_, len) => *len,
        Step::Insert(bytes) => bytes.len(),
    };
    lying_delta(base_len, steps.iter().map(size).sum(), steps)
}

/// A delta with these sizes of its base and of its result.
pub(super) fn lying_delta(base_len: usize, made_len: usize, steps: &[Step]) -> Vec<u8> {
    let mut out = Vec::new();
    for mut size in [base_len, made_len] {
        while size > 0x7f {
            out.push(size as u8 | 0x80);
            size >>= 7;
        }
        out.push(size as u8);
    }
    for step in steps {
        match step {
            Step::Insert(bytes) => {
                for part in bytes.chunks(0x7f) {
                    out.push(part.len() as u8);
                    out.extend(part);
                }
            }
            Step::Copy(from, len) => {
                // 24 bits of length; zero means 64 KiB.
                for start in (0..*len).step_by(0xff_ffff) {
                    copy(from + start, (len - start).min(0xff_ffff), &mut out);
                }
            }
        }
    }
    out
}

fn copy(from: usize, len: usize, out: &mut Vec<u8>) {
    let (from, len) = (from as u32, if len == 0x10000 { 0 } else { len as u32 });
    let mut op = 0x80;
    let mut operands = Vec::new();
    let bytes = from
        .to_le_bytes()
        .into_iter()
        .chain(len.to_le_bytes().into_iter().take(3));
    for (bit, byte) in bytes.enumerate() {
        if byte != 0 {
            op |= 1 << bit;
            operands.push(byte);
        }
    }
    out.push(op);
    out.extend(operands);
}

/// Compressed, as the content of an entry.
pub(super) fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Numbers of the kinds of entries; see gitformat-pack(5).
pub(super) const OFS_DELTA: u8 = 6;
pub(super) const REF_DELTA: u8 = 7;

/// A pack to which entries are added.
#[derive(Default)]
pub(super) struct Packer {
    /// Id, and the bytes of the entry.
    entries: Vec<(ObjectId, Vec<u8>)>,
    offsets: Vec<usize>,
    known: HashMap<ObjectId, usize>,
}

impl Packer {
    /// Adds an object that is not a delta; returns its position.
    pub(super) fn object(&mut self, kind: Kind, bytes: &[u8]) -> usize {
        self.claim(id_of(kind, bytes), kind, bytes)
    }

    /// The same under an id that may be wrong.
    pub(super) fn claim(&mut self, id: ObjectId, kind: Kind, bytes: &[u8]) -> usize {
        self.raw(id, number_of(kind), bytes.len(), &packed(bytes))
    }

    /// An entry with any header and any content.
    pub(super) fn raw(&mut self, id: ObjectId, kind: u8, size: usize, rest: &[u8]) -> usize {
        let mut entry = Vec::new();
        let (mut byte, mut size) = (kind << 4 | (size & 0xf) as u8, size >> 4);
        while size > 0 {
            entry.push(byte | 0x80);
            byte = (size & 0x7f) as u8;
            size >>= 7;
        }
        entry.push(byte);
        entry.extend(rest);
        let at = self.offsets.last().map_or(12, |last| {
            last + self.entries.last().map_or(0, |(_, bytes)| bytes.len())
        });
        self.offsets.push(at);
        self.known.insert(id, self.entries.len());
        self.entries.push((id, entry));
        self.entries.len() - 1
    }

    /// Adds an object as a `delta` of the one at position `base`.
    pub(super) fn delta(
        &mut self,
        base: usize,
        kind: Kind,
        made: &[u8],
        delta: &[u8],
        by_id: bool,
    ) -> usize {
        self.claim_delta(base, id_of(kind, made), delta, by_id)
    }

    /// The same under any id.
    pub(super) fn claim_delta(
        &mut self,
        base: usize,
        id: ObjectId,
        delta: &[u8],
        by_id: bool,
    ) -> usize {
        if by_id {
            let rest = [self.id(base).as_slice(), &packed(delta)].concat();
            return self.raw(id, REF_DELTA, delta.len(), &rest);
        }
        let (last, len) = (
            self.offsets.last().unwrap(),
            self.entries.last().unwrap().1.len(),
        );
        let rest = [distance(last + len - self.offsets[base]), packed(delta)].concat();
        self.raw(id, OFS_DELTA, delta.len(), &rest)
    }

    /// Whether it has an object.
    pub(super) fn has(&self, kind: Kind, bytes: &[u8]) -> bool {
        self.known.contains_key(&id_of(kind, bytes))
    }

    pub(super) fn id(&self, entry: usize) -> ObjectId {
        self.entries[entry].0
    }

    /// The bytes of the pack.
    pub(super) fn pack(&self) -> Vec<u8> {
        let mut pack = b"PACK\0\0\0\x02".to_vec();
        pack.extend((self.entries.len() as u32).to_be_bytes());
        self.entries
            .iter()
            .for_each(|(_, bytes)| pack.extend(bytes));
        let sum = hash(&pack);
        pack.extend(sum.as_slice());
        pack
    }

    /// The bytes of its index.
    pub(super) fn idx(&self) -> Vec<u8> {
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        order.sort_by_key(|&entry| self.entries[entry].0);
        let mut idx = b"\xfftOc\0\0\0\x02".to_vec();
        for first in 0..=255_u8 {
            let upto = order
                .iter()
                .filter(|&&entry| self.entries[entry].0.first_byte() <= first)
                .count();
            idx.extend((upto as u32).to_be_bytes());
        }
        order
            .iter()
            .for_each(|&entry| idx.extend(self.entries[entry].0.as_slice()));
        order
            .iter()
            .for_each(|&entry| idx.extend(crc32fast::hash(&self.entries[entry].1).to_be_bytes()));
        order
            .iter()
            .for_each(|&entry| idx.extend((self.offsets[entry] as u32).to_be_bytes()));
        let pack = self.pack();
        idx.extend(&pack[pack.len() - 20..]);
        let sum = hash(&idx);
        idx.extend(sum.as_slice());
        idx
    }

    /// Writes both into `repo`.
    pub(super) fn write(&self, repo: &Repo) {
        let index = repo.path(self.index(repo));
        fs::create_dir_all(index.parent().unwrap()).unwrap();
        fs::write(index.with_extension("pack"), self.pack()).unwrap();
        fs::write(index, self.idx()).unwrap();
    }

    /// The path of the index below the work tree.
    pub(super) fn index(&self, _: &Repo) -> String {
        let pack = self.pack();
        format!(
            ".git/objects/pack/pack-{}.idx",
            hash(&pack[..pack.len() - 20])
        )
    }
}

pub(super) fn id_of(kind: Kind, bytes: &[u8]) -> ObjectId {
    gix::objs::compute_hash(Hash::Sha1, kind, bytes).unwrap()
}

/// An id that no object has.
pub(super) fn any_id(number: u32) -> ObjectId {
    id_of(Kind::Blob, format!("number {number}").as_bytes())
}

pub(super) fn number_of(kind: Kind) -> u8 {
    match kind {
        Kind::Commit => 1,
        Kind::Tree => 2,
        Kind::Blob => 3,
        Kind::Tag => 4,
    }
}

/// The distance to the base of an `OFS_DELTA`, encoded.
pub(super) fn distance(mut back: usize) -> Vec<u8> {
    let mut bytes = vec![(back & 0x7f) as u8];
    while back > 0x7f {
        back = (back >> 7) - 1;
        bytes.push((back & 0x7f) as u8 | 0x80);
    }
    bytes.reverse();
    bytes
}

fn hash(bytes: &[u8]) -> ObjectId {
    let mut hasher = gix::hash::hasher(Hash::Sha1);
    hasher.update(bytes);
    hasher.try_finalize().unwrap()
}
