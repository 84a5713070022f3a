//! Regressions: inputs that once made the audit miss a secret, or describe it wrongly.

use std::fs;

use super::ground::{Audited, Sandbox, id_line, text};
use super::packer::packed;
use crate::support::Repo;
use crate::support::keys::access_key_id;

/// Writes a loose object, valid or not, and returns its id.
fn write(repo: &Repo, kind: &str, bytes: &[u8]) -> String {
    let whole = [format!("{kind} {}\0", bytes.len()).as_bytes(), bytes].concat();
    let id = repo
        .program("git")
        .args(["hash-object", "-t", kind, "--literally", "--stdin"])
        .stdin(bytes)
        .status(0);
    let id = id.stdout().trim().to_owned();
    let folder = repo.path(format!(".git/objects/{}", &id[..2]));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(&id[2..]), packed(&whole)).unwrap();
    id
}

fn raw(id: &str) -> Vec<u8> {
    (0..id.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&id[at..at + 2], 16).unwrap())
        .collect()
}

#[test]
fn a_tree_entry_is_a_directory_even_if_its_mode_has_a_leading_zero() {
    for mode in ["0040000", "40755"] {
        let ground = Sandbox::new(Repo::new());
        let id = access_key_id(1500);
        ground.repo.add("inner/a.ini", id_line(&id));
        ground.commit("a key");
        let inner = ground.repo.git(["rev-parse", "HEAD:inner"]);
        let tree = write(
            &ground.repo,
            "tree",
            &[format!("{mode} inner\0").as_bytes(), &raw(&inner)].concat(),
        );
        let commit = ground
            .later(&["commit-tree", "-m", "odd", &tree])
            .status(0)
            .stdout()
            .trim()
            .to_owned();
        ground.repo.git(["update-ref", "refs/heads/main", &commit]);
        ground
            .repo
            .git(["reflog", "expire", "--expire=now", "--all"]);
        let audited = Audited::of(&ground.repo, &["--reachable"]);
        assert_eq!(audited.finding(&id)["path"], "inner/a.ini", "{mode}");
    }
}

#[test]
fn an_allow_entry_for_a_path_in_history_does_not_cover_another_staged_path() {
    let ground = Sandbox::new(Repo::new());
    let id = access_key_id(1501);
    ground
        .repo
        .add(
            ".keysieve.toml",
            "[[allow]]\npath = \"t/\"\nreason = \"made up\"\n",
        )
        .add("t/x", id_line(&id));
    ground.commit("a fixture");
    Audited::of(&ground.repo, &[]).ran.has_status(0);
    ground.repo.add("prod.env", id_line(&id));
    assert!(Audited::of(&ground.repo, &[]).finds(&id));
}

#[test]
fn a_commit_without_a_time_counts_as_newer() {
    let ground = Sandbox::new(Repo::new());
    let id = access_key_id(1502);
    ground.repo.add("a.ini", id_line(&id));
    ground.commit("a key");
    let tree = ground.repo.git(["rev-parse", "HEAD^{tree}"]);
    let commit = format!(
        "tree {tree}\nauthor a <a@b> 1700000000 +0000\ncommitter a <a@b> soon\n\nno time\n"
    );
    let commit = write(&ground.repo, "commit", commit.as_bytes());
    fs::write(
        ground.repo.path(".git/refs/heads/main"),
        format!("{commit}\n"),
    )
    .unwrap();
    ground
        .repo
        .git(["reflog", "expire", "--expire=now", "--all"]);
    let audited = Audited::of(&ground.repo, &["--reachable", "--since", "2030-01-01"]);
    assert!(audited.finds(&id), "{}", audited.ran.text());
}

#[test]
fn a_secret_that_was_pushed_once_is_published() {
    let ground = Sandbox::new(Repo::new());
    let id = access_key_id(1503);
    ground.commit("first");
    ground.repo.git(["init", "--quiet", "--bare", "../hub.git"]);
    ground.repo.git(["remote", "add", "origin", "../hub.git"]);
    ground.repo.git(["checkout", "--quiet", "-b", "f"]);
    ground.repo.add("a.ini", id_line(&id));
    ground.commit("a key");
    ground.repo.git(["push", "--quiet", "origin", "f"]);
    ground.repo.git(["branch", "kept"]);
    ground.repo.git(["reset", "--quiet", "--hard", "HEAD~1"]);
    ground
        .repo
        .git(["push", "--quiet", "--force", "origin", "f"]);
    let audited = Audited::of(&ground.repo, &[]);
    assert_eq!(
        text(&audited.finding(&id)["history"]["exposure"]),
        "published"
    );
}

#[test]
fn allow_entries_match_submodule_paths_as_they_are_shown() {
    let ground = Sandbox::new(Repo::new());
    let id = access_key_id(1504);
    let library = Sandbox::new(super::ground::like(&ground.repo));
    library.repo.add("s", id_line(&id));
    library.commit("a key");
    let url = library.repo.root().display().to_string();
    ground.repo.git([
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        &url,
        "lib",
    ]);
    let entry = |path: &str| format!("[[allow]]\npath = \"{path}\"\nreason = \"made up\"\n");
    ground.repo.write(".keysieve.toml", entry("/s"));
    assert_eq!(
        Audited::of(&ground.repo, &["--reachable"]).finding(&id)["path"],
        "lib/s"
    );
    ground.repo.write(".keysieve.toml", entry("/lib/s"));
    Audited::of(&ground.repo, &["--reachable"])
        .ran
        .has_status(0);
}

#[test]
#[cfg(unix)]
fn a_pipe_in_the_place_of_an_object_does_not_block_the_audit() {
    let ground = Sandbox::new(Repo::new());
    ground.repo.add("a.txt", "text\n");
    ground.commit("first");
    let blob = ground.repo.git(["rev-parse", "HEAD:a.txt"]);
    let place = ground
        .repo
        .path(format!(".git/objects/{}/{}", &blob[..2], &blob[2..]));
    fs::remove_file(&place).unwrap();
    ground
        .repo
        .program("mkfifo")
        .args([place.as_os_str()])
        .status(0);
    Audited::of(&ground.repo, &[]).ran.has_status(2);
}
