//! Paths that hold a secret themselves: a key in a file's name must not be shown with the name.

use std::borrow::Cow;

use bstr::{BStr, ByteSlice};

use crate::blob::Origin;
use crate::finding::{Finding, Outcome};
use crate::secret::Secret;

/// Masks the secrets that were found in names wherever a path of the outcome is shown.
#[derive(Debug)]
pub struct PathMask<'o> {
    secrets: Vec<&'o Secret>,
}

impl<'o> PathMask<'o> {
    /// The mask for the paths of `outcome`.
    #[must_use]
    pub fn new(outcome: &'o Outcome) -> Self {
        let findings = outcome.findings.iter().chain(outcome.allowed.iter().map(|allowed| &allowed.finding));
        let halves = |finding: &'o Finding| {
            std::iter::once(&finding.secret).chain(finding.partner.as_ref().map(|partner| &partner.secret))
        };
        let in_name = |finding: &&Finding| matches!(finding.origin, Origin::Name { .. });
        let mut secrets: Vec<_> = findings.filter(in_name).flat_map(halves).filter(|s| !s.is_empty()).collect();
        // A longer secret may hold a shorter one.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { secrets }
    }

    /// A mask that hides nothing.
    pub(super) const fn none() -> Self {
        Self { secrets: Vec::new() }
    }

    /// `path` without secrets.
    #[must_use]
    pub fn path<'p>(&self, path: &'p BStr) -> Cow<'p, [u8]> {
        let mut shown = Cow::Borrowed(path.as_bytes());
        for secret in &self.secrets {
            if shown.find(secret.reveal()).is_some() {
                shown = Cow::Owned(shown.replace(secret.reveal(), secret.masked()));
            }
        }
        shown
    }

    /// The path of `finding` without secrets. Where the secret stands in the name in another form, such as base64, only
    /// its frame knows what may be shown.
    #[must_use]
    pub fn of<'f>(&self, finding: &'f Finding) -> Cow<'f, [u8]> {
        let path = finding.origin.path();
        let marked = finding.place.frame.lines.iter().find(|line| line.mark.is_some());
        match (&finding.origin, marked) {
            (Origin::Name { .. }, Some(line)) if finding.place.encoding.is_some() && !self.secrets.is_empty() => {
                Cow::Owned(line.text.clone().into_bytes())
            }
            _ => self.path(path),
        }
    }
}
