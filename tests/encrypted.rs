//! Checks `[[encrypted]]` entries: plain text where git must store ciphertext.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keysieve::report::{FORMATS, Format};
use keysieve::secret::{Fingerprint, Salt};

use crate::server::pair::Pair;
use crate::support::keys::Chance;
use crate::support::{Ran, Repo};

pub(crate) const ENTRY: &str = "[[encrypted]]\npath = \"secrets/**\"\n";

/// A file that holds no secret which a rule knows.
pub(crate) const PLAIN: &str = "greeting: good morning to you\n";

fn base64(seed: u64, len: usize) -> String {
    let mut chance = Chance::new(seed, "encrypted");
    let bytes: Vec<u8> = (0..len).map(|_| chance.below(256) as u8).collect();
    STANDARD.encode(bytes)
}

fn sops_value(seed: u64, len: usize) -> String {
    let (iv, tag) = (base64(seed + 1, 32), base64(seed + 2, 16));
    let data = base64(seed, len);
    format!("ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:str]")
}

/// A file that SOPS encrypted.
pub(crate) fn sops(seed: u64) -> String {
    let (value, mac) = (sops_value(seed, 20), sops_value(seed + 9, 64));
    format!("greeting: {value}\nsops:\n    mac: {mac}\n    version: 3.9.0\n")
}

/// A repository whose first commit has the entry and one encrypted file, and the id of the commit.
pub(crate) fn started() -> (Repo, String) {
    let repo = Repo::new();
    repo.add(".keysieve.toml", ENTRY)
        .add("secrets/db.yaml", sops(1));
    let base = repo.commit("base");
    (repo, base)
}

/// The paths of the findings of a gate from `base`. All of them must be of files in plain text.
#[track_caller]
pub(crate) fn gate(repo: &Repo, base: &str) -> Vec<String> {
    let words = ["gate", "-f", "json", &format!("{base}..HEAD")];
    let report = repo.keysieve(words).run().json();
    let findings = report["findings"].as_array().unwrap().iter();
    let paths = findings.map(|found| {
        assert_eq!(found["rule"], "not-encrypted", "{report}");
        assert_eq!(found["blocking"], true, "{report}");
        found["path"].as_str().unwrap().to_owned()
    });
    let paths: Vec<_> = paths.collect();
    let status = if paths.is_empty() {
        "clean"
    } else {
        "findings"
    };
    assert_eq!(report["status"], status, "{report}");
    paths
}

#[test]
fn plain_text_is_found_in_what_is_staged_and_committed() {
    let (repo, base) = started();
    repo.add("secrets/new/api.env", PLAIN)
        .add("secrets/empty", "")
        .add("secrets/more.yaml", sops(2))
        .add("other/api.env", PLAIN);
    let ran = repo.keysieve(["staged"]).status(1);
    ran.says("high[not-encrypted]: Plain text in a file that must be encrypted")
        .says("--> secrets/new/api.env:1:1")
        .says("Encrypt the file with the tool of this repository")
        .says("rotate what is in it")
        .says("keysieve: 1 finding")
        .never_says("add the comment")
        .never_says("good morning");
    repo.commit("plain");
    assert_eq!(gate(&repo, &base), ["secrets/new/api.env"]);
    // The work tree of git-crypt is plain text, and the whole history is not judged by a policy.
    repo.keysieve(["scan"]).status(0);
    repo.keysieve(["audit"]).status(0);
    repo.add("secrets/new/api.env", sops(3)).commit("encrypted");
    assert_eq!(gate(&repo, "HEAD~1"), [""; 0]);
    assert_eq!(gate(&repo, &base), ["secrets/new/api.env"]);
}

#[test]
fn the_push_hooks_find_it_as_well() {
    let pair = Pair::guarded();
    pair.repo.add(".keysieve.toml", ENTRY).commit("policy");
    pair.push(&["main"]).has_status(0);
    pair.repo.add("secrets/a", PLAIN).commit("plain");
    let ran = pair.push(&["main"]);
    ran.has_status(1).says("not-encrypted");
    ran.says("secrets/a").never_says("good morning");
    pair.repo.add("secrets/a", sops(1));
    pair.repo.git(["commit", "--quiet", "--amend", "--no-edit"]);
    pair.push(&["main"]).has_status(0);
}

#[test]
fn no_format_shows_the_content() {
    let (repo, _) = started();
    repo.add("secrets/api.env", PLAIN);
    let formats = FORMATS.iter().map(|Format { name, .. }| ["-f", name]);
    for words in formats.chain([["--reveal", "--full"]]) {
        repo.keysieve(["staged"].iter().chain(&words))
            .status(1)
            .says("not-encrypted")
            .says("secrets/api.env")
            .never_says("good morning");
    }
}

#[test]
fn plain_text_is_new_where_none_was() {
    let repo = Repo::new();
    repo.add("secrets/old", PLAIN).add("secrets/db", sops(1));
    repo.add(".keysieve.toml", ENTRY);
    repo.keysieve(["staged"]).status(1);
    let base = repo.commit("base");
    // As for a secret that a file had before.
    repo.add("secrets/old", [PLAIN, "and more\n"].concat())
        .commit("still plain");
    assert_eq!(gate(&repo, &base), [""; 0]);
    repo.git(["mv", "secrets/old", "secrets/moved"]);
    repo.keysieve(["staged"]).status(1).says("secrets/moved");
    repo.commit("moved");
    assert_eq!(gate(&repo, &base), ["secrets/moved"]);
    repo.add("secrets/db", PLAIN).commit("decrypted");
    assert_eq!(gate(&repo, &base), ["secrets/db", "secrets/moved"]);
    // Reported on the commit that decrypted it, and not again.
    repo.add("secrets/db", [PLAIN, "and more\n"].concat())
        .commit("still plain");
    assert_eq!(gate(&repo, &base), ["secrets/db", "secrets/moved"]);
}

#[test]
fn every_path_of_a_content_is_judged() {
    for paths in [["a", "secrets/b"], ["secrets/a", "z"]] {
        let (repo, base) = started();
        for path in paths {
            repo.add(path, PLAIN);
        }
        repo.commit("copies");
        let expected: Vec<_> = paths
            .into_iter()
            .filter(|path| path.contains('/'))
            .collect();
        assert_eq!(gate(&repo, &base), expected);
    }
    // Many findings in a content must not hide one of its copies.
    let (repo, base) = started();
    let noise: String = (0..1100)
        .map(|seed| format!("key = \"{}\"\n", crate::support::keys::access_key_id(seed)))
        .collect();
    repo.add("a", &noise)
        .add("secrets/b", &noise)
        .commit("copies");
    let range = format!("{base}..HEAD");
    repo.keysieve(["gate", "-f", "jsonl", &range])
        .status(1)
        .says("not-encrypted");
}

#[test]
fn large_files_are_judged_as_a_whole() {
    let (repo, base) = started();
    let (value, mac) = (sops_value(1, 9 << 20), sops_value(2, 64));
    let sops = format!("{{\"data\": \"{value}\",\n\"sops\": {{\n\"mac\": \"{mac}\"\n}}}}\n");
    repo.add("secrets/large.json", &sops)
        .add("secrets/plain.json", PLAIN.repeat(400_000));
    repo.commit("large");
    assert_eq!(gate(&repo, &base), ["secrets/plain.json"]);
}

#[test]
fn only_an_entry_or_the_baseline_allows_it() {
    let (repo, _) = started();
    repo.add("secrets/readme.md", PLAIN);
    let json = repo.keysieve(["staged", "-f", "json"]).status(1).json();
    let print = json["findings"][0]["fingerprint"]
        .as_str()
        .unwrap()
        .to_owned();
    let rule = "[[allow]]\nrule = \"not-encrypted\"\npath = \"*.md\"\nreason = \"public\"\n";
    repo.write(".keysieve.toml", format!("{ENTRY}\n{rule}"));
    repo.keysieve(["staged", "--show-allowed"])
        .status(0)
        .says("secrets/readme.md:1:1 not-encrypted, by [[allow]] entry 1");
    repo.write(".keysieve.toml", ENTRY);
    repo.keysieve(["allow", &print, "--reason", "public"])
        .status(0);
    let written = fs::read_to_string(repo.path(".keysieve.toml")).unwrap();
    assert!(
        written.contains("# not-encrypted at secrets/readme.md:1"),
        "{written}"
    );
    repo.keysieve(["staged"]).status(0);
    repo.write(".keysieve.toml", ENTRY);
    repo.keysieve(["allow", "--last", "--reason", "public"])
        .status(0);
    repo.keysieve(["staged"]).status(0);
    // One that excludes the path.
    let excluded = "[[encrypted]]\npath = [\"secrets/**\", \"!*.md\"]\n";
    repo.write(".keysieve.toml", excluded);
    repo.keysieve(["staged"]).status(0);
    repo.write(".keysieve.toml", format!("{excluded}{ENTRY}"));
    repo.keysieve(["staged"]).status(1);

    let salt = Salt::parse(&"ab".repeat(16)).unwrap();
    let print = Fingerprint::new("not-encrypted", b"secrets/readme.md").salted(salt);
    let baseline = format!(
        "{{\n\"keysieve-baseline\": 1,\n\"salt\": \"{salt}\",\n\"findings\": [\n{{\"print\":\
         \"{print}\",\"rule\":\"not-encrypted\",\"path\":\"secrets/readme.md\"}},\nnull\n]\n}}\n"
    );
    repo.write(".keysieve-baseline.json", baseline);
    repo.keysieve(["staged", "--show-allowed"])
        .status(0)
        .says("by the baseline");
    // A scan of files says nothing about it.
    repo.keysieve(["baseline", "update"]).status(0);
    repo.keysieve(["staged"]).status(0);
}

#[test]
fn the_entries_of_all_files_apply() {
    let (repo, _) = started();
    let entry = |path| format!("[[encrypted]]\npath = \"{path}\"\n");
    repo.write(
        ".keysieve.toml",
        format!("extends = [\"more.toml\"]\n{}", entry("a/")),
    )
    .write("more.toml", entry("b/"));
    let user = repo.sandbox().home().join(".config/keysieve");
    fs::create_dir_all(&user).unwrap();
    fs::write(user.join("config.toml"), entry("c/")).unwrap();
    for path in ["a/x", "b/x", "c/x", "d/x"] {
        repo.add(path, PLAIN);
    }
    let ran = repo.keysieve(["staged"]).status(1);
    ran.says("a/x:1:1")
        .says("b/x:1:1")
        .says("c/x:1:1")
        .never_says("d/x");
}

#[test]
fn a_wrong_entry_is_an_error_that_names_it() {
    let repo = Repo::new();
    for (entry, error) in [
        ("[[encrypted]]\n", "missing field `path`"),
        (
            "[[encrypted]]\npath = 1\n",
            "expected a string or a list of strings",
        ),
        (
            "[[encrypted]]\npath = []\n",
            ":1: [[encrypted]] entry 1: 'path' is an empty list",
        ),
        (
            "[[encrypted]]\npath = \"# x\"\n",
            "entry 1: 'path' number 1 is not a pattern",
        ),
        (
            "[[encrypted]]\npath = \"x\"\nrule = \"y\"\n",
            ":3: unknown field",
        ),
        (
            "[encrypted]\npath = \"x\"\n",
            "begins with `[[encrypted]]`, two brackets",
        ),
    ] {
        repo.write(".keysieve.toml", entry);
        repo.keysieve(["staged"]).status(2).says(error);
    }
}

#[track_caller]
fn explained(ran: &Ran) {
    ran.says("found not-encrypted at 1:1, high")
        .says("reported, blocks: high is not below medium")
        .says("'staged' and 'gate' judge what git stores")
        .never_says("good morning");
}

#[test]
fn the_rule_is_explained() {
    let (repo, _) = started();
    repo.add("secrets/api.env", PLAIN);
    explained(&repo.keysieve(["explain", "secrets/api.env"]).status(0));
    let json = repo.keysieve(["staged", "-f", "json"]).status(1).json();
    let print = json["findings"][0]["fingerprint"].as_str().unwrap();
    explained(&repo.keysieve(["explain", print]).status(0));
    repo.keysieve(["explain", "secrets/db.yaml"])
        .status(0)
        .says("no finding here");
    repo.keysieve(["rules", "list"])
        .status(0)
        .says("not-encrypted");
    repo.keysieve(["rules", "show", "not-encrypted"])
        .status(0)
        .says("a path of an [[encrypted]] entry");
}
