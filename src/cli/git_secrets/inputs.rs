//! Lists and reads what git-secrets scans: files that the user names, tracked files, and what is
//! staged.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use bstr::{BString, ByteSlice as _, ByteVec as _};
use ignore::{WalkBuilder, WalkState};
use keysieve::audit::line_history::is_binary;
use keysieve::git::{LocalRepository, ObjectId, ObjectKind, read_kind};

use super::failure::Failure;
use super::git::git;
use super::words::{Scope, Words};

/// The name that `grep` gives to standard input.
const STANDARD: &str = "(standard input)";

/// Something to scan.
#[derive(Debug)]
pub(super) struct Input {
    /// Its name in the output.
    pub(super) name: BString,
    pub(super) content: Content,
}

/// Where its content is.
#[derive(Debug)]
pub(super) enum Content {
    /// In a file that must exist.
    File(PathBuf),
    /// In a file of the work tree, which may be missing, or be something else by now.
    WorkTree(PathBuf),
    /// In the index.
    Blob(ObjectId),
    /// In memory, and text in any case.
    Text(Vec<u8>),
}

impl Input {
    /// Text that is as if it came from standard input.
    pub(super) fn standard(bytes: Vec<u8>) -> Self {
        Self {
            name: STANDARD.into(),
            content: Content::Text(bytes),
        }
    }

    /// Reads it; `None` if there is nothing to scan. `repo` is the repository of staged blobs.
    pub(super) fn read(&self, repo: Option<&LocalRepository>) -> Result<Option<Vec<u8>>, Failure> {
        let failed = |error: io::Error| Failure::incomplete(format!("{}: {error}", self.name));
        match (&self.content, repo) {
            (Content::Text(bytes), _) => Ok(Some(bytes.clone())),
            (Content::Blob(id), Some(repo)) => {
                Ok(Some(read_kind(repo, *id, ObjectKind::Blob, None)?))
            }
            (Content::Blob(_), None) => Err(Failure::incomplete("not in a git repository")),
            (Content::File(path), _) => fs::read(path).map(Some).map_err(failed),
            (Content::WorkTree(path), _) => match fs::symlink_metadata(path) {
                Ok(data) if data.is_file() => fs::read(path).map(Some).map_err(failed),
                Ok(_) => Ok(None),
                Err(error) if is_absent(&error) => Ok(None),
                Err(error) => Err(failed(error)),
            },
        }
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// The files that the user names, as `grep` takes them: `-` is standard input, and directories are
/// skipped unless the scan is recursive.
pub(super) fn named(words: &Words) -> Result<Vec<Input>, Failure> {
    let mut inputs = Vec::new();
    for name in &words.rest {
        let path = Path::new(name);
        if name == "-" {
            inputs.extend(stream(STANDARD.into(), io::stdin().lock())?);
        } else if !path.is_dir() {
            let input = open(path).map_err(|error| {
                let shown = name.to_string_lossy();
                Failure::incomplete(format!("{shown}: {error}"))
            })?;
            inputs.extend(input);
        } else if words.is_recursive {
            inputs.extend(below(path)?.into_iter().map(file));
        }
    }
    Ok(inputs)
}

/// The files below a directory, in order.
fn below(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let (sender, entries) = mpsc::channel();
    let mut walk = WalkBuilder::new(directory);
    walk.standard_filters(false).build_parallel().run(|| {
        let sender = sender.clone();
        Box::new(move |entry| {
            // It is received when the walk has ended.
            let _ = sender.send(entry);
            WalkState::Continue
        })
    });
    drop(sender);
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type().is_some_and(|kind| kind.is_file()) {
            files.push(entry.into_path());
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// A file that the user names. What is no regular file can be read only once, and is read now.
fn open(path: &Path) -> io::Result<Option<Input>> {
    let opened = File::open(path)?;
    let input = file(path.to_path_buf());
    if opened.metadata()?.is_file() {
        return Ok(Some(input));
    }
    stream(input.name, opened)
}

/// What is read from a stream, unless that is binary.
fn stream(name: BString, mut from: impl Read) -> io::Result<Option<Input>> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes)?;
    let is_text = !is_binary(&bytes);
    Ok(is_text.then_some(Input {
        name,
        content: Content::Text(bytes),
    }))
}

fn file(path: PathBuf) -> Input {
    Input {
        name: Vec::from_path_lossy(&path).into_owned().into(),
        content: Content::File(path),
    }
}

/// The files that match `paths`, as `git grep` lists them.
pub(super) fn tracked(scope: Scope, paths: &[OsString]) -> Result<Vec<Input>, Failure> {
    if scope.is_without_index || scope.has_untracked {
        return untracked(scope, paths);
    }
    let listing = git(["ls-files", "-z", "-v", "--stage", "--"]);
    let entries = listing.args(paths).fields()?;
    let mut inputs: Vec<Input> = Vec::new();
    for entry in &entries {
        let unknown = || Failure::incomplete("the output of git ls-files is unknown");
        let (about, name) = entry.split_once_str("\t").ok_or_else(unknown)?;
        // `H 100644 ID STAGE`: a stage other than 0 is a conflict.
        let about: Vec<_> = about.fields().collect();
        let [tag, mode, id, stage] = &*about else {
            return Err(unknown());
        };
        // A small letter: git takes the file for unchanged, and reads the index.
        let is_cached = scope.is_cached || tag.iter().all(u8::is_ascii_lowercase);
        if !mode.starts_with(b"100") || (is_cached && *stage != b"0") {
            continue;
        }
        if inputs.last().is_some_and(|last| last.name == name) {
            continue;
        }
        let content = if is_cached {
            Content::Blob(object(id)?)
        } else {
            Content::WorkTree(name.to_path_lossy().into_owned())
        };
        inputs.push(Input {
            name: name.into(),
            content,
        });
    }
    Ok(inputs)
}

/// Also files that git does not track, as `git grep` lists them.
fn untracked(scope: Scope, paths: &[OsString]) -> Result<Vec<Input>, Failure> {
    let mut listing = git([
        "grep",
        "-z",
        "--text",
        "--files-with-matches",
        "--no-color",
        "-e",
        "",
    ]);
    if scope.has_untracked {
        listing = listing.arg("--untracked");
    }
    if scope.is_without_index {
        listing = listing.arg("--no-index");
    }
    let names = match listing.arg("--").args(paths).fields() {
        // Git exits with 1 if it finds nothing.
        Err(failure) if failure.status == 1 => Vec::new(),
        names => names?,
    };
    let inputs = names.into_iter().map(|name| Input {
        content: Content::WorkTree(name.to_path_lossy().into_owned()),
        name,
    });
    Ok(inputs.collect())
}

/// What the next commit adds or changes, as `git diff-index` lists it; before the first commit, all
/// that is staged.
pub(super) fn staged() -> Result<Vec<Input>, Failure> {
    let is_born = git(["rev-parse", "--quiet", "--verify", "HEAD"])
        .quiet()
        .text()
        .is_ok();
    if !is_born {
        let scope = Scope {
            is_cached: true,
            ..Scope::default()
        };
        return tracked(scope, &[]);
    }
    let changes = [
        "diff-index",
        "-z",
        "--cached",
        "--no-renames",
        "--diff-filter=ACMTU",
        "HEAD",
        "--",
    ];
    let mut fields = git(changes).fields()?.into_iter();
    let mut inputs = Vec::new();
    // `:100644 100644 ID ID M`, then the name.
    while let (Some(about), Some(name)) = (fields.next(), fields.next()) {
        let about: Vec<_> = about.fields().collect();
        let [_, mode, _, id, _] = &*about else {
            return Err(Failure::incomplete(
                "the output of git diff-index is unknown",
            ));
        };
        if mode.starts_with(b"100") {
            inputs.push(Input {
                content: Content::Blob(object(id)?),
                name,
            });
        }
    }
    Ok(inputs)
}

pub(super) fn object(hex: &[u8]) -> Result<ObjectId, Failure> {
    ObjectId::from_hex(hex).map_err(|_| Failure::incomplete("git printed no object id"))
}
