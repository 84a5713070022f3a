//! Where in a repository's history a secret stands, and from where it can still be reached.

use std::sync::Arc;

use bstr::BString;

use crate::blob::CommitInfo;
use crate::git::RootKind;

/// How exposed a secret is: from where somebody could still get at it, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exposure {
    /// Another repository has it, or may fetch it from here.
    Published,
    /// A branch, a tag or another ref of this repository leads to it, and as far as is known to
    /// nobody else's.
    Local,
    /// Only a stash leads to it.
    Stash,
    /// Only the index of a work tree leads to it: it was staged and not committed.
    Index,
    /// Only what a ref once was, or an operation under way, leads to it.
    Reflog,
    /// Nothing leads to it: it goes with the next `git gc` that prunes.
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

    /// What it means and what follows from it, in one sentence.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Published => {
                "others have it or can fetch it: rotate it now; taking it out of history comes after that"
            }
            Self::Local => {
                "no other repository is known to have it: rewrite before you push, and rotate it if in doubt"
            }
            Self::Stash => {
                "only a stash holds it: drop that stash, then let the reflog expire and prune"
            }
            Self::Index => "it is staged and was never committed: unstage it, then prune",
            Self::Reflog => {
                "only what a ref once was leads to it: let the reflog expire, then prune"
            }
            Self::Unreachable => "nothing leads to it any more: 'git gc --prune=now' takes it away",
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
    /// The last commit that holds it, where HEAD does not.
    pub last: Option<CommitPlace>,
    /// What leads to it, the most lasting first.
    pub reached_from: Vec<RootRef>,
    /// Every place where it stands, each object once.
    pub places: Vec<ObjectPlace>,
    /// Where it stands beside history: in the configuration, in a file of the LFS store.
    pub elsewhere: Vec<BString>,
}

/// Something that a secret is reached from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RootRef {
    /// What kind of starting point it is.
    pub kind: RootKind,
    /// Its name, as a person would say it.
    pub name: BString,
}

/// A commit, and where in it something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitPlace {
    /// The commit.
    pub commit: Arc<CommitInfo>,
    /// The path in it; empty for its own text.
    pub path: BString,
    /// The line, from 1.
    pub line: usize,
}

/// An object that a secret stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectPlace {
    /// What it is.
    pub kind: Container,
    /// Its id, in hex; none for a name.
    pub object: Option<String>,
    /// The paths that it has had.
    pub paths: Vec<BString>,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// Whether it, or its other half, stands anywhere in the object in another form than in clear.
    pub encoded: bool,
    /// Whether git would take the object for binary: there is a zero byte in its first 8192.
    pub binary: bool,
}

/// Kinds of objects that a secret may stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Container {
    /// A file's content, or where a symlink leads.
    Blob,
    /// A commit's own text: its message, its author and its committer.
    Commit,
    /// An annotated tag's own text.
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
