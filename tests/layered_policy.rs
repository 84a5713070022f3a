//! Checks configuration files that extend each other, and those of the user.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::Repo;
use crate::support::keys::access_key_id;

fn allow(path: &str) -> String {
    format!("[[allow]]\npath = \"{path}\"\nreason = \"shared\"\n")
}

/// A repository whose configuration extends another file of it.
fn layered() -> Repo {
    let repo = Repo::new();
    repo.add(
        ".keysieve.toml",
        "extends = [\"policy/keysieve.toml\"]\nblock = \"high\"\n",
    )
    .add(
        "policy/keysieve.toml",
        format!(
            "report = \"medium\"\nblock = \"low\"\n{}",
            allow("*.fixture")
        ),
    )
    .commit("policy");
    repo
}

fn user_file(repo: &Repo, text: &str) {
    let folder = repo.sandbox().home().join(".config/keysieve");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), text).unwrap();
}

#[test]
fn a_file_wins_over_what_it_extends() {
    let repo = layered();
    repo.write("a.fixture", access_key_id(1))
        .write("b", access_key_id(2));
    repo.keysieve(["scan", "--show-allowed"])
        .status(0)
        .says("a.fixture")
        .says("[[allow]] entry 1 of policy/keysieve.toml: shared")
        .says("b:1:1");
    let explained = repo.keysieve(["explain", "a.fixture:1"]).status(0);
    explained
        .says("entry 1 of policy/keysieve.toml:3: shared")
        .says("reports from medium on, by ./policy/keysieve.toml:1\n")
        .says("blocks from high on, by ./.keysieve.toml:2\n");
    // A report does not depend on where the repository is.
    let root = repo.root().to_str().unwrap();
    repo.keysieve(["scan", root, "--show-allowed"])
        .status(0)
        .says("[[allow]] entry 1 of policy/keysieve.toml: shared");
}

#[test]
fn what_leads_out_of_the_repository_is_refused() {
    let repo = Repo::new();
    let outside = repo.sandbox().root().join("outside.toml");
    fs::write(&outside, allow("*")).unwrap();
    symlink(&outside, repo.path("link.toml")).unwrap();
    let absolute = outside.to_str().unwrap();
    for file in [
        "../outside.toml",
        absolute,
        "link.toml",
        "x/../../outside.toml",
    ] {
        repo.write(".keysieve.toml", format!("extends = [\"{file}\"]\n"));
        repo.keysieve(["scan"])
            .status(2)
            .says("is outside of the repository");
    }
    repo.write("own.toml", format!("extends = [\"{absolute}\"]\n"));
    repo.write("key", access_key_id(1));
    repo.keysieve(["scan", "--config", "own.toml"]).status(0);
}

#[test]
fn broken_chains_are_named() {
    let repo = Repo::new();
    repo.write(".keysieve.toml", "extends = [\"a.toml\"]\n")
        .write("a.toml", "extends = [\"./b.toml\"]\n")
        .write("b.toml", "extends = [\"x/../a.toml\"]\n");
    repo.keysieve(["scan"])
        .status(2)
        .says("b.toml: extends")
        .says("extends the file that names it (a.toml -> b.toml -> a.toml)");
    repo.write("b.toml", "extends = [\"missing.toml\"]\n");
    repo.keysieve(["scan"])
        .status(2)
        .says("missing.toml")
        .says("does not exist");
    for number in 0..20 {
        let next = format!("extends = [\"c{}.toml\"]\n", number + 1);
        repo.write(format!("c{number}.toml"), next);
    }
    repo.write("b.toml", "extends = [\"c0.toml\"]\n");
    repo.keysieve(["scan"]).status(2).says("more than 8 files");
}

/// Read once for each file that names it, the last of these would be read 40 to the power of 5 times.
#[test]
fn a_file_that_many_extend_is_read_once() {
    let repo = Repo::new();
    for number in 0..6 {
        let next = format!("\"c{}.toml\",", number + 1).repeat(40);
        repo.write(format!("c{number}.toml"), format!("extends = [{next}]\n"));
    }
    repo.write(".keysieve.toml", "extends = [\"c0.toml\"]\n")
        .write("c6.toml", allow("key"))
        .write("key", access_key_id(1));
    repo.keysieve(["scan"]).status(0);
    let mut many = String::new();
    for number in 0..80 {
        repo.write(format!("m{number}.toml"), "");
        many += &format!("\"m{number}.toml\",");
    }
    repo.write(".keysieve.toml", format!("extends = [{many}]\n"));
    repo.keysieve(["scan"])
        .status(2)
        .says("m15.toml")
        .says("is one of more than 64 files");
}

/// A change edits the file that the policy extends, so that it allows its own key.
#[test]
fn gate_reads_extended_files_from_the_base() {
    let repo = layered();
    let base = repo.git(["rev-parse", "HEAD"]).trim().to_owned();
    repo.add("policy/keysieve.toml", allow("*"))
        .add("b", format!("{}\n", access_key_id(1)))
        .add(".keysieve.toml", "extends = [\"policy/keysieve.toml\"]\n")
        .commit("vouch");
    let range = format!("{base}..HEAD");
    repo.keysieve(["gate", &range, "--block", "low"])
        .status(1)
        .says("b:1:1")
        .says("policy/keysieve.toml: changed");
    repo.keysieve(["gate", &range, "--policy", "head"])
        .status(0);
    user_file(&repo, &allow("*"));
    repo.keysieve(["gate", &range, "--block", "low"]).status(1);
}

/// An extended file in a folder names files of the folder around it, as in a commit.
#[test]
fn names_that_lead_to_the_folder_around_are_read_from_disk_and_from_the_base() {
    let repo = Repo::new();
    repo.add(".keysieve.toml", "extends = [\"policy/keysieve.toml\"]\n")
        .add(
            "policy/keysieve.toml",
            "extends = [\"../shared.toml\"]\nrules = [\"../rules.toml\"]\n",
        )
        .add("shared.toml", allow("*.fixture"))
        .add("rules.toml", "")
        .commit("policy");
    repo.add("a.fixture", access_key_id(1));
    repo.keysieve(["hook", "install"]).status(0);
    repo.keysieve(["hook", "status"]).status(0);
    repo.keysieve(["staged"]).status(0);
    repo.add("shared.toml", allow("*")).commit("second");
    repo.keysieve(["gate", "HEAD~..HEAD"])
        .status(0)
        .says("[[allow]] entry 1 of shared.toml: shared")
        .says("shared.toml: changed");
}

/// An entry has the fingerprint that the salt of its own file gives.
#[test]
fn a_salt_does_not_change_the_entries_of_other_files() {
    let repo = Repo::new();
    let url = ["redis://app:", "zX7cVb2NmQ91Lk", "@db-1.keysieve.net\n"].concat();
    repo.write("a.ini", url).write("shared.toml", "");
    let words = [
        "allow",
        "a.ini:1",
        "--reason",
        "r",
        "--config",
        "shared.toml",
    ];
    repo.keysieve(words).status(0).says("wrote a salt");
    let own = format!(
        "extends = [\"shared.toml\"]\nsalt = \"{}\"\n",
        "0a".repeat(16)
    );
    repo.write(".keysieve.toml", own);
    repo.keysieve(["scan"]).status(0);
}

#[test]
fn the_users_own_file_is_added() {
    let repo = Repo::new();
    repo.write("a", access_key_id(1))
        .write("b", access_key_id(2));
    user_file(&repo, &allow("a"));
    repo.keysieve(["scan", "--show-allowed"])
        .status(1)
        .says("config.toml: shared")
        .says("b:1:1");
    repo.keysieve(["scan", "--no-config"])
        .status(1)
        .says("a:1:1");
    repo.write(".keysieve.toml", "block = \"certain\"\n");
    user_file(&repo, "block = \"low\"\n");
    repo.keysieve(["scan"]).status(0);
    user_file(&repo, "nonsense = 1\n");
    repo.keysieve(["scan"])
        .status(2)
        .says("config.toml:1: unknown field");
}

#[test]
fn a_named_file_is_added_on_request_and_wins() {
    let repo = Repo::new();
    repo.write(
        ".keysieve.toml",
        format!("block = \"certain\"\n{}", allow("a")),
    );
    repo.write("a", access_key_id(1))
        .write("b", access_key_id(2));
    repo.write("ci.toml", "block = \"low\"\n");
    let scan = || repo.keysieve(["scan"]);
    scan().status(0);
    scan()
        .env("KEYSIEVE_CONFIG", "+ci.toml")
        .status(1)
        .never_says("a:1:1");
    scan()
        .env("KEYSIEVE_CONFIG", "ci.toml")
        .status(1)
        .says("a:1:1");
    scan()
        .env("KEYSIEVE_CONFIG", "+missing.toml")
        .status(2)
        .says("missing.toml: file not found");
    // The entries of both have the same numbers.
    repo.write("ci.toml", allow("b"));
    let explain = |file| repo.keysieve(["explain", file, "--config", "+ci.toml"]);
    explain("a")
        .status(0)
        .says("entry 1 of ./.keysieve.toml:2:");
    explain("b").status(0).says("entry 1 of ci.toml:1:");
    repo.write("ci.toml", allow("nothing"));
    repo.keysieve(["scan", "--unused", "--config", "+ci.toml"])
        .status(0)
        .says("[[allow]] entry 1 of ci.toml");
}

#[test]
fn reports_identify_the_policy() {
    let version = |repo: &Repo, args: &[&str]| {
        let words = [&["scan", "--format", "json"], args].concat();
        let report = repo.keysieve(words).run().json();
        report["tool"]["policy"].as_str().unwrap().to_owned()
    };
    let (one, other) = (layered(), layered());
    assert_eq!(version(&one, &[]), version(&other, &["."]));
    assert_eq!(version(&one, &[]).len(), 12);
    let before = version(&one, &[]);
    let last_line = format!(", policy {before}\n");
    let human = |option| one.keysieve(["scan", option]).status(0);
    human("--verbose").says(&last_line);
    human("--full").never_says(&last_line);
    assert_ne!(before, version(&one, &["--block", "medium"]));
    assert_ne!(before, version(&one, &["--max-size", "1MiB"]));
    let text = fs::read_to_string(one.path(".keysieve.toml")).unwrap();
    one.write(".keysieve.toml", text.replace('\n', "\r\n"));
    assert_eq!(before, version(&one, &[]));
    one.write("policy/keysieve.toml", allow("*.txt"));
    assert_ne!(before, version(&one, &[]));
    other.keysieve(["baseline", "write"]).status(0);
    assert_ne!(before, version(&other, &[]));
}
