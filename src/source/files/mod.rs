//! Feeds files and directories on disk, in parallel.

mod feeder;
mod walk;

use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use rayon::prelude::*;

use super::feeder::Feeder;
use super::{Source, SourceError, WORTH_THREADS, Workers, in_pool};
use crate::git::index::Tracked;
use feeder::{feed_file, feed_link, skip_unreadable};
use walk::{DirectoryWalk, LeftOut, has_special_rules, skip_special_rules, walker};

/// Files and directories on disk.
///
/// In a work tree these are the files that git tracks, even if an ignore rule matches them, and
/// those that it neither tracks nor ignores; elsewhere, all files. A repository inside another,
/// such as a submodule, is a work tree of its own. The git directory of the repository that is
/// scanned is left to the audit; other git directories are skips.
#[derive(Debug)]
pub struct Files {
    /// What to scan. A path in this list is scanned even if an ignore rule matches it.
    pub paths: Vec<PathBuf>,
    /// Whether git's ignore rules apply.
    pub ignore_rules: bool,
    /// The files that reports of this run replace, without links in them: they are skips, unless
    /// git tracks them.
    pub reports: Vec<PathBuf>,
    /// Files larger than this, in bytes, are skipped.
    pub max_size: Option<u64>,
    /// How many threads walk and scan.
    pub jobs: usize,
}

impl Source for Files {
    fn feed<'w>(&self, workers: Workers<'w, '_>) -> Result<(), SourceError> {
        let (directories, files): (Vec<_>, Vec<_>) =
            self.paths.iter().partition(|path| path.is_dir());
        self.feed_files(&files, workers);
        for directory in directories {
            let tracked = if self.ignore_rules {
                Tracked::around(directory)?
            } else {
                None
            };
            let store = tracked.as_ref().map(Tracked::store);
            self.feed_tree(directory, tracked.as_ref(), store, workers);
        }
        Ok(())
    }
}

impl Files {
    /// Feeds files that are listed one by one, as lint-staged does.
    fn feed_files(&self, files: &[&PathBuf], workers: Workers<'_, '_>) {
        if files.len() < WORTH_THREADS || self.jobs < 2 {
            let mut feeder = self.feeder(workers);
            for path in files {
                feed_path(&mut feeder, path);
            }
            return;
        }
        in_pool(self.jobs, || {
            files.par_iter().for_each_init(
                || self.feeder(workers),
                |feeder, path| feed_path(feeder, path),
            );
        });
    }

    /// Walks `root` with the rules of its work tree, then the repositories inside it, each with its
    /// own rules. `store` is the git directory of the repository that is scanned; others are skips.
    fn feed_tree<'w>(
        &self,
        root: &Path,
        tracked: Option<&Tracked>,
        store: Option<&Path>,
        workers: Workers<'w, '_>,
    ) {
        let above = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
        if tracked.is_some()
            && let Some(dir) = above.ancestors().find(|dir| has_special_rules(dir))
        {
            return skip_special_rules(&mut self.feeder(workers), dir);
        }
        let walk = DirectoryWalk::new(root, tracked, store, &self.reports);
        let left_out = LeftOut::default();
        walker(root, walk.uses_ignore_rules, &left_out)
            .threads(self.jobs)
            .build_parallel()
            .run(|| {
                let mut feeder = self.feeder(workers);
                let walk = &walk;
                Box::new(move |entry| walk.visit(entry, &mut feeder))
            });
        let mut feeder = self.feeder(workers);
        for dir in left_out
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
        {
            skip_special_rules(&mut feeder, dir);
        }
        let nested = walk.finish(&mut feeder);
        drop(feeder);
        for root in nested {
            // A repository that cannot be opened, such as a copy without its store, is scanned
            // whole.
            let tracked = Tracked::around(&root).unwrap_or_default();
            let own = tracked.filter(|tracked| tracked.path_of(&root) == Some(PathBuf::new()));
            self.feed_tree(&root, own.as_ref(), store, workers);
        }
    }

    fn feeder<'w>(&self, workers: Workers<'w, '_>) -> Feeder<'w> {
        Feeder::new(self.max_size, workers())
    }
}

/// Feeds a file that is listed by itself. A pipe is read too, since the user named it. A link must
/// lead to something that can be read.
fn feed_path(feeder: &mut Feeder<'_>, path: &Path) {
    if let Err(error) = path.metadata() {
        if path.is_symlink() {
            feed_link(feeder, path);
        }
        skip_unreadable(feeder, path, &error);
    } else {
        feed_file(feeder, path);
    }
}
