//! Tests of the markers.

use super::*;
use crate::policy::tests::occurrence;

fn found(line: &[u8], before: &[u8]) -> Option<(String, Option<String>)> {
    let rules = ["aws-access-token".into(), "github-pat".into()];
    let nearby = Nearby {
        line: MarkerText::new(line),
        before: MarkerText::new(before),
    };
    match find(&nearby, &occurrence(), &rules)? {
        AllowedBy::Marker { word, reason } => Some((word, reason)),
        AllowedBy::Entry { .. } | AllowedBy::Baseline { .. } => None,
    }
}

fn word(line: &str, before: &str) -> Option<String> {
    found(line.as_bytes(), before.as_bytes()).map(|(word, _)| word)
}

#[test]
fn each_marker_applies_to_the_lines_that_its_tool_defines() {
    // (marker, on its line, on the line before, behind code on the line before)
    for (text, same, before, behind) in [
        ("keysieve:allow", true, true, false),
        ("gitleaks:allow", true, false, false),
        ("betterleaks:allow", true, false, false),
        ("trufflehog:ignore", true, false, false),
        ("kingfisher:ignore", true, true, false),
        ("KingFisher:Ignore", true, true, false),
        ("Gitleaks:allow", false, false, false),
        ("Keysieve:Allow", false, false, false),
        ("pragma: allowlist secret", true, false, false),
        ("pragma: whitelist secret", true, false, false),
        ("pragma:allowlist-secret", true, false, false),
        ("pragma: allowlist nextline secret", false, true, false),
        ("pragma: whitelist nextline secret", false, false, false),
        ("pragma: blacklist secret", false, false, false),
        ("ggignore", true, false, false),
        ("ggignore-start", false, false, false),
        ("secretlint-disable-line", true, false, false),
        ("secretlint-disable-next-line", false, true, true),
        ("secretlint-disable", false, false, false),
        ("keysieve:allowed", false, false, false),
        ("not-keysieve:allow", false, false, false),
    ] {
        assert_eq!(
            word(&format!("key = K # {text}"), "").is_some(),
            same,
            "{text}"
        );
        assert_eq!(
            word("key = K", &format!("  # {text}\r")).is_some(),
            before,
            "{text}"
        );
        assert_eq!(
            word("key = K", &format!("old = K # {text}")).is_some(),
            behind,
            "{text}"
        );
        assert_eq!(
            word("key = K", &format!("/* {text} */ old = K;")).is_some(),
            behind,
            "{text}"
        );
        assert_eq!(
            word("key = K", &format!("<!-- {text} -->")).is_some(),
            before,
            "{text}"
        );
    }
}

#[test]
fn a_pragma_must_be_in_a_comment() {
    assert_eq!(
        word("k = 'pragma: allowlist secret'", ""),
        Some("pragma: allowlist secret".to_owned())
    );
    assert_eq!(word("k = pragma: allowlist secret", ""), None);
    assert!(word("k // pragma: allowlist secret because", "").is_some());
    assert!(word("k -- pragma: allowlist secret", "").is_some());
    assert!(word("k", "//pragma: allowlist nextline secret").is_some());
}

#[test]
fn a_marker_with_a_rule_applies_to_that_rule_only() {
    let reason =
        |text: &str| found(text.as_bytes(), b"").map(|(_, reason)| reason.unwrap_or_default());
    assert_eq!(reason("k # keysieve:allow"), Some(String::new()));
    assert_eq!(
        reason("k # keysieve:allow aws-access-token"),
        Some(String::new())
    );
    assert_eq!(
        reason("k # keysieve:allow aws-access-token revoked in May"),
        Some("revoked in May".to_owned())
    );
    assert_eq!(
        reason("k # keysieve:allow: revoked"),
        Some("revoked".to_owned())
    );
    assert_eq!(
        reason("k /* keysieve:allow well-known dummy */ x"),
        Some("well-known dummy".to_owned())
    );
    assert_eq!(
        reason("k # keysieve:allow github-pat revoked"),
        None,
        "another rule"
    );
    assert_eq!(
        reason("k # keysieve:allow github-pat gitleaks:allow"),
        Some(String::new()),
        "the second marker applies"
    );
}

#[test]
fn a_secretlint_marker_applies_to_the_rules_that_it_names() {
    let line = |rules: &str| word(&format!("k // secretlint-disable-line {rules}"), "").is_some();
    assert!(line(""));
    assert!(line("-- because"));
    assert!(line("@secretlint/secretlint-rule-aws"));
    assert!(line(
        "@secretlint/secretlint-rule-slack, @secretlint/secretlint-rule-aws"
    ));
    assert!(line("@secretlint/secretlint-rule-preset-recommend"));
    assert!(!line("@secretlint/secretlint-rule-github"));
}

#[test]
fn markers_in_utf16_text_are_found() {
    let wide: Vec<u8> = "k # keysieve:allow"
        .bytes()
        .flat_map(|byte| [byte, 0])
        .collect();
    assert!(found(&wide, b"").is_some());
    assert!(found(b"\0k\0", &wide[4..]).is_some());
}

#[test]
fn a_reason_never_shows_half_of_a_split_secret() {
    let own = String::from_utf8(occurrence().secret.reveal().to_vec()).unwrap();
    let line = format!("x // gitleaks:allow \"{}\" + \"{}\"", &own[..9], &own[9..]);
    assert_eq!(found(line.as_bytes(), b"").unwrap().1, None);
}

#[test]
fn a_reason_never_shows_a_secret() {
    let other = ["wJalrXUtnFEMI", "K7MDENGbPxRfiCY"].concat();
    let (_, reason) = found(
        format!("# gitleaks:allow see {other} \u{1b}[2J").as_bytes(),
        b"",
    )
    .unwrap();
    assert_eq!(reason.unwrap(), "see **** \\u{1b}[2J");
    let own = String::from_utf8(occurrence().secret.reveal().to_vec()).unwrap();
    assert_eq!(
        found(format!("\"gitleaks:allow\", \"{own}\"").as_bytes(), b"")
            .unwrap()
            .1,
        None
    );
    let link = "https://example.com/issues/1234567";
    assert_eq!(
        found(format!("# gitleaks:allow {link}").as_bytes(), b"")
            .unwrap()
            .1
            .unwrap(),
        link
    );
}
