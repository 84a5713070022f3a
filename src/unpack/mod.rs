//! Unpacks containers, such as archives and compressed files, for the engine: bytes in, the entries
//! of all nested containers out, within one budget.
//!
//! A container is recognised by its content, never by its name. Nothing is written to disk, and the
//! path of an entry is used only to show it. Every byte of a container reaches the sink, decoded or
//! as it is, except for headers and checksums.

mod ar;
mod budget;
mod bundle;
mod compress;
mod cpio;
pub mod delta;
mod exact;
mod inflate;
mod lzma;
mod number;
mod pdf;
mod peek;
mod png;
mod sqlite;
mod tar;
mod walk;
mod zip;

use std::error::Error;
use std::io::{self, Read};

use bstr::BStr;

use budget::Budget;
use walk::{Format, Reader, Walk};

/// How many bytes of a blob decide whether it is a container.
pub const FIRST: usize = 1024;

/// What is done with the content of a container.
pub trait Sink {
    /// Takes one entry that is not a container itself.
    ///
    /// `path` has the names from the outermost container inwards, joined with `!`:
    /// `lib/b.jar!config.properties`. A name that the container does not have is left out; if none
    /// is left, `path` is `content`. Names are as in the container: they may be absolute, contain
    /// `..` or any bytes, and repeat.
    ///
    /// # Errors
    ///
    /// An error of `content` is passed on: it is reported as a problem. Any other error ends the
    /// unpacking.
    fn entry(&mut self, path: &BStr, content: &mut dyn Read) -> io::Result<()>;

    /// Takes note of what could not be unpacked. `path` is as in [`Sink::entry`], but empty for the
    /// outermost container itself.
    fn problem(&mut self, path: &BStr, problem: Problem);
}

/// How much is unpacked of one blob, with all containers in it. Work is limited by bytes, not by
/// time, so that the same blob gives the same result on each machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that decompression and entries of zip archives produce; 1 GiB by default.
    pub bytes: u64,
    /// How many times the size of the blob `bytes` may be; 250 by default.
    pub ratio: u64,
    /// Bytes that may be produced whatever the ratio is; 64 MiB by default.
    pub free_bytes: u64,
    /// Entries, those that are containers included; a million by default.
    pub entries: u64,
    /// Containers in each other, the outermost included; 8 by default.
    pub depth: usize,
    /// Bytes of memory, for the windows of decompressors, and for containers in containers that
    /// cannot be read as a stream; 160 MiB by default.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 1 << 30,
            ratio: 250,
            free_bytes: 64 << 20,
            entries: 1_000_000,
            depth: 8,
            memory: 160 << 20,
        }
    }
}

/// Why something in a container was not unpacked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Problem {
    /// The budget of bytes is spent.
    #[error("unpacks to more than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// It produces far more bytes than it has.
    #[error("unpacks to more than {limit} times its size")]
    TooDense {
        /// The limit.
        limit: u64,
    },
    /// The budget of entries is spent.
    #[error("has more than {limit} entries")]
    TooManyEntries {
        /// The limit.
        limit: u64,
    },
    /// A container in too many containers. Its bytes are taken as they are.
    #[error("is in more than {limit} containers")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// It cannot be unpacked with the memory that is allowed.
    #[error("needs too much memory to unpack")]
    TooMuchMemory,
    /// It is encrypted.
    #[error("is encrypted")]
    Encrypted,
    /// Compressed in a way that is not known here.
    #[error("uses a compression that cannot be read: {0}")]
    UnknownCompression(String),
    /// It ends too early. What is left was unpacked.
    #[error("is truncated")]
    Truncated,
    /// It is not as its format asks for. What could be read was unpacked.
    #[error("is corrupt: {0}")]
    Corrupt(String),
    /// An object of git as a delta of one that the bundle does not have.
    #[error("is a delta of an object that the bundle does not have")]
    MissingBase,
    /// More problems in the same blob, which are not reported one by one.
    #[error("has {0} more problems like these")]
    More(u64),
}

impl Problem {
    fn corrupt(what: &str) -> Self {
        Self::Corrupt(what.to_owned())
    }
}

const ZIP: Format = Format {
    is: zip::is_zip,
    read: Reader::Whole(zip::read),
};

/// All formats. The first one that recognises a content reads it.
const FORMATS: &[Format] = &[
    Format {
        is: compress::is_gzip,
        read: Reader::Stream(compress::gzip),
    },
    Format {
        is: compress::is_bzip2,
        read: Reader::Stream(compress::bzip2),
    },
    Format {
        is: compress::is_xz,
        read: Reader::Stream(compress::xz),
    },
    Format {
        is: compress::is_zstd,
        read: Reader::Stream(compress::zstd),
    },
    ZIP,
    Format {
        is: tar::is_tar,
        read: Reader::Stream(tar::read),
    },
    Format {
        is: ar::is_ar,
        read: Reader::Stream(ar::read),
    },
    Format {
        is: cpio::is_cpio,
        read: Reader::Stream(cpio::read),
    },
    Format {
        is: bundle::is_bundle,
        read: Reader::Whole(bundle::read),
    },
    Format {
        is: sqlite::is_sqlite,
        read: Reader::Whole(sqlite::read),
    },
    Format {
        is: pdf::is_pdf,
        read: Reader::Whole(pdf::read),
    },
    Format {
        is: png::is_png,
        read: Reader::Whole(png::read),
    },
    Format {
        is: compress::is_zlib,
        read: Reader::Stream(compress::zlib),
    },
    Format {
        is: lzma::is_lzma,
        read: Reader::Stream(lzma::read),
    },
];

/// Whether a blob that begins with `first`, its first [`FIRST`] bytes or more, is a container.
#[must_use]
pub fn is_container(first: &[u8]) -> bool {
    whole_format_of(first).is_some()
}

/// Whether a blob that begins with `first` may be a program, an image or a document behind which an
/// archive is. Only all of it shows that.
#[must_use]
pub fn may_precede_archive(first: &[u8]) -> bool {
    const MAGICS: [&[u8]; 6] = [b"#!", b"MZ", b"\x7fELF", b"GIF8", b"\xff\xd8\xff", b"%PDF"];
    MAGICS.iter().any(|magic| first.starts_with(magic))
}

/// Feeds what is in the container `bytes`, nested containers included, to `sink`. What is not a
/// container is not fed.
pub fn unpack(bytes: &[u8], limits: &Limits, sink: &mut dyn Sink) {
    if let Some(format) = whole_format_of(bytes) {
        let budget = Budget::new(limits, bytes.len());
        Walk::new(format_of, &budget, sink).outermost(format, bytes);
    }
}

/// The format of a blob that is in memory. What precedes an archive is an entry of it.
fn whole_format_of(bytes: &[u8]) -> Option<&'static Format> {
    let format = format_of(bytes);
    let may_precede = format.is_none() || may_precede_archive(bytes);
    if may_precede && zip::is_at_end(bytes) {
        return Some(&ZIP);
    }
    format
}

fn format_of(bytes: &[u8]) -> Option<&'static Format> {
    let first = &bytes[..bytes.len().min(FIRST)];
    FORMATS.iter().find(|format| (format.is)(first))
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(problem) => problem,
            Err(error) if error.kind() == io::ErrorKind::OutOfMemory => Self::TooMuchMemory,
            Err(error) if is_end(&error) => Self::Truncated,
            // The texts of decoders change from version to version.
            Err(_) => Self::corrupt("it cannot be decompressed"),
        }
    }
}

/// Whether an error, or one that it wraps, is the end of the input.
fn is_end(error: &(dyn Error + 'static)) -> bool {
    let end = io::ErrorKind::UnexpectedEof;
    let io_error = error.downcast_ref::<io::Error>();
    io_error.is_some_and(|error| error.kind() == end) || error.source().is_some_and(is_end)
}

impl From<Problem> for io::Error {
    fn from(problem: Problem) -> Self {
        Self::other(problem)
    }
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
