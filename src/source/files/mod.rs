//! Files and directories, walked in parallel.

mod feeder;
mod walk;

use std::fs;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use rayon::prelude::*;

use super::{Source, SourceError, WORTH_THREADS, Workers, in_pool};
use crate::git::index::Tracked;
use feeder::{Feeder, unreadable};
use walk::Walk;

/// Files and directories on disk.
///
/// In a work tree that is what git tracks, also where an ignore rule matches it, and what it
/// neither tracks nor ignores; elsewhere it is everything. A repository within another, such as a
/// submodule, is a work tree of its own. The store of a repository, `.git`, is left to the audit.
#[derive(Debug)]
pub struct Files {
    /// What to scan. A path named here is scanned whatever the ignore rules say.
    pub paths: Vec<PathBuf>,
    /// Whether git's ignore rules count.
    pub ignore_rules: bool,
    /// Files larger than this, in bytes, are skipped.
    pub max_size: Option<u64>,
    /// How many threads walk and scan.
    pub jobs: usize,
}

impl Source for Files {
    fn feed<'w>(&self, workers: Workers<'w, '_>) -> Result<(), SourceError> {
        let (folders, files): (Vec<_>, Vec<_>) = self.paths.iter().partition(|path| path.is_dir());
        self.named_files(&files, workers);
        folders
            .into_iter()
            .try_for_each(|folder| self.directory(folder, workers))
    }
}

impl Files {
    /// Files that were named one by one, as lint-staged does.
    fn named_files(&self, files: &[&PathBuf], workers: Workers<'_, '_>) {
        let feeder = || Feeder::new(self.max_size, workers());
        let feed = |feeder: &mut Feeder<'_>, path: &Path| match fs::metadata(path)
            .or_else(|_| fs::symlink_metadata(path))
        {
            Ok(data) if data.is_symlink() => feeder.link(path),
            // Whoever names a pipe wants it read.
            Ok(_) => feeder.file(path),
            Err(error) => feeder.worker.skip(unreadable(path, &error)),
        };
        if files.len() < WORTH_THREADS || self.jobs < 2 {
            let mut feeder = feeder();
            files.iter().for_each(|path| feed(&mut feeder, path));
            return;
        }
        in_pool(self.jobs, || {
            files
                .par_iter()
                .for_each_init(feeder, |feeder, path| feed(feeder, path));
        });
    }

    fn directory<'w>(&self, root: &Path, workers: Workers<'w, '_>) -> Result<(), SourceError> {
        let tracked = if self.ignore_rules {
            Tracked::around(root)?
        } else {
            None
        };
        self.tree(root, tracked.as_ref(), workers);
        Ok(())
    }

    /// Walks `root` with the rules of its work tree, then the repositories in it, each with its
    /// own.
    fn tree<'w>(&self, root: &Path, tracked: Option<&Tracked>, workers: Workers<'w, '_>) {
        let walk = Walk::new(root, tracked);
        self.walker(root, walk.rules).build_parallel().run(|| {
            let mut feeder = Feeder::new(self.max_size, workers());
            let walk = &walk;
            Box::new(move |entry| walk.visit(entry, &mut feeder))
        });
        let mut feeder = Feeder::new(self.max_size, workers());
        let inner = walk.finish(&mut feeder);
        drop(feeder);
        for root in inner {
            // Of a repository that cannot be opened, such as a copy without its store, everything
            // is scanned.
            let own = |tracked: &Tracked| {
                tracked
                    .place_of(&root)
                    .is_some_and(|place| place.as_os_str().is_empty())
            };
            let tracked = Tracked::around(&root).unwrap_or_default().filter(own);
            self.tree(&root, tracked.as_ref(), workers);
        }
    }

    fn walker(&self, root: &Path, rules: bool) -> WalkBuilder {
        let mut walker = WalkBuilder::new(root);
        walker
            .standard_filters(false)
            .parents(rules)
            .git_ignore(rules)
            .git_exclude(rules)
            .git_global(rules)
            .threads(self.jobs);
        walker
    }
}
