//! Files that allow paths and values: ripsecrets, trufflehog, ggshield, talisman, secretlint.

use sha2::{Digest as _, Sha256};

use super::{import, reported, slack, text};
use crate::support::Repo;

fn sha256(text: &str) -> String {
    let digest = Sha256::digest(text);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A repository with a token in each of these files; the seed of each is its number, from 1.
fn tokens(paths: &[&str]) -> Repo {
    let repo = Repo::new();
    for (path, seed) in paths.iter().zip(1..) {
        repo.add(path, format!("T = '{}'\n", slack(seed)));
    }
    repo
}

#[test]
fn ripsecrets_has_paths_and_values() {
    let repo = tokens(&["a.py", "gen/b.py", "gen/keep.py", "c.py"]);
    let file = format!(
        "# ours\ngen/*\n!gen/keep.py\n\n[secrets]\n# fake\n{}\n",
        slack(4)
    );
    repo.write(".secretsignore", file);
    import(&repo, &[], 0);
    assert_eq!(reported(&repo), ["a.py:1", "gen/keep.py:1"]);
    let config = text(&repo, ".keysieve.toml");
    assert!(
        config.contains("path = [\n  'gen/*',\n  '!gen/keep.py',\n]"),
        "{config}"
    );
    assert!(!config.contains(&slack(4)));
}

#[test]
fn trufflehog_has_expressions_of_paths() {
    let repo = tokens(&["a.py", "gen/b.py", "my gen/b.py", "c.lock"]);
    repo.write("exclude.txt", "# paths\n^gen/\n\\.lock$\n(\n");
    import(&repo, &["trufflehog", "exclude.txt"], 1).says("the path pattern (");
    assert_eq!(reported(&repo), ["a.py:1", "my gen/b.py:1"]);
    import(&repo, &["exclude.txt"], 2).says("name the tool");
    import(&repo, &["trufflehog"], 2).says("no file of trufflehog");
}

#[test]
fn ggshield_has_paths_and_matches_in_two_versions() {
    let files = [
        "a.py",
        "doc/b.py",
        "x/doc/c.py",
        "doc/deep/d.py",
        "e.py",
        "f.py",
    ];
    let digest = sha256(&format!("{},apikey", slack(6)));
    let matches = format!(
        "  - name: e\n    match: {}\n  - name: f\n    match: {digest}\n",
        slack(5)
    );
    let new = format!(
        "version: 2\nexit_zero: false\nsecret:\n  ignored-paths:\n  - /doc/*\n  ignored_matches:\n{matches}"
    );
    let old = format!("paths-ignore:\n  - /doc/*\nmatches-ignore:\n{matches}");
    for config in [new.clone(), old] {
        let repo = tokens(&files);
        repo.write(".gitguardian.yaml", config);
        import(&repo, &[], 0).never_says(&slack(5));
        assert_eq!(
            reported(&repo),
            ["a.py:1", "doc/deep/d.py:1", "x/doc/c.py:1"]
        );
    }
    let repo = tokens(&files);
    let more = format!("{new}  ignored_detectors:\n  - Generic Password\nexit_zero: true\n");
    repo.write(".gitguardian.yaml", more.replace("exit_zero: false\n", ""));
    import(&repo, &["ggshield"], 1)
        .says("the ignored detector 'Generic Password'")
        .says("exit_zero");
}

/// Talisman's checksum of a file is over the SHA-256 digests of nothing, its content and its path.
#[test]
fn talisman_has_checksums_scopes_and_patterns() {
    let repo = tokens(&["a.py", "b.py", "c.py", "x/d.pem", "x/go.sum", "y/e.py"]);
    let checksum = |path: &str, seed: u64| {
        let content = sha256(&format!("T = '{}'\n", slack(seed)));
        sha256(&[sha256(""), content, sha256(path)].concat())
    };
    let config = format!(
        "fileignoreconfig:\n- filename: b.py\n  checksum: {}\n- filename: c.py\n  checksum: {}\n\
         - filename: '*.pem'\n  ignore_detectors: [filecontent]\n- filename: y/\n  \
         ignore_detectors: [filename]\nscopeconfig:\n- scope: go\ncustom_patterns:\n- \
         acme-[0-9]{{9}}\nversion: \"1.0\"\n",
        checksum("b.py", 2),
        "0".repeat(64)
    );
    repo.write(".talismanrc", config);
    repo.add("own.txt", "acme-123450987\n");
    import(&repo, &[], 0).says("1 rules");
    assert_eq!(
        reported(&repo),
        ["a.py:1", "c.py:1", "own.txt:1", "y/e.py:1"]
    );
    repo.write(
        ".talismanrc",
        "allowed_patterns:\n- xoxb-.*\nthreshold: high\n",
    );
    import(&repo, &[], 1).says("in part").says("severities");
    assert_eq!(reported(&repo), ["own.txt:1"]);
}

/// secretlint 12.0.0 reports `a.py:1` alone.
#[test]
fn secretlint_has_allow_lists_and_paths() {
    let repo = tokens(&["a.py", "b.py", "gen/c.py"]);
    let start: String = slack(2).chars().take(12).collect();
    let config = format!(
        "{{\"rules\": [{{\"id\": \"@secretlint/secretlint-rule-preset-recommend\", \"rules\": [\
         {{\"id\": \"@secretlint/secretlint-rule-slack\", \"options\": {{\"allows\": [\"/^{start}/i\"]}}}}, \
         {{\"id\": \"@secretlint/secretlint-rule-npm\", \"disabled\": true}}]}}]}}"
    );
    repo.write(".secretlintrc.json", config);
    repo.write(".secretlintignore", "gen/\n");
    import(&repo, &["secretlint"], 1).says("secretlint-rule-npm' is disabled");
    assert_eq!(reported(&repo), ["a.py:1"]);
}

#[test]
fn no_file_is_an_error_and_a_broken_one_is_not_quoted() {
    let repo = Repo::new();
    import(&repo, &[], 2).says("no file of another scanner");
    let secret = slack(1);
    for name in [
        ".secrets.baseline",
        ".gitguardian.yaml",
        ".talismanrc",
        ".gitleaks.toml",
    ] {
        repo.write(name, format!("{{ a: [{secret}\n"));
        import(&repo, &[name], 2).never_says(&secret).says("line ");
    }
}
