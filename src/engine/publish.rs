//! Prepares an outcome for reports: the fingerprint that they show of each finding, and masks for
//! what no source fed.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::blob::SkipReason;
use crate::finding::{Finding, Outcome};
use crate::policy::Policy;
use crate::report;
use crate::scan::Scanner;
use crate::secret::PublicFingerprint;

/// Sets the public fingerprints of all findings whose value could be guessed; the others have
/// theirs already.
pub(super) fn set_public_fingerprints(outcome: &mut Outcome, policy: &Policy) {
    let prints = if let Some(salt) = policy.salt() {
        let of_value =
            |finding: &Finding| PublicFingerprint::of_salted_value(finding.fingerprint, salt);
        let guessable = guessable(outcome).into_iter();
        guessable
            .map(|(at, finding)| (at, of_value(finding)))
            .collect()
    } else {
        of_places(outcome, policy)
    };
    let allowed = outcome.allowed.iter_mut();
    let allowed = allowed.map(|allowed| &mut allowed.finding);
    let mut all: Vec<&mut Finding> = outcome.findings.iter_mut().chain(allowed).collect();
    for (at, print) in prints {
        all[at].public_fingerprint = print;
    }
}

/// The findings whose value could be guessed, each with its index among all that are reported or
/// allowed. An allowed finding counts too, or else allowing one would change those after it.
fn guessable(outcome: &Outcome) -> Vec<(usize, &Finding)> {
    let allowed = outcome.allowed.iter().map(|allowed| &allowed.finding);
    let all = outcome.findings.iter().chain(allowed).enumerate();
    all.filter(|(_, finding)| finding.rule.guessable).collect()
}

fn of_places(outcome: &Outcome, policy: &Policy) -> Vec<(usize, PublicFingerprint)> {
    let mut guessable = guessable(outcome);
    if guessable.is_empty() {
        return Vec::new();
    }
    guessable.sort_by(|(_, a), (_, b)| a.order(b));
    // A path may contain the value, also encoded: what reports hide must not be hashed either.
    let mask = report::masker(outcome);
    let mut counts: HashMap<(&str, String), usize> = HashMap::new();
    let numbered = guessable.into_iter().map(|(at, finding)| {
        let path = policy.path_of(&finding.origin);
        let path = mask(&finding.place.path_in(&path));
        let count = counts.entry((&finding.rule.id, path.clone())).or_default();
        *count += 1;
        (
            at,
            PublicFingerprint::of_place(&finding.rule.id, path.as_bytes(), *count),
        )
    });
    numbered.collect()
}

/// Masks secrets in the names of what was skipped, which were not scanned, and in the reasons.
pub(super) fn mask_skips(outcome: &mut Outcome, scanner: &Scanner) {
    for skip in &mut outcome.skipped {
        if let Cow::Owned(path) = scanner.redact(&skip.path) {
            skip.path = path.into();
        }
        if let SkipReason::Unreadable(problem)
        | SkipReason::Packed(problem)
        | SkipReason::PackedAndAllowed { problem, .. } = &mut skip.reason
            && let Cow::Owned(masked) = scanner.redact(problem.as_bytes())
        {
            *problem = String::from_utf8_lossy(&masked).into_owned();
        }
    }
}
