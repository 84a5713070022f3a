//! Where the plan of a clean-up is written: a new or empty directory, outside of the repository
//! that it is about.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Component, Path, PathBuf};

use keysieve::finding::Outcome;
use keysieve::git::{Repository, worktrees};
use keysieve::report::plan::{PlanFile, Subject, plan};
use keysieve::text::printable_path;

use super::error::CliError;

/// A directory that a plan may be written to.
pub(crate) struct PlanDir {
    /// Where it really is, or will be.
    path: PathBuf,
    /// The repository that the plan is about.
    repo: PathBuf,
    is_bare: bool,
}

impl PlanDir {
    /// Looks at `dir`, and writes nothing: to be asked before the audit.
    pub(crate) fn check(dir: &Path, repo: &Repository) -> Result<Self, CliError> {
        let shown = printable_path(dir);
        let failed = |error: io::Error| CliError::new(format!("{shown}: {error}"));
        let path = real(dir).map_err(failed)?;
        for place in places(repo)
            .map_err(|error| CliError::new(format!("the repository's work trees: {error}")))?
        {
            if path.starts_with(&place) {
                let message = format!(
                    "{shown}: a plan holds secrets in clear and must not be in the repository it is about"
                );
                return Err(CliError::new(message).hint("name a directory outside of it"));
            }
        }
        match fs::read_dir(&path).map(|mut entries| entries.next().is_none()) {
            Ok(true) => {}
            Ok(false) => {
                return Err(CliError::new(format!("{shown}: not empty"))
                    .hint("name a new directory for the plan"));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let root = repo.work_dir().unwrap_or(repo.common_dir());
        let is_bare = repo.is_bare();
        let repo = root.canonicalize().map_err(failed)?;
        Ok(Self {
            path,
            repo,
            is_bare,
        })
    }

    /// Writes the plan for `outcome`, whole or not at all.
    pub(crate) fn write(&self, outcome: &Outcome) -> Result<(), CliError> {
        let say = |text: String| drop(writeln!(io::stderr(), "keysieve: {text}"));
        let files = plan(
            outcome,
            &Subject {
                repo: &self.repo,
                is_bare: self.is_bare,
                dir: &self.path,
            },
        );
        let shown = printable_path(&self.path);
        if files.is_empty() {
            say("nothing was found, so there is nothing to plan".to_owned());
            return Ok(());
        }
        let mut written = Vec::new();
        let done = create_dir(&self.path).and_then(|()| {
            files
                .iter()
                .try_for_each(|file| self.put(file, &mut written))
        });
        if let Err(error) = done {
            written.iter().for_each(|path| drop(fs::remove_file(path)));
            return Err(CliError::new(format!(
                "{shown}: the plan cannot be written: {error}"
            )));
        }
        say(format!(
            "the plan is in {shown}; begin with CHECKLIST.md. Nothing was run"
        ));
        for file in files.iter().filter(|file| file.in_clear) {
            say(format!(
                "WARNING: {shown}/{} holds every secret IN CLEAR: keep it to yourself, and delete it when all is done",
                file.name
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

/// Creates `path` and what is missing above it, for the user alone.
fn create_dir(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Where `dir` really is, or would be: links on the way that exist are followed.
fn real(dir: &Path) -> io::Result<PathBuf> {
    let absolute = std::path::absolute(dir)?;
    for known in absolute.ancestors() {
        let Ok(real) = known.canonicalize() else {
            // A link that leads nowhere: what is written through it could be anywhere.
            if fs::symlink_metadata(known).is_ok() {
                return Err(io::Error::new(
                    ErrorKind::NotFound,
                    "a link that leads nowhere",
                ));
            }
            continue;
        };
        let rest = absolute.strip_prefix(known).unwrap_or(Path::new(""));
        if rest
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
        {
            return Ok(if rest.as_os_str().is_empty() {
                real
            } else {
                real.join(rest)
            });
        }
    }
    Err(io::Error::new(
        ErrorKind::InvalidInput,
        "'..' behind a directory that does not exist",
    ))
}

/// Everything that belongs to `repo`: its git directory and its work trees.
fn places(repo: &Repository) -> io::Result<Vec<PathBuf>> {
    let common = repo.common_dir();
    let mut places = vec![common.to_path_buf(), repo.git_dir().to_path_buf()];
    places.extend(repo.work_dir().map(Path::to_path_buf));
    // Of a linked work tree, the main one is where `.git` is.
    let main = common.canonicalize()?;
    places.extend(
        main.parent()
            .filter(|_| main.ends_with(".git"))
            .map(Path::to_path_buf),
    );
    for (_, dir) in worktrees(common)? {
        // The file says where the work tree's own `.git` is. One that cannot be read tells of none.
        let text = fs::read(dir.join("gitdir")).unwrap_or_default();
        let git = PathBuf::from(String::from_utf8_lossy(&text).trim_end());
        places.extend(dir.join(git).parent().map(Path::to_path_buf));
    }
    Ok(places
        .into_iter()
        .filter_map(|place| place.canonicalize().ok())
        .collect())
}
