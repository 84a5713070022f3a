//! The baseline reveals no value in any form, and cannot be compared with another baseline.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use super::{FILE, key, known, lines, report, text};
use crate::support::Repo;
use crate::support::keys::{access_key_id, secret_access_key, session_token};

/// Whether `text` has `secret` as plain text, in base64, in hex or percent-encoded.
fn holds(text: &str, secret: &str) -> bool {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let reserved = secret
        .replace('/', "%2F")
        .replace('+', "%2B")
        .replace('=', "%3D");
    let forms = [
        secret.to_owned(),
        STANDARD.encode(secret),
        URL_SAFE.encode(secret),
        hex,
        percent,
        reserved,
    ];
    forms
        .iter()
        .any(|form| text.to_lowercase().contains(&form.to_lowercase()))
}

#[test]
fn no_value_is_written_in_any_form() {
    let repo = Repo::new();
    let all = [
        access_key_id(1),
        secret_access_key(1),
        access_key_id(2),
        session_token(3),
        access_key_id(4),
    ];
    let encoded = STANDARD.encode(format!("key {} here", all[4]));
    repo.write("a", format!("id = {}\nsecret = {}\n", all[0], all[1]));
    repo.write(
        "b",
        format!(
            "id = {}\naws_session_token = {}\nx = {encoded}\n",
            all[2], all[3]
        ),
    );
    let ran = repo.keysieve(["baseline", "write"]).status(0);
    assert!(lines(&repo).len() >= 4, "{}", text(&repo));
    for secret in &all {
        assert!(
            !holds(&text(&repo), secret) && !holds(&ran.text(), secret),
            "{secret}\n{}",
            text(&repo)
        );
    }
}

#[test]
fn a_path_that_holds_a_secret_is_masked() {
    let id = access_key_id(1);
    let repo = Repo::new();
    repo.write(format!("dump-{id}/notes.txt"), key(2))
        .write(format!("{id}.txt"), key(3));
    let encoded = STANDARD
        .encode(format!("a key: {}", access_key_id(4)))
        .replace('/', "_");
    repo.write(format!("{encoded}/inner.txt"), key(5));
    repo.keysieve(["baseline", "write"]).status(0);
    let text = text(&repo);
    assert!(
        !holds(&text, &id) && !holds(&text, &access_key_id(4)) && !text.contains(&encoded),
        "{text}"
    );
    assert!(text.contains("dump-AKIA********/notes.txt"), "{text}");
    let ran = repo.keysieve(["scan"]).status(0);
    assert!(!holds(&ran.text(), &id));
    std::fs::remove_dir_all(repo.path(format!("dump-{id}"))).unwrap();
    repo.keysieve(["baseline", "check"])
        .status(1)
        .says("notes.txt")
        .never_says(&id);
}

#[test]
fn the_same_secret_has_another_print_in_each_baseline() {
    let (one, other) = (known(&[1]), known(&[1]));
    let print = |repo: &Repo| lines(repo)[0][10..42].to_owned();
    assert_ne!(print(&one), print(&other));
    let fingerprint = report(&one, &[])["allowed"][0]["fingerprint"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_ne!(print(&one), fingerprint);
    assert!(!text(&one).contains(&fingerprint));
}

#[test]
fn a_copied_baseline_allows_only_its_own_secrets() {
    let repo = known(&[1]);
    let other = Repo::new();
    other
        .write(FILE, text(&repo))
        .write("a", key(1))
        .write("b", key(2));
    let ran = other.keysieve(["scan", "-f", "json"]).status(1);
    assert_eq!(
        ran.json()["findings"].as_array().unwrap().len(),
        1,
        "only the secret with an entry is allowed"
    );
}

#[test]
fn the_baseline_itself_has_no_findings() {
    let repo = known(&(1..=30).collect::<Vec<_>>());
    let ran = repo.keysieve(["scan", "-f", "json", FILE]).status(0);
    assert_eq!(ran.json()["findings"], serde_json::json!([]));
    assert_eq!(ran.json()["allowed"], serde_json::json!([]));
}
