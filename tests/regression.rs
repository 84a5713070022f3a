//! Tests for fixed bugs.

use std::fs;

use crate::support::{Repo, Run, Sandbox, keys};

/// A repository whose file is `before` in the last commit and `after` in the index.
fn edited(before: &str, after: &str) -> Repo {
    let repo = Repo::new();
    repo.add("conf", before);
    repo.commit("before");
    repo.add("conf", after);
    repo
}

#[test]
fn a_new_key_between_reindented_lines_is_reported() {
    let id = keys::access_key_id(1);
    let after = format!("if x:\n    a = 1\n    key = \"{id}\"\n    b = 2\n");
    edited("a = 1\nb = 2\n", &after)
        .keysieve(["staged"])
        .status(1);
}

#[test]
fn a_name_added_before_a_bare_secret_makes_it_new() {
    let secret = keys::secret_access_key(1);
    let after = format!("{}aws_secret_access_key = '{secret}'\n", keys::filler());
    edited(&format!("{}x = '{secret}'\n", keys::filler()), &after)
        .keysieve(["staged"])
        .status(1);
    let above = format!("aws_secret_access_key =\n{secret}\n");
    edited(&format!("{secret}\n"), &above)
        .keysieve(["staged"])
        .status(1);
}

#[test]
fn a_secret_cut_out_of_a_longer_name_is_new() {
    let secret = keys::secret_access_key(2);
    let after = format!("aws_secret_access_key = {secret}\n");
    edited(&format!("x = docs.{secret}.html\n"), &after)
        .keysieve(["staged"])
        .status(1);
}

#[test]
fn literals_that_are_joined_by_changing_a_sign_are_new() {
    let id = keys::access_key_id(2);
    let (head, tail) = id.split_at(8);
    let after = format!("id = \"{head}\" + \"{tail}\"\n");
    edited(&format!("id = \"{head}\" - \"{tail}\"\n"), &after)
        .keysieve(["staged"])
        .status(1);
}

#[test]
fn an_edit_next_to_an_old_key_in_a_file_of_one_long_line() {
    let id = keys::access_key_id(3);
    let line = |word: &str| {
        format!(
            "{}{word} id={id} {}\n",
            "a,b;".repeat(200_000),
            "c.d ".repeat(100_000)
        )
    };
    edited(&line("old"), &line("new"))
        .keysieve(["staged"])
        .status(0);
    let other = keys::access_key_id(4);
    edited(&line("old"), &line("old").replace(&id, &other))
        .keysieve(["staged"])
        .status(1);
}

#[test]
fn the_remaining_half_of_an_old_pair_is_not_new() {
    let (id, secret) = (keys::access_key_id(5), keys::secret_access_key(5));
    edited(
        &format!("id={id}\nsecret={secret}\n"),
        &format!("id={id}\n"),
    )
    .keysieve(["staged"])
    .status(0);
}

#[test]
fn errors_never_quote_the_content_of_a_rule_file() {
    let sandbox = Sandbox::new();
    let secret = keys::secret_access_key(6);
    fs::write(
        sandbox.root().join("credentials"),
        format!("[default]\naws_secret_access_key = {secret}\n"),
    )
    .unwrap();
    let ran = Run::new(Run::KEYSIEVE, sandbox.root(), &sandbox)
        .args(["scan", "--rules", "credentials"])
        .status(2);
    ran.never_says(&secret)
        .never_says(&secret[..12])
        .says("credentials:2: ");
}

#[test]
fn a_configuration_cannot_name_rules_outside_the_repository() {
    let repo = Repo::new();
    repo.write(".keysieve.toml", "rules = [\"../outside.toml\"]\n");
    fs::write(repo.root().join("../outside.toml"), "[[rule]]\n").unwrap();
    repo.keysieve(["scan"])
        .status(2)
        .says("outside of the repository");
    let today = jiff::civil::date(2026, 1, 1);
    let error = keysieve::Keysieve::with_policy_of(repo.root(), today).map(|_| ());
    let error = error.unwrap_err().to_string();
    assert!(error.contains("outside of the repository"), "{error}");
}

#[test]
fn errors_cannot_move_the_cursor() {
    let sandbox = Sandbox::new();
    fs::write(
        sandbox.root().join(".keysieve.toml"),
        "\"\\u001b[2Jx\" = 1\n",
    )
    .unwrap();
    let ran = Run::new(Run::KEYSIEVE, sandbox.root(), &sandbox)
        .args(["scan"])
        .status(2);
    ran.never_says("\u{1b}");
}

#[test]
fn a_scissors_line_without_a_diff_hides_nothing() {
    let repo = Repo::new();
    let scissors = "# ------------------------ >8 ------------------------";
    repo.write(
        "message",
        format!("subject\n\n{scissors}\nkey {}\n", keys::access_key_id(7)),
    );
    repo.keysieve(["hook", "run", "commit-msg", "message"])
        .status(1);
}

#[test]
fn the_report_of_thousands_of_keys_on_one_line_stays_small() {
    let sandbox = Sandbox::new();
    let ids: String = (0..5_000)
        .map(|seed| keys::access_key_id(seed) + " ")
        .collect();
    fs::write(sandbox.root().join("dump"), ids).unwrap();
    let scan = |format| {
        let args = ["scan", "-f", format, "-o", "-"];
        Run::new(Run::KEYSIEVE, sandbox.root(), &sandbox).args(args)
    };
    let report = scan("json").status(1);
    assert_eq!(report.json()["findings"].as_array().unwrap().len(), 1_000);
    // Each finding shows a part of the line: with the whole line a report would have 100 MB.
    for ran in [report, scan("human").status(1)] {
        assert!(ran.stdout_bytes().len() < 1_000 * 1_000);
    }
}

#[test]
fn a_key_in_utf16_after_an_accent_and_in_curly_quotes() {
    let sandbox = Sandbox::new();
    let text = format!("\u{e9} id \u{201c}{}\u{201d}", keys::access_key_id(8));
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(sandbox.root().join("wide"), bytes).unwrap();
    Run::new(Run::KEYSIEVE, sandbox.root(), &sandbox)
        .args(["scan"])
        .status(1);
}

#[test]
fn a_folder_that_only_looks_like_a_git_directory_is_scanned() {
    let sandbox = Sandbox::new();
    for (folder, file) in [("a/.git", "creds"), ("b", ".git")] {
        fs::create_dir_all(sandbox.root().join(folder)).unwrap();
        let text = format!("key = {}\n", keys::access_key_id(9));
        fs::write(sandbox.root().join(folder).join(file), text).unwrap();
        fs::write(sandbox.root().join(folder).join("HEAD"), "x").unwrap();
    }
    let scan = |args: &[&str]| Run::new(Run::KEYSIEVE, sandbox.root(), &sandbox).args(args);
    scan(&["scan", "a"]).status(1);
    // An invalid gitfile is a repository that cannot be opened, except with options that need no
    // repository.
    scan(&["scan", "b"]).status(2);
    scan(&["scan", "b", "--no-ignore", "--no-config"]).status(1);
}

#[test]
fn the_configuration_of_one_folder_does_not_apply_to_another() {
    let sandbox = Sandbox::new();
    for folder in ["a", "b"] {
        fs::create_dir(sandbox.root().join(folder)).unwrap();
    }
    fs::write(
        sandbox.root().join("a/.keysieve.toml"),
        "[[allow]]\npath = \"*\"\nreason = \"all\"\n",
    )
    .unwrap();
    fs::write(sandbox.root().join("b/key"), keys::access_key_id(10)).unwrap();
    let scan = |args: &[&str]| Run::new(Run::KEYSIEVE, sandbox.root(), &sandbox).args(args);
    scan(&["scan", "a", "b"]).status(2).says("--config");
    scan(&["scan", "b"]).status(1);
    scan(&["scan", "a", "b", "--no-config"]).status(1);
}

#[test]
fn a_marker_far_away_on_a_long_line_does_not_apply() {
    let sandbox = Sandbox::new();
    let text = format!(
        "{} {} // gitleaks:allow\n",
        keys::access_key_id(11),
        "x ".repeat(5_000)
    );
    fs::write(sandbox.root().join("minified.js"), text).unwrap();
    Run::new(Run::KEYSIEVE, sandbox.root(), &sandbox)
        .args(["scan"])
        .status(1);
}

#[test]
fn hook_status_with_a_configuration_that_names_rules() {
    let repo = Repo::new();
    repo.write(".keysieve.toml", "rules = [\"rules/own.toml\"]\n");
    let rule = "[[rule]]\nid='own'\ndescription='d'\nkeywords=['owntok_']\n\
                pattern='(?P<secret>owntok_[0-9]{9})'\n\
                confidence='high'\nexamples=[['owntok_','123123123']]\n";
    repo.write("rules/own.toml", rule);
    repo.keysieve(["hook", "install"]).status(0);
    repo.keysieve(["hook", "status"]).status(0).says("live");
}

#[test]
fn a_token_longer_than_its_rule_expects_is_one_finding() {
    let sandbox = Sandbox::new();
    let body: String = (0..120)
        .map(|seed| keys::secret_access_key(seed).replace(['/', '+'], "_"))
        .collect();
    fs::write(
        sandbox.root().join("token"),
        format!("refresh: {}{body}\n", ["Atz", "r|"].concat()),
    )
    .unwrap();
    let ran = Run::new(Run::KEYSIEVE, sandbox.root(), &sandbox)
        .args(["scan", "-f", "json"])
        .status(1);
    let end = ran.json()["findings"][0]["end_column"].as_u64().unwrap();
    assert_eq!(end, 10 + 5 + 4_800, "the whole token is one finding");
}

/// Three keys in a dotenv file, with labels so long that the nearest id of a secret is that of the
/// next key.
fn three_keys() -> Vec<String> {
    let block = |seed| {
        let (id, secret) = (keys::access_key_id(seed), keys::secret_access_key(seed));
        format!("AWS_ACCESS_KEY_ID={id}\nAWS_SECRET_ACCESS_KEY={secret}\n")
    };
    (20..23).map(block).collect()
}

#[test]
fn each_id_is_joined_with_its_own_secret() {
    let repo = Repo::new();
    repo.write(".env", three_keys().concat());
    let report = repo.keysieve(["scan", "-f", "json"]).status(1).json();
    let lines: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (&f["partner"]["line"], &f["line"]))
        .collect();
    assert_eq!(
        format!("{lines:?}"),
        "[(Number(1), Number(2)), (Number(3), Number(4)), (Number(5), Number(6))]"
    );
}

#[test]
fn removing_or_spacing_out_old_keys_is_not_new() {
    let blocks = three_keys();
    let old = blocks.concat();
    for kept in [[0, 1], [0, 2], [1, 2]] {
        edited(&old, &kept.map(|index| blocks[index].as_str()).concat())
            .keysieve(["staged"])
            .status(0);
    }
    edited(&old, &blocks.join("# next\n"))
        .keysieve(["staged"])
        .status(0);
    edited(&old, &old.replace("AWS_", "MY_").replace('=', " = "))
        .keysieve(["staged"])
        .status(0);
    let without_an_id: String = old
        .lines()
        .skip(1)
        .map(|line| format!("{line}\n"))
        .collect();
    edited(&old, &without_an_id).keysieve(["staged"]).status(0);
}

#[test]
fn another_copy_of_an_old_key_is_new() {
    let id = keys::access_key_id(24);
    edited(&format!("a = {id}\n"), &format!("a = {id}\nb = {id}\n"))
        .keysieve(["staged"])
        .status(1);
}

#[test]
fn a_long_token_after_many_keywords_is_found() {
    let sandbox = Sandbox::new();
    let head = ["ABS", "K"].concat();
    let long: String = (0..150).map(keys::secret_access_key).collect();
    let text = format!("{}\nk={head}{long}\n", format!("{head} doc ").repeat(5_000));
    fs::write(sandbox.root().join("doc"), text).unwrap();
    Run::new(Run::KEYSIEVE, sandbox.root(), &sandbox)
        .args(["scan", "-f", "json"])
        .status(0)
        .says("aws-bedrock-api-key");
}

#[test]
fn a_rule_file_that_is_a_pipe_is_refused() {
    let repo = Repo::new();
    repo.write(".keysieve.toml", "rules = [\"pipe\"]\n");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(repo.path("pipe"))
            .status()
            .unwrap()
            .success()
    );
    repo.keysieve(["scan"]).status(2).says("not a regular file");
}

#[test]
fn a_base64_value_on_the_line_below_its_name_is_found() {
    let sandbox = Sandbox::new();
    let encoded = base64::engine::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        keys::secret_access_key(30),
    );
    fs::write(
        sandbox.root().join("secret.yaml"),
        format!("data:\n  AWS_SECRET_ACCESS_KEY: >-\n    {encoded}\n"),
    )
    .unwrap();
    Run::new(Run::KEYSIEVE, sandbox.root(), &sandbox)
        .args(["scan"])
        .status(1)
        .says("high");
}

#[test]
fn refs_in_reftables_are_refused() {
    let repo = Repo::new();
    repo.config("core.repositoryFormatVersion", "1")
        .config("extensions.refStorage", "reftable");
    fs::create_dir(repo.path(".git/reftable")).unwrap();
    repo.keysieve(["staged"]).status(2).says("reftable");
}
