//! Compares the formats that other programs and later versions read with files in `tests/golden`,
//! so that none of them changes by accident.
//!
//! If a change is intended, renew the files with
//! `KEYSIEVE_RENEW_GOLDEN=1 cargo test --test integration golden` and read their diff.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use keysieve::audit::{self, Audit, Scope};
use keysieve::engine::Progress;
use keysieve::git;
use keysieve::policy::Policy;
use keysieve::rule::{Confidence, RuleSet};
use keysieve::scan::Scanner;
use serde_json::Value;

use crate::support::keys::{access_key_id, secret_access_key};
use crate::support::{Ran, Repo};

const BASELINE: &str = ".keysieve-baseline.json";

/// A rule of our own, so that the files do not change with the built-in rules.
const RULES: &str = "[[rule]]\nid = 'golden'\ndescription = 'Token of the golden files'\n\
    keywords = ['golden_']\npattern = '(?P<secret>golden_[0-9]{9})'\nconfidence = 'high'\n\
    examples = [['golden_', '123456789']]\n";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

fn is_renewing() -> bool {
    env::var_os("KEYSIEVE_RENEW_GOLDEN").is_some()
}

/// Expects `now` in the golden file `name`, or writes it there.
#[track_caller]
fn compare(name: &str, now: &str) {
    if is_renewing() {
        fs::write(path(name), now).unwrap();
    }
    let golden = fs::read_to_string(path(name)).unwrap();
    assert_eq!(now, golden, "tests/golden/{name} differs; see {}", file!());
}

/// A report without what depends on the version, the built-in rules and the files that git writes.
#[track_caller]
fn stable(ran: &Ran) -> String {
    let mut report = ran.json();
    for key in ["version", "rules"] {
        assert!(report["tool"][key].is_string());
        report["tool"][key] = "…".into();
    }
    for (_, count) in report["scanned"].as_object_mut().unwrap() {
        assert!(count.is_u64());
        *count = Value::from(0);
    }
    serde_json::to_string_pretty(&report).unwrap() + "\n"
}

/// Two tokens, one of them allowed by a marker; a pair; a file above the size limit; and an allow
/// entry that matches nothing.
fn repository() -> Repo {
    let repo = Repo::new();
    let pair = format!("{}\n\n{}\n", access_key_id(1), secret_access_key(1));
    repo.write("golden.toml", RULES)
        .add(
            "a.txt",
            "golden_111111111\n\tgolden_222222222 # keysieve:allow a marker\n",
        )
        .add("pair.txt", pair)
        .add("large.bin", [0; 2000])
        .write(
            ".keysieve.toml",
            "rules = ['golden.toml']\nmax-size = '1000'\n\
             [[allow]]\npath = 'nowhere'\nreason = 'matches nothing'\n",
        );
    repo
}

#[test]
fn the_json_report_of_a_scan() {
    let repo = repository();
    let ran = repo.keysieve(["scan", "--format", "json", "--unused"]);
    compare("scan.json", &stable(&ran.status(1)));
}

#[test]
fn the_json_report_of_an_audit() {
    let repo = repository();
    repo.commit("golden_333333333");
    repo.git(["rm", "--quiet", "a.txt"]);
    repo.commit("removed");
    repo.git(["tag", "--annotate", "--message", "golden_444444444", "v1"]);
    let ran = repo.keysieve(["audit", "--format", "json", "--no-cache"]);
    compare("audit.json", &stable(&ran.status(1)));
}

/// The salt of a new baseline is random, so the golden one is read and updated.
#[test]
fn the_baseline() {
    let repo = repository();
    if is_renewing() {
        repo.keysieve(["baseline", "write"]).status(0);
        let terms = r#","reason":"a fixture","owner":"ada","until":"2999-12-31"},"#;
        let text = fs::read_to_string(repo.path(BASELINE)).unwrap();
        repo.write(BASELINE, text.replacen("},", terms, 1));
    } else {
        fs::copy(path("baseline.json"), repo.path(BASELINE)).unwrap();
    }
    repo.keysieve(["scan"]).status(0).says("3 allowed");
    repo.keysieve(["baseline", "update"]).status(0);
    compare(
        "baseline.json",
        &fs::read_to_string(repo.path(BASELINE)).unwrap(),
    );
}

/// A repository whose objects are in `tests/golden/audit.pack`, written once by git: two commits, a
/// tag, a delta; a blob of the first commit is missing.
fn packed() -> Repo {
    let repo = Repo::new();
    let pack = fs::read(path("audit.pack")).unwrap();
    let index_pack = repo.program("git").args(["index-pack", "--stdin"]);
    index_pack.stdin(pack).status(0);
    for (name, id) in [
        (
            "refs/heads/main",
            "0aa746ef50367a443c549cf31ed6a0cb4805d08a",
        ),
        ("refs/tags/v1", "9dc5e201611bfb3dacbd224830811aea09c4a9cd"),
    ] {
        repo.git(["update-ref", name, id]);
    }
    repo
}

/// Audits with the golden rule alone and returns how many findings there are and how many blobs
/// were scanned.
fn audit_with(repo: &Repo, cache: &Path) -> (usize, u64) {
    let mut rules = RuleSet::default();
    rules.extend("golden.toml", RULES).unwrap();
    let policy = Policy::new(Confidence::Low, Confidence::Medium, &rules);
    let scanner = Scanner::new(rules).unwrap();
    let audit = Audit {
        repo: &git::open(repo.root()).unwrap(),
        scope: Scope::default(),
        jobs: 1,
        cache: Some(cache),
        stop: &AtomicBool::new(false),
    };
    let progress = Progress::default();
    let outcome = audit::run(&audit, &scanner, &policy, &progress)
        .unwrap()
        .outcome;
    assert_eq!(outcome.skipped.len(), 1, "the missing blob");
    (
        outcome.findings.len(),
        progress.blobs.load(Ordering::Relaxed),
    )
}

/// The version of a cache, its first line; and its key, the program's version and the rules, which
/// begins the body, after a digest of 32 bytes.
fn version_and_key(cache: &[u8]) -> Option<(&[u8], &[u8])> {
    let (version, rest) = cache.split_at(cache.iter().position(|&byte| byte == b'\n')? + 1);
    let body = rest.get(32..)?;
    Some((version, body.get(..=usize::from(*body.first()?))?))
}

#[test]
#[cfg_attr(not(unix), ignore = "only Unix lets a reader set the time of a file")]
fn the_cache_of_an_audit() {
    let repo = packed();
    // The MAC and the time of the pack are the same in each run.
    for pack in fs::read_dir(repo.path(".git/objects/pack")).unwrap() {
        let pack = File::open(pack.unwrap().path()).unwrap();
        pack.set_modified(UNIX_EPOCH + Duration::from_secs(1_000_000_000))
            .unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("key"), [7; 32]).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(folder.path().join("key"), private).unwrap();
    }
    let (findings, scanned) = audit_with(&repo, folder.path());
    let mut files = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let file = files.find(|path| !path.ends_with("key")).unwrap();
    let now = fs::read(&file).unwrap();
    let golden = path("audit.cache");
    if is_renewing() {
        let old = fs::read(&golden).unwrap_or_default();
        assert!(
            old == now || version_and_key(&old) != version_and_key(&now),
            "the layout changed: raise the version in src/audit/cache/mod.rs"
        );
        fs::write(&golden, &now).unwrap();
    }
    let golden = fs::read(golden).unwrap();
    assert!(
        now == golden,
        "tests/golden/audit.cache differs; see {}",
        file!()
    );
    // And it is read: the objects of the pack are not scanned again.
    fs::write(&file, golden).unwrap();
    let (found, again) = audit_with(&repo, folder.path());
    assert_eq!(found, findings);
    assert!(
        again < scanned,
        "{again} of {scanned} blobs are scanned again"
    );
}
