//! Measures the floor of an audit: inflates every entry of a repository's packs once, in pack
//! order, and searches nothing. Deltas are inflated and not applied. Prints the number of entries
//! and of inflated bytes.

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use libdeflater::Decompressor;
use memmap2::Mmap;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Entries that a thread takes at a time: enough that threads do not wait for the counter, few
/// enough that all threads finish together.
const STRETCH: usize = 512;

/// Header and first table of a version 2 index.
const FANOUT: usize = 8;
const NAMES: usize = FANOUT + 256 * 4;

/// The types of an entry that have more than a size before their data.
const OFS_DELTA: u8 = 6;
const REF_DELTA: u8 = 7;

/// A mapped pack and the offsets of its entries.
struct Pack {
    data: Mmap,
    /// In ascending order; the last element is the end of the last entry.
    starts: Vec<u64>,
    hash_len: usize,
}

/// What was inflated.
#[derive(Default)]
struct Tally {
    entries: usize,
    bytes: u64,
}

fn main() -> Result<()> {
    let mut args = std::env::args_os().skip(1);
    let Some(repo) = args.next() else {
        return Err("usage: floor REPO [THREADS]".into());
    };
    let threads = match args.next() {
        Some(number) => number.to_string_lossy().parse()?,
        None => thread::available_parallelism()?.get(),
    };
    let mut tally = Tally::default();
    let mut packed = 0;
    for index in indexes(Path::new(&repo))? {
        let pack = Pack::open(&index).map_err(|error| format!("{}: {error}", index.display()))?;
        let found = pack
            .inflate(threads)
            .map_err(|error| format!("{}: {error}", index.display()))?;
        tally.entries += found.entries;
        tally.bytes += found.bytes;
        packed += pack.data.len();
    }
    println!(
        "{} entries, {packed} bytes packed, {} inflated, {threads} threads",
        tally.entries, tally.bytes
    );
    Ok(())
}

/// The indexes of the packs of a repository, bare or not.
fn indexes(repo: &Path) -> Result<Vec<PathBuf>> {
    let inner = repo.join(".git");
    let folder = if inner.is_dir() { &inner } else { repo }.join("objects/pack");
    let entries =
        fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "idx") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn map(path: &Path) -> Result<Mmap> {
    let file = File::open(path)?;
    // SAFETY: git never changes a pack in place, and no other process writes to a measured one.
    Ok(unsafe { Mmap::map(&file)? })
}

impl Pack {
    fn open(index: &Path) -> Result<Self> {
        let data = map(&index.with_extension("pack"))?;
        let index = map(index)?;
        if !index.starts_with(b"\xfftOc\0\0\0\x02") {
            return Err("not an index of version 2".into());
        }
        // The index repeats the checksum at the end of the pack, which tells whether hashes have 20
        // or 32 bytes.
        let repeats = |len: &usize| {
            let checksum = data.len().checked_sub(*len).map(|at| &data[at..]);
            let end = index.len().saturating_sub(*len);
            checksum.is_some_and(|checksum| index[..end].ends_with(checksum))
        };
        let hash_len = [20, 32]
            .into_iter()
            .find(repeats)
            .ok_or("the index belongs to another pack")?;
        let starts =
            starts(&index, hash_len, data.len() - hash_len).ok_or("the index is too short")?;
        Ok(Self {
            data,
            starts,
            hash_len,
        })
    }

    /// Inflates all entries, each once.
    fn inflate(&self, threads: usize) -> Result<Tally> {
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|_| scope.spawn(|| self.inflate_stretches(&next)))
                .collect();
            workers
                .into_iter()
                .try_fold(Tally::default(), |sum, worker| {
                    let found = worker.join().map_err(|_| "a thread panicked")??;
                    Ok(Tally {
                        entries: sum.entries + found.entries,
                        bytes: sum.bytes + found.bytes,
                    })
                })
        })
    }

    /// The work of one thread: takes stretches of entries until all are taken.
    fn inflate_stretches(&self, next: &AtomicUsize) -> Result<Tally> {
        let entries = self.starts.len() - 1;
        let mut inflater = Decompressor::new();
        let mut buffer = Vec::new();
        let mut tally = Tally::default();
        loop {
            let from = next.fetch_add(STRETCH, Ordering::Relaxed);
            if from >= entries {
                return Ok(tally);
            }
            for at in from..entries.min(from + STRETCH) {
                tally.bytes += self.inflate_entry(at, &mut inflater, &mut buffer)? as u64;
                tally.entries += 1;
            }
        }
    }

    /// Inflates one entry into the buffer, which grows to the largest and is never cleared. Returns
    /// its size.
    fn inflate_entry(
        &self,
        at: usize,
        inflater: &mut Decompressor,
        buffer: &mut Vec<u8>,
    ) -> Result<usize> {
        let start = usize::try_from(self.starts[at])?;
        let stop = usize::try_from(self.starts[at + 1])?;
        let entry = self
            .data
            .get(start..stop)
            .ok_or_else(|| format!("no entry at {start}"))?;
        let (size, zlib) = self
            .header(entry)
            .ok_or_else(|| format!("no header at {start}"))?;
        if buffer.len() < size {
            buffer.resize(size, 0);
        }
        match inflater.zlib_decompress(zlib, &mut buffer[..size]) {
            Ok(got) if got == size => Ok(size),
            Ok(got) => {
                Err(format!("the entry at {start} holds {got} bytes and claims {size}").into())
            }
            Err(error) => Err(format!("the entry at {start}: {error}").into()),
        }
    }

    /// The size that an entry claims, and its compressed part.
    fn header<'a>(&self, entry: &'a [u8]) -> Option<(usize, &'a [u8])> {
        let (&first, mut rest) = entry.split_first()?;
        let mut size = usize::from(first & 15);
        let mut shift = 4;
        let mut byte = first;
        while byte & 0x80 != 0 {
            (byte, rest) = (*rest.first()?, &rest[1..]);
            size |= usize::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
        }
        match (first >> 4) & 7 {
            OFS_DELTA => rest = &rest[rest.iter().position(|byte| byte & 0x80 == 0)? + 1..],
            REF_DELTA => rest = rest.get(self.hash_len..)?,
            _ => {}
        }
        Some((size, rest))
    }
}

/// The offsets of the entries in ascending order, and `end`.
fn starts(index: &[u8], hash_len: usize, end: usize) -> Option<Vec<u64>> {
    let number = |at: usize| {
        index
            .get(at..at + 4)?
            .try_into()
            .ok()
            .map(u32::from_be_bytes)
    };
    let count = number(NAMES - 4)? as usize;
    let offsets = NAMES + count * (hash_len + 4);
    let large = offsets + count * 4;
    let mut starts = Vec::with_capacity(count + 1);
    for at in 0..count {
        let offset = number(offsets + at * 4)?;
        starts.push(if offset < 1 << 31 {
            u64::from(offset)
        } else {
            let at = large + (offset & 0x7fff_ffff) as usize * 8;
            u64::from(number(at)?) << 32 | u64::from(number(at + 4)?)
        });
    }
    starts.push(end as u64);
    starts.sort_unstable();
    Some(starts)
}
