//! The walk along a delta tree, from base to child, depth first: every entry is inflated once, and
//! no more is held than the path to the entry at hand.
//!
//! Of the entries made from one, that with the heaviest tree comes last, and by then the one itself
//! is not needed any more. So what is held are the ends of ever lighter branches, at most as many
//! as the logarithm of the tree's size: a chain of ten thousand deltas needs two objects. What a
//! forged tree would hold beyond two of the largest is refused.

use std::io::{self, Read};

use super::delta::Delta;
use super::inflate::{Inflater, stream};
use super::{Base, Kind, Object, ObjectIndex, Pack, Problem, Visit};
use crate::text::Copied;

/// The largest object that is held in memory, in bytes: what git calls a big file
/// (core.bigFileThreshold) it does not store as a delta, so nothing larger has to be.
pub(super) const MAX_HELD: usize = 512 << 20;

/// From this size on a blob that nothing is made from is streamed, in bytes.
pub(super) const STREAMED: usize = 32 << 20;

/// What a thread uses again for every entry.
#[derive(Default)]
pub struct Scratch {
    inflater: Inflater,
    delta: Vec<u8>,
    copied: Vec<Copied>,
    spare: Vec<Vec<u8>>,
}

/// How many buffers are kept for later, and how large they may be, in bytes.
const SPARE: usize = 16;
const SPARE_SIZE: usize = 4 << 20;

/// An entry on the path.
struct Step<'p, S> {
    number: ObjectIndex,
    bytes: Vec<u8>,
    state: S,
    /// Those made from it that are still to come.
    children: &'p [u32],
}

/// Hands the object at position `root` of `pack` and all that are made from it to `visit`. The
/// pack's objects are numbered from `first`.
pub fn walk<V: Visit>(
    pack: &Pack,
    first: ObjectIndex,
    root: u32,
    scratch: &mut Scratch,
    visit: &mut V,
) {
    let Some(kind) = pack.forest().kind(root) else {
        return;
    };
    let mut walk = Walk {
        pack,
        first,
        kind,
        scratch,
        visit,
        held: 0,
    };
    let mut path: Vec<Step<'_, V::State>> = Vec::new();
    match walk.base(root) {
        Ok(step) => path.extend(step),
        Err(problem) => walk.broken(root, problem),
    }
    walk.held = path.iter().map(|step| step.bytes.len()).sum();
    while let Some(step) = path.last_mut() {
        let made = step.children.split_first().map(|(&child, rest)| {
            step.children = rest;
            (child, walk.child(child, step))
        });
        if step.children.is_empty() {
            path.pop().into_iter().for_each(|done| walk.leave(done));
        }
        match made {
            Some((_, Ok(Some(next)))) => {
                walk.held += next.bytes.len();
                path.push(next);
            }
            Some((child, Err(problem))) => walk.broken(child, problem),
            Some((_, Ok(None))) | None => {}
        }
    }
}

/// Reports what no base leads to: entries whose header is broken, and those made from them or from
/// one another.
pub(super) fn lost<V: Visit>(pack: &Pack, first: ObjectIndex, visit: &mut V) {
    for entry in pack.forest().lost() {
        visit.broken(first + pack.number_at(entry), Problem::Base);
    }
}

/// One walk.
struct Walk<'p, 's, V: Visit> {
    pack: &'p Pack,
    first: ObjectIndex,
    kind: Kind,
    scratch: &'s mut Scratch,
    visit: &'s mut V,
    /// How many bytes the objects on the path have.
    held: usize,
}

impl<'p, V: Visit> Walk<'p, '_, V> {
    fn number(&self, entry: u32) -> ObjectIndex {
        self.first + self.pack.number_at(entry)
    }

    /// The entry that a tree begins with; nothing to go on from where that was streamed.
    fn base(&mut self, entry: u32) -> Result<Option<Step<'p, V::State>>, Problem> {
        let number = self.number(entry);
        let read = self.pack.entry(entry)?;
        let children = self.pack.forest().children(entry);
        if read.size > MAX_HELD && self.kind != Kind::Blob {
            return Err(Problem::TooLarge);
        }
        if read.size > MAX_HELD
            || (read.size > STREAMED && children.is_empty() && self.kind == Kind::Blob)
        {
            let mut content = Exactly {
                from: stream(read.packed),
                left: read.size,
            };
            self.visit
                .stream(number, &mut content)
                .map_err(|_| Problem::Inflate)?;
            children
                .iter()
                .for_each(|&child| self.broken(child, Problem::TooLarge));
            return Ok(None);
        }
        let mut bytes = self.scratch.spare.pop().unwrap_or_default();
        self.scratch
            .inflater
            .inflate(read.packed, read.size, &mut bytes)?;
        let is_base = !children.is_empty();
        let state = self.visit.object(
            Object {
                number,
                kind: self.kind,
                bytes: &bytes,
                is_base,
            },
            None,
        );
        Ok(Some(Step {
            number,
            bytes,
            state,
            children,
        }))
    }

    /// An entry that is made from `base`; nothing to go on from where none is made from it in turn.
    fn child(
        &mut self,
        entry: u32,
        base: &Step<'p, V::State>,
    ) -> Result<Option<Step<'p, V::State>>, Problem> {
        let number = self.number(entry);
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
        let made_from = Base {
            number: base.number,
            state: &base.state,
            copied: &self.scratch.copied,
        };
        let children = self.pack.forest().children(entry);
        let is_base = !children.is_empty();
        let state = self.visit.object(
            Object {
                number,
                kind: self.kind,
                bytes: &bytes,
                is_base,
            },
            Some(made_from),
        );
        if children.is_empty() {
            self.scratch.put_back(bytes);
            return Ok(None);
        }
        Ok(Some(Step {
            number,
            bytes,
            state,
            children,
        }))
    }

    /// Leaves an entry that nothing more is made from.
    fn leave(&mut self, done: Step<'p, V::State>) {
        self.held -= done.bytes.len();
        self.scratch.put_back(done.bytes);
    }

    /// Reports an entry that cannot be read, and all that would have been made from it.
    fn broken(&mut self, entry: u32, problem: Problem) {
        self.visit.broken(self.number(entry), problem);
        let mut open = self.pack.forest().children(entry).to_vec();
        while let Some(entry) = open.pop() {
            self.visit.broken(self.number(entry), Problem::Base);
            open.extend(self.pack.forest().children(entry));
        }
    }
}

impl Scratch {
    fn put_back(&mut self, bytes: Vec<u8>) {
        if self.spare.len() < SPARE && bytes.capacity() <= SPARE_SIZE {
            self.spare.push(bytes);
        }
    }
}

/// Reads what should be of a known size, and fails where it is not.
pub(super) struct Exactly<R> {
    pub(super) from: R,
    pub(super) left: usize,
}

impl<R: Read> Read for Exactly<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.from.read(buffer)?;
        let wrong = || {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "not of the size that its header says",
            )
        };
        if !buffer.is_empty() && len == 0 && self.left > 0 {
            return Err(wrong());
        }
        self.left = self.left.checked_sub(len).ok_or_else(wrong)?;
        Ok(len)
    }
}
