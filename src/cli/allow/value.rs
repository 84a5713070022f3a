//! Defines a value that `keysieve allow` allows, with the comment that its entry gets.

use keysieve::finding::{Finding, Occurrence};
use keysieve::scan::Scanner;
use keysieve::secret::{Fingerprint, Salt, WrittenFingerprint};

use crate::cli::redact;

/// A value that was found.
pub(super) struct Value {
    fingerprint: Fingerprint,
    is_guessable: bool,
    /// The rule and the place, for the reviewer of the entry.
    pub(super) about: String,
}

impl Value {
    pub(super) fn of_finding(finding: &Finding, scanner: &Scanner) -> Self {
        let path = redact::name(scanner, &finding.path().to_string());
        Self {
            fingerprint: finding.fingerprint,
            is_guessable: finding.rule.guessable,
            about: about(&finding.rule.id, &path, finding.place.start.line),
        }
    }

    pub(super) fn of_occurrence(found: &Occurrence, path: &str) -> Self {
        Self {
            fingerprint: found.fingerprint,
            is_guessable: found.rule.guessable,
            about: about(&found.rule.id, path, found.place.start.line),
        }
    }

    /// Whether it needs a salt.
    pub(super) fn is_guessable(&self) -> bool {
        self.is_guessable
    }

    /// Its fingerprint in an allow entry; `None` if there is no salt, but it needs one.
    pub(super) fn written(&self, salt: Option<Salt>) -> Option<WrittenFingerprint> {
        if self.is_guessable {
            salt.map(|salt| self.fingerprint.salted(salt).into())
        } else {
            Some(self.fingerprint.into())
        }
    }
}

fn about(rule: &str, path: &str, line: usize) -> String {
    format!("{rule} at {path}:{line}")
}
