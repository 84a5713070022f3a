//! Opening a repository so that nothing in it can steer us: no programs, no replaced objects, its
//! own configuration only.

pub(crate) mod commit;
pub(crate) mod diff;
pub mod index;
mod layout;
mod quarantine;
pub mod range;
mod read;
mod refs;
mod roots;
pub mod store;
mod tips;
pub(crate) mod tree;

use std::fs;
use std::path::{Path, PathBuf};

use gix::ThreadSafeRepository;
use gix::open::permissions::Environment;
use gix::open::{Options, Permissions};

use crate::text::printable_path;

pub use layout::{is_repository, submodule_repositories, worktrees};
pub use quarantine::{WithObjects, with_objects};
pub use read::{ReadError, unreadable};
pub use refs::Unread;
pub(crate) use refs::{PackedLine, leading_id, packed_lines};
pub use roots::{IndexRoot, Promisor, Root, RootKind, Roots, display_name, roots};
pub use tips::{ids_of_refs, ids_of_remote, resolve};

/// Why a repository cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RepoError {
    /// There is none.
    #[error("{}: not in a git repository", printable_path(path))]
    NotARepository {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// There is one, and it cannot be read.
    #[error(
        "{}: the git repository cannot be opened: {problem}",
        printable_path(path)
    )]
    Broken {
        /// Where it was looked for.
        path: PathBuf,
        /// What git's data look like instead.
        problem: String,
    },
    /// Its refs are in a format that is not read yet.
    #[error(
        "{}: its refs are stored as a reftable, which keysieve cannot read yet",
        printable_path(path)
    )]
    Reftable {
        /// The repository.
        path: PathBuf,
    },
    /// Its refs cannot be read.
    #[error("{}: its refs cannot be read: {problem}", printable_path(path))]
    Refs {
        /// The repository.
        path: PathBuf,
        /// What is wrong with them.
        problem: String,
    },
    /// The objects of a push cannot be read.
    #[error(
        "{}: the objects of the push cannot be read: {problem}",
        printable_path(path)
    )]
    Objects {
        /// Where git keeps them.
        path: PathBuf,
        /// Why not.
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

/// Opens the repository that `dir` lies in, as git would find it from there: `GIT_DIR`,
/// `GIT_WORK_TREE` and `GIT_INDEX_FILE` count, as git sets them for its hooks.
///
/// # Errors
/// Where there is none, or it cannot be opened.
pub fn discover(dir: &Path) -> Result<ThreadSafeRepository, RepoError> {
    let environment = Environment {
        git_prefix: gix::sec::Permission::Allow,
        ..Environment::isolated()
    };
    // `GIT_CEILING_DIRECTORIES` may well speak of other places: git then goes on, and so do we.
    let upwards = gix::discover::upwards::Options {
        match_ceiling_dir_or_error: false,
        ..Default::default()
    };
    ThreadSafeRepository::discover_with_environment_overrides_opts(
        dir,
        upwards,
        trusting(&options(environment)),
    )
    .map_err(|error| not_opened(dir, &error))
}

/// Opens the repository that somebody named: a work tree or a directory in it, a linked work tree,
/// a bare repository. The environment has no say: whoever names one must not be shown another, not
/// even within a hook, where git sets `GIT_DIR`. For the place where one stands, named by nobody,
/// there is [`discover`].
///
/// # Errors
/// Where there is none, it cannot be opened, or its refs cannot be read.
pub fn open(dir: &Path) -> Result<ThreadSafeRepository, RepoError> {
    let trust = trusting(&options(Environment::isolated()));
    let repo =
        ThreadSafeRepository::discover_opts(dir, gix::discover::upwards::Options::default(), trust)
            .map_err(|error| not_opened(dir, &error))?;
    readable(repo)
}

/// Opens the git directory `dir`, and no other: where it cannot be opened, none around it is taken
/// for it.
///
/// # Errors
/// Where it cannot be opened, or its refs cannot be read.
pub fn open_git_dir(dir: &Path) -> Result<ThreadSafeRepository, RepoError> {
    let options = options(Environment::isolated())
        .open_path_as_is(true)
        .with(gix::sec::Trust::Full);
    let broken = |error: gix::Error| RepoError::Broken {
        path: dir.to_path_buf(),
        problem: error.to_string(),
    };
    readable(ThreadSafeRepository::open_opts(dir, options).map_err(broken)?)
}

fn readable(repo: ThreadSafeRepository) -> Result<ThreadSafeRepository, RepoError> {
    check_refs(&repo.to_thread_local())?;
    Ok(repo)
}

/// Whether the refs of `repo` are in a format that can be read.
///
/// # Errors
/// Where they are not.
pub fn check_refs(repo: &gix::Repository) -> Result<(), RepoError> {
    let common = repo.common_dir();
    if is_reftable(common) {
        Err(RepoError::Reftable {
            path: common.to_path_buf(),
        })
    } else {
        Ok(())
    }
}

fn not_opened(dir: &Path, error: &gix::Error) -> RepoError {
    let path = dir.to_path_buf();
    let absolute = dir.canonicalize().unwrap_or_else(|_| path.clone());
    // Where git would stop looking, whatever it then makes of it.
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

/// Whether the repository whose shared part is at `common` keeps its refs as a reftable.
fn is_reftable(common: &Path) -> bool {
    common.join("reftable").is_dir()
}

/// The repository whose work tree `dir` lies in; `None` outside of any.
///
/// # Errors
/// Where there is a repository that cannot be opened.
pub fn discover_work_tree(dir: &Path) -> Result<Option<ThreadSafeRepository>, RepoError> {
    match discover(dir) {
        Ok(repo) => Ok(repo.work_dir().is_some().then_some(repo)),
        Err(RepoError::NotARepository { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the current branch has no commit yet. Where that cannot be told, it is taken to have
/// some.
#[must_use]
pub fn has_no_commit(repo: &ThreadSafeRepository) -> bool {
    repo.to_thread_local()
        .head()
        .is_ok_and(|head| head.is_unborn())
}

/// Whether `path` is where a repository keeps its objects, `.git`, or the file of that name that
/// leads there. As for git, a directory is one that has `HEAD`, `objects` and `refs`; see
/// gitrepository-layout(5).
#[must_use]
pub fn is_store(path: &Path) -> bool {
    let leads_there = || fs::read(path).is_ok_and(|text| text.starts_with(b"gitdir: "));
    let parts = ["HEAD", "objects", "refs"];
    path.ends_with(".git")
        && match fs::symlink_metadata(path) {
            Ok(data) if data.is_file() => data.len() < 8192 && leads_there(),
            Ok(_) => parts.iter().all(|part| path.join(part).exists()),
            Err(_) => false,
        }
}

/// The same for everybody's repositories: none may steer us, whoever owns it.
fn trusting(options: &Options) -> gix::sec::trust::Mapping<Options> {
    gix::sec::trust::Mapping {
        full: options.clone(),
        reduced: options.clone(),
    }
}

/// Whether the clone left out objects on purpose, which git then fetches when it wants them. We
/// never do.
#[must_use]
pub fn is_partial(repo: &gix::Repository) -> bool {
    let config = repo.config_snapshot();
    let promises = |name: &str| config.boolean(&format!("remote.{name}.promisor")) == Some(true);
    config.string("extensions.partialClone").is_some()
        || repo
            .remote_names()
            .iter()
            .any(|name| promises(&name.to_string()))
}

fn options(environment: Environment) -> Options {
    Options::default()
        .permissions(Permissions {
            env: environment,
            ..Permissions::isolated()
        })
        // An object that a replace ref stands in for is the object that git pushes.
        .cli_overrides(["core.useReplaceRefs=false"])
}
