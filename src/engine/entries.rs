//! Scans blobs that may be containers, such as archives: their bytes as they are, and each entry as
//! a text of its own. The one way from a blob to matches, for scans, audits and older versions.

use std::collections::HashSet;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice as _};
use serde::{Deserialize, Serialize};

use super::build::OccurrenceBuilder;
use super::locate::{Frames, LocatedMatch};
use crate::blob::{Blob, Origin, Part, Skip, SkipReason};
use crate::finding::path_inside;
use crate::policy::Policy;
use crate::rule::Detail;
use crate::scan::Scanner;
use crate::source::{Buffer, Worker, parts, path_names};
use crate::unpack::{self, Limits, Problem, Sink, is_container, may_precede_archive};

/// A larger blob that comes in parts is not unpacked, in bytes: all of it has to be in memory.
const MAX_HELD: usize = 512 << 20;

/// How many matches in one container are kept. After that the rest of it is not searched.
const MAX_MATCHES: usize = 20_000;

/// How many places in one container are tried, besides one for each [`BYTES_FOR_PLACE`] of it.
/// After that the rest of it is not searched: a few bytes may unpack to millions of them, and each
/// takes microseconds.
const FREE_PLACES: usize = 1 << 20;

/// About what a place takes in a file that has nothing else, in bytes.
const BYTES_FOR_PLACE: usize = 4;

/// How many matches in one container get code frames, about.
const MAX_FRAMES: usize = 1000;

/// A longer entry is not returned by [`OccurrenceBuilder::entry`], in bytes.
const MAX_ENTRY: u64 = 64 << 20;

/// What was found in a blob.
#[derive(Default)]
pub struct ScannedBlob {
    /// The matches: first those in its own bytes, then those in its entries, in their order.
    pub located: Vec<LocatedMatch>,
    /// What is in it and was not searched.
    pub unsearched: Vec<Unsearched>,
}

/// Something in a container that was not searched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unsearched {
    /// Its path in the container, without secrets; empty for the container itself.
    pub inside: BString,
    /// Why.
    pub problem: String,
}

impl Unsearched {
    /// The skip in the container that reports show at `shown`. It makes the scan incomplete unless
    /// `policy` accepts it for all of the `paths` of the container. Its path in the container does
    /// not matter: what ends the search of one entry can hide those after it.
    #[must_use]
    pub fn skip<'p>(
        &self,
        policy: &Policy,
        shown: &BStr,
        paths: impl IntoIterator<Item = &'p BStr>,
    ) -> Skip {
        let inside = self.inside.as_bstr();
        let entries = paths.into_iter().map(|path| policy.entry_for_all_of(path));
        let entries: Option<Vec<_>> = entries.collect();
        let problem = self.problem.clone();
        let reason = match entries.and_then(|entries| entries.into_iter().next()) {
            None => SkipReason::Packed(problem),
            Some(entry) => SkipReason::PackedAndAllowed {
                problem,
                file: entry.file.clone(),
                number: entry.number,
            },
        };
        Skip {
            path: path_inside(shown, inside),
            reason,
        }
    }
}

impl ScannedBlob {
    /// Whether nothing was found, and everything was searched.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.located.is_empty() && self.unsearched.is_empty()
    }

    fn unsearched(&mut self, inside: BString, problem: String) {
        self.unsearched.push(Unsearched { inside, problem });
    }

    /// Drops the matches in the bytes of a container that were found in an entry as well: a tar has
    /// its files in plain text.
    fn drop_copies(&mut self) {
        let entries = self.located.iter().filter(|found| found.is_inside());
        let values: HashSet<(usize, Vec<u8>)> = entries.map(identity).collect();
        if !values.is_empty() {
            self.located
                .retain(|found| found.is_inside() || !values.contains(&identity(found)));
        }
    }
}

fn identity(LocatedMatch { found, .. }: &LocatedMatch) -> (usize, Vec<u8>) {
    (found.rule, found.value.reveal().to_vec())
}

/// Scans blobs that come in parts, one blob after the other.
pub struct BlobScanner<'a> {
    builder: &'a OccurrenceBuilder<'a>,
    frames: Frames,
    /// The bytes so far of a blob that is a container.
    held: Option<Vec<u8>>,
}

impl<'a> BlobScanner<'a> {
    /// A scanner of blobs; `frames` says whether matches get code frames.
    #[must_use]
    pub const fn new(builder: &'a OccurrenceBuilder<'a>, frames: Frames) -> Self {
        Self {
            builder,
            frames,
            held: None,
        }
    }

    /// Scans the next part of a blob and adds what is found to `scanned`; with the last part also
    /// what is in its entries.
    pub fn scan(&mut self, bytes: &[u8], part: &Part, scanned: &mut ScannedBlob) {
        let located = self.builder.scan_part(bytes, part, self.frames);
        scanned.located.extend(located);
        if part.offset == 0 {
            let is_held = is_container(bytes) || !part.last && may_precede_archive(bytes);
            self.held = is_held.then(Vec::new);
        }
        let Some(held) = &mut self.held else {
            return;
        };
        if part.offset == 0 && part.last {
            self.builder.scan_entries(bytes, self.frames, scanned);
        } else if held.len() + bytes.len() > MAX_HELD {
            let limit = MAX_HELD >> 20;
            let problem = format!("is a container of more than {limit} MiB");
            if is_container(held) {
                scanned.unsearched(BString::default(), problem);
            }
        } else {
            held.extend_from_slice(&bytes[own(bytes, part)]);
            if !part.last {
                return;
            }
            self.builder.scan_entries(held, self.frames, scanned);
        }
        self.held = None;
    }
}

fn own(bytes: &[u8], part: &Part) -> Range<usize> {
    part.own.start.min(bytes.len())..part.own.end.min(bytes.len())
}

impl OccurrenceBuilder<'_> {
    /// Scans a blob that is in memory as a whole, and what is in it.
    #[must_use]
    pub fn scan_blob(&self, bytes: &[u8], frames: Frames) -> ScannedBlob {
        let mut scanned = ScannedBlob::default();
        for (bytes, part) in parts(bytes) {
            scanned.located.extend(self.scan_part(bytes, &part, frames));
        }
        self.unpack(bytes, frames, &mut scanned);
        scanned
    }

    /// Adds what is in the entries of `bytes`, if they are a container, to what was found in them.
    pub fn unpack(&self, bytes: &[u8], frames: Frames, scanned: &mut ScannedBlob) {
        if is_container(bytes) {
            self.scan_entries(bytes, frames, scanned);
        }
    }

    /// The text of the entry at the path `inside` a container, as reports show it; `None` if there
    /// is no such entry, or it cannot be read.
    #[must_use]
    pub fn entry(&self, bytes: &[u8], inside: &BStr) -> Option<Vec<u8>> {
        let mut wanted = Wanted {
            scanner: self.scanner,
            inside,
            content: None,
        };
        if is_container(bytes) {
            unpack::unpack(bytes, &Limits::default(), &mut wanted);
        }
        wanted.content
    }

    fn scan_entries(&self, bytes: &[u8], frames: Frames, scanned: &mut ScannedBlob) {
        let most_places = FREE_PLACES + bytes.len() / BYTES_FOR_PLACE;
        let mut entries = EntryScanner {
            builder: self,
            frames,
            most: scanned.located.len() + MAX_MATCHES,
            most_places,
            places: 0,
            scanned,
            buffer: Buffer::default(),
            last: BString::default(),
        };
        unpack::unpack(bytes, &Limits::default(), &mut entries);
        scanned.drop_copies();
    }

    /// The matches that are a part's own.
    pub(super) fn scan_part(&self, bytes: &[u8], part: &Part, frames: Frames) -> Vec<LocatedMatch> {
        self.locate(bytes, part, self.scanner.scan(bytes), frames)
    }
}

/// Scans the entries of one container, nested ones included.
struct EntryScanner<'a> {
    builder: &'a OccurrenceBuilder<'a>,
    frames: Frames,
    scanned: &'a mut ScannedBlob,
    /// At how many matches the search ends.
    most: usize,
    /// After how many places it ends.
    most_places: usize,
    /// How many were tried.
    places: usize,
    buffer: Buffer,
    /// The path of the last entry.
    last: BString,
}

impl Sink for EntryScanner<'_> {
    fn entry(&mut self, path: &BStr, content: &mut dyn Read) -> io::Result<()> {
        self.scan_names(path);
        let before = self.scanned.located.len();
        let mut parts = PartScanner {
            builder: self.builder,
            frames: self.frames_now(),
            located: &mut self.scanned.located,
            places: &mut self.places,
            most: self.most,
            most_places: self.most_places,
            cut: None,
        };
        // The origin of a blob is for reports. Here only the parts of the entry count.
        let done = self.buffer.feed(content, &Origin::Stdin, &mut parts);
        let cut = parts.cut;
        self.name_new(before, path);
        if let Some(problem) = cut {
            self.scanned.unsearched(BString::default(), problem);
            return Err(io::Error::other("the search of it is over"));
        }
        done
    }

    fn problem(&mut self, path: &BStr, problem: Problem) {
        let inside = masked(self.builder.scanner, path);
        self.scanned.unsearched(inside, problem.to_string());
    }
}

impl EntryScanner<'_> {
    fn frames_now(&self) -> Frames {
        match self.scanned.located.len() < self.most - MAX_MATCHES + MAX_FRAMES {
            true => self.frames,
            false => Frames::Omit,
        }
    }

    /// Searches the names in the path of an entry that the entry before does not have.
    fn scan_names(&mut self, path: &BStr) {
        // A container in a container is like a folder.
        let path_in_folders = BString::from(path.replace("!", "/"));
        let before = self.scanned.located.len();
        let mut seen = HashSet::new();
        for name in path_names(path_in_folders.as_bstr(), Some(self.last.as_bstr())) {
            let part = Part::whole(name.bytes.len());
            let found = self.builder.scan_part(name.bytes, &part, self.frames_now());
            let new = found
                .into_iter()
                .filter(|found| seen.insert(identity(found)));
            self.scanned.located.extend(new);
        }
        self.last = path_in_folders;
        self.name_new(before, path);
        for located in &mut self.scanned.located[before..] {
            let detail = Detail::new("found_in", "the name of the entry");
            located.found.details.push(detail);
        }
    }

    /// Sets the path of the matches after the first `before`.
    fn name_new(&mut self, before: usize, path: &BStr) {
        let new = &mut self.scanned.located[before..];
        if new.is_empty() {
            return;
        }
        let inside = Arc::new(masked(self.builder.scanner, path));
        for located in new {
            located.place.inside = Some(inside.clone());
        }
    }
}

/// A path without the secrets in it: reports and the cache of the audit name it.
fn masked(scanner: &Scanner, path: &BStr) -> BString {
    let names = path.split_str("/").map(|name| scanner.redact(name));
    let names: Vec<_> = names.collect();
    scanner.redact(&bstr::join("/", names)).into_owned().into()
}

/// Scans an entry that comes in parts.
struct PartScanner<'a> {
    builder: &'a OccurrenceBuilder<'a>,
    frames: Frames,
    located: &'a mut Vec<LocatedMatch>,
    /// How many places were tried in the container.
    places: &'a mut usize,
    most: usize,
    most_places: usize,
    /// Why there is more that is not searched.
    cut: Option<String>,
}

impl Worker for PartScanner<'_> {
    fn blob(&mut self, Blob { bytes, part, .. }: Blob<'_>) {
        let room = self.most.saturating_sub(self.located.len());
        if *self.places > self.most_places {
            let places = self.most_places;
            self.cut = Some(format!("has more than {places} places that may be secrets"));
        } else if room > 0 {
            let (matches, tried) = self.builder.scanner.scan_measured(bytes);
            *self.places += tried;
            let mut found = self.builder.locate(bytes, &part, matches, self.frames);
            if found.len() > room {
                self.cut = Some(too_many_matches());
                found.truncate(room);
            }
            self.located.extend(found);
        } else {
            self.cut = Some(too_many_matches());
        }
    }

    fn skip(&mut self, _: Skip) {}

    fn left_out(&mut self, _: u64) {}
}

fn too_many_matches() -> String {
    format!("has more than {MAX_MATCHES} secrets")
}

/// Takes one entry of a container.
struct Wanted<'a> {
    scanner: &'a Scanner,
    inside: &'a BStr,
    content: Option<Vec<u8>>,
}

impl Sink for Wanted<'_> {
    fn entry(&mut self, path: &BStr, content: &mut dyn Read) -> io::Result<()> {
        if self.content.is_none()
            && (path == self.inside || masked(self.scanner, path) == self.inside)
        {
            let mut text = Vec::new();
            content.take(MAX_ENTRY).read_to_end(&mut text)?;
            self.content = Some(text);
        }
        Ok(())
    }

    fn problem(&mut self, _: &BStr, _: Problem) {}
}
