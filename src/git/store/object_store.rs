//! Opens all objects of a repository, numbers them, and hands them to visitors: those of its packs,
//! its loose objects, and those of its alternates.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::{fs, io};

use gix::ObjectId;
use gix::hash::{Kind as HashKind, oid};
use rayon::prelude::*;

use super::Kind;
use super::loose::{LooseObject, is_temporary};
use super::pack::{Pack, PackName};
use super::visit::{ObjectIndex, StoreError, Visit};
use super::walk::{self, Scratch};

/// The objects of a repository, numbered: those of each pack in the order of ids, then the loose
/// ones.
#[derive(Default)]
pub struct ObjectStore {
    /// Packs, each with the number of its first object.
    packs: Vec<(Pack, ObjectIndex)>,
    /// In the order of ids.
    loose: Vec<LooseObject>,
    /// The number of the first loose object.
    first_loose: ObjectIndex,
    /// How many packs at the start are cached.
    cached: usize,
    /// Further copies of objects that are stored more than once, each with the canonical number;
    /// sorted.
    duplicates: Vec<(ObjectIndex, ObjectIndex)>,
    /// Packs and directories that cannot be read.
    pub unread: Vec<StoreError>,
    /// Files among the objects that are not objects: an interrupted git command leaves them.
    pub leftovers: Vec<PathBuf>,
}

impl ObjectStore {
    /// Opens the directory `objects` and its alternates. What cannot be read is listed in
    /// [`ObjectStore::unread`].
    #[must_use]
    pub fn open(objects: &Path, hash: HashKind) -> Self {
        Self::open_with_cached(objects, hash, &[])
    }

    /// Like [`ObjectStore::open`], but does not visit the `cached` packs. If all of them still
    /// exist, they are numbered first and in the same order, so that cached object numbers stay
    /// valid; otherwise no pack counts as cached.
    #[must_use]
    pub fn open_with_cached(objects: &Path, hash: HashKind, cached: &[PackName]) -> Self {
        let mut store = Self::default();
        let mut packs = Vec::new();
        for directory in store.directories(objects) {
            store.add_loose(&directory, hash);
            packs.extend(store.packs_in(&directory, hash));
        }
        store.number(packs, cached);
        // Several directories may have the same object.
        store.loose.sort();
        store.loose.dedup_by(|a, b| a.id == b.id);
        store.duplicates = store.find_duplicates();
        store
    }

    /// How many objects there are; each copy of an object counts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.first_loose as usize + self.loose.len()
    }

    /// Whether there are no objects.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The size of all packs, in bytes.
    #[must_use]
    pub fn pack_bytes(&self) -> u64 {
        self.packs.iter().map(|(pack, _)| pack.size()).sum()
    }

    /// The names of all packs, in the order of their numbers.
    #[must_use]
    pub fn pack_names(&self) -> Vec<PackName> {
        self.packs.iter().map(|(pack, _)| pack.name()).collect()
    }

    /// How many packs are cached.
    #[must_use]
    pub fn cached_packs(&self) -> usize {
        self.cached
    }

    /// How many objects the cached packs have.
    #[must_use]
    pub fn cached_objects(&self) -> u64 {
        self.packs
            .get(self.cached)
            .map_or(self.first_loose, |(_, first)| *first)
            .into()
    }

    /// The number of the first object that is not in a pack.
    #[must_use]
    pub fn first_loose(&self) -> ObjectIndex {
        self.first_loose
    }

    /// The canonical number of the object `id`: the same for all copies of it.
    #[must_use]
    pub fn number_of(&self, id: &oid) -> Option<ObjectIndex> {
        self.packs
            .iter()
            .find_map(|(pack, first)| Some(first + pack.number_of(id)?))
            .or_else(|| {
                let at = self
                    .loose
                    .binary_search_by(|loose| loose.id.as_ref().cmp(id))
                    .ok()?;
                Some(self.loose_number(at))
            })
    }

    /// The canonical number of the object with this number: another one if this is a further copy.
    #[must_use]
    pub fn canonical(&self, number: ObjectIndex) -> ObjectIndex {
        match self
            .duplicates
            .binary_search_by_key(&number, |&(duplicate, _)| duplicate)
        {
            Ok(at) => self.duplicates[at].1,
            Err(_) => number,
        }
    }

    /// The id of an object.
    #[must_use]
    pub fn id_of(&self, number: ObjectIndex) -> ObjectId {
        if let Some(at) = number.checked_sub(self.first_loose) {
            return self.loose[at as usize].id;
        }
        let after = self.packs.partition_point(|(_, first)| *first <= number);
        let (pack, first) = &self.packs[after - 1];
        pack.id(number - first).to_owned()
    }

    /// For each number whether it is the canonical one of a tree; false for those that only cached
    /// packs have.
    #[must_use]
    pub fn trees(&self) -> Vec<bool> {
        let mut trees = vec![false; self.len()];
        let mut add = |number| trees[self.canonical(number) as usize] = true;
        for (pack, first) in self.packs.iter().skip(self.cached) {
            let forest = pack.forest();
            let roots = forest.roots().iter().copied();
            let mut open: Vec<u32> = roots
                .filter(|&root| forest.kind(root) == Some(Kind::Tree))
                .collect();
            while let Some(entry) = open.pop() {
                add(first + pack.number_at(entry));
                open.extend(forest.children(entry));
            }
        }
        for (at, loose) in self.loose.iter().enumerate() {
            if matches!(loose.kind(), Ok(Kind::Tree)) {
                add(self.loose_number(at));
            }
        }
        trees
    }

    /// Hands every object of one of `kinds` to a visitor, except those of cached packs, with one
    /// task of the thread pool for each visitor, until `stop` is set. One visitor receives all
    /// objects of a delta tree, and large trees come first.
    pub fn visit<V: Visit + Send>(&self, kinds: &[Kind], visitors: &mut [V], stop: &AtomicBool) {
        let tasks = self.tasks(kinds);
        let next = AtomicUsize::new(0);
        rayon::scope(|scope| {
            for visitor in visitors {
                scope.spawn(|_| {
                    let mut scratch = Scratch::default();
                    while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed))
                        && !stop.load(Ordering::Relaxed)
                    {
                        self.run(task, &mut scratch, visitor);
                    }
                });
            }
        });
    }

    /// Reports to `visitor` the entries whose delta base cannot be resolved, which
    /// [`ObjectStore::visit`] leaves out, since their kind is unknown.
    pub fn visit_unresolved<V: Visit>(&self, visitor: &mut V) {
        for (pack, first) in self.packs.iter().skip(self.cached) {
            walk::visit_unresolved(pack, *first, visitor);
        }
    }

    fn tasks(&self, kinds: &[Kind]) -> Vec<Task> {
        let mut tasks = Vec::new();
        for (at, (pack, _)) in self.packs.iter().enumerate().skip(self.cached) {
            let forest = pack.forest();
            for &root in forest.roots() {
                if forest.kind(root).is_some_and(|kind| kinds.contains(&kind)) {
                    tasks.push(Task::Tree { pack: at, root });
                }
            }
        }
        for (at, loose) in self.loose.iter().enumerate() {
            // An object whose kind cannot be read is reported once: to the visitors of blobs.
            if kinds.contains(&loose.kind().unwrap_or(Kind::Blob)) {
                tasks.push(Task::Loose(at));
            }
        }
        tasks
    }

    fn run<V: Visit>(&self, task: &Task, scratch: &mut Scratch, visitor: &mut V) {
        match task {
            Task::Tree { pack, root } => {
                let (pack, first) = &self.packs[*pack];
                walk::walk(pack, *first, *root, scratch, visitor);
            }
            Task::Loose(at) => self.loose[*at].read(self.loose_number(*at), visitor),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "all objects together are numbered with 32 bits"
    )]
    fn loose_number(&self, at: usize) -> ObjectIndex {
        self.first_loose + at as ObjectIndex
    }

    fn find_duplicates(&self) -> Vec<(ObjectIndex, ObjectIndex)> {
        // The first pack has the canonical copy of all of its objects.
        let start = self.packs.first().map_or(0, |(pack, _)| pack.len());
        let end = ObjectIndex::try_from(self.len()).unwrap_or(ObjectIndex::MAX);
        (start..end)
            .into_par_iter()
            .filter_map(|number| {
                let canonical = self.number_of(&self.id_of(number))?;
                (canonical != number).then_some((number, canonical))
            })
            .collect()
    }

    /// `objects` and its alternates, each once.
    fn directories(&mut self, objects: &Path) -> Vec<PathBuf> {
        let mut directories = vec![objects.to_path_buf()];
        match gix::odb::alternate::resolve(objects.to_path_buf(), Path::new(".")) {
            Ok(alternates) => directories.extend(alternates),
            Err(error) => {
                let path = objects.join("info/alternates");
                self.unread.push(StoreError::new(&path, error));
            }
        }
        directories
    }

    fn add_loose(&mut self, objects: &Path, hash: HashKind) {
        match LooseObject::list(objects, hash) {
            Ok((loose, leftovers)) => {
                self.loose.extend(loose);
                self.leftovers.extend(leftovers);
            }
            Err(error) => self.unread.push(StoreError::new(objects, error)),
        }
    }

    /// Opens the packs in a directory of objects, in the order of their names.
    fn packs_in(&mut self, objects: &Path, hash: HashKind) -> Vec<Pack> {
        let directory = objects.join("pack");
        let mut files = Vec::new();
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                self.unread.push(StoreError::new(&directory, error));
                return Vec::new();
            }
            Ok(entries) => entries,
        };
        for entry in entries {
            match entry {
                Ok(entry) => files.push(entry.path()),
                Err(error) => self.unread.push(StoreError::new(&directory, error)),
            }
        }
        files.sort();
        let mut packs = Vec::new();
        for path in files {
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("idx") => match Pack::open(&path, hash) {
                    Ok(pack) => packs.push(pack),
                    Err(error) => self.unread.push(error),
                },
                Some("pack") if !path.with_extension("idx").exists() => {
                    let problem = "the pack has no index; run 'git index-pack' to create it";
                    self.unread.push(StoreError::new(&path, problem));
                }
                _ if path.file_name().is_some_and(is_temporary) => self.leftovers.push(path),
                _ => {}
            }
        }
        packs
    }

    /// Numbers the objects of `packs`, those of the `cached` ones first if all of them exist.
    fn number(&mut self, mut packs: Vec<Pack>, cached: &[PackName]) {
        let names: Vec<PackName> = packs.iter().map(Pack::name).collect();
        if cached.iter().all(|name| names.contains(name)) {
            packs.sort_by_cached_key(|pack| {
                let name = pack.name();
                let rank = cached.iter().position(|cached| *cached == name);
                rank.unwrap_or(cached.len())
            });
        }
        let first: Vec<PackName> = packs.iter().take(cached.len()).map(Pack::name).collect();
        if first == cached {
            self.cached = cached.len();
        }
        for pack in packs {
            let first = self.first_loose;
            match first.checked_add(pack.len()) {
                Some(next) => {
                    self.first_loose = next;
                    self.packs.push((pack, first));
                }
                None => self.unread.push(StoreError::new(
                    pack.path(),
                    "the repository has more objects than 32 bits can number",
                )),
            }
        }
    }
}

/// What a thread reads in one go.
enum Task {
    /// The delta tree of a pack that grows from an entry.
    Tree { pack: usize, root: u32 },
    /// A loose object.
    Loose(usize),
}
