//! The audit: every secret that a repository holds anywhere, where it came in, and from where it
//! can still be reached.
//!
//! Two passes read each object once, along the delta trees of its pack: first blobs, commits and
//! tags, whose text is searched where it is new; then trees, whose names are searched, and of which
//! it is kept which of them have what matters. Only then, and only for what was found, the way up
//! is followed: from objects to trees, to commits, to refs.
//!
//! | file | part |
//! |---|---|
//! | `texts` | the first pass |
//! | `trees` | the second pass |
//! | `holders` | which trees hold what was found |
//! | `listed` | names that only an index lists |
//! | `commits` | history in order |
//! | `trace` | which commits and refs lead to what was found |
//! | `paths` | what paths it has had |
//! | `cache` | what is remembered for the next audit |
//! | `missing` | what is named and not there |
//! | `verdict` | from all that to findings |
//! | `again` | reading single objects once more |
//! | `submodule` | what the repository of a submodule adds |

mod cache;
mod findings;
mod index_only_names;
mod missing;
mod reach;
mod rescan;
mod scan_objects;
mod scan_trees;
mod submodule;

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use bstr::{BString, ByteSlice, ByteVec};
use gix::{ObjectId, ThreadSafeRepository};

use crate::blob::{Skip, SkipReason};
use crate::engine::{self, OccurrenceBuilder, Progress};
use crate::finding::Outcome;
use crate::git::store::{Kind, ObjectIndex, Problem, Store};
use crate::git::{self, Roots, roots};
use crate::policy::Policy;
use crate::scan::Scanner;
use crate::source::{GitDir, SourceError, in_pool};

pub use cache::Cache;
use index_only_names::IndexOnlyNames;
use missing::Reference;
use scan_objects::{Finds, Texts};
use scan_trees::{Mark, Names, TreeDiffs, Trees};

/// What an audit looks at.
pub struct Audit<'a> {
    /// The repository.
    pub repo: &'a ThreadSafeRepository,
    /// Which of what is found counts.
    pub scope: Scope,
    /// How many threads read.
    pub jobs: usize,
    /// The folder in which it is remembered what packs hold; none where nothing is.
    pub cache: Option<&'a Path>,
    /// Set from outside to end it early: what was found until then is told, and that it is not all.
    pub stop: &'a AtomicBool,
}

/// Which secrets count. All objects are read in any case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only what refs lead to: no stashes, no reflogs, nothing that is left over.
    pub reachable: bool,
    /// Only what these refs lead to; empty for all.
    pub refs: Vec<BString>,
    /// Only what newer commits brought in.
    pub since: Option<Since>,
}

/// From when on a commit is newer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// Committed at this time or later, in seconds since 1970.
    Time(i64),
    /// Not reached from this commit.
    Commit(ObjectId),
}

/// Why there can be no audit.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Something beside the objects cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// No ref of that name.
    #[error("there is no ref '{0}'")]
    NoRef(String),
}

/// What all threads share.
struct Shared<'a> {
    store: &'a Store,
    roots: &'a Roots,
    scope: &'a Scope,
    /// The name of the submodule whose repository it is; paths are judged and shown below it.
    submodule: Option<&'a BString>,
    hash: gix::hash::Kind,
    /// Commits whose parents were left out on purpose.
    shallow: HashSet<ObjectId>,
    builder: &'a OccurrenceBuilder<'a>,
    policy: &'a Policy,
    progress: &'a Progress,
}

impl Shared<'_> {
    /// The number that stands for a name in which a secret stands: from the highest down, where no
    /// object is numbered.
    fn number_of_name(&self, name: u32) -> ObjectIndex {
        ObjectIndex::MAX - name
    }

    /// The name that a number stands for.
    fn name_of(&self, number: ObjectIndex) -> Option<u32> {
        (number as usize >= self.store.len()).then(|| ObjectIndex::MAX - number)
    }
}

/// What was read of all objects.
#[derive(Default)]
struct Read {
    finds: Finds,
    commits: Vec<reach::commits::Record>,
    tags: Vec<(ObjectIndex, ObjectIndex)>,
    tree_diffs: TreeDiffs,
    names: Vec<BString>,
    broken: Vec<(ObjectIndex, Problem)>,
    missing: Vec<Reference>,
}

/// What comes of an audit.
pub struct Audited {
    /// What was found.
    pub outcome: Outcome,
    /// Why what was learned cannot be kept for the next audit, where that is so.
    pub forgotten: Option<io::Error>,
}

/// Looks through everything that the repository holds, and the repositories of its submodules that
/// lie in it.
///
/// # Errors
/// Where not even a part can be looked at. What concerns single objects is among the outcome's
/// skips.
pub fn run(
    audit: &Audit<'_>,
    scanner: &Scanner,
    policy: &Policy,
    progress: &Progress,
) -> Result<Audited, AuditError> {
    let builder = OccurrenceBuilder::new(scanner);
    let bench = AuditRun {
        audit,
        builder: &builder,
        policy,
        progress,
    };
    in_pool(audit.jobs, || bench.look_through_all())
}

/// What one audit uses for every repository.
struct AuditRun<'a> {
    audit: &'a Audit<'a>,
    builder: &'a OccurrenceBuilder<'a>,
    policy: &'a Policy,
    progress: &'a Progress,
}

impl AuditRun<'_> {
    /// Looks through the repository and those of its submodules.
    fn look_through_all(&self) -> Result<Audited, AuditError> {
        let Audited {
            mut outcome,
            mut forgotten,
        } = self.look_through(self.audit.repo, None)?;
        let common = self.audit.repo.to_thread_local().common_dir().to_path_buf();
        let submodules = git::submodule_repositories(&common).unwrap_or_else(|error| {
            outcome
                .skipped
                .push(unreadable("modules".into(), error.to_string()));
            Vec::new()
        });
        for (name, path) in submodules {
            match git::open_git_dir(&path) {
                Ok(repo) => {
                    let inner = self.look_through(&repo, Some(&name))?;
                    submodule::absorb(&mut outcome, inner.outcome, name.as_bstr());
                    forgotten = forgotten.or(inner.forgotten);
                }
                Err(error) => {
                    outcome.skipped.push(unreadable(
                        submodule::named(name.as_bstr(), b"".into()),
                        error.to_string(),
                    ));
                }
            }
        }
        engine::finish(&mut outcome, self.policy);
        Ok(Audited { outcome, forgotten })
    }

    /// Looks through one repository; `submodule` is its name where it is one.
    fn look_through(
        &self,
        shared_repo: &ThreadSafeRepository,
        submodule: Option<&BString>,
    ) -> Result<Audited, AuditError> {
        let Self {
            audit,
            builder,
            policy,
            progress,
        } = *self;
        let repo = shared_repo.to_thread_local();
        let roots = roots(&repo);
        if submodule.is_none() {
            check_refs(&audit.scope, &roots)?;
        }
        let rules = builder.scanner.rules().version();
        let key = format!("{} {rules} {}", env!("CARGO_PKG_VERSION"), policy.report);
        let cache = audit
            .cache
            .map(|folder| Cache::new(folder, repo.common_dir(), &key));
        let (objects, hash) = (repo.common_dir().join("objects"), repo.object_hash());
        let (store, known) = open(&objects, hash, cache.as_ref());
        let shallow = roots.shallow.iter().copied().collect();
        let (store, roots) = (&store, &roots);
        let shared = Shared {
            store,
            roots,
            scope: &audit.scope,
            submodule,
            hash,
            shallow,
            builder,
            policy,
            progress,
        };
        progress
            .expected
            .fetch_add(store.len() as u64, Ordering::Relaxed);
        let read = read(&shared, audit, known);
        let stopped = audit.stop.load(Ordering::Relaxed);
        let is_news = !stopped && store.known_packs() < store.pack_names().len();
        let forgotten = cache
            .filter(|_| is_news)
            .and_then(|cache| cache.remember(&shared, &read).err());
        let name = submodule.map(|name| BString::from(format!(".git/modules/{name}")));
        let kept = GitDir {
            repo: shared_repo.clone(),
            name,
            max_size: None,
            jobs: audit.jobs,
        };
        let mut outcome = engine::run(&kept, builder.scanner, policy, progress)?;
        if audit.scope == Scope::default() {
            let listed = IndexOnlyNames::new(roots, &read);
            let mut names = engine::run(&listed, builder.scanner, policy, progress)?;
            let allowed = names.allowed.iter_mut().map(|allowed| &mut allowed.finding);
            for finding in names.findings.iter_mut().chain(allowed) {
                finding.history = Some(Box::new(listed.history(finding)));
            }
            outcome.findings.extend(names.findings);
            outcome.allowed.extend(names.allowed);
        }
        outcome.skipped.extend(skips(store, roots, &read, stopped));
        outcome.totals.objects += store.known_objects() + read.finds.bytes.objects;
        outcome.totals.bytes += read.finds.bytes.packed + read.finds.bytes.loose;
        findings::conclude(&shared, shared_repo, read, &mut outcome);
        Ok(Audited { outcome, forgotten })
    }
}

/// The objects in a folder, and what is remembered of those of them that need not be read.
fn open(objects: &Path, hash: gix::hash::Kind, cache: Option<&Cache>) -> (Store, Read) {
    if let Some((packs, known)) = cache.and_then(Cache::recall) {
        let store = Store::open_knowing(objects, hash, &packs);
        let still_missing = |reference: &Reference| store.number_of(&reference.id).is_none();
        if store.known_packs() == packs.len() && known.missing.iter().all(still_missing) {
            return (store, known);
        }
    }
    (Store::open(objects, hash), Read::default())
}

/// Both passes over all objects but those of which everything is `known`.
fn read(shared: &Shared<'_>, audit: &Audit<'_>, known: Read) -> Read {
    let mut read = known;
    let mut texts: Vec<Texts<'_>> = (0..audit.jobs.max(1)).map(|_| Texts::new(shared)).collect();
    shared.store.visit(
        &[Kind::Blob, Kind::Commit, Kind::Tag],
        &mut texts,
        audit.stop,
    );
    if let Some(first) = texts.first_mut() {
        shared.store.lost(first);
    }
    for text in texts {
        read.finds.join(text.finds);
        read.commits.extend(text.commits);
        read.tags.extend(text.tags);
        read.broken.extend(text.broken);
        read.missing.extend(text.missing);
    }
    read.tags.sort_unstable();
    read.tags.dedup();
    let held: HashSet<ObjectIndex> = read.finds.places.iter().map(|place| place.object).collect();
    let names = Names::new(std::mem::take(&mut read.names));
    let mut trees: Vec<Trees<'_>> = (0..audit.jobs.max(1))
        .map(|_| Trees::new(shared, &held, &names))
        .collect();
    shared.store.visit(&[Kind::Tree], &mut trees, audit.stop);
    for tree in trees {
        read.finds.join(tree.finds);
        read.tree_diffs.added.extend(tree.tree_diffs.added);
        read.tree_diffs.removed.extend(tree.tree_diffs.removed);
        read.tree_diffs.derived.extend(tree.tree_diffs.derived);
        read.broken.extend(tree.broken);
        read.missing.extend(tree.missing);
    }
    read.names = names.into_list();
    in_order_of_names(shared, &mut read);
    read
}

/// Numbers names anew, in their order: until now the threads did it as they came by them.
fn in_order_of_names(shared: &Shared<'_>, read: &mut Read) {
    let mut order: Vec<u32> = (0..).take(read.names.len()).collect();
    order.sort_unstable_by_key(|&name| &read.names[name as usize]);
    let mut rank = vec![0; order.len()];
    (0_u32..)
        .zip(&order)
        .for_each(|(new, &old)| rank[old as usize] = new);
    let object = |number: ObjectIndex| match shared.name_of(number) {
        Some(name) => shared.number_of_name(rank[name as usize]),
        None => number,
    };
    for (_, mark) in read
        .tree_diffs
        .added
        .iter_mut()
        .chain(&mut read.tree_diffs.removed)
    {
        *mark = Mark {
            child: object(mark.child),
            name: rank[mark.name as usize],
        };
    }
    read.finds
        .places
        .iter_mut()
        .for_each(|place| place.object = object(place.object));
    read.names = order
        .iter()
        .map(|&name| std::mem::take(&mut read.names[name as usize]))
        .collect();
}

/// A ref that was asked for must be there.
fn check_refs(scope: &Scope, roots: &Roots) -> Result<(), AuditError> {
    let unknown = |name: &&BString| {
        !roots
            .roots
            .iter()
            .any(|root| root.name == **name || root.shown() == **name)
    };
    match scope.refs.iter().find(unknown) {
        None => Ok(()),
        Some(name) => Err(AuditError::NoRef(name.to_string())),
    }
}

/// Everything that leaves the audit incomplete, and what was left out on purpose.
fn skips(store: &Store, roots: &Roots, read: &Read, stopped: bool) -> Vec<Skip> {
    let mut skips: Vec<Skip> = store
        .unread
        .iter()
        .map(|error| unreadable(shown(&error.path), error.problem.clone()))
        .collect();
    skips.extend(store.leftovers.iter().map(|path| Skip {
        path: shown(path),
        reason: SkipReason::NoObject,
    }));
    let refs = roots
        .unread
        .iter()
        .map(|unread| unreadable(unread.name.clone(), unread.problem.clone()));
    skips.extend(refs);
    let broken = read.broken.iter().map(|&(number, problem)| {
        unreadable(
            format!("object {}", store.id_of(number)).into(),
            format!("{problem}; 'git fsck' tells more"),
        )
    });
    skips.extend(broken);
    skips.extend(missing::skips(&read.missing, roots, store));
    if stopped {
        skips.push(unreadable(
            "objects".into(),
            "the audit was stopped before all were read".to_owned(),
        ));
    }
    skips
}

fn unreadable(path: BString, problem: String) -> Skip {
    Skip {
        path,
        reason: SkipReason::Unreadable(problem),
    }
}

fn shown(path: &Path) -> BString {
    Vec::from_path_lossy(path).into_owned().into()
}
