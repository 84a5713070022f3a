//! The configuration of git-secrets and `.gitallowed`. What git-secrets finds before is what the
//! program finds under that name, which other tests compare with the original.

use super::{import, reported, text};
use crate::git_secrets::session::Session;

/// Places that git-secrets reports, as `path:line`, sorted.
fn before(session: &Session) -> Vec<String> {
    let ran = session.run(["--scan"]);
    let out = ran.text();
    let lines = out.lines().filter_map(|line| {
        let (path, rest) = line.split_once(':')?;
        let (number, _) = rest.split_once(':')?;
        number.parse::<usize>().ok()?;
        Some(format!("{path}:{number}"))
    });
    let mut places: Vec<_> = lines.collect();
    places.sort();
    places.dedup();
    places
}

#[test]
fn patterns_allowed_patterns_and_files_give_the_same_findings() {
    let session = Session::ours();
    let repo = &session.repo;
    repo.config("secrets.patterns", "corp-[0-9]{6,8}")
        .config("secrets.allowed", "corp-000000");
    repo.add(
        ".gitallowed",
        "# fixtures\ntests/data/.*:[0-9]*:.*\n^gen/\n",
    )
    .add(
        "a.txt",
        "key corp-123456\nword xcorp-123456\n(corp-7654321)\n",
    )
    .add("b.txt", "corp-000000\ncorp-12345\n")
    .add("tests/data/c.txt", "corp-123456\n")
    .add("gen/d.txt", "corp-123456\n");
    let found = before(&session);
    assert_eq!(found, ["a.txt:1", "a.txt:3"]);
    import(repo, &["git-secrets"], 0).says("git config: 1 allow entries, 1 rules");
    assert_eq!(reported(repo), found);
    let config = text(repo, ".keysieve.toml");
    assert!(
        config.contains("reason = \"imported from .gitallowed\""),
        "{config}"
    );
    import(repo, &["git-secrets"], 0).says("git config: 0 allow entries, 0 rules");
}

#[test]
fn what_cannot_be_carried_over_is_listed() {
    let session = Session::ours();
    let repo = &session.repo;
    let marker = repo.path("ran");
    let provider = format!("touch {}", marker.display());
    repo.config("secrets.providers", &provider);
    repo.config("secrets.patterns", "(corp)\\1");
    repo.add(".gitallowed", "a.c:.*word\nword$\n");
    let ran = import(repo, &[], 1);
    for left in [
        "the provider 'touch",
        "the pattern (corp)\\1: back-references",
        "the allowed pattern a.c:.*word: it is about the text of lines",
        "the allowed pattern word$: it is about the ends of lines",
    ] {
        ran.says(left);
    }
    assert!(!marker.exists(), "the provider was run");
}

#[test]
fn the_patterns_for_aws_are_not_needed() {
    let session = Session::ours();
    session.run(["--register-aws"]);
    import(&session.repo, &["git-secrets"], 0).says("the rules for AWS");
    assert!(!session.repo.path(".keysieve-rules.toml").exists());
}

#[test]
fn gitallowed_is_mentioned() {
    let session = Session::ours();
    session.repo.add(".gitallowed", "tests/.*\n");
    session
        .repo
        .keysieve(["scan"])
        .status(0)
        .says(".gitallowed is not read");
}
