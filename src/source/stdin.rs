//! Feeds standard input as one blob, for `scan -`.

use std::io::Read;
use std::sync::{Mutex, PoisonError};

use bstr::BString;

use crate::blob::{Origin, Skip, SkipReason};

use super::read::Buffer;
use super::{Source, SourceError, Workers};

/// A source of the bytes of a reader, which can be fed once.
pub struct Stdin<R> {
    reader: Mutex<R>,
}

impl<R: Read + Send> Stdin<R> {
    /// Feeds all bytes of `reader` as standard input.
    pub fn new(reader: R) -> Self {
        Self {
            reader: Mutex::new(reader),
        }
    }
}

impl<R: Read + Send> Source for Stdin<R> {
    fn feed<'w>(&self, workers: Workers<'w, '_>) -> Result<(), SourceError> {
        let mut worker = workers();
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = Buffer::default().feed(&mut *reader, &Origin::Stdin, worker.as_mut()) {
            worker.skip(Skip {
                path: BString::from(Origin::Stdin.path()),
                reason: SkipReason::Unreadable(error.to_string()),
            });
        }
        Ok(())
    }
}
