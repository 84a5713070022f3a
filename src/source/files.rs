//! Files and directories, walked in parallel.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use bstr::{BString, ByteVec};
use ignore::{DirEntry, WalkBuilder, WalkState};
use rayon::prelude::*;

use crate::blob::{Blob, Origin, Skip, SkipReason};

use super::read::Buffer;
use super::tracked::Tracked;
use super::{Source, SourceError, WORTH_THREADS, Worker, Workers, in_pool};

/// Files and directories on disk.
///
/// In a work tree that is what git tracks, also where an ignore rule matches it, and what it neither tracks nor
/// ignores; elsewhere it is everything. A repository within another, such as a submodule, is a work tree of its own. The
/// store of a repository, `.git`, is left to the audit.
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

/// Names shorter than this cannot hold a secret of any rule.
const MIN_NAME: usize = 20;

impl Source for Files {
    fn feed<'w>(&self, workers: Workers<'w, '_>) -> Result<(), SourceError> {
        let (folders, files): (Vec<_>, Vec<_>) = self.paths.iter().partition(|path| path.is_dir());
        self.named_files(&files, workers);
        folders.into_iter().try_for_each(|folder| self.directory(folder, workers))
    }
}

impl Files {
    /// Files that were named one by one, as lint-staged does.
    fn named_files(&self, files: &[&PathBuf], workers: Workers<'_, '_>) {
        let feeder = || Feeder::new(self.max_size, workers());
        let feed =
            |feeder: &mut Feeder<'_>, path: &Path| match fs::metadata(path).or_else(|_| fs::symlink_metadata(path)) {
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
        in_pool(self.jobs, || files.par_iter().for_each_init(feeder, |feeder, path| feed(feeder, path)));
    }

    fn directory<'w>(&self, root: &Path, workers: Workers<'w, '_>) -> Result<(), SourceError> {
        let tracked = if self.ignore_rules { Tracked::around(root)? } else { None };
        self.tree(root, tracked.as_ref(), workers);
        Ok(())
    }

    /// Walks `root` with the rules of its work tree, then the repositories in it, each with its own.
    fn tree<'w>(&self, root: &Path, tracked: Option<&Tracked>, workers: Workers<'w, '_>) {
        let place = tracked.and_then(|tracked| tracked.place_of(root));
        let tracked = tracked.zip(place.as_deref());
        let rules = match tracked {
            Some((_, place)) => !named_is_ignored(root, place),
            None => false,
        };
        let (children, met) = (AtomicU64::new(0), AtomicU64::new(0));
        let inner = Mutex::new(Vec::new());
        self.walker(root, rules).build_parallel().run(|| {
            let mut feeder = Feeder::new(self.max_size, workers());
            let (children, met, inner) = (&children, &met, &inner);
            Box::new(move |entry| {
                match entry {
                    Err(error) => feeder.worker.skip(walk_error(root, &error)),
                    Ok(entry) => {
                        let in_tree = |path: &Path| {
                            let (all, place) = tracked?;
                            Some((all, place.join(path.strip_prefix(root).ok()?)))
                        };
                        let known = in_tree(entry.path()).is_some_and(|(all, at)| all.met(&at));
                        if entry.depth() > 0 && !known {
                            met.fetch_add(1, Ordering::Relaxed);
                        }
                        let folder = entry.file_type().is_some_and(|kind| kind.is_dir());
                        let own_rules =
                            tracked.is_some() && folder && entry.depth() > 0 && is_store(&entry.path().join(".git"));
                        if rules && folder && !own_rules {
                            let known = |path: &Path| in_tree(path).is_some_and(|(all, at)| all.holds(&at));
                            children.fetch_add(count_children(entry.path(), known), Ordering::Relaxed);
                        }
                        feeder.entry(&entry);
                        if own_rules {
                            inner.lock().unwrap_or_else(PoisonError::into_inner).push(entry.into_path());
                            return WalkState::Skip;
                        }
                    }
                }
                WalkState::Continue
            })
        });
        let mut feeder = Feeder::new(self.max_size, workers());
        if rules {
            feeder.worker.left_out(children.into_inner().saturating_sub(met.into_inner()));
        }
        let mut inner = inner.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some((tracked, place)) = tracked {
            inner.extend(feeder.missed(root, place, tracked));
        }
        drop(feeder);
        for root in inner {
            // Of a repository that cannot be opened, such as a copy without its store, everything is scanned.
            let own = |tracked: &Tracked| tracked.place_of(&root).is_some_and(|place| place.as_os_str().is_empty());
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
            .threads(self.jobs)
            .filter_entry(|entry| entry.depth() == 0 || !is_store(entry.path()));
        walker
    }
}

/// Whether `path` is where a repository keeps its objects, or the file that leads there.
fn is_store(path: &Path) -> bool {
    let leads_there = || fs::read(path).is_ok_and(|text| text.starts_with(b"gitdir: "));
    let parts = ["HEAD", "objects", "refs"];
    path.ends_with(".git")
        && match fs::symlink_metadata(path) {
            Ok(data) if data.is_file() => data.len() < 8192 && leads_there(),
            Ok(_) => parts.iter().all(|part| path.join(part).exists()),
            Err(_) => false,
        }
}

/// How many entries `dir` has that rules may leave out: neither `known` as tracked nor the repository's store. A directory
/// that cannot be read has none: the walk itself says so.
fn count_children(dir: &Path, known: impl Fn(&Path) -> bool) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let store = |entry: &fs::DirEntry| entry.file_name() == ".git" && is_store(&entry.path());
    entries.map(|entry| u64::from(!store(&entry) && !known(&entry.path()))).sum()
}

/// Whether the ignore rules leave out `root` itself, or a directory above it in the work tree: then whoever named it
/// wants to see what is in it.
fn named_is_ignored(root: &Path, place: &Path) -> bool {
    let Ok(root) = root.canonicalize() else {
        return false;
    };
    root.ancestors().take(place.components().count()).any(|dir| {
        let Some(parent) = dir.parent() else {
            return false;
        };
        let mut walker = WalkBuilder::new(parent);
        let mut entries = walker.standard_filters(false).parents(true).git_ignore(true).git_exclude(true);
        entries = entries.git_global(true).max_depth(Some(1));
        !entries.build().flatten().any(|entry| entry.path() == dir)
    })
}

/// Feeds single files to one worker.
struct Feeder<'w> {
    buffer: Buffer,
    max_size: Option<u64>,
    worker: Box<dyn Worker + 'w>,
}

impl<'w> Feeder<'w> {
    fn new(max_size: Option<u64>, worker: Box<dyn Worker + 'w>) -> Self {
        Self { buffer: Buffer::default(), max_size, worker }
    }

    fn entry(&mut self, entry: &DirEntry) {
        let path = entry.path();
        let name = entry.file_name();
        if entry.depth() > 0 && name.len() >= MIN_NAME {
            let name = Vec::from_os_str_lossy(name);
            self.worker.blob(Blob::whole(&name, Origin::Name { path: shown(path) }));
        }
        match entry.file_type() {
            Some(kind) if kind.is_file() => self.file(path),
            Some(kind) if kind.is_symlink() => self.link(path),
            Some(kind) if kind.is_dir() => {}
            _ => self.worker.skip(Skip { path: shown(path), reason: SkipReason::NotRegular }),
        }
    }

    fn file(&mut self, path: &Path) {
        if let Some(limit) = self.max_size
            && fs::metadata(path).is_ok_and(|data| data.len() > limit)
        {
            self.worker.skip(Skip { path: shown(path), reason: SkipReason::TooLarge { limit } });
            return;
        }
        let origin = Origin::File { path: shown(path) };
        let outcome = File::open(path).and_then(|file| self.buffer.feed(file, &origin, self.worker.as_mut()));
        if let Err(error) = outcome {
            self.worker.skip(unreadable(path, &error));
        }
    }

    /// A link's content, to git, is the path that it leads to.
    fn link(&mut self, path: &Path) {
        match fs::read_link(path) {
            Ok(target) => {
                let target = Vec::from_path_lossy(&target);
                self.worker.blob(Blob::whole(&target, Origin::File { path: shown(path) }));
            }
            Err(error) => self.worker.skip(unreadable(path, &error)),
        }
    }

    /// Tracked files that the walk did not come by, since an ignore rule matches them. Returns the submodules among them.
    fn missed(&mut self, root: &Path, place: &Path, tracked: &Tracked) -> Vec<PathBuf> {
        let mut submodules = Vec::new();
        for file in tracked.missed(place) {
            let below = file.strip_prefix(place).unwrap_or(&file);
            let path = root.join(below);
            match fs::symlink_metadata(&path) {
                Ok(data) if data.is_symlink() => self.link(&path),
                Ok(data) if data.is_file() => self.file(&path),
                Ok(data) if data.is_dir() && is_store(&path.join(".git")) => submodules.push(path),
                // Gone from the work tree, or a directory stands in its place: nothing to read here.
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
                // Tracked, and nobody can say what it holds.
                Err(error) => self.worker.skip(unreadable(&path, &error)),
            }
        }
        submodules
    }
}

/// A path as reports show it: without a leading `./`.
fn shown(path: &Path) -> BString {
    let path = path.strip_prefix(".").unwrap_or(path);
    BString::from(Vec::from_path_lossy(path).into_owned())
}

fn unreadable(path: &Path, error: &std::io::Error) -> Skip {
    Skip { path: shown(path), reason: SkipReason::Unreadable(error.to_string()) }
}

fn walk_error(root: &Path, error: &ignore::Error) -> Skip {
    let mut path = root;
    let mut inner = error;
    loop {
        inner = match inner {
            ignore::Error::WithPath { path: at, err } => {
                path = at;
                err
            }
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => err,
            _ => break,
        };
    }
    Skip { path: shown(path), reason: SkipReason::Unreadable(inner.to_string()) }
}
