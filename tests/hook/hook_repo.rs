//! A repository for tests of hooks, with a small script in place of the program.

use std::fs;
use std::path::{Path, PathBuf};

use keysieve::hook::{
    self, Git, HOOKS, Hook, HookError, InstallRequest, InstallStep, Liveness, Side,
};

use crate::support::{Ran, Repo, Run, Sandbox, renew_scripts, write_script};

/// A repository without hooks, and a program that records how it is called and refuses what
/// contains `AKIA`.
pub(crate) struct HookRepo {
    repo: Repo,
    pub(crate) program: PathBuf,
}

const PROGRAM: &str = "#!/bin/sh
echo \"$*\" >> \"$(dirname \"$0\")/calls\"
case $3 in
    pre-commit) if git diff --cached | grep -q AKIA; then exit 1; fi ;;
    commit-msg) if grep -q AKIA \"$4\"; then exit 1; fi ;;
    pre-merge-commit) ;;
    pre-push | pre-receive)
        while read -r old new name more; do
            echo \"$old $new $name $more\" >> \"$(dirname \"$0\")/calls\"
            case $name in refs/*) ;; *) new=$old ;; esac
            if git show \"$new\" | grep -q AKIA; then exit 1; fi
        done
        ;;
    update) if git show \"$6\" | grep -q AKIA; then exit 1; fi ;;
    *) exit 2 ;;
esac
";

impl HookRepo {
    pub(crate) fn new() -> Self {
        // Paths are written into a script and read by it, so they have quotes and spaces.
        let repo = Repo::named("a repo");
        fs::remove_dir_all(repo.path(".git/hooks")).unwrap();
        let program = repo.sandbox().root().join("it's a bin/keysieve");
        write_script(&program, PROGRAM);
        Self { repo, program }
    }

    pub(crate) fn root(&self) -> &Path {
        self.repo.root()
    }

    pub(crate) fn sandbox(&self) -> &Sandbox {
        self.repo.sandbox()
    }

    pub(crate) fn hooks(&self) -> PathBuf {
        self.repo.path(".git/hooks")
    }

    /// A path outside of the repository.
    pub(crate) fn outside(&self, name: &str) -> PathBuf {
        self.sandbox().root().join(name)
    }

    /// Git for the functions of the library.
    pub(crate) fn git_for(&self, dir: &Path) -> Git {
        self.sandbox()
            .environment()
            .into_iter()
            .fold(Git::at(dir), |git, (name, value)| git.env(name, value))
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.repo.git(args)
    }

    pub(crate) fn try_git(&self, dir: &Path, args: &[&str]) -> Ran {
        Run::new("git", dir, self.sandbox()).args(args).run()
    }

    /// Writes and commits a file, and returns whether the hooks let it pass.
    pub(crate) fn commit(&self, dir: &Path, content: &str) -> bool {
        self.commit_with_path(dir, content, &std::env::var("PATH").unwrap())
            .code()
            == Some(0)
    }

    /// The same, with `PATH` set for git and the hooks.
    pub(crate) fn commit_with_path(&self, dir: &Path, content: &str, path: &str) -> Ran {
        fs::write(dir.join("file"), content).unwrap();
        self.try_git(dir, &["add", "file"]).has_status(0);
        let ran = Run::new("git", dir, self.sandbox())
            .args(["commit", "-qm", "message"])
            .env("PATH", path)
            .run();
        self.try_git(dir, &["reset", "-q"]).has_status(0);
        ran
    }

    pub(crate) fn install(&self, dir: &Path) -> Result<Vec<InstallStep>, HookError> {
        self.install_program(dir, &self.program, false)
    }

    pub(crate) fn install_program(
        &self,
        dir: &Path,
        program: &Path,
        force: bool,
    ) -> Result<Vec<InstallStep>, HookError> {
        let hooks: Vec<_> = Hook::defaults(Side::Client).collect();
        let request = InstallRequest {
            hooks: &hooks,
            program,
            force,
        };
        let steps = hook::install(&self.git_for(dir), &request)?;
        let hooks = self.try_git(dir, &["rev-parse", "--git-path", "hooks"]);
        let hooks = dir.join(hooks.stdout().trim_end());
        if hooks.is_dir() {
            renew_scripts(&hooks);
        }
        Ok(steps)
    }

    pub(crate) fn uninstall(&self, dir: &Path) -> Result<Vec<InstallStep>, HookError> {
        hook::uninstall(&self.git_for(dir), &HOOKS, false)
    }

    pub(crate) fn liveness(&self) -> Liveness {
        self.liveness_in(self.root())
    }

    pub(crate) fn liveness_in(&self, dir: &Path) -> Liveness {
        let git = self.git_for(dir);
        let extra_files = [".keysieve.toml".into()];
        let report = hook::status(&git, &self.program, &extra_files, None);
        report.unwrap().liveness
    }

    /// How the program was called.
    pub(crate) fn calls(&self) -> String {
        fs::read_to_string(self.program.with_file_name("calls")).unwrap_or_default()
    }

    /// The names in the folder of hooks.
    pub(crate) fn hook_names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.hooks()).into_iter().flatten();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

pub(crate) fn key() -> String {
    ["AKIA", "Q3EGRIIO", "FD7ANFP6"].concat()
}

/// A hook that keysieve did not write: it leaves a trace in the home directory.
pub(crate) const FOREIGN_HOOK: &str = "#!/bin/sh\necho other \"$0\" >> \"$HOME/other\"\n";
