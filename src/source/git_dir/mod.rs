//! What a repository keeps beside its objects: names of refs, their logs, settings, hooks,
//! messages, and all the rest.

mod feeder;
mod list;

use std::path::Path;

use bstr::{BString, ByteVec};
use gix::ThreadSafeRepository;
use rayon::prelude::*;

use crate::blob::{Skip, SkipReason};
use crate::git::Unread;

use super::{Source, SourceError, WORTH_THREADS, Workers, in_pool};
use feeder::Feeder;
use list::List;

/// What a repository keeps beside its objects, whichever of its work trees it was opened at.
///
/// Nothing in the git directory is left out for being unknown. Left to others are the objects, the
/// indexes, whose paths and blobs are among the [roots](crate::git::roots), and the [repositories
/// of submodules](crate::git::submodule_repositories).
pub struct GitDir {
    /// The repository.
    pub repo: ThreadSafeRepository,
    /// What its git directory is called where places are named: `.git/modules/lib` for that of a
    /// submodule. Without it, by its own name: `.git`, `project.git`.
    pub name: Option<BString>,
    /// Files larger than this, in bytes, are skipped.
    pub max_size: Option<u64>,
    /// How many threads scan.
    pub jobs: usize,
}

impl Source for GitDir {
    fn feed<'w>(&self, workers: Workers<'w, '_>) -> Result<(), SourceError> {
        let repo = self.repo.to_thread_local();
        let (dir, hash) = (repo.common_dir(), repo.object_hash());
        let List {
            items,
            skips,
            names,
            ..
        } = List::of(dir, self.name.clone().unwrap_or_else(|| own_name(dir)));
        let feeder = || Feeder::new(self.max_size, hash, &names, workers());
        let mut first = feeder();
        skips.into_iter().for_each(|skip| first.worker.skip(skip));
        first.names();
        if self.jobs < 2 || items.len() < WORTH_THREADS {
            items.iter().for_each(|item| first.item(item));
            return Ok(());
        }
        drop(first);
        in_pool(self.jobs, || {
            items.par_iter().for_each_init(feeder, Feeder::item);
        });
        Ok(())
    }
}

/// What the directory itself is called.
fn own_name(dir: &Path) -> BString {
    let whole = dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf());
    whole.file_name().map_or_else(
        || ".git".into(),
        |name| Vec::from_os_str_lossy(name).into_owned().into(),
    )
}

/// Where objects are reached from and that could not be read, an audit is not complete.
impl From<Unread> for Skip {
    fn from(unread: Unread) -> Self {
        Self {
            path: unread.name,
            reason: SkipReason::Unreadable(unread.problem),
        }
    }
}
