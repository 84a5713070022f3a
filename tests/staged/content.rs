//! Tests content that a diff would show as binary or as another line, and index entries that are
//! not files.

use std::os::unix::fs::symlink;

use super::{COMMIT, guarded, id_line, passes, stopped};
use crate::support::Repo;
use crate::support::keys::access_key_id;

/// A file with these bytes is stopped because of `id`.
#[track_caller]
fn stopped_because_of(id: &str, bytes: &[u8]) {
    let repo = guarded();
    repo.add("app.ini", bytes);
    stopped(&repo, COMMIT, id).says("app.ini:2:");
}

fn utf16(text: &str, bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
    // With the byte order mark.
    std::iter::once(0xfeff)
        .chain(text.encode_utf16())
        .flat_map(bytes_of)
        .collect()
}

#[test]
fn a_nul_byte() {
    let id = access_key_id(30);
    stopped_because_of(
        &id,
        format!("\0\0 binary \0\n{}\0\n", id_line(&id)).as_bytes(),
    );
}

#[test]
fn utf_16_little_endian() {
    let id = access_key_id(31);
    stopped_because_of(
        &id,
        &utf16(&format!("first\r\n{}", id_line(&id)), u16::to_le_bytes),
    );
}

#[test]
fn utf_16_big_endian() {
    let id = access_key_id(32);
    stopped_because_of(
        &id,
        &utf16(&format!("first\r\n{}", id_line(&id)), u16::to_be_bytes),
    );
}

#[test]
fn crlf_line_ends() {
    let id = access_key_id(33);
    stopped_because_of(
        &id,
        format!("first\n{}", id_line(&id))
            .replace('\n', "\r\n")
            .as_bytes(),
    );
}

#[test]
fn bytes_that_are_not_utf_8() {
    let id = access_key_id(34);
    stopped_because_of(
        &id,
        &[
            b"\xff\xfe\xfa latin \xe9\n".as_slice(),
            id_line(&id).as_bytes(),
        ]
        .concat(),
    );
}

#[test]
fn a_last_line_without_a_line_feed() {
    let id = access_key_id(35);
    stopped_because_of(
        &id,
        format!("first\n{}", id_line(&id).trim_end()).as_bytes(),
    );
}

#[test]
fn converting_line_ends_makes_no_new_key() {
    let repo = guarded();
    let text = format!("first\n{}last\n", id_line(&access_key_id(36)));
    repo.add("app.ini", &text).commit("an old key");
    repo.add("app.ini", text.replace("first\n", "first\r\n"));
    passes(&repo, COMMIT);
}

#[test]
fn the_target_of_a_symlink() {
    let repo = guarded();
    let id = access_key_id(37);
    symlink(format!("/nowhere/{id}"), repo.path("link")).unwrap();
    repo.stage("link");
    stopped(&repo, COMMIT, &id).says("link");
}

#[test]
fn a_symlink_is_not_followed() {
    let repo = guarded();
    repo.write("untracked.ini", id_line(&access_key_id(38)));
    symlink("untracked.ini", repo.path("link")).unwrap();
    repo.stage("link");
    passes(&repo, COMMIT);
}

#[test]
fn a_mode_change_of_a_file_with_an_old_key_passes() {
    let repo = guarded();
    repo.add("run.sh", id_line(&access_key_id(39)))
        .commit("an old key");
    repo.git(["update-index", "--chmod=+x", "run.sh"]);
    passes(&repo, COMMIT);
}

#[test]
fn a_symlink_that_becomes_a_file_with_a_key() {
    let repo = guarded();
    let id = access_key_id(40);
    symlink("nowhere", repo.path("app.ini")).unwrap();
    repo.stage("app.ini").commit("a link");
    std::fs::remove_file(repo.path("app.ini")).unwrap();
    repo.add("app.ini", id_line(&id));
    stopped(&repo, COMMIT, &id).says("app.ini:1:21");
}

/// The reason in the entry of `skipped` for a path.
#[track_caller]
fn skip_reason(repo: &Repo, path: &str) -> String {
    let ran = repo.keysieve(["staged", "-f", "json"]).status(0);
    let report = ran.json();
    let skips = report["skipped"].as_array().into_iter().flatten();
    match skips.into_iter().find(|skip| skip["path"] == path) {
        Some(skip) => skip["reason"].as_str().unwrap_or_default().to_owned(),
        None => ran.fail(&format!("{path} is not among what was skipped")),
    }
}

#[test]
fn a_file_added_with_intent_to_add_is_skipped_and_reported() {
    let repo = guarded();
    repo.write("later.ini", id_line(&access_key_id(41)));
    repo.git(["add", "--intent-to-add", "later.ini"]);
    repo.add("other.txt", "fine\n");
    assert!(skip_reason(&repo, "later.ini").contains("--intent-to-add"));
    passes(&repo, COMMIT);
}

#[test]
fn a_submodule_is_skipped_and_reported() {
    let repo = guarded();
    let inner = Repo::new();
    inner
        .add("app.ini", id_line(&access_key_id(42)))
        .commit("a key of its own");
    repo.submodule(&inner, "inner");
    assert!(skip_reason(&repo, "inner").contains("submodule"));
    passes(&repo, COMMIT);
}

#[test]
fn a_key_next_to_a_submodule_is_stopped() {
    let repo = guarded();
    let inner = Repo::new();
    let commit = inner.commit("empty");
    let id = access_key_id(43);
    repo.git([
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("160000,{commit},inner"),
    ]);
    repo.add("zz.ini", id_line(&id));
    stopped(&repo, COMMIT, &id)
        .says("zz.ini:1:21")
        .says("inner");
}
