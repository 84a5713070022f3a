//! Packs as a fuzzer thinks them up: right up to the lies that the input asks for, and what their
//! honest entries hold.
//!
//! A fuzzer that flips bytes never gets beyond the first checksum. So the input says what to write,
//! and all sizes, offsets and checksums are then made to fit, or not to fit in one place each.

use arbitrary::Arbitrary;
use gix_hash::Kind as HashKind;
use libdeflater::{CompressionLvl, Compressor};

/// More entries than this say nothing new.
const MOST: usize = 64;

const OFS_DELTA: u8 = 6;
const REF_DELTA: u8 = 7;

/// An entry of a pack to be written.
#[derive(Arbitrary, Debug)]
pub struct Entry {
    what: What,
    lie: Lie,
    /// Most entries should be honest, or nothing is ever made from anything.
    boldness: u8,
}

#[derive(Arbitrary, Debug)]
enum What {
    Object {
        kind: Kind,
        bytes: Vec<u8>,
    },
    /// Made from the entry so many before, by its distance.
    Near {
        back: u8,
        steps: Vec<Step>,
    },
    /// Made from any entry, by its id: itself, a later one, or one that is missing.
    Named {
        of: u8,
        steps: Vec<Step>,
    },
}

#[derive(Arbitrary, Debug, Clone, Copy)]
enum Kind {
    Commit = 1,
    Tree = 2,
    Blob = 3,
    Tag = 4,
}

/// An instruction of a delta. Brought within bounds when it is written.
#[derive(Arbitrary, Debug)]
enum Step {
    Copy { from: u16, len: u16 },
    Insert(Vec<u8>),
}

/// What is wrong with an entry.
#[derive(Arbitrary, Debug)]
enum Lie {
    /// Its header gives another size.
    Size(u64),
    /// Its header gives another type.
    Type(u8),
    /// Its delta gives another size for its base.
    BaseSize(u64),
    /// Its delta gives another size for what it makes.
    MadeSize(u64),
    /// Its delta goes on with any bytes.
    Instructions(Vec<u8>),
    /// Its base is at another distance.
    Distance(u64),
    /// A byte of what is compressed is another.
    Flip { at: u16, bits: u8 },
    /// What is compressed is followed by other bytes.
    Tail(Vec<u8>),
    /// The index has another checksum of it.
    Checksum,
    /// The index has it elsewhere.
    Offset(u32),
    /// The index has it under another id, and so in the wrong order, perhaps.
    Name(u8),
}

/// A pack and its index, and what the entries hold: nothing where that depends on a lie.
pub struct Forged {
    /// The pack.
    pub pack: Vec<u8>,
    /// Its index.
    pub index: Vec<u8>,
    /// The content of each entry, in the order of ids, as the index has them.
    pub contents: Vec<Option<Vec<u8>>>,
}

impl Entry {
    fn lie(&self) -> Option<&Lie> {
        (self.boldness % 8 == 7).then_some(&self.lie)
    }
}

/// Writes the pack.
#[must_use]
pub fn forge(entries: &[Entry]) -> Forged {
    let entries = &entries[..entries.len().min(MOST)];
    let mut pack = b"PACK\0\0\0\x02".to_vec();
    pack.extend(number(entries.len()).to_be_bytes());
    let (mut starts, mut offsets, mut checksums) = (Vec::new(), Vec::new(), Vec::new());
    for (at, entry) in entries.iter().enumerate() {
        let start = pack.len();
        write(entries, at, &starts, &mut pack);
        let checksum = crc32fast::hash(&pack[start..]);
        starts.push(start);
        offsets.push(if let Some(Lie::Offset(other)) = entry.lie() {
            *other
        } else {
            number(start)
        });
        checksums.push(if let Some(Lie::Checksum) = entry.lie() {
            !checksum
        } else {
            checksum
        });
    }
    seal(&mut pack);
    // A wrong offset cuts a neighbour short, and under a wrong id nobody's base is found.
    let lost = entries
        .iter()
        .any(|entry| matches!(entry.lie(), Some(Lie::Offset(_) | Lie::Name(_))));
    let contents = (0..entries.len())
        .map(|at| if lost { None } else { content(entries, at, 0) })
        .collect();
    Forged {
        index: index(entries, &offsets, &checksums, &pack),
        pack,
        contents,
    }
}

/// The id of an entry: made up, since nobody needs it to be the hash of anything, and in the order
/// of the entries.
fn id(at: usize) -> [u8; 20] {
    let mut id = [0; 20];
    id[0] = u8::try_from(at * 2).expect("there are fewer entries than would need more");
    id
}

/// The entry that an entry is made from, if it is there.
fn base(entries: &[Entry], at: usize) -> Option<usize> {
    match &entries[at].what {
        What::Object { .. } => None,
        What::Near { back, .. } => at.checked_sub(1 + usize::from(*back) % MOST),
        What::Named { of, .. } => Some(usize::from(*of)).filter(|&of| of < entries.len()),
    }
}

/// What an entry holds; nothing if it lies, or what it is made from does, or is made from it in
/// turn.
fn content(entries: &[Entry], at: usize, depth: usize) -> Option<Vec<u8>> {
    let entry = &entries[at];
    if entry.lie().is_some() || depth > entries.len() {
        return None;
    }
    match &entry.what {
        What::Object { bytes, .. } => Some(bytes.clone()),
        What::Near { steps, .. } | What::Named { steps, .. } => {
            let base = content(entries, base(entries, at)?, depth + 1)?;
            Some(delta(&base, steps).1)
        }
    }
}

/// The instructions of a delta of `base`, and what they make.
fn delta(base: &[u8], steps: &[Step]) -> (Vec<u8>, Vec<u8>) {
    let (mut instructions, mut made) = (Vec::new(), Vec::new());
    for step in steps {
        match step {
            Step::Copy { from, len } => {
                let from = usize::from(*from) % (base.len() + 1);
                let len = usize::from(*len).min(base.len() - from);
                if len > 0 {
                    instructions.push(0b1011_0011);
                    instructions.extend(u16::try_from(from).expect("it was one").to_le_bytes());
                    instructions.extend(u16::try_from(len).expect("it was one").to_le_bytes());
                    made.extend_from_slice(&base[from..from + len]);
                }
            }
            Step::Insert(bytes) => {
                for bytes in bytes.chunks(127) {
                    instructions.push(u8::try_from(bytes.len()).expect("chunks are no longer"));
                    instructions.extend_from_slice(bytes);
                }
                made.extend_from_slice(bytes);
            }
        }
    }
    (instructions, made)
}

/// Writes one entry at the end of `pack`. `starts`: where those before it begin.
fn write(entries: &[Entry], at: usize, starts: &[usize], pack: &mut Vec<u8>) {
    let start = pack.len();
    let lie = entries[at].lie();
    let base = base(entries, at);
    let (mut kind, bytes) = match &entries[at].what {
        What::Object { kind, bytes } => (*kind as u8, bytes.clone()),
        What::Near { steps, .. } => (OFS_DELTA, whole_delta(entries, base, steps, lie)),
        What::Named { steps, .. } => (REF_DELTA, whole_delta(entries, base, steps, lie)),
    };
    let mut size = bytes.len() as u64;
    match lie {
        Some(Lie::Size(other)) => size = *other,
        Some(Lie::Type(other)) => kind = other & 7,
        _ => {}
    }
    header(kind, size, pack);
    match (&entries[at].what, lie) {
        (What::Object { .. }, _) => {}
        (What::Near { .. }, Some(Lie::Distance(other))) => distance(*other, pack),
        (What::Near { .. }, _) => distance(
            base.map_or(1 << 40, |base| (start - starts[base]) as u64),
            pack,
        ),
        (What::Named { .. }, _) => pack.extend(base.map_or([0xff; 20], id)),
    }
    let mut packed = compress(&bytes);
    match lie {
        Some(Lie::Flip { at, bits }) => {
            let at = usize::from(*at) % packed.len();
            packed[at] ^= bits;
        }
        Some(Lie::Tail(tail)) => packed.extend_from_slice(tail),
        _ => {}
    }
    pack.extend(packed);
}

/// A delta with its two sizes in front. Where nothing is known of its base, that is taken to be
/// empty.
fn whole_delta(
    entries: &[Entry],
    base: Option<usize>,
    steps: &[Step],
    lie: Option<&Lie>,
) -> Vec<u8> {
    let base = base
        .and_then(|base| content(entries, base, 0))
        .unwrap_or_default();
    let (instructions, made) = delta(&base, steps);
    let mut whole = Vec::new();
    let (base_size, made_size) = (base.len() as u64, made.len() as u64);
    varint(
        if let Some(Lie::BaseSize(other)) = lie {
            *other
        } else {
            base_size
        },
        &mut whole,
    );
    varint(
        if let Some(Lie::MadeSize(other)) = lie {
            *other
        } else {
            made_size
        },
        &mut whole,
    );
    whole.extend(instructions);
    if let Some(Lie::Instructions(wild)) = lie {
        whole.extend_from_slice(wild);
    }
    whole
}

/// Type and size, the size beginning with four bits.
fn header(kind: u8, size: u64, out: &mut Vec<u8>) {
    let first = kind << 4 | low(size, 4);
    let rest = size >> 4;
    out.push(if rest > 0 { first | 0x80 } else { first });
    if rest > 0 {
        varint(rest, out);
    }
}

/// Seven bits a byte, the lowest first.
fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(low(value, 7) | 0x80);
        value >>= 7;
    }
    out.push(low(value, 7));
}

/// Seven bits a byte, the highest first, each byte that follows adding one.
fn distance(mut value: u64, out: &mut Vec<u8>) {
    let mut bytes = vec![low(value, 7)];
    while value > 0x7f {
        value = (value >> 7) - 1;
        bytes.push(low(value, 7) | 0x80);
    }
    out.extend(bytes.into_iter().rev());
}

fn low(value: u64, bits: u32) -> u8 {
    u8::try_from(value & ((1 << bits) - 1)).expect("it has no more bits")
}

fn number(value: usize) -> u32 {
    u32::try_from(value).expect("inputs are small")
}

fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::fastest());
    let mut packed = vec![0; compressor.zlib_compress_bound(bytes.len())];
    let len = compressor
        .zlib_compress(bytes, &mut packed)
        .expect("the bound is enough");
    packed.truncate(len);
    packed
}

/// An index of version 2. `offsets` and `checksums` are in the order of the ids, since ids are in
/// that of the entries.
fn index(entries: &[Entry], offsets: &[u32], checksums: &[u32], pack: &[u8]) -> Vec<u8> {
    let mut index = b"\xfftOc\0\0\0\x02".to_vec();
    for first in 0..=u8::MAX {
        let count = (0..entries.len()).filter(|&at| id(at)[0] <= first).count();
        index.extend(number(count).to_be_bytes());
    }
    for (at, entry) in entries.iter().enumerate() {
        let mut id = id(at);
        if let Some(Lie::Name(other)) = entry.lie() {
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
            .expect("nobody collides by chance")
            .as_slice(),
    );
}
