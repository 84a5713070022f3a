//! The audit: every secret that a repository holds anywhere, where it came in, and from where it can still be reached.
//!
//! Two passes read each object once, along the delta trees of its pack: first blobs, commits and tags, whose text is searched
//! where it is new; then trees, whose names are searched, and of which it is kept which of them have what matters. Only then,
//! and only for what was found, the way up is followed: from objects to trees, to commits, to refs.
//!
//! | file | part |
//! |---|---|
//! | `texts` | the first pass |
//! | `trees` | the second pass |
//! | `holders` | which trees hold what was found |
//! | `commits` | history in order |
//! | `trace` | which commits and refs lead to what was found |
//! | `paths` | what paths it has had |
//! | `missing` | what is named and not there |
//! | `verdict` | from all that to findings |

mod commits;
mod holders;
mod missing;
mod paths;
mod texts;
mod trace;
mod trees;
mod verdict;

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use bstr::{BString, ByteVec};
use gix::{ObjectId, ThreadSafeRepository};

use crate::blob::{Skip, SkipReason};
use crate::conduct::{self, Examiner, Progress};
use crate::finding::Outcome;
use crate::objects::{Kind, Number, Problem, Store};
use crate::policy::Policy;
use crate::repo::{Roots, roots};
use crate::scan::Scanner;
use crate::source::{Kept, SourceError};

use missing::Reference;
use texts::{Finds, Texts};
use trees::{Holdings, Names, Trees};

/// What an audit looks at.
pub struct Audit<'a> {
    /// The repository.
    pub repo: &'a ThreadSafeRepository,
    /// Which of what is found counts.
    pub scope: Scope,
    /// How many threads read.
    pub jobs: usize,
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
    hash: gix::hash::Kind,
    /// Commits whose parents were left out on purpose.
    shallow: HashSet<ObjectId>,
    examiner: Examiner<'a>,
    policy: &'a Policy,
    progress: &'a Progress,
}

impl Shared<'_> {
    /// The number that stands for a name in which a secret stands.
    fn number_of_name(&self, name: u32) -> Number {
        Number::try_from(self.store.len()).unwrap_or(Number::MAX).saturating_add(name)
    }
}

/// What was read of all objects.
#[derive(Default)]
struct Read {
    finds: Finds,
    commits: Vec<commits::Record>,
    tags: Vec<(Number, Number)>,
    holdings: Holdings,
    names: Vec<BString>,
    broken: Vec<(Number, Problem)>,
    missing: Vec<Reference>,
}

/// Looks through everything that the repository holds.
///
/// # Errors
/// Where not even a part can be looked at. What concerns single objects is among the outcome's skips.
pub fn run(audit: &Audit<'_>, scanner: &Scanner, policy: &Policy, progress: &Progress) -> Result<Outcome, AuditError> {
    let repo = audit.repo.to_thread_local();
    let roots = roots(&repo);
    check_refs(&audit.scope, &roots)?;
    let store = Store::open(&repo.common_dir().join("objects"), repo.object_hash());
    progress.expected.store(store.len() as u64, Ordering::Relaxed);
    let shared = Shared {
        store: &store,
        hash: repo.object_hash(),
        shallow: roots.shallow.iter().copied().collect(),
        examiner: Examiner::new(scanner),
        policy,
        progress,
    };
    let read = read(&shared, audit);
    let (objects, bytes) = (progress.blobs.load(Ordering::Relaxed), progress.bytes.load(Ordering::Relaxed));
    let kept = Kept { repo: audit.repo.clone(), name: None, max_size: None, jobs: audit.jobs };
    let mut outcome = conduct::run(&kept, scanner, policy, progress)?;
    outcome.skipped.extend(skips(&store, &roots, &read, audit.stop.load(Ordering::Relaxed)));
    outcome.totals.objects = objects;
    outcome.totals.bytes += bytes;
    verdict::conclude(&shared, audit, &roots, read, &mut outcome);
    outcome.sort();
    Ok(outcome)
}

/// Both passes over all objects.
fn read(shared: &Shared<'_>, audit: &Audit<'_>) -> Read {
    let mut read = Read::default();
    let mut texts: Vec<Texts<'_>> = (0..audit.jobs.max(1)).map(|_| Texts::new(shared)).collect();
    shared.store.visit(&[Kind::Blob, Kind::Commit, Kind::Tag], &mut texts, audit.stop);
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
    let held: HashSet<Number> = read.finds.places.iter().map(|place| place.object).collect();
    let names = Names::default();
    let mut trees: Vec<Trees<'_>> = (0..audit.jobs.max(1)).map(|_| Trees::new(shared, &held, &names)).collect();
    shared.store.visit(&[Kind::Tree], &mut trees, audit.stop);
    for tree in trees {
        read.finds.join(tree.finds);
        read.holdings.added.extend(tree.holdings.added);
        read.holdings.removed.extend(tree.holdings.removed);
        read.holdings.derived.extend(tree.holdings.derived);
        read.broken.extend(tree.broken);
        read.missing.extend(tree.missing);
    }
    read.names = names.into_list();
    in_order_of_names(&mut read, shared.number_of_name(0));
    read
}

/// Numbers names anew, in their order: until now the threads did it as they came by them. From `first` on a number stands
/// for a name in which a secret stands.
fn in_order_of_names(read: &mut Read, first: Number) {
    let mut order: Vec<u32> = (0..).take(read.names.len()).collect();
    order.sort_unstable_by_key(|&name| &read.names[name as usize]);
    let mut rank = vec![0; order.len()];
    (0_u32..).zip(&order).for_each(|(new, &old)| rank[old as usize] = new);
    let object = |number: Number| number.checked_sub(first).map_or(number, |name| first + rank[name as usize]);
    for (_, mark) in read.holdings.added.iter_mut().chain(&mut read.holdings.removed) {
        mark.child = object(mark.child);
        mark.name = rank[mark.name as usize];
    }
    read.finds.places.iter_mut().for_each(|place| place.object = object(place.object));
    read.names = order.iter().map(|&name| std::mem::take(&mut read.names[name as usize])).collect();
}

/// A ref that was asked for must be there.
fn check_refs(scope: &Scope, roots: &Roots) -> Result<(), AuditError> {
    let unknown = |name: &&BString| !roots.roots.iter().any(|root| root.name == **name || root.shown() == **name);
    match scope.refs.iter().find(unknown) {
        None => Ok(()),
        Some(name) => Err(AuditError::NoRef(name.to_string())),
    }
}

/// Everything that leaves the audit incomplete, and what was left out on purpose.
fn skips(store: &Store, roots: &Roots, read: &Read, stopped: bool) -> Vec<Skip> {
    let unreadable = |path: BString, problem: String| Skip { path, reason: SkipReason::Unreadable(problem) };
    let mut skips: Vec<Skip> =
        store.unread.iter().map(|error| unreadable(shown(&error.path), error.problem.clone())).collect();
    skips.extend(store.leftovers.iter().map(|path| Skip { path: shown(path), reason: SkipReason::NoObject }));
    let refs = roots.unread.iter().map(|unread| unreadable(unread.name.clone(), unread.problem.clone()));
    skips.extend(refs);
    let broken = read.broken.iter().map(|&(number, problem)| {
        unreadable(format!("object {}", store.id_of(number)).into(), format!("{problem}; 'git fsck' tells more"))
    });
    skips.extend(broken);
    skips.extend(missing::skips(&read.missing, roots, store));
    if stopped {
        skips.push(unreadable("objects".into(), "the audit was stopped before all were read".to_owned()));
    }
    skips
}

fn shown(path: &Path) -> BString {
    Vec::from_path_lossy(path).into_owned().into()
}
