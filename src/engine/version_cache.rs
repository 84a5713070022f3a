//! Remembers which secrets old versions have, so that a version that several changes are compared
//! with is scanned once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bstr::BStr;
use sha2::{Digest as _, Sha256};

use crate::rule::Confidence;
use crate::secret::Fingerprint;

/// A secret of the older versions that nothing let pass: how sure it was, and how often it occurs.
#[derive(Clone, Copy)]
pub(super) struct OldSecret {
    pub(super) confidence: Confidence,
    pub(super) count: usize,
}

/// By the secret, and whether an ignored marker covers it.
pub(super) type OldSecrets = HashMap<(Fingerprint, bool), OldSecret>;

/// How many versions and secrets are remembered, all together.
const CAPACITY: usize = 1 << 18;

/// The secrets of versions that were scanned. Shared by all threads.
#[derive(Default)]
pub(super) struct VersionCache(Mutex<Remembered>);

/// Identifies a version: SHA-256 over its path and its content. A weaker hash would let an author
/// make one version pass for another.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct VersionKey([u8; 32]);

#[derive(Default)]
struct Remembered {
    secrets: HashMap<VersionKey, Arc<OldSecrets>>,
    /// How much of [`CAPACITY`] is used.
    used: usize,
}

impl VersionKey {
    pub(super) fn new(path: &BStr, content: &[u8]) -> Self {
        let mut digest = Sha256::new();
        digest.update((path.len() as u64).to_le_bytes());
        digest.update(path);
        digest.update(content);
        Self(digest.finalize().into())
    }
}

impl VersionCache {
    /// The secrets of a version, if they are remembered.
    pub(super) fn get(&self, version: VersionKey) -> Option<Arc<OldSecrets>> {
        self.lock().secrets.get(&version).cloned()
    }

    /// Remembers the secrets of a version. Forgets all others if they are too many.
    pub(super) fn insert(&self, version: VersionKey, secrets: Arc<OldSecrets>) {
        let mut remembered = self.lock();
        let more = 1 + secrets.len();
        if remembered.used + more > CAPACITY {
            *remembered = Remembered::default();
        }
        if more <= CAPACITY && remembered.secrets.insert(version, secrets).is_none() {
            remembered.used += more;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_its_path_and_its_content() {
        let key = |path: &str, content: &str| VersionKey::new(path.into(), content.as_bytes());
        assert!(key("a", "b") == key("a", "b"));
        assert!(key("a", "b") != key("b", "b") && key("a", "b") != key("a", "c"));
        assert!(key("ab", "c") != key("a", "bc"));
    }

    #[test]
    fn a_full_cache_forgets_and_goes_on() {
        let cache = VersionCache::default();
        let key = |number: usize| VersionKey::new("f".into(), &number.to_le_bytes());
        for number in 0..=CAPACITY {
            cache.insert(key(number), Arc::default());
        }
        assert!(cache.get(key(0)).is_none() && cache.get(key(CAPACITY)).is_some());
    }
}
