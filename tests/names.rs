//! Tests that no report of an audit shows a key that is part of the name of a ref or path.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use keysieve::report::FORMATS;

use crate::support::Repo;
use crate::support::keys::{access_key_id, secret_access_key};

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether `text` holds `secret`, unmasked or in an encoding that anyone can reverse.
fn holds(text: &str, secret: &str) -> bool {
    let reserved = secret.replace('/', "%2F").replace('+', "%2B");
    let encoded = [STANDARD.encode(secret), URL_SAFE.encode(secret)]
        .map(|form| form.trim_end_matches('=').to_owned());
    let forms = [secret.to_owned(), reserved, percent(secret), hex(secret)];
    // The last characters of base64 also depend on what follows.
    let encoded = encoded.map(|form| form[..form.len() - 2].to_owned());
    forms
        .iter()
        .chain(&encoded)
        .any(|form| text.to_lowercase().contains(&form.to_lowercase()))
}

/// Asserts that no format of an audit of `repo` shows one of `secrets`, and that each shows
/// findings.
#[track_caller]
fn shows_none(repo: &Repo, secrets: &[String]) {
    for format in FORMATS.iter().map(|format| format.name) {
        let ran = repo
            .keysieve(["audit", "-f", format, "--show-allowed", "--unused"])
            .run();
        assert!(ran.stdout().contains("aws-"), "{format}\n{}", ran.stdout());
        for secret in secrets {
            if holds(&ran.text(), secret) {
                ran.fail(&format!("{format} shows {secret}"));
            }
        }
    }
}

#[test]
fn a_branch_named_by_a_key_is_never_shown() {
    let repo = Repo::new();
    repo.add("a", "nothing\n");
    repo.commit("first");
    let ids: Vec<_> = (1..=6).map(access_key_id).collect();
    let secret = secret_access_key(7);
    for name in [
        ids[0].clone(),
        format!("topic/{}/x", ids[1]),
        STANDARD.encode(format!("key {}", ids[2])).replace('/', "_"),
        format!("hex-{}", hex(&ids[3])),
        percent(&ids[4]),
        format!("aws_secret_access_key={}", secret.replace('/', "%2F")),
    ] {
        repo.git(["branch", &name]);
    }
    repo.git([
        "tag",
        "--annotate",
        "--message",
        &format!("a key: {}", ids[5]),
        &format!("v1-{}", ids[5]),
    ]);
    let mut all = ids;
    all.push(secret);
    repo.keysieve(["audit"])
        .status(1)
        .says("refs/heads/AKIA********");
    shows_none(&repo, &all);
    repo.git(["pack-refs", "--all"]);
    shows_none(&repo, &all);
}

#[test]
fn a_key_that_a_branch_named_by_it_leads_to_is_never_shown() {
    let repo = Repo::new();
    let ids: Vec<_> = (1..=3).map(access_key_id).collect();
    repo.git(["checkout", "--quiet", "-b", &format!("fix-{}", ids[0])]);
    for id in &ids {
        repo.add(format!("dir-{id}/a.ini"), format!("id = {id}\n"));
        repo.commit(&format!("use {id}"));
    }
    repo.git([
        "checkout",
        "--quiet",
        "-b",
        &format!("b64/{}", STANDARD.encode(format!("id: {}", ids[1]))),
    ]);
    repo.git(["branch", &format!("p/{}", percent(&ids[2]))]);
    repo.write("a.txt", format!("id = {}\n", ids[2]))
        .stage("a.txt");
    repo.git([
        "stash",
        "push",
        "--quiet",
        "--message",
        &format!("on {}", ids[1]),
    ]);
    let report = repo.keysieve(["audit", "-f", "json"]).status(1).json();
    assert!(
        report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|found| found["history"].is_object()),
        "{report}"
    );
    shows_none(&repo, &ids);
}

#[test]
fn a_pair_in_the_parts_of_a_path_is_certain() {
    let (id, key) = (access_key_id(8), secret_access_key(8).replace('/', "a"));
    let repo = Repo::new();
    let base = repo.add("a", "a").commit("first");
    repo.add(format!("{id}/aws_secret_access_key={key}"), "x\n");
    repo.keysieve(["staged", "--block", "certain"])
        .status(1)
        .says("certain[aws-access-key-pair]");
    repo.commit("a pair");
    repo.keysieve(["gate", "--block", "certain", &format!("{base}..HEAD")])
        .status(1);
}

#[test]
fn a_short_password_that_names_a_branch_is_never_shown() {
    let repo = Repo::new();
    let password = ["mar", "7in2"].concat();
    repo.git(["checkout", "--quiet", "-b", &format!("pw/{password}")]);
    repo.add(
        "a",
        format!("postgres://app:{password}@db-1.keysieve.net/x\n"),
    );
    repo.commit("a");
    for format in FORMATS.iter().map(|format| format.name) {
        let ran = repo.keysieve(["audit", "-f", format]).run();
        ran.says("database-url").never_says(&password);
    }
}
