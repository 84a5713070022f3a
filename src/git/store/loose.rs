//! Reads loose objects for the store: one compressed file each, named by its id; see
//! gitrepository-layout(5).

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::ZlibDecoder;
use gix::ObjectId;
use gix::hash::Kind as HashKind;

use super::Kind;
use super::inflate::ExactReader;
use super::visit::{MAX_HELD, Object, ObjectIndex, Problem, STREAMED, Visit};
use crate::fs::open_regular;

/// Length of the longest header, in bytes: the longest kind, a space, and the digits of a 64-bit
/// number.
const MAX_HEADER: usize = 27;

/// Whether this is the name of a folder of loose objects: the first byte of their ids.
pub(crate) fn is_folder_name(name: &[u8]) -> bool {
    name.len() == 2 && name.iter().all(u8::is_ascii_hexdigit)
}

/// Whether git gives such a name to a file or directory of objects until it is complete. What a
/// push sends is in a directory until the push is accepted.
pub(crate) fn is_temporary(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(b"tmp_") || name.starts_with(b"incoming-")
}

/// A loose object: its id, and the directory of objects that has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LooseObject {
    pub(super) id: ObjectId,
    directory: PathBuf,
}

impl LooseObject {
    /// Lists the loose objects in a directory of objects, and the files among them that are not
    /// objects: an interrupted git command leaves such files.
    pub(super) fn list(objects: &Path, hash: HashKind) -> io::Result<(Vec<Self>, Vec<PathBuf>)> {
        let mut found = Vec::new();
        let mut leftovers = Vec::new();
        for entry in fs::read_dir(objects)? {
            let entry = entry?;
            let folder = entry.path();
            let head = entry.file_name();
            if is_temporary(&head) {
                leftovers.push(folder);
                continue;
            }
            let Some(head) = head.to_str().filter(|head| is_folder_name(head.as_bytes())) else {
                continue;
            };
            let kind = entry.file_type()?;
            if !kind.is_dir() {
                // A link could lead anywhere, and there are no objects in a file.
                leftovers.push(folder);
                continue;
            }
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                let tail = path
                    .file_name()
                    .and_then(|name| name.to_str())
                    .unwrap_or_default();
                match ObjectId::from_hex(format!("{head}{tail}").as_bytes()) {
                    Ok(id) if id.kind() == hash => found.push(Self {
                        id,
                        directory: objects.to_path_buf(),
                    }),
                    _ => leftovers.push(path),
                }
            }
        }
        found.sort();
        Ok((found, leftovers))
    }

    /// Reads the object and hands it to `visit`.
    pub(super) fn read<V: Visit>(&self, number: ObjectIndex, visit: &mut V) {
        if let Err(problem) = self.try_read(number, visit) {
            visit.broken(number, problem);
        }
    }

    /// The kind of the object.
    pub(super) fn kind(&self) -> Result<Kind, Problem> {
        self.open().map(|(kind, ..)| kind)
    }

    /// Opens the object: its kind, its declared size, and its content.
    fn open(&self) -> Result<(Kind, usize, ZlibDecoder<BufReader<File>>), Problem> {
        let hex = self.id.to_string();
        let path = self.directory.join(&hex[..2]).join(&hex[2..]);
        let file = open_regular(&path).map_err(|_| Problem::Inflate)?;
        let mut content = ZlibDecoder::new(BufReader::new(file));
        let (kind, size) = read_header(&mut content)?;
        Ok((kind, size, content))
    }

    fn try_read<V: Visit>(&self, number: ObjectIndex, visit: &mut V) -> Result<(), Problem> {
        let (kind, size, mut packed) = self.open()?;
        if size > MAX_HELD && kind != Kind::Blob {
            return Err(Problem::TooLarge);
        }
        let mut hasher = gix::hash::hasher(self.id.kind());
        hasher.update(&gix::objs::encode::loose_header(kind, size as u64));
        let mut content = HashingReader {
            from: ExactReader::new(&mut packed, size),
            hasher,
        };
        if size > STREAMED && kind == Kind::Blob {
            visit
                .stream(number, &mut content)
                .map_err(|_| Problem::Inflate)?;
        } else {
            // Do not trust the declared size for allocation.
            let mut bytes = Vec::with_capacity(size.min(STREAMED));
            content
                .read_to_end(&mut bytes)
                .map_err(|_| Problem::Inflate)?;
            let object = Object {
                number,
                kind,
                bytes: &bytes,
                is_base: false,
            };
            visit.object(object, None);
        }
        match content.hasher.try_finalize() {
            Ok(id) if id == self.id => {}
            _ => return Err(Problem::IdMismatch),
        }
        let rest = packed.get_mut().fill_buf().map_err(|_| Problem::Inflate)?;
        if rest.is_empty() {
            Ok(())
        } else {
            Err(Problem::Trailing)
        }
    }
}

/// Reads `blob 123` and the zero byte after it.
fn read_header(content: &mut impl Read) -> Result<(Kind, usize), Problem> {
    let mut header = Vec::new();
    let mut byte = [0];
    loop {
        content
            .read_exact(&mut byte)
            .map_err(|_| Problem::Inflate)?;
        match byte[0] {
            0 => break,
            _ if header.len() == MAX_HEADER => return Err(Problem::Header),
            other => header.push(other),
        }
    }
    let text = std::str::from_utf8(&header).map_err(|_| Problem::Header)?;
    let (kind, size) = text.split_once(' ').ok_or(Problem::Header)?;
    let kind = Kind::from_bytes(kind.as_bytes()).map_err(|_| Problem::Header)?;
    Ok((kind, size.parse().map_err(|_| Problem::Header)?))
}

/// Hashes what is read.
struct HashingReader<R> {
    from: R,
    hasher: gix::hash::Hasher,
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.from.read(buffer)?;
        self.hasher.update(&buffer[..len]);
        Ok(len)
    }
}
