//! Resolves ranges as people and CI systems name them, and lists their commits.

mod resolve;
mod result;
mod revision;
mod target;
mod walk;

use super::{ObjectId, ReadError};

pub use resolve::{Resolved, named, planned, remote_of};
pub use walk::{Commit, History, list};

/// The range that a CI environment names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Commits to scan.
    Judge {
        /// The event, for people: `GitHub Actions, pull_request`.
        what: String,
        /// The newest commit.
        head: Point,
        /// What was there before it.
        base: Base,
        /// The full name of the ref that leads to the newest commit, if the CI system gives it.
        name: Option<String>,
        /// The tag that leads to the newest commit, so that its text is scanned as well.
        tag: Option<Tag>,
    },
    /// Nothing to scan, for example because a branch is deleted.
    Nothing {
        /// Why.
        why: String,
    },
}

impl Plan {
    /// The same for commits that the ref of this full name leads to.
    #[must_use]
    pub fn of_ref(mut self, full_name: String) -> Self {
        if let Self::Judge { name, .. } = &mut self {
            *name = Some(full_name);
        }
        self
    }

    /// The same for commits that a tag leads to.
    #[must_use]
    pub fn with_tag(mut self, new: Tag) -> Self {
        if let Self::Judge { tag, .. } = &mut self {
            *tag = Some(new);
        }
        self
    }

    /// The name of the ref that the commits came with, unless it is that of the default branch: an
    /// author can choose it, so it is scanned.
    #[must_use]
    pub fn new_name(&self) -> Option<&str> {
        let Self::Judge { base, name, .. } = self else {
            return None;
        };
        let is_default = matches!(base, Base::Default { name, branch, .. }
            if name.is_some() && name == branch);
        name.as_deref().filter(|_| !is_default)
    }
}

/// A revision, and what to fetch if it is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// The revision: an id in hex, or `HEAD`.
    pub rev: String,
    /// What to fetch: an id or a ref of the remote.
    pub fetch: String,
}

impl Point {
    /// A commit to be fetched by its id.
    #[must_use]
    pub fn id(id: &str) -> Self {
        Self {
            rev: id.to_owned(),
            fetch: id.to_owned(),
        }
    }
}

/// The full name of a tag that leads to the newest commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tag {
    /// It must exist in the clone, and lead to that commit.
    Required(String),
    /// It counts if it exists in the clone, and leads to that commit.
    Possible(String),
}

/// What was there before the commits of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// Everything that a commit leads to.
    Commit(Point),
    /// Everything that the target branch of a request leads to: the newest tip of it that the clone
    /// knows. An older one could have a laxer policy, or a secret that was removed since.
    Target {
        /// The name of the branch.
        name: Option<String>,
        /// The id of a commit that the branch was at.
        at: Option<String>,
        /// The id of the merge of the branch and the head that the server may have made: its first
        /// parent is then a tip of the branch.
        merge: Option<String>,
    },
    /// Everything that the default branch leads to: for a push to any branch, and of a tag. What
    /// the pushed branch was at before is the author's own, and may have been refused; it counts
    /// only on the default branch itself.
    Default {
        /// The name of the default branch, if the CI system gives it.
        name: Option<String>,
        /// The branch that was pushed to; `None` for a tag.
        branch: Option<String>,
        /// The commit that the branch was at before, if that is known.
        before: Option<Point>,
    },
}

/// A range by the ids of its ends, which may be tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// The commits that can be reached from `tips` and not from `hidden`.
    Between {
        /// The tips.
        tips: Vec<ObjectId>,
        /// The commits that are left out, with their history.
        hidden: Vec<ObjectId>,
    },
    /// Only these commits.
    Only(Vec<ObjectId>),
}

/// What a repository lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// What to fetch from the remote: ids, refs or refspecs.
    pub fetch: Vec<String>,
    /// Whether more of the history is needed than a shallow clone has.
    pub history: bool,
}

/// Why the commits of a range cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum RangeError {
    /// A revision that the repository does not have.
    #[error("'{rev}' is not in this repository")]
    Unknown {
        /// The revision as it was given.
        rev: String,
        /// What to fetch.
        need: Need,
    },
    /// A range after another one.
    #[error("'{range}' is a second range: what it leaves out is left out of the first as well")]
    Second {
        /// The range.
        range: String,
    },
    /// A revision that is invalid or ambiguous, or does not lead to a commit.
    #[error("'{rev}' names no commit: {problem}")]
    Rev {
        /// The revision as it was given.
        rev: String,
        /// Why it cannot be used.
        problem: String,
    },
    /// The name has several meanings, and an author could have added one of them.
    #[error("'{rev}' is ambiguous: it names several refs or objects")]
    Ambiguous {
        /// The name as it was given.
        rev: String,
        /// What it can mean: full names of refs, and ids.
        names: Vec<String>,
    },
    /// A ref of the clone does not lead to the commit that the CI system names.
    #[error("{name} does not lead to {commit} in this repository, but in CI it does")]
    Moved {
        /// The full name of the ref.
        name: String,
        /// The commit.
        commit: ObjectId,
    },
    /// The clone ends within the range.
    #[error("shallow clone: commit {commit} is in the range, but its parents are missing")]
    Shallow {
        /// The commit.
        commit: ObjectId,
    },
    /// A commit or a tag of the range cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The refs of the remote cannot be listed.
    #[error("the refs cannot be read: {0}")]
    Refs(String),
}

impl RangeError {
    /// What to fetch, if that would help.
    #[must_use]
    pub fn need(&self) -> Option<Need> {
        match self {
            Self::Unknown { need, .. } => Some(need.clone()),
            Self::Moved { name, .. } => Some(Need {
                fetch: vec![format!("+{name}:{name}")],
                history: false,
            }),
            Self::Shallow { .. } => Some(Need {
                fetch: Vec::new(),
                history: true,
            }),
            _ => None,
        }
    }
}
