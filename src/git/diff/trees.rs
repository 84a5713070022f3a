//! Compares a tree with others, all of them read side by side.

use std::cmp::Ordering;

use bstr::BString;

use super::Candidate;
use super::budget::Budget;
use crate::git::tree::{EntryKind, Tree, TreeEntry, TypedId};
use crate::git::{LocalRepository, ObjectId, ReadError};

/// What a tree has and others have not.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    /// The files, links, submodules and empty directories that none of the others has at the same
    /// path, with what each of these has there instead.
    pub(crate) found: Vec<Candidate>,
    /// The directories that cannot be read, in the tree or in one of the others, and why not. What
    /// another tree has in such a directory counts as missing there.
    pub(crate) unread: Vec<(BString, ReadError)>,
    /// What it cost to compare them; see [`Budget::cost`].
    pub(crate) cost: usize,
}

/// Compares `tree` with `others`. `None` in `others` is a tree without entries. If the paths take
/// far more than the trees, nothing is found, and all is unread.
pub(crate) fn not_in(
    repo: &LocalRepository,
    tree: ObjectId,
    others: &[Option<ObjectId>],
) -> Difference {
    let mut walk = Walk {
        repo,
        path: BString::default(),
        result: Difference::default(),
        open: Vec::new(),
        budget: Budget::default(),
    };
    walk.directory(tree, others);
    while let Some(directory) = walk.open.pop() {
        walk.path.truncate(directory.above);
        walk.path.extend_from_slice(&directory.name);
        walk.path.push(b'/');
        walk.directory(directory.tree, &directory.others);
        if walk.budget.is_exceeded() {
            break;
        }
    }
    let cost = walk.budget.cost();
    if let Err(error) = walk.budget.check() {
        return Difference {
            found: Vec::new(),
            unread: vec![(BString::default(), error)],
            cost,
        };
    }
    walk.result.cost = cost;
    walk.result
}

/// An entry, and what each of the other trees has in its place.
type Row<'t> = (TreeEntry<'t>, Vec<Option<TypedId>>);

/// As many other trees do not count in the budget: more than two parents are rare.
const FEW: usize = 2;

/// The memory, in bytes, of what so many other trees have in the place of an entry.
const fn cost_of(others: usize) -> usize {
    others.saturating_sub(FEW) * size_of::<Option<TypedId>>()
}

struct Walk<'r> {
    repo: &'r LocalRepository,
    /// The path of the directory, with a slash at its end.
    path: BString,
    result: Difference,
    /// Directories that are still to be compared, the next one last. Trees can nest deeper than
    /// calls can.
    open: Vec<Directory>,
    budget: Budget,
}

/// A directory, and what the other trees have in its place.
struct Directory {
    /// The length of the path of the directory that it is in.
    above: usize,
    name: BString,
    tree: ObjectId,
    others: Vec<Option<ObjectId>>,
}

impl Walk<'_> {
    fn directory(&mut self, tree: ObjectId, others: &[Option<ObjectId>]) {
        if others.contains(&Some(tree)) {
            return;
        }
        let Some(tree) = self.read(tree) else {
            return;
        };
        let mut rows = Vec::new();
        for entry in tree.entries() {
            match entry {
                Ok(entry) => rows.push((entry, Vec::with_capacity(others.len().min(FEW)))),
                Err(error) => {
                    self.unread(error);
                    break;
                }
            }
        }
        if rows.is_empty() {
            self.empty(tree.id(), others);
        }
        for other in others {
            self.compare(&mut rows, *other);
            if self.budget.is_exceeded() {
                return;
            }
        }
        let first = self.open.len();
        for (entry, before) in rows {
            if self.budget.is_exceeded() {
                return;
            }
            self.entry(&entry, before);
        }
        self.open[first..].reverse();
    }

    /// Adds to each row what one of the other trees has in its place, and drops the row if that is
    /// the same. One after the other, so that never more than one of them is in memory.
    fn compare(&mut self, rows: &mut Vec<Row<'_>>, other: Option<ObjectId>) {
        let other = other.and_then(|id| self.read(id));
        let mut cursor = cursor(other.as_ref());
        rows.retain_mut(|(entry, before)| {
            let old = cursor.advance_to(entry).unwrap_or_else(|error| {
                self.unread(error);
                None
            });
            if old == Some(entry.typed_id()) {
                self.budget.return_others(cost_of(before.len()));
                return false;
            }
            before.push(old);
            let more = cost_of(before.len()) - cost_of(before.len() - 1);
            self.budget.pay_others(more);
            true
        });
    }

    /// Lists a directory that has only a name.
    fn empty(&mut self, tree: ObjectId, others: &[Option<ObjectId>]) {
        let of_kind = |id| TypedId {
            kind: EntryKind::Tree,
            id,
        };
        if let [path @ .., b'/'] = self.path.as_slice() {
            self.result.found.push(Candidate {
                path: path.into(),
                entry: of_kind(tree),
                before: others.iter().map(|id| id.map(of_kind)).collect(),
            });
        }
    }

    fn entry(&mut self, entry: &TreeEntry<'_>, before: Vec<Option<TypedId>>) {
        if entry.kind == EntryKind::Tree {
            self.budget.pay_path(entry.name.len());
            self.open.push(Directory {
                above: self.path.len(),
                name: entry.name.to_owned(),
                tree: entry.id.to_owned(),
                others: before.into_iter().map(|old| old?.tree()).collect(),
            });
        } else {
            self.budget.pay_path(self.path.len() + entry.name.len());
            self.result.found.push(Candidate {
                path: [self.path.as_slice(), entry.name].concat().into(),
                entry: entry.typed_id(),
                before,
            });
        }
    }

    /// Reads a tree of this directory.
    fn read(&mut self, id: ObjectId) -> Option<Tree> {
        let read = Tree::read_within(self.repo, id, &mut self.budget);
        read.map_err(|error| self.unread(error)).ok()
    }

    fn unread(&mut self, error: ReadError) {
        self.result.unread.push((self.path.clone(), error));
    }
}

/// Goes through a tree next to another one, which has the same order.
struct Cursor<'t, I> {
    entries: Option<I>,
    next: Option<TreeEntry<'t>>,
}

impl<'t, I: Iterator<Item = Result<TreeEntry<'t>, ReadError>>> Cursor<'t, I> {
    /// What this tree has in the place of `entry`: an entry of the same name, and a directory only
    /// for a directory.
    fn advance_to(&mut self, entry: &TreeEntry<'_>) -> Result<Option<TypedId>, ReadError> {
        loop {
            let next = match self.next.take() {
                Some(next) => next,
                None => match self.entries.as_mut().and_then(Iterator::next) {
                    Some(next) => next?,
                    None => return Ok(None),
                },
            };
            match next.order(entry) {
                Ordering::Less => {}
                Ordering::Equal => return Ok(Some(next.typed_id())),
                Ordering::Greater => {
                    self.next = Some(next);
                    return Ok(None);
                }
            }
        }
    }
}

fn cursor(
    tree: Option<&Tree>,
) -> Cursor<'_, impl Iterator<Item = Result<TreeEntry<'_>, ReadError>>> {
    Cursor {
        entries: tree.map(Tree::entries),
        next: None,
    }
}
