//! Tests that ciphertext is not reported, and that it hides nothing next to it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::samples::{lines_of, samples};
use super::{brief, scan_all};
use crate::support::keys::Chance;

fn random(seed: u64, len: usize) -> Vec<u8> {
    let mut chance = Chance::new(seed, "ciphertext");
    (0..len).map(|_| chance.below(256) as u8).collect()
}

fn base64(seed: u64, len: usize) -> String {
    STANDARD.encode(random(seed, len))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A value of SOPS whose plain text has `len` bytes.
fn sops(seed: u64, len: usize) -> String {
    let (data, iv, tag) = (
        base64(seed, len),
        base64(seed + 1, 32),
        base64(seed + 2, 16),
    );
    format!("ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:str]")
}

/// A value of hiera-eyaml.
fn eyaml(seed: u64) -> String {
    format!("ENC[PKCS7,MII{}]", base64(seed, 90))
}

/// A value of Ansible Vault: salt, checksum and content, each in hex, and all in hex again.
fn ansible(indent: &str) -> String {
    let parts = [1, 2, 3].map(|seed| hex(&random(seed, 32)));
    let lines = lines_of(&hex(parts.join("\n").as_bytes()), 80);
    format!(
        "$ANSIBLE_VAULT;1.1;AES256\n{indent}{}\n",
        lines.join(&format!("\n{indent}"))
    )
}

/// A value of Sealed Secrets: the length of an encrypted key, the key, and the content.
fn sealed(seed: u64) -> String {
    STANDARD.encode([&[2, 0][..], &random(seed, 512 + 40)].concat())
}

/// A file of age in its armour.
fn age() -> String {
    let head = format!(
        "age-encryption.org/v1\n-> X25519 {}\n{}\n--- {}\n",
        base64(1, 32).trim_end_matches('='),
        base64(2, 32).trim_end_matches('='),
        base64(3, 32).trim_end_matches('=')
    );
    let body = STANDARD.encode([head.as_bytes(), &random(4, 300)].concat());
    let lines = lines_of(&body, 64).join("\n");
    format!("-----BEGIN AGE ENCRYPTED FILE-----\n{lines}\n-----END AGE ENCRYPTED FILE-----\n")
}

/// Credentials of Rails: content, initialization vector and tag of AES-GCM.
fn rails(seed: u64, len: usize) -> String {
    [
        base64(seed, len),
        base64(seed + 1, 12),
        base64(seed + 2, 16),
    ]
    .join("--")
}

fn files() -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut add = |name: String, text: String| files.push((name, text.into_bytes()));
    // The lengths of passwords, and that of a secret access key and of 40 characters of base64.
    for len in [6, 9, 12, 16, 20, 24, 30, 32, 40, 100] {
        for seed in 1..6 {
            let value = sops(seed * 1000 + len as u64, len);
            add(
                format!("SOPS, YAML, {len}"),
                format!("db_password: {value}\napi_key: {value}\naws_secret_access_key: {value}\n"),
            );
            add(
                format!("SOPS, JSON, {len}"),
                format!("{{\n\t\"db_password\": \"{value}\",\n\t\"token\": \"{value}\"\n}}\n"),
            );
            add(
                format!("SOPS, env, {len}"),
                format!("DB_PASSWORD={value}\nAPI_SECRET={value}\n"),
            );
            add(format!("Rails, {len}"), format!("{}\n", rails(seed, len)));
            add(
                format!("Rails, named, {len}"),
                format!("secret_key_base: {}\n", rails(seed, len)),
            );
        }
    }
    let key = base64(7, 180);
    add(
        "SOPS, keys".into(),
        format!(
            "sops:\n  kms:\n  - arn: arn:aws:kms:us-east-1:111122223333:key/7d9f2c4e-1b3a-4c5d-8e6f-a0b1c2d3e4f5\n    enc: {key}\n  mac: {}\n",
            sops(8, 88)
        ),
    );
    add("age".into(), age());
    add(
        "age in SOPS".into(),
        format!(
            "sops:\n  age:\n  - recipient: age1x\n    enc: |\n      {}",
            age().replace('\n', "\n      ")
        ),
    );
    add("Ansible, file".into(), ansible(""));
    add(
        "Ansible, value".into(),
        format!(
            "db_password: !vault |\n          {}user: jdoe\n",
            ansible("          ")
        ),
    );
    add(
        "Ansible, value in one line".into(),
        format!(
            "api_token: !vault \"{}\"\n",
            ansible("").replace('\n', "\\n")
        ),
    );
    add(
        "Sealed Secrets".into(),
        format!(
            "kind: SealedSecret\nspec:\n  encryptedData:\n    password: {}\n    api-key: {}\n",
            sealed(1),
            sealed(2)
        ),
    );
    add(
        "eyaml".into(),
        format!("db::password: {}\ntoken: >\n  {}\n", eyaml(1), eyaml(2)),
    );
    files.push((
        "git-crypt".into(),
        [&b"\0GITCRYPT\0"[..], &random(9, 4000)].concat(),
    ));
    files
}

#[test]
fn ciphertext_is_not_reported() {
    let files = files();
    let texts: Vec<_> = files.iter().map(|(_, text)| text).collect();
    let found = files.iter().zip(scan_all(&texts));
    let wrong: Vec<_> = found
        .filter(|(_, found)| !found.is_empty())
        .map(|((name, text), found)| {
            format!(
                "{name}: {}\n{}",
                brief(&found),
                String::from_utf8_lossy(text)
            )
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} files\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// A change must not hide a secret by what it writes next to it.
#[test]
fn secrets_next_to_ciphertext_are_reported() {
    for sample in samples() {
        let plain = sample.file();
        let texts: Vec<_> = files()
            .into_iter()
            .filter(|(name, _)| name != "git-crypt")
            .flat_map(|(_, text)| {
                let text = String::from_utf8(text).unwrap();
                [format!("{plain}{text}"), format!("{text}\n{plain}")]
            })
            .collect();
        for (text, found) in texts.iter().zip(scan_all(&texts)) {
            assert!(
                found.iter().any(|one| sample.is_found(one)),
                "{text}\n{}",
                brief(&found)
            );
        }
    }
}

#[test]
fn passwords_within_marks_of_ciphertext_are_reported() {
    let password = ["Xq7!mPz", "2wRk9"].concat();
    let (iv, tag) = (base64(1, 32), base64(2, 16));
    let texts = [
        format!("# $ANSIBLE_VAULT;1.1;AES256\ndb_password: {password}\n"),
        format!("db_password: {password} # ENC[AES256_GCM,data:x,iv:{iv},tag:{tag},type:str]\n"),
        format!("kind: SealedSecret\nspec:\n  encryptedData:\n    password: {password}\n"),
        format!("sops:\n    db_password: {password}\n"),
        format!(
            "-----BEGIN AGE ENCRYPTED FILE-----\ndb_password={password}\n-----END AGE ENCRYPTED FILE-----\n"
        ),
    ];
    for (text, found) in texts.iter().zip(scan_all(&texts)) {
        assert!(!found.is_empty(), "{text}");
    }
}
