//! Tests entries that are not plain files, and names with arbitrary bytes.

use std::os::unix::fs::symlink;
use std::process::Command;

use super::{key, outside, there};
use crate::support::keys::access_key_id;
use crate::support::{Repo, Run, Sandbox};

#[test]
fn a_symlink_is_not_followed_and_its_target_is_scanned_as_text() {
    let repo = Repo::new();
    let outside_repo = repo.sandbox().root().join("outside");
    std::fs::create_dir(&outside_repo).unwrap();
    std::fs::write(outside_repo.join("secret"), key(1)).unwrap();
    symlink(&outside_repo, repo.path("folder")).unwrap();
    symlink(outside_repo.join("secret"), repo.path("file")).unwrap();
    super::finds_in(&repo, &[], &[]);
    symlink(access_key_id(2), repo.path("link")).unwrap();
    repo.keysieve(["scan", "-f", "json"])
        .status(1)
        .never_says(&access_key_id(2))
        .says("\"link\"");
}

#[test]
fn a_symlink_that_is_an_argument_is_followed() {
    let sandbox = outside("secret", key(1));
    let folder = sandbox.root().join("in");
    symlink("secret", folder.join("link")).unwrap();
    symlink(".", folder.join("here")).unwrap();
    there(&sandbox, &["scan", "link"]).status(1);
    there(&sandbox, &["scan", "here"])
        .status(1)
        .says("here/secret");
}

fn pipe(sandbox: &Sandbox) -> std::path::PathBuf {
    let path = sandbox.root().join("in/pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    path
}

#[test]
fn a_pipe_is_skipped_and_reported() {
    let sandbox = outside("clean", "hello\n");
    pipe(&sandbox);
    let ran = there(&sandbox, &["scan"]).status(0);
    ran.says("not scanned: 1").says("pipe: not a regular file");
}

#[test]
fn a_pipe_that_is_an_argument_is_read() {
    let sandbox = outside("clean", "hello\n");
    let path = pipe(&sandbox);
    let writer = std::thread::spawn(move || std::fs::write(path, key(1)));
    there(&sandbox, &["scan", "pipe"])
        .status(1)
        .says("pipe:1:21");
    writer.join().unwrap().unwrap();
}

#[test]
fn names_of_any_bytes_are_scanned_and_printed_safely() {
    let repo = Repo::new();
    for (seed, name) in [
        &b"new\nline"[..],
        b"esc\x1b[2Jape",
        b"latin\xe9",
        b"tab\tbell\x07",
        b"quote\"'",
    ]
    .iter()
    .enumerate()
    {
        repo.write(Repo::raw_name(name), key(seed as u64));
    }
    repo.write("bidi\u{202e}txt", key(9));
    for format in ["human", "json", "jsonl"] {
        let ran = repo.keysieve(["scan", "-f", format]).status(1);
        ran.never_says("\u{1b}")
            .never_says("\u{7}")
            .never_says("\u{202e}")
            .never_says("new\nline");
    }
    let report = repo.keysieve(["scan", "-f", "json"]).run().json();
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 6);
    assert!(
        findings
            .iter()
            .any(|finding| finding["path"] == "new\nline")
    );
    assert!(
        findings
            .iter()
            .any(|finding| finding["path_base64"] == "bGF0aW7p")
    );
}

#[test]
fn text_around_a_finding_is_printed_safely() {
    let sandbox = outside(
        "a",
        format!(
            "\u{1b}]0;owned\u{7}\u{202e} {} \u{1b}[31m\r\u{9b}2J\n",
            key(1).trim_end()
        ),
    );
    there(&sandbox, &["scan"])
        .status(1)
        .never_says("\u{1b}")
        .never_says("\u{7}")
        .never_says("\u{202e}")
        .never_says("\u{9b}");
}

#[test]
fn a_symlink_cycle_that_is_an_argument_exits_2() {
    let sandbox = outside("clean", "hello\n");
    let folder = sandbox.root().join("in");
    symlink("two", folder.join("one")).unwrap();
    symlink("one", folder.join("two")).unwrap();
    there(&sandbox, &["scan"]).status(0);
    there(&sandbox, &["scan", "one/x"]).status(2).says("one");
}

/// Runs the program without the rights of root, who can read every file. A copy of the program is
/// made where every user can run it.
fn keysieve_without_root(sandbox: &Sandbox, args: &[&str]) -> Run {
    let id = Command::new("id").arg("-u").output().unwrap();
    if id.stdout != b"0\n" {
        return there(sandbox, args);
    }
    let program = sandbox.root().join("keysieve");
    // A program that another test starts now would inherit a file open for writing, and no file can
    // be run as long as one has it open so.
    let copy = Command::new("cp")
        .args([Run::KEYSIEVE.as_ref(), program.as_os_str()])
        .status();
    assert!(copy.unwrap().success(), "no copy of the program");
    Run::new(program, &sandbox.root().join("in"), sandbox)
        .args(args)
        .unprivileged()
}

#[test]
fn unreadable_files_exit_2() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = outside("closed", key(1));
    let folder = sandbox.root().join("in");
    std::fs::create_dir(folder.join("shut")).unwrap();
    std::fs::write(folder.join("open"), key(2)).unwrap();
    let set = |path: &str, mode| {
        let path = sandbox.root().join(path);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set("", 0o755);
    set("in", 0o755);
    set("in/closed", 0o000);
    set("in/shut", 0o000);
    let report = keysieve_without_root(&sandbox, &["scan", "-f", "json"])
        .status(2)
        .json();
    assert_eq!(report["status"], "incomplete");
    let skipped = report["skipped"].as_array().unwrap();
    assert_eq!(skipped.len(), 2);
    assert!(skipped.iter().all(|skip| skip["failure"] == true));
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "what could be read is shown");
    set("in/shut", 0o755);
}
