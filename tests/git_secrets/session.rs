//! Runs git-secrets, ours or the original, and writes down what it does.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::support::keys::{access_key_id, secret_access_key};
use crate::support::{Ran, Repo, Run};

/// What follows the lines that are found.
const HINTS: &str = "
[ERROR] Matched one or more prohibited patterns

Possible mitigations:
- Mark false positives as allowed using: git config --add secrets.allowed ...
- Mark false positives as allowed by adding regular expressions to .gitallowed at repository's root directory
- List your configured patterns: git config --get-all secrets.patterns
- List your configured allowed patterns: git config --get-all secrets.allowed
- List your configured allowed patterns in .gitallowed at repository's root directory
- Use --no-verify if this is a one-time false positive
";

/// A repository in which `git secrets` is one program.
pub(crate) struct Session {
    pub(crate) repo: Repo,
    bin: PathBuf,
}

impl Session {
    /// An empty repository in which `git-secrets` is `program`.
    pub(crate) fn new(program: &Path) -> Self {
        let repo = Repo::new();
        let bin = repo.sandbox().root().join("bin");
        fs::create_dir(&bin).unwrap();
        symlink(program, bin.join("git-secrets")).unwrap();
        Self { repo, bin }
    }

    /// One in which it is the program under test.
    pub(crate) fn ours() -> Self {
        Self::new(Path::new(Run::KEYSIEVE))
    }

    /// A program that finds git-secrets on its PATH.
    pub(super) fn program(&self, name: &str, folder: &Path) -> Run {
        let path = std::env::var("PATH").unwrap();
        Run::new(name, folder, self.repo.sandbox())
            .env("PATH", format!("{}:{path}", self.bin.display()))
    }

    /// Runs git-secrets at the top of the work tree.
    pub(crate) fn run<const N: usize>(&self, words: [&str; N]) -> Ran {
        self.git_secrets(self.repo.root()).args(words).run()
    }

    /// Git-secrets, to be run in `folder`.
    pub(super) fn git_secrets(&self, folder: &Path) -> Run {
        let program = self.bin.join("git-secrets");
        self.program(program.to_str().unwrap(), folder)
    }

    /// Runs a command line in the shell, in which `$R` is the repository and `$S` the sandbox, and
    /// describes what it did and, if asked for, what it wrote.
    pub(super) fn describe(&self, line: &str, is_writing: bool) -> String {
        let ran = self
            .program("bash", self.repo.root())
            .args(["-c", line])
            .env("R", self.repo.root())
            .env("S", self.repo.sandbox().root())
            .run();
        let mut text = format!("$ {line}\nstatus {}\n", ran.code().unwrap());
        let mut section = |name: &str, output: String| {
            for line in self.normal(&output).lines() {
                writeln!(text, "{name} {line}").unwrap();
            }
        };
        section("out:", ran.stdout());
        section("err:", ran.stderr());
        if is_writing {
            section("config:", self.configuration());
            section("hook:", self.hooks());
        }
        text
    }

    /// Output without what depends on the folder, on the versions of git and grep, and on how an
    /// error is worded.
    fn normal(&self, output: &str) -> String {
        let root = self.repo.sandbox().root().to_str().unwrap();
        let mut output = output.replace(root, "$S").replace(HINTS, "(hints)\n");
        // No scanner is to find anything in the golden file.
        for (key, name) in [
            (access_key_id(7), "$ID"),
            (secret_access_key(7), "$KEY"),
            (
                concat!("AKIA", "IOSFODNN7", "EXAMPLE").into(),
                "$EXAMPLE_ID",
            ),
            (
                ["wJalrXUtnFEMI", "/K7MDENG", "/bPxRfiCYEXAMPLEKEY"].concat(),
                "$EXAMPLE_KEY",
            ),
        ] {
            output = output.replace(&key, name);
        }
        let mut lines: Vec<&str> = Vec::new();
        let mut is_usage = false;
        for line in output.lines() {
            is_usage |= line.starts_with("usage: ");
            let is_error = line.starts_with("fatal: ")
                || line.starts_with("grep: ")
                || line.starts_with("git-secrets: ")
                || line.contains("command not found");
            let line = match line {
                // Grep warns of patterns that git-secrets itself registers.
                _ if line.starts_with("grep: warning: ") => continue,
                _ if line.starts_with("mkdir: ") => continue,
                // Newer versions of git-secrets register more patterns.
                _ if line.contains("ABSK") || line.contains("bedrock") => continue,
                _ if is_usage && !line.starts_with("usage: ") => continue,
                _ if is_error => "(error)",
                _ => line,
            };
            if line != "(error)" || lines.last() != Some(&"(error)") {
                lines.push(line);
            }
        }
        lines.join("\n")
    }

    /// What git-secrets has written to the configuration.
    fn configuration(&self) -> String {
        let scopes = ["--local", "--global"].map(|scope| {
            let ran = self
                .repo
                .try_git(["config", scope, "--get-regexp", "secrets"]);
            let text = ran.stdout();
            let lines = text.lines().map(|line| format!("{scope} {line}\n"));
            lines.collect::<String>()
        });
        scopes.concat()
    }

    /// The hooks of the repository and of the template directory.
    fn hooks(&self) -> String {
        let mut text = String::new();
        let template = self.repo.sandbox().root().join("template/hooks");
        for folder in [self.repo.path(".git/hooks"), template] {
            let mut files = Vec::new();
            let mut open = vec![folder];
            while let Some(folder) = open.pop() {
                for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                    if entry.path().is_dir() {
                        open.push(entry.path());
                    } else if entry.path().extension().is_none_or(|end| end != "sample") {
                        files.push(entry.path());
                    }
                }
            }
            files.sort();
            for file in files {
                let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
                let content = fs::read_to_string(&file).unwrap().replace('\n', "⏎");
                writeln!(text, "{} {mode:o} {content}", file.display()).unwrap();
            }
        }
        text
    }
}
