//! A repository, a home and a program of a test's own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use keysieve::hook::{self, Error, Git, Hook, Request, Side, Step, Verdict};
use tempfile::TempDir;

/// A repository, a home of its own, and a program that writes down how it is called and refuses
/// what holds `AKIA`.
pub(crate) struct Sandbox {
    pub(crate) dir: TempDir,
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

impl Sandbox {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // Quotes and spaces: paths are written into a script.
        let bin = dir.path().join("it's a bin");
        for folder in [&bin, &dir.path().join("home"), &dir.path().join("a repo")] {
            fs::create_dir(folder).unwrap();
        }
        let program = bin.join("keysieve");
        let ground = Self { dir, program };
        ground.script(&ground.program, PROGRAM);
        ground.git(&["init", "-q", "--template="]);
        ground
    }

    pub(crate) fn repo(&self) -> PathBuf {
        self.dir.path().join("a repo")
    }

    pub(crate) fn hooks(&self) -> PathBuf {
        self.repo().join(".git/hooks")
    }

    pub(crate) fn script(&self, path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn env(&self) -> [(&'static str, PathBuf); 4] {
        let home = self.dir.path().join("home");
        let config = home.join("gitconfig");
        [
            ("XDG_CONFIG_HOME", home.join(".config")),
            ("HOME", home),
            ("GIT_CONFIG_GLOBAL", config),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
        ]
    }

    /// Git as the library is to see it.
    pub(crate) fn at(&self, dir: &Path) -> Git {
        self.env()
            .into_iter()
            .fold(Git::at(dir), |git, (name, value)| git.env(name, value))
    }

    pub(crate) fn run_git(&self, dir: &Path, args: &[&str]) -> Output {
        let mut git = Command::new("git");
        git.current_dir(dir)
            .args(["-c", "user.name=a", "-c", "user.email=a@localhost"])
            .args(args)
            .envs(self.env());
        for tie in [
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_INDEX_FILE",
            "GIT_PREFIX",
            "GIT_TEMPLATE_DIR",
        ] {
            git.env_remove(tie);
        }
        git.output().unwrap()
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.git_in(&self.repo(), args)
    }

    pub(crate) fn git_in(&self, dir: &Path, args: &[&str]) -> String {
        let output = self.run_git(dir, args);
        assert!(output.status.success(), "git {args:?}: {}", text(&output));
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    }

    /// Stages a file with that text in it and commits; says whether git did.
    pub(crate) fn commit(&self, dir: &Path, content: &str) -> bool {
        fs::write(dir.join("file"), content).unwrap();
        self.git_in(dir, &["add", "file"]);
        let output = self.run_git(dir, &["commit", "-qm", "message"]);
        self.git_in(dir, &["reset", "-q"]);
        output.status.success()
    }

    pub(crate) fn install(&self, dir: &Path) -> Result<Vec<Step>, Error> {
        self.install_by(dir, &self.program, false)
    }

    pub(crate) fn install_by(
        &self,
        dir: &Path,
        program: &Path,
        force: bool,
    ) -> Result<Vec<Step>, Error> {
        let hooks: Vec<_> = Hook::usual(Side::Client).collect();
        hook::install(
            &self.at(dir),
            &Request {
                hooks: &hooks,
                program,
                force,
            },
        )
    }

    pub(crate) fn uninstall(&self, dir: &Path) -> Result<Vec<Step>, Error> {
        hook::uninstall(&self.at(dir), &Hook::all().collect::<Vec<_>>(), false)
    }

    pub(crate) fn verdict(&self) -> Verdict {
        hook::status(
            &self.at(&self.repo()),
            &self.program,
            &[".keysieve.toml".into()],
            None,
        )
        .unwrap()
        .verdict
    }

    pub(crate) fn calls(&self) -> String {
        fs::read_to_string(self.program.with_file_name("calls")).unwrap_or_default()
    }

    /// What stands in the folder of hooks.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.hooks()).into_iter().flatten();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

pub(crate) fn text(output: &Output) -> String {
    [&output.stdout[..], &output.stderr[..]]
        .map(String::from_utf8_lossy)
        .concat()
}

pub(crate) fn key() -> String {
    ["AKIA", "Q3EGRIIO", "FD7ANFP6"].concat()
}

/// A hook that somebody else wrote: it leaves a trace in the home directory.
pub(crate) const OTHER: &str = "#!/bin/sh\necho other \"$0\" >> \"$HOME/other\"\n";
