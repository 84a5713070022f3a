//! Loose objects: one file each, compressed, named by its id; see gitrepository-layout(5).

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::ZlibDecoder;
use gix::ObjectId;
use gix::hash::Kind as HashKind;

use super::walk::{Exactly, MAX_HELD, STREAMED};
use super::{Kind, Object, ObjectIndex, Problem, Visit};

/// A loose object: its id, and the folder of objects that it lies in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loose {
    /// Its id.
    pub id: ObjectId,
    folder: PathBuf,
}

impl Loose {
    /// The loose objects in a folder of objects, and whatever else lies among them and is none:
    /// what an interrupted git left.
    ///
    /// # Errors
    /// Where a folder cannot be read.
    pub fn list(objects: &Path, hash: HashKind) -> io::Result<(Vec<Self>, Vec<PathBuf>)> {
        let (mut found, mut odd) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(objects)? {
            let folder = entry?.path();
            let Some(head) = folder.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            if head.len() != 2
                || !head.bytes().all(|byte| byte.is_ascii_hexdigit())
                || !folder.is_dir()
            {
                odd.extend(head.starts_with("tmp_obj").then(|| folder.clone()));
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
                        folder: objects.to_path_buf(),
                    }),
                    _ => odd.push(path),
                }
            }
        }
        found.sort();
        Ok((found, odd))
    }

    /// Reads the object and hands it to `visit`.
    pub fn read<V: Visit>(&self, number: ObjectIndex, visit: &mut V) {
        if let Err(problem) = self.try_read(number, visit) {
            visit.broken(number, problem);
        }
    }

    /// Opens the object: its kind, its size, and its content.
    fn open(&self) -> Result<(Kind, usize, impl Read + use<>), Problem> {
        let hex = self.id.to_string();
        let path = self.folder.join(&hex[..2]).join(&hex[2..]);
        // Opening a named pipe would wait for ever.
        let file = path
            .is_file()
            .then(|| File::open(path).ok())
            .flatten()
            .ok_or(Problem::Inflate)?;
        let mut content = ZlibDecoder::new(BufReader::new(file));
        let (kind, size) = header(&mut content)?;
        Ok((kind, size, content))
    }

    /// The kind of the object.
    ///
    /// # Errors
    /// Where it does not begin as an object does.
    pub fn kind(&self) -> Result<Kind, Problem> {
        self.open().map(|(kind, ..)| kind)
    }

    fn try_read<V: Visit>(&self, number: ObjectIndex, visit: &mut V) -> Result<(), Problem> {
        let (kind, size, content) = self.open()?;
        if size > MAX_HELD && kind != Kind::Blob {
            return Err(Problem::TooLarge);
        }
        let mut hasher = gix::hash::hasher(self.id.kind());
        hasher.update(&gix::objs::encode::loose_header(kind, size as u64));
        let mut content = Hashing {
            from: Exactly {
                from: content,
                left: size,
            },
            hasher,
        };
        if size > STREAMED && kind == Kind::Blob {
            visit
                .stream(number, &mut content)
                .map_err(|_| Problem::Inflate)?;
        } else {
            // Nobody is believed a size: what is there is read.
            let mut bytes = Vec::with_capacity(size.min(STREAMED));
            content
                .read_to_end(&mut bytes)
                .map_err(|_| Problem::Inflate)?;
            visit.object(
                Object {
                    number,
                    kind,
                    bytes: &bytes,
                    is_base: false,
                },
                None,
            );
        }
        match content.hasher.try_finalize() {
            Ok(id) if id == self.id => Ok(()),
            _ => Err(Problem::OtherId),
        }
    }
}

/// Reads `blob 123` and the zero byte behind it.
fn header(content: &mut impl Read) -> Result<(Kind, usize), Problem> {
    let mut text = Vec::new();
    let mut byte = [0];
    loop {
        content
            .read_exact(&mut byte)
            .map_err(|_| Problem::Inflate)?;
        match byte[0] {
            0 => break,
            // No header is longer: the longest word, a blank, and the digits of 64 bits.
            _ if text.len() == 27 => return Err(Problem::Header),
            other => text.push(other),
        }
    }
    let text = std::str::from_utf8(&text).map_err(|_| Problem::Header)?;
    let (kind, size) = text.split_once(' ').ok_or(Problem::Header)?;
    let kind = Kind::from_bytes(kind.as_bytes()).map_err(|_| Problem::Header)?;
    Ok((kind, size.parse().map_err(|_| Problem::Header)?))
}

/// Hashes what is read.
struct Hashing<R> {
    from: R,
    hasher: gix::hash::Hasher,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.from.read(buffer)?;
        self.hasher.update(&buffer[..len]);
        Ok(len)
    }
}
