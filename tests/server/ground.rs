//! A clone and the server that it pushes to.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::support::keys::access_key_id;
use crate::support::{Ran, Repo, Run};

/// A repository with one commit, and a bare one that has it.
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

    /// The server gets its own name and `git init` these words.
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

    /// The same, with the hooks of a server.
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

    /// What a ref of the server is; empty where there is none.
    pub(crate) fn on_server(&self, name: &str) -> String {
        let ran = self
            .in_server("git")
            .args(["rev-parse", "--verify", "--quiet", name])
            .run();
        ran.stdout().trim().to_owned()
    }

    /// Pushes, whatever comes of it.
    pub(crate) fn push(&self, words: &[&str]) -> Ran {
        self.repo.try_git(["push", "origin"].iter().chain(words))
    }

    /// Everything that the server stores, byte by byte: paths and sizes of all files.
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

/// A line with a key in it.
pub(crate) fn key(seed: u64) -> String {
    format!("id = {}\n", access_key_id(seed))
}

/// Writes a program.
pub(crate) fn script(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
