//! Reads how private keys are laid out in DER (X.690): lengths that add up prove a key.
//!
//! Formats: RFC 8017, appendix A.1.2 (RSA), RFC 5958 (PKCS#8), RFC 5915 (EC), and the six numbers
//! of a DSA key as openssl writes them.

/// How far decoded bytes prove that they are a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// Not at all.
    None,
    /// They have the length of a key, and not its parts.
    Broken,
    /// They begin like a key and are cut short.
    Partial,
    /// They are a key under a passphrase.
    Encrypted,
    /// They are a key from the first byte to the last.
    Whole,
}

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

/// Recognizes a SEQUENCE that begins with a version (PKCS#1, PKCS#8, SEC 1, DSA) or an algorithm
/// (encrypted PKCS#8), by the kinds of its parts.
pub(super) fn proof(bytes: &[u8]) -> Proof {
    let Some((SEQUENCE, len, parts)) = header(bytes) else {
        return Proof::None;
    };
    let has_version = matches!(parts, [INTEGER, 1, 0..=1, ..]);
    if !has_version && parts.first() != Some(&SEQUENCE) {
        return Proof::None;
    }
    if parts.len() < len && has_version {
        return Proof::Partial;
    }
    let kinds = (parts.len() == len).then(|| kinds(parts)).flatten();
    match kinds.as_deref() {
        Some([SEQUENCE, OCTETS]) => Proof::Encrypted,
        Some([INTEGER, SEQUENCE, OCTETS, ..] | [INTEGER, OCTETS, ..]) => Proof::Whole,
        Some(kinds) if matches!(kinds.len(), 6 | 9) && kinds.iter().all(|&k| k == INTEGER) => {
            Proof::Whole
        }
        _ if has_version => Proof::Broken,
        _ => Proof::None,
    }
}

/// The kind and the length of the element that begins `bytes`, and all that follows its header.
pub(super) fn header(bytes: &[u8]) -> Option<(u8, usize, &[u8])> {
    match bytes {
        [kind, 0x82, a, b, rest @ ..] => {
            Some((*kind, usize::from(*a) << 8 | usize::from(*b), rest))
        }
        [kind, 0x81, a, rest @ ..] => Some((*kind, usize::from(*a), rest)),
        [kind, a @ 0..=0x7f, rest @ ..] => Some((*kind, usize::from(*a), rest)),
        _ => None,
    }
}

/// The kinds of the elements that `bytes` consists of, if their lengths add up.
fn kinds(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut kinds = Vec::new();
    while !bytes.is_empty() {
        let (kind, len, rest) = header(bytes)?;
        kinds.push(kind);
        bytes = rest.get(len..)?;
    }
    Some(kinds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_key_decide() {
        let ed25519 = [&[2, 1, 0, SEQUENCE, 1, 7, OCTETS, 2, 1, 2][..]].concat();
        let sequence =
            |parts: &[u8]| [&[SEQUENCE, u8::try_from(parts.len()).unwrap()], parts].concat();
        let numbers = |count| [INTEGER, 1, 0].repeat(count);
        for (bytes, expected) in [
            (sequence(&ed25519), Proof::Whole),
            (sequence(&[INTEGER, 1, 1, OCTETS, 1, 9]), Proof::Whole),
            (sequence(&numbers(9)), Proof::Whole),
            (sequence(&numbers(6)), Proof::Whole),
            (sequence(&numbers(2)), Proof::Broken),
            (sequence(&ed25519)[..9].to_vec(), Proof::Partial),
            (sequence(&[INTEGER, 1, 0, SEQUENCE, 9, 7]), Proof::Broken),
            (sequence(&[SEQUENCE, 1, 7, OCTETS, 1, 9]), Proof::Encrypted),
            (sequence(&[SEQUENCE, 1, 7, SEQUENCE, 1, 9]), Proof::None),
            (sequence(&[INTEGER, 1, 3]), Proof::None),
            (Vec::new(), Proof::None),
        ] {
            assert_eq!(proof(&bytes), expected, "{bytes:?}");
        }
    }
}
