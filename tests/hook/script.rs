//! The shell scripts of the project: the stub and `install.sh`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::hook_repo::HookRepo;
use crate::support::{Ran, Run, write_script};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn scripts_are_valid_shell() {
    let scripts = ["hooks/stub.sh", "install.sh"].map(|script| Path::new(ROOT).join(script));
    for script in &scripts {
        let output = Command::new("sh").arg("-n").arg(script).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    // Not every machine has it; where it is, it has the last word.
    if let Ok(output) = Command::new("shellcheck").args(&scripts).output() {
        assert!(output.status.success(), "{output:?}");
    }
}

/// A copy of the files that `install.sh` uses, and a cargo that installs a script as the program.
struct Installer {
    repo: HookRepo,
    source: PathBuf,
    path: PathBuf,
}

const CARGO: &str = "#!/bin/sh
[ \"$1 $2 $3\" = 'install --locked --path' ] && [ -f \"$4/Cargo.toml\" ] || exit 9
/bin/mkdir -p \"$CARGO_INSTALL_ROOT/bin\"
/bin/cp \"$HOME/program\" \"$CARGO_INSTALL_ROOT/bin/keysieve\"
";

const PROGRAM: &str = "#!/bin/sh
echo \"ran $*\"
case $1 in scan) exit \"$SCAN\" ;; esac
";

impl Installer {
    fn new() -> Self {
        let repo = HookRepo::new();
        let source = repo.outside("the source");
        let path = repo.outside("tools");
        for folder in [&source, &path] {
            fs::create_dir(folder).unwrap();
        }
        let script = fs::read_to_string(Path::new(ROOT).join("install.sh")).unwrap();
        write_script(source.join("install.sh"), &script);
        fs::write(source.join("Cargo.toml"), "").unwrap();
        write_script(repo.outside("home/program"), PROGRAM);
        write_script(path.join("cargo"), CARGO);
        write_script(path.join("cc"), "#!/bin/sh\n");
        for tool in ["git", "readlink", "ln"] {
            symlink(which(tool), path.join(tool)).unwrap();
        }
        Self { repo, source, path }
    }

    /// Runs `install.sh` from another folder. Its scan exits with the status `scan`.
    fn run(&self, args: &[&Path], scan: i32) -> Ran {
        let sandbox = self.repo.sandbox();
        Run::new(self.source.join("install.sh"), sandbox.root(), sandbox)
            .args(args)
            .env("CARGO_INSTALL_ROOT", self.repo.outside("a root"))
            .env("PATH", &self.path)
            .env("SCAN", scan.to_string())
            .run()
    }
}

fn which(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
        .unwrap()
}

#[test]
fn install_sh_builds_installs_the_hooks_and_scans() {
    let installer = Installer::new();
    installer.run(&[], 0).has_status(0).says("not on your PATH");
    assert!(installer.repo.outside("a root/bin/keysieve").is_file());

    let repo = installer.repo.root();
    for (scan, words) in [
        (0, "found nothing"),
        (
            1,
            "keysieve is installed and the hooks are live. The scan found",
        ),
    ] {
        let ran = installer.run(&[Path::new("a repo")], scan);
        ran.has_status(scan).says(words);
        for step in ["hook install", "hook status", "scan"] {
            ran.says(&format!("ran {step} {}", repo.display()));
        }
    }
    installer
        .run(&[repo], 2)
        .has_status(2)
        .says("was not completed");
}

#[test]
fn install_sh_links_git_secrets_and_keeps_another_one() {
    let installer = Installer::new();
    let link = installer.repo.outside("a root/bin/git-secrets");
    let option = Path::new("--git-secrets");
    installer.run(&[], 0).has_status(0);
    assert!(!link.exists());
    for _ in 0..2 {
        let ran = installer.run(&[option, installer.repo.root()], 0);
        ran.has_status(0)
            .says("a link to keysieve")
            .says("ran scan");
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("keysieve"));
    }
    fs::remove_file(&link).unwrap();
    write_script(&link, "#!/bin/sh\n");
    let ran = installer.run(&[option], 0);
    ran.has_status(2).says("is another program, and stays");
    assert_eq!(fs::read_to_string(&link).unwrap(), "#!/bin/sh\n");
    write_script(installer.path.join("git-secrets"), "#!/bin/sh\n");
    fs::remove_file(&link).unwrap();
    installer
        .run(&[option], 0)
        .has_status(0)
        .says("finds another one first");
}

#[test]
fn install_sh_names_a_missing_tool() {
    for tool in ["git", "cargo", "cc"] {
        let installer = Installer::new();
        fs::remove_file(installer.path.join(tool)).unwrap();
        installer
            .run(&[], 0)
            .has_status(2)
            .says(&format!("`{tool}`"));
    }
}

#[test]
fn install_sh_checks_its_arguments_before_it_builds() {
    let installer = Installer::new();
    for wrong in ["nowhere", "home", "--repo"] {
        installer.run(&[Path::new(wrong)], 0).has_status(2);
        assert!(!installer.repo.outside("a root").exists());
    }
    write_script(installer.path.join("cargo"), "#!/bin/sh\nexit 101\n");
    installer
        .run(&[], 0)
        .has_status(2)
        .says("keysieve could not be built");
}
