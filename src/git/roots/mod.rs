//! Lists the roots of a repository for the audit: refs, reflogs, work trees, operations in
//! progress, and indexes.

mod index;
mod root;
mod worktree;

use std::collections::BTreeMap;
use std::path::Path;

use bstr::BString;

use super::layout::worktrees;
use super::refs::{Refs, Unread};
use super::{RefDir, Repository};
use worktree::WorktreeDir;

pub use index::IndexRoot;
pub use root::{Promisor, Root, RootKind, Roots, display_name};

/// All roots of `repo`, in all of its work trees: the result does not depend on the work tree that
/// the repository was opened at. What cannot be read is listed in [`Roots::unread`].
#[must_use]
pub fn roots(repo: &Repository) -> Roots {
    let (common, hash) = (repo.common_dir(), repo.hash_kind());
    let mut roots = Roots::default();
    let main = ref_dir(repo, common, &mut roots);
    let shared = Refs::read(main.path(), hash);
    let main = WorktreeDir {
        dir: common.to_path_buf(),
        ref_dir: &main,
        worktree: None,
        hash,
        own: &shared,
        shared: &Refs::default(),
    };
    main.read(&mut roots);
    let linked = worktrees(common).unwrap_or_else(|error| {
        roots.unread.push(Unread::new("worktrees", error));
        Vec::new()
    });
    for (name, dir) in linked {
        let ref_dir = ref_dir(repo, &dir, &mut roots);
        let linked = WorktreeDir {
            own: &Refs::read(ref_dir.path(), hash),
            dir,
            ref_dir: &ref_dir,
            worktree: Some(name),
            hash,
            shared: &shared,
        };
        linked.read(&mut roots);
    }
    roots.roots.sort_by_key(|root| root.kind);
    match repo.local().0.shallow_commits() {
        Ok(Some(commits)) => roots.shallow = commits.iter().copied().collect(),
        Ok(None) => {}
        Err(error) => roots.unread.push(Unread::new("shallow", error)),
    }
    roots.promisors = promisors(repo);
    roots
}

/// Where the refs of the git directory `dir` are; itself if they cannot be read.
fn ref_dir(repo: &Repository, dir: &Path, roots: &mut Roots) -> RefDir {
    repo.ref_dir(dir).unwrap_or_else(|problem| {
        roots.unread.push(Unread::new("refs", problem));
        RefDir::files(dir)
    })
}

/// Remotes that are promisors by their own setting, or by the older setting of the repository.
fn promisors(repo: &Repository) -> Vec<Promisor> {
    let repo = repo.local();
    let config = repo.0.config_snapshot();
    let mut filters: BTreeMap<BString, Option<BString>> = BTreeMap::new();
    if let Some(remote) = config.string("extensions.partialClone") {
        filters.insert(remote, None);
    }
    let sections = config.plumbing().sections_by_name("remote");
    for section in sections.into_iter().flatten() {
        let Some(remote) = section.header().subsection_name().map(ToOwned::to_owned) else {
            continue;
        };
        let filter = config.string(format!("remote.{remote}.partialclonefilter").as_str());
        let is_promisor = config.boolean(format!("remote.{remote}.promisor").as_str());
        if filter.is_some() || is_promisor == Some(true) || filters.contains_key(&remote) {
            filters.insert(remote, filter);
        }
    }
    filters
        .into_iter()
        .map(|(remote, filter)| Promisor { remote, filter })
        .collect()
}
