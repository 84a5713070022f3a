//! Refs as a repository keeps them: files below `refs/`, files in the git directory itself, and
//! `packed-refs`.
//!
//! gix passes over refs whose name it takes for broken, over links, and over other work trees. Here
//! all of them count, since objects are reached from them just the same.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use bstr::{BStr, BString, ByteSlice, ByteVec};
use gix::ObjectId;
use gix::hash::Kind;

use super::layout::joined;
use super::roots::Unread;

/// No ref needs more, in bytes: a longer one is broken.
const MAX_REF: u64 = 8192;

/// How many symbolic refs may lead to one another; git's own limit.
const MAX_STEPS: usize = 5;

/// What a ref says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// It leads to an object.
    Id(ObjectId),
    /// It stands for another ref, which need not exist.
    Symbolic(BString),
}

/// The refs of one place: those that all work trees share, or those of a single one.
#[derive(Debug, Default)]
pub(super) struct Refs {
    /// By full name.
    pub(super) values: BTreeMap<BString, Value>,
    /// What could not be read.
    pub(super) unread: Vec<Unread>,
}

impl Refs {
    /// Those below `refs/` in `dir`, and those in its `packed-refs`; a file counts before a packed
    /// line.
    pub(super) fn read(dir: &Path, hash: Kind) -> Self {
        let mut refs = Self::default();
        refs.read_packed(dir, hash);
        let files = Files::below(&dir.join("refs"), "refs");
        refs.unread.extend(files.unread);
        for (name, path) in files.found {
            match read_file(&path, hash) {
                Ok(Some(value)) => drop(refs.values.insert(name, value)),
                Ok(None) => refs.unread.push(Unread::new(
                    name,
                    "a ref that leads nowhere; 'git fsck' tells more",
                )),
                // Deleted or packed in this very moment.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => refs.unread.push(Unread::new(name, error)),
            }
        }
        refs
    }

    fn read_packed(&mut self, dir: &Path, hash: Kind) {
        let text = match fs::read(dir.join("packed-refs")) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return,
            Err(error) => return self.unread.push(Unread::new("packed-refs", error)),
        };
        for (number, line) in (1..).zip(packed_lines(&text, hash)) {
            match line {
                PackedLine::Ref { id, name } if !id.is_null() => {
                    self.values.insert(name.to_owned(), Value::Id(id));
                }
                PackedLine::Ref { .. } | PackedLine::Other => {
                    self.unread.push(Unread::new(
                        "packed-refs",
                        format!("line {number} names no ref and its object"),
                    ));
                }
                PackedLine::Peeled | PackedLine::Comment => {}
            }
        }
    }
}

/// The object that `value` leads to, through symbolic refs that the first of `places` with such a
/// name has. `Ok(None)` where a ref on the way does not exist, as before a first commit.
pub(super) fn resolve(value: &Value, places: &[&Refs]) -> Result<Option<ObjectId>, String> {
    let mut value = value;
    for _ in 0..=MAX_STEPS {
        match value {
            Value::Id(id) => return Ok(Some(*id)),
            Value::Symbolic(name) => match places.iter().find_map(|refs| refs.values.get(name)) {
                Some(next) => value = next,
                None => return Ok(None),
            },
        }
    }
    Err("a symbolic ref that never ends".to_owned())
}

/// A line of `packed-refs`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PackedLine<'a> {
    /// A ref and its object.
    Ref {
        /// The object.
        id: ObjectId,
        /// The full name.
        name: &'a BStr,
    },
    /// What the tag on the line above stands for.
    Peeled,
    /// How the file was written.
    Comment,
    /// Nothing that git would write.
    Other,
}

/// The lines of `packed-refs`.
pub(crate) fn packed_lines(text: &[u8], hash: Kind) -> impl Iterator<Item = PackedLine<'_>> {
    text.lines().map(move |line| match line.first() {
        Some(b'#') => PackedLine::Comment,
        Some(b'^') => {
            leading_id(&line[1..], hash).map_or(PackedLine::Other, |_| PackedLine::Peeled)
        }
        _ => match leading_id(line, hash) {
            Some((id, [b' ', name @ ..])) if !name.is_empty() => PackedLine::Ref {
                id,
                name: name.as_bstr(),
            },
            _ => PackedLine::Other,
        },
    })
}

/// What the file of a ref says; `None` where that leads nowhere.
pub(super) fn read_file(path: &Path, hash: Kind) -> io::Result<Option<Value>> {
    // An old form of a symbolic ref: a link to the other one's file.
    if let Ok(target) = fs::read_link(path).map(|target| Vec::from_path_lossy(&target).into_owned())
        && target.starts_with(b"refs/")
    {
        return Ok(Some(Value::Symbolic(target.into())));
    }
    let mut text = Vec::new();
    File::open(path)?.take(MAX_REF).read_to_end(&mut text)?;
    Ok(parse(&text, hash))
}

/// What the text of a ref says.
pub(super) fn parse(text: &[u8], hash: Kind) -> Option<Value> {
    match text.strip_prefix(b"ref:") {
        Some(name) => Some(name.trim())
            .filter(|name| !name.is_empty())
            .map(|name| Value::Symbolic(name.into())),
        None => leading_id(text, hash)
            .filter(|(id, _)| !id.is_null())
            .map(|(id, _)| Value::Id(id)),
    }
}

/// The id that `text` begins with, and what follows it: nothing, or white space first.
pub(crate) fn leading_id(text: &[u8], hash: Kind) -> Option<(ObjectId, &[u8])> {
    let (hex, rest) = text.split_at_checked(hash.len_in_hex())?;
    let id = ObjectId::from_hex(hex).ok()?;
    rest.first()
        .is_none_or(u8::is_ascii_whitespace)
        .then_some((id, rest))
}

/// Files in a tree of directories whose places are names of refs: `refs` itself, or `logs`.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Names and files, sorted.
    pub(super) found: BTreeMap<BString, PathBuf>,
    /// What could not be read.
    pub(super) unread: Vec<Unread>,
    /// Linked directories that were gone into: each once, so that no circle holds us.
    linked: HashSet<PathBuf>,
}

impl Files {
    /// What is below `dir`, whose own name is `name`. Links are followed, as git does: a work tree
    /// may share its refs with another repository that way.
    pub(super) fn below(dir: &Path, name: &str) -> Self {
        let mut files = Self::default();
        let mut open = vec![(dir.to_path_buf(), BString::from(name))];
        while let Some((dir, name)) = open.pop() {
            if let Err(error) = files.list(&dir, name.as_bstr(), &mut open)
                && error.kind() != ErrorKind::NotFound
            {
                files.unread.push(Unread::new(name, error));
            }
        }
        files
    }

    fn list(
        &mut self,
        dir: &Path,
        above: &BStr,
        open: &mut Vec<(PathBuf, BString)>,
    ) -> io::Result<()> {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let part = Vec::from_os_str_lossy(&entry.file_name()).into_owned();
            // Neither is a ref to git: notes of file managers, and locks.
            if part.starts_with(b".") || part.ends_with(b".lock") {
                continue;
            }
            let separator: &[u8] = if above.is_empty() { b"" } else { b"/" };
            let name = joined(&[above, separator, &part]);
            let path = entry.path();
            let link = entry.file_type()?.is_symlink();
            match fs::metadata(&path) {
                Ok(data) if data.is_dir() => {
                    if !link || self.linked.insert(path.canonicalize()?) {
                        open.push((path, name));
                    } else {
                        self.unread.push(Unread::new(
                            name,
                            "a link to a directory that another link leads to already",
                        ));
                    }
                }
                Ok(data) if !data.is_file() => {
                    self.unread.push(Unread::new(name, "not a regular file"));
                }
                Err(error) if !link && error.kind() == ErrorKind::NotFound => {}
                Err(error) if !link => self.unread.push(Unread::new(name, error)),
                // A link that leads nowhere may still be a symbolic ref.
                _ => drop(self.found.insert(name, path)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn a_ref_says_an_id_or_a_name() {
        let id = Value::Id(ObjectId::from_hex(ID.as_bytes()).unwrap());
        for text in [
            ID.to_owned(),
            format!("{ID}\n"),
            format!("{ID}\tmore of it\nand more"),
        ] {
            assert_eq!(
                parse(text.as_bytes(), Kind::Sha1),
                Some(id.clone()),
                "{text:?}"
            );
        }
        for text in [
            "ref: refs/heads/a b\n",
            "ref:refs/heads/a b",
            "ref:\trefs/heads/a b \n",
        ] {
            assert_eq!(
                parse(text.as_bytes(), Kind::Sha1),
                Some(Value::Symbolic("refs/heads/a b".into())),
                "{text:?}"
            );
        }
        for text in [
            "",
            "ref:",
            "ref: \n",
            &ID[1..],
            &format!("{ID}0"),
            &"0".repeat(40),
            "garbage",
        ] {
            assert_eq!(parse(text.as_bytes(), Kind::Sha1), None, "{text:?}");
        }
        assert_eq!(parse(ID.as_bytes(), Kind::Sha256), None);
    }

    #[test]
    fn lines_of_packed_refs() {
        let id = ObjectId::from_hex(ID.as_bytes()).unwrap();
        let text = format!(
            "# pack-refs with: peeled\n{ID} refs/tags/a b\r\n^{ID}\n^nothing\n{ID}\n{ID}  \n\nx"
        );
        let lines: Vec<_> = packed_lines(text.as_bytes(), Kind::Sha1).collect();
        let other = || PackedLine::Other;
        let named = |name: &'static str| PackedLine::Ref {
            id,
            name: name.into(),
        };
        assert_eq!(
            lines[..4],
            [
                PackedLine::Comment,
                named("refs/tags/a b"),
                PackedLine::Peeled,
                other()
            ]
        );
        assert_eq!(lines[4..], [other(), named(" "), other(), other()]);
    }

    #[test]
    fn symbolic_refs_lead_on_for_a_few_steps() {
        let id = ObjectId::from_hex(ID.as_bytes()).unwrap();
        let to = |name: &str| Value::Symbolic(name.into());
        let mut shared = Refs::default();
        shared.values.extend([
            ("a".into(), Value::Id(id)),
            ("b".into(), to("a")),
            ("circle".into(), to("circle")),
        ]);
        let mut own = Refs::default();
        own.values.insert("c".into(), to("b"));
        assert_eq!(resolve(&to("c"), &[&own, &shared]), Ok(Some(id)));
        assert_eq!(resolve(&to("c"), &[&own]), Ok(None));
        assert!(resolve(&to("circle"), &[&own, &shared]).is_err());
    }
}
