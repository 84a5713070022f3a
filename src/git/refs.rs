//! Reads refs from their files, for the roots of the audit: files below `refs/`, files in the git
//! directory itself, and `packed-refs`.
//!
//! gix leaves out refs whose name it takes for broken, links, and other work trees. Here all of
//! them count, since objects are reachable from them all the same.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Display;
use std::fs::{self, DirEntry};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use bstr::{BStr, BString, ByteSlice, ByteVec};
use gix::ObjectId;
use gix::hash::Kind;

use super::layout::{concat, is_repository};
use crate::fs::{NOT_REGULAR, open_regular, read_regular};

/// Size of the largest ref file that is read whole, in bytes. A longer one is broken.
const MAX_REF: u64 = 8192;

/// How many symbolic refs may point to one another; git's own limit.
const MAX_SYMBOLIC: usize = 5;

/// The problem of a ref file that names neither an object nor a ref.
pub(super) const BROKEN_REF: &str = "broken ref; run 'git fsck'";

/// The problem of a link that is not followed.
const OUTSIDE: &str = "a link to a directory that has no refs of a repository; it is not followed";

/// A ref, a reflog or an index that could not be read, so that roots may be missing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unread {
    /// The ref, the reflog or the index.
    pub name: BString,
    /// What is wrong with it.
    pub problem: String,
}

impl Unread {
    pub(super) fn new(name: impl Into<BString>, problem: impl Display) -> Self {
        Self {
            name: name.into(),
            problem: problem.to_string(),
        }
    }
}

/// What a ref points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RefTarget {
    /// An object.
    Object(ObjectId),
    /// Another ref, which need not exist.
    Symbolic(BString),
}

/// The refs in one git directory: those that all work trees share, or those of a single one.
#[derive(Debug, Default)]
pub(super) struct Refs {
    /// By full name.
    pub(super) targets: BTreeMap<BString, RefTarget>,
    /// What could not be read.
    pub(super) unread: Vec<Unread>,
}

impl Refs {
    /// Reads the refs below `refs/` in `dir` and in its `packed-refs`; a file takes precedence over
    /// a packed line.
    pub(super) fn read(dir: &Path, hash: Kind) -> Self {
        let mut refs = Self::default();
        refs.read_packed(dir, hash);
        let files = RefFiles::below(&dir.join("refs"), "refs");
        refs.unread.extend(files.unread);
        for (name, path) in files.found {
            match read_target(&path, hash) {
                Ok(Some(target)) => {
                    refs.targets.insert(name, target);
                }
                Ok(None) => refs.unread.push(Unread::new(name, BROKEN_REF)),
                // Deleted or packed since it was listed.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => refs.unread.push(Unread::new(name, error)),
            }
        }
        refs
    }

    fn read_packed(&mut self, dir: &Path, hash: Kind) {
        let text = match read_regular(&dir.join("packed-refs")) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return,
            Err(error) => return self.unread.push(Unread::new("packed-refs", error)),
        };
        for (number, line) in (1..).zip(packed_lines(&text, hash)) {
            match line {
                PackedLine::Ref { id, name } if !id.is_null() => {
                    let target = RefTarget::Object(id);
                    self.targets.insert(name.to_owned(), target);
                }
                PackedLine::Ref { .. } | PackedLine::Malformed => {
                    let problem = format!("line {number} is malformed");
                    self.unread.push(Unread::new("packed-refs", problem));
                }
                PackedLine::Peeled | PackedLine::Comment => {}
            }
        }
    }
}

/// The object that `target` leads to; a symbolic ref is looked up in each of `places` in turn.
/// `Ok(None)` if a ref on the way does not exist, such as that of an unborn branch.
pub(super) fn resolve(target: &RefTarget, places: &[&Refs]) -> Result<Option<ObjectId>, String> {
    let mut target = target;
    for _ in 0..=MAX_SYMBOLIC {
        match target {
            RefTarget::Object(id) => return Ok(Some(*id)),
            RefTarget::Symbolic(name) => {
                match places.iter().find_map(|refs| refs.targets.get(name)) {
                    Some(next) => target = next,
                    None => return Ok(None),
                }
            }
        }
    }
    Err(format!(
        "symbolic ref cycle, or more than {MAX_SYMBOLIC} levels"
    ))
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
    /// The object that the tag on the line above points to.
    Peeled,
    /// How the file was written.
    Comment,
    /// A line that git would not write.
    Malformed,
}

/// The lines of `packed-refs`.
pub(crate) fn packed_lines(text: &[u8], hash: Kind) -> impl Iterator<Item = PackedLine<'_>> {
    text.lines().map(move |line| match line.first() {
        Some(b'#') => PackedLine::Comment,
        Some(b'^') => {
            leading_id(&line[1..], hash).map_or(PackedLine::Malformed, |_| PackedLine::Peeled)
        }
        _ => match leading_id(line, hash) {
            Some((id, [b' ', name @ ..])) if !name.is_empty() => PackedLine::Ref {
                id,
                name: name.as_bstr(),
            },
            _ => PackedLine::Malformed,
        },
    })
}

/// Reads the file of a ref; `None` if the ref is broken.
pub(super) fn read_target(path: &Path, hash: Kind) -> io::Result<Option<RefTarget>> {
    // Old versions of git wrote a symbolic ref as a link to the other file.
    if let Ok(target) = fs::read_link(path).map(|target| Vec::from_path_lossy(&target).into_owned())
        && target.starts_with(b"refs/")
    {
        return Ok(Some(RefTarget::Symbolic(target.into())));
    }
    let mut text = Vec::new();
    open_regular(path)?.take(MAX_REF).read_to_end(&mut text)?;
    Ok(parse_target(&text, hash))
}

/// Parses the content of a ref's file.
pub(super) fn parse_target(text: &[u8], hash: Kind) -> Option<RefTarget> {
    if let Some(name) = text.strip_prefix(b"ref:") {
        let name = name.trim();
        return (!name.is_empty()).then(|| RefTarget::Symbolic(name.into()));
    }
    let (id, _) = leading_id(text, hash)?;
    (!id.is_null()).then_some(RefTarget::Object(id))
}

/// The id that `text` begins with, and the rest: empty, or starting with white space.
pub(crate) fn leading_id(text: &[u8], hash: Kind) -> Option<(ObjectId, &[u8])> {
    let (hex, rest) = text.split_at_checked(hash.len_in_hex())?;
    let id = ObjectId::from_hex(hex).ok()?;
    rest.first()
        .is_none_or(u8::is_ascii_whitespace)
        .then_some((id, rest))
}

/// The files of a directory tree whose paths are names of refs: `refs` itself, or `logs`.
#[derive(Debug, Default)]
pub(super) struct RefFiles {
    /// Names and files.
    pub(super) found: BTreeMap<BString, PathBuf>,
    /// What could not be read.
    pub(super) unread: Vec<Unread>,
    /// Linked directories that were entered: each once, so that a cycle of links ends.
    linked: HashSet<PathBuf>,
}

impl RefFiles {
    /// Lists the files below `dir`, whose own name is `name`. Links to refs and reflogs are
    /// followed, as git does: a work tree may share its refs with another repository that way.
    pub(super) fn below(dir: &Path, name: &str) -> Self {
        let mut files = Self::default();
        let mut open = Vec::new();
        if !dir.is_symlink() || is_of_refs(dir) {
            open.push((dir.to_path_buf(), BString::from(name)));
        } else {
            files.unread.push(Unread::new(name, OUTSIDE));
        }
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
            // Not refs to git: files such as `.DS_Store`, and locks.
            if part.starts_with(b".") || part.ends_with(b".lock") {
                continue;
            }
            let separator: &[u8] = if above.is_empty() { b"" } else { b"/" };
            self.add(&entry, concat(&[above, separator, &part]), open)?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        entry: &DirEntry,
        name: BString,
        open: &mut Vec<(PathBuf, BString)>,
    ) -> io::Result<()> {
        let path = entry.path();
        let is_link = entry.file_type()?.is_symlink();
        match fs::metadata(&path) {
            Ok(data) if data.is_dir() => {
                if is_link && !is_of_refs(&path) {
                    self.unread.push(Unread::new(name, OUTSIDE));
                } else if !is_link || self.linked.insert(path.canonicalize()?) {
                    open.push((path, name));
                } else {
                    let problem = "a link to a directory that another link points to as well";
                    self.unread.push(Unread::new(name, problem));
                }
            }
            Ok(data) if !data.is_file() => {
                self.unread.push(Unread::new(name, NOT_REGULAR));
            }
            Err(error) if !is_link => {
                if error.kind() != ErrorKind::NotFound {
                    self.unread.push(Unread::new(name, error));
                }
            }
            // A dangling link may still be a symbolic ref.
            _ => {
                self.found.insert(name, path);
            }
        }
        Ok(())
    }
}

/// Whether the link `path` leads into the refs or the reflogs of a repository. Any other place may
/// be large, such as the root of the file system, and has no refs.
fn is_of_refs(path: &Path) -> bool {
    let is_top = |dir: &Path| {
        (dir.ends_with("refs") || dir.ends_with("logs")) && dir.parent().is_some_and(is_repository)
    };
    path.canonicalize()
        .is_ok_and(|target| target.ancestors().any(is_top))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn a_ref_names_an_object_or_another_ref() {
        let id = RefTarget::Object(ObjectId::from_hex(ID.as_bytes()).unwrap());
        for text in [
            ID.to_owned(),
            format!("{ID}\n"),
            format!("{ID}\tmore text\nand more"),
        ] {
            assert_eq!(
                parse_target(text.as_bytes(), Kind::Sha1),
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
                parse_target(text.as_bytes(), Kind::Sha1),
                Some(RefTarget::Symbolic("refs/heads/a b".into())),
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
            assert_eq!(parse_target(text.as_bytes(), Kind::Sha1), None, "{text:?}");
        }
        assert_eq!(parse_target(ID.as_bytes(), Kind::Sha256), None);
    }

    #[test]
    fn packed_refs_are_parsed_line_by_line() {
        let id = ObjectId::from_hex(ID.as_bytes()).unwrap();
        let text = format!(
            "# pack-refs with: peeled\n{ID} refs/tags/a b\r\n^{ID}\n^nothing\n{ID}\n{ID}  \n\nx"
        );
        let lines: Vec<_> = packed_lines(text.as_bytes(), Kind::Sha1).collect();
        let malformed = || PackedLine::Malformed;
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
                malformed()
            ]
        );
        assert_eq!(
            lines[4..],
            [malformed(), named(" "), malformed(), malformed()]
        );
    }

    #[test]
    fn symbolic_refs_are_followed_until_a_cycle() {
        let id = ObjectId::from_hex(ID.as_bytes()).unwrap();
        let to = |name: &str| RefTarget::Symbolic(name.into());
        let mut shared = Refs::default();
        shared.targets.extend([
            ("a".into(), RefTarget::Object(id)),
            ("b".into(), to("a")),
            ("circle".into(), to("circle")),
        ]);
        let mut own = Refs::default();
        own.targets.insert("c".into(), to("b"));
        assert_eq!(resolve(&to("c"), &[&own, &shared]), Ok(Some(id)));
        assert_eq!(resolve(&to("c"), &[&own]), Ok(None));
        assert!(resolve(&to("circle"), &[&own, &shared]).is_err());
    }
}
