//! Where a repository keeps its other parts: linked work trees, and the repositories of its
//! submodules.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use bstr::{BString, ByteVec};

/// The linked work trees of the repository at `common`: their names, and the directory that each
/// has there. Sorted.
///
/// # Errors
/// Where that cannot be told.
pub fn worktrees(common: &Path) -> io::Result<Vec<(BString, PathBuf)>> {
    directories(&common.join("worktrees"))
}

/// The repositories of submodules that the repository at `common` keeps, those of submodules in
/// submodules among them: their names and where they are, sorted. The name is that of the
/// submodule, or its path below `.git/modules`, as `outer/modules/inner`; a linked work tree keeps
/// its own, `inner of worktree topic`.
///
/// # Errors
/// Where a directory cannot be read, so that there may be more.
pub fn submodule_repositories(common: &Path) -> io::Result<Vec<(BString, PathBuf)>> {
    let mut found = Vec::new();
    below(&common.join("modules"), b"", b"", &mut found)?;
    for (worktree, dir) in worktrees(common)? {
        below(
            &dir.join("modules"),
            b"",
            &joined(&[b" of worktree ", &worktree]),
            &mut found,
        )?;
    }
    found.sort();
    Ok(found)
}

fn below(
    dir: &Path,
    above: &[u8],
    of: &[u8],
    found: &mut Vec<(BString, PathBuf)>,
) -> io::Result<()> {
    for (part, dir) in directories(dir)? {
        let name = joined(&[above, &part]);
        if is_repository(&dir) {
            below(
                &dir.join("modules"),
                &joined(&[&name, b"/modules/"]),
                of,
                found,
            )?;
            found.push((joined(&[&name, of]), dir));
        } else {
            below(&dir, &joined(&[&name, b"/"]), of, found)?;
        }
    }
    Ok(())
}

/// Whether a directory below `modules` is meant to be a repository, whole or not: one that cannot
/// be opened must not look like none.
#[must_use]
pub fn is_repository(dir: &Path) -> bool {
    dir.join("objects").is_dir()
        && ["HEAD", "config", "refs"]
            .iter()
            .any(|part| dir.join(part).exists())
}

/// A name made of parts.
pub(super) fn joined(parts: &[&[u8]]) -> BString {
    parts.concat().into()
}

/// The directories in `dir`, sorted; none where it is missing. Links are no directories.
fn directories(dir: &Path) -> io::Result<Vec<(BString, PathBuf)>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            let name = Vec::from_os_str_lossy(&entry.file_name()).into_owned();
            found.push((name.into(), entry.path()));
        }
    }
    found.sort();
    Ok(found)
}
