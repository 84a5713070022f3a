//! All objects of a repository: its packs and loose objects, and those of the repositories that it
//! borrows from.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::{fs, io};

use gix::ObjectId;
use gix::hash::{Kind as HashKind, oid};
use rayon::prelude::*;

use super::walk::{self, Scratch};
use super::{Kind, Loose, ObjectIndex, Pack, PackName, StoreError, Visit};

/// The objects of a repository, numbered: those of each pack in the order of ids, then the loose
/// ones.
pub struct Store {
    packs: Vec<(Pack, ObjectIndex)>,
    loose: Vec<Loose>,
    /// The number of the first loose object.
    first_loose: ObjectIndex,
    /// How many packs at the start are known already.
    known: usize,
    /// Objects that are there more than once, each with the number that stands for all of them;
    /// sorted.
    duplicates: Vec<(ObjectIndex, ObjectIndex)>,
    /// Packs and folders that cannot be read.
    pub unread: Vec<StoreError>,
    /// Files among the objects that are none: what an interrupted git left.
    pub leftovers: Vec<PathBuf>,
}

impl Store {
    /// Opens the objects in the folder `objects`, and those of its alternates.
    ///
    /// A pack that cannot be used is among [`Store::unread`], as is whatever else cannot be read.
    #[must_use]
    pub fn open(objects: &Path, hash: HashKind) -> Self {
        Self::open_knowing(objects, hash, &[])
    }

    /// The same, with packs of which everything is known already: if all of them are there, they
    /// come first, in that order, so that what was noted of them by numbers holds still, and they
    /// are not read.
    #[must_use]
    pub fn open_knowing(objects: &Path, hash: HashKind, known: &[PackName]) -> Self {
        let mut store = Self {
            packs: Vec::new(),
            loose: Vec::new(),
            first_loose: 0,
            known: 0,
            duplicates: Vec::new(),
            unread: Vec::new(),
            leftovers: Vec::new(),
        };
        let mut packs = Vec::new();
        for folder in store.folders(objects) {
            store.add_loose(&folder, hash);
            packs.extend(store.packs_in(&folder, hash));
        }
        store.number(packs, known);
        // An object may lie in several folders.
        store.loose.sort();
        store.loose.dedup_by(|a, b| a.id == b.id);
        store.duplicates = store.find_twins();
        store
    }

    /// How many objects there are; one that is there several times counts as often.
    #[must_use]
    pub fn len(&self) -> usize {
        self.first_loose as usize + self.loose.len()
    }

    /// Whether there are none.
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

    /// How many packs are known already.
    #[must_use]
    pub fn known_packs(&self) -> usize {
        self.known
    }

    /// How many objects lie in packs that are known already.
    #[must_use]
    pub fn known_objects(&self) -> u64 {
        self.packs
            .get(self.known)
            .map_or(self.first_loose, |(_, first)| *first)
            .into()
    }

    /// The number of the first object that lies in no pack.
    #[must_use]
    pub fn first_loose(&self) -> ObjectIndex {
        self.first_loose
    }

    /// The number of the object `id`; of several, always the same.
    #[must_use]
    pub fn number_of(&self, id: &oid) -> Option<ObjectIndex> {
        let packed = self
            .packs
            .iter()
            .find_map(|(pack, first)| Some(first + pack.number_of(id)?));
        let loose = || {
            self.loose
                .binary_search_by(|loose| loose.id.as_ref().cmp(id))
                .ok()
        };
        packed.or_else(|| {
            loose().and_then(|at| Some(self.first_loose + ObjectIndex::try_from(at).ok()?))
        })
    }

    /// The number that [`Store::number_of`] gives for the object with this number: another one
    /// where the object is there more than once.
    #[must_use]
    pub fn canonical(&self, number: ObjectIndex) -> ObjectIndex {
        match self
            .duplicates
            .binary_search_by_key(&number, |&(twin, _)| twin)
        {
            Ok(at) => self.duplicates[at].1,
            Err(_) => number,
        }
    }

    fn find_twins(&self) -> Vec<(ObjectIndex, ObjectIndex)> {
        let first_pack = self.packs.first().map_or(0, |(pack, _)| pack.len());
        // All that the first pack holds are their own.
        let twin = |number: ObjectIndex| {
            let canonical = self.number_of(&self.id_of(number))?;
            (canonical != number).then_some((number, canonical))
        };
        (first_pack..ObjectIndex::try_from(self.len()).unwrap_or(ObjectIndex::MAX))
            .into_par_iter()
            .filter_map(twin)
            .collect()
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

    /// Hands every object of one of `kinds` to a visitor, but for those of packs that are known, in
    /// as many threads as there are visitors, until `stop` is set. What belongs to one delta tree
    /// goes to one visitor, the largest trees first.
    pub fn visit<V: Visit + Send>(&self, kinds: &[Kind], visitors: &mut [V], stop: &AtomicBool) {
        let mut tasks: Vec<Task> = Vec::new();
        for (pack, (of, _)) in self.packs.iter().enumerate().skip(self.known) {
            let wanted = |root: &&u32| {
                of.forest()
                    .kind(**root)
                    .is_some_and(|kind| kinds.contains(&kind))
            };
            tasks.extend(
                of.forest()
                    .roots()
                    .iter()
                    .filter(wanted)
                    .map(|&root| Task::Tree { pack, root }),
            );
        }
        let wanted = |loose: &Loose| {
            loose
                .kind()
                .map_or(kinds.contains(&Kind::Blob), |kind| kinds.contains(&kind))
        };
        let loose = self
            .loose
            .iter()
            .enumerate()
            .filter(|(_, loose)| wanted(loose));
        tasks.extend(loose.map(|(at, _)| Task::Loose(at)));
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for visitor in visitors {
                scope.spawn(|| self.work(&tasks, &next, visitor, stop));
            }
        });
    }

    /// Hands what no base leads to to `visitor`.
    pub fn lost<V: Visit>(&self, visitor: &mut V) {
        for (pack, first) in self.packs.iter().skip(self.known) {
            walk::lost(pack, *first, visitor);
        }
    }

    fn work<V: Visit>(
        &self,
        tasks: &[Task],
        next: &AtomicUsize,
        visitor: &mut V,
        stop: &AtomicBool,
    ) {
        let mut scratch = Scratch::default();
        while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed))
            && !stop.load(Ordering::Relaxed)
        {
            match task {
                Task::Tree { pack, root } => {
                    let (pack, first) = &self.packs[*pack];
                    walk::walk(pack, *first, *root, &mut scratch, visitor);
                }
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "all objects together are numbered with 32 bits"
                )]
                Task::Loose(at) => {
                    self.loose[*at].read(self.first_loose + *at as ObjectIndex, visitor);
                }
            }
        }
    }

    /// `objects`, and the folders of objects that it borrows from, each once.
    fn folders(&mut self, objects: &Path) -> Vec<PathBuf> {
        match gix::odb::alternate::resolve(objects.to_path_buf(), Path::new(".")) {
            Ok(alternates) => [objects.to_path_buf()]
                .into_iter()
                .chain(alternates)
                .collect(),
            Err(error) => {
                self.cannot(&objects.join("info/alternates"), &error);
                vec![objects.to_path_buf()]
            }
        }
    }

    fn add_loose(&mut self, objects: &Path, hash: HashKind) {
        match Loose::list(objects, hash) {
            Ok((loose, odd)) => {
                self.loose.extend(loose);
                self.leftovers.extend(odd);
            }
            Err(error) => self.cannot(objects, &error),
        }
    }

    /// The packs in a folder of objects, in the order of their names.
    fn packs_in(&mut self, objects: &Path, hash: HashKind) -> Vec<Pack> {
        let folder = objects.join("pack");
        let mut files = Vec::new();
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                self.cannot(&folder, &error);
                return Vec::new();
            }
            entries => entries,
        };
        for entry in entries.into_iter().flatten() {
            match entry {
                Ok(entry) => files.push(entry.path()),
                Err(error) => self.cannot(&folder, &error),
            }
        }
        files.sort();
        let mut packs = Vec::new();
        for path in files {
            match path.extension().and_then(|ending| ending.to_str()) {
                Some("idx") => match Pack::open(&path, hash) {
                    Ok(pack) => packs.push(pack),
                    Err(error) => self.unread.push(error),
                },
                Some("pack") if !path.with_extension("idx").exists() => {
                    self.cannot(&path, &"the pack has no index; 'git index-pack' makes one");
                }
                _ => {}
            }
        }
        packs
    }

    /// Numbers the objects of `packs`.
    fn number(&mut self, mut packs: Vec<Pack>, known: &[PackName]) {
        let names: Vec<PackName> = packs.iter().map(Pack::name).collect();
        if known.iter().all(|name| names.contains(name)) {
            packs.sort_by_cached_key(|pack| {
                let name = pack.name();
                known
                    .iter()
                    .position(|known| *known == name)
                    .unwrap_or(known.len())
            });
        }
        let first: Vec<PackName> = packs.iter().take(known.len()).map(Pack::name).collect();
        self.known = if first == known { known.len() } else { 0 };
        for pack in packs {
            let first = self.first_loose;
            match first.checked_add(pack.len()) {
                Some(next) => {
                    self.first_loose = next;
                    self.packs.push((pack, first));
                }
                None => self.cannot(
                    pack.path(),
                    &"the repository holds more objects than 32 bits can number",
                ),
            }
        }
    }

    fn cannot(&mut self, path: &Path, problem: &dyn std::fmt::Display) {
        self.unread.push(StoreError {
            path: path.to_path_buf(),
            problem: problem.to_string(),
        });
    }
}

/// What a thread does in one go.
enum Task {
    Tree { pack: usize, root: u32 },
    Loose(usize),
}
