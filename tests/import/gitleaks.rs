//! The configuration, the ignore file and a report of gitleaks.

use super::{import, reported, slack, text};
use crate::support::{Repo, keys};

const CONFIG: &str = r#"
title = "rules of a company"

[extend]
useDefault = true
disabledRules = ["slack-app-token", "no-such-rule"]

[[rules]]
id = "Acme_Key"
description = "Live key of Acme"
regex = '''(?i)\bacme[_-]live[_-]([0-9a-f]{32})(?:[\s;]|$)'''
secretGroup = 1
entropy = 2.5
keywords = ["acme"]
  [[rules.allowlists]]
  description = "keys of the sandbox"
  stopWords = ["00ff00", "a.b"]

[[rules]]
id = "slack-bot-token"
  [rules.allowlist]
  paths = ['''^demo/''']

[[allowlists]]
description = "generated"
paths = ['''(^|/)fixtures/''', '''\.golden$''']

[[allowlists]]
condition = "AND"
paths = ['''^docs/''']
regexes = ['''^xoxb-\d+''']
"#;

const TRANSLATED: &str = r#"rules = ['.keysieve-rules.toml']

[[allow]]
rule = 'slack-app-token'
reason = "imported from .gitleaks.toml: a disabled rule"

[[allow]]
rule = 'acme-key'
pattern = '(?i)(?:00ff00|a\.b)'
reason = "imported from .gitleaks.toml: keys of the sandbox"

[[allow]]
rule = 'slack-bot-token'
path-regex = '^demo/'
reason = "imported from .gitleaks.toml"

[[allow]]
path-regex = [
  '(^|/)fixtures/',
  '\.golden$',
]
reason = "imported from .gitleaks.toml: generated"

[[allow]]
path-regex = '^docs/'
pattern = '^xoxb-\d+'
reason = "imported from .gitleaks.toml"
"#;

const RULES: &str = r"[[rule]]
id = 'acme-key'
description = 'Live key of Acme'
pattern = '(?i)\bacme[_-]live[_-](?P<secret>[0-9a-f]{32})(?:[\s;]|$)'
entropy = 2.5
guessable = true
confidence = 'medium'
";

/// gitleaks 8.30.1 reports the same but for two lines: it finds `src/b.txt:1` by its generic rule,
/// which has no stop word, and it skips all of `docs/`, as if the last allowlist had no `AND`.
#[test]
fn a_configuration_has_the_same_verdicts() {
    let repo = Repo::new();
    let acme = keys::Chance::new(7, "acme").text(b"0123456789abcdef", 32);
    let sandbox = format!("00ff00{}", &acme[6..]);
    let id = keys::access_key_id(1);
    for (path, content) in [
        ("src/a.txt", format!("key: ACME-live_{acme}\n")),
        ("src/b.txt", format!("key: acme_live_{sandbox}\n")),
        ("src/c.py", format!("T = '{}'\n", slack(1))),
        ("demo/c.py", format!("T = '{}'\nID = '{id}'\n", slack(2))),
        ("a/fixtures/c.py", format!("T = '{}'\n", slack(3))),
        ("a/fixtures.py", format!("T = '{}'\n", slack(4))),
        ("x.golden", format!("T = '{}'\n", slack(5))),
        ("docs/c.md", format!("T = '{}'\nID = '{id}'\n", slack(6))),
    ] {
        repo.add(path, content);
    }
    repo.add(".gitleaks.toml", CONFIG);
    import(&repo, &["gitleaks"], 0)
        .says("no rule has the id 'no-such-rule' here")
        .says("2 of its entries are for all rules, those of AWS credentials too");
    assert_eq!(text(&repo, ".keysieve.toml"), TRANSLATED);
    assert_eq!(text(&repo, ".keysieve-rules.toml"), RULES);
    assert_eq!(
        reported(&repo),
        [
            "a/fixtures.py:1",
            "demo/c.py:2",
            "docs/c.md:2",
            "src/a.txt:1",
            "src/c.py:1"
        ]
    );
    import(&repo, &[], 0);
    assert_eq!(text(&repo, ".keysieve.toml"), TRANSLATED);
    assert_eq!(text(&repo, ".keysieve-rules.toml"), RULES);
}

#[test]
fn what_cannot_be_carried_over_is_listed() {
    let repo = Repo::new();
    let stop = slack(1);
    let config = format!(
        r#"
[extend]
useDefault = true
disabledRules = []
[[rules]]
id = "hash"
regex = "[a-f0-9]{{40}}"
[[rules]]
id = "lookaround"
regex = "acme(?=x)"
[[rules]]
id = "path-only"
path = '''\.pem$'''
[[rules]]
id = "scoped"
regex = "(?:^|;)scoped-([0-9]{{9}})"
path = '''^src/'''
[allowlist]
regexTarget = "line"
regexes = ["x"]
paths = ["(", ".*", "(?=y)"]
stopwords = ["{stop}"]
commits = ["{}"]
"#,
        "ab".repeat(20)
    );
    repo.write(".gitleaks.toml", config);
    let ran = import(&repo, &[], 1);
    for expected in [
        "rule 'hash': give 'keywords'",
        "rule 'lookaround': its regular expression does not compile here",
        "rule 'path-only': it reports paths",
        "rule 'scoped': 'path'",
        "rule 'scoped': '^' matches at the start of every line",
        "regexTarget = \"line\"",
        "the path pattern (: 'path-regex' is not a regular expression",
        "the path pattern .*: 'path-regex' matches the empty string",
        "the path pattern (?=y)",
        "1 of its patterns contains a secret",
        "the commit is not in this clone",
    ] {
        ran.says(expected);
    }
    ran.never_says(&stop);
    assert!(!text(&repo, ".keysieve.toml").contains("[[allow]]"));
    assert!(text(&repo, ".keysieve-rules.toml").contains("(?m:^)"));
}

#[test]
fn an_existing_policy_stays_and_a_check_writes_nothing() {
    let repo = Repo::new();
    let policy = "report = \"low\"  # all\n\n[[allow]]\npath = \"a\"\nreason = \"b\"\n";
    repo.write(".keysieve.toml", policy);
    repo.write("base.toml", "[allowlist]\npaths = ['^gen/']\n");
    let config =
        "[extend]\npath = \"base.toml\"\n[[rules]]\nid = \"k\"\nregex = \"acme-[0-9]{9}\"\n";
    repo.write(".gitleaks.toml", config);
    import(&repo, &["--check"], 0)
        .says("path-regex = '^gen/'")
        .says("keysieve's built-in rules find more");
    assert_eq!(text(&repo, ".keysieve.toml"), policy);
    assert!(!repo.path(".keysieve-rules.toml").exists());
    import(&repo, &[], 0);
    let after = text(&repo, ".keysieve.toml");
    assert!(
        after.starts_with("rules = ['.keysieve-rules.toml']\n\n"),
        "{after}"
    );
    assert!(after.contains(policy), "{after}");
}

#[test]
fn a_configuration_without_rules_is_reported() {
    let repo = Repo::new();
    let config = "[extend]\ndisabledRules = ['slack-bot-token']\n[allowlist]\npaths = ['^gen/']\n";
    repo.write(".gitleaks.toml", config);
    import(&repo, &[], 1).says("WARNING: no rule is active in it");
    assert!(!text(&repo, ".keysieve.toml").contains("slack"));
    repo.write(".gitleaks.toml", "[[rules]\n");
    import(&repo, &[], 2).says(".gitleaks.toml: line 1");
}

/// gitleaks compares the fingerprint `[commit:]path:rule:line` of a finding with each line. gitleaks
/// 8.30.1 also reports `old.py:2`, where the secret that is known from `old.py` occurs again.
#[test]
fn an_ignore_file_has_the_same_verdicts() {
    let repo = Repo::new();
    let (old, id) = (slack(1), keys::access_key_id(2));
    repo.add("old.py", format!("\nT = '{old}'\n"));
    let commit = repo.commit("old");
    repo.add("old.py", format!("T = '{}'\n# '{old}'\n", slack(2)));
    repo.add("a.py", format!("ID = '{id}'\nT = '{}'\n", slack(3)));
    let lines = format!(
        "# known\n{commit}:old.py:slack-bot-token:2\na.py:generic-api-key:1\n\
         a.py:slack-bot-token:2\ngone.py:slack-bot-token:1\nnonsense\n"
    );
    repo.add(".gitleaksignore", lines);
    import(&repo, &[], 1)
        .says("line 6 is not [commit:]path:rule:line")
        .says("a.py:generic-api-key:1: the finding of 'aws-access-token' there is not")
        .says("1 known secrets need no entry");
    assert_eq!(reported(&repo), ["a.py:1", "old.py:1"]);
    let baseline = text(&repo, ".keysieve-baseline.json");
    assert!(
        baseline.contains("imported from .gitleaksignore"),
        "{baseline}"
    );
}

#[test]
fn the_commits_of_an_allowlist_are_carried_over() {
    let repo = Repo::new();
    repo.add("a.py", format!("T = '{}'\n", slack(1)));
    let commit = repo.commit("a");
    repo.add("b.py", format!("T = '{}'\n", slack(2)));
    repo.commit("b");
    let config = format!("[extend]\nuseDefault = true\n[allowlist]\ncommits = ['{commit}']\n");
    repo.add(".gitleaks.toml", config);
    import(&repo, &[], 0).says("1 baseline entries are new");
    assert_eq!(reported(&repo), ["b.py:1"]);
}

#[test]
fn a_report_is_a_baseline() {
    let repo = Repo::new();
    let (known, new) = (slack(1), slack(2));
    repo.add("a.py", format!("T = '{known}'\nT = '{new}'\n"));
    repo.add("b.py", format!("T = '{}'\n", slack(3)));
    let finding = |path: &str, line: usize, secret: &str| {
        format!(
            "{{\"RuleID\": \"slack-bot-token\", \"StartLine\": {line}, \"Secret\": \"{secret}\", \
             \"File\": \"{path}\", \"Commit\": \"\", \"Fingerprint\": \"{path}:r:{line}\"}}"
        )
    };
    let report = format!(
        "[{}, {}]",
        finding("a.py", 9, &known),
        finding("b.py", 1, "REDACTED")
    );
    repo.write("leaks.json", report);
    import(&repo, &["leaks.json"], 0).never_says(&known);
    std::fs::remove_file(repo.path("leaks.json")).unwrap();
    assert_eq!(reported(&repo), ["a.py:2"]);
}
