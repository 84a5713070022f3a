//! Opens the objects of a push for server hooks: git holds them in quarantine, outside of the
//! repository, until its hooks accept the push.
//!
//! `GIT_OBJECT_DIRECTORY` and `GIT_ALTERNATE_OBJECT_DIRECTORIES` name their directories; see
//! git-receive-pack(1). Only such a hook may trust these variables, so their values are parameters
//! and not read from the environment.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bstr::{BString, ByteSlice};
use tempfile::TempDir;

use super::commit::{commit_links, tag_target};
use super::tree::{EntryKind, TreeEntries};
use super::{LocalRepository, Object, ObjectId, ObjectKind, RepoError, Repository, kind_of, read};

/// Separates the directories in `GIT_ALTERNATE_OBJECT_DIRECTORIES`.
const SEPARATOR: u8 = if cfg!(windows) { b';' } else { b':' };

/// A repository that also reads objects from other directories, as long as this value lives.
pub struct WithObjects {
    /// The repository.
    pub repo: Repository,
    /// The objects that only the first of these directories has, sorted.
    pub received: Vec<ObjectId>,
    // Has an `info/alternates` file that lists the directories of objects.
    _alternates: TempDir,
}

/// Lets `repo` read objects also from `main` and from each of `alternates`, the values of git's two
/// variables. Nothing is written to any of these directories.
///
/// # Errors
/// If a directory cannot be read, or a temporary directory cannot be created.
pub fn with_objects(
    mut repo: Repository,
    main: &OsStr,
    alternates: &OsStr,
) -> Result<WithObjects, RepoError> {
    let own = repo.common_dir().join("objects");
    let broken = |problem: String| RepoError::Objects {
        path: PathBuf::from(main),
        problem,
    };
    let mut lines = quoted(Path::new(main));
    for line in alternate_lines(<[u8]>::from_os_str(alternates).unwrap_or_default()) {
        lines.extend_from_slice(&line);
    }
    lines.extend_from_slice(&quoted(&own));
    let directory = tempfile::tempdir().map_err(|error| broken(error.to_string()))?;
    let info = directory.path().join("info");
    fs::create_dir(&info)
        .and_then(|()| fs::write(info.join("alternates"), &lines))
        .map_err(|error| broken(error.to_string()))?;
    let kind = repo.hash_kind();
    let store = |path: PathBuf| {
        gix::odb::Store::at_opts(path, kind, &mut std::iter::empty(), Default::default())
            .map_err(|error| broken(error.to_string()))
    };
    let mut local = repo.local();
    let ids = store(PathBuf::from(main))?.iter();
    let ids = ids.map_err(|error| broken(error.to_string()))?;
    let ids = ids.collect::<Result<Vec<_>, _>>();
    let mut received = ids.map_err(|error| broken(error.to_string()))?;
    // Git completes a pack with objects that the repository has. Most received objects are new, and
    // gix would read the list of packs again for each of them. If a pack is added meanwhile, its
    // objects count as received: more is scanned.
    local.0.objects.refresh_never();
    received.retain(|id| !local.has_object(id));
    received.sort_unstable();
    received.dedup();
    repo.0.objects = Arc::new(store(directory.path().to_path_buf())?);
    Ok(WithObjects {
        repo,
        received,
        _alternates: directory,
    })
}

/// Those of the `received` objects that none of the `tips` leads to through others of them. What
/// cannot be read leads to nothing.
pub(crate) fn unreached(
    repo: &LocalRepository,
    received: &[ObjectId],
    tips: Vec<ObjectId>,
) -> Vec<ObjectId> {
    let mut left: HashSet<ObjectId> = received.iter().copied().collect();
    let mut open = tips;
    while let Some(id) = open.pop() {
        if !left.remove(&id) || matches!(kind_of(repo, id), Ok(ObjectKind::Blob)) {
            continue;
        }
        let Ok(Object { kind, bytes }) = read(repo, id, None) else {
            continue;
        };
        match kind {
            ObjectKind::Commit => {
                let links = commit_links(&bytes, id.kind()).into_iter();
                open.extend(links.flat_map(|links| [vec![links.tree], links.parents].concat()));
            }
            ObjectKind::Tag => open.extend(tag_target(id, &bytes)),
            ObjectKind::Tree => {
                for entry in TreeEntries::new(&bytes, id.kind()).map_while(Result::ok) {
                    match entry.kind {
                        EntryKind::Tree => open.push(entry.id.to_owned()),
                        EntryKind::File | EntryKind::Link => {
                            left.remove(&entry.id.to_owned());
                        }
                        EntryKind::Submodule => {}
                    }
                }
            }
            ObjectKind::Blob => {}
        }
    }
    received
        .iter()
        .copied()
        .filter(|id| left.contains(id))
        .collect()
}

/// The lines of `info/alternates` for the value of `GIT_ALTERNATE_OBJECT_DIRECTORIES`. Git quotes a
/// directory whose name has the separator in it; the quotes have the same meaning in `alternates`.
fn alternate_lines(mut value: &[u8]) -> Vec<BString> {
    let mut lines = Vec::new();
    while !value.is_empty() {
        let quoted_len = value
            .strip_prefix(b"\"")
            .and_then(closing_quote)
            .map(|at| at + 2);
        let end = quoted_len.unwrap_or_else(|| value.find_byte(SEPARATOR).unwrap_or(value.len()));
        let directory = &value[..end];
        if quoted_len.is_some() {
            lines.push([directory, b"\n"].concat().into());
        } else if !directory.is_empty() {
            lines.push(directory.to_path().map(quoted).unwrap_or_default());
        }
        value = &value[end..];
        value = value.strip_prefix(&[SEPARATOR]).unwrap_or(value);
    }
    lines
}

/// The position of the first quote that is not escaped.
fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    text.iter().position(|&byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

/// A line of `info/alternates` for a directory; empty if it does not exist, since git ignores such
/// a directory too.
fn quoted(directory: &Path) -> BString {
    let Ok(directory) = directory.canonicalize() else {
        return BString::default();
    };
    let bytes = <[u8]>::from_path(&directory).unwrap_or_default();
    let text = bytes
        .replace(b"\\", b"\\\\")
        .replace(b"\"", b"\\\"")
        .replace(b"\n", b"\\n");
    [&b"\""[..], &text, b"\"\n"].concat().into()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn alternates_are_split_and_quoted_as_git_does() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for name in ["a", "it's \"b\"", "c\nd"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        let root = root.to_str().unwrap();
        let value =
            format!("{root}/a::\"/with:colon\\\"s\":{root}/c\nd:/not/there:{root}/it's \"b\"");
        let lines = alternate_lines(value.as_bytes());
        let expected = [
            format!("\"{root}/a\"\n"),
            "\"/with:colon\\\"s\"\n".to_owned(),
            format!("\"{root}/c\\nd\"\n"),
            String::new(),
            format!("\"{root}/it's \\\"b\\\"\"\n"),
        ];
        assert_eq!(lines, expected);
    }
}
