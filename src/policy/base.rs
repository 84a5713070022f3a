//! Where entries count paths from: the root of the repository, wherever the command was started.

use std::borrow::Cow;
use std::path::Path;

use bstr::{BStr, BString, ByteSlice, ByteVec};

/// How paths as they were reached become paths below the root. Works on names alone: no link is
/// followed.
#[derive(Debug)]
pub(super) struct Base {
    start: BString,
    root: BString,
}

impl Base {
    /// Relative paths begin at `start`; entries speak of what is below `root`. Both absolute,
    /// without links.
    pub(super) fn new(start: &Path, root: &Path) -> Self {
        let bytes = |path: &Path| BString::from(Vec::from_path_lossy(path).into_owned());
        Self {
            start: bytes(start),
            root: bytes(root),
        }
    }

    /// `path` as seen from the root; itself where it lies elsewhere.
    pub(super) fn below_root<'p>(&self, path: &'p BStr) -> Cow<'p, BStr> {
        let start: &[u8] = if path.starts_with(b"/") {
            b""
        } else {
            &self.start
        };
        let whole = normal(start.split_str("/").chain(path.split_str("/")));
        let root = normal(self.root.split_str("/"));
        match whole.strip_prefix(root.as_slice()) {
            Some(below) => Cow::Owned(BString::from(bstr::join("/", below))),
            None => Cow::Borrowed(path),
        }
    }
}

/// The names of a path, without the empty ones and `.`, and with `..` taken back.
fn normal<'p>(names: impl Iterator<Item = &'p [u8]>) -> Vec<&'p [u8]> {
    let mut normal = Vec::new();
    for name in names {
        match name {
            b"" | b"." => {}
            b".." => {
                normal.pop();
            }
            name => normal.push(name),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_counted_from_the_root() {
        let base = Base::new(Path::new("/r/repo/sub"), Path::new("/r/repo/"));
        for (reached, expected) in [
            ("a.py", "sub/a.py"),
            ("./a.py", "sub/a.py"),
            ("../top.py", "top.py"),
            ("/r/repo/x//y", "x/y"),
            ("/r/repository/x", "/r/repository/x"),
            ("../../other/x", "../../other/x"),
        ] {
            assert_eq!(
                base.below_root(reached.into()).as_bstr(),
                expected,
                "{reached}"
            );
        }
    }
}
