//! The scripts that go out with the program: the stubs and `install.sh`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use keysieve::hook::Hook;

use super::ground::{Sandbox, text};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn stubs_differ_in_nothing_but_their_name() {
    let read = |hook: &str| fs::read_to_string(Path::new(ROOT).join("hooks").join(hook)).unwrap();
    for hook in Hook::all() {
        assert_eq!(read(hook.name), read("pre-commit"), "{}", hook.name);
    }
}

#[test]
fn scripts_are_good_shell() {
    let mut scripts: Vec<_> = Hook::all()
        .map(|hook| Path::new(ROOT).join("hooks").join(hook.name))
        .collect();
    scripts.push(Path::new(ROOT).join("install.sh"));
    for script in &scripts {
        let output = Command::new("sh").arg("-n").arg(script).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
    }
    // Not every machine has it; where it is, it has the last word.
    if let Ok(output) = Command::new("shellcheck").args(&scripts).output() {
        assert!(output.status.success(), "{}", text(&output));
    }
}

/// A copy of the source as far as `install.sh` looks at it, and a cargo that installs a script as
/// the program.
struct Installer {
    ground: Sandbox,
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
        let ground = Sandbox::new();
        let source = ground.dir.path().join("the source");
        let path = ground.dir.path().join("tools");
        for folder in [&source, &path] {
            fs::create_dir(folder).unwrap();
        }
        fs::copy(
            Path::new(ROOT).join("install.sh"),
            source.join("install.sh"),
        )
        .unwrap();
        fs::write(source.join("Cargo.toml"), "").unwrap();
        ground.script(&ground.dir.path().join("home/program"), PROGRAM);
        ground.script(&path.join("cargo"), CARGO);
        ground.script(&path.join("cc"), "#!/bin/sh\n");
        symlink(which("git"), path.join("git")).unwrap();
        Self {
            ground,
            source,
            path,
        }
    }

    /// Runs it from a folder that has nothing to do with anything.
    fn run(&self, args: &[&Path], scan: i32) -> Output {
        let mut script = Command::new(self.source.join("install.sh"));
        script
            .args(args)
            .current_dir(self.ground.dir.path())
            .envs(self.ground.env())
            .env_remove("GIT_DIR");
        script.env("CARGO_INSTALL_ROOT", self.ground.dir.path().join("a root"));
        script
            .env("PATH", &self.path)
            .env("SCAN", scan.to_string())
            .output()
            .unwrap()
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
fn install_builds_hooks_and_scans() {
    let installer = Installer::new();
    let output = installer.run(&[], 0);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(
        text(&output).contains("not on your PATH"),
        "{}",
        text(&output)
    );
    assert!(
        installer
            .ground
            .dir
            .path()
            .join("a root/bin/keysieve")
            .is_file()
    );

    let repo = installer.ground.repo();
    for (scan, words) in [
        (0, "found nothing"),
        (
            1,
            "keysieve is installed, and the hook is live. The scan found",
        ),
    ] {
        // A relative path is meant from where the caller is.
        let output = installer.run(&[Path::new("a repo")], scan);
        assert_eq!(output.status.code(), Some(scan), "{}", text(&output));
        for step in ["hook install", "hook status", "scan"] {
            assert!(
                text(&output).contains(&format!("ran {step} {}", repo.display())),
                "{}",
                text(&output)
            );
        }
        assert!(text(&output).contains(words), "{}", text(&output));
    }
    let output = installer.run(&[&repo], 2);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output).contains("could not be completed"),
        "{}",
        text(&output)
    );
}

#[test]
fn install_says_what_is_missing() {
    for tool in ["git", "cargo", "cc"] {
        let installer = Installer::new();
        fs::remove_file(installer.path.join(tool)).unwrap();
        let output = installer.run(&[], 0);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        assert!(
            text(&output).contains(&format!("`{tool}`")),
            "{}",
            text(&output)
        );
    }
    let installer = Installer::new();
    for wrong in ["nowhere", "home", "--repo"] {
        let output = installer.run(&[Path::new(wrong)], 0);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        assert!(
            !installer.ground.dir.path().join("a root").exists(),
            "nothing is built for a mistake"
        );
    }
    installer
        .ground
        .script(&installer.path.join("cargo"), "#!/bin/sh\nexit 101\n");
    let output = installer.run(&[], 0);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output).contains("could not be built"),
        "{}",
        text(&output)
    );
}
