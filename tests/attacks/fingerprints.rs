//! What a report shows of a value, and who may write what the cache of an audit says.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use keysieve::report::FORMATS;
use keysieve::secret::{Fingerprint, Salt};
use regex::Regex;
use serde_json::Value;
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

/// Other users can replace the files of the cache.
#[test]
fn cache_folder_of_others() {
    let repo = audited();
    let folder = cache_folder(&repo);
    fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
    repo.keysieve(["audit"])
        .status(1)
        .says("audit cache not used")
        .says("can be written by other users");
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

/// Passwords as people choose them, of one length.
const PASSWORDS: [&str; 2] = ["NSg4UwtXmJFH0p", "Q5OgIDb5bFc3P7"];

fn url(password: &str) -> String {
    format!("postgres://app:{password}@db-1.keysieve.net/x\n")
}

/// The fingerprint of a password under the public key, which an attacker computes for every word
/// of a list.
fn guess(password: &str) -> String {
    Fingerprint::new("database-url", password.as_bytes()).to_string()
}

/// The fingerprint of a password under the salt of a configuration file.
fn salted(password: &str, config: &str) -> String {
    let salt = config.split('"').nth(1).and_then(Salt::parse).unwrap();
    let print = Fingerprint::new("database-url", password.as_bytes());
    print.salted(salt).to_string()
}

fn config(repo: &Repo) -> String {
    fs::read_to_string(repo.path(".keysieve.toml")).unwrap()
}

/// What is left of a report without its times.
fn timeless(report: &str) -> String {
    let digits = Regex::new(r"\d{4}-\d\d-\d\dT[0-9:.]+Z?|[0-9.]+ m?s\b|time=\S+").unwrap();
    digits.replace_all(report, "TIME").into_owned()
}

/// A password is guessed by comparing a report with those for the words of a list.
#[test]
fn password_in_a_report() {
    for format in FORMATS.iter().map(|format| format.name) {
        let reports = PASSWORDS.map(|password| {
            let repo = Repo::new();
            repo.write("a.env", url(password));
            let args = ["scan", "--no-ignore", "-f", format, "a.env"];
            let ran = repo.keysieve(args).status(1);
            ran.says("a.env").never_says(&guess(password)[..8]);
            timeless(&ran.stdout())
        });
        assert_eq!(reports[0], reports[1], "{format}");
    }
}

/// A password is part of the name of a file, encoded, and what reports compute from the path shows
/// which one it is.
#[test]
fn password_in_a_path() {
    let reports = PASSWORDS.map(|password| {
        let repo = Repo::new();
        let name = STANDARD_NO_PAD.encode(format!("redis://app:{password}@db-1.keysieve.net"));
        repo.write(format!("{name}/a.env"), url("zX7cVb2NmQ91Lk"));
        let gitlab = repo.keysieve(["scan", "-f", "gitlab"]).status(1).json();
        let json = repo.keysieve(["scan", "-f", "json"]).status(1).json();
        let found = json["findings"].as_array().unwrap();
        assert_eq!(found.len(), 2, "{json}");
        assert!(!json.to_string().contains(&name));
        let ids = gitlab["vulnerabilities"].as_array().unwrap().iter();
        let ids = ids.map(|found| found["id"].clone());
        let found = found.iter().map(|found| found["fingerprint"].clone());
        ids.chain(found).collect::<Vec<_>>()
    });
    assert_eq!(reports[0], reports[1]);
}

/// A password is guessed from the fingerprints in the report and the plan of an audit, and in the
/// answer of `explain`.
#[test]
fn password_in_an_audit() {
    let repo = Repo::new();
    repo.add("a.env", url(PASSWORDS[0]));
    repo.commit("one");
    let guess = &guess(PASSWORDS[0])[..8];
    for format in ["json", "timeline", "timeline-json", "gitlab", "sarif"] {
        let ran = repo.keysieve(["audit", "-f", format]).run();
        ran.never_says(guess);
    }
    repo.keysieve(["audit", "--plan", "../plan"]).status(1);
    for file in fs::read_dir(repo.path("../plan")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!text.contains(guess), "{text}");
    }
    for format in ["human", "json"] {
        repo.keysieve(["explain", "a.env:1", "-f", format])
            .status(0)
            .never_says(guess);
    }
}

/// The length of a password is read from the column at which it ends.
#[test]
fn end_of_a_password() {
    let repo = Repo::new();
    repo.write("a.env", url(PASSWORDS[0]));
    let json = repo.keysieve(["scan", "-f", "json"]).status(1).json();
    let found = &json["findings"][0];
    assert_eq!(
        (&found["column"], &found["end_column"]),
        (&16.into(), &Value::Null)
    );
    let sarif = repo.keysieve(["scan", "-f", "sarif"]).status(1);
    sarif.never_says("endColumn");
    let github = repo.keysieve(["scan", "-f", "github"]).status(1);
    github.says("col=16").never_says("endColumn");
    let csv = repo.keysieve(["scan", "-f", "csv"]).status(1);
    csv.says(r#","1","16","1","","#);
}

/// Two passwords in one file, or in two, cannot be distinguished by the service that gets the
/// report, so that one hides the other.
#[test]
fn places_with_one_fingerprint() {
    let repo = Repo::new();
    repo.write("a.env", url(PASSWORDS[0]) + &url(PASSWORDS[1]));
    repo.write("b.env", url(PASSWORDS[0]));
    let prints = |repo: &Repo| {
        let json = repo.keysieve(["scan", "-f", "json"]).run().json();
        let found = json["findings"].as_array().unwrap().iter();
        found
            .map(|found| {
                assert_eq!(found["fingerprint_of"], "place");
                found["fingerprint"].to_string()
            })
            .collect::<Vec<_>>()
    };
    let before = prints(&repo);
    let mut unique = before.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), 3);
    // An allowed finding keeps its number.
    let text = url(PASSWORDS[0]).replace('\n', " # keysieve:allow fixture\n") + &url(PASSWORDS[1]);
    repo.write("a.env", text);
    assert_eq!(prints(&repo), before[1..]);
}

/// The command that allows a password writes what the password can be guessed from without the
/// repository's salt.
#[test]
fn allowed_by_its_place() {
    let repo = Repo::new();
    repo.write("sub/a.env", url(PASSWORDS[0]) + &url(PASSWORDS[1]));
    let reason = ["--reason", "a fixture"];
    repo.keysieve(["scan"])
        .status(1)
        .says("allow: keysieve allow sub/a.env:1:16 --reason");
    for place in ["sub/a.env:3", "sub/a.env:1:15", "sub/b.env:1"] {
        repo.keysieve(["allow", place]).args(reason).status(2);
    }
    assert!(!repo.path(".keysieve.toml").exists());
    let allow = |place: &str| repo.keysieve(["allow", place]).args(reason).status(0);
    allow("./sub/a.env:1:16")
        .says("wrote a salt")
        .says("[[allow]] entry 1");
    let first = config(&repo);
    assert!(first.contains(&salted(PASSWORDS[0], &first)), "{first}");
    assert!(!first.contains(&guess(PASSWORDS[0])), "{first}");
    // The other is now shown by a fingerprint that can be copied.
    let other = salted(PASSWORDS[1], &first);
    let ran = repo.keysieve(["scan"]).status(1);
    ran.says(&format!("allow: keysieve allow {other} --reason"));
    allow("sub/a.env:2")
        .never_says("salt")
        .says("[[allow]] entry 2");
    assert!(config(&repo).starts_with(&first));
    repo.keysieve(["scan"]).status(0);
    allow("sub/a.env:2").says("entry 2 allows it already");
    repo.keysieve(["explain", &other]).status(0).says("a.env:2");
}

/// A password that no file of the work tree has is allowed by its fingerprint under a salt.
#[test]
fn salt_for_a_password_in_history() {
    let repo = Repo::new();
    repo.add("clean", "clean\n");
    repo.commit(&format!("use {}", url(PASSWORDS[0]).trim()));
    repo.keysieve(["audit"])
        .status(1)
        .says("allow: keysieve allow --salt");
    repo.keysieve(["allow", "--salt"])
        .status(0)
        .says("wrote a salt");
    repo.keysieve(["allow", "--salt"])
        .status(0)
        .says("it has a salt");
    let print = salted(PASSWORDS[0], &config(&repo));
    repo.keysieve(["audit"]).status(1).says(&print);
    let allow = ["allow", &print, "--reason", "a fixture"];
    repo.keysieve(allow).status(0);
    repo.keysieve(["audit"]).status(0);
}

/// An entry that was written before there were salts stops working, so that people allow more.
#[test]
fn entry_from_before_salts() {
    let repo = Repo::new();
    repo.write("a.env", url(PASSWORDS[0]));
    let entry = format!(
        "[[allow]]\nvalue = \"{}\"\nreason = \"r\"\n",
        guess(PASSWORDS[0])
    );
    repo.write(".keysieve.toml", &entry);
    repo.keysieve(["scan"]).status(0);
    let salt = "0123456789abcdef".repeat(2);
    repo.write(".keysieve.toml", format!("salt = \"{salt}\"\n{entry}"));
    repo.keysieve(["scan"]).status(0);
}

/// A pull request brings a salt that its author knows, and reads the fingerprints in the report of
/// the gate.
#[test]
fn salt_of_a_pull_request() {
    let repo = Repo::new();
    repo.add("clean", "clean\n");
    repo.commit("base");
    repo.git(["checkout", "-q", "-b", "change"]);
    let salt = "0123456789abcdef".repeat(2);
    let config = format!("salt = \"{salt}\"\n");
    repo.add(".keysieve.toml", &config);
    repo.add("a.env", url(PASSWORDS[0]));
    repo.commit("change");
    let args = ["gate", "main..change", "-f", "json"];
    let ran = repo.keysieve(args).status(1);
    ran.never_says(&salted(PASSWORDS[0], &config))
        .says("\"place\"");
}

/// A salt that is not one is ignored, so that fingerprints are computed without it; or the error
/// repeats what was pasted there.
#[test]
fn salt_that_is_none() {
    let repo = Repo::new();
    repo.write("a.env", url(PASSWORDS[0]));
    for salt in ["\"\"", "\"NSg4UwtXmJFH0p\"", "5", "[\"NSg4UwtXmJFH0p\"]"] {
        repo.write(".keysieve.toml", format!("\nsalt = {salt}\n"));
        let ran = repo.keysieve(["scan"]).status(2);
        ran.says(".keysieve.toml:2: 'salt' must be 32 hex digits");
        ran.never_says("NSg4UwtXmJFH0p");
    }
}
