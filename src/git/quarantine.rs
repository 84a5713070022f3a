//! Objects that are not in the repository yet: git keeps those of a push apart, in quarantine,
//! until its hooks have agreed.
//!
//! Git says so by `GIT_OBJECT_DIRECTORY` and `GIT_ALTERNATE_OBJECT_DIRECTORIES`; see
//! git-receive-pack(1). Only who stands in such a hook may believe them, so they are handed in and
//! not read from the environment.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bstr::{BString, ByteSlice};
use tempfile::TempDir;

use super::{RepoError, Repository};

/// What stands between the folders of `GIT_ALTERNATE_OBJECT_DIRECTORIES`.
const SEPARATOR: u8 = if cfg!(windows) { b';' } else { b':' };

/// A repository that also sees the objects of other folders, for as long as this lives.
pub struct WithObjects {
    /// The repository.
    pub repo: Repository,
    // Names the folders of objects, as `objects/info/alternates` does.
    _names: TempDir,
}

/// Has `repo` read objects from `main` and from each of `alternates`, beside its own: the values of
/// git's two variables. Nothing is written to any of them.
///
/// # Errors
/// Where a folder cannot be read, or there is no room for temporary files.
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
    for folder in split(<[u8]>::from_os_str(alternates).unwrap_or_default()) {
        lines.extend_from_slice(&folder);
    }
    lines.extend_from_slice(&quoted(&own));
    let names = tempfile::tempdir().map_err(|error| broken(error.to_string()))?;
    let info = names.path().join("info");
    fs::create_dir(&info)
        .and_then(|()| fs::write(info.join("alternates"), &lines))
        .map_err(|error| broken(error.to_string()))?;
    let kind = repo.hash_kind();
    let store = gix::odb::Store::at_opts(
        names.path().to_path_buf(),
        kind,
        &mut std::iter::empty(),
        Default::default(),
    )
    .map_err(|error| broken(error.to_string()))?;
    repo.0.objects = Arc::new(store);
    Ok(WithObjects {
        repo,
        _names: names,
    })
}

/// The lines of `info/alternates` for the value of `GIT_ALTERNATE_OBJECT_DIRECTORIES`. Git puts a
/// folder in quotes, as alternates have them as well, where its name holds what separates them.
fn split(mut value: &[u8]) -> Vec<BString> {
    let mut lines = Vec::new();
    while !value.is_empty() {
        let quotes = value.strip_prefix(b"\"").and_then(closing).map(|at| at + 2);
        let end = quotes.unwrap_or_else(|| value.find_byte(SEPARATOR).unwrap_or(value.len()));
        let folder = &value[..end];
        match quotes {
            Some(_) => lines.push([folder, b"\n"].concat().into()),
            None if folder.is_empty() => {}
            None => lines.push(folder.to_path().map(quoted).unwrap_or_default()),
        }
        value = &value[end..];
        value = value.strip_prefix(&[SEPARATOR]).unwrap_or(value);
    }
    lines
}

/// Where the quote that is not escaped stands.
fn closing(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    text.iter().position(|&byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

/// A line of `info/alternates` for a folder; none where there is no such folder, which git passes
/// over as well.
fn quoted(folder: &Path) -> BString {
    let Ok(folder) = folder.canonicalize() else {
        return BString::default();
    };
    let bytes = <[u8]>::from_path(&folder).unwrap_or_default();
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
    fn folders_are_told_apart_as_git_writes_them() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for name in ["a", "it's \"b\"", "c\nd"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        let root = root.to_str().unwrap();
        let value =
            format!("{root}/a::\"/with:colon\\\"s\":{root}/c\nd:/not/there:{root}/it's \"b\"");
        let lines = split(value.as_bytes());
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
