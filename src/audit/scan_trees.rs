//! Makes the second pass: reads every tree where it differs from its delta base, and searches the
//! names in it.
//!
//! For the entries that lead to a secret, which are subtrees and what holds one, it records what
//! each tree adds to its delta base and removes from it. So all trees together take no more memory
//! than their deltas do.

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};

use bstr::{BString, ByteSlice};
use rustc_hash::FxHashSet;

use super::container::ContainerKey;
use super::context::Context;
use super::found::FoundSecrets;
use super::gitlinks;
use super::missing::MissingReference;
use super::tree_diffs::{NamedChild, TreeDiffs};
use crate::engine::Frames;
use crate::git::Oid;
use crate::git::store::{DeltaBase, Kind, Object, ObjectIndex, Problem, Visit};
use crate::git::tree::{EntryKind, TreeEntries, TreeEntry};
use crate::source::is_searched_name;
use crate::text::Copied;

/// How many slots the object lookup cache of each thread has.
const LOOKUP_CACHE: usize = 1 << 14;

/// The names of files and directories, numbered for all threads.
#[derive(Default)]
pub(super) struct NameTable(Mutex<(HashMap<BString, u32>, Vec<BString>)>);

impl NameTable {
    /// A table of names that have their numbers already.
    pub(super) fn new(list: Vec<BString>) -> Self {
        let numbers = list.iter().cloned().zip(0..).collect();
        Self(Mutex::new((numbers, list)))
    }

    /// The names, in the order of their numbers.
    pub(super) fn into_list(self) -> Vec<BString> {
        let names = self.0.into_inner();
        names.unwrap_or_else(PoisonError::into_inner).1
    }

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
}

/// What is kept of a tree for those that are deltas of it.
#[derive(Default)]
pub(super) struct TreeState {
    /// Whether there are any; if not, `starts` stays empty.
    is_base: bool,
    /// Where each entry begins.
    starts: Vec<u32>,
    /// Length of the valid part of the tree, in bytes.
    len: u32,
    /// The recorded children, and where their entries begin.
    children: Vec<(u32, NamedChild)>,
}

/// An object that an entry names.
#[derive(Clone, Copy)]
struct NamedObject {
    object: ObjectIndex,
    is_tree: bool,
}

/// One thread's second pass.
pub(super) struct TreeScanner<'a> {
    context: &'a Context<'a>,
    /// Objects that hold a secret.
    holders: &'a FxHashSet<ObjectIndex>,
    names: &'a NameTable,
    /// Which objects are trees.
    trees: &'a [bool],
    /// Objects that this thread looked up, by the start of their ids: versions of a directory name
    /// the same ones again and again.
    looked_up: Vec<(u128, Option<NamedObject>)>,
    /// Names that this thread met: their numbers, and whether they are secrets.
    met: HashMap<BString, (u32, bool)>,
    pub(super) found: FoundSecrets,
    pub(super) tree_diffs: TreeDiffs,
    pub(super) broken: Vec<(ObjectIndex, Problem)>,
    pub(super) missing: Vec<MissingReference>,
}

impl<'a> TreeScanner<'a> {
    pub(super) fn new(
        context: &'a Context<'a>,
        holders: &'a FxHashSet<ObjectIndex>,
        names: &'a NameTable,
        trees: &'a [bool],
    ) -> Self {
        Self {
            context,
            holders,
            names,
            trees,
            looked_up: vec![(0, None); LOOKUP_CACHE],
            met: HashMap::new(),
            found: FoundSecrets::default(),
            tree_diffs: TreeDiffs::default(),
            broken: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// Reads a tree. Entries in spans that were copied from `base` are taken over from its state.
    fn read_tree(
        &mut self,
        tree: ObjectIndex,
        object: Object<'_>,
        base: Option<&DeltaBase<'_, TreeState>>,
    ) -> TreeState {
        let mut state = TreeState::with_room_for(object, base);
        let mut is_kept = vec![false; base.map_or(0, |base| base.state.children.len())];
        let mut copied = base.map_or(&[][..], |base| base.copied);
        let mut entries = TreeEntries::new(object.bytes, self.context.hash);
        while !entries.is_done() {
            let at = entries.offset();
            if let Some(base) = base
                && let Some(span) = copied_span_at(&mut copied, at)
                && let Some(end) = state.take_over(base.state, span, at, &mut is_kept)
            {
                entries.seek(end);
                continue;
            }
            let Some(Ok(entry)) = entries.next() else {
                self.broken.push((tree, Problem::Tree));
                entries.seek(at);
                break;
            };
            let start = u32::try_from(at).unwrap_or(u32::MAX);
            if state.is_base {
                state.starts.push(start);
            }
            self.read_entry(tree, &entry, start, &mut state);
        }
        state.len = u32::try_from(entries.offset()).unwrap_or(u32::MAX);
        if let Some(base) = base {
            self.tree_diffs.derived.push((base.number, tree));
            let children = base.state.children.iter().zip(&is_kept);
            let removed = children.filter(|(_, is_kept)| !**is_kept);
            self.tree_diffs
                .removed
                .extend(removed.map(|((_, child), _)| (tree, *child)));
        }
        state
    }

    /// Reads an entry that was not taken over, and records what can lead to a secret.
    fn read_entry(
        &mut self,
        tree: ObjectIndex,
        entry: &TreeEntry<'_>,
        start: u32,
        state: &mut TreeState,
    ) {
        let object = if entry.kind == EntryKind::Submodule {
            Some(ContainerKey::name(
                self.names.number_of(&gitlinks::name_of(entry.id)),
            ))
        } else {
            self.recorded_object(tree, entry).map(ContainerKey::object)
        };
        if object.is_none() && !is_searched_name(entry.name) {
            return;
        }
        let (name, is_secret) = self.read_name(entry.name);
        let own = is_secret.then(|| ContainerKey::name(name));
        for child in object.into_iter().chain(own) {
            let child = NamedChild { child, name };
            state.children.push((start, child));
            self.tree_diffs.added.push((tree, child));
        }
    }

    /// The object of an entry, if it can lead to a secret. A missing one is noted.
    fn recorded_object(&mut self, tree: ObjectIndex, entry: &TreeEntry<'_>) -> Option<ObjectIndex> {
        // The commit of a submodule is in another repository.
        let kind = entry.kind.object()?;
        let Some(NamedObject { object, is_tree }) = self.look_up(entry.id) else {
            self.missing.push(MissingReference {
                id: entry.id.to_owned(),
                kind,
                from: tree,
            });
            return None;
        };
        if is_tree && kind != Kind::Tree {
            self.broken.push((tree, Problem::EntryKind));
        }
        (is_tree || kind == Kind::Tree || self.holders.contains(&object)).then_some(object)
    }

    fn look_up(&mut self, id: &Oid) -> Option<NamedObject> {
        // Two ids with the same first sixteen bytes cannot be made.
        let head = id
            .as_bytes()
            .first_chunk()
            .map_or(0, |head| u128::from_be_bytes(*head));
        let slot = &mut self.looked_up[(head >> 96) as usize % LOOKUP_CACHE];
        if slot.0 != head || head == 0 {
            let object = self.context.store.number_of(id);
            let named = object.map(|object| NamedObject {
                object,
                is_tree: self
                    .trees
                    .get(object as usize)
                    .is_some_and(|&is_tree| is_tree),
            });
            *slot = (head, named);
        }
        slot.1
    }

    /// The number of a name, and whether it is a secret.
    fn read_name(&mut self, name: &[u8]) -> (u32, bool) {
        if let Some(&met) = self.met.get(name.as_bstr()) {
            return met;
        }
        let number = self.names.number_of(name);
        let before = self.found.occurrences.len();
        if is_searched_name(name) {
            let located = self.context.builder.scan(name, Frames::Omit);
            let container = ContainerKey::name(number);
            self.found.add(self.context, container, &located, false);
        }
        let met = (number, self.found.occurrences.len() > before);
        self.met.insert(name.into(), met);
        met
    }
}

/// The copied span that contains the offset `at`. Spans that end before it are dropped.
fn copied_span_at(copied: &mut &[Copied], at: usize) -> Option<Copied> {
    while copied.first().is_some_and(|span| span.target().end <= at) {
        *copied = &copied[1..];
    }
    copied.first().copied().filter(|span| span.to <= at)
}

impl TreeState {
    fn with_room_for(object: Object<'_>, base: Option<&DeltaBase<'_, Self>>) -> Self {
        let mut state = Self {
            is_base: object.is_base,
            ..Self::default()
        };
        if object.is_base {
            // An entry has 40 bytes or so, and a delta adds few.
            let entries = base.map_or(object.bytes.len() / 40, |base| base.state.starts.len() + 4);
            state.starts.reserve(entries);
        }
        state
    }

    /// Takes over all entries of `old` that are whole within the copied `span`, from the one that
    /// is now at offset `at`, and returns where they end. `None` if no entry begins there.
    fn take_over(
        &mut self,
        old: &Self,
        span: Copied,
        at: usize,
        is_kept: &mut [bool],
    ) -> Option<usize> {
        let from = u32::try_from(span.from).ok()?;
        let to = u32::try_from(span.to).ok()?;
        let limit = u32::try_from(span.source().end).ok()?;
        let begin = u32::try_from(at).ok()? - to + from;
        let first = old.starts.binary_search(&begin).ok()?;
        // The entries that begin before the span's end; the last may end after it.
        let mut last = first + old.starts[first..].partition_point(|&start| start < limit);
        while last > first && old.end_of(last - 1) > limit {
            last -= 1;
        }
        if last == first {
            return None;
        }
        let end = old.end_of(last - 1);
        if self.is_base {
            let starts = old.starts[first..last].iter();
            self.starts.extend(starts.map(|&start| start - from + to));
        }
        let first_child = old.children.partition_point(|(start, _)| *start < begin);
        let children = old.children[first_child..].iter();
        for ((start, child), is_kept) in children
            .zip(&mut is_kept[first_child..])
            .take_while(|((start, _), _)| *start < end)
        {
            *is_kept = true;
            self.children.push((start - from + to, *child));
        }
        Some((end - from + to) as usize)
    }

    /// Where an entry ends: where the next one begins.
    fn end_of(&self, entry: usize) -> u32 {
        self.starts.get(entry + 1).copied().unwrap_or(self.len)
    }
}

impl Visit for TreeScanner<'_> {
    type State = TreeState;

    fn object(&mut self, object: Object<'_>, base: Option<DeltaBase<'_, TreeState>>) -> TreeState {
        let Context {
            store, progress, ..
        } = self.context;
        let bytes = object.bytes.len() as u64;
        self.found.totals.add(self.context, object.number, bytes);
        progress.add_blob();
        progress.add_bytes(bytes);
        let tree = store.canonical(object.number);
        let base = base.map(|base| DeltaBase {
            number: store.canonical(base.number),
            ..base
        });
        self.read_tree(tree, object, base.as_ref())
    }

    fn stream(&mut self, number: ObjectIndex, _: &mut dyn Read) -> io::Result<()> {
        self.broken.push((number, Problem::TooLarge));
        Ok(())
    }

    fn broken(&mut self, number: ObjectIndex, problem: Problem) {
        self.broken.push((number, problem));
    }
}
