//! Tests file names that git would quote and file names with terminal escapes.

use super::{COMMIT, guarded, id_line, stopped};
use crate::support::keys::access_key_id;
use crate::support::{Ran, Repo};

/// A key in a file of this name is stopped.
#[track_caller]
fn stopped_in(name: &[u8]) -> Ran {
    let repo = guarded();
    let id = access_key_id(50);
    repo.add(Repo::raw_name(name), id_line(&id));
    stopped(&repo, COMMIT, &id)
}

#[test]
fn letters_beyond_ascii() {
    stopped_in("schlüssel/ключ 鍵.ini".as_bytes()).says("schlüssel/ключ 鍵.ini:1:21");
}

#[test]
fn a_line_feed() {
    stopped_in(b"one\ntwo.ini").says("one\\ntwo.ini:1:21");
}

#[test]
fn quotes_tabs_and_backslashes() {
    stopped_in(b"a \"b\"\tc\\d.ini").says(":1:21");
}

#[test]
fn bytes_that_are_not_utf_8() {
    stopped_in(b"caf\xe9.ini").says("caf\\xe9.ini:1:21");
}

#[test]
fn terminal_escapes_are_shown_and_not_sent() {
    stopped_in(b"a\x1b[2Jb.ini")
        .says("a\\u{1b}[2Jb.ini:1:21")
        .never_says("\x1b[2J");
}

#[test]
fn names_like_an_option_or_a_pathspec() {
    stopped_in(b"--help").says("--help:1:21");
    stopped_in(b":(exclude)*.ini").says(":(exclude)*.ini:1:21");
}
