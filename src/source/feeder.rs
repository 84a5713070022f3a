//! Feeds single files, links and names on disk to one worker, for the sources that read
//! directories.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use bstr::{BString, ByteVec};

use crate::blob::{Blob, Origin, Skip, SkipReason};

use super::read::Buffer;
use super::{Worker, is_searched_name};

/// One worker of a source, with the buffer that it reads through.
pub(super) struct Feeder<'w> {
    buffer: Buffer,
    pub(super) max_size: Option<u64>,
    pub(super) worker: Box<dyn Worker + 'w>,
}

impl<'w> Feeder<'w> {
    pub(super) fn new(max_size: Option<u64>, worker: Box<dyn Worker + 'w>) -> Self {
        Self {
            buffer: Buffer::default(),
            max_size,
            worker,
        }
    }

    /// Feeds the last name of a path if a credential fits in it; reports show the path as
    /// `display`.
    pub(super) fn name(&mut self, path: &Path, display: BString) {
        if let Some(name) = path.file_name().map(Vec::from_os_str_lossy)
            && is_searched_name(&name)
        {
            let origin = Origin::Name {
                path: display,
                commit: None,
            };
            self.text(&name, origin);
        }
    }

    /// Feeds the content of a file, or skips it if it is too large.
    pub(super) fn file(&mut self, path: &Path, origin: &Origin) -> io::Result<()> {
        match self.open(path, origin)? {
            Some(file) => self.read(file, origin),
            None => Ok(()),
        }
    }

    /// Opens a file, or skips it and returns `None` if it is too large.
    pub(super) fn open(&mut self, path: &Path, origin: &Origin) -> io::Result<Option<File>> {
        if let Some(limit) = self.max_size
            && fs::metadata(path).is_ok_and(|data| data.len() > limit)
        {
            self.skip(origin.path().into(), SkipReason::TooLarge { limit });
            return Ok(None);
        }
        File::open(path).map(Some)
    }

    /// Feeds the target of a link: to git, that is its content.
    pub(super) fn link(&mut self, path: &Path, origin: Origin) -> io::Result<()> {
        let target = fs::read_link(path)?;
        self.text(&Vec::from_path_lossy(&target), origin);
        Ok(())
    }

    /// Feeds everything that `from` gives.
    pub(super) fn read(&mut self, from: impl io::Read, origin: &Origin) -> io::Result<()> {
        self.buffer.feed(from, origin, self.worker.as_mut())
    }

    /// Feeds a text that is in memory.
    pub(super) fn text(&mut self, text: &[u8], origin: Origin) {
        self.worker.blob(Blob::whole(text, origin));
    }

    pub(super) fn skip(&mut self, path: BString, reason: SkipReason) {
        self.worker.skip(Skip { path, reason });
    }
}
