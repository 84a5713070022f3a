//! Grades secrets lower where their path or the text around them says that they are of tests,
//! examples or documentation.
//!
//! AWS credentials are never graded lower. A secret that is proven, by its checksum or because it
//! is a readable key, stays at `medium`. The text around a secret lowers it from `medium` only: it
//! proves less than a path, and so the two do not add up.

use std::borrow::Cow;

use bstr::{BStr, ByteSlice as _};

use crate::rule::words::Words;
use crate::rule::{Confidence, Detail};

use super::locate::LocatedMatch;

/// Words of directories and files that are not for production.
const WORDS: [&str; 46] = [
    "cassette",
    "cassettes",
    "changelog",
    "conftest",
    "demo",
    "demos",
    "doc",
    "docs",
    "documentation",
    "dummy",
    "e2e",
    "example",
    "examples",
    "fake",
    "fakes",
    "fixture",
    "fixtures",
    "howto",
    "i18n",
    "locale",
    "locales",
    "man",
    "man1",
    "man5",
    "man7",
    "man8",
    "manpages",
    "mock",
    "mocks",
    "molecule",
    "playground",
    "readme",
    "sample",
    "samples",
    "sandbox",
    "snapshots",
    "spec",
    "specs",
    "test",
    "testcase",
    "testcases",
    "testdata",
    "testing",
    "tests",
    "testutils",
    "tutorial",
];

/// Ends of files that are documentation, or that machines write.
const ENDS: [&str; 13] = [
    ".adoc",
    "changelog",
    ".ipynb",
    ".lock",
    ".map",
    ".md",
    ".mdx",
    ".min.css",
    ".min.js",
    ".po",
    ".rst",
    ".svg",
    "go.sum",
];

/// Whether `path` is that of a test, an example, documentation or a generated file.
pub(crate) fn is_low(path: &BStr) -> bool {
    let lower = path.to_ascii_lowercase();
    ENDS.iter().any(|end| lower.ends_with(end.as_bytes()))
        || path
            .rsplit_str("/")
            .take(DEPTH)
            .any(|name| Words::new(name).iter().any(is_low_word))
}

/// How many names at the end of a path count.
const DEPTH: usize = 12;

pub(super) fn is_low_word(word: &[u8]) -> bool {
    let word = std::str::from_utf8(word).unwrap_or_default();
    WORDS.binary_search(&word).is_ok()
}

/// The confidence of a secret of the rule `rule` at such a path.
pub(crate) fn lowered(rule: &str, confidence: Confidence) -> Confidence {
    match confidence {
        _ if rule.starts_with("aws-") => confidence,
        Confidence::Certain | Confidence::High => Confidence::Medium,
        Confidence::Medium | Confidence::Low => Confidence::Low,
    }
}

/// What reports say of a secret that is graded lower by its path.
pub(crate) fn detail() -> Detail {
    because("its path is of tests, examples, documentation or generated files")
}

/// What reports say of a secret that is graded lower.
pub(super) fn because(reason: &str) -> Detail {
    Detail::new("graded_lower", reason)
}

/// The matches in a blob, graded by its `path` and those of its entries; `rule_id` is the id of the
/// rule with an index.
pub(super) fn graded<'m, 'r>(
    located: &'m [LocatedMatch],
    path: &BStr,
    rule_id: impl Fn(usize) -> &'r str,
) -> Cow<'m, [LocatedMatch]> {
    let is_blob_low = is_low(path);
    let is_entry_low = |found: &LocatedMatch| found.place.inside().is_some_and(is_low);
    if located.is_empty() || !(is_blob_low || located.iter().any(is_entry_low)) {
        return Cow::Borrowed(located);
    }
    let mut located = located.to_vec();
    let is_graded = |found: &&mut LocatedMatch| is_blob_low || is_entry_low(found);
    for LocatedMatch { found, .. } in located.iter_mut().filter(is_graded) {
        let confidence = lowered(rule_id(found.rule), found.confidence);
        if confidence != found.confidence {
            found.confidence = confidence;
            found.details.push(detail());
        }
    }
    Cow::Owned(located)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_tests_and_documentation_are_recognised() {
        for path in [
            "tests/key.pem",
            "src/test_login.py",
            "pkg/login_test.go",
            "web/login.spec.ts",
            "a/__tests__/x.js",
            "README",
            "docs/a.txt",
            "guide.md",
            "apis/kms.examples.json",
            "MockServer/x.java",
            "yarn.lock",
            "share/man/man5/x.5.gz",
            "ChangeLog",
        ] {
            assert!(is_low(path.into()), "{path}");
        }
        for path in [
            "src/main.rs",
            "config/prod.env",
            "latest/contest.py",
            "special/attestation.go",
            ".env",
            "",
        ] {
            assert!(!is_low(path.into()), "{path}");
        }
        assert!(WORDS.is_sorted(), "they are searched by halves");
    }

    #[test]
    fn aws_credentials_keep_their_grade_and_what_is_proven_blocks() {
        assert_eq!(
            lowered("aws-access-token", Confidence::Medium),
            Confidence::Medium
        );
        assert_eq!(
            lowered("private-key", Confidence::Certain),
            Confidence::Medium
        );
        assert_eq!(
            lowered("generic-password", Confidence::Medium),
            Confidence::Low
        );
    }
}
