//! The first pass: every blob, commit and tag, searched where it is new, and the commits' place in
//! history.

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::atomic::Ordering;

use gix::ObjectId;
use gix::objs::commit::ref_iter::Token;
use gix::objs::{CommitRefIter, TagRefIter};
use serde::{Deserialize, Serialize};

use super::Shared;
use super::missing::Reference;
use super::reach::commits::Record;
use super::rescan::MAX_READ;
use crate::blob::{Blob, Fresh, Origin, Part, Skip};
use crate::engine::{Frames, LocatedMatch};
use crate::finding::{AllowedBy, Occurrence};
use crate::git::store::{Base, Kind, Object, ObjectIndex, Problem, Visit};
use crate::policy::Nearby;
use crate::rule::Confidence;
use crate::scan::Hits;
use crate::secret::Fingerprint;
use crate::source::{Buffer, Worker};

/// How many bytes at the start of a blob say whether it is binary. Git itself looks at 8000;
/// whoever rewrites history, as git-filter-repo does, at these.
const BINARY_PREFIX: usize = 8192;

/// A secret in an object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Place {
    /// The object that it stands in; for a name, the number that stands for the name.
    pub(super) object: ObjectIndex,
    pub(super) secret: Fingerprint,
    pub(super) confidence: Confidence,
    /// Line and column of its first character, from 1.
    pub(super) line: u32,
    pub(super) column: u32,
    /// Whether it, or its other half, is written in another form than in clear.
    pub(super) encoded: bool,
    /// Whether git would take the object for binary.
    pub(super) binary: bool,
    /// The marker beside it that lets it pass.
    pub(super) marker: Option<AllowedBy>,
}

/// How many objects were read, and how many bytes they have: those in packs, which may be
/// remembered, and the others.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bytes {
    pub(super) objects: u64,
    pub(super) packed: u64,
    pub(super) loose: u64,
}

impl Bytes {
    /// Counts the object `number`.
    pub(super) fn add(&mut self, shared: &Shared<'_>, number: ObjectIndex, bytes: u64) {
        let sum = if number < shared.store.first_loose() {
            &mut self.packed
        } else {
            &mut self.loose
        };
        *sum += bytes;
        self.objects += 1;
    }
}

/// What a thread finds in objects.
#[derive(Default)]
pub(super) struct Finds {
    /// Each secret as it was first met, without its frame.
    pub(super) secrets: HashMap<Fingerprint, Occurrence>,
    pub(super) places: Vec<Place>,
    /// Whether one stands in an object that is too large to be read once more.
    pub(super) in_large: bool,
    /// The size of all that was read.
    pub(super) bytes: Bytes,
}

impl Finds {
    /// Takes in what was located in `object`, which is text or `binary`.
    pub(super) fn add(
        &mut self,
        shared: &Shared<'_>,
        object: ObjectIndex,
        located: &[LocatedMatch],
        binary: bool,
    ) {
        shared.progress.add_found(located.len());
        for found in shared.builder.occurrences(located) {
            // Entries depend on the path, which is not known yet.
            let marker = self.add_one(shared, object, found.occurrence, found.nearby, binary);
            if marker && let Some(half) = found.first_half {
                self.add_one(shared, object, half.occurrence, half.nearby, binary);
            }
        }
    }

    /// Takes in one occurrence. Returns whether a marker allows it.
    fn add_one(
        &mut self,
        shared: &Shared<'_>,
        object: ObjectIndex,
        occurrence: Occurrence,
        nearby: Nearby<'_>,
        binary: bool,
    ) -> bool {
        if occurrence.confidence < shared.policy.report {
            return false;
        }
        let marker = shared.policy.marker(&occurrence, nearby);
        let is_marked = marker.is_some();
        let start = occurrence.place.start;
        self.places.push(Place {
            object,
            secret: occurrence.fingerprint,
            confidence: occurrence.confidence,
            line: saturated(start.line),
            column: saturated(start.column),
            encoded: occurrence.is_encoded(),
            binary,
            marker,
        });
        self.secrets
            .entry(occurrence.fingerprint)
            .or_insert(occurrence);
        is_marked
    }

    /// Joins what another thread found.
    pub(super) fn join(&mut self, other: Self) {
        self.places.extend(other.places);
        self.in_large |= other.in_large;
        self.bytes.packed += other.bytes.packed;
        self.bytes.loose += other.bytes.loose;
        self.bytes.objects += other.bytes.objects;
        for (fingerprint, occurrence) in other.secrets {
            self.secrets.entry(fingerprint).or_insert(occurrence);
        }
    }
}

/// A line or column, as it is stored.
pub(super) fn saturated(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// One thread's first pass.
pub(super) struct Texts<'a> {
    shared: &'a Shared<'a>,
    buffer: Buffer,
    pub(super) finds: Finds,
    pub(super) commits: Vec<Record>,
    /// What each annotated tag points at.
    pub(super) tags: Vec<(ObjectIndex, ObjectIndex)>,
    pub(super) broken: Vec<(ObjectIndex, Problem)>,
    pub(super) missing: Vec<Reference>,
}

impl<'a> Texts<'a> {
    pub(super) fn new(shared: &'a Shared<'a>) -> Self {
        Self {
            shared,
            buffer: Buffer::default(),
            finds: Finds::default(),
            commits: Vec::new(),
            tags: Vec::new(),
            broken: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// The number of an object that `from` names; where there is none, that is noted.
    fn look_up(&mut self, from: ObjectIndex, id: ObjectId, kind: Kind) -> Option<ObjectIndex> {
        let found = self.shared.store.number_of(&id);
        if found.is_none() {
            self.missing.push(Reference { id, kind, from });
        }
        found
    }

    fn commit(&mut self, number: ObjectIndex, bytes: &[u8]) {
        let mut commit = CommitRefIter::from_bytes(bytes, self.shared.hash);
        let Ok(tree) = commit.tree_id() else {
            self.broken.push((number, Problem::Header));
            return;
        };
        let tree = self.look_up(number, tree, Kind::Tree);
        let is_cut = !self.shared.shallow.is_empty()
            && self
                .shared
                .shallow
                .contains(&self.shared.store.id_of(number));
        let (mut parents, mut time) = (Vec::new(), None);
        // What comes after the parents may be broken: the commit is one all the same.
        for token in commit.map_while(Result::ok) {
            match token {
                // History was cut here on purpose; that is said once, for all such commits.
                Token::Parent { .. } if is_cut => {}
                Token::Parent { id } => parents.extend(self.look_up(number, id, Kind::Commit)),
                Token::Committer { signature } => {
                    time = signature.time().ok().map(|time| time.seconds);
                    break;
                }
                _ => {}
            }
        }
        self.commits.push(Record {
            number,
            tree,
            parents,
            time,
        });
    }
}

impl Visit for Texts<'_> {
    type State = Hits;

    fn object(&mut self, object: Object<'_>, base: Option<Base<'_, Hits>>) -> Hits {
        let Object {
            number,
            kind,
            bytes,
            ..
        } = object;
        let scanner = self.shared.builder.scanner;
        let hits = match base {
            Some(base) => scanner.hits_after(base.state, bytes, base.copied),
            None => scanner.hits(bytes),
        };
        if !hits.is_empty() {
            let matches = scanner.judge(bytes, &hits);
            if !matches.is_empty() {
                self.finds.in_large |= bytes.len() as u64 > MAX_READ;
                let located = self.shared.builder.locate(
                    bytes,
                    &Part::whole(bytes.len()),
                    matches,
                    Frames::Omit,
                );
                self.finds.add(
                    self.shared,
                    self.shared.store.canonical(number),
                    &located,
                    is_binary(bytes),
                );
            }
        }
        match kind {
            Kind::Commit => self.commit(self.shared.store.canonical(number), bytes),
            Kind::Tag => {
                let number = self.shared.store.canonical(number);
                let target = TagRefIter::from_bytes(bytes, self.shared.hash).target_id();
                match target.map(|id| self.look_up(number, id, Kind::Commit)) {
                    Ok(target) => self.tags.extend(target.map(|target| (number, target))),
                    Err(_) => self.broken.push((number, Problem::Header)),
                }
            }
            Kind::Blob | Kind::Tree => {}
        }
        self.finds
            .bytes
            .add(self.shared, number, bytes.len() as u64);
        self.shared.progress.blobs.fetch_add(1, Ordering::Relaxed);
        self.shared
            .progress
            .bytes
            .fetch_add(bytes.len() as u64, Ordering::Relaxed);
        hits
    }

    fn stream(&mut self, number: ObjectIndex, content: &mut dyn Read) -> io::Result<()> {
        let mut parts = Parts {
            shared: self.shared,
            located: Vec::new(),
            binary: false,
            bytes: 0,
        };
        let done = self.buffer.feed(
            content,
            &Origin::Repository { place: "".into() },
            &mut parts,
        );
        let Parts {
            located,
            binary,
            bytes,
            ..
        } = parts;
        self.finds.add(
            self.shared,
            self.shared.store.canonical(number),
            &located,
            binary,
        );
        self.finds.in_large |= !located.is_empty();
        self.finds.bytes.add(self.shared, number, bytes);
        self.shared.progress.blobs.fetch_add(1, Ordering::Relaxed);
        done
    }

    fn broken(&mut self, number: ObjectIndex, problem: Problem) {
        self.broken.push((number, problem));
    }
}

/// Searches a blob that comes in parts.
struct Parts<'a> {
    shared: &'a Shared<'a>,
    located: Vec<LocatedMatch>,
    /// Whether the first part says that the whole is binary.
    binary: bool,
    bytes: u64,
}

/// Whether git would take a blob that begins with `bytes` for binary.
fn is_binary(bytes: &[u8]) -> bool {
    memchr::memchr(0, &bytes[..bytes.len().min(BINARY_PREFIX)]).is_some()
}

impl Worker for Parts<'_> {
    fn blob(&mut self, blob: Blob<'_>) {
        debug_assert!(
            matches!(blob.fresh, Fresh::All),
            "a stream has no older version"
        );
        let own = blob.part.own.len().min(blob.bytes.len()) as u64;
        self.shared.progress.bytes.fetch_add(own, Ordering::Relaxed);
        self.bytes += own;
        self.binary |= blob.part.offset == 0 && is_binary(blob.bytes);
        let matches = self.shared.builder.scanner.scan(blob.bytes);
        self.located.extend(self.shared.builder.locate(
            blob.bytes,
            &blob.part,
            matches,
            Frames::Omit,
        ));
    }

    fn skip(&mut self, _: Skip) {}

    fn left_out(&mut self, _: u64) {}
}
