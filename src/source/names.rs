//! Decides which names are searched, and takes paths apart into them: the same in every source.

use std::sync::Arc;

use bstr::{BStr, ByteSlice};

use crate::blob::{Blob, CommitInfo, MovedFrom, OldVersion, Origin, PreviousContent};
use crate::text::Span;

/// Shorter names are not searched: no credential that could be in a name is shorter, and searching
/// every name of a tree would cost as much as searching a tenth of its bytes.
const MIN_NAME: usize = 20;

/// The components of longer paths, in bytes, are not searched by themselves, but only as one text:
/// no file system has such paths, and each name is fed with the path up to it.
const MAX_PATH: usize = 16 << 10;

/// Whether a name is searched by itself: a component of a path, or the full name of a ref.
#[must_use]
pub const fn is_searched_name(name: &[u8]) -> bool {
    name.len() >= MIN_NAME
}

/// A name in a path that is searched.
pub(crate) struct PathName<'p> {
    /// The path up to and with the name.
    pub(crate) path: &'p BStr,
    /// The name: a component, or the whole path.
    pub(crate) bytes: &'p BStr,
}

impl<'p> PathName<'p> {
    /// The name as a blob that is all new.
    pub(super) fn blob(&self, commit: Option<&Arc<CommitInfo>>) -> Blob<'p> {
        let origin = Origin::Name {
            path: self.path.to_owned(),
            commit: commit.cloned(),
        };
        Blob::whole(self.bytes, origin)
    }

    /// The name as it was, at the same path.
    pub(super) fn version(&self) -> OldVersion {
        OldVersion {
            path: self.path.to_owned(),
            bytes: self.bytes.to_vec(),
        }
    }
}

/// A whole path is new only where its components are not: these are searched by themselves.
impl PreviousContent for PathName<'_> {
    fn versions(&self) -> Option<Vec<OldVersion>> {
        let components = path_names(self.path, None).filter(|name| name.bytes != self.bytes);
        // A component has no components of its own.
        let of_path = components.filter(|_| self.bytes == self.path);
        Some(of_path.map(|name| name.version()).collect())
    }

    fn spans(&self, _: &[OldVersion]) -> Vec<Span> {
        vec![Span::new(0, self.bytes.len())]
    }

    fn elsewhere(&self) -> MovedFrom {
        MovedFrom::default()
    }
}

/// The names in `path` that are searched: each component, and then the whole path, since a secret
/// can hold slashes. Directories that the path `last` is in as well were fed with that one.
pub(crate) fn path_names<'p>(
    path: &'p BStr,
    last: Option<&BStr>,
) -> impl Iterator<Item = PathName<'p>> {
    let has_folders = path.contains(&b'/');
    let is_split = !has_folders || path.len() <= MAX_PATH;
    let is_known = move |end: usize| {
        end < path.len() && last.is_some_and(|last| last.starts_with(&path[..=end]))
    };
    let mut start = 0;
    let components = path.split_str("/").filter_map(move |name| {
        let end = start + name.len();
        start = end + 1;
        (is_split && is_searched_name(name) && !is_known(end)).then(|| PathName {
            path: path[..end].as_bstr(),
            bytes: name.as_bstr(),
        })
    });
    let whole = (has_folders && is_searched_name(path)).then_some(PathName { path, bytes: path });
    components.chain(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "abcdefghijklmnopqrstuvwxyz";

    fn names(path: &str, last: Option<&str>) -> Vec<(String, String)> {
        path_names(path.into(), last.map(Into::into))
            .map(|name| (name.path.to_string(), name.bytes.to_string()))
            .collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(path, name): &(&str, &str)| ((*path).to_owned(), (*name).to_owned());
        expected.iter().map(owned).collect()
    }

    #[test]
    fn long_components_and_the_whole_path_are_searched() {
        let (dir, file) = (format!("a/{LONG}"), format!("a/{LONG}/{LONG}.ini"));
        let name = format!("{LONG}.ini");
        assert_eq!(
            names(&file, None),
            pairs(&[(&dir, LONG), (&file, &name), (&file, &file)])
        );
        assert_eq!(names(LONG, None), pairs(&[(LONG, LONG)]));
        assert_eq!(names("short/name", None), []);
    }

    #[test]
    fn a_path_that_no_file_system_has_is_searched_as_one_text() {
        let path = format!("{LONG}/").repeat(MAX_PATH / LONG.len());
        assert_eq!(names(&path, None), pairs(&[(&path, &path)]));
        let name = LONG.repeat(MAX_PATH / LONG.len() + 1);
        assert_eq!(names(&name, None), pairs(&[(&name, &name)]));
    }

    #[test]
    fn a_directory_is_searched_once() {
        let (first, second) = (format!("{LONG}/a"), format!("{LONG}/b"));
        assert_eq!(names(&second, Some(&first)), pairs(&[(&second, &second)]));
        let other = format!("{LONG}x/a");
        assert_eq!(names(&second, Some(&other)).len(), 2);
    }
}
