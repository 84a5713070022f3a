//! Splits names into words: `AWS_SECRET_KEY`, `awsSecretKey`, `aws-secret.key` and `aws secret key`
//! have the same three.

use smallvec::SmallVec;

/// How many words of a name are read: its last ones.
const MAX_WORDS: usize = 24;

/// A name in lower case, without what is between its words. It is made for every value that may be
/// a secret, so most need no allocation.
#[derive(Debug, Default)]
pub(crate) struct Words {
    letters: SmallVec<[u8; 128]>,
    /// Where each word begins in `letters`, and where the last one ends.
    bounds: SmallVec<[usize; MAX_WORDS + 1]>,
}

impl Words {
    pub(crate) fn new(name: &[u8]) -> Self {
        let mut words = Self::default();
        let mut before = None;
        for (at, &byte) in name.iter().enumerate() {
            if !byte.is_ascii_alphanumeric() {
                before = None;
                continue;
            }
            let next = name.get(at + 1).copied();
            if before.is_none_or(|before| begins_word(before, byte, next)) {
                words.bounds.push(words.letters.len());
            }
            words.letters.push(byte.to_ascii_lowercase());
            before = Some(byte);
        }
        words.bounds.push(words.letters.len());
        let surplus = words.bounds.len().saturating_sub(MAX_WORDS + 1);
        words.bounds.drain(..surplus);
        words
    }

    /// How many words there are.
    pub(crate) fn count(&self) -> usize {
        self.bounds.len() - 1
    }

    /// The words from number `first` up to number `end`, joined.
    pub(crate) fn joined(&self, first: usize, end: usize) -> &[u8] {
        &self.letters[self.bounds[first]..self.bounds[end]]
    }

    /// The words, one by one.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.count()).map(|index| self.joined(index, index + 1))
    }
}

/// Whether a word begins with `byte`, which follows `before`: at `K` of `apiKey`, and at `K` of
/// `APIKey`. Digits belong to the word before them.
fn begins_word(before: u8, byte: u8, next: Option<u8>) -> bool {
    byte.is_ascii_uppercase()
        && (before.is_ascii_lowercase()
            || before.is_ascii_digit()
            || next.is_some_and(|next| next.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_style_have_the_same_words() {
        for name in [
            "AWS_SECRET_KEY",
            "awsSecretKey",
            "AWSSecretKey",
            "aws-secret.key",
            "aws secret key",
            "Aws::Secret[key",
        ] {
            let words = Words::new(name.as_bytes());
            let words: Vec<_> = words.iter().map(String::from_utf8_lossy).collect();
            assert_eq!(words, ["aws", "secret", "key"], "{name}");
        }
        let words = Words::new(b"oauth2Token");
        assert_eq!(words.joined(0, 2), b"oauth2token");
        assert_eq!(words.joined(0, 1), b"oauth2");
        assert_eq!(Words::new(b"__").count(), 0);
    }
}
