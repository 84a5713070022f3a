//! Describes where in a repository's history a secret is, and what still leads to it.

use std::sync::Arc;

use bstr::BString;
use serde::Deserialize;

use crate::blob::CommitInfo;
use crate::git::RootKind;

/// How exposed a secret is: from where it can still be read, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exposure {
    /// Another repository has it, or may fetch it from here.
    Published,
    /// A branch, a tag or another ref of this repository leads to it, and no other repository is
    /// known to have it.
    Local,
    /// Only a stash leads to it.
    Stash,
    /// Only the index of a work tree leads to it: it was staged and not committed.
    Index,
    /// Only a reflog or an unfinished operation, such as a rebase, leads to it.
    Reflog,
    /// Nothing leads to it: the next `git gc` that prunes removes it.
    Unreachable,
}

impl Exposure {
    /// The word used in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Local => "local",
            Self::Stash => "stash",
            Self::Index => "index",
            Self::Reflog => "reflog",
            Self::Unreachable => "unreachable",
        }
    }

    /// What it means and what to do, in one sentence.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Published => {
                "others have it or can fetch it: rotate it now, then remove it from history"
            }
            Self::Local => {
                "no other repository is known to have it: remove it before you push; if in doubt, \
                 rotate it"
            }
            Self::Stash => {
                "only a stash leads to it: drop the stash, expire the reflog, then prune"
            }
            Self::Index => "it is staged and was never committed: unstage it, then prune",
            Self::Reflog => {
                "only a reflog or an operation leads to it: expire the reflog, then prune"
            }
            Self::Unreachable => "unreachable: 'git gc --prune=now' removes it",
        }
    }
}

/// The history of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// How exposed it is.
    pub exposure: Exposure,
    /// Whether the commit at HEAD holds it.
    pub in_head: bool,
    /// The last commit that holds it, unless HEAD does.
    pub last: Option<CommitPlace>,
    /// What leads to it, ordered by kind: branches before reflogs.
    pub reached_from: Vec<RootRef>,
    /// All objects and names that hold it.
    pub places: Vec<ObjectPlace>,
    /// Where else in the git directory it is: in the configuration, in a file of the LFS store.
    pub elsewhere: Vec<BString>,
    /// The repositories that hold it, if the results of several were joined; sorted.
    pub repositories: Vec<RepositoryPlace>,
}

/// Where a repository holds a secret that several may hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RepositoryPlace {
    /// The name of the repository.
    pub repository: String,
    /// The path in it, with that in an archive.
    pub path: BString,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// How exposed the secret is there, if its history is known.
    pub exposure: Option<Exposure>,
    /// Whether the commit at HEAD holds it.
    pub in_head: bool,
}

/// A ref or something similar that leads to a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RootRef {
    /// Its kind.
    pub kind: RootKind,
    /// Its name for people, such as `main` or `stash@{0}`.
    pub name: BString,
}

/// A commit that holds a secret, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitPlace {
    /// The commit.
    pub commit: Arc<CommitInfo>,
    /// The path in it, with that in an archive, as reports show both; empty for its own text.
    pub path: BString,
    /// The line, from 1.
    pub line: usize,
}

/// An object or a name that holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectPlace {
    /// Its kind.
    pub kind: Container,
    /// Its id, in hex; `None` for a name.
    pub object: Option<String>,
    /// The paths that it has had.
    pub paths: Vec<BString>,
    /// The path of the entry that holds the secret, if the object is a container of files.
    pub inside: Option<BString>,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// Whether the secret, or the other half of a pair, is encoded anywhere in the object.
    pub encoded: bool,
    /// Whether git would take the object for binary, since one of its first 8192 bytes is zero, or
    /// it is a container of files.
    pub binary: bool,
}

/// What can hold a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Container {
    /// A file's content, or the target of a symlink.
    Blob,
    /// The raw text of a commit: its headers and its message.
    Commit,
    /// The raw text of an annotated tag.
    Tag,
    /// The name of a file or a directory.
    Name,
}

impl Container {
    /// The word used in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::Commit => "commit",
            Self::Tag => "tag",
            Self::Name => "name",
        }
    }
}
