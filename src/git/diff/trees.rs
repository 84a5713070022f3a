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
    /// The files, links and submodules that none of the others has at the same path, with what each
    /// of these has there instead.
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
        let others = others.iter();
        let trees: Vec<_> = others.map(|id| id.and_then(|id| self.read(id))).collect();
        let mut cursors: Vec<_> = trees.iter().map(|other| cursor(other.as_ref())).collect();
        let first = self.open.len();
        for entry in tree.entries() {
            if self.budget.is_exceeded() {
                return;
            }
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.unread(error);
                    break;
                }
            };
            let mut before = Vec::with_capacity(cursors.len());
            for cursor in &mut cursors {
                before.push(cursor.advance_to(&entry).unwrap_or_else(|error| {
                    self.unread(error);
                    None
                }));
            }
            self.entry(&entry, before);
        }
        self.open[first..].reverse();
    }

    fn entry(&mut self, entry: &TreeEntry<'_>, before: Vec<Option<TypedId>>) {
        if before.contains(&Some(entry.typed_id())) {
            return;
        }
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
