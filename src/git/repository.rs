//! Opens repositories so that nothing in them can steer us: no programs are run, no replaced
//! objects are read, and only the repository's own configuration counts.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use bstr::{BStr, ByteSlice as _};
use gix::ThreadSafeRepository;
use gix::discover::upwards;
use gix::odb::pack::cache::lru::MemoryCappedHashmap;
use gix::open::permissions::Environment;
use gix::open::{Options, Permissions};
use gix::sec::{Permission, Trust, trust};

use super::reftable::Directories;
use super::special;
use super::{HashKind, ObjectId, ObjectKind, Oid, RefDir};
use crate::fs::{NOT_REGULAR, read_regular};
use crate::text::printable_path;

/// The largest object that is read, in bytes: it is in memory as a whole, and a small file can
/// claim to be of any size. Git, too, treats larger ones specially; see `core.bigFileThreshold`
/// in git-config(1).
pub(super) const MAX_OBJECT: u64 = 512 << 20;

/// Why a repository cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RepoError {
    /// No repository was found.
    #[error("{}: not in a git repository", printable_path(path))]
    NotARepository {
        /// Where the search began.
        path: PathBuf,
    },
    /// A repository was found, but it cannot be opened.
    #[error(
        "{}: the git repository cannot be opened: {problem}",
        printable_path(path)
    )]
    Broken {
        /// Where the search began.
        path: PathBuf,
        /// Why it cannot be opened.
        problem: String,
    },
    /// Its refs cannot be read.
    #[error("{}: its refs cannot be read: {problem}", printable_path(path))]
    Refs {
        /// The repository.
        path: PathBuf,
        /// Why they cannot be read.
        problem: String,
    },
    /// The objects of a push cannot be read.
    #[error(
        "{}: the objects of the push cannot be read: {problem}",
        printable_path(path)
    )]
    Objects {
        /// The folder that holds them.
        path: PathBuf,
        /// Why they cannot be read.
        problem: String,
    },
    /// It has no work tree.
    #[error(
        "{}: a bare repository has no index, so nothing can be staged",
        printable_path(path)
    )]
    Bare {
        /// The repository.
        path: PathBuf,
    },
}

/// An open repository. Threads may share it; to read from it, a thread makes itself a
/// [`LocalRepository`].
#[derive(Clone)]
pub struct Repository(pub(in crate::git) ThreadSafeRepository, Arc<Directories>);

/// A repository as one thread reads it, with the thread's own caches.
#[derive(Clone, Debug)]
pub struct LocalRepository(
    pub(in crate::git) gix::Repository,
    /// Keeps the files of its refs, which may be temporary.
    Arc<Directories>,
);

impl std::fmt::Debug for Repository {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Repository")
            .field(&self.git_dir())
            .finish()
    }
}

impl Repository {
    fn new(mut repo: ThreadSafeRepository) -> Self {
        let directories = Directories::of(&mut repo);
        Self(repo, Arc::new(directories))
    }

    /// Where the refs of `dir` are, a git directory of this repository.
    pub(crate) fn ref_dir(&self, dir: &Path) -> Result<RefDir, String> {
        RefDir::of(&self.local().0, dir)
    }

    /// The repository for the calling thread.
    #[must_use]
    pub fn local(&self) -> LocalRepository {
        LocalRepository(self.0.to_thread_local(), self.1.clone())
    }

    /// The root of the work tree; `None` if the repository is bare.
    #[must_use]
    pub fn work_dir(&self) -> Option<&Path> {
        self.0.work_dir()
    }

    /// The git directory; for a linked work tree, its own.
    #[must_use]
    pub fn git_dir(&self) -> &Path {
        &self.1.git_dir
    }

    /// The git directory that all work trees share.
    #[must_use]
    pub fn common_dir(&self) -> &Path {
        self.0
            .common_dir
            .as_deref()
            .unwrap_or_else(|| self.git_dir())
    }

    /// Whether the repository is bare.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.local().0.is_bare()
    }

    /// The hash function of its object ids.
    #[must_use]
    pub fn hash_kind(&self) -> HashKind {
        self.local().0.object_hash()
    }

    /// Whether the clone left out objects on purpose. Git fetches these when it needs them;
    /// keysieve never does.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.local().is_partial()
    }

    /// Whether the current branch has no commit yet; false if that is unknown.
    #[must_use]
    pub fn has_no_commit(&self) -> bool {
        self.local().0.head().is_ok_and(|head| head.is_unborn())
    }

    /// The object that `HEAD` leads to, if any: a commit, unless the repository is damaged.
    #[must_use]
    pub fn head(&self) -> Option<ObjectId> {
        let repo = self.local();
        let mut head = repo.0.find_reference("HEAD").ok()?;
        head.follow_to_object().ok().map(gix::Id::detach)
    }

    /// The object that a revision such as `HEAD`, a ref or an id in hex names, if it is present.
    #[must_use]
    pub fn resolve(&self, rev: &BStr) -> Option<ObjectId> {
        let repo = self.local();
        let id = repo.0.rev_parse_single(rev).ok()?.detach();
        repo.has_object(&id).then_some(id)
    }

    /// Whether `id` is a commit of this repository.
    #[must_use]
    pub fn is_commit(&self, id: ObjectId) -> bool {
        let repo = self.local();
        repo.0
            .find_header(id)
            .is_ok_and(|header| header.kind() == ObjectKind::Commit)
    }
}

impl LocalRepository {
    /// Keeps up to this many bytes of objects in memory, and as many of the bases that their deltas
    /// are applied to, so that neither is inflated again.
    pub fn set_cache(&mut self, bytes: usize) {
        self.0.object_cache_size_if_unset(bytes);
        self.0
            .objects
            .set_pack_cache(move || Box::new(MemoryCappedHashmap::new(bytes)));
    }

    /// See [`Repository::git_dir`].
    pub(super) fn git_dir(&self) -> &Path {
        &self.1.git_dir
    }

    /// See [`Repository::common_dir`].
    #[must_use]
    pub fn common_dir(&self) -> &Path {
        self.0.common_dir()
    }

    /// Whether the repository has the object `id`.
    #[must_use]
    pub fn has_object(&self, id: &Oid) -> bool {
        self.0.has_object(id)
    }

    /// See [`Repository::is_partial`].
    pub(super) fn is_partial(&self) -> bool {
        let config = self.0.config_snapshot();
        let is_promisor =
            |name: &str| config.boolean(&format!("remote.{name}.promisor")) == Some(true);
        config.string("extensions.partialClone").is_some()
            || self
                .0
                .remote_names()
                .iter()
                .any(|name| is_promisor(&name.to_string()))
    }
}

/// Opens the repository that `dir` is in, as git would find it from there: `GIT_DIR`,
/// `GIT_WORK_TREE` and `GIT_INDEX_FILE` count, because git sets them for its hooks.
///
/// # Errors
/// If no repository is found, or it cannot be opened.
pub fn discover(dir: &Path) -> Result<Repository, RepoError> {
    refuse(special::find_around(dir))?;
    let environment = Environment {
        git_prefix: Permission::Allow,
        ..Environment::isolated()
    };
    // `GIT_CEILING_DIRECTORIES` may name other folders: git ignores these, and so do we.
    let upwards = upwards::Options {
        match_ceiling_dir_or_error: false,
        ..Default::default()
    };
    let repo = ThreadSafeRepository::discover_with_environment_overrides_opts(
        start_of(dir),
        upwards,
        trust_all(&options(environment)),
    );
    repo.map(Repository::new)
        .map_err(|error| open_error(dir, &error))
}

/// Opens the repository that the user named: a work tree or a directory in it, a linked work tree,
/// a bare repository. The environment is ignored, so that a named repository is not replaced by
/// another one, not even within a hook, where git sets `GIT_DIR`. For the current directory, use
/// [`discover`].
///
/// # Errors
/// If no repository is found, it cannot be opened, or its refs cannot be read.
pub fn open(dir: &Path) -> Result<Repository, RepoError> {
    refuse(special::find_around(dir))?;
    let trust = trust_all(&options(Environment::isolated()));
    let options = upwards::Options::default();
    let repo = ThreadSafeRepository::discover_opts(start_of(dir), options, trust);
    with_readable_refs(repo.map_err(|error| open_error(dir, &error))?)
}

/// Opens the git directory `dir`, and does not search its parents.
///
/// # Errors
/// If it cannot be opened, or its refs cannot be read.
pub fn open_git_dir(dir: &Path) -> Result<Repository, RepoError> {
    refuse(special::find_in(dir))?;
    let options = options(Environment::isolated())
        .open_path_as_is(true)
        .with(Trust::Full);
    let broken = |error: gix::Error| RepoError::Broken {
        path: dir.to_path_buf(),
        problem: error.to_string(),
    };
    with_readable_refs(ThreadSafeRepository::open_opts(dir, options).map_err(broken)?)
}

/// Where the search for a repository begins. gix does not find a bare one at `../repo.git`.
fn start_of(dir: &Path) -> PathBuf {
    let climbs = dir.components().any(|part| part == Component::ParentDir);
    let real = climbs.then(|| dunce::canonicalize(dir).ok()).flatten();
    real.unwrap_or_else(|| dir.to_path_buf())
}

/// The error about a file that is no regular file.
///
/// # Errors
/// If there is one.
pub(super) fn refuse(special: Option<PathBuf>) -> Result<(), RepoError> {
    special.map_or(Ok(()), |path| {
        Err(RepoError::Broken {
            path,
            problem: NOT_REGULAR.to_owned(),
        })
    })
}

fn with_readable_refs(repo: ThreadSafeRepository) -> Result<Repository, RepoError> {
    let repo = Repository::new(repo);
    check_refs(&repo)?;
    Ok(repo)
}

/// Checks that the refs of `repo` can be read as they are stored.
///
/// # Errors
/// If they cannot.
pub fn check_refs(repo: &Repository) -> Result<(), RepoError> {
    match &repo.1.refs {
        Ok(_) => Ok(()),
        Err(problem) => Err(RepoError::Refs {
            path: repo.common_dir().to_path_buf(),
            problem: problem.clone(),
        }),
    }
}

fn open_error(dir: &Path, error: &gix::Error) -> RepoError {
    let path = dir.to_path_buf();
    let absolute = dir.canonicalize().unwrap_or_else(|_| path.clone());
    // Git stops its search here, whether the repository is valid or not.
    let stops = |at: &Path| at.join(".git").is_file() || is_store(&at.join(".git"));
    if absolute.ancestors().any(stops) {
        RepoError::Broken {
            path,
            problem: error.to_string(),
        }
    } else {
        RepoError::NotARepository { path }
    }
}

/// The repository whose work tree `dir` is in; `None` outside of any.
///
/// # Errors
/// If a repository is found that cannot be opened.
pub fn discover_work_tree(dir: &Path) -> Result<Option<Repository>, RepoError> {
    match discover(dir) {
        Ok(repo) => Ok(repo.work_dir().is_some().then_some(repo)),
        Err(RepoError::NotARepository { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether `path` is a git directory named `.git`, or the file of that name that points to one.
/// As for git, a git directory has `HEAD`, `objects` and `refs`; see gitrepository-layout(5).
#[must_use]
pub fn is_store(path: &Path) -> bool {
    let is_pointer = || read_regular(path).is_ok_and(|text| text.starts_with(b"gitdir: "));
    let parts = ["HEAD", "objects", "refs"];
    path.ends_with(".git")
        && match fs::symlink_metadata(path) {
            Ok(data) if data.is_file() => data.len() < 8192 && is_pointer(),
            Ok(_) => parts.iter().all(|part| path.join(part).exists()),
            Err(_) => false,
        }
}

/// The git directory that `path`, a [store](is_store), is or points to, without links in it; `None`
/// if that does not exist.
#[must_use]
pub fn store_of(path: &Path) -> Option<PathBuf> {
    if path.is_dir() {
        return dunce::canonicalize(path).ok();
    }
    let text = read_regular(path).ok()?;
    let target = text.strip_prefix(b"gitdir: ")?.trim_end().to_path().ok()?;
    dunce::canonicalize(path.parent()?.join(target)).ok()
}

/// Uses the same options for repositories of all owners.
fn trust_all(options: &Options) -> trust::Mapping<Options> {
    trust::Mapping {
        full: options.clone(),
        reduced: options.clone(),
    }
}

fn options(environment: Environment) -> Options {
    let limit = format!("gitoxide.objects.allocLimit={MAX_OBJECT}");
    Options::default()
        .permissions(Permissions {
            env: environment,
            ..Permissions::isolated()
        })
        // Replace refs hide the objects that git pushes, and a commit graph repeats what commits
        // say without their ids, so both are ignored.
        .cli_overrides([
            "core.useReplaceRefs=false",
            "core.commitGraph=false",
            &limit,
        ])
}
