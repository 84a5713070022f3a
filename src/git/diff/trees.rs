//! What one tree has that others have not: all of them gone through side by side.

use std::cmp::Ordering;

use bstr::BString;
use gix::objs::tree::EntryRef;
use gix::{ObjectId, Repository};

use super::Candidate;
use crate::git::ReadError;
use crate::git::tree::{Entries, TreeEntry, tree_data};

/// The files, links and submodules of `tree` that none of `others` has at the same path, with what
/// each of these has there instead. `None` among them is a tree without entries.
///
/// # Errors
/// Where a tree cannot be read.
pub(crate) fn not_in(
    repo: &Repository,
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
    repo: &'r Repository,
    path: BString,
    found: Vec<Candidate>,
}

impl Walk<'_> {
    fn directory(&mut self, tree: ObjectId, others: &[Option<ObjectId>]) -> Result<(), ReadError> {
        if others.contains(&Some(tree)) {
            return Ok(());
        }
        let data = tree_data(self.repo, tree)?;
        let mut olds = Vec::with_capacity(others.len());
        for other in others {
            olds.push(
                other
                    .map(|id| Ok::<_, ReadError>((id, tree_data(self.repo, id)?)))
                    .transpose()?,
            );
        }
        let mut cursors: Vec<_> = olds.iter().map(|old| Cursor::new(old.as_ref())).collect();
        for entry in Entries::new(tree, &data) {
            let entry = entry?;
            let mut before = Vec::with_capacity(cursors.len());
            for cursor in &mut cursors {
                before.push(cursor.advance_to(&entry)?);
            }
            if before.iter().flatten().any(|id| **id == *entry.oid) {
                continue;
            }
            let len = self.path.len();
            self.path.extend_from_slice(entry.filename);
            if entry.mode.is_tree() {
                self.path.push(b'/');
                self.directory(entry.oid.to_owned(), &before)?;
            } else {
                let TreeEntry { id, mode, .. } = entry.into();
                self.found.push(Candidate {
                    path: self.path.clone(),
                    id,
                    mode,
                    before,
                });
            }
            self.path.truncate(len);
        }
        Ok(())
    }
}

/// Goes through a tree beside another one, which has the same order.
struct Cursor<'t> {
    entries: Option<Entries<'t>>,
    next: Option<EntryRef<'t>>,
}

impl<'t> Cursor<'t> {
    fn new(tree: Option<&'t (ObjectId, Vec<u8>)>) -> Self {
        Self {
            entries: tree.map(|(id, data)| Entries::new(*id, data)),
            next: None,
        }
    }

    /// What this tree has in the place of `entry`: an entry of the same name, and a directory only
    /// for a directory.
    fn advance_to(&mut self, entry: &EntryRef<'_>) -> Result<Option<ObjectId>, ReadError> {
        loop {
            let next = match self.next.take() {
                Some(next) => next,
                None => match self.entries.as_mut().and_then(Iterator::next) {
                    Some(next) => next?,
                    None => return Ok(None),
                },
            };
            match next.cmp(entry) {
                Ordering::Less => {}
                Ordering::Equal => return Ok(Some(next.oid.to_owned())),
                Ordering::Greater => {
                    self.next = Some(next);
                    return Ok(None);
                }
            }
        }
    }
}
