//! Makes paths relative to the root of the repository, as allow entries have them, wherever the
//! command was started.

use std::borrow::Cow;
use std::path::Path;

use bstr::{BStr, BString, ByteSlice};

use crate::text::slashed;

/// Makes paths relative to a root. Works on names only and follows no link.
#[derive(Debug)]
pub(super) struct RootPaths {
    start: BString,
    root: BString,
}

impl RootPaths {
    /// Relative paths start at `start`. Both paths are absolute and without links.
    pub(super) fn new(start: &Path, root: &Path) -> Self {
        Self {
            start: slashed(start),
            root: slashed(root),
        }
    }

    /// `path` relative to the root, or unchanged if it is outside of the root.
    pub(super) fn relative_to_root<'p>(&self, path: &'p BStr) -> Cow<'p, BStr> {
        let is_absolute = path.starts_with(b"/") || (cfg!(windows) && has_drive(path));
        let start: &[u8] = if is_absolute { b"" } else { &self.start };
        let whole = normal(start.split_str("/").chain(path.split_str("/")));
        let root = normal(self.root.split_str("/"));
        match whole.strip_prefix(root.as_slice()) {
            Some(below) => Cow::Owned(BString::from(bstr::join("/", below))),
            None => Cow::Borrowed(path),
        }
    }
}

/// Whether a path begins with a drive of Windows, such as `C:/`.
fn has_drive(path: &[u8]) -> bool {
    path.first().is_some_and(u8::is_ascii_alphabetic) && path[1..].starts_with(b":/")
}

/// The names of a path, without empty ones and `.`, and with `..` resolved.
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
    fn drives_are_recognised() {
        for (path, expected) in [("C:/a", true), ("c:a", false), ("/a", false), ("", false)] {
            assert_eq!(has_drive(path.as_bytes()), expected, "{path}");
        }
    }

    #[test]
    fn paths_are_made_relative_to_the_root() {
        let paths = RootPaths::new(Path::new("/r/repo/sub"), Path::new("/r/repo/"));
        for (reached, expected) in [
            ("a.py", "sub/a.py"),
            ("./a.py", "sub/a.py"),
            ("../top.py", "top.py"),
            ("/r/repo/x//y", "x/y"),
            ("/r/repository/x", "/r/repository/x"),
            ("../../other/x", "../../other/x"),
        ] {
            assert_eq!(
                paths.relative_to_root(reached.into()).as_bstr(),
                expected,
                "{reached}"
            );
        }
    }
}
