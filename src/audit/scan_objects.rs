//! Makes the first pass: searches every blob, commit and tag where it differs from its delta base,
//! and reads the place of commits in history.

use std::io::{self, Read};

use super::container::ContainerKey;
use super::context::{Context, MAX_RESCAN};
use super::found::FoundSecrets;
use super::missing::MissingReference;
use super::reach::commits::CommitRecord;
use crate::blob::{Blob, Origin, Part, Skip};
use crate::engine::{BlobScanner, Frames, ScannedBlob, Unsearched};
use crate::git::commit::{CommitLinks, commit_links, tag_target};
use crate::git::store::{DeltaBase, Kind, Object, ObjectIndex, Problem, Visit};
use crate::git::{ObjectId, has_id};
use crate::scan::Hits;
use crate::source::{Buffer, Worker};

/// How many bytes at the start of a blob decide whether it is binary. Git itself reads 8000; a tool
/// that rewrites history, such as git-filter-repo, reads these.
const BINARY_PREFIX: usize = 8192;

/// One thread's first pass.
pub(super) struct ObjectScanner<'a> {
    context: &'a Context<'a>,
    buffer: Buffer,
    pub(super) found: FoundSecrets,
    pub(super) commits: Vec<CommitRecord>,
    /// Each annotated tag and what it points at.
    pub(super) tags: Vec<(ObjectIndex, ObjectIndex)>,
    pub(super) broken: Vec<(ObjectIndex, Problem)>,
    pub(super) missing: Vec<MissingReference>,
    /// What is in an object and was not searched.
    pub(super) unsearched: Vec<(ObjectIndex, Unsearched)>,
}

impl<'a> ObjectScanner<'a> {
    pub(super) fn new(context: &'a Context<'a>) -> Self {
        Self {
            context,
            buffer: Buffer::default(),
            found: FoundSecrets::default(),
            commits: Vec::new(),
            tags: Vec::new(),
            broken: Vec::new(),
            missing: Vec::new(),
            unsearched: Vec::new(),
        }
    }

    /// The index of an object that `from` names. A missing one is noted.
    fn look_up(&mut self, from: ObjectIndex, id: ObjectId, kind: Kind) -> Option<ObjectIndex> {
        let found = self.context.store.number_of(&id);
        if found.is_none() {
            self.missing.push(MissingReference { id, kind, from });
        }
        found
    }

    /// Compares an object of a pack with its id, and notes that it is broken if they differ. (Loose
    /// objects are all compared when they are read.)
    ///
    /// Only commits, tags and blobs with a finding are: to hash every object would take longer than
    /// to search it. Every entry of a pack is searched, also if its id is wrong. The index's
    /// checksum, the number of its entries, their positions, and the CRC-32 of each entry were
    /// verified, and an entry that another one overlaps cannot be read. What remains: bytes after
    /// the end of an entry's zlib stream are not searched, and a tree without the content of its
    /// id makes a path wrong.
    fn compare_id(&mut self, object: &Object<'_>) {
        let id = self.context.store.id_of(object.number);
        if !has_id(object.kind, object.bytes, id) {
            self.broken.push((object.number, Problem::IdMismatch));
        }
    }

    /// Searches an object. Returns its hits, for the objects that are deltas of it.
    fn search(
        &mut self,
        canonical: ObjectIndex,
        Object { kind, bytes, .. }: Object<'_>,
        base: Option<DeltaBase<'_, Hits>>,
    ) -> Hits {
        let builder = self.context.builder;
        let scanner = builder.scanner;
        let mut hits = match base {
            Some(base) => scanner.hits_after(base.state, bytes, base.copied),
            None => scanner.hits(bytes),
        };
        let mut scanned = ScannedBlob::default();
        if !hits.is_empty() {
            let matches = scanner.verify_hits(bytes, &mut hits);
            let part = Part::whole(bytes.len());
            if !matches.is_empty() {
                scanned.located = builder.locate(bytes, &part, matches, Frames::Omit);
            }
        }
        if kind == Kind::Blob {
            builder.unpack(bytes, Frames::Omit, &mut scanned);
        }
        if !scanned.is_empty() {
            let is_large = bytes.len() as u64 > MAX_RESCAN;
            self.add(canonical, scanned, is_binary(bytes), is_large);
        }
        hits
    }

    /// Adds what was found in an object, which is text or `binary`.
    fn add(&mut self, object: ObjectIndex, scanned: ScannedBlob, binary: bool, is_large: bool) {
        let ScannedBlob {
            located,
            unsearched,
        } = scanned;
        self.found.in_large |= is_large && !located.is_empty();
        let container = ContainerKey::object(object);
        self.found.add(self.context, container, &located, binary);
        let unsearched = unsearched.into_iter().map(|entry| (object, entry));
        self.unsearched.extend(unsearched);
    }

    fn read_commit(&mut self, commit: ObjectIndex, bytes: &[u8]) {
        let Some(links) = commit_links(bytes, self.context.hash) else {
            self.broken.push((commit, Problem::Header));
            return;
        };
        let CommitLinks {
            tree,
            parents,
            time,
        } = links;
        let Context { store, shallow, .. } = self.context;
        // The history before a shallow commit is missing on purpose: one skip says so for all.
        let is_shallow = !shallow.is_empty() && shallow.contains(&store.id_of(commit));
        let parents = if is_shallow { Vec::new() } else { parents };
        let record = CommitRecord {
            number: commit,
            tree: self.look_up(commit, tree, Kind::Tree),
            parents: parents
                .into_iter()
                .filter_map(|id| self.look_up(commit, id, Kind::Commit))
                .collect(),
            time,
        };
        self.commits.push(record);
    }

    fn read_tag(&mut self, tag: ObjectIndex, bytes: &[u8]) {
        match tag_target(self.context.store.id_of(tag), bytes) {
            Ok(target) => {
                let target = self.look_up(tag, target, Kind::Commit);
                self.tags.extend(target.map(|target| (tag, target)));
            }
            Err(_) => self.broken.push((tag, Problem::Header)),
        }
    }
}

impl Visit for ObjectScanner<'_> {
    type State = Hits;

    fn object(&mut self, object: Object<'_>, base: Option<DeltaBase<'_, Hits>>) -> Hits {
        let Object {
            number,
            kind,
            bytes,
            ..
        } = object;
        let canonical = self.context.store.canonical(number);
        let before = self.found.occurrences.len();
        let hits = self.search(canonical, object, base);
        let is_packed = number < self.context.store.first_loose();
        if is_packed && (kind != Kind::Blob || self.found.occurrences.len() > before) {
            self.compare_id(&object);
        }
        match kind {
            Kind::Commit => self.read_commit(canonical, bytes),
            Kind::Tag => self.read_tag(canonical, bytes),
            Kind::Blob | Kind::Tree => {}
        }
        let len = bytes.len() as u64;
        self.found.totals.add(self.context, number, len);
        self.context.progress.add_blob();
        self.context.progress.add_bytes(len);
        hits
    }

    fn stream(&mut self, number: ObjectIndex, content: &mut dyn Read) -> io::Result<()> {
        let mut parts = StreamScanner {
            context: self.context,
            scanner: BlobScanner::new(self.context.builder, Frames::Omit),
            scanned: ScannedBlob::default(),
            binary: false,
            bytes: 0,
        };
        // The origin of a blob is for reports. Here only the parts of the stream count.
        let origin = Origin::Repository { place: "".into() };
        let done = self.buffer.feed(content, &origin, &mut parts);
        let StreamScanner {
            scanned,
            binary,
            bytes,
            ..
        } = parts;
        let canonical = self.context.store.canonical(number);
        self.add(canonical, scanned, binary, true);
        self.found.totals.add(self.context, number, bytes);
        self.context.progress.add_blob();
        done
    }

    fn broken(&mut self, number: ObjectIndex, problem: Problem) {
        self.broken.push((number, problem));
    }
}

/// Searches a blob that comes in parts.
struct StreamScanner<'a> {
    context: &'a Context<'a>,
    scanner: BlobScanner<'a>,
    scanned: ScannedBlob,
    /// Whether the first part makes the blob binary.
    binary: bool,
    bytes: u64,
}

/// Whether git would take a blob that begins with `bytes` for binary.
fn is_binary(bytes: &[u8]) -> bool {
    memchr::memchr(0, &bytes[..bytes.len().min(BINARY_PREFIX)]).is_some()
}

impl Worker for StreamScanner<'_> {
    fn blob(&mut self, blob: Blob<'_>) {
        debug_assert!(blob.previous.is_none(), "a stream has no older version");
        let own = blob.part.own.len().min(blob.bytes.len()) as u64;
        self.context.progress.add_bytes(own);
        self.bytes += own;
        self.binary |= blob.part.offset == 0 && is_binary(blob.bytes);
        self.scanner.scan(blob.bytes, &blob.part, &mut self.scanned);
    }

    fn skip(&mut self, _: Skip) {}

    fn left_out(&mut self, _: u64) {}
}
