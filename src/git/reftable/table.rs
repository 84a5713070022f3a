//! Parses reftables; see the format in git's `Documentation/technical/reftable.adoc`.

use std::collections::BTreeMap;

use bstr::{BString, ByteSlice};
use flate2::{Decompress, FlushDecompress, Status};
use gix::ObjectId;
use gix::hash::Kind;

use crate::git::refs::RefTarget;

/// The refs and the reflog entries of a stack of tables. `None` is a deletion, which hides the
/// value of an older table.
#[derive(Default)]
pub(super) struct Stack {
    /// By full name.
    pub(super) refs: BTreeMap<BString, Option<RefTarget>>,
    /// The lines of reflogs, by the name of the ref and the number of the update.
    pub(super) logs: BTreeMap<(BString, u64), Option<BString>>,
}

/// How the file and its footer begin.
const MAGIC: &[u8] = b"REFT";

/// Length of the longest name of a ref, in bytes. A file name cannot be longer, and a few bytes can
/// repeat a long name many times.
const MAX_NAME: usize = 4096;

/// The type of a record that hides an older one.
const DELETION: u64 = 0;

/// The fields that both the header and the footer have.
#[derive(PartialEq, Eq)]
struct Header {
    len: usize,
    block_size: usize,
    min_update: u64,
}

impl Header {
    fn parse(bytes: &[u8], hash: Kind) -> Option<Self> {
        let mut cursor = Cursor(bytes.strip_prefix(MAGIC)?);
        let version = cursor.number(1)?;
        let block_size = usize::try_from(cursor.number(3)?).ok()?;
        let min_update = cursor.number(8)?;
        cursor.number(8)?;
        let (len, found) = match version {
            1 => (24, Kind::Sha1),
            2 => match cursor.take(4)? {
                b"sha1" => (28, Kind::Sha1),
                b"s256" => (28, Kind::Sha256),
                _ => return None,
            },
            _ => return None,
        };
        (found == hash).then_some(Self {
            len,
            block_size,
            min_update,
        })
    }
}

impl Stack {
    /// Adds a table that is newer than those that were added before. `None` if it is malformed.
    pub(super) fn add(&mut self, table: &[u8], hash: Kind) -> Option<()> {
        let header = Header::parse(table, hash)?;
        // Five positions and a checksum follow the header.
        let (body, footer) = table.split_at_checked(table.len().checked_sub(header.len + 44)?)?;
        let (checked, checksum) = footer.split_at(footer.len() - 4);
        if Header::parse(footer, hash)? != header
            || Cursor(checksum).number(4)? != u64::from(crc32fast::hash(checked))
        {
            return None;
        }
        let mut blocks = Blocks {
            body,
            header: &header,
            at: 0,
            step: header.block_size,
        };
        while blocks.has(b'r') {
            each_record(&blocks.records(b'r')?, |key, kind, value| {
                value.varint()?;
                let target = match kind {
                    DELETION => None,
                    _ => Some(ref_value(kind, value, hash)?),
                };
                self.refs.insert(key.into(), target);
                Some(())
            })?;
        }
        let log_position = Cursor(&footer[header.len + 24..]).number(8)?;
        blocks.at = usize::try_from(log_position).ok()?;
        body.get(blocks.at..)?;
        while blocks.has(b'g') {
            each_record(&blocks.records(b'g')?, |key, kind, value| {
                let (name, update) = key.split_last_chunk::<8>()?;
                let name = name.strip_suffix(b"\0")?.into();
                // Stored so that the newest is first.
                let update = !u64::from_be_bytes(*update);
                let line = match kind {
                    DELETION => None,
                    1 => Some(log_line(value, hash)?),
                    _ => return None,
                };
                self.logs.insert((name, update), line);
                Some(())
            })?;
        }
        Some(())
    }
}

/// The blocks of one section.
struct Blocks<'t> {
    body: &'t [u8],
    header: &'t Header,
    at: usize,
    /// The distance from block to block; if it is 0, the next one follows immediately.
    step: usize,
}

impl Blocks<'_> {
    /// What is before the block in the part of the file that its length covers: the header, if it
    /// is the first.
    const fn skipped(&self) -> usize {
        if self.at == 0 { self.header.len } else { 0 }
    }

    /// Whether there is one more block of this kind.
    fn has(&self, kind: u8) -> bool {
        self.body.get(self.at + self.skipped()) == Some(&kind)
    }

    /// The records of the next block, which is of this kind, without what is around them.
    fn records(&mut self, kind: u8) -> Option<Vec<u8>> {
        let (rest, skipped) = (self.body.get(self.at..)?, self.skipped());
        let start = skipped + 4;
        // The length is that of the inflated block.
        let len = usize::try_from(Cursor(rest.get(skipped + 1..)?).number(3)?).ok()?;
        let (mut block, used) = if kind == b'g' {
            let (block, used) = inflate(rest.get(start..)?, len.checked_sub(start)?)?;
            (block, start + used)
        } else {
            // A writer may leave out the padding.
            let is_padded = rest.get(len).is_none_or(|&next| next == 0);
            let step = if is_padded { self.step.max(len) } else { len };
            (rest.get(start..len)?.to_vec(), step)
        };
        let restarts = Cursor(block.last_chunk::<2>()?).number(2)?;
        let restarts = usize::try_from(restarts).ok()? * 3 + 2;
        block.truncate(block.len().checked_sub(restarts)?);
        self.at = (self.at + used).min(self.body.len());
        Some(block)
    }
}

/// Inflates to exactly `len` bytes; also how many bytes that took.
fn inflate(deflated: &[u8], len: usize) -> Option<(Vec<u8>, usize)> {
    let mut inflated = vec![0; len];
    let mut state = Decompress::new(true);
    let status = state.decompress(deflated, &mut inflated, FlushDecompress::Finish);
    let is_whole = matches!(status, Ok(Status::StreamEnd)) && state.total_out() == len as u64;
    is_whole.then_some((inflated, usize::try_from(state.total_in()).ok()?))
}

/// Calls `add` with the key, the type and the value of each record. `None` if one is malformed.
fn each_record(
    block: &[u8],
    mut add: impl FnMut(&[u8], u64, &mut Cursor<'_>) -> Option<()>,
) -> Option<()> {
    let mut cursor = Cursor(block);
    let mut key = Vec::new();
    while !cursor.0.is_empty() {
        let shared = usize::try_from(cursor.varint()?).ok()?;
        let more = cursor.varint()?;
        let own = cursor.take(usize::try_from(more >> 3).ok()?)?;
        let old = key.clone();
        key.truncate(shared);
        if key.len() != shared || shared + own.len() > MAX_NAME {
            return None;
        }
        key.extend_from_slice(own);
        if !old.is_empty() && key <= old {
            return None;
        }
        add(&key, more & 7, &mut cursor)?;
    }
    Some(())
}

fn ref_value(kind: u64, value: &mut Cursor<'_>, hash: Kind) -> Option<RefTarget> {
    match kind {
        1 => value.id(hash).map(RefTarget::Object),
        2 => {
            let id = value.id(hash)?;
            // What the tag leads to.
            value.id(hash)?;
            Some(RefTarget::Object(id))
        }
        3 => Some(RefTarget::Symbolic(value.text()?.into())),
        _ => None,
    }
}

/// An entry as the line that it would be in a file.
fn log_line(value: &mut Cursor<'_>, hash: Kind) -> Option<BString> {
    let (old, new) = (value.id(hash)?, value.id(hash)?);
    let (name, mail) = (value.text()?, value.text()?);
    let time = value.varint()?;
    let zone = i16::from_be_bytes(*value.take(2)?.first_chunk()?);
    let message = value.text()?;
    let mut line = format!("{old} {new} ").into_bytes();
    for part in [
        name,
        b" <",
        mail,
        b"> ",
        format!("{time} {zone:+05}\t").as_bytes(),
        message,
    ] {
        line.extend_from_slice(part);
    }
    Some(line.trim_end().replace("\n", " ").into())
}

/// What is left of some bytes.
struct Cursor<'t>(&'t [u8]);

impl<'t> Cursor<'t> {
    fn take(&mut self, len: usize) -> Option<&'t [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number of `len` bytes, the highest first.
    fn number(&mut self, len: usize) -> Option<u64> {
        let bytes = self.take(len)?.iter();
        Some(bytes.fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// A number of variable length, as in the offsets of packs.
    fn varint(&mut self) -> Option<u64> {
        let mut byte = self.number(1)?;
        let mut number = byte & 127;
        while byte & 128 != 0 {
            byte = self.number(1)?;
            number = (number + 1).checked_mul(128)? | byte & 127;
        }
        Some(number)
    }

    fn id(&mut self, hash: Kind) -> Option<ObjectId> {
        ObjectId::try_from(self.take(hash.len_in_bytes())?).ok()
    }

    /// A text after its length.
    fn text(&mut self) -> Option<&'t [u8]> {
        let len = self.varint()?;
        self.take(usize::try_from(len).ok()?)
    }
}
