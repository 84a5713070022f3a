//! Finds files that must be encrypted and are plain text. The finding has no value and no frame:
//! all of such a file is secret.

use bstr::BStr;

use crate::blob::{Blob, OldVersion, Origin, PreviousContent};
use crate::finding::frame::Frame;
use crate::finding::{Occurrence, Place};
use crate::policy::Policy;
use crate::rule::check::is_encrypted;
use crate::rule::not_encrypted;
use crate::secret::{Fingerprint, Secret};
use crate::text::Location;

/// Whether the blob that ends with `blob`, its last part, is plain text, and an `[[encrypted]]`
/// entry could be for it.
pub(super) fn is_plain_text(blob: &Blob<'_>, policy: &Policy) -> bool {
    if !policy.has_encrypted_paths(&blob.origin) {
        return false;
    }
    let content = match blob.origin {
        Origin::File { .. } => (blob.part.offset == 0).then_some(blob.bytes),
        _ => blob.previous.and_then(PreviousContent::content),
    };
    content.is_some_and(|content| !is_encrypted(content))
}

/// Whether a file that is plain text was so before at the same path. Then it is known, like a
/// secret that an older version has.
pub(super) fn was_plain_text(previous: Option<&dyn PreviousContent>, path: &BStr) -> bool {
    let is_plain = |old: &OldVersion| old.path == path && !is_encrypted(&old.bytes);
    previous.is_some_and(|previous| {
        let versions = previous.versions();
        versions.is_some_and(|versions| {
            versions.iter().any(is_plain) || previous.elsewhere().versions.iter().any(is_plain)
        })
    })
}

/// The finding for the file at `path`, relative to the root.
pub(super) fn occurrence(path: &BStr) -> Occurrence {
    let rule = not_encrypted();
    let start = Location { line: 1, column: 1 };
    Occurrence {
        fingerprint: Fingerprint::new(&rule.id, path),
        rule: (&rule).into(),
        confidence: rule.confidence,
        place: Place {
            start,
            end: start,
            frame: Frame::default(),
            encoding: None,
            inside: None,
        },
        secret: Secret::new(""),
        details: Vec::new(),
        partner: None,
    }
}
