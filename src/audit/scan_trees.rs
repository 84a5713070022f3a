//! The second pass: every tree, entry by entry where it is new. Names are searched, and for
//! everything that matters (trees and what holds a secret) it is kept which trees have it: as what
//! each tree has more and less than the one that it is a delta of, so that the whole takes no more
//! room than the deltas do.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use bstr::{BString, ByteSlice};
use gix::hash::oid;
use serde::{Deserialize, Serialize};

use super::Shared;
use super::missing::Reference;
use super::scan_objects::Finds;
use crate::engine::Frames;
use crate::git::store::{Base, Kind, Object, ObjectIndex, Problem, Visit};
use crate::source::MIN_NAME;
use crate::text::Copied;

/// How many objects a thread remembers where it found.
const KNOWN: usize = 1 << 14;

/// An entry of a tree that matters: what it leads to, and under which name.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub(super) struct Mark {
    /// The object; for a name that holds a secret, the number that stands for the name.
    pub(super) child: ObjectIndex,
    /// The number of the name.
    pub(super) name: u32,
}

/// Names of files and folders, by number, for all threads.
#[derive(Default)]
pub(super) struct Names(Mutex<(HashMap<BString, u32>, Vec<BString>)>);

impl Names {
    fn number_of(&self, name: &[u8]) -> u32 {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (numbers, list) = &mut *names;
        if let Some(&number) = numbers.get(name.as_bstr()) {
            return number;
        }
        let number = u32::try_from(list.len()).unwrap_or(u32::MAX);
        list.push(name.into());
        numbers.insert(name.into(), number);
        number
    }

    /// Names that are numbered already.
    pub(super) fn new(list: Vec<BString>) -> Self {
        let numbers = list.iter().cloned().zip(0..).collect();
        Self(Mutex::new((numbers, list)))
    }

    /// The names, in the order of their numbers.
    pub(super) fn into_list(self) -> Vec<BString> {
        self.0
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .1
    }
}

/// A tree as it is carried to those that are made from it.
#[derive(Default)]
pub(super) struct State {
    /// Whether others are made from it; where none are, nobody asks where its entries begin.
    is_base: bool,
    /// Where each entry begins.
    starts: Vec<u32>,
    /// Length of the tree, in bytes, as far as it is one.
    len: u32,
    /// The entries that matter, and where they begin.
    marks: Vec<(u32, Mark)>,
}

/// What the trees have of what matters, each told by how it differs from the one that it is a delta
/// of.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct TreeDiffs {
    /// Entries that a tree has more than the one it is made from.
    pub(super) added: Vec<(ObjectIndex, Mark)>,
    /// Entries that a tree has no more.
    pub(super) removed: Vec<(ObjectIndex, Mark)>,
    /// The tree that a tree is made from, and that tree.
    pub(super) derived: Vec<(ObjectIndex, ObjectIndex)>,
}

/// One thread's second pass.
pub(super) struct Trees<'a> {
    shared: &'a Shared<'a>,
    /// Objects that a secret stands in.
    held: &'a HashSet<ObjectIndex>,
    names: &'a Names,
    /// Where objects were found that this thread looked up: versions of a folder name the same ones
    /// again and again.
    known: Vec<(u128, Option<ObjectIndex>)>,
    /// Names that this thread met: their numbers, and whether they hold a secret.
    met: HashMap<BString, (u32, bool)>,
    pub(super) finds: Finds,
    pub(super) tree_diffs: TreeDiffs,
    pub(super) broken: Vec<(ObjectIndex, Problem)>,
    pub(super) missing: Vec<Reference>,
}

impl<'a> Trees<'a> {
    pub(super) fn new(
        shared: &'a Shared<'a>,
        held: &'a HashSet<ObjectIndex>,
        names: &'a Names,
    ) -> Self {
        Self {
            shared,
            held,
            names,
            known: vec![(0, None); KNOWN],
            met: HashMap::new(),
            finds: Finds::default(),
            tree_diffs: TreeDiffs::default(),
            broken: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// Looks at an entry that no tree before had; what it leads to, where that matters.
    fn entry(&mut self, tree: ObjectIndex, entry: &Entry<'_>, start: u32, state: &mut State) {
        let child = match entry.kind {
            Some(kind) => {
                let child = self.number_of(entry.id);
                if child.is_none() {
                    self.missing.push(Reference {
                        id: entry.id.to_owned(),
                        kind,
                        from: tree,
                    });
                }
                child.filter(|child| kind == Kind::Tree || self.held.contains(child))
            }
            // The commit of a submodule lies in another repository.
            None => None,
        };
        let long = entry.name.len() >= MIN_NAME;
        if child.is_none() && !long {
            return;
        }
        let (name, is_secret) = self.name(entry.name);
        let of_name = is_secret.then(|| self.shared.number_of_name(name));
        for child in child.into_iter().chain(of_name) {
            let mark = Mark { child, name };
            state.marks.push((start, mark));
            self.tree_diffs.added.push((tree, mark));
        }
    }

    fn number_of(&mut self, id: &oid) -> Option<ObjectIndex> {
        // Two ids that begin with the same sixteen bytes are more than anybody can make.
        let head = id
            .as_bytes()
            .first_chunk()
            .map_or(0, |head| u128::from_be_bytes(*head));
        let known = &mut self.known[(head >> 96) as usize % KNOWN];
        if known.0 != head || head == 0 {
            *known = (head, self.shared.store.number_of(id));
        }
        known.1
    }

    /// The number of a name, and whether a secret stands in it.
    fn name(&mut self, name: &[u8]) -> (u32, bool) {
        if let Some(&known) = self.met.get(name.as_bstr()) {
            return known;
        }
        let number = self.names.number_of(name);
        let before = self.finds.places.len();
        if name.len() >= MIN_NAME {
            let located = self.shared.builder.scan(name, Frames::Omit);
            self.finds.add(
                self.shared,
                self.shared.number_of_name(number),
                &located,
                false,
            );
        }
        let known = (number, self.finds.places.len() > before);
        self.met.insert(name.into(), known);
        known
    }

    /// The entries of `bytes`; those that `base` has in stretches that were copied from it are
    /// taken over.
    fn entries(
        &mut self,
        tree: ObjectIndex,
        object: Object<'_>,
        base: Option<&Base<'_, State>>,
    ) -> State {
        let Object { bytes, is_base, .. } = object;
        let mut state = State {
            is_base,
            ..State::default()
        };
        if is_base {
            state
                .starts
                .reserve(base.map_or(bytes.len() / 40, |base| base.state.starts.len() + 4));
        }
        let mut kept = vec![false; base.map_or(0, |base| base.state.marks.len())];
        let mut stretches = base.map_or(&[][..], |base| base.copied);
        let mut at = 0;
        while at < bytes.len() {
            while stretches
                .first()
                .is_some_and(|stretch| stretch.target().end <= at)
            {
                stretches = &stretches[1..];
            }
            let copied = stretches.first().filter(|stretch| stretch.to <= at);
            if let (Some(base), Some(&stretch)) = (base, copied)
                && let Some(end) = take_over(base.state, stretch, at, &mut state, &mut kept)
            {
                at = end;
                continue;
            }
            let Some((entry, len)) = Entry::read(&bytes[at..], self.shared.hash) else {
                self.broken.push((tree, Problem::Tree));
                break;
            };
            let start = u32::try_from(at).unwrap_or(u32::MAX);
            if is_base {
                state.starts.push(start);
            }
            self.entry(tree, &entry, start, &mut state);
            at += len;
        }
        state.len = u32::try_from(at).unwrap_or(u32::MAX);
        if let Some(base) = base {
            self.tree_diffs.derived.push((base.number, tree));
            let marks = base
                .state
                .marks
                .iter()
                .zip(&kept)
                .filter(|(_, kept)| !**kept);
            self.tree_diffs
                .removed
                .extend(marks.map(|((_, mark), _)| (tree, *mark)));
        }
        state
    }
}

/// Takes over all entries of `old` that lie whole in `stretch` and follow on the place `at` of the
/// new tree, if one begins there; where they end.
fn take_over(
    old: &State,
    stretch: Copied,
    at: usize,
    state: &mut State,
    kept: &mut [bool],
) -> Option<usize> {
    let (from, to) = (
        u32::try_from(stretch.from).ok()?,
        u32::try_from(stretch.to).ok()?,
    );
    let limit = u32::try_from(stretch.source().end).ok()?;
    let begin = u32::try_from(at).ok()? - to + from;
    let first = old.starts.binary_search(&begin).ok()?;
    // The entries that begin up to the stretch's end; the last of them ends where the next one
    // begins.
    let mut last = first + old.starts[first..].partition_point(|&start| start < limit);
    let end_of = |entry: usize| old.starts.get(entry + 1).copied().unwrap_or(old.len);
    while last > first && end_of(last - 1) > limit {
        last -= 1;
    }
    if last == first {
        return None;
    }
    let end = end_of(last - 1);
    let moved = |start: u32| start - from + to;
    if state.is_base {
        state
            .starts
            .extend(old.starts[first..last].iter().map(|&start| moved(start)));
    }
    let first_mark = old.marks.partition_point(|(start, _)| *start < begin);
    let marks = old.marks[first_mark..]
        .iter()
        .zip(&mut kept[first_mark..])
        .take_while(|((start, _), _)| *start < end);
    state.marks.extend(marks.map(|((start, mark), kept)| {
        *kept = true;
        (moved(*start), *mark)
    }));
    Some(moved(end) as usize)
}

/// An entry of a tree: a mode, a name and an id; see gitformat-index(5) for the modes.
struct Entry<'t> {
    /// What it leads to; nothing of this repository for a submodule.
    kind: Option<Kind>,
    name: &'t [u8],
    id: &'t oid,
}

impl<'t> Entry<'t> {
    /// The entry at the start of `bytes`, and its length.
    fn read(bytes: &'t [u8], hash: gix::hash::Kind) -> Option<(Self, usize)> {
        let blank = memchr::memchr(b' ', bytes.get(..8.min(bytes.len()))?)?;
        let end = blank + memchr::memchr(0, &bytes[blank..])?;
        let octal = |mode: u32, digit: &u8| {
            matches!(digit, b'0'..=b'7').then(|| mode << 3 | u32::from(digit - b'0'))
        };
        let mode = bytes[..blank]
            .iter()
            .try_fold(0, octal)
            .filter(|_| blank > 0)?;
        // As git takes them: what is no file, no link and no folder is the commit of a submodule.
        let kind = match mode & 0o170_000 {
            0o040_000 => Some(Kind::Tree),
            0o100_000 | 0o120_000 => Some(Kind::Blob),
            _ => None,
        };
        let id = bytes.get(end + 1..end + 1 + hash.len_in_bytes())?;
        let entry = Self {
            kind,
            name: &bytes[blank + 1..end],
            id: oid::from_bytes_unchecked(id),
        };
        Some((entry, end + 1 + id.len()))
    }
}

impl Visit for Trees<'_> {
    type State = State;

    fn object(&mut self, object: Object<'_>, base: Option<Base<'_, State>>) -> State {
        let bytes = object.bytes.len() as u64;
        self.finds.bytes.add(self.shared, object.number, bytes);
        self.shared.progress.blobs.fetch_add(1, Ordering::Relaxed);
        self.shared
            .progress
            .bytes
            .fetch_add(bytes, Ordering::Relaxed);
        let tree = self.shared.store.canonical(object.number);
        let base = base.map(|base| Base {
            number: self.shared.store.canonical(base.number),
            ..base
        });
        self.entries(tree, object, base.as_ref())
    }

    fn stream(&mut self, number: ObjectIndex, _: &mut dyn Read) -> io::Result<()> {
        self.broken.push((number, Problem::TooLarge));
        Ok(())
    }

    fn broken(&mut self, number: ObjectIndex, problem: Problem) {
        self.broken.push((number, problem));
    }
}
