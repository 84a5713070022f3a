//! The baselines of detect-secrets and kingfisher.

use sha1::{Digest as _, Sha1};
use twox_hash::XxHash3_64;

use super::{import, reported, slack, text};
use crate::support::{Repo, keys};

fn sha1(text: &str) -> String {
    let digest = Sha1::digest(text);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A baseline as `detect-secrets scan` 1.5.0 writes it, with entries of one file.
fn secrets_baseline(filters: &str, hashed: &[(usize, String)]) -> String {
    let entries = hashed.iter().map(|(line, hash)| {
        format!(
            "{{\"type\": \"Slack Token\", \"filename\": \"a.py\", \"hashed_secret\": \"{hash}\", \
             \"is_verified\": false, \"line_number\": {line}}}"
        )
    });
    let entries: Vec<_> = entries.collect();
    format!(
        "{{\"version\": \"1.5.0\", \"plugins_used\": [{{\"name\": \"SlackDetector\"}}, \
         {{\"name\": \"KeywordDetector\", \"keyword_exclude\": \"\"}}], \
         \"filters_used\": [{{\"path\": \"detect_secrets.filters.heuristic.is_lock_file\"}}{filters}], \
         \"results\": {{\"a.py\": [{}]}}, \"generated_at\": \"2026-01-31T00:00:00Z\"}}",
        entries.join(", ")
    )
}

/// detect-secrets-hook 1.5.0 with such a baseline reports `a.py:2` alone: lines may move.
#[test]
fn detect_secrets_has_the_same_verdicts() {
    let repo = Repo::new();
    let (known, secret) = (slack(1), keys::secret_access_key(3));
    let id = keys::access_key_id(3);
    repo.add(
        "a.py",
        format!(
            "K = '{known}'\nN = '{}'\nID = '{id}'\nKEY = '{secret}'\n",
            slack(2)
        ),
    );
    repo.add("gen/a.py", format!("K = '{}'\n", slack(4)));
    let filters = ", {\"path\": \"detect_secrets.filters.regex.should_exclude_file\", \
        \"pattern\": [\"^gen/\"]}";
    let hashed = [
        (7, sha1(&known)),
        (4, sha1(&secret)),
        (3, sha1(&id)),
        (9, sha1("gone")),
    ];
    repo.add(".secrets.baseline", secrets_baseline(filters, &hashed));
    import(&repo, &[], 1).says("a.py:3: the finding of 'aws-access-key-pair' there is not");
    assert_eq!(reported(&repo), ["a.py:2"]);
    let config = "[[allow]]\npath-regex = '^gen/'\nreason = \"imported from .secrets.baseline\"\n";
    assert_eq!(text(&repo, ".keysieve.toml"), config);
}

#[test]
fn what_detect_secrets_has_and_keysieve_lacks_is_listed() {
    let repo = Repo::new();
    let filters = ", {\"path\": \"detect_secrets.filters.regex.should_exclude_line\", \
        \"pattern\": [\"x = \"]}, {\"path\": \"detect_secrets.filters.wordlist.should_exclude_secret\"}, \
        {\"path\": \"file://own.py::is_fake\"}";
    let text = secrets_baseline(filters, &[]);
    let text = text.replace("\"keyword_exclude\": \"\"", "\"keyword_exclude\": \"fake\"");
    repo.write(".secrets.baseline", text);
    import(&repo, &["detect-secrets"], 1)
        .says("pattern 1 of should_exclude_line")
        .says("the word list")
        .says("it is a program of the user")
        .says("'keyword_exclude'");
    repo.write(
        ".secrets.baseline",
        "{\"plugins_used\": [], \"results\": {}}",
    );
    import(&repo, &[], 1).says("WARNING: no rule is active in it: detect-secrets");
}

/// kingfisher 2.14.0 with `--baseline-file` reports `a.py:2` alone, and after the change of the
/// third line that line too.
#[test]
fn kingfisher_has_the_same_verdicts() {
    let repo = Repo::new();
    let all = [slack(1), slack(2), slack(3)];
    let content = format!("K = '{}'\nN = '{}'\nM = '{}'\n", all[0], all[1], all[2]);
    let hash = |secret: &str| {
        let start = content.find(secret).unwrap();
        let offsets = [start, start + secret.len()].map(|at| (at as u64).to_le_bytes());
        let bytes = [secret.as_bytes(), b"file", &offsets[0], &offsets[1]].concat();
        XxHash3_64::oneshot(&bytes)
    };
    let entry = |line: usize| {
        format!(
            "  - path: a.py\n    fingerprint: '{}'\n    rule_id: betterleaks.slack-bot-token\n    \
             line: {line}\n    first_seen_at: 2026-11-26T14:01:57.167826205+00:00\n",
            hash(&all[line - 1])
        )
    };
    let baseline = format!(
        "version: 2\nfingerprint_algorithm: kingfisher-v1\nrepositories:\n- id: local:///r\n  \
         findings:\n{}{}",
        entry(1),
        entry(3)
    );
    repo.add("a.py", content.replace(&all[2], &slack(4)));
    repo.write("baseline.yaml", baseline);
    import(&repo, &["baseline.yaml"], 1)
        .says("a.py:3: the finding of 'slack-bot-token' there is not what it allows");
    assert_eq!(reported(&repo), ["a.py:2", "a.py:3"]);
}
