//! What one tree has that others have not: all of them gone through side by side.

use std::cmp::Ordering;

use bstr::BString;

use super::Candidate;
use crate::git::tree::{EntryKind, Tree, TreeEntry};
use crate::git::{LocalRepository, ObjectId, ReadError};

/// The files, links and submodules of `tree` that none of `others` has at the same path, with what
/// each of these has there instead. `None` among them is a tree without entries.
///
/// # Errors
/// Where a tree cannot be read.
pub(crate) fn not_in(
    repo: &LocalRepository,
    tree: ObjectId,
    others: &[Option<ObjectId>],
) -> Result<Vec<Candidate>, ReadError> {
    let mut walk = Walk {
        repo,
        path: BString::default(),
        found: Vec::new(),
    };
    walk.directory(tree, others)?;
    Ok(walk.found)
}

struct Walk<'r> {
    repo: &'r LocalRepository,
    path: BString,
    found: Vec<Candidate>,
}

impl Walk<'_> {
    fn directory(&mut self, tree: ObjectId, others: &[Option<ObjectId>]) -> Result<(), ReadError> {
        if others.contains(&Some(tree)) {
            return Ok(());
        }
        let tree = Tree::read(self.repo, tree)?;
        let others: Vec<Option<Tree>> = others
            .iter()
            .map(|other| other.map(|id| Tree::read(self.repo, id)).transpose())
            .collect::<Result<_, _>>()?;
        let mut cursors: Vec<_> = others.iter().map(|other| cursor(other.as_ref())).collect();
        for entry in tree.entries() {
            let entry = entry?;
            let mut before = Vec::with_capacity(cursors.len());
            for cursor in &mut cursors {
                before.push(cursor.advance_to(&entry)?);
            }
            if before.iter().flatten().any(|id| **id == *entry.id) {
                continue;
            }
            let len = self.path.len();
            self.path.extend_from_slice(entry.name);
            if entry.kind == EntryKind::Tree {
                self.path.push(b'/');
                self.directory(entry.id.to_owned(), &before)?;
            } else {
                self.found.push(Candidate {
                    path: self.path.clone(),
                    id: entry.id.to_owned(),
                    kind: entry.kind,
                    before,
                });
            }
            self.path.truncate(len);
        }
        Ok(())
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
    fn advance_to(&mut self, entry: &TreeEntry<'_>) -> Result<Option<ObjectId>, ReadError> {
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
                Ordering::Equal => return Ok(Some(next.id.to_owned())),
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
