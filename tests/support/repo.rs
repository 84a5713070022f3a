//! Builds temporary git repositories for tests.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::{Ran, Run, Sandbox};

/// A repository, or a linked work tree of one. The folder exists until the last of them is dropped.
pub(crate) struct Repo {
    sandbox: Rc<Sandbox>,
    root: PathBuf,
}

/// Instantiation.
impl Repo {
    /// An empty repository: branch `main`, no commit.
    #[track_caller]
    pub(crate) fn new() -> Self {
        Self::init("repo", &[])
    }

    /// An empty repository in a folder of this name.
    #[track_caller]
    pub(crate) fn named(name: &str) -> Self {
        Self::init(name, &[])
    }

    /// An empty repository with SHA-256 object ids.
    #[track_caller]
    pub(crate) fn sha256() -> Self {
        Self::init("repo", &["--object-format=sha256"])
    }

    /// An empty repository whose refs are stored as reftables, with ids of this kind.
    #[track_caller]
    pub(crate) fn tables(ids: &str) -> Self {
        let format = format!("--object-format={ids}");
        Self::init("repo", &["--ref-format=reftable", &format])
    }

    #[track_caller]
    fn init(name: &str, options: &[&str]) -> Self {
        let sandbox = Rc::new(Sandbox::new());
        let root = sandbox.root().join(name);
        fs::create_dir(&root).expect("a folder for the repository");
        let repo = Self { sandbox, root };
        repo.git(["init", "--quiet"].iter().chain(options));
        repo
    }

    /// A linked work tree next to this one, on a new branch of the same name.
    #[track_caller]
    pub(crate) fn worktree(&self, name: &str) -> Self {
        let root = self.sandbox.root().join(name);
        self.git([
            OsStr::new("worktree"),
            OsStr::new("add"),
            OsStr::new("--quiet"),
            root.as_os_str(),
        ]);
        Self {
            sandbox: Rc::clone(&self.sandbox),
            root,
        }
    }
}

/// Files.
impl Repo {
    /// The top of the work tree.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The sandbox, which holds the home directory and has room for other files.
    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// `path` in the work tree.
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    /// Writes a file and the folders that it needs.
    #[track_caller]
    pub(crate) fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        }
        fs::write(&path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        self
    }

    /// Writes a file and stages it.
    #[track_caller]
    pub(crate) fn add(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> &Self {
        self.write(&path, content).stage(path)
    }

    /// A file name of arbitrary bytes.
    #[cfg(unix)]
    pub(crate) fn raw_name(bytes: &[u8]) -> &OsStr {
        std::os::unix::ffi::OsStrExt::from_bytes(bytes)
    }
}

/// Git.
impl Repo {
    /// Runs git in the work tree and returns its output without the last line feed. Panics if git
    /// fails.
    #[track_caller]
    pub(crate) fn git<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> String {
        let ran = self.try_git(args);
        ran.has_status(0);
        let text = ran.stdout();
        text.strip_suffix('\n').unwrap_or(&text).to_owned()
    }

    /// Runs git in the work tree; it may fail.
    #[track_caller]
    pub(crate) fn try_git<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Ran {
        self.program("git").args(args).run()
    }

    /// Stages a path literally, even if it is ignored.
    #[track_caller]
    pub(crate) fn stage(&self, path: impl AsRef<Path>) -> &Self {
        let words = ["--literal-pathspecs", "add", "--force", "--"].map(OsStr::new);
        self.git(words.into_iter().chain([path.as_ref().as_os_str()]));
        self
    }

    /// Commits what is staged, without hooks, and returns the id of the commit.
    #[track_caller]
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git([
            "commit",
            "--quiet",
            "--no-verify",
            "--allow-empty",
            "--message",
            message,
        ]);
        self.git(["rev-parse", "HEAD"])
    }

    /// Adds another repository as the submodule `name`.
    #[track_caller]
    pub(crate) fn submodule(&self, from: &Self, name: &str) -> &Self {
        let words = [
            "-c",
            "protocol.file.allow=always",
            "submodule",
            "--quiet",
            "add",
        ];
        let words = words.into_iter().map(OsStr::new);
        self.git(words.chain([from.root.as_os_str(), name.as_ref()]));
        self
    }

    /// Sets a value in the repository's configuration.
    #[track_caller]
    pub(crate) fn config(&self, key: &str, value: &str) -> &Self {
        self.git(["config", key, value]);
        self
    }
}

/// Programs.
impl Repo {
    /// A program, to be run at the top of the work tree.
    pub(crate) fn program(&self, program: impl AsRef<OsStr>) -> Run {
        Run::new(program, &self.root, &self.sandbox)
    }

    /// The program under test, to be run at the top of the work tree.
    pub(crate) fn keysieve<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Run {
        self.program(Run::KEYSIEVE).args(args)
    }
}
