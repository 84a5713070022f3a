//! Which commits are judged: ranges as people and CI systems name them, and the walk that lists
//! their commits.

mod resolve;
mod walk;

use super::{ObjectId, ReadError};

pub use resolve::{Resolved, named, planned, remote_of};
pub use walk::{Commit, History, list};

/// What a CI environment says is to be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Commits.
    Judge {
        /// What happened, for people: `GitHub Actions, pull_request`.
        what: String,
        /// What it brings.
        head: Point,
        /// What was there before.
        base: Base,
    },
    /// Nothing is brought, as where a branch is deleted.
    Nothing {
        /// Why.
        why: String,
    },
}

/// A revision, and what brings it where it is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// The revision: an id in hex, or `HEAD`.
    pub rev: String,
    /// What to fetch for it: an id or a ref of the remote.
    pub fetch: String,
}

impl Point {
    /// A commit that is fetched by its id.
    #[must_use]
    pub fn id(id: &str) -> Self {
        Self {
            rev: id.to_owned(),
            fetch: id.to_owned(),
        }
    }
}

/// What was there before the commits that are judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// All that a commit has.
    Commit(Point),
    /// All that a branch of the remote has.
    Branch(String),
    /// All that a branch had before it was pushed to. Where a push with force has taken that away,
    /// only what the default branch has is known to be old, and of the default branch itself
    /// nothing.
    Pushed {
        /// The commit it was at.
        before: Point,
        /// The branch.
        branch: String,
        /// The repository's default branch.
        default: Option<String>,
    },
    /// All that the remote's branches have.
    Branches {
        /// But for this one: the branch that is judged.
        but: Option<String>,
    },
}

/// The commits of a range, by their ends. Ids may be those of tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// What can be reached from the tips and not from what is hidden.
    Between {
        /// The tips.
        tips: Vec<ObjectId>,
        /// What is hidden.
        hidden: Vec<ObjectId>,
    },
    /// These commits alone.
    Only(Vec<ObjectId>),
}

/// What a repository lacks, and what would bring it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// What to fetch of the remote: ids, refs, or refspecs.
    pub fetch: Vec<String>,
    /// Whether more of the history is needed than a shallow clone has.
    pub history: bool,
}

/// Why the commits of a range are not known.
#[derive(Debug, thiserror::Error)]
pub enum RangeError {
    /// A revision that is not here.
    #[error("'{rev}' is not in this repository")]
    Unknown {
        /// As it was named.
        rev: String,
        /// What would bring it.
        need: Need,
    },
    /// A revision that is none, or means several things.
    #[error("'{rev}' names no commit: {problem}")]
    Rev {
        /// As it was named.
        rev: String,
        /// What is wrong.
        problem: String,
    },
    /// The clone ends within the range.
    #[error(
        "this shallow clone ends at commit {commit}, within the range: what it changed cannot be known"
    )]
    Shallow {
        /// Where.
        commit: String,
    },
    /// A commit or a tag of the range cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The remote's branches cannot be listed.
    #[error("the refs cannot be read: {0}")]
    Refs(String),
}

impl RangeError {
    /// What would mend it, where something to fetch does.
    #[must_use]
    pub fn need(&self) -> Option<Need> {
        match self {
            Self::Unknown { need, .. } => Some(need.clone()),
            Self::Shallow { .. } => Some(Need {
                fetch: Vec::new(),
                history: true,
            }),
            _ => None,
        }
    }
}
