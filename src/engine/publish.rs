//! Gives every finding the fingerprint that reports show.

use std::collections::HashMap;
use std::sync::Arc;

use bstr::ByteSlice as _;

use crate::finding::{Finding, Outcome};
use crate::policy::Policy;
use crate::secret::PublicFingerprint;

/// Sets the public fingerprints of all findings whose value could be guessed; the others have
/// theirs already. The findings are sorted.
pub(super) fn set_public_fingerprints(outcome: &mut Outcome, policy: &Policy) {
    let allowed = outcome.allowed.iter_mut();
    let mut findings: Vec<&mut Finding> = outcome
        .findings
        .iter_mut()
        .chain(allowed.map(|allowed| &mut allowed.finding))
        .filter(|finding| finding.rule.guessable)
        .collect();
    // An allowed finding counts too, or else allowing one would change those after it.
    findings.sort_by(|a, b| a.order(b));
    let mut counts: HashMap<(Arc<str>, Vec<u8>), usize> = HashMap::new();
    for finding in findings {
        finding.public_fingerprint = if let Some(salt) = policy.salt() {
            PublicFingerprint::of_salted_value(finding.fingerprint, salt)
        } else {
            // The path must not contain the value either.
            let path = policy.path_of(&finding.origin);
            let path = path.replace(finding.secret.reveal(), b"*");
            let count = counts
                .entry((finding.rule.id.clone(), path.clone()))
                .or_default();
            *count += 1;
            PublicFingerprint::of_place(&finding.rule.id, &path, *count - 1)
        };
    }
}
