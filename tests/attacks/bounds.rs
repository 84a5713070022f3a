//! What a hostile file can make a scan cost.

use std::io::Write as _;
use std::process::Command;

use crate::support::keys::access_key_id;
use crate::support::{Repo, Sandbox};

/// More findings than are listed of one rule in one file.
const MANY: usize = 1_500;

/// The most memory that a scan of a megabyte of keys may use, in KiB; it used 1.2 GiB.
const MEMORY: usize = 300 << 10;

fn ids(count: usize, around: impl Fn(&str) -> String) -> String {
    (0..count as u64)
        .map(|seed| around(&access_key_id(seed)))
        .collect()
}

/// A file that is made of keys makes a report of gigabytes.
#[test]
fn of_a_file_of_keys_the_first_are_listed_and_the_rest_counted() {
    let repo = Repo::new();
    repo.add("dump.txt", ids(MANY, |id| format!("id = {id}\n")));
    for command in ["scan", "staged"] {
        let ran = repo.keysieve([command, "--format", "json"]).status(1);
        let report = ran.json();
        assert_eq!(report["findings"].as_array().map(Vec::len), Some(1000));
        assert_eq!(
            report["skipped"][0]["reason"],
            "500 more findings of aws-access-token (medium) are not listed"
        );
        assert_eq!(report["skipped"][0]["failure"], false);
        repo.keysieve([command])
            .status(1)
            .says("not listed: 1\n  dump.txt: 500 more findings");
    }
}

/// Keys that are allowed fill the list, so that one that is not is missing from it.
#[test]
fn a_key_is_listed_after_thousands_that_are_allowed() {
    let repo = Repo::new();
    repo.add(
        "dump.txt",
        ids(MANY, |id| format!("{id} # keysieve:allow\n")) + &access_key_id(99_999),
    );
    let ran = repo.keysieve(["staged", "--format", "json"]).status(1);
    let report = ran.json();
    assert_eq!(report["findings"][0]["line"], MANY + 1);
    assert_eq!(
        report["skipped"][0]["reason"],
        "500 more allowed findings of aws-access-token (medium) are not listed"
    );
}

/// The baseline of a file of keys lacks those that are not listed.
#[test]
fn a_baseline_holds_every_key_of_a_file_of_keys() {
    let repo = Repo::new();
    repo.write("dump.txt", ids(MANY, |id| format!("id = {id}\n")));
    repo.keysieve(["baseline", "write"]).status(0);
    repo.keysieve(["scan"]).status(0);
}

/// A megabyte of keys on one line, with markers of another rule between them, fills the memory.
#[test]
fn dense_keys_and_markers_use_little_memory() {
    let sandbox = Sandbox::new();
    let around = |id: &str| format!("{id} keysieve:allow github-pat ");
    let file = sandbox.root().join("dense.txt");
    std::fs::write(&file, ids(20_000, around)).expect("a file");
    let limited = format!("ulimit -v {MEMORY} && exec \"$0\" \"$@\"");
    for format in ["human", "sarif", "gitlab", "html"] {
        let mut command = Command::new("sh");
        command.args(["-c", &limited, env!("CARGO_BIN_EXE_keysieve")]);
        command.args(["scan", "--jobs", "1", "--format", format]);
        let output = command.arg(&file).current_dir(sandbox.root()).output();
        let output = output.expect("sh");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{format}: {errors}");
    }
}

/// A staged or committed object of gigabytes, a few hundred bytes in git's store, fills the memory.
#[test]
fn an_object_of_gigabytes_is_not_read_and_not_passed() {
    let repo = Repo::new();
    let base = repo.add("a.txt", "a\n").commit("first");
    let file = std::fs::File::create(repo.path("zeros.bin")).expect("a file");
    file.set_len(600 << 20).expect("a sparse file");
    repo.git(["-c", "core.compression=1", "add", "zeros.bin"]);
    let text = "has 629145600 bytes, more than the 536870912 that can be read";
    let staged = repo.keysieve(["staged"]).status(2);
    staged.says(text);
    repo.keysieve(["staged", "--max-size", "1MiB"])
        .status(0)
        .says("larger than the size limit");
    repo.commit("zeros");
    let gated = repo.keysieve(["gate", &format!("{base}..HEAD")]).status(2);
    gated.says(text);
}

/// A committed file that is made of keys makes the report of an audit grow without bound.
#[test]
fn an_audit_lists_the_first_keys_of_a_file_of_keys() {
    let repo = Repo::new();
    repo.add("dump.txt", ids(MANY, |id| format!("id = {id}\n")));
    repo.commit("keys");
    let ran = repo.keysieve(["audit", "--no-cache", "--format", "json"]);
    let report = ran.status(1).json();
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(1000));
    assert_eq!(report["skipped"][0]["path"], "dump.txt");
    assert_eq!(
        report["skipped"][0]["reason"],
        "500 more findings of aws-access-token (medium) are not listed"
    );
}

/// `--jobs 1` on a shared machine starts a thread for each core all the same.
#[cfg(target_os = "linux")]
#[test]
fn an_audit_with_one_job_has_one_thread_that_works() {
    let repo = Repo::new();
    for number in 0..400 {
        repo.write(
            format!("f{number}"),
            ids(20, |id| format!("{number} {id}\n")),
        );
    }
    repo.stage(".").commit("many");
    let mut child = Command::new(env!("CARGO_BIN_EXE_keysieve"))
        .args(["audit", "--no-cache", "--jobs", "1"])
        .current_dir(repo.root())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the program");
    let tasks = format!("/proc/{}/task", child.id());
    let mut most = 0;
    while child.try_wait().expect("a child").is_none() {
        let count = std::fs::read_dir(&tasks).map_or(0, Iterator::count);
        most = most.max(count);
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    // The main thread waits for the one that works; a third one waits for signals.
    assert_eq!(most, 3);
}

/// A pack is truncated while it is mapped: the system sends this signal, which kills a program.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_is_truncated_while_it_is_read_is_exit_status_2() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_keysieve"))
        .args(["scan", "-"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program");
    let mut stdin = child.stdin.take().expect("a pipe");
    // More than a pipe holds: the program reads by then, so it has installed its handler.
    stdin.write_all(&vec![b'\n'; 1 << 20]).expect("a reader");
    let id = child.id().to_string();
    let killed = Command::new("kill").args(["-BUS", &id]).status();
    assert!(killed.expect("kill").success());
    let output = child.wait_with_output().expect("a child");
    drop(stdin);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(
        output.stderr.starts_with(b"keysieve: a file was truncated"),
        "{output:?}"
    );
}
