//! Confines processes of a test to a temporary folder with its own home directory.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use tempfile::TempDir;

/// The folder of one test. It is deleted when this is dropped.
pub(crate) struct Sandbox {
    root: PathBuf,
    _folder: TempDir,
}

/// Variables that a process needs to start. Any other would make a test depend on the machine.
const INHERITED: [&str; 6] = [
    "PATH",
    "SYSTEMROOT",
    "TMPDIR",
    "TEMP",
    "TMP",
    "LLVM_PROFILE_FILE",
];

/// Fixed, so that the same content gives the same commit id on every machine.
const DATE: &str = "2024-01-02T03:04:05+00:00";

impl Sandbox {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("keysieve-test-")
            .tempdir()
            .expect("a temporary folder");
        // Resolved, because git prints resolved paths.
        let root = folder
            .path()
            .canonicalize()
            .expect("the temporary folder's real path");
        let sandbox = Self {
            root,
            _folder: folder,
        };
        fs::create_dir_all(sandbox.home().join(".config")).expect("a home directory");
        fs::write(sandbox.git_config(), "[init]\n\tdefaultBranch = main\n")
            .expect("a git configuration");
        sandbox
    }

    /// The folder itself, for files that belong to no repository.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The home directory of the processes.
    pub(crate) fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// The user's git configuration.
    pub(crate) fn git_config(&self) -> PathBuf {
        self.home().join(".gitconfig")
    }

    /// Cuts `command` off from the machine: it starts with an empty environment, so neither the
    /// `GIT_DIR` of a hook that runs the tests nor the user's settings can leak in.
    pub(crate) fn confine(&self, command: &mut Command) {
        command.env_clear();
        for name in INHERITED {
            if let Some(value) = env::var_os(name) {
                command.env(name, value);
            }
        }
        command.envs(self.environment());
    }

    /// The variables that a process gets here.
    pub(crate) fn environment(&self) -> [(&'static str, OsString); 16] {
        [
            ("HOME", self.home().into()),
            ("XDG_CONFIG_HOME", self.home().join(".config").into()),
            ("XDG_CACHE_HOME", self.home().join(".cache").into()),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
            ("GIT_CONFIG_GLOBAL", self.git_config().into()),
            // A repository around the temporary folder must not be found.
            ("GIT_CEILING_DIRECTORIES", self.root().into()),
            ("GIT_TERMINAL_PROMPT", "0".into()),
            ("GIT_EDITOR", "true".into()),
            ("GIT_AUTHOR_NAME", "Ada Author".into()),
            ("GIT_AUTHOR_EMAIL", "ada@example.org".into()),
            ("GIT_AUTHOR_DATE", DATE.into()),
            ("GIT_COMMITTER_NAME", "Cem Committer".into()),
            ("GIT_COMMITTER_EMAIL", "cem@example.org".into()),
            ("GIT_COMMITTER_DATE", DATE.into()),
            ("LC_ALL", "C.UTF-8".into()),
            ("TZ", "UTC".into()),
        ]
    }
}
