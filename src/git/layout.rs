//! Finds the other parts of a repository: its linked work trees, and the repositories of its
//! submodules.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use bstr::{BString, ByteVec};

/// The linked work trees of the repository at `common`: their names and their git directories,
/// sorted.
///
/// # Errors
/// If they cannot be listed.
pub fn worktrees(common: &Path) -> io::Result<Vec<(BString, PathBuf)>> {
    directories(&common.join("worktrees"))
}

/// The repositories of submodules in the repository at `common`, nested ones included: their names
/// and git directories, sorted. The name is the path below `.git/modules`, such as
/// `outer/modules/inner`; a linked work tree has its own, `inner of worktree topic`.
///
/// # Errors
/// If a directory cannot be read, so that there may be more.
pub fn submodule_repositories(common: &Path) -> io::Result<Vec<(BString, PathBuf)>> {
    let mut found = Vec::new();
    collect_repositories(&common.join("modules"), b"", b"", &mut found)?;
    for (worktree, dir) in worktrees(common)? {
        let suffix = concat(&[b" of worktree ", &worktree]);
        collect_repositories(&dir.join("modules"), b"", &suffix, &mut found)?;
    }
    found.sort();
    Ok(found)
}

/// Adds the repositories below `dir`; their names begin with `prefix` and end with `suffix`.
fn collect_repositories(
    dir: &Path,
    prefix: &[u8],
    suffix: &[u8],
    found: &mut Vec<(BString, PathBuf)>,
) -> io::Result<()> {
    for (part, dir) in directories(dir)? {
        let name = concat(&[prefix, &part]);
        if is_repository(&dir) {
            let inner = concat(&[&name, b"/modules/"]);
            collect_repositories(&dir.join("modules"), &inner, suffix, found)?;
            found.push((concat(&[&name, suffix]), dir));
        } else {
            collect_repositories(&dir, &concat(&[&name, b"/"]), suffix, found)?;
        }
    }
    Ok(())
}

/// Whether a directory below `modules` is a repository, complete or not: one that cannot be opened
/// must be reported, not taken for a plain directory.
#[must_use]
pub fn is_repository(dir: &Path) -> bool {
    dir.join("objects").is_dir()
        && ["HEAD", "config", "refs"]
            .iter()
            .any(|part| dir.join(part).exists())
}

/// Joins the parts of a name.
pub(super) fn concat(parts: &[&[u8]]) -> BString {
    parts.concat().into()
}

/// The directories in `dir`, sorted; none if it is missing. Links do not count.
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
