//! Unpacks git bundles: the blobs, and the texts of commits and tags, in the pack of each; see
//! gitformat-bundle(5) and gitformat-pack(5).
//!
//! Such a pack has no index, and only its entries tell where the next one begins. So the entries
//! are inflated to find them all, and then built along their delta trees.

use std::collections::HashMap;
use std::io::{self, Read};
use std::rc::Rc;

use memchr::memmem;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::budget::{Budget, Memory};
use super::delta::Delta;
use super::inflate::Inflate;
use super::walk::Walk;
use super::{Problem, number};

const MAGICS: [&[u8]; 2] = [b"# v2 git bundle\n", b"# v3 git bundle\n"];

/// The line of a header that says that ids are longer.
const SHA256: &[u8] = b"\n@object-format=sha256\n";

/// Length of the header of a pack: its signature, its version and its number of entries.
const HEADER: usize = 12;

/// The kinds of objects, from the first one on.
const KINDS: [&str; 4] = ["commit", "tree", "blob", "tag"];
const TREE: &str = "tree";
const OFS_DELTA: u8 = 6;
const REF_DELTA: u8 = 7;

pub(super) fn is_bundle(first: &[u8]) -> bool {
    MAGICS.iter().any(|magic| first.starts_with(magic))
}

pub(super) fn read(bytes: &[u8], walk: &mut Walk<'_>) -> Result<(), Problem> {
    let end = memmem::find(bytes, b"\n\n").map_or(bytes.len(), |at| at + 2);
    let (header, bytes) = bytes.split_at(end);
    // Without its magic, or it would be a bundle again.
    walk.remains(&header[MAGICS[0].len()..])?;
    let mut pack = Pack {
        bytes,
        is_sha256: memmem::find(header, SHA256).is_some(),
        end: 0,
        entries: Vec::new(),
        by_offset: HashMap::new(),
        by_id: HashMap::new(),
    };
    let result = pack.find(walk.budget());
    pack.read(walk)?;
    // The pack ends with a checksum.
    let rest = bytes.get(pack.end + pack.id_len()..);
    walk.remains(rest.unwrap_or_default())?;
    result
}

/// The pack of a bundle.
struct Pack<'a> {
    bytes: &'a [u8],
    is_sha256: bool,
    /// Where the last entry ends.
    end: usize,
    entries: Vec<Entry<'a>>,
    /// The deltas of each base, by the place or the id of the base, until they are built.
    by_offset: HashMap<usize, Vec<usize>>,
    by_id: HashMap<Vec<u8>, Vec<usize>>,
}

/// An entry of a pack.
struct Entry<'a> {
    at: usize,
    /// The kind of the object; `None` if it is that of its base.
    kind: Option<&'static str>,
    /// Its size, or that of the delta, as the header declares it.
    size: u64,
    /// Its data, compressed, and what follows it.
    packed: &'a [u8],
}

/// What an entry is a delta of.
enum Base<'a> {
    None,
    Offset(usize),
    Id(&'a [u8]),
}

/// An object in memory.
struct Object<'b> {
    bytes: Vec<u8>,
    _memory: Memory<'b>,
}

impl<'a> Pack<'a> {
    fn id_len(&self) -> usize {
        if self.is_sha256 { 32 } else { 20 }
    }

    /// Finds the entries.
    fn find(&mut self, budget: &Budget) -> Result<(), Problem> {
        let count = number::big::<4>(self.bytes, 8).ok_or(Problem::Truncated)?;
        if !self.bytes.starts_with(b"PACK") {
            return Err(Problem::corrupt("its pack is missing"));
        }
        self.end = HEADER;
        for index in 0..number::index(count) {
            // Objects that are taken count twice: entries are kept in memory.
            budget.spend_entry()?;
            let rest = &self.bytes[self.end..];
            let parsed = Entry::parse(rest, self.end, self.id_len());
            let (entry, base) = parsed.ok_or(Problem::Truncated)?;
            budget.spend(entry.size)?;
            let mut content = Inflate::zlib(entry.packed);
            let mut limited = content.by_ref().take(entry.size.saturating_add(1));
            if io::copy(&mut limited, &mut io::sink())? != entry.size {
                return Err(Problem::corrupt("the size of an object is wrong"));
            }
            let packed = number::index(content.totals().0);
            self.end += rest.len() - entry.packed.len() + packed;
            match base {
                Base::None => {}
                Base::Offset(at) => self.by_offset.entry(at).or_default().push(index),
                Base::Id(id) => self.by_id.entry(id.to_vec()).or_default().push(index),
            }
            self.entries.push(entry);
        }
        Ok(())
    }

    /// Takes all objects but trees, and reports those whose base is missing.
    fn read(&mut self, walk: &mut Walk<'_>) -> Result<(), Problem> {
        for root in 0..self.entries.len() {
            if let Some(kind) = self.entries[root].kind {
                self.read_deltas(root, kind, walk)?;
            }
        }
        let waiting = self.by_offset.values().chain(self.by_id.values());
        let mut waiting: Vec<_> = waiting.flatten().copied().collect();
        waiting.sort_unstable();
        for index in waiting {
            walk.entry_problem(&self.entries[index].name(), Problem::MissingBase);
        }
        Ok(())
    }

    /// Takes an object, and all that are deltas of it or of each other.
    fn read_deltas(&mut self, root: usize, kind: &str, walk: &mut Walk<'_>) -> Result<(), Problem> {
        let budget = walk.budget();
        // A tree only matters if it may be the base of an entry that names it.
        let is_built = kind != TREE || !self.by_id.is_empty();
        let mut open: Vec<(usize, Option<Rc<Object<'_>>>)> = vec![(root, None)];
        while let Some((index, base)) = open.pop() {
            let entry = &self.entries[index];
            let mut deltas = self.by_offset.remove(&entry.at).unwrap_or_default();
            let mut object = None;
            if is_built {
                let built = entry.build(base.as_ref().map(|base| &base.bytes[..]), budget);
                let built = match built {
                    Ok(object) => object,
                    Err(problem) => {
                        budget.check()?;
                        walk.entry_problem(&entry.name(), problem);
                        self.by_offset.insert(entry.at, deltas);
                        continue;
                    }
                };
                let id = self.id(kind, &built.bytes);
                if kind != TREE {
                    let name = format!("{kind} {}", faster_hex::hex_string(&id));
                    walk.entry(name.as_bytes(), &mut &built.bytes[..])?;
                }
                deltas.extend(self.by_id.remove(&id).unwrap_or_default());
                object = Some(Rc::new(built));
            }
            open.extend(deltas.into_iter().map(|delta| (delta, object.clone())));
        }
        Ok(())
    }

    fn id(&self, kind: &str, bytes: &[u8]) -> Vec<u8> {
        let header = format!("{kind} {}\0", bytes.len());
        if self.is_sha256 {
            let hasher = Sha256::new_with_prefix(header);
            hasher.chain_update(bytes).finalize().to_vec()
        } else {
            let hasher = Sha1::new_with_prefix(header);
            hasher.chain_update(bytes).finalize().to_vec()
        }
    }
}

impl<'a> Entry<'a> {
    /// Parses the header of the entry at the start of `rest`, which is at `at` in the pack.
    fn parse(mut rest: &'a [u8], at: usize, id_len: usize) -> Option<(Self, Base<'a>)> {
        let first = next(&mut rest)?;
        let kind = first >> 4 & 7;
        let mut size = u64::from(first & 0xf);
        let (mut byte, mut shift) = (first, 4);
        while byte & 0x80 != 0 {
            byte = next(&mut rest)?;
            size |= u64::from(byte & 0x7f).checked_mul(1_u64.checked_shl(shift)?)?;
            shift += 7;
        }
        let base = match kind {
            OFS_DELTA => {
                byte = next(&mut rest)?;
                let mut distance = usize::from(byte & 0x7f);
                while byte & 0x80 != 0 {
                    byte = next(&mut rest)?;
                    let upper = distance.checked_add(1)?.checked_mul(0x80)?;
                    distance = upper | usize::from(byte & 0x7f);
                }
                Base::Offset(at.checked_sub(distance)?)
            }
            REF_DELTA => {
                let (id, after) = rest.split_at_checked(id_len)?;
                rest = after;
                Base::Id(id)
            }
            1..=4 => Base::None,
            _ => return None,
        };
        let kind = KINDS.get(usize::from(kind).wrapping_sub(1)).copied();
        let entry = Self {
            at,
            kind,
            size,
            packed: rest,
        };
        Some((entry, base))
    }

    /// The name of an object whose id is not known.
    fn name(&self) -> Vec<u8> {
        format!("object at {}", self.at).into_bytes()
    }

    /// The object: the content of the entry, or what it makes of `base` as a delta.
    fn build<'b>(&self, base: Option<&[u8]>, budget: &'b Budget) -> Result<Object<'b>, Problem> {
        let memory = budget.reserve(self.size)?;
        let mut bytes = Vec::new();
        let content = Inflate::zlib(self.packed);
        content.take(self.size).read_to_end(&mut bytes)?;
        let Some(base) = base else {
            return Ok(Object {
                bytes,
                _memory: memory,
            });
        };
        let is_wrong = |_| Problem::corrupt("a delta does not match its base");
        let delta = Delta::parse(&bytes, base.len()).map_err(is_wrong)?;
        budget.spend(delta.size as u64)?;
        let memory = budget.reserve(delta.size as u64)?;
        let mut object = Vec::new();
        delta
            .apply(base, &mut object, &mut Vec::new())
            .map_err(is_wrong)?;
        Ok(Object {
            bytes: object,
            _memory: memory,
        })
    }
}

fn next(rest: &mut &[u8]) -> Option<u8> {
    let (&byte, after) = rest.split_first()?;
    *rest = after;
    Some(byte)
}

#[cfg(test)]
mod tests {
    use super::super::Problem;
    use sha1::Digest as _;

    use super::super::samples::{assert_entries, found, problem, zlib};

    /// A bundle of these entries: the bits of the kind, what follows the header, and the content.
    fn bundle(entries: &[(u8, &[u8], &[u8])]) -> Vec<u8> {
        let mut bundle = b"# v2 git bundle\n0000 refs/heads/main\n\nPACK\0\0\0\x02\0\0\0".to_vec();
        bundle.push(u8::try_from(entries.len()).unwrap());
        for (kind, base, content) in entries {
            assert!(content.len() < 16);
            bundle.push(kind << 4 | u8::try_from(content.len()).unwrap());
            bundle.extend_from_slice(base);
            bundle.extend(zlib(content));
        }
        bundle.extend([7; 20]);
        bundle
    }

    const REFS: (&str, &[u8]) = ("content", b"0000 refs/heads/main\n\n");
    const TEXT: &[u8] = b"name = value\n";

    /// Copies the first seven bytes, and inserts others.
    const DELTA: &[u8] = b"\x0d\x0c\x90\x07\x05other";

    #[test]
    fn objects_and_deltas() {
        let blob = zlib(TEXT);
        let distance = u8::try_from(blob.len() + 1).unwrap();
        let found = found(&bundle(&[
            (3, b"", TEXT),
            (6, &[distance], DELTA),
            (2, b"", b"a tree"),
            (1, b"", b"tree 0000"),
        ]));
        assert_eq!(found.problems, []);
        let texts: Vec<_> = found.entries.iter().map(|(_, text)| &text[..]).collect();
        assert_eq!(texts, [REFS.1, TEXT, b"name = other", b"tree 0000"]);
        let kinds = found
            .entries
            .iter()
            .map(|(path, _)| path.split(' ').next().unwrap());
        assert_eq!(
            kinds.collect::<Vec<_>>(),
            ["content", "blob", "blob", "commit"]
        );
    }

    #[test]
    fn deltas_by_id() {
        let id = sha1::Sha1::digest(b"blob 13\0name = value\n");
        let found = found(&bundle(&[(7, &id, DELTA), (3, b"", TEXT)]));
        assert_eq!(found.problems, []);
        assert_eq!(found.entries[2].1, b"name = other");
        let missing = bundle(&[(7, &[1; 20], DELTA)]);
        assert_eq!(
            problem(&missing),
            ("object at 12".to_owned(), Problem::MissingBase)
        );
    }

    #[test]
    fn truncated_and_corrupt() {
        let whole = bundle(&[(3, b"", TEXT), (1, b"", b"tree 0000")]);
        let cut = &whole[..whole.len() - 30];
        assert_eq!(problem(cut), (String::new(), Problem::Truncated));
        assert_eq!(found(cut).entries[1].1, TEXT);
        assert_eq!(problem(&whole[..20]), (String::new(), Problem::Truncated));
        // Its own base.
        let own = bundle(&[(6, &[0], DELTA)]);
        assert_eq!(
            problem(&own),
            ("object at 12".to_owned(), Problem::MissingBase)
        );
        assert_entries(&bundle(&[]), &[REFS]);
    }

    #[test]
    fn changed_bytes_are_read_to_the_end() {
        let blob = zlib(TEXT);
        let distance = u8::try_from(blob.len() + 1).unwrap();
        let id = sha1::Sha1::digest(b"blob 13\0name = value\n");
        let whole = bundle(&[(3, b"", TEXT), (6, &[distance], DELTA), (7, &id, DELTA)]);
        for at in 0..whole.len() {
            for byte in [0, 0x7f, 0x80, 0xff, whole[at] ^ 1, whole[at] ^ 0x10] {
                let mut changed = whole.clone();
                changed[at] = byte;
                assert_eq!(found(&changed), found(&changed), "{byte} at {at}");
            }
            found(&whole[..at]);
        }
    }
}
