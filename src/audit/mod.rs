//! Audits whole repositories: finds every secret that a repository holds anywhere, the commit that
//! added it, and what still leads to it.
//!
//! Two passes read each object once, along the delta trees of its pack. The first searches blobs,
//! commits and tags where they differ from their delta base. The second searches the names in
//! trees, and records which trees lead to what was found. Then, only for what was found, the audit
//! goes upwards from objects to trees, to commits, to refs.
//!
//! | file | what it does |
//! |---|---|
//! | `context` | what all threads share |
//! | `collected` | what the passes learn |
//! | `container` | what can hold a secret |
//! | `scan` | runs the two passes |
//! | `scan_objects` | the first pass |
//! | `scan_trees` | the second pass |
//! | `found` | the secrets that a pass found |
//! | `cache` | what is cached for the next audit |
//! | `reach` | which trees, commits, paths and refs lead to what was found |
//! | `scope` | which secrets are reported |
//! | `findings`, `describe` | builds findings |
//! | `rescan` | reads single objects a second time |
//! | `index_only_names` | names that only an index contains |
//! | `missing`, `skips` | what could not be read |
//! | `unsearched` | what is in archives and was not searched |
//! | `gitlinks` | at which paths submodules are |
//! | `submodule` | what the repository of a submodule adds |
//! | `absent_submodules` | which submodules were not audited |
//! | `line_history` | lines that the patterns of another tool match |

mod absent_submodules;
mod cache;
mod collected;
mod container;
mod context;
mod describe;
mod findings;
mod found;
mod gitlinks;
mod index_only_names;
pub mod line_history;
mod missing;
mod reach;
mod rescan;
mod scan;
mod scan_objects;
mod scan_trees;
mod scope;
mod skips;
mod submodule;
mod tree_diffs;
mod unsearched;

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use bstr::{BString, ByteSlice};

use crate::engine::{self, Keep, OccurrenceBuilder, Progress};
use crate::finding::Outcome;
use crate::git::store::{ObjectStore, PackName};
use crate::git::{self, ObjectId, Repository, Roots, roots};
use crate::policy::Policy;
use crate::scan::Scanner;
use crate::source::{GitDir, SourceError, in_pool};

use absent_submodules::AuditedSubmodules;
pub use cache::Cache;
use collected::Collected;
use container::ContainerKey;
use context::Context;
use gitlinks::Superproject;
use index_only_names::IndexOnlyNames;
pub use scope::{Scope, Since};
use skips::unreadable;

/// What to audit, and how.
pub struct Audit<'a> {
    /// The repository.
    pub repo: &'a Repository,
    /// Which secrets are reported.
    pub scope: Scope,
    /// How many threads read.
    pub jobs: usize,
    /// The folder for the cache; `None` for no cache.
    pub cache: Option<&'a Path>,
    /// Set from outside to end the audit early. What was found until then is reported, and that the
    /// audit is incomplete.
    pub stop: &'a AtomicBool,
}

/// Why a repository cannot be audited.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The git directory cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A ref of the scope does not exist.
    #[error("ref '{0}' does not exist")]
    NoRef(String),
    /// There are more objects than can be numbered.
    #[error(
        "the repository has {0} objects; at most {max} can be audited",
        max = ContainerKey::MAX_OBJECTS
    )]
    TooManyObjects(usize),
}

/// The result of an audit.
pub struct Audited {
    /// What was found.
    pub outcome: Outcome,
    /// Why the cache was not used, or not written for the next audit, if so.
    pub cache_error: Option<io::Error>,
}

/// Audits a repository, and the repositories of its submodules that are in its git directory.
///
/// # Errors
/// If nothing can be audited. What concerns single objects is among the outcome's skips.
pub fn run(
    audit: &Audit<'_>,
    scanner: &Scanner,
    policy: &Policy,
    progress: &Progress,
) -> Result<Audited, AuditError> {
    let builder = OccurrenceBuilder::new(scanner);
    let run = AuditRun {
        audit,
        builder: &builder,
        policy,
        progress,
    };
    in_pool(audit.jobs, || run.audit_all())
}

/// What one audit uses for every repository.
struct AuditRun<'a> {
    audit: &'a Audit<'a>,
    builder: &'a OccurrenceBuilder<'a>,
    policy: &'a Policy,
    progress: &'a Progress,
}

impl AuditRun<'_> {
    /// Audits the repository and those of its submodules.
    fn audit_all(&self) -> Result<Audited, AuditError> {
        let (mut all, root, _) = self.audit_one(self.audit.repo, None)?;
        let submodules = git::submodule_repositories(self.audit.repo.common_dir());
        let submodules = submodules.unwrap_or_else(|error| {
            let skip = unreadable("modules".into(), error.to_string());
            all.outcome.skipped.push(skip);
            Vec::new()
        });
        // Sorted by name, so that a submodule comes after the one that it is in.
        let mut above: Vec<(BString, Superproject)> = Vec::new();
        let mut audited = AuditedSubmodules::default();
        for (name, path) in submodules {
            match git::open_git_dir(&path) {
                Ok(repo) => {
                    let outer = above
                        .iter()
                        .rev()
                        .find(|(outer, _)| is_inside(&name, outer));
                    let outer = outer.map_or(&root, |(_, outer)| outer);
                    let (inner, project, commits) = self.audit_one(&repo, Some((&name, outer)))?;
                    audited.add(&project.paths, commits);
                    let place = project.paths.first().unwrap_or(&name);
                    submodule::absorb(
                        &mut all.outcome,
                        inner.outcome,
                        name.as_bstr(),
                        place.as_bstr(),
                    );
                    all.cache_error = all.cache_error.or(inner.cache_error);
                    above.push((name, project));
                }
                Err(error) => {
                    let name = submodule::named(name.as_bstr(), b"".into());
                    let skip = unreadable(name, error.to_string());
                    all.outcome.skipped.push(skip);
                }
            }
        }
        let projects = above.iter().map(|(_, project)| project);
        let absent = projects.chain([&root]).map(|outer| audited.absent(outer));
        all.outcome.skipped.extend(absent.flatten());
        engine::finish(&mut all.outcome, self.policy, self.builder.scanner);
        Ok(all)
    }

    /// Audits one repository; `within` is its name and the repository around it if it is the
    /// submodule of one. Also returns those of its commits that this one's gitlinks name.
    fn audit_one(
        &self,
        repo: &Repository,
        within: Option<(&BString, &Superproject)>,
    ) -> Result<(Audited, Superproject, Vec<ObjectId>), AuditError> {
        let cache = self.cache(repo).transpose();
        let opened = Opened::new(repo, cache.as_ref().ok().and_then(Option::as_ref));
        let (roots, store) = (&opened.roots, &opened.store);
        if within.is_none()
            && let Some(name) = self.audit.scope.unknown_ref(roots)
        {
            return Err(AuditError::NoRef(name.to_string()));
        }
        if store.len() > ContainerKey::MAX_OBJECTS {
            return Err(AuditError::TooManyObjects(store.len()));
        }
        let places = within.map(|(_, outer)| outer.paths_of(store));
        let commits = within.map(|(_, outer)| AuditedSubmodules::commits_of(outer, store));
        let context = Context {
            store,
            roots,
            scope: &self.audit.scope,
            submodule: places.as_deref(),
            hash: repo.hash_kind(),
            shallow: roots.shallow.iter().copied().collect(),
            builder: self.builder,
            policy: self.policy,
            progress: self.progress,
        };
        self.progress.expect(store.len());
        let collected = scan::scan_all(&context, self.audit.jobs, self.audit.stop, opened.cached);
        let is_stopped = self.audit.stop.load(Ordering::Relaxed);
        let unsaved = cache.and_then(|cache| match cache {
            Some(cache) if !is_stopped => cache.save(&context, &collected),
            _ => Ok(()),
        });
        let own = places.clone().unwrap_or_else(|| vec![BString::default()]);
        let (git_dir, project) = rayon::join(
            || self.scan_git_dir(repo, within.map(|(name, _)| name)),
            || Superproject::new(own, repo, store, &collected, roots),
        );
        let mut outcome = git_dir?;
        if self.audit.scope == Scope::default() {
            outcome.merge(self.scan_index_only_names(roots, &collected)?);
        }
        let skips = skips::skips(store, roots, &collected, is_stopped);
        outcome.skipped.extend(skips);
        let totals = collected.found.totals;
        outcome.totals.objects += store.cached_objects() + totals.objects;
        outcome.totals.bytes += totals.packed + totals.loose;
        findings::add_findings(&context, repo, collected, &mut outcome);
        let audited = Audited {
            outcome,
            cache_error: unsaved.err().or(opened.damaged),
        };
        Ok((audited, project, commits.unwrap_or_default()))
    }

    fn cache(&self, repo: &Repository) -> Option<io::Result<Cache>> {
        let rules = self.builder.scanner.rules().version();
        let program = env!("CARGO_PKG_VERSION");
        let key = format!("{program} {rules} {}", self.policy.report);
        let folder = self.audit.cache?;
        Some(Cache::open(folder, repo.common_dir(), &key))
    }

    /// Scans the files of the git directory that are not objects.
    fn scan_git_dir(
        &self,
        repo: &Repository,
        submodule: Option<&BString>,
    ) -> Result<Outcome, SourceError> {
        let git_dir = GitDir {
            repo: repo.clone(),
            name: submodule.map(|name| BString::from(format!(".git/modules/{name}"))),
            max_size: None,
            jobs: self.audit.jobs,
        };
        engine::run(
            &git_dir,
            self.builder.scanner,
            self.policy,
            self.progress,
            Keep::FOR_REPORT,
        )
    }

    fn scan_index_only_names(
        &self,
        roots: &Roots,
        collected: &Collected,
    ) -> Result<Outcome, SourceError> {
        let names = IndexOnlyNames::new(roots, collected);
        let mut outcome = engine::run(
            &names,
            self.builder.scanner,
            self.policy,
            self.progress,
            Keep::FOR_REPORT,
        )?;
        names.add_histories(&mut outcome);
        Ok(outcome)
    }
}

/// Whether the submodule `name` is one of the submodule `outer`.
fn is_inside(name: &BString, outer: &BString) -> bool {
    name.strip_prefix(outer.as_slice())
        .is_some_and(|rest| rest.starts_with(b"/modules/"))
}

/// What is read of a repository before its objects are.
struct Opened {
    roots: Roots,
    store: ObjectStore,
    /// What is cached of the objects that need not be read.
    cached: Collected,
    /// Why the cache is not used, if it is damaged.
    damaged: Option<io::Error>,
}

impl Opened {
    fn new(repo: &Repository, cache: Option<&Cache>) -> Self {
        let (roots, loaded) = rayon::join(|| roots(repo), || cache.map_or(Ok(None), Cache::load));
        let (loaded, damaged) = match loaded {
            Ok(loaded) => (loaded, None),
            Err(error) => (None, Some(error)),
        };
        // After the refs: none of them leads to an object that the store has not seen.
        let cached = loaded.and_then(|loaded| open_with_cached(repo, loaded));
        let (store, cached) = cached.unwrap_or_else(|| (open_all(repo), Collected::default()));
        Self {
            roots,
            store,
            cached,
            damaged,
        }
    }
}

/// The objects of a repository, if what is cached of them still holds.
fn open_with_cached(
    repo: &Repository,
    (packs, cached): (Vec<PackName>, Collected),
) -> Option<(ObjectStore, Collected)> {
    let objects = repo.common_dir().join("objects");
    let store = ObjectStore::open_with_cached(&objects, repo.hash_kind(), &packs);
    let mut missing = cached.missing.iter();
    let are_all_missing = missing.all(|missing| store.number_of(&missing.id).is_none());
    let is_usable = store.cached_packs() == packs.len() && are_all_missing;
    is_usable.then_some((store, cached))
}

fn open_all(repo: &Repository) -> ObjectStore {
    ObjectStore::open(&repo.common_dir().join("objects"), repo.hash_kind())
}
