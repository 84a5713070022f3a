//! Runs `--install`: writes the three hooks of git-secrets into a repository or a template
//! directory.

use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use bstr::ByteSlice as _;
use keysieve::hook::{self, HooksDir};
use keysieve::text::printable_path;

use super::failure::Failure;
use super::git::git;

/// Each hook, and the command that it runs.
const HOOKS: [(&str, &str); 3] = [
    ("commit-msg", "commit_msg_hook"),
    ("pre-commit", "pre_commit_hook"),
    ("prepare-commit-msg", "prepare_commit_msg_hook"),
];

/// Installs the hooks into the repository or directory that the user names, or into the repository
/// here.
pub(super) fn install(target: Option<&OsString>, is_forced: bool) -> Result<(), Failure> {
    let target = target.filter(|target| !target.is_empty()).map(Path::new);
    let directory = directory(target, is_forced)?;
    let made = fs::create_dir_all(&directory);
    made.map_err(|_| {
        let parent = directory.parent().unwrap_or(&directory);
        Failure::refused(format!("Could not create dir: {}", printable_path(parent)))
    })?;
    for (hook, command) in HOOKS {
        let folder = directory.join(format!("{hook}.d"));
        let file = if folder.is_dir() {
            folder.join("git-secrets")
        } else {
            directory.join(hook)
        };
        write(&file, command, is_forced)?;
        let mark = if io::stdout().is_terminal() {
            "\x1b[32m✓\x1b[0m "
        } else {
            ""
        };
        let path = file.display();
        writeln!(io::stdout(), "{mark}Installed {hook} hook to {path}")?;
    }
    Ok(())
}

/// The directory that the hooks are written to.
fn directory(target: Option<&Path>, is_forced: bool) -> Result<PathBuf, Failure> {
    match target {
        None => repository(None, is_forced),
        Some(target) if target.join(".git").exists() => repository(Some(target), is_forced),
        Some(target) => Ok(target.join("hooks")),
    }
}

/// Where git looks for the hooks of the repository at `root`, or here. The original writes to
/// `hooks` in the git directory, where git does not look if `core.hooksPath` is set or the work
/// tree is a linked one.
fn repository(root: Option<&Path>, is_forced: bool) -> Result<PathBuf, Failure> {
    let ask = |words: &[&str]| {
        let at = root.map_or(Path::new("."), |root| root);
        let path = git(["-C"]).arg(at).arg("rev-parse").args(words).text()?;
        Ok(PathBuf::from(path.to_path_lossy().as_ref()))
    };
    let not_found = |_: Failure| Failure::refused("Not in a Git repository");
    let git_dir = ask(&["--git-dir"]).map_err(not_found)?;
    let hooks = ask(&["--git-path", "hooks"])?;
    let git = root.map_or_else(hook::Git::here, hook::Git::at);
    // Within the git directory there is no work tree, and so no hook that comes with it.
    if let Ok(found) = HooksDir::find(&git) {
        found.check_inside(is_forced).map_err(Failure::refused)?;
    }
    let at = |path: &Path| root.map_or_else(|| path.to_owned(), |root| root.join(path));
    let own = git_dir.join("hooks");
    let is_own = same(&at(&own), &at(&hooks));
    Ok(match root {
        // The path that the original prints.
        Some(root) if is_own && root.join(".git").is_dir() => root.join(".git/hooks"),
        _ if is_own => at(&own),
        _ => at(&hooks),
    })
}

/// Whether both paths are the same, apart from links and `..`.
fn same(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| {
        let parent = path.parent()?.canonicalize().ok()?;
        Some(parent.join(path.file_name()?))
    };
    a == b || real(a).is_some_and(|a| real(b) == Some(a))
}

fn write(file: &Path, command: &str, is_forced: bool) -> Result<(), Failure> {
    let shown = printable_path(file);
    if (file.is_file() || file.is_symlink()) && !is_forced {
        return Err(Failure::refused(format!(
            "{shown} already exists. Use -f to force"
        )));
    }
    let text = format!("#!/usr/bin/env bash\ngit secrets --{command} -- \"$@\"\n");
    let written = fs::write(file, text).and_then(|()| make_executable(file));
    written.map_err(|error| Failure::refused(format!("{shown}: {error}")))
}

#[cfg(unix)]
fn make_executable(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut permissions = fs::metadata(file)?.permissions();
    permissions.set_mode(permissions.mode() | 0o111);
    fs::set_permissions(file, permissions)
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> io::Result<()> {
    Ok(())
}
