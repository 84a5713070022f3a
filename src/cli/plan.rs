//! Writes the clean-up plan of `audit --plan` to a new or empty directory outside of the
//! repository, because the plan contains secrets.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Component, Path, PathBuf};

use keysieve::finding::Outcome;
use keysieve::git::{Repository, worktrees};
use keysieve::report::plan::{PlanFile, Subject, plan};
use keysieve::text::printable_path;

use super::error::CliError;
use super::redact;

/// A directory that a plan may be written to.
pub(crate) struct PlanDir {
    /// Its path without symbolic links.
    path: PathBuf,
    /// The repository that the plan is about.
    repo: PathBuf,
    is_bare: bool,
}

impl PlanDir {
    /// Checks that a plan may be written to `dir`, before the audit; writes nothing.
    pub(crate) fn check(dir: &Path, repo: &Repository) -> Result<Self, CliError> {
        let shown = printable_path(dir);
        let failed = |error: io::Error| CliError::new(format!("{shown}: {error}"));
        let path = resolve(dir).map_err(failed)?;
        let folders = folders_of(repo).map_err(|error| {
            CliError::new(format!("cannot list the repository's work trees: {error}"))
        })?;
        if folders.iter().any(|folder| path.starts_with(folder)) {
            let message = format!(
                "{shown}: a plan contains secrets in plain text and cannot be inside the repository"
            );
            return Err(CliError::new(message).help("name a directory outside of it"));
        }
        match fs::read_dir(&path).map(|mut entries| entries.next().is_none()) {
            Ok(true) => {}
            Ok(false) => {
                return Err(
                    CliError::new(format!("{shown}: the directory is not empty"))
                        .help("name a new directory for the plan"),
                );
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let is_bare = repo.is_bare();
        let root = repo.work_dir().unwrap_or(repo.common_dir());
        let repo = root.canonicalize().map_err(failed)?;
        Ok(Self {
            path,
            repo,
            is_bare,
        })
    }

    /// Writes the plan for `outcome`. If a file cannot be written, those before it are removed.
    pub(crate) fn write(&self, outcome: &Outcome) -> Result<(), CliError> {
        let subject = Subject {
            repo: &self.repo,
            is_bare: self.is_bare,
            dir: &self.path,
        };
        let files = plan(outcome, &subject);
        if files.is_empty() {
            say("nothing was found, so there is no plan");
            return Ok(());
        }
        let shown = printable_path(&self.path);
        let mut written = Vec::new();
        let result = create_dir(&self.path).and_then(|()| {
            files
                .iter()
                .try_for_each(|file| self.put(file, &mut written))
        });
        if let Err(error) = result {
            for path in written {
                let _ = fs::remove_file(path);
            }
            let message = format!("{shown}: the plan cannot be written: {error}");
            return Err(CliError::new(message));
        }
        say(&format!(
            "wrote the plan to {shown}; start with CHECKLIST.md. Nothing was run"
        ));
        for PlanFile { name, .. } in files.iter().filter(|file| file.has_secrets) {
            say(&format!(
                "WARNING: {shown}/{name} contains every secret in PLAIN TEXT: \
                 keep it private, and delete it when you are done"
            ));
        }
        Ok(())
    }

    fn put(&self, file: &PlanFile, written: &mut Vec<PathBuf>) -> io::Result<()> {
        let path = self.path.join(file.name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut out = options.open(&path)?;
        written.push(path);
        out.write_all(&file.content)?;
        out.sync_all()
    }
}

/// Prints a line. If standard error is closed, the files are there all the same.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "keysieve: {}", redact::log(text));
}

/// Creates `path` and its missing parents, private to the user.
fn create_dir(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// The path of `dir`, which may not exist yet, without symbolic links.
fn resolve(dir: &Path) -> io::Result<PathBuf> {
    let absolute = std::path::absolute(dir)?;
    for ancestor in absolute.ancestors() {
        let Ok(real) = ancestor.canonicalize() else {
            // What is written through a broken link could end up anywhere.
            if fs::symlink_metadata(ancestor).is_ok() {
                return Err(invalid("broken symbolic link"));
            }
            continue;
        };
        let rest = absolute.strip_prefix(ancestor).unwrap_or(Path::new(""));
        let mut components = rest.components();
        if components.all(|part| matches!(part, Component::Normal(_))) {
            // Joining an empty path would append a slash.
            return Ok(real.components().chain(rest.components()).collect());
        }
    }
    Err(invalid("'..' after a directory that does not exist"))
}

fn invalid(problem: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, problem)
}

/// The git directory of `repo` and all of its work trees.
fn folders_of(repo: &Repository) -> io::Result<Vec<PathBuf>> {
    let common = repo.common_dir();
    let mut folders = vec![common.to_path_buf(), repo.git_dir().to_path_buf()];
    folders.extend(repo.work_dir().map(Path::to_path_buf));
    // The main work tree of a linked one contains `.git`.
    let main = common.canonicalize()?;
    if main.ends_with(".git") {
        folders.extend(main.parent().map(Path::to_path_buf));
    }
    for (_, dir) in worktrees(common)? {
        // The file names the `.git` of the work tree; an unreadable one names none.
        let text = fs::read(dir.join("gitdir")).unwrap_or_default();
        let git = PathBuf::from(String::from_utf8_lossy(&text).trim_end());
        folders.extend(dir.join(git).parent().map(Path::to_path_buf));
    }
    Ok(folders
        .into_iter()
        .filter_map(|folder| folder.canonicalize().ok())
        .collect())
}
