//! Sources: where blobs come from. A source knows nothing of what is looked for in them.

pub(crate) mod changes;
mod commits;
mod files;
mod git_dir;
pub(crate) mod moved;
mod push;
mod read;
mod staged;
mod stream;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::blob::{Blob, Skip};
use crate::git::index::IndexError;
use crate::git::{ReadError, RepoError};
use crate::text::printable_path;

pub use commits::Range;
pub use files::Files;
pub use git_dir::GitDir;
pub use push::Push;
pub use read::{Buffer, parts};
pub use staged::Staged;
pub use stream::{Message, Stream};

/// Something that feeds blobs to workers.
pub trait Source: Sync {
    /// Feeds every blob to a worker, and says of everything else in scope why it was skipped. The
    /// source decides how many workers it needs; each is used by one thread at a time.
    ///
    /// # Errors
    /// Where not even a part can be fed. What concerns single blobs is a [`Skip`].
    fn feed<'w>(&self, workers: Workers<'w, '_>) -> Result<(), SourceError>;
}

/// Makes workers, one for each thread of a source.
pub type Workers<'w, 'm> = &'m (dyn Fn() -> Box<dyn Worker + 'w> + Sync);

/// Takes what a source feeds. A blob in several parts goes to one worker, in order, with nothing
/// between.
pub trait Worker: Send {
    /// Takes a blob, or the next part of one.
    fn blob(&mut self, blob: Blob<'_>);
    /// Takes note of what was not scanned.
    fn skip(&mut self, skip: Skip);
    /// Takes note that git's ignore rules left out so many entries.
    fn left_out(&mut self, entries: u64);
}

/// Names shorter than this are not looked at by themselves: no format of a credential that could
/// stand in a name is shorter, and a look at every name of a tree would cost as much as a look at a
/// tenth of its bytes.
pub const MIN_NAME: usize = 20;

/// Whether a name is searched for secrets by itself: a component of a path, or the name of a ref.
#[must_use]
pub const fn is_searched_name(name: &[u8]) -> bool {
    name.len() >= MIN_NAME
}

/// Below this many blobs, more threads cost more than they bring.
const WORTH_THREADS: usize = 24;

/// Does `work` in a pool of `jobs` threads.
pub fn in_pool<T: Send>(jobs: usize, work: impl FnOnce() -> T + Send) -> T {
    match rayon::ThreadPoolBuilder::new().num_threads(jobs).build() {
        Ok(pool) => pool.install(work),
        // Where no threads are to be had, those of the process serve as well.
        Err(_) => work(),
    }
}

/// Does `work` with every item in a pool of `jobs` threads, each of which has one state of its own.
fn each_in_pool<T: Sync, S>(
    jobs: usize,
    items: &[T],
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &T) + Sync,
) {
    let next = AtomicUsize::new(0);
    in_pool(jobs, || {
        rayon::broadcast(|_| {
            let mut state = state();
            while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                work(&mut state, item);
            }
        });
    });
}

/// Why a source cannot feed anything.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The repository cannot be used.
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// What git keeps cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file cannot be read.
    #[error("{}: {problem}", printable_path(path))]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

impl From<IndexError> for SourceError {
    fn from(error: IndexError) -> Self {
        match error {
            IndexError::Repo(error) => Self::Repo(error),
            IndexError::Read(error) => Self::Read(error),
        }
    }
}
