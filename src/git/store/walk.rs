//! Walks a delta tree of a pack depth first, from each base to its children, so that every entry is
//! inflated once and only the bases on the path are held.
//!
//! Children are visited lightest first, and a base is freed before its heaviest child is walked. So
//! the bases that are held belong to ever lighter branches, at most as many as the logarithm of the
//! tree's size: a chain of ten thousand deltas needs two objects. A forged tree that would hold
//! more than two of the largest objects is refused.

use super::Kind;
use super::delta::Delta;
use super::inflate::{Inflater, stream};
use super::pack::Pack;
use super::visit::{DeltaBase, MAX_HELD, Object, ObjectIndex, Problem, STREAMED, Visit};
use crate::text::Copied;

/// How many buffers are kept for reuse.
const SPARE: usize = 16;

/// Capacity of the largest buffer that is kept for reuse, in bytes.
const SPARE_SIZE: usize = 4 << 20;

/// Buffers that a thread reuses for every entry.
#[derive(Default)]
pub(super) struct Scratch {
    inflater: Inflater,
    delta: Vec<u8>,
    copied: Vec<Copied>,
    spare: Vec<Vec<u8>>,
}

impl Scratch {
    fn put_back(&mut self, bytes: Vec<u8>) {
        if self.spare.len() < SPARE && bytes.capacity() <= SPARE_SIZE {
            self.spare.push(bytes);
        }
    }
}

/// An object on the path, which has children that were not visited yet.
struct HeldBase<'p, S> {
    number: ObjectIndex,
    bytes: Vec<u8>,
    state: S,
    children: &'p [u32],
}

/// Hands the object at position `root` of `pack`, and all deltas that are based on it, to `visit`.
/// The pack's objects are numbered from `first`.
pub(super) fn walk<V: Visit>(
    pack: &Pack,
    first: ObjectIndex,
    root: u32,
    scratch: &mut Scratch,
    visit: &mut V,
) {
    let Some(kind) = pack.forest().kind(root) else {
        return;
    };
    let mut walk = DeltaWalk {
        pack,
        first,
        kind,
        scratch,
        visit,
        held: 0,
    };
    let mut path = Vec::new();
    match walk.root(root) {
        Ok(base) => path.extend(base),
        Err(problem) => walk.broken(root, problem),
    }
    while let Some(mut base) = path.pop() {
        // Only objects with children left are on the path.
        let Some((&child, rest)) = base.children.split_first() else {
            continue;
        };
        base.children = rest;
        let visited = walk.child(child, &base);
        if rest.is_empty() {
            walk.release(base);
        } else {
            path.push(base);
        }
        match visited {
            Ok(next) => path.extend(next),
            Err(problem) => walk.broken(child, problem),
        }
    }
}

/// Reports the entries of `pack` whose delta base cannot be resolved: those with a broken header,
/// and all deltas that are based on one of them or on each other.
pub(super) fn visit_unresolved<V: Visit>(pack: &Pack, first: ObjectIndex, visit: &mut V) {
    for entry in pack.forest().unresolved() {
        visit.broken(first + pack.number_at(entry), Problem::Base);
    }
}

/// The state of one walk.
struct DeltaWalk<'p, 's, V: Visit> {
    pack: &'p Pack,
    first: ObjectIndex,
    /// The kind of all objects of the tree.
    kind: Kind,
    scratch: &'s mut Scratch,
    visit: &'s mut V,
    /// Size of all objects on the path, in bytes.
    held: usize,
}

impl<'p, V: Visit> DeltaWalk<'p, '_, V> {
    fn number(&self, entry: u32) -> ObjectIndex {
        self.first + self.pack.number_at(entry)
    }

    fn children(&self, entry: u32) -> &'p [u32] {
        self.pack.forest().children(entry)
    }

    /// Reads the whole object that the tree grows from. Returns it if it has children to visit.
    fn root(&mut self, entry: u32) -> Result<Option<HeldBase<'p, V::State>>, Problem> {
        let read = self.pack.entry(entry)?;
        let children = self.children(entry);
        if read.size > MAX_HELD && self.kind != Kind::Blob {
            return Err(Problem::TooLarge);
        }
        let is_streamed = children.is_empty() && self.kind == Kind::Blob && read.size > STREAMED;
        if is_streamed || read.size > MAX_HELD {
            self.visit
                .stream(self.number(entry), &mut stream(read.packed, read.size))
                .map_err(|_| Problem::Inflate)?;
            for &child in children {
                self.broken(child, Problem::TooLarge);
            }
            return Ok(None);
        }
        let mut bytes = self.scratch.spare.pop().unwrap_or_default();
        self.scratch
            .inflater
            .inflate(read.packed, read.size, &mut bytes)?;
        Ok(self.object(entry, bytes, None))
    }

    /// Reads a delta based on `base`. Returns the object if it has children to visit.
    fn child(
        &mut self,
        entry: u32,
        base: &HeldBase<'p, V::State>,
    ) -> Result<Option<HeldBase<'p, V::State>>, Problem> {
        let read = self.pack.entry(entry)?;
        if read.size > MAX_HELD {
            return Err(Problem::TooLarge);
        }
        self.scratch
            .inflater
            .inflate(read.packed, read.size, &mut self.scratch.delta)?;
        let delta = Delta::parse(&self.scratch.delta, base.bytes.len())?;
        if delta.size > MAX_HELD || self.held + delta.size > 2 * MAX_HELD {
            return Err(Problem::TooLarge);
        }
        let mut bytes = self.scratch.spare.pop().unwrap_or_default();
        delta.apply(&base.bytes, &mut bytes, &mut self.scratch.copied)?;
        let copied = std::mem::take(&mut self.scratch.copied);
        let delta_base = DeltaBase {
            number: base.number,
            state: &base.state,
            copied: &copied,
        };
        let object = self.object(entry, bytes, Some(delta_base));
        self.scratch.copied = copied;
        Ok(object)
    }

    /// Hands an object to the visitor. Returns it if it has children to visit.
    fn object(
        &mut self,
        entry: u32,
        bytes: Vec<u8>,
        base: Option<DeltaBase<'_, V::State>>,
    ) -> Option<HeldBase<'p, V::State>> {
        let number = self.number(entry);
        let children = self.children(entry);
        let object = Object {
            number,
            kind: self.kind,
            bytes: &bytes,
            is_base: !children.is_empty(),
        };
        let state = self.visit.object(object, base);
        if children.is_empty() {
            self.scratch.put_back(bytes);
            return None;
        }
        self.held += bytes.len();
        Some(HeldBase {
            number,
            bytes,
            state,
            children,
        })
    }

    /// Frees a base after its last child was read.
    fn release(&mut self, base: HeldBase<'p, V::State>) {
        self.held -= base.bytes.len();
        self.scratch.put_back(base.bytes);
    }

    /// Reports an entry that cannot be read, and with it all deltas that are based on it.
    fn broken(&mut self, entry: u32, problem: Problem) {
        self.visit.broken(self.number(entry), problem);
        let mut open = self.children(entry).to_vec();
        while let Some(entry) = open.pop() {
            self.visit.broken(self.number(entry), Problem::Base);
            open.extend(self.children(entry));
        }
    }
}
