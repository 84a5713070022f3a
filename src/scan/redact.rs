//! Masks what the rules recognise in a message that is not scanned itself, such as an error that
//! names a file.

use std::borrow::Cow;

use super::Scanner;
use crate::secret::mask;

impl Scanner {
    /// `text` with a mask for each secret that a rule finds in it.
    #[must_use]
    pub fn redact<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        let matches = self.scan(text);
        if matches.is_empty() {
            return Cow::Borrowed(text);
        }
        let (mut masked, mut done) = (Vec::with_capacity(text.len()), 0);
        for found in matches {
            if found.span.end > done {
                let start = found.span.start.max(done);
                masked.extend_from_slice(&text[done..start]);
                if found.span.start >= done {
                    masked.extend_from_slice(mask::masked(found.value.reveal()).as_bytes());
                }
                done = found.span.end;
            }
        }
        masked.extend_from_slice(&text[done..]);
        Cow::Owned(masked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::RuleSet;

    #[test]
    fn only_secrets_are_masked() {
        let scanner = Scanner::new(RuleSet::builtin().unwrap()).unwrap();
        let id = ["AK", "IAQYLPMN5", "HHHFPZAM2"].concat();
        let text = format!("objects/pack/{id}.pack is no pack, {id}");
        let redacted = scanner.redact(text.as_bytes());
        assert_eq!(
            redacted.as_ref(),
            &b"objects/pack/AKIA********.pack is no pack, AKIA********"[..]
        );
        assert!(matches!(scanner.redact(b"a/b.pack"), Cow::Borrowed(_)));
    }
}
