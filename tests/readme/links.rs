//! Links between documents lead to files and headings that exist, and the book has every page.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use super::{ROOT, documents};

/// The targets of the links of a document, outside of code.
fn targets(text: &str) -> Vec<String> {
    let mut is_code = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            for rest in line.split("](").skip(1) {
                found.extend(rest.split(')').next().map(str::to_owned));
            }
        }
    }
    found
}

/// The names by which links reach the headings of a document.
fn anchors(text: &str) -> HashSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        });
        kept.collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn links_lead_to_files_and_headings() {
    for (path, text) in documents() {
        for target in targets(&text) {
            if target.contains("://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let to = if file.is_empty() {
                path.clone()
            } else {
                path.parent().unwrap().join(file)
            };
            let place = format!("{}: {target}", path.display());
            assert!(to.exists(), "{place}");
            if !anchor.is_empty() {
                let linked = fs::read_to_string(&to).unwrap();
                assert!(anchors(&linked).contains(anchor), "{place}");
            }
        }
    }
}

/// A page that the table of contents does not have is not in the book.
#[test]
fn the_book_has_every_document() {
    let docs = Path::new(ROOT).join("docs");
    let summary = fs::read_to_string(docs.join("SUMMARY.md")).unwrap();
    let listed: HashSet<_> = targets(&summary).into_iter().collect();
    for (path, _) in documents() {
        if path.parent() == Some(&*docs) && !path.ends_with("SUMMARY.md") {
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(listed.contains(name), "docs/SUMMARY.md lists no {name}");
        }
    }
}
