//! Writes forged packs from the input of a fuzzer: valid except for the faults that the input asks
//! for, together with the content of the honest entries.
//!
//! A fuzzer that flips bytes never gets past the first checksum. So the input describes the
//! entries, and all sizes, offsets and checksums are computed, except for one fault in some
//! entries.

use arbitrary::Arbitrary;
use gix_hash::Kind as HashKind;
use libdeflater::{CompressionLvl, Compressor};

/// How many entries a pack has at most; more would not find more.
const MAX_ENTRIES: usize = 64;

const OFS_DELTA: u8 = 6;
const REF_DELTA: u8 = 7;

/// An entry of the pack.
#[derive(Arbitrary, Debug)]
pub struct Entry {
    content: Content,
    fault: Fault,
    /// Decides whether the entry has its fault. Most must not, or no delta would have a base.
    chance: u8,
}

#[derive(Arbitrary, Debug)]
enum Content {
    Object {
        kind: Kind,
        bytes: Vec<u8>,
    },
    /// A delta of an earlier entry, by distance.
    OfsDelta {
        back: u8,
        instructions: Vec<Instruction>,
    },
    /// A delta of any entry, by id: itself, a later one, or a missing one.
    RefDelta {
        base: u8,
        instructions: Vec<Instruction>,
    },
}

#[derive(Arbitrary, Debug, Clone, Copy)]
enum Kind {
    Commit = 1,
    Tree = 2,
    Blob = 3,
    Tag = 4,
}

/// An instruction of a delta. Its operands are brought within bounds when it is written.
#[derive(Arbitrary, Debug)]
enum Instruction {
    Copy { from: u16, len: u16 },
    Insert(Vec<u8>),
}

/// What is wrong with an entry.
#[derive(Arbitrary, Debug)]
enum Fault {
    /// Its header declares another size.
    Size(u64),
    /// Its header declares another type.
    Type(u8),
    /// Its delta declares another size for its base.
    BaseSize(u64),
    /// Its delta declares another size for its result.
    ResultSize(u64),
    /// Any bytes follow the instructions of its delta.
    Instructions(Vec<u8>),
    /// Its base is at another distance.
    Distance(u64),
    /// A byte of the compressed data is changed.
    Flip { at: u16, bits: u8 },
    /// Any bytes follow the compressed data.
    Tail(Vec<u8>),
    /// The index has another checksum for it.
    Checksum,
    /// The index has another offset for it.
    Offset(u32),
    /// The index has another id for it, which may be out of order.
    Id(u8),
}

/// A pack and its index.
pub struct ForgedPack {
    /// The pack.
    pub pack: Vec<u8>,
    /// Its index.
    pub index: Vec<u8>,
    /// The content of each entry, in the order of ids; `None` if it depends on a fault.
    pub contents: Vec<Option<Vec<u8>>>,
}

impl Entry {
    fn fault(&self) -> Option<&Fault> {
        (self.chance % 8 == 7).then_some(&self.fault)
    }
}

/// Writes the pack.
#[must_use]
pub fn forge(entries: &[Entry]) -> ForgedPack {
    let entries = &entries[..entries.len().min(MAX_ENTRIES)];
    let mut pack = b"PACK\0\0\0\x02".to_vec();
    pack.extend(number(entries.len()).to_be_bytes());
    let (mut starts, mut offsets, mut checksums) = (Vec::new(), Vec::new(), Vec::new());
    for (at, entry) in entries.iter().enumerate() {
        let start = pack.len();
        write(entries, at, &starts, &mut pack);
        let checksum = crc32fast::hash(&pack[start..]);
        starts.push(start);
        offsets.push(match entry.fault() {
            Some(Fault::Offset(other)) => *other,
            _ => number(start),
        });
        checksums.push(match entry.fault() {
            Some(Fault::Checksum) => !checksum,
            _ => checksum,
        });
    }
    seal(&mut pack);
    // A wrong offset also truncates a neighbour, and a wrong id also hides the base of a delta.
    let spoils_others = entries
        .iter()
        .any(|entry| matches!(entry.fault(), Some(Fault::Offset(_) | Fault::Id(_))));
    let contents = (0..entries.len())
        .map(|at| {
            if spoils_others {
                None
            } else {
                content(entries, at, 0)
            }
        })
        .collect();
    ForgedPack {
        index: index(entries, &offsets, &checksums, &pack),
        pack,
        contents,
    }
}

/// The id of an entry: not a hash, so that ids are in the order of the entries.
fn id(at: usize) -> [u8; 20] {
    let mut id = [0; 20];
    id[0] = u8::try_from(at * 2).expect("there are at most 64 entries");
    id
}

/// The entry that is the base of a delta, if it exists.
fn base(entries: &[Entry], at: usize) -> Option<usize> {
    match &entries[at].content {
        Content::Object { .. } => None,
        Content::OfsDelta { back, .. } => at.checked_sub(1 + usize::from(*back) % MAX_ENTRIES),
        Content::RefDelta { base, .. } => {
            Some(usize::from(*base)).filter(|&base| base < entries.len())
        }
    }
}

/// The content of an entry; `None` if it or its base has a fault, or if it is its own base.
fn content(entries: &[Entry], at: usize, depth: usize) -> Option<Vec<u8>> {
    let entry = &entries[at];
    if entry.fault().is_some() || depth > entries.len() {
        return None;
    }
    match &entry.content {
        Content::Object { bytes, .. } => Some(bytes.clone()),
        Content::OfsDelta { instructions, .. } | Content::RefDelta { instructions, .. } => {
            let base = content(entries, base(entries, at)?, depth + 1)?;
            Some(delta(&base, instructions).1)
        }
    }
}

/// The encoded instructions of a delta of `base`, and their result.
fn delta(base: &[u8], instructions: &[Instruction]) -> (Vec<u8>, Vec<u8>) {
    let (mut encoded, mut result) = (Vec::new(), Vec::new());
    for instruction in instructions {
        match instruction {
            Instruction::Copy { from, len } => {
                let from = usize::from(*from) % (base.len() + 1);
                let len = usize::from(*len).min(base.len() - from);
                if len > 0 {
                    encoded.push(0b1011_0011);
                    encoded.extend(
                        u16::try_from(from)
                            .expect("it comes from a u16")
                            .to_le_bytes(),
                    );
                    encoded.extend(
                        u16::try_from(len)
                            .expect("it comes from a u16")
                            .to_le_bytes(),
                    );
                    result.extend_from_slice(&base[from..from + len]);
                }
            }
            Instruction::Insert(bytes) => {
                for bytes in bytes.chunks(127) {
                    encoded.push(u8::try_from(bytes.len()).expect("a chunk has at most 127 bytes"));
                    encoded.extend_from_slice(bytes);
                }
                result.extend_from_slice(bytes);
            }
        }
    }
    (encoded, result)
}

/// Appends one entry to `pack`; `starts` are the offsets of the entries before it.
fn write(entries: &[Entry], at: usize, starts: &[usize], pack: &mut Vec<u8>) {
    let start = pack.len();
    let fault = entries[at].fault();
    let base = base(entries, at);
    let (mut kind, bytes) = match &entries[at].content {
        Content::Object { kind, bytes } => (*kind as u8, bytes.clone()),
        Content::OfsDelta { instructions, .. } => {
            (OFS_DELTA, whole_delta(entries, base, instructions, fault))
        }
        Content::RefDelta { instructions, .. } => {
            (REF_DELTA, whole_delta(entries, base, instructions, fault))
        }
    };
    let mut size = bytes.len() as u64;
    match fault {
        Some(Fault::Size(other)) => size = *other,
        Some(Fault::Type(other)) => kind = other & 7,
        _ => {}
    }
    header(kind, size, pack);
    match (&entries[at].content, fault) {
        (Content::Object { .. }, _) => {}
        (Content::OfsDelta { .. }, Some(Fault::Distance(other))) => distance(*other, pack),
        (Content::OfsDelta { .. }, _) => distance(
            base.map_or(1 << 40, |base| (start - starts[base]) as u64),
            pack,
        ),
        (Content::RefDelta { .. }, _) => pack.extend(base.map_or([0xff; 20], id)),
    }
    let mut packed = compress(&bytes);
    match fault {
        Some(Fault::Flip { at, bits }) => {
            let at = usize::from(*at) % packed.len();
            packed[at] ^= bits;
        }
        Some(Fault::Tail(tail)) => packed.extend_from_slice(tail),
        _ => {}
    }
    pack.extend(packed);
}

/// A delta with its two sizes. A base without known content counts as empty.
fn whole_delta(
    entries: &[Entry],
    base: Option<usize>,
    instructions: &[Instruction],
    fault: Option<&Fault>,
) -> Vec<u8> {
    let base = base
        .and_then(|base| content(entries, base, 0))
        .unwrap_or_default();
    let (encoded, result) = delta(&base, instructions);
    let mut whole = Vec::new();
    let (base_size, result_size) = (base.len() as u64, result.len() as u64);
    let (base_size, result_size) = match fault {
        Some(Fault::BaseSize(other)) => (*other, result_size),
        Some(Fault::ResultSize(other)) => (base_size, *other),
        _ => (base_size, result_size),
    };
    varint(base_size, &mut whole);
    varint(result_size, &mut whole);
    whole.extend(encoded);
    if let Some(Fault::Instructions(wild)) = fault {
        whole.extend_from_slice(wild);
    }
    whole
}

/// Writes type and size; the first byte has four bits of the size.
fn header(kind: u8, size: u64, out: &mut Vec<u8>) {
    let first = kind << 4 | low(size, 4);
    let rest = size >> 4;
    out.push(if rest > 0 { first | 0x80 } else { first });
    if rest > 0 {
        varint(rest, out);
    }
}

/// Writes seven bits a byte, the lowest first.
fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(low(value, 7) | 0x80);
        value >>= 7;
    }
    out.push(low(value, 7));
}

/// Writes seven bits a byte, the highest first; each further byte adds one.
fn distance(mut value: u64, out: &mut Vec<u8>) {
    let mut bytes = vec![low(value, 7)];
    while value > 0x7f {
        value = (value >> 7) - 1;
        bytes.push(low(value, 7) | 0x80);
    }
    out.extend(bytes.into_iter().rev());
}

fn low(value: u64, bits: u32) -> u8 {
    u8::try_from(value & ((1 << bits) - 1)).expect("masked to fewer than eight bits")
}

fn number(value: usize) -> u32 {
    u32::try_from(value).expect("packs are smaller than 4 GiB")
}

fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::fastest());
    let mut packed = vec![0; compressor.zlib_compress_bound(bytes.len())];
    let len = compressor
        .zlib_compress(bytes, &mut packed)
        .expect("the buffer has the size of the bound");
    packed.truncate(len);
    packed
}

/// An index of version 2. `offsets` and `checksums` are in the order of the entries, as ids are.
fn index(entries: &[Entry], offsets: &[u32], checksums: &[u32], pack: &[u8]) -> Vec<u8> {
    let mut index = b"\xfftOc\0\0\0\x02".to_vec();
    for first in 0..=u8::MAX {
        let count = (0..entries.len()).filter(|&at| id(at)[0] <= first).count();
        index.extend(number(count).to_be_bytes());
    }
    for (at, entry) in entries.iter().enumerate() {
        let mut id = id(at);
        if let Some(Fault::Id(other)) = entry.fault() {
            id[0] = *other;
        }
        index.extend(id);
    }
    index.extend(checksums.iter().flat_map(|checksum| checksum.to_be_bytes()));
    index.extend(offsets.iter().flat_map(|offset| offset.to_be_bytes()));
    index.extend_from_slice(&pack[pack.len() - 20..]);
    seal(&mut index);
    index
}

/// Ends a file with its own checksum.
fn seal(file: &mut Vec<u8>) {
    let mut hasher = gix_hash::hasher(HashKind::Sha1);
    hasher.update(file);
    file.extend_from_slice(
        hasher
            .try_finalize()
            .expect("a SHA-1 collision does not happen by chance")
            .as_slice(),
    );
}
