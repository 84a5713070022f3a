//! Lists what to scan and feeds it to workers as blobs. A source does not know what is searched
//! for.

mod changes;
mod commits;
mod feeder;
mod files;
mod git_dir;
mod lfs;
mod message;
mod names;
mod push;
mod read;
mod removed;
mod staged;
mod stdin;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::blob::{Blob, Skip};
use crate::git::index::IndexError;
use crate::git::{ReadError, RepoError};
use crate::text::printable_path;

pub use commits::Range;
pub use files::Files;
pub use git_dir::GitDir;
pub use message::Message;
pub use names::is_searched_name;
pub(crate) use names::path_names;
pub use push::Push;
pub use read::{Buffer, parts};
pub use staged::Staged;
pub use stdin::Stdin;

/// Something that feeds blobs to workers.
pub trait Source: Sync {
    /// Feeds every blob to a worker, and everything else in scope as a [`Skip`]. The source decides
    /// how many workers it needs; each is used by one thread at a time.
    ///
    /// # Errors
    /// If nothing can be fed. Problems with single blobs are skips.
    fn feed<'w>(&self, workers: Workers<'w, '_>) -> Result<(), SourceError>;
}

/// Makes workers, one for each thread of a source.
pub type Workers<'w, 'm> = &'m (dyn Fn() -> Box<dyn Worker + 'w> + Sync);

/// Takes what a source feeds. The parts of a blob go to one worker, in order, with nothing between
/// them.
pub trait Worker: Send {
    /// Takes a blob, or the next part of one.
    fn blob(&mut self, blob: Blob<'_>);
    /// Records what was not scanned.
    fn skip(&mut self, skip: Skip);
    /// Records how many entries git's ignore rules left out.
    fn left_out(&mut self, entries: u64);
}

/// Below this many blobs, more threads cost more time than they save.
const WORTH_THREADS: usize = 24;

/// Does `work` in a pool of `jobs` threads.
pub fn in_pool<T: Send>(jobs: usize, work: impl FnOnce() -> T + Send) -> T {
    match rayon::ThreadPoolBuilder::new().num_threads(jobs).build() {
        Ok(pool) => pool.install(work),
        // If no threads can be started, those of the process do the work.
        Err(_) => work(),
    }
}

/// Does `work` with every item in a pool of `jobs` threads, each of which has its own state.
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
    /// An object or the index cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file cannot be read.
    #[error("{}: {problem}", printable_path(path))]
    File {
        /// The file.
        path: PathBuf,
        /// Why it cannot be read.
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
