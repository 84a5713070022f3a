//! Defines what the audit starts from: every named place from which objects are reachable.

use bstr::{BStr, BString, ByteSlice};
use gix::ObjectId;

use super::index::IndexRoot;
use crate::git::layout::concat;
use crate::git::refs::Unread;

/// A named place from which objects are reachable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Its full name, which `git rev-parse` understands: `refs/heads/main`, `refs/stash@{0}`,
    /// `worktrees/topic/HEAD`. Two kinds have no such name: the old id of a reflog line that is not
    /// the new id of another line is `before refs/heads/main@{3}`, and the state of a rebase is
    /// named by its file, `rebase-merge/onto`.
    pub name: BString,
    /// What kind of place it is.
    pub kind: RootKind,
    /// The object that it names. It may be missing: reflogs outlive their objects.
    pub target: ObjectId,
    /// The ref that it points to if it is symbolic: for `HEAD`, the current branch.
    pub symbolic_target: Option<BString>,
}

/// Kinds of roots, the most lasting first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RootKind {
    /// `HEAD` of the repository itself.
    Head,
    /// A branch.
    Branch,
    /// A tag.
    Tag,
    /// A remote-tracking ref.
    Remote,
    /// Notes on commits.
    Note,
    /// Any other ref, such as that of a pull request.
    Other,
    /// `HEAD` of a linked work tree.
    WorktreeHead,
    /// The index of a work tree. Indexes list many objects, so they are in [`Roots::indexes`] and
    /// no [`Root`] has this kind.
    Index,
    /// The state of an operation that is in progress or just done: a merge, a rebase, a bisection,
    /// a fetch.
    Operation,
    /// A stash.
    Stash,
    /// A former value of a ref.
    Reflog,
}

impl RootKind {
    /// The word used in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Branch => "branch",
            Self::Tag => "tag",
            Self::Remote => "remote-tracking",
            Self::Note => "notes",
            Self::Other => "ref",
            Self::WorktreeHead => "worktree-head",
            Self::Index => "index",
            Self::Operation => "operation",
            Self::Stash => "stash",
            Self::Reflog => "reflog",
        }
    }
}

/// All roots of a repository.
#[derive(Debug, Default)]
pub struct Roots {
    /// Refs, reflogs and operations, by kind; within a kind those of the repository itself first,
    /// then those of each work tree, by name; the lines of a reflog newest first.
    pub roots: Vec<Root>,
    /// The indexes of all work trees.
    pub indexes: Vec<IndexRoot>,
    /// What could not be read, so that roots may be missing.
    pub unread: Vec<Unread>,
    /// The commits whose parents a shallow clone leaves out.
    pub shallow: Vec<ObjectId>,
    /// The remotes that have the objects which a partial clone leaves out.
    pub promisors: Vec<Promisor>,
}

impl Roots {
    pub(super) fn add(&mut self, name: BString, kind: RootKind, target: ObjectId) {
        self.roots.push(Root {
            name,
            kind,
            target,
            symbolic_target: None,
        });
    }
}

/// A remote that promises objects which a partial clone leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promisor {
    /// The remote's name.
    pub remote: BString,
    /// What is left out, in git's syntax: `blob:none`, `tree:0`; `None` if the configuration does
    /// not say.
    pub filter: Option<BString>,
}

impl Root {
    /// The name for reports: `main`, `v1.0`, `origin/main`, `stash@{0}`, `HEAD of worktree topic`.
    #[must_use]
    pub fn display_name(&self) -> BString {
        display_name(self.name.as_bstr())
    }
}

/// Shortens the full name of a ref, or of a reflog line, for reports.
#[must_use]
pub fn display_name(name: &BStr) -> BString {
    if let Some(rest) = name.strip_prefix(b"before ") {
        return concat(&[b"before ", &display_name(rest.into())]);
    }
    if let Some((worktree, rest)) = name
        .strip_prefix(b"worktrees/")
        .and_then(|rest| rest.split_once_str("/"))
    {
        return concat(&[&display_name(rest.into()), b" of worktree ", worktree]);
    }
    if name.starts_with(b"refs/stash") {
        return name[b"refs/".len()..].into();
    }
    ["refs/heads/", "refs/tags/", "refs/remotes/"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix.as_bytes()))
        .unwrap_or(name)
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_names_are_short_and_say_the_work_tree() {
        for (name, expected) in [
            ("HEAD", "HEAD"),
            ("HEAD@{3}", "HEAD@{3}"),
            ("refs/heads/main", "main"),
            ("refs/heads/main@{1}", "main@{1}"),
            ("before refs/heads/main@{1}", "before main@{1}"),
            ("refs/tags/v1.0", "v1.0"),
            ("refs/remotes/origin/main", "origin/main"),
            ("refs/stash@{0}", "stash@{0}"),
            ("refs/notes/commits", "refs/notes/commits"),
            ("refs/pull/7/head", "refs/pull/7/head"),
            ("worktrees/topic/HEAD", "HEAD of worktree topic"),
            (
                "worktrees/topic/refs/bisect/bad",
                "refs/bisect/bad of worktree topic",
            ),
            (
                "before worktrees/topic/HEAD@{0}",
                "before HEAD@{0} of worktree topic",
            ),
        ] {
            assert_eq!(display_name(name.into()), expected);
        }
    }
}
