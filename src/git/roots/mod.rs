//! Every named place that objects of a repository are reached from: refs, reflogs, work trees,
//! operations, indexes.

mod index;
mod place;

use std::collections::BTreeMap;
use std::fmt::Display;

use bstr::{BStr, BString, ByteSlice};

use super::layout::{joined, worktrees};
use super::refs::Refs;
use super::{ObjectId, Repository};
use place::Place;

pub use index::IndexRoot;

/// A place that objects are reached from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Its full name, which `git rev-parse` understands: `refs/heads/main`, `refs/stash@{0}`,
    /// `worktrees/topic/HEAD`. Two kinds have no such name: what a reflog's line replaced, where no
    /// other line tells of it, is `before refs/heads/main@{3}`, and the notes of a rebase are
    /// files, `rebase-merge/onto`.
    pub name: BString,
    /// What kind of place it is.
    pub kind: RootKind,
    /// The object that it leads to, which need not be there: a reflog may tell of what is long
    /// gone.
    pub target: ObjectId,
    /// The ref that it stands for, where it is a symbolic one: for `HEAD`, the current branch.
    pub symbolic_target: Option<BString>,
}

/// Kinds of places, the most lasting first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RootKind {
    /// `HEAD` of the repository itself.
    Head,
    /// A branch.
    Branch,
    /// A tag.
    Tag,
    /// What another repository had when it was last asked.
    Remote,
    /// Notes on commits.
    Note,
    /// Any other ref: a pull request's, one that a server keeps.
    Other,
    /// `HEAD` of a linked work tree.
    WorktreeHead,
    /// The index of a work tree. Indexes list many objects, so they are in [`Roots::indexes`] and
    /// no [`Root`] has this kind.
    Index,
    /// Something under way or just done: a merge, a rebase, a bisection, a fetch.
    Operation,
    /// A stash.
    Stash,
    /// What a ref once was.
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

/// Everything that objects are reached from.
#[derive(Debug, Default)]
pub struct Roots {
    /// Refs, reflogs and operations, by kind; within a kind those of the repository itself first,
    /// then those of each work tree, by name; of a reflog the newest first.
    pub roots: Vec<Root>,
    /// The indexes of all work trees.
    pub indexes: Vec<IndexRoot>,
    /// What could not be read, so that something may be reached from it all the same.
    pub unread: Vec<Unread>,
    /// Commits whose parents were left out on purpose: those of a shallow clone.
    pub shallow: Vec<ObjectId>,
    /// Where objects were left behind on purpose: those of a partial clone.
    pub promisors: Vec<Promisor>,
}

/// A remote that promises objects which are not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promisor {
    /// The remote's name.
    pub remote: BString,
    /// What was left behind, as git names it: `blob:none`, `tree:0`. Unknown where the
    /// configuration does not say.
    pub filter: Option<BString>,
}

/// Something that objects may be reached from, and that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unread {
    /// The ref, the log or the index.
    pub name: BString,
    /// What is wrong with it.
    pub problem: String,
}

impl Unread {
    pub(super) fn new(name: impl Into<BString>, problem: impl Display) -> Self {
        Self {
            name: name.into(),
            problem: problem.to_string(),
        }
    }
}

impl Root {
    /// The name as a person would say it: `main`, `v1.0`, `origin/main`, `stash@{0}`, `HEAD of
    /// worktree topic`.
    #[must_use]
    pub fn shown(&self) -> BString {
        shown(self.name.as_bstr())
    }
}

/// The full name of a ref, or of one of its former values, as a person would say it.
#[must_use]
pub fn shown(name: &BStr) -> BString {
    if let Some(rest) = name.strip_prefix(b"before ") {
        return joined(&[b"before ", &shown(rest.into())]);
    }
    if let Some((worktree, rest)) = name
        .strip_prefix(b"worktrees/")
        .and_then(|rest| rest.split_once_str("/"))
    {
        return joined(&[&shown(rest.into()), b" of worktree ", worktree]);
    }
    const LEFT_OUT: [&str; 3] = ["refs/heads/", "refs/tags/", "refs/remotes/"];
    let short = LEFT_OUT
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix.as_bytes()));
    let short = short.or_else(|| {
        name.strip_prefix(b"refs/")
            .filter(|rest| rest.starts_with(b"stash"))
    });
    BString::from(short.unwrap_or(name))
}

/// Everything that objects of `repo` are reached from, in all of its work trees: the names are the
/// same whichever of them it was opened at. What cannot be read is listed, so nothing is passed
/// over.
#[must_use]
pub fn roots(repo: &Repository) -> Roots {
    let (common, hash) = (repo.common_dir(), repo.hash_kind());
    let mut found = Roots::default();
    let shared = Refs::read(common, hash);
    let nothing = Refs::default();
    let own = Place {
        dir: common.to_path_buf(),
        worktree: None,
        hash,
    };
    own.gather(&shared, &nothing, &mut found);
    let linked = worktrees(common).unwrap_or_else(|error| {
        found.unread.push(Unread::new("worktrees", error));
        Vec::new()
    });
    for (name, dir) in linked {
        let place = Place {
            dir,
            worktree: Some(name),
            hash,
        };
        place.gather(&Refs::read(&place.dir, hash), &shared, &mut found);
    }
    if super::repository::is_reftable(common) {
        found.unread.push(Unread::new(
            "reftable",
            "refs in this format cannot be read yet",
        ));
    }
    found.roots.sort_by_key(|root| root.kind);
    read_shallow(repo, &mut found);
    found.promisors = promisors(repo);
    found
}

fn read_shallow(repo: &Repository, found: &mut Roots) {
    match repo.local().0.shallow_commits() {
        Ok(commits) => {
            found.shallow = commits
                .iter()
                .flat_map(|commits| commits.iter().copied())
                .collect();
        }
        Err(error) => found.unread.push(Unread::new("shallow", error)),
    }
}

/// Remotes that are promisors by their own setting, or by the older one for the repository.
fn promisors(repo: &Repository) -> Vec<Promisor> {
    let repo = repo.local();
    let config = repo.0.config_snapshot();
    let mut found: BTreeMap<BString, Option<BString>> = BTreeMap::new();
    if let Some(remote) = config.string("extensions.partialClone") {
        found.insert(remote, None);
    }
    for section in config
        .plumbing()
        .sections_by_name("remote")
        .into_iter()
        .flatten()
    {
        let Some(remote) = section.header().subsection_name().map(ToOwned::to_owned) else {
            continue;
        };
        let key = |name: &str| format!("remote.{remote}.{name}");
        let filter = config.string(key("partialclonefilter").as_str());
        if filter.is_some()
            || config.boolean(key("promisor").as_str()) == Some(true)
            || found.contains_key(&remote)
        {
            found.insert(remote, filter);
        }
    }
    found
        .into_iter()
        .map(|(remote, filter)| Promisor { remote, filter })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_a_person_says_them() {
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
            assert_eq!(shown(name.into()), expected);
        }
    }
}
