//! `keysieve explain`: which rules looked, what each check said, and what the policy made of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::support::keys::{access_key_id, secret_access_key};
use crate::support::{Repo, Run};

/// A line with a key of its own.
fn key(seed: u64) -> String {
    format!("aws_access_key_id = {}\n", access_key_id(seed))
}

/// A pair, a published example, and a line of words, in `conf/a.ini`.
fn repo() -> Repo {
    let repo = Repo::new();
    let example = ["AKIA", "IOSFODNN7", "EXAMPLE"].concat();
    let text = format!(
        "{}aws_secret_access_key = {}\nold = {example}\nwords\n",
        key(1),
        secret_access_key(1)
    );
    repo.write("conf/a.ini", text);
    repo
}

#[track_caller]
fn json(repo: &Repo, args: &[&str]) -> Value {
    repo.keysieve(["explain", "-f", "json"])
        .args(args)
        .status(0)
        .json()
}

/// The fingerprint of the only finding that the scan reports, or allows.
fn fingerprint(repo: &Repo, list: &str) -> String {
    let report = repo.keysieve(["scan", "-f", "json"]).run().json();
    assert_eq!(report[list].as_array().unwrap().len(), 1, "{report}");
    report[list][0]["fingerprint"].as_str().unwrap().to_owned()
}

#[test]
fn a_line_lists_the_rules_that_looked_at_it_and_their_checks() {
    let repo = repo();
    let ran = repo.keysieve(["explain", "conf/a.ini:1"]).status(0);
    ran.says("conf/a.ini:1\n")
        .says("aws-access-token (aws.toml) tried: \"AKIA\" at 1:21");
    ran.says("candidate AKIA******** at 1:21")
        .says("aws-access-key-id accepts")
        .says("match: medium");
    ran.says("found aws-access-key-pair at 2:25, certain, with aws-access-token at 1:21")
        .says(", blocks");
    ran.never_says(&access_key_id(1))
        .never_says(&secret_access_key(1))
        .never_says("3:7");
}

#[test]
fn a_rejected_candidate_names_the_check_and_the_reason() {
    let ran = repo().keysieve(["explain", "conf/a.ini:3:7"]).status(0);
    ran.says("aws-access-key-id rejects: a published example or a dummy")
        .says("no finding here");
    ran.never_says("2:25")
        .never_says(&["IOSFODNN7", "EXAMPLE"].concat());
}

#[test]
fn a_line_that_no_rule_looked_at_is_explained() {
    let ran = repo().keysieve(["explain", "conf/a.ini:4"]).status(0);
    ran.says("rules was tried: no keyword")
        .says("no finding here");
}

#[test]
fn entropy_is_shown_with_its_minimum() {
    let repo = Repo::new();
    let rule = "[[rule]]\nid = \"own\"\ndescription = \"d\"\nkeywords = [\"extk_\"]\n\
                pattern = '(?P<secret>extk_[a-z0-9]{8})'\nafter = 16\nentropy = 3.0\nconfidence = \"high\"\n\
                examples = [[\"extk_\", \"k3j9s8l1\"]]\n";
    repo.write("own.toml", rule)
        .write("a", "extk_aaaaaaaa\n")
        .write("b", ["extk_", "k3j9s8l2"].concat());
    let ran = repo
        .keysieve(["explain", "a:1", "--rules", "own.toml"])
        .status(0);
    ran.says("own (own.toml) tried: \"extk_\" at 1:1")
        .says("entropy rejects: 1.85 bits")
        .says("the minimum is 3\n");
    let all = json(&repo, &["b", "--rules", "own.toml"]);
    let step = &all["places"][0]["trials"][0]["candidates"][0]["steps"][0];
    assert_eq!(
        (&step["check"], &step["accepts"], &step["floor"]),
        (&"entropy".into(), &true.into(), &3.0.into())
    );
    assert!(step["measured"].as_f64().unwrap() > 3.0);
}

#[test]
fn a_whole_file_is_explained() {
    let ran = repo().keysieve(["explain", "conf/a.ini"]).status(0);
    ran.says("conf/a.ini\n")
        .says("at 1:21")
        .says("at 2:25")
        .says("at 3:7")
        .says("a run of 40 characters");
}

#[test]
fn decoded_text_is_explained() {
    let repo = Repo::new();
    repo.write(
        "a",
        format!(
            "x = {}\n",
            STANDARD.encode(format!("key {} here", access_key_id(1)))
        ),
    );
    let ran = repo.keysieve(["explain", "a:1"]).status(0);
    ran.says("read as base64")
        .says("match: medium")
        .never_says(&access_key_id(1));
}

#[test]
fn the_source_of_a_setting_is_named() {
    let repo = repo();
    repo.keysieve(["explain", "conf/a.ini"])
        .status(0)
        .says("reports from low on, by default")
        .says("by default\n");
    repo.write(".keysieve.toml", "block = \"certain\"\n");
    let ran = repo
        .keysieve(["explain", "conf/a.ini", "--report", "high"])
        .env("KEYSIEVE_REPORT", "low")
        .status(0);
    ran.says("reports from high on, by the flag --report")
        .says("blocks from certain on, by ./.keysieve.toml:1\n");
    let ran = repo
        .keysieve(["explain", "conf/a.ini"])
        .env("KEYSIEVE_BLOCK", "medium")
        .status(0);
    ran.says("blocks from medium on, by the variable KEYSIEVE_BLOCK");
    let all = json(&repo, &["conf/a.ini", "--report", "low"]);
    assert_eq!(
        all["policy"]["report"],
        serde_json::json!({"value": "low", "from": "flag", "place": null})
    );
    assert_eq!(
        all["policy"]["block"],
        serde_json::json!({"value": "certain", "from": "config", "place": "./.keysieve.toml:1"})
    );
}

#[test]
fn what_allows_a_finding_is_named_with_its_file() {
    let repo = Repo::new();
    repo.write("entry", key(1)).write(
        "marked",
        format!("{} # keysieve:allow known\n", key(2).trim_end()),
    );
    repo.write("based", key(3))
        .write("low", secret_access_key(4))
        .write("open", key(5));
    repo.keysieve(["baseline", "write", "based", "--owner", "ops"])
        .status(0);
    repo.write(
        ".keysieve.toml",
        "report = \"medium\"\n[[allow]]\npath = \"entry\"\nreason = \"fixtures\"\n",
    );
    let said = |file: &str| repo.keysieve(["explain", file]).status(0);
    said("entry").says("allowed by [[allow]] entry 1 of ./.keysieve.toml:2: fixtures");
    said("marked").says("allowed by the marker keysieve:allow in the file: known");
    said("based").says("allowed by the baseline ./.keysieve-baseline.json:5 (owner: ops)");
    said("low").says("not reported: low is below medium");
    said("open").says("reported, blocks: medium is not below medium");
    let baseline = std::fs::read_to_string(repo.path(".keysieve-baseline.json")).unwrap();
    repo.write(
        ".keysieve-baseline.json",
        baseline.replace("\"owner\"", "\"until\":\"2001-01-01\",\"owner\""),
    );
    said("based")
        .says(", blocks")
        .says("the baseline entry on line 5 has expired");
    let decision =
        |file: &str| json(&repo, &[file])["places"][0]["findings"][0]["decision"].clone();
    assert_eq!(decision("entry")["by"], "entry");
    assert_eq!(decision("entry")["line"], 2);
    assert_eq!(decision("marked")["word"], "keysieve:allow");
    assert_eq!(decision("based")["expired_baseline_line"], 5);
    assert_eq!(decision("low")["kind"], "ignored");
}

#[test]
fn every_place_of_a_fingerprint_is_explained() {
    let repo = repo();
    let print = fingerprint(&repo, "findings");
    let ran = repo.keysieve(["explain", &print]).status(0);
    ran.says("conf/a.ini:2\n")
        .says(&print)
        .says("aws-access-token (aws.toml) tried")
        .never_says("at 3:7");
    repo.keysieve(["explain", &print, "--in", "conf"])
        .status(0)
        .says("conf/a.ini:2");
    repo.write("empty/x", "");
    repo.keysieve(["explain", &print, "--in", "empty"])
        .status(1)
        .says("no finding has this fingerprint");
    repo.keysieve(["explain", &print, "--in", "empty", "nowhere"])
        .status(2)
        .says("could not be read");
    repo.write("copy", std::fs::read(repo.path("conf/a.ini")).unwrap());
    let all = json(&repo, &[&print]);
    let paths: Vec<_> = all["places"]
        .as_array()
        .unwrap()
        .iter()
        .map(|place| place["path"].clone())
        .collect();
    assert_eq!(paths, ["conf/a.ini", "copy"]);
}

#[test]
fn a_fingerprint_from_the_baseline_is_accepted() {
    let repo = repo();
    repo.keysieve(["baseline", "write"]).status(0);
    let text = std::fs::read_to_string(repo.path(".keysieve-baseline.json")).unwrap();
    let print = &text.lines().nth(4).unwrap()[10..42];
    assert_ne!(print, fingerprint(&repo, "allowed"));
    repo.keysieve(["explain", print])
        .status(0)
        .says("conf/a.ini:2")
        .says("allowed by the baseline");
    repo.keysieve(["explain", print, "--no-baseline"]).status(1);
}

#[test]
fn a_secret_in_a_file_name_is_explained_and_masked() {
    let repo = Repo::new();
    let id = access_key_id(1);
    repo.write(format!("{id}.txt"), "words\n");
    let print = fingerprint(&repo, "findings");
    repo.keysieve(["explain", &print])
        .status(0)
        .says("AKIA********.txt\n")
        .never_says(&id);
    repo.keysieve(["explain", &format!("{id}.txt:1")])
        .status(0)
        .says("AKIA********.txt:1")
        .never_says(&id);
}

#[test]
fn arguments_that_cannot_be_explained_are_errors() {
    let repo = repo();
    let pasted = access_key_id(7);
    repo.keysieve(["explain", &pasted])
        .status(2)
        .says("neither a file nor a fingerprint")
        .never_says(&pasted);
    repo.keysieve(["explain", &format!("{pasted}:3")])
        .status(2)
        .never_says(&pasted);
    repo.keysieve(["explain", "conf"])
        .status(2)
        .says("a directory");
    repo.keysieve(["explain", "conf/a.ini:99"])
        .status(2)
        .says("line 99 does not exist");
    repo.keysieve(["explain", "conf/a.ini:0"]).status(2);
    repo.keysieve(["explain"]).status(2);
    repo.keysieve(["explain", &"0".repeat(32)]).status(1);
    let sized = repo
        .keysieve(["explain", "conf/a.ini", "--max-size", "10"])
        .status(0);
    sized.says("is not scanned: larger than the size limit of 10 bytes");
}

#[test]
fn a_path_may_be_relative_to_any_directory() {
    let repo = repo();
    repo.write(
        ".keysieve.toml",
        "[[allow]]\npath = \"/conf/a.ini\"\nreason = \"r\"\n",
    );
    let from = Run::new(Run::KEYSIEVE, &repo.path("conf"), repo.sandbox());
    from.args(["explain", "a.ini:2"])
        .status(0)
        .says("allowed by [[allow]] entry 1 of");
}
