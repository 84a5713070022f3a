//! Tests that the page is well-formed, loads nothing, and is complete without its script.

use super::*;
use crate::blob::Origin;
use crate::report::api::About;
use crate::report::samples::{history, hostile, outcome, pair, render};

fn page(outcome: &Outcome) -> String {
    render(
        "html",
        outcome,
        Options {
            show_allowed: true,
            show_unused: true,
            ..Options::default()
        },
    )
}

/// The page without its style and script, which are not XML and do not depend on the outcome.
fn body(page: &str) -> String {
    page.replace(STYLE, "")
        .replace(SCRIPT, "")
        .replace("<!DOCTYPE html>\n", "")
}

#[test]
fn every_page_is_well_formed() {
    let mut odd = hostile();
    odd.findings[0].origin = Origin::File {
        path: "\"><script>alert(1)</script>&<!--\u{ffff}".into(),
    };
    for outcome in [outcome(), history(), odd, Outcome::default()] {
        let text = body(&page(&outcome));
        let xml =
            roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let articles = xml
            .descendants()
            .filter(|node| node.has_tag_name("article"))
            .count();
        assert_eq!(articles, outcome.findings.len());
        let scripts = xml
            .descendants()
            .filter(|node| node.has_tag_name("script"))
            .count();
        assert_eq!(scripts, 1, "{text}");
    }
}

#[test]
fn the_page_loads_nothing() {
    let text = page(&outcome());
    for word in [
        "http://",
        "https://",
        "src=",
        "href=",
        "url(",
        "@import",
        "fetch(",
        "innerHTML",
        "eval(",
    ] {
        assert!(!text.contains(word), "{word}");
    }
    assert!(
        text.contains("default-src &#39;none&#39;; style-src &#39;sha256-"),
        "{text}"
    );
}

#[test]
fn the_page_is_complete_without_its_script() {
    let text = body(&page(&outcome()));
    let xml = roxmltree::Document::parse(&text).unwrap();
    let bar = xml
        .descendants()
        .find(|node| node.attribute("id") == Some("filters"))
        .unwrap();
    assert_eq!(bar.attribute("hidden"), Some("hidden"));
    let first = xml
        .descendants()
        .find(|node| node.has_tag_name("article"))
        .unwrap();
    let data = ["data-rule", "data-grade", "data-file"].map(|name| first.attribute(name).unwrap());
    assert_eq!(data, ["aws-credentials", "certain", "src/config.py"]);
    for part in [
        "<mark>q8/Z********</mark>",
        "src/config.py:12:11",
        "account 123456789012",
        "<strong>Rotate first.</strong>",
        "1 could not be read",
        "<h2>Policy: this change alters what keysieve ignores</h2>\n<ul>\n<li>.keysieve.toml: changed</li>",
        "gitleaks:allow: a fixture",
        "entry 5 allows nothing: gone",
        "<strong class=\"bad\">INCOMPLETE</strong>",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn what_was_scanned_and_when_is_shown_if_known() {
    let outcome = Outcome {
        findings: vec![pair()],
        ..Outcome::default()
    };
    assert!(page(&outcome).contains("<p class=\"about\">keysieve</p>"));
    let ended = jiff::Timestamp::from_second(1_772_323_200).unwrap();
    let times = Times {
        began: ended,
        ended,
    };
    let options = Options {
        version: "1.2.3",
        rules_version: "abc".to_owned(),
        times,
        about: About {
            repository: "shop".to_owned(),
            branch: "main".to_owned(),
            commit: "0123456789ab".to_owned(),
            range: "main..HEAD: 2 commits".to_owned(),
            ..About::default()
        },
        ..Options::default()
    };
    let text = render("html", &outcome, options);
    assert!(
        text.contains(
            "<p class=\"about\">shop · branch main · commit 0123456789ab · main..HEAD: 2 commits · \
             keysieve 1.2.3 · rules abc · 2026-03-01 00:00 UTC</p>"
        ),
        "{text}"
    );
}

#[test]
fn many_findings_are_closed_and_short() {
    let open = |count| {
        let outcome = Outcome {
            findings: vec![pair(); count],
            ..Outcome::default()
        };
        page(&outcome).matches("<details open=").count()
    };
    assert_eq!((open(MAX_OPEN), open(MAX_OPEN + 1)), (MAX_OPEN, 0));
    let text = page(&outcome());
    assert!(
        text.contains("<code class=\"value\">q8/Z…</code>"),
        "{text}"
    );
    assert!(text.contains("<button class=\"copy\""), "{text}");
}

#[test]
fn an_empty_page_says_so() {
    let text = page(&Outcome::default());
    assert!(
        text.contains("<p class=\"empty\">Nothing was found"),
        "{text}"
    );
}
