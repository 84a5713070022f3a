//! Feeds everything in a git directory except objects: names of refs, reflogs, configuration,
//! hooks, messages, and all other files.

mod feeder;
mod listing;

use std::path::Path;

use bstr::{BString, ByteVec};
use rayon::prelude::*;

use crate::blob::{Skip, SkipReason};
use crate::git::{RefDir, Repository, worktrees};

use super::{Source, SourceError, WORTH_THREADS, Workers, in_pool};
use feeder::GitDirFeeder;
use listing::{Listing, join};

/// The git directory of a repository, without its objects. The work tree that the repository was
/// opened at does not matter.
///
/// Unknown files are fed as well. Only three things are left out: the objects, the indexes, whose
/// paths and blobs are [roots](crate::git::roots), and the [repositories of
/// submodules](crate::git::submodule_repositories).
pub struct GitDir {
    /// The repository.
    pub repo: Repository,
    /// The name of the git directory in reports: `.git/modules/lib` for that of a submodule. `None`
    /// means the name that it has on disk: `.git`, `project.git`.
    pub name: Option<BString>,
    /// Files larger than this, in bytes, are skipped.
    pub max_size: Option<u64>,
    /// How many threads scan.
    pub jobs: usize,
}

impl Source for GitDir {
    fn feed<'w>(&self, workers: Workers<'w, '_>) -> Result<(), SourceError> {
        let (dir, hash) = (self.repo.common_dir(), self.repo.hash_kind());
        let name = self.name.clone().unwrap_or_else(|| name_on_disk(dir));
        let (tables, unread) = self.tables();
        let Listing {
            files,
            skips,
            ref_names,
            ..
        } = Listing::of(dir, name, &tables);
        let feeder = || GitDirFeeder::new(self.max_size, hash, &ref_names, workers());
        let mut first = feeder();
        for Skip { path, reason } in skips.into_iter().chain(unread) {
            first.feeder.skip(path, reason);
        }
        first.feed_ref_names();
        if self.jobs < 2 || files.len() < WORTH_THREADS {
            files.iter().for_each(|file| first.feed(file));
            return Ok(());
        }
        drop(first);
        in_pool(self.jobs, || {
            files.par_iter().for_each_init(feeder, GitDirFeeder::feed);
        });
        Ok(())
    }
}

impl GitDir {
    /// What the reftables of all work trees hold, each with the path of its git directory below the
    /// common one, and which of them cannot be read.
    fn tables(&self) -> (Vec<(RefDir, BString)>, Vec<Skip>) {
        let common = self.repo.common_dir();
        let linked = worktrees(common).unwrap_or_default().into_iter();
        let linked = linked.map(|(name, dir)| (join(&[b"worktrees/", &name]), dir));
        let (mut tables, mut unread) = (Vec::new(), Vec::new());
        for (path, dir) in linked.chain([(BString::default(), common.to_path_buf())]) {
            match self.repo.ref_dir(&dir) {
                Ok(refs) if refs.is_own() => {}
                Ok(refs) => tables.push((refs, path)),
                Err(problem) => unread.push(Skip {
                    path: join(&[&path, b"/refs"]),
                    reason: SkipReason::Unreadable(problem),
                }),
            }
        }
        (tables, unread)
    }
}

fn name_on_disk(dir: &Path) -> BString {
    let path = dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf());
    match path.file_name() {
        Some(name) => Vec::from_os_str_lossy(name).into_owned().into(),
        None => ".git".into(),
    }
}
