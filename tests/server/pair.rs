//! A clone and the server that it pushes to.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use crate::support::{Ran, Repo, Run};

/// A repository with one commit, and a bare repository to which it was pushed.
pub(crate) struct Pair {
    pub(crate) repo: Repo,
    pub(crate) server: PathBuf,
}

impl Pair {
    pub(crate) fn new() -> Self {
        Self::at(Repo::new(), "server.git", &[])
    }

    pub(crate) fn sha256() -> Self {
        Self::at(Repo::sha256(), "server.git", &["--object-format=sha256"])
    }

    /// The server has this name and was created with these options of `git init`.
    #[track_caller]
    pub(crate) fn at(repo: Repo, name: &str, options: &[&str]) -> Self {
        let server = repo.sandbox().root().join(name);
        let words = ["init", "--quiet", "--bare"]
            .iter()
            .chain(options)
            .map(OsStr::new);
        repo.git(words.chain([server.as_os_str()]));
        repo.git([
            OsStr::new("remote"),
            OsStr::new("add"),
            OsStr::new("origin"),
            server.as_os_str(),
        ]);
        repo.add("readme", "hello\n").commit("first");
        repo.git(["push", "--quiet", "--set-upstream", "origin", "main"]);
        Self { repo, server }
    }

    /// The same, with the default hooks on the server.
    #[track_caller]
    pub(crate) fn guarded() -> Self {
        Self::new().guard(&[])
    }

    /// Installs hooks on the server.
    #[track_caller]
    pub(crate) fn guard(self, words: &[&str]) -> Self {
        self.keysieve(["hook", "install", "--server"].iter().chain(words))
            .status(0);
        self
    }

    /// The program under test, on the server.
    pub(crate) fn keysieve<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Run {
        self.in_server(Run::KEYSIEVE).args(args)
    }

    /// A program, on the server.
    pub(crate) fn in_server(&self, program: &str) -> Run {
        Run::new(program, &self.server, self.repo.sandbox())
    }

    /// The id of a ref on the server; empty if it does not exist.
    pub(crate) fn on_server(&self, name: &str) -> String {
        let ran = self
            .in_server("git")
            .args(["rev-parse", "--verify", "--quiet", name])
            .run();
        ran.stdout().trim().to_owned()
    }

    /// Pushes, which may fail.
    pub(crate) fn push(&self, words: &[&str]) -> Ran {
        self.repo.try_git(["push", "origin"].iter().chain(words))
    }

    /// The paths and sizes of all files of the server.
    pub(crate) fn stored(&self) -> Vec<(PathBuf, u64)> {
        let mut found = Vec::new();
        let mut open = vec![self.server.clone()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
                let (path, about) = (entry.path(), entry.metadata().unwrap());
                if about.is_dir() {
                    open.push(path.clone());
                }
                found.push((path, if about.is_dir() { 0 } else { about.len() }));
            }
        }
        found.sort();
        found
    }
}
