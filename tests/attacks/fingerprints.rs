//! What a report shows of a value, and who may write what the cache of an audit says.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::support::Repo;
use crate::support::keys::access_key_id;

/// A repository with a key in a pack, audited once.
fn audited() -> Repo {
    let repo = Repo::new();
    repo.add(
        "key.ini",
        format!("aws_access_key_id = {}\n", access_key_id(911)),
    );
    repo.commit("one");
    repo.git(["repack", "-q", "-a", "-d"]);
    repo.keysieve(["audit"]).status(1).says("key.ini:1:21");
    repo
}

fn cache_folder(repo: &Repo) -> PathBuf {
    repo.sandbox().home().join(".cache/keysieve")
}

/// Renames the file of the finding in the cache, and computes the digest of a cache without a key.
fn forge(repo: &Repo) {
    let mut files = fs::read_dir(cache_folder(repo))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let file = files.find(|path| !path.ends_with("key")).unwrap();
    let mut cache = fs::read(&file).unwrap();
    let name = cache
        .windows(7)
        .position(|word| word == b"key.ini")
        .unwrap();
    cache[name..name + 7].copy_from_slice(b"not.txt");
    let body = cache.iter().position(|&byte| byte == b'\n').unwrap() + 1 + 32;
    let digest = Sha256::digest(&cache[body..]);
    cache[body - 32..body].copy_from_slice(&digest);
    fs::write(&file, cache).unwrap();
}

/// A program without the user's key writes a cache with a correct digest and false content.
#[test]
fn forged_cache() {
    let repo = audited();
    forge(&repo);
    let ran = repo.keysieve(["audit"]);
    ran.status(1)
        .says("key.ini:1:21")
        .says("audit cache not used")
        .never_says("not.txt");
    // It was replaced.
    repo.keysieve(["audit"])
        .status(1)
        .says("key.ini:1:21")
        .never_says("audit cache");
}

/// Other users can read the key of the cache, so that they could write a cache with a valid MAC.
#[test]
fn cache_key_of_others() {
    let repo = audited();
    let key = cache_folder(&repo).join("key");
    for mode in [0o640, 0o604, 0o602] {
        fs::set_permissions(&key, Permissions::from_mode(mode)).unwrap();
        let ran = repo.keysieve(["audit"]);
        ran.status(1)
            .says("key.ini:1:21")
            .says("keysieve/key can be used by other users; delete it");
    }
}

/// The key of the cache is a link to a file that the attacker knows.
#[test]
fn linked_cache_key() {
    let repo = audited();
    let key = cache_folder(&repo).join("key");
    let known = repo.sandbox().home().join("known");
    fs::rename(&key, &known).unwrap();
    std::os::unix::fs::symlink(&known, &key).unwrap();
    let ran = repo.keysieve(["audit"]);
    ran.status(1)
        .says("keysieve/key can be used by other users");
}

/// The bytes of a cached pack are changed, but not its size and not the checksum at its end.
#[test]
fn cached_pack_with_other_bytes() {
    // Without a finding, an audit reads nothing from a cached pack.
    let repo = Repo::new();
    repo.add("clean.txt", "clean\n");
    repo.commit("one");
    repo.git(["repack", "-q", "-a", "-d"]);
    repo.keysieve(["audit"]).status(0);
    let mut packs = fs::read_dir(repo.path(".git/objects/pack"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let pack = packs
        .find(|path| path.extension().is_some_and(|ending| ending == "pack"))
        .unwrap();
    let mut bytes = fs::read(&pack).unwrap();
    let end = bytes.len() - 20;
    for byte in &mut bytes[20..end] {
        *byte ^= 0x55;
    }
    fs::remove_file(&pack).unwrap();
    fs::write(&pack, bytes).unwrap();
    repo.keysieve(["audit"]).status(2);
}

/// The length of a password is read from its mask.
#[test]
fn length_of_the_mask() {
    let repo = Repo::new();
    for password in ["NSg4UwtXmJFH0p", "NSg4UwtXmJFH0pQ5OgIDb5bFc3"] {
        repo.write(
            "a.env",
            format!("postgres://app:{password}@db-1.keysieve.net/x\n"),
        );
        let ran = repo.keysieve(["scan", "a.env"]).status(1);
        ran.says("********@db-1").never_says("*********");
        let carets = ran.stdout().matches('^').count();
        assert!(carets == 8 || carets == 12, "{carets}");
    }
}
